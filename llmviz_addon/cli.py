"""The command line: the jobs of the sidebar without a window.

    python -m llmviz_addon build --model nano-gpt --prompt CBABBC --out nano-gpt.blend
    blender --command llmviz stills --look light --size 1080x1920 --out pictures

Progress goes to the error stream, the results to the output stream. The exit code is 0 when all is
done, 1 when it could not be (one sentence says why), 2 when the arguments were wrong. Blender
is imported only by the commands that need it: `info` and `explain` run without.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import defaults
from .arguments import parser
from .counting import counted
from .errors import PROBLEMS, Problem, sentence
from .saving import save

DONE, FAILED, USAGE = 0, 1, 2


class CommandError(Problem):
    """A job that could not be done; the message is one sentence for people."""


def main(arguments: Sequence[str] | None = None, program: str = "python -m llmviz_addon") -> int:
    """Run a command line and return its exit code.

    Parameters
    ----------
    arguments
        The words after the program's name; those of the process where None.
    program
        The command by which the program is called, for the help.
    """
    try:
        options = parser(program, _jobs()).parse_args(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else USAGE
    try:
        options.job(options)
    except KeyboardInterrupt:
        _tell("Stopped.")
        return FAILED
    except PROBLEMS as error:
        _tell(f"{program.rsplit(maxsplit=1)[-1]}: {sentence(error)}")
        return FAILED
    return DONE


def _jobs() -> dict[str, Any]:
    """The function of each command, by its name."""
    return {
        "build": _build,
        "stills": _stills,
        "film": _film,
        "demo": _demo,
        "info": _info,
        "explain": _explain,
    }


def _info(options: argparse.Namespace) -> None:
    from . import model as model_room
    from .offer import cards

    model = model_room.load(options.model, options.activation)
    prompt = _prompt(model, options)
    appends = _appends(model, prompt, options) if model.has_weights else ""
    sys.stdout.write(cards.describe(model, _estimate(model, prompt, options), appends))


def _explain(options: argparse.Namespace) -> None:
    from . import explain
    from . import model as model_room

    model = model_room.load(options.model, options.activation)
    prompt, sampling = _prompt(model, options), _sampling(options)
    appended, language = options.max_new_tokens, options.language
    explained = explain.ExplainedModel(model, prompt, appended, sampling, language)
    found = [str(explained.explain(cell)) for cell in options.cell]
    sys.stdout.write("\n\n".join(found) + "\n")


def _prompt(model: Any, options: argparse.Namespace) -> str:
    """The prompt for a model: that of the options, else its own; empty if it has no numbers."""
    from .offer import cards

    if options.prompt is None or not model.has_weights:
        return cards.prompt_of(model)
    return options.prompt


def _estimate(model: Any, prompt: str, options: argparse.Namespace) -> Any:
    """The memory and time that drawing a model takes."""
    from .offer import estimates

    return estimates.estimate(*_question(model, prompt, options))


def _question(model: Any, prompt: str, options: argparse.Namespace) -> tuple[Any, ...]:
    """All that the plan of a model's drawing depends on, as `estimates` takes it."""
    n_prompt = len(model.read_prompt(prompt)) if model.has_weights else 0
    detail = options.full_context, options.cubes, options.slabs
    return model.config, n_prompt, options.max_new_tokens, *detail


def _anatomy(recipe: Any, options: argparse.Namespace) -> Any:
    """The blocks of a model as it will be drawn."""
    from . import model as model_room
    from .offer import estimates

    model = model_room.load(recipe.model, recipe.activation)
    return estimates.plan_of(*_question(model, recipe.prompt, options)).anatomy


def _appends(model: Any, prompt: str, options: argparse.Namespace) -> str:
    """The sentence on the tokens that a model will append to a prompt."""
    from .offer import generation

    n_prompt = len(model.read_prompt(prompt))
    wanted = options.max_new_tokens, _sampling(options)
    return generation.sentence(model.config, n_prompt, *wanted)


def _sampling(options: argparse.Namespace) -> Any:
    """The choice of each appended token."""
    from .model import Sampling

    return Sampling(options.temperature, options.top_k, options.seed)


