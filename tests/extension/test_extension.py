"""The zip as a person gets it, in a Blender that has never seen it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "use_the_zip.py"


def blender_command() -> list[str]:
    """The command that starts another Blender like the one that runs this test."""
    import bpy

    if bpy.app.binary_path:
        return [bpy.app.binary_path, "--background", "--python-exit-code", "1", "--python"]
    return [sys.executable]


def run_blender(user: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run another Blender with a user folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BLENDER_")}
    # The tests find safetensors and tokenizers through here; the extension has to bring its own.
    kept.pop("PYTHONPATH", None)
    return subprocess.run(
        arguments,
        cwd=user,
        env={**kept, "BLENDER_USER_RESOURCES": str(user)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


@pytest.fixture(scope="session")
def user(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user folder that is empty until the zip is installed into it."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="session")
def steps(extension_zip: Path, user: Path) -> dict[str, dict]:
    """The facts that `use_the_zip.py` reported, by step."""
    result = run_blender(user, *blender_command(), str(SCRIPT), "--", str(extension_zip))
    assert result.returncode == 0, f"{result.stdout[-3000:]}\n{result.stderr[-3000:]}"
    lines = [line for line in result.stdout.splitlines() if line.startswith("STEP ")]
    told = [json.loads(line.removeprefix("STEP ")) for line in lines]
    return {step.pop("step"): step for step in told}


@pytest.fixture(scope="session")
def names(extension_zip: Path) -> list[str]:
    """Names of the files in the zip."""
    with zipfile.ZipFile(extension_zip) as archive:
        return archive.namelist()


def test_the_zip_holds_the_package_its_presets_and_a_wheel_per_platform(names: list[str]) -> None:
    assert {"blender_manifest.toml", "__init__.py", "LICENSE"} <= set(names)
    assert "llmviz_addon/__init__.py" in names
    for trained in ("nano-gpt", "rhyme-gpt"):
        assert {f"presets/models/{trained}.{kind}" for kind in ("safetensors", "md")} <= set(names)
    assert {f"presets/models/rhyme-gpt.{kind}" for kind in ("txt", "sources.md")} <= set(names)
    platforms = ("manylinux", "win_amd64", "macosx_11_0_arm64", "macosx_10_12_x86_64")
    wheels = [name for name in names if name.endswith(".whl")]
    for library in ("safetensors", "tokenizers"):
        of_it = [wheel for wheel in wheels if library in wheel]
        assert [sum(platform in wheel for wheel in of_it) for platform in platforms] == [1, 1, 1, 1]
    assert len(wheels) == 8


def test_the_zip_holds_nothing_that_only_developers_need(names: list[str]) -> None:
    tops = {name.partition("/")[0] for name in names}
    assert tops == {
        *("blender_manifest.toml", "__init__.py", "LICENSE"),
        *("llmviz_addon", "presets", "wheels"),
    }
    assert not [name for name in names if "__pycache__" in name or "/." in name]


def test_it_installs_and_enables_in_a_clean_user_folder(steps: dict[str, dict]) -> None:
    assert steps["installed"] == {"enabled": True, "operator": True}


@pytest.mark.parametrize("step", ["built", "built again", "built after enabling"])
def test_it_builds_all_blocks_of_nano_gpt(steps: dict[str, dict], step: str) -> None:
    assert steps[step]["result"] == ["FINISHED"]
    blocks = steps[step]["blocks"]
    assert len(blocks) == len(set(blocks))
    assert {"tokens", "wte", "layer2.head2.attention", "probabilities"} <= set(blocks)


def test_it_removes_what_it_built(steps: dict[str, dict]) -> None:
    assert steps["removed"] == {"left": 0}


def test_disabling_leaves_nothing_behind_and_enabling_brings_it_back(
    steps: dict[str, dict],
) -> None:
    assert steps["disabled"] == {"enabled": False, "properties": False}
    assert steps["enabled"] == {"enabled": True, "operator": True}


def test_the_bundled_wheels_are_what_blender_loads(steps: dict[str, dict]) -> None:
    import bpy

    if not bpy.app.binary_path:
        pytest.skip("the bpy wheel shares an environment that has them already")
    for library in ("safetensors", "tokenizers"):
        assert {"site-packages", "extensions"} <= set(Path(steps["wheel"][library]).parts)


def test_blenders_command_line_knows_the_installed_extension(
    steps: dict[str, dict], user: Path
) -> None:
    import bpy

    if not bpy.app.binary_path:
        pytest.skip("the bpy wheel has no command line")
    result = run_blender(
        user, bpy.app.binary_path, "--command", "llmviz", "info", "--model", "nano-gpt"
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert re.search(r"85,?584", result.stdout)
