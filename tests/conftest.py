"""Fixtures of all tests: Blender kept away from the user's files, and a clean scene per test.

Tests of the plain rooms (`tests/model`, `tests/anatomy` and others) never touch bpy, and nothing
here imports it for them. Tests in `BPY_FOLDERS` each begin in an empty file; where a test fails,
its scene is saved to `build/test-failures/`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import alive
from tests.folders import FAILURES, RUN, TESTS
from tools import extension

if TYPE_CHECKING:
    import bpy

BPY_FOLDERS = {"scene", "ui", "cli"}
REGISTERED_FOLDERS = {"ui", "cli"}

_FAILED = pytest.StashKey[bool]()
_OPENED = pytest.StashKey[bool]()
_STATUS = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    """Set no time limit for examples, and give Blender a user folder before bpy is imported.

    Otherwise the developer's add-ons and preferences would take part in the tests, and installing
    an extension would change them. Inside the full Blender it is too late for that: there
    `tools/run_tests.py` sets the folder before Blender starts.
    """
    # Not imported at the top: the process that only starts the full Blender finds packages for
    # Blender's Python, which its own cannot load.
    from hypothesis import HealthCheck, settings

    # On a busy machine an example may take any time, and no test promises a time.
    slow = [HealthCheck.too_slow]
    settings.register_profile("any machine", deadline=None, suppress_health_check=slow)
    settings.load_profile("any machine")
    alive.capture = config.pluginmanager.getplugin("capturemanager")
    if "bpy" in sys.modules:
        return
    os.environ["BLENDER_USER_RESOURCES"] = str(RUN)
    os.environ["BLENDER_USER_EXTENSIONS"] = str(RUN / "extensions")


def _folder(item: pytest.Item) -> str:
    """The folder below `tests/` that a test stands in."""
    return item.path.relative_to(TESTS).parts[0]


@pytest.fixture(autouse=True)
def clean_scene(request: pytest.FixtureRequest) -> Iterator[None]:
    """Begin in an empty file, with the add-on registered for the folders that test it.

    A test that asks for `standing` or `own_model` begins in the file of that instead.
    """
    folder = _folder(request.node)
    if folder not in BPY_FOLDERS:
        yield
        return
    import bpy

    request.node.stash[_OPENED] = True
    if "standing" in request.fixturenames:
        from tests.standing import shared

        shared.root()
    elif "own_model" in request.fixturenames:
        from tests.scene import helpers

        helpers.open_built()
    else:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    if folder in REGISTERED_FOLDERS:
        request.getfixturevalue("registered")
    elif hasattr(bpy.types.Scene, "llmviz"):
        import llmviz_addon

        llmviz_addon.unregister()
    yield
    if request.node.stash.get(_FAILED, False):
        FAILURES.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^\w.-]+", "_", request.node.nodeid.removeprefix("tests/"))
        path = FAILURES / f"{name[:120]}-{bpy.app.version_string[:3]}.blend"
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)


def _needs_the_usual_scene(request: pytest.FixtureRequest) -> None:
    """Fail where a module's own `clean_scene` has opened what its tests share."""
    if _OPENED not in request.node.stash:
        pytest.fail(f"{request.fixturename} needs the usual clean_scene, not the module's own")


@pytest.fixture
def standing(request: pytest.FixtureRequest, clean_scene: None) -> Iterator[bpy.types.Collection]:
    """nano-gpt as it is built from CBABBC, to look at only; its root collection.

    All tests that ask for it look at the same file one after the other. They may go to another
    frame; one that changes anything else fails, and wants `own_model` instead.
    """
    from tests.standing import shared

    _needs_the_usual_scene(request)
    yield shared.root()
    changes = shared.changes()
    if changes and not request.node.stash.get(_FAILED, False):
        pytest.fail(f"it changed what others look at, too: {sorted(changes)}", pytrace=False)


@pytest.fixture
def own_model(request: pytest.FixtureRequest, clean_scene: None) -> bpy.types.Collection:
    """nano-gpt as it is built from CBABBC, in a file of the test's own; its root collection."""
    import bpy

    from llmviz_addon import scene as scene_room

    _needs_the_usual_scene(request)
    (root,) = scene_room.roots(bpy.context.scene)
    return root


@pytest.fixture
def registered() -> None:
    """The add-on, registered from the checkout; a test that unregisters it need not restore it."""
    import bpy

    import llmviz_addon

    if not hasattr(bpy.types.Scene, "llmviz"):
        llmviz_addon.register()


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip to install, built and validated from the checkout as `make extension` does it."""
    bpy = sys.modules.get("bpy")
    inside = bpy is not None and bpy.app.binary_path
    scripts = Path(bpy.utils.system_resource("SCRIPTS")) if inside else extension.blender_scripts()
    try:
        return extension.build(tmp_path_factory.mktemp("dist"), scripts)
    except extension.WheelsUnavailableError as error:
        pytest.skip(f"no zip without the bundled wheels: {error}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    """Remember a failure until the fixtures are torn down."""
    report = yield
    if report.failed:
        item.stash[_FAILED] = True
    return report


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the exit status for `pytest_unconfigure`."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave without the interpreter's farewell where bpy is loaded.

    With bpy 4.5, some modules' clean-up at interpreter shutdown hangs the process; everything that
    matters has been reported by now.
    """
    shutil.rmtree(RUN, ignore_errors=True)
    if "bpy" in sys.modules and _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])