def _build(options: argparse.Namespace) -> None:
    if options.out.suffix != ".blend":
        raise CommandError(f"{options.out}: the file to write must end in .blend")
    with _blender(options) as scene:
        _build_in(scene, options, until=0.95)
        _save(options.out)


def _stills(options: argparse.Namespace) -> None:
    _check_stills(options.stills)
    with _blender(options) as scene:
        _build_in(scene, options, until=0.05)
        _render_stills(scene, options)


def _demo(options: argparse.Namespace) -> None:
    _check_stills(options.stills)
    name = Path(options.model).stem
    with _blender(options) as scene:
        _build_in(scene, options, until=0.05)
        _save(options.out / f"{name}.blend")
        _render_stills(scene, options)


def _film(options: argparse.Namespace) -> None:
    form = "MP4" if options.out.suffix.lower() == ".mp4" else "PNG"
    if options.part and options.frames != (None, None):
        raise CommandError("a part has its own frames; leave --part or --frames out")
    with _blender(options) as scene:
        from .scene import film_steps
        from .scene.pictures.films import check_size

        how = _how(options)
        # Checked now, before time is spent on a build.
        check_size(how["size"], form)
        # The film's shots are fitted to the shape of the picture when the model is built, so it has
        # to be set before.
        scene.render.resolution_x, scene.render.resolution_y = options.size
        _build_in(scene, options, until=0.02)
        frames = _frames_of(scene, options)
        work = film_steps(scene, options.out.resolve(), *frames, form=form, **how)
        made = _follow(work, 0.02, 1.0)
        _result(made[0] if len(made) == 1 else f"{made[0].parent}: {counted(len(made), 'picture')}")
        _tell_replaced(made)


def _render_stills(scene: Any, options: argparse.Namespace) -> None:
    from .scene import still_steps

    work = still_steps(scene, options.stills, options.out.resolve(), **_how(options))
    made = _follow(work, 0.05, 1.0)
    for path in made:
        _result(path)
    _tell_replaced(made)


def _how(options: argparse.Namespace) -> dict[str, Any]:
    """The options that are common to all pictures, as arguments for rendering."""
    from .offer.quality import samples_at, size_at
    from .scene import looks
    from .scene.pictures.taking import Extras

    samples = options.samples
    if samples is None and options.quality != "GOOD":
        samples = samples_at(options.quality, int(looks.load(options.look).render["samples"]))
    size = size_at(options.quality, options.size)
    named = {name: getattr(options, name) for name in ("engine", "overwrite")}
    extras = Extras(options.transparent, not options.no_bloom, options.passes)
    return {**named, "size": size, "samples": samples, "extras": extras}


def _frames_of(scene: Any, options: argparse.Namespace) -> tuple[int | None, int | None]:
    """First and last frame of the film that is asked for."""
    from .scene import chapters, roots
    from .scene.playing.marks import part

    if not options.part:
        return options.frames
    root = roots(scene)[0]
    place = part(root, options.part)
    if place is None:
        ids = ", ".join(p.id for c in chapters(root) for p in (c, *c.beats))
        raise CommandError(f"the film has no part {options.part!r}; there are: {ids}")
    return place.frame, place.last


def _tell_replaced(made: Any) -> None:
    if made.replaced:
        _tell(f"Replaced {counted(made.replaced, 'picture')}")


def _check_stills(wanted: list[str] | None) -> None:
    """Refuse unknown stills before the build; which of them fit the model is known only after."""
    from .walkthrough import FACTS, stills

    known = [still.id for still in stills(frozenset(FACTS))]
    for still in wanted or ():
        if still not in known:
            raise CommandError(f"there is no still {still!r}; there are: {', '.join(known)}")


def _build_in(scene: Any, options: argparse.Namespace, until: float) -> None:
    """Build in a scene as the options say; the sidebar asks for the same once the file is opened.

    `until` is the fraction of the whole work that is done when the build is complete.
    """
    import bpy

    from . import scene as scene_room
    from .offer import pins
    from .scene import views

    each = until / (1 + len(options.beside))
    recipe = _recipe(options.model, options)
    own = argparse.Namespace(**{**vars(options), "prompt": None, "activation": ""})
    beside = [_recipe(model, own) for model in options.beside]
    if options.pin:
        pins.check(options.pin, [_anatomy(each, options) for each in (recipe, *beside)])
    notes: list[str] = []
    _follow(scene_room.steps(scene, recipe, notes=notes), 0.0, each)
    for number, other in enumerate(beside, 1):
        work = scene_room.steps(scene, other, beside=True, notes=notes)
        _follow(work, number * each, (number + 1) * each)
    for cell in options.pin:
        scene_room.pin(scene, cell)
    for note in notes:
        _tell(note)
    views.prepare(bpy.data.screens, scene_room.roots(scene))


