"""The same jobs without a window.

    python -m llmviz_addon build --model nano-gpt --prompt CBABBC --out nano-gpt.blend
    blender --command llmviz stills --look light --size 1080x1920 --out pictures

Progress goes to the error stream, what was made to the output stream. The exit code is 0 when all
is done, 1 when it could not be (one sentence says why), 2 when the arguments were wrong. Blender
is imported only by the commands that need it: `info` runs without.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

DONE, FAILED, USAGE = 0, 1, 2

MODEL = "nano-gpt"
LARGEST_SIDE = 16_384


class CommandError(Exception):
    """A job that could not be done; the message is one sentence for people."""


def main(arguments: Sequence[str] | None = None, program: str = "python -m llmviz_addon") -> int:
    """Run a command line and return its exit code.

    Parameters
    ----------
    arguments
        What stands behind the program's name; the process's own where None.
    program
        How the program is called, for the help.
    """
    try:
        options = _parser(program).parse_args(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    try:
        options.job(options)
    except KeyboardInterrupt:
        _tell("Stopped.")
        return FAILED
    except _expected() as error:
        _tell(f"{program.rsplit(maxsplit=1)[-1]}: {_sentence(error)}")
        return FAILED
    return DONE


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program, description="Takes a GPT-style language model apart in 3D."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, job: Callable[[argparse.Namespace], None], help_: str):
        made = commands.add_parser(name, help=help_, description=f"{help_}.")
        made.set_defaults(job=job)
        made.add_argument("--model", default=MODEL, help="a preset's id or a checkpoint's path")
        return made

    built = command("build", _build, "Build a model and save it as a .blend file")
    _add_recipe(built)
    _add_out(built, "model.blend", "the .blend file to write")

    stills = command("stills", _stills, "Build a model and render its stills as PNG files")
    _add_recipe(stills)
    _add_render(stills)
    _add_which(stills)
    _add_out(stills, "stills", "the folder to write to")

    film = command("film", _film, "Build a model and render its walkthrough")
    _add_recipe(film)
    _add_render(film)
    film.add_argument(
        "--frames", type=_frames, default=(None, None), metavar="A-B", help="which; all by default"
    )
    _add_out(film, "film", "a folder for PNG files, or a file that ends in .mp4")

    demo = command("demo", _demo, "Build a model, save it, and render its stills into one folder")
    _add_recipe(demo)
    _add_render(demo)
    _add_which(demo)
    _add_out(demo, "demo", "the folder to write to")

    command("info", _info, "Say what a model is, without Blender")
    return parser


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", help="what the model reads; a preset brings its own")
    parser.add_argument("--look", default="dark", help="a look's id: dark or light")
    parser.add_argument("--accessible", action="store_true", help="use color-blind safe colors")
    parser.add_argument("--no-captions", action="store_true", help="leave the captions out")
    parser.add_argument("--verbose", action="store_true", help="show Blender's own messages too")


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", type=_size, default=(1920, 1080), metavar="WxH", help="pixels; 1920x1080"
    )
    parser.add_argument(
        "--engine", type=str.upper, choices=("AUTO", "CYCLES", "EEVEE"), default="AUTO"
    )
    parser.add_argument("--samples", type=_count, help="a pixel; the look's number by default")


def _add_which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stills", type=_ids, metavar="ID,ID", help="which; all by default")


def _add_out(parser: argparse.ArgumentParser, default: str, help_: str) -> None:
    parser.add_argument("--out", type=Path, default=Path(default), help=f"{help_}; {default}")


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})[xX×](\d{1,6})", text)
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(4 <= side <= LARGEST_SIDE for side in sides):
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size; write it like 1920x1080, 4 to {LARGEST_SIDE} a side"
        )
    return sides


def _frames(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", text)
    if not match or int(match[2] or match[1]) < int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} are no frames; write them like 1-240")
    return int(match[1]), int(match[2] or match[1])


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of samples; write 1 or more")
    return int(text)


def _ids(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _info(options: argparse.Namespace) -> None:
    from . import model as model_room
    from .ui import cards

    sys.stdout.write(cards.describe(model_room.load(options.model)))


def _build(options: argparse.Namespace) -> None:
    if options.out.suffix != ".blend":
        raise CommandError(f"{options.out}: the file to write must end in .blend")
    with _blender(options) as scene:
        _build_in(scene, options, share=0.95)
        _save(options.out)


def _stills(options: argparse.Namespace) -> None:
    _check_stills(options.stills)
    with _blender(options) as scene:
        _build_in(scene, options, share=0.05)
        _render_stills(scene, options)


def _demo(options: argparse.Namespace) -> None:
    _check_stills(options.stills)
    name = Path(options.model).stem
    with _blender(options) as scene:
        _build_in(scene, options, share=0.05)
        _save(options.out / f"{name}.blend")
        _render_stills(scene, options)


def _film(options: argparse.Namespace) -> None:
    with _blender(options) as scene:
        from .scene import film_steps

        # The film's shots are fitted to the picture when the model is built.
        scene.render.resolution_x, scene.render.resolution_y = options.size
        _build_in(scene, options, share=0.02)
        first, last = options.frames
        work = film_steps(
            scene,
            options.out.resolve(),
            first,
            last,
            size=options.size,
            engine=options.engine,
            samples=options.samples,
            form="MP4" if options.out.suffix.lower() == ".mp4" else "PNG",
        )
        made = _follow(work, 0.02, 1.0)
        _result(made[0] if len(made) == 1 else f"{made[0].parent}: {len(made)} pictures")


def _render_stills(scene: Any, options: argparse.Namespace) -> None:
    from .scene import still_steps

    work = still_steps(
        scene,
        options.stills,
        options.out.resolve(),
        size=options.size,
        engine=options.engine,
        samples=options.samples,
    )
    for path in _follow(work, 0.05, 1.0):
        _result(path)


def _check_stills(wanted: list[str] | None) -> None:
    """Refuse unknown stills before time is spent on a build."""
    from .walkthrough import stills

    known = [still.id for still in stills()]
    for still in wanted or ():
        if still not in known:
            raise CommandError(f"there is no still {still!r}; there are: {', '.join(known)}")


def _build_in(scene: Any, options: argparse.Namespace, share: float) -> None:
    """Build in a scene as the options say, and leave it as the sidebar would."""
    import bpy

    from . import model as model_room
    from . import scene as scene_room
    from .ui import viewport

    source, prompt = options.model, options.prompt
    if prompt is None:
        # A model without a prompt of its own reads its first token.
        prompt = model_room.load(source).prompt or "0"
    if not any(preset.id == source for preset in model_room.presets()):
        # The file that is saved may be opened anywhere.
        source = str(Path(source).resolve())
    settings = scene.llmviz
    settings.model, settings.prompt = source, prompt
    recipe = scene_room.Recipe(
        model=source,
        prompt=prompt,
        look=options.look,
        accessible=options.accessible,
        captions=not options.no_captions,
    )
    root = _follow(scene_room.steps(scene, recipe), 0.0, share)
    viewport.prepare(bpy.data.screens, root)


def _save(path: Path) -> None:
    import bpy

    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _tell(f"Replacing {path}")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=True, check_existing=False)
    except RuntimeError as error:
        raise CommandError(str(error).removeprefix("Error: ").strip()) from error
    _result(path)


@contextmanager
def _blender(options: argparse.Namespace) -> Iterator[Any]:
    """An empty scene with our properties; Blender's own chatter is kept away unless asked for."""
    with _quiet(not options.verbose):
        try:
            import bpy
        except ImportError as error:
            raise CommandError(
                "this command needs Blender: install its Python module with 'pip install bpy', "
                "or run 'blender --command llmviz'"
            ) from error
        from . import register

        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        if not hasattr(bpy.types.Scene, "llmviz"):
            register()
        yield bpy.context.scene


