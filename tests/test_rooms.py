"""The rooms keep their doors: the imports of each room, checked on the running code."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "llmviz_addon"
PLAIN_ROOMS = ("model", "anatomy", "detail", "explain", "walkthrough", "offer")

# Refuses every module that exists in Blender only, then imports what the command line names.
IMPORT_WITHOUT_BLENDER = """
import importlib, sys

class NoBlender:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"bpy", "bmesh", "mathutils", "gpu", "blf", "bl_math"}:
            raise ImportError(f"{name} is not to be imported here")

sys.meta_path.insert(0, NoBlender())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def run_python(source: str, *arguments: str) -> str:
    """The output of a fresh Python, run at the top of the repository."""
    result = subprocess.run(
        [sys.executable, "-c", source, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def module_name(path: Path) -> str:
    """The dotted name of a file of the package."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("room", PLAIN_ROOMS)
def test_a_plain_room_imports_without_blender(room: str) -> None:
    modules = sorted(map(module_name, (PACKAGE / room).rglob("*.py")))
    assert modules
    run_python(IMPORT_WITHOUT_BLENDER, *modules)


def test_the_package_itself_imports_nothing() -> None:
    # `__future__` is a directive to the compiler, but Python 3.11 also loads it as a module.
    source = (
        "import sys; before = set(sys.modules); import llmviz_addon;"
        "print(*sorted(set(sys.modules) - before - {'__future__'}))"
    )
    assert run_python(source).split() == ["llmviz_addon"]


def test_only_compat_knows_blenders_version() -> None:
    knowing = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if re.search(r"\bapp\.version\b|\bversion_string\b", path.read_text(encoding="utf-8"))
    }
    assert knowing <= {"scene/compat.py"}


def test_the_version_is_the_same_wherever_it_stands() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.search(r"^## (\d+\.\d+\.\d+)", changelog, re.MULTILINE)
    assert newest
    assert manifest["version"] == project["project"]["version"] == newest[1]


def test_the_extension_asks_for_files_and_for_nothing_else() -> None:
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))
    assert set(manifest["permissions"]) == {"files"}