def _recipe(source: str, options: argparse.Namespace) -> Any:
    """The recipe of a model; refuses one that will not fit into memory."""
    from . import model as model_room
    from .offer import estimates
    from .scene import Recipe

    if options.columns and options.arrangement == "tower":
        raise CommandError("a tower has one column; leave --columns out, or ask for rows")
    model = model_room.load(source, options.activation)
    prompt = _prompt(model, options)
    if model.has_weights:
        _tell(f"{model.title}: {_appends(model, prompt, options)}")
    if source == options.model:
        _check_choice(model, prompt, options)
    estimates.check_memory(model.title, _estimate(model, prompt, options))
    if not any(preset.id == source for preset in model_room.presets()):
        # The saved file may be opened from any folder, so a relative path would lead nowhere.
        source = str(Path(source).resolve())
    return Recipe(
        model=source,
        prompt=prompt,
        look=options.look,
        accessible=options.accessible,
        captions=not options.no_captions,
        full_context=options.full_context,
        cubes=options.cubes,
        slabs=options.slabs,
        arrangement="rows" if options.columns else options.arrangement,
        columns=options.columns,
        folded=not options.unfolded,
        activation=options.activation,
        max_new_tokens=options.max_new_tokens,
        temperature=options.temperature,
        top_k=options.top_k,
        seed=options.seed,
        language=options.language,
        script=str(Path(options.script).resolve()) if options.script else "",
        chapters=options.chapters,
        layer=options.layer,
        head=options.head,
        position=options.position,
        channel=options.channel,
    )


def _check_choice(model: Any, prompt: str, options: argparse.Namespace) -> None:
    """Refuse an example that the model, or the prompt, does not have."""
    from .walkthrough import Choice

    left = defaults.CHOSEN_BY_CHAPTER
    position, channel = (None if n == left else n for n in (options.position, options.channel))
    count = len(model.read_prompt(prompt)) if model.has_weights else 0
    Choice(options.layer, options.head, position, channel).check(model.config, count)


def _save(path: Path) -> None:
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        _tell(f"Replacing {path}")
    save(path)
    _result(path)


@contextmanager
def _blender(options: argparse.Namespace) -> Iterator[Any]:
    """An empty scene with our properties; Blender's own output is hidden unless asked for."""
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


# The stream for results while Blender's output is hidden.
_output: Any = None


@contextmanager
def _quiet(quiet: bool) -> Iterator[None]:
    """Discard what Blender writes to the output stream; results still get through."""
    global _output  # noqa: PLW0603 (the process has one output stream)
    if not quiet:
        yield
        return
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    # A path may have bytes that are no valid text; they are written as they are.
    stream = os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="surrogateescape")
    with stream as _output:
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
    """Exhaust a generator of (fraction, label), print its progress, and return its result."""
    live = sys.stderr.isatty()
    said = ""
    try:
        while True:
            fraction, label = next(work)
            if fraction >= 1 and end < 1:
                continue
            percent = round(100 * (start + (end - start) * fraction))
            line = f"{percent:3d} %  {label}"
            # A terminal gets every step, in one line that changes; a log gets only a line for each
            # tenth and for each picture.
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


_registered: Any = None


def register() -> None:
    """Add `blender --command llmviz`."""
    global _registered  # noqa: PLW0603
    import bpy

    def run(arguments: list[str]) -> int:
        return main(arguments, program="blender --command llmviz")

    _registered = bpy.utils.register_cli_command("llmviz", run)


def unregister() -> None:
    """Remove the command."""
    global _registered  # noqa: PLW0603
    import bpy

    bpy.utils.unregister_cli_command(_registered)
    _registered = None