# Where results go while Blender's output is kept away.
_output: Any = None


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Send what Blender writes to the output stream nowhere; results still get through."""
    global _output  # noqa: PLW0603 (the process has one output stream)
    if not quiet:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    with os.fdopen(os.dup(kept), "w", encoding="utf-8") as _output:
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)
            _output = None


def _result(made: object) -> None:
    stream = sys.stdout if _output is None else _output
    stream.write(f"{made}\n")
    stream.flush()


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _follow(work: Any, start: float, end: float) -> Any:
    """Exhaust a generator of (fraction, label), say how far it is, and return its result."""
    live = sys.stderr.isatty()
    said = ""
    try:
        while True:
            fraction, label = next(work)
            if fraction >= 1 and end < 1:
                continue
            percent = round(100 * (start + (end - start) * fraction))
            line = f"{percent:3d} %  {label}"
            # A log gets a line for each tenth and for each picture, a terminal everything.
            mark = label if label.startswith("Rendering") else str(percent // 10)
            if live:
                sys.stderr.write(f"\r\x1b[K{line}")
                sys.stderr.flush()
            elif mark != said:
                _tell(line)
            said = mark
    except StopIteration as stop:
        return stop.value
    finally:
        if live:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _expected() -> tuple[type[BaseException], ...]:
    """Exceptions whose message is for people."""
    from .model import ModelError
    from .walkthrough import AuthoringError

    found = [CommandError, ModelError, AuthoringError, OSError, MemoryError]
    stills = sys.modules.get(f"{__package__}.scene.stills")
    if stills is not None:
        found += [stills.looks.LookError, stills.RenderError]
    return tuple(found)


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory for this"
    if isinstance(error, OSError):
        return f"{error.filename or 'a file'}: {error.strerror or error}"
    return str(error)


_registered: Any = None


def register() -> None:
    """Add `blender --command llmviz`."""
    global _registered  # noqa: PLW0603
    import bpy

    def run(arguments: list[str]) -> int:
        return main(arguments, program="blender --command llmviz")

    _registered = bpy.utils.register_cli_command("llmviz", run)


def unregister() -> None:
    """Take the command away."""
    global _registered  # noqa: PLW0603
    import bpy

    bpy.utils.unregister_cli_command(_registered)
    _registered = None
