"""The command line: its files, its messages and its exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Takes bpy away, as on a machine without it.
WITHOUT_BPY = """
import sys
sys.modules["bpy"] = None
from llmviz_addon.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str, source: str | None = None) -> subprocess.CompletedProcess:
    call = ["-m", "llmviz_addon"] if source is None else ["-c", source]
    return subprocess.run(
        [sys.executable, *call, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=500,
        check=False,
    )


@pytest.fixture
def blender_module() -> None:
    """Skip where a new Python cannot import bpy: that of a full Blender has no such module."""
    import bpy

    if bpy.app.binary_path:
        pytest.skip("in a full Blender the command line is tested from the zip")


@pytest.fixture
def called(capsys):
    """A function that calls the command line in this process."""
    from llmviz_addon.cli import main

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_info_needs_no_blender():
    ended = run("info", source=WITHOUT_BPY)
    assert ended.returncode == 0, ended.stderr
    assert "85,584" in ended.stdout and "nano-gpt" in ended.stdout


def test_info_tells_which_tokens_will_be_appended():
    ended = run("info", source=WITHOUT_BPY)
    assert "Appends 5 tokens, each the most probable one" in ended.stdout
    choice = ("--max-new-tokens", "40", "--temperature", "0.7", "--top-k", "2", "--seed", "3")
    ended = run("info", *choice, source=WITHOUT_BPY)
    assert "Appends 5 of 40 tokens, where the context ends, each drawn" in ended.stdout
    assert "temperature 0.7 from the 2 most probable ones" in ended.stdout
    assert "Appends" not in run("info", "--model", "gpt2", source=WITHOUT_BPY).stdout


def test_a_build_draws_the_tokens_that_the_options_choose(called, tmp_path: Path):
    choice = ("--max-new-tokens", "4", "--temperature", "8", "--top-k", "2", "--seed", "5")
    choice += ("--chapters", "introduction")
    code, _, errors = called("build", *choice, "--out", tmp_path / "drawn.blend")
    assert code == 0
    assert "nano-gpt: Appends 4 tokens, each drawn at temperature 8" in errors

    import bpy

    from llmviz_addon import model, scene
    from llmviz_addon.scene.standing.recipe import run_of

    (root,) = scene.roots(bpy.context.scene)
    nano = model.load("nano-gpt")
    prompt = nano.read_prompt("CBABBC")
    wanted = nano.generate(prompt, 4, model.Sampling(8.0, 2, 5))
    assert list(run_of(root).ids) == [*prompt, *wanted]
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "drawn.blend"))
    settings = bpy.context.scene.llmviz
    assert (settings.max_new_tokens, settings.temperature) == (4, 8.0)
    assert (settings.top_k, settings.seed) == (2, 5)


def test_cells_are_pinned_in_the_file_that_is_written(called, tmp_path: Path):
    from tests.scene import helpers

    out, small = tmp_path / "pinned.blend", ("--model", helpers.small(), "--prompt", "0 1 2")
    cells = "layer0.head1.attention[1, 2]", "wte[4, 7]"
    pins = [part for cell in cells for part in ("--pin", cell)]
    code, _, errors = called("build", *small, *pins, "--out", out)
    assert code == 0, errors

    import bpy

    from llmviz_addon import scene

    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert scene.pinned(bpy.context.scene) == list(cells)
    said = [
        o["llmviz_words"]
        for o in bpy.context.scene.objects
        if o.get("llmviz_pin_of") in cells and "llmviz_words" in o
    ]
    assert len(said) == 2 and "query 2" in " ".join(said)


def test_a_cell_of_any_of_several_models_can_be_pinned(called, tmp_path: Path):
    from tests.scene import helpers

    small = ("--model", helpers.small(), "--prompt", "0 1 2", "--beside", "nano-gpt")
    code, _, errors = called(
        "build", *small, "--pin", "layer2.mlp[1, 9]", "--out", tmp_path / "a.blend"
    )
    assert code == 0, errors

    import bpy

    from llmviz_addon import scene

    assert scene.pinned(bpy.context.scene) == ["layer2.mlp[1, 9]"]


def test_a_build_without_blender_says_what_to_install():
    ended = run("build", source=WITHOUT_BPY)
    assert ended.returncode == 1
    assert "pip install bpy" in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.usefixtures("blender_module")
def test_build_writes_a_compressed_file_and_says_where_it_is(tmp_path: Path):
    out = tmp_path / "deep" / "sorter.blend"
    ended = run("build", "--prompt", "ABC", "--look", "light", "--out", str(out))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == [str(out)]
    assert "%" in ended.stderr
    assert out.read_bytes()[:4] == b"\x28\xb5\x2f\xfd", "Zstandard's magic number"

    import bpy

    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.context.scene
    assert (scene.llmviz.model, scene.llmviz.prompt) == ("nano-gpt", "ABC")
    assert scene.llmviz.look == "light"
    assert sum("llmviz_block" in item for item in scene.objects) == 206


