"""The commands and options of the command line, and the checks of their values.

It imports neither Blender nor a model, so that help and mistakes are answered at once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from . import defaults, languages

Job: TypeAlias = Callable[[argparse.Namespace], None]

MODEL = "nano-gpt"
LARGEST_SIDE = 16_384

# Greatest values that the settings of a scene hold.
HOTTEST, LARGEST_SEED = 1_000, 2**31 - 1


def parser(program: str, jobs: Mapping[str, Job]) -> argparse.ArgumentParser:
    """The parser of a command line.

    Parameters
    ----------
    program
        The program's name, for the help.
    jobs
        A function for each command, by its name: one each for the commands below.
    """
    made = argparse.ArgumentParser(
        prog=program, description="Takes a GPT-style language model apart in 3D."
    )
    commands = made.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, help_: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=help_, description=f"{help_}.")
        added.set_defaults(job=jobs[name])
        added.add_argument("--model", default=MODEL, help="a preset's id or a checkpoint's path")
        return added

    built = command("build", "Build a model and save it as a .blend file")
    _add_recipe(built)
    _add_out(built, "model.blend", "the .blend file to write")

    stills = command("stills", "Build a model and render its stills as PNG files")
    _add_recipe(stills)
    _add_render(stills)
    _add_which(stills)
    _add_out(stills, "stills", "the folder to write to")

    film = command("film", "Build a model and render its walkthrough")
    _add_recipe(film)
    _add_render(film)
    film.add_argument(
        "--part", metavar="ID", help="a chapter, or a beat like introduction.input; all by default"
    )
    film.add_argument(
        "--frames", type=_frames, default=(None, None), metavar="A-B", help="which; all by default"
    )
    _add_out(film, "film", "a folder for PNG files, or a file that ends in .mp4")

    demo = command("demo", "Build a model, save it, and render its stills into one folder")
    _add_recipe(demo)
    _add_render(demo)
    _add_which(demo)
    _add_out(demo, "demo", "the folder to write to")

    info = command("info", "Say what a model is and what drawing it takes, without Blender")
    _add_prompt(info)
    _add_generation(info)
    _add_activation(info)
    _add_detail(info)

    explain = command("explain", "Say all that there is to say of a cell, without Blender")
    _add_prompt(explain)
    _add_generation(explain)
    _add_activation(explain)
    _add_language(explain)
    explain.add_argument(
        "--cell",
        action="append",
        required=True,
        metavar="BLOCK[COLUMN, ROW]",
        help="such as 'layer0.head1.attention[1, 3]'; can be given several times",
    )
    return made


def _add_language(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--language",
        default=languages.ENGLISH,
        choices=languages.available(),
        help="the language of captions, titles and explanations; en by default",
    )


def _add_prompt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prompt", help="what the model reads; a preset brings its own")


def _add_generation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-new-tokens",
        type=_amount,
        default=defaults.MAX_NEW_TOKENS,
        metavar="N",
        help=f"tokens that the model appends to the prompt; {defaults.MAX_NEW_TOKENS}",
    )
    parser.add_argument(
        "--temperature",
        type=_temperature,
        default=defaults.TEMPERATURE,
        metavar="T",
        help="0, the default, takes the most probable token each time; above, tokens are drawn",
    )
    parser.add_argument(
        "--top-k",
        type=_amount,
        default=defaults.TOP_K,
        metavar="K",
        help="draw from so many of the most probable tokens; 0, the default, from all",
    )
    parser.add_argument(
        "--seed",
        type=_seed,
        default=defaults.SEED,
        help=f"the same seed draws the same tokens; {defaults.SEED}",
    )


def _add_activation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--activation",
        choices=("", "gelu_new", "gelu"),
        default="",
        help="where a checkpoint's configuration leaves it open: GELU in its tanh or exact form",
    )


def _add_detail(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--full-context", action="store_true", help="draw all of a large model's context"
    )
    parser.add_argument(
        "--cubes",
        type=_amount,
        default=defaults.CUBES,
        metavar="CELLS",
        help=f"cells as cubes; {defaults.CUBES}",
    )
    parser.add_argument(
        "--slabs",
        type=_amount,
        default=defaults.SLABS,
        metavar="MB",
        help=f"megabytes of slab values; {defaults.SLABS}",
    )


def _add_arrangement(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--arrangement",
        choices=("auto", "tower", "rows"),
        default=defaults.ARRANGEMENT,
        help="how the layers stand: so that they fill a wide picture, in one tower, or in rows",
    )
    parser.add_argument(
        "--columns",
        type=_columns,
        default=0,
        metavar="N",
        help="columns of layers in rows; one for each layer by default",
    )
    parser.add_argument(
        "--unfolded", action="store_true", help="leave very long blocks in one line"
    )


def _add_recipe(parser: argparse.ArgumentParser) -> None:
    _add_prompt(parser)
    _add_generation(parser)
    _add_activation(parser)
    _add_detail(parser)
    _add_arrangement(parser)
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="MODEL",
        help="one more model, on a prompt of its own; can be given several times",
    )
    parser.add_argument(
        "--pin",
        action="append",
        default=[],
        metavar="BLOCK[COLUMN, ROW]",
        help="a cell to pin, such as 'layer0.head1.attention[1, 3]'; can be given several times",
    )
    parser.add_argument(
        "--look", default="dark", help="a look's id: dark, light, paper, studio or blueprint"
    )
    parser.add_argument("--accessible", action="store_true", help="use color-blind safe colors")
    _add_language(parser)
    parser.add_argument(
        "--script",
        default="",
        metavar="FILE",
        help="a walkthrough of your own; see docs/walkthroughs.md",
    )
    parser.add_argument(
        "--chapters",
        default="",
        metavar="IDS",
        help="ids of the chapters that play, with commas between; all by default",
    )
    for name, usual, said in (
        ("layer", defaults.LAYER, "the layer that the chapters take as their example, from 0"),
        ("head", defaults.HEAD, "the head that they take, from 0"),
        (
            "position",
            defaults.CHOSEN_BY_CHAPTER,
            "the token that they follow, from 0",
        ),
        ("channel", defaults.CHOSEN_BY_CHAPTER, "the channel that they compute, from 0"),
    ):
        parser.add_argument(f"--{name}", type=_amount, default=usual, metavar="N", help=said)
    parser.add_argument("--no-captions", action="store_true", help="leave the captions out")
    parser.add_argument("--verbose", action="store_true", help="show Blender's own messages too")


def _add_render(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--size", type=_size, default=(1920, 1080), metavar="WxH", help="pixels; 1920x1080"
    )
    parser.add_argument(
        "--engine", type=str.upper, choices=("AUTO", "CYCLES", "EEVEE"), default="AUTO"
    )
    parser.add_argument(
        "--quality",
        type=str.upper,
        choices=("DRAFT", "GOOD", "FINAL"),
        default="GOOD",
        help="draft: half the size, a quarter of the samples; final: four times the samples",
    )
    parser.add_argument(
        "--transparent", action="store_true", help="leave out ground and background; PNG only"
    )
    parser.add_argument(
        "--no-bloom", action="store_true", help="leave the glow of bright things out"
    )
    parser.add_argument(
        "--passes",
        type=_passes,
        default=(),
        metavar="PASS,PASS",
        help="depth, cryptomatte or both, written beside each PNG file into an OpenEXR file",
    )
    parser.add_argument("--samples", type=_count, help="a pixel; by default, by look and quality")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace pictures and films of the same name, rather than number new ones",
    )


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


def _passes(text: str) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",")))
    if not set(wanted) <= {"depth", "cryptomatte"}:
        raise argparse.ArgumentTypeError(
            f"{text!r} are no passes; write depth, cryptomatte or depth,cryptomatte"
        )
    return wanted


def _frames(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,7})(?:-(\d{1,7}))?", text)
    if not match or int(match[2] or match[1]) < int(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} are no frames; write them like 1-240")
    return int(match[1]), int(match[2] or match[1])


def _count(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of samples; write 1 or more")
    return int(text)


def _columns(text: str) -> int:
    if not re.fullmatch(r"\d{1,4}", text) or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of columns; write 1 or more")
    return int(text)


def _amount(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an amount; write 0 or more")
    return int(text)


def _temperature(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= HOTTEST:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a temperature; write a number from 0 to {HOTTEST:,}, like 0.8"
        )
    return found


def _seed(text: str) -> int:
    if not re.fullmatch(r"\d{1,10}", text) or int(text) > LARGEST_SEED:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a seed; write a whole number from 0 to {LARGEST_SEED}"
        )
    return int(text)


def _ids(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
