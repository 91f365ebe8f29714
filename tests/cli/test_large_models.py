"""The command line with large models: the detail drawn, several in a file, memory and disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import pytest

from llmviz_addon import cli, detail, model, saving, walkthrough
from llmviz_addon import scene as scene_room
from llmviz_addon.arguments import parser
from llmviz_addon.offer import estimates
from llmviz_addon.scene import views

ROOT = Path(__file__).parents[2]

# Saves a file twice: freely, and then under a limit on file size that lacks some bytes for it.
SAVE_ON_A_FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import bpy
from llmviz_addon import saving

path, missing = Path(sys.argv[1]), int(sys.argv[2])
bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
saving.save(path.with_name("free.blend"))
size = path.with_name("free.blend").stat().st_size
path.with_name("free.blend").unlink()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = max(0, size - missing)
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
try:
    saving.save(path)
except saving.SaveError as error:
    print("SAID", error)
"""


@pytest.fixture
def asked(monkeypatch) -> list:
    """The (recipe, beside) that the scene room was asked to build; here it does not build."""
    found = []

    def steps(_scene, recipe, beside=False, notes=None):
        found.append((recipe, beside))
        yield 1.0, "Done"

    monkeypatch.setattr(scene_room, "steps", steps)
    monkeypatch.setattr(views, "prepare", lambda *_: None)
    return found


def build(tmp_path: Path, *arguments: str) -> int:
    return cli.main(["build", "--out", str(tmp_path / "x.blend"), *arguments])


def options(*arguments: str):
    jobs = dict.fromkeys(("build", "stills", "film", "demo", "info", "explain"), print)
    return parser("llmviz", jobs).parse_args(arguments)


@pytest.mark.parametrize("command", ["build", "stills", "film", "demo"])
def test_every_command_that_builds_takes_the_detail_and_more_models(command):
    said = options(command, "--full-context", "--cubes", "0", "--slabs", "64", "--beside", "gpt2")
    assert (said.full_context, said.cubes, said.slabs, said.beside) == (True, 0, 64, ["gpt2"])
    usual, budget = options(command), detail.Budget()
    assert (usual.full_context, usual.beside) == (False, [])
    assert (usual.cubes, usual.slabs) == (budget.cubes, budget.slabs)


def test_a_model_without_numbers_is_built_as_a_shape(asked, tmp_path):
    assert build(tmp_path, "--model", "gpt3", "--prompt", "is not read") == 0
    ((recipe, beside),) = asked
    assert (recipe.model, recipe.prompt, beside) == ("gpt3", "", False)


def test_a_model_is_built_in_the_detail_that_is_asked_for(asked, tmp_path):
    detail = ("--full-context", "--cubes", "70000", "--slabs", "16")
    assert build(tmp_path, "--model", "gpt2", *detail) == 0
    recipe = asked[0][0]
    assert (recipe.full_context, recipe.cubes, recipe.slabs) == (True, 70_000, 16)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((), ("auto", 0, True)),
        (("--arrangement", "tower"), ("tower", 0, True)),
        (("--arrangement", "rows", "--columns", "4"), ("rows", 4, True)),
        (("--columns", "4", "--unfolded"), ("rows", 4, False)),
    ],
)
def test_a_model_is_built_in_the_arrangement_that_is_asked_for(asked, tmp_path, said, expected):
    assert build(tmp_path, "--model", "gpt2", *said) == 0
    recipe = asked[0][0]
    assert (recipe.arrangement, recipe.columns, recipe.folded) == expected


def test_a_tower_of_several_columns_is_refused(asked, tmp_path, capsys):
    assert build(tmp_path, "--arrangement", "tower", "--columns", "2") == 1
    assert "a tower has one column" in capsys.readouterr().err
    assert asked == []
    with pytest.raises(SystemExit):
        options("build", "--columns", "0")


def test_models_stand_beside_each_other_each_on_its_own_prompt(asked, tmp_path):
    more = ("--beside", "gpt2", "--beside", "nano-gpt")
    assert build(tmp_path, "--prompt", "ABC", *more) == 0
    assert [(r.model, r.prompt, beside) for r, beside in asked] == [
        ("nano-gpt", "ABC", False),
        ("gpt2", "", True),
        ("nano-gpt", "CBABBC", True),
    ]


def test_stills_of_shapes_are_known_before_the_model_is():
    shapes = {still.id for still in walkthrough.stills(frozenset({"shape"}))}
    only = shapes - {still.id for still in walkthrough.stills()}
    assert only
    cli._check_stills(sorted(only))


def test_too_little_memory_is_said_before_building(asked, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(estimates, "available_memory", lambda: 10_000)
    assert build(tmp_path) == 1
    assert "of memory to build" in capsys.readouterr().err.splitlines()[-1]
    assert not asked and not list(tmp_path.iterdir())


def test_info_tells_what_drawing_takes_with_the_detail_that_is_asked_for(capsys):
    assert cli.main(["info", "--cubes", "20000", "--slabs", "1", "--prompt", "ABC"]) == 0
    told = capsys.readouterr().out
    config = model.load("nano-gpt").config
    found = detail.plan(config, 8, budget=detail.Budget(20_000, 1)).estimate
    assert f"{found.cubes:,} cells" in told and f"{found.slabs:,} cells" in told
    assert f"{config.multiplications(11):,} multiplications" in told


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no such limit")
# Blender takes some of these for success, since it does not check the writing of the last frames.
@pytest.mark.parametrize("missing", [20, 1000, 20_000, 10**9])
def test_a_full_disk_is_said_and_leaves_the_former_file_whole(tmp_path: Path, missing: int):
    if bpy.app.binary_path:
        pytest.skip("a full Blender's Python has no bpy of its own")
    path = tmp_path / "model.blend"
    path.write_bytes(b"the former file")
    ended = subprocess.run(
        [sys.executable, "-c", SAVE_ON_A_FULL_DISK, str(path), str(missing)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    said = [line for line in ended.stdout.splitlines() if line.startswith("SAID")]
    assert len(said) == 1, ended.stdout + ended.stderr
    assert str(path) in said[0] and "make room on the disk" in said[0]
    assert path.read_bytes() == b"the former file"
    assert [file.name for file in tmp_path.iterdir()] == ["model.blend"]


def test_a_file_that_may_not_be_written_stays_and_nobody_is_told_to_make_room(
    monkeypatch, tmp_path: Path
):
    path = tmp_path / "model.blend"
    path.write_bytes(b"mine")
    monkeypatch.setattr(saving.os, "access", lambda *_: False)
    with pytest.raises(saving.SaveError, match="denied") as caught:
        saving.save(path)
    assert "room" not in str(caught.value) and path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such names")
def test_a_file_is_saved_under_its_very_name(tmp_path: Path):
    path = tmp_path / "back\\slash {fps} #1" / "m {x}.blend"
    path.parent.mkdir()
    saving.save(path)
    assert saving.is_whole(path)
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


def test_a_file_that_lacks_any_end_is_not_whole(tmp_path: Path):
    path = tmp_path / "model.blend"
    saving.save(path)
    whole = path.read_bytes()
    assert saving.is_whole(path)
    for length in (0, 5, 17, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert not saving.is_whole(path)
    path.write_bytes(whole[:1000] + whole[1001:])
    assert not saving.is_whole(path)


def test_a_saved_file_opens_and_nothing_else_is_left_beside_it(tmp_path: Path):
    path = tmp_path / "model.blend"
    for _ in range(2):
        cli._save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["model.blend"]
    assert bpy.ops.wm.open_mainfile(filepath=str(path)) == {"FINISHED"}