@pytest.mark.usefixtures("blender_module")
def test_demo_makes_a_file_and_pictures_in_one_folder(tmp_path: Path):
    small = ("--size", "64x36", "--samples", "1", "--engine", "cycles", "--stills", "model,cells")
    ended = run("demo", "--out", str(tmp_path), *small)
    assert ended.returncode == 0, ended.stderr
    made = sorted(path.name for path in tmp_path.iterdir())
    stills = [f"nano-gpt_CBABBC_dark_{still}_64x36.png" for still in ("cells", "model")]
    assert made == ["nano-gpt.blend", *stills]
    assert len(ended.stdout.split()) == 3, "Blender's own output is kept away"


def test_pictures_that_are_there_are_replaced_only_if_asked(called, monkeypatch, tmp_path: Path):
    from tests.scene import helpers, pictures

    pictures.stand_in(monkeypatch)
    mine = tmp_path / "small_0-1-2_dark_model_64x36.png"
    mine.write_text("mine")
    call = ("stills", "--stills", "model", "--size", "64x36", "--out", tmp_path)
    call += ("--model", helpers.small(), "--prompt", helpers.FEW)
    code, _, errors = called(*call)
    assert code == 0 and "Replaced" not in errors and mine.read_text() == "mine"
    assert pictures.size_of(mine.with_name(f"{mine.stem}-2.png")) == (4, 4)
    code, _, errors = called(*call, "--overwrite")
    assert code == 0 and "Replaced 1 picture\n" in errors and pictures.size_of(mine) == (4, 4)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_film_that_cannot_be_is_refused_before_the_build(called, tmp_path: Path):
    code, out, errors = called("film", "--size", "65x37", "--out", tmp_path / "film.mp4")
    assert code == 1 and not out
    assert errors.startswith("llmviz_addon: ") and "66 × 38" in errors


@pytest.mark.usefixtures("blender_module")
def test_film_writes_the_frames_that_are_asked_for(tmp_path: Path):
    from tests.scene import helpers

    small = ("--size", "64x36", "--samples", "1", "--engine", "cycles")
    small += ("--model", helpers.small(), "--prompt", helpers.FEW)
    ended = run("film", "--frames", "10-11", "--out", str(tmp_path / "film"), *small)
    assert ended.returncode == 0, ended.stderr
    assert len(list((tmp_path / "film").glob("*.png"))) == 2


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (("info", "--model", "/no/such"), "no such file"),
        (("build", "--out", "model.txt"), ".blend"),
        (("build", "--prompt", "ABX"), "'X'"),
        (("build", "--look", "pink"), "dark, light"),
        (("build", "--head", "7"), "no head 7 to follow; they count from 0 to 2"),
        (("build", "--position", "6"), "no position 6"),
        (
            ("build", "--pin", "layer0.head1.atention[1, 3]"),
            "did you mean 'layer0.head1.attention'",
        ),
        (("build", "--pin", "layer0.mlp[1, 99]"), "there is no cell at column 1, row 99"),
        (("build", "--pin", "attention"), "is no cell; write"),
        (("stills", "--stills", "nothing"), "'nothing'"),
        (("explain", "--cell", "layer0.mpl[1, 2]"), "did you mean 'layer0.mlp'"),
        (("explain", "--cell", "logits[99, 0]"), "there is no cell at column 99"),
    ],
)
def test_what_cannot_be_done_gets_one_sentence_and_code_1(called, tmp_path, arguments, match):
    out = (
        ()
        if "--out" in arguments or arguments[0] in ("info", "explain")
        else ("--out", tmp_path / "x.blend")
    )
    code, _, errors = called(*arguments, *out)
    assert code == 1
    last = errors.strip().splitlines()[-1]
    assert match in last and last.startswith("llmviz_addon: ")
    assert "Traceback" not in errors
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("stills", "--size", "wide"),
        ("stills", "--size", "0x10"),
        ("stills", "--samples", "0"),
        ("stills", "--engine", "crystal"),
        ("film", "--frames", "9-1"),
        ("build", "--cubes", "-1"),
        ("build", "--slabs", "many"),
        ("build", "--max-new-tokens", "-1"),
        ("build", "--temperature", "hot"),
        ("build", "--temperature", "nan"),
        ("build", "--temperature=-1"),
        ("build", "--top-k", "1.5"),
        ("build", "--seed", "2147483648"),
    ],
)
def test_wrong_arguments_end_with_code_2_and_the_usage(called, arguments):
    code, _, errors = called(*arguments)
    assert code == 2
    assert errors.startswith("usage: ")


def test_a_folder_that_cannot_be_made_is_named(called, tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    code, _, errors = called("build", "--out", tmp_path / "file" / "x.blend")
    assert code == 1
    assert str(tmp_path / "file") in errors.splitlines()[-1]


def test_explain_says_of_cells_all_that_there_is_without_blender():
    cells = ("--cell", "layer0.head1.attention[1, 3]", "--cell", "wte[2, 7]")
    ended = run("explain", "--prompt", "CBABBC", *cells, source=WITHOUT_BPY)
    assert ended.returncode == 0, ended.stderr
    first, second = ended.stdout.split("\n\nwte[2, 7]\n")
    assert "query 3, token B, looks at key 1, token B" in first
    assert 'trace["layer0.head1.attention"][3, 1]' in first
    assert 'weights["wte"][2, 7]' in second and "Traceback" not in ended.stderr
