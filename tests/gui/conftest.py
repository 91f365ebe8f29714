"""A Blender with a window on a virtual X server, and scripts that use it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.gui import xwd
from tests.gui.following import follow

HERE = Path(__file__).parent
PICTURES = HERE.parent.parent / "build" / "gui"
SIZE = (1600, 1000)

Play = Callable[..., dict[str, object]]
"""Plays a script in the window; see `play`."""


@pytest.fixture(scope="session")
def blender() -> str:
    """The full Blender to use."""
    path = os.environ.get("LLMVIZ_BLENDER")
    if not path:
        pytest.skip("no full Blender: LLMVIZ_BLENDER is not set")
    return path


@pytest.fixture(scope="session")
def screen(blender: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A virtual X server: its display, and the file with what it shows."""
    command = shlex.split(os.environ.get("LLMVIZ_XVFB", "Xvfb"))
    if not shutil.which(command[0]):
        pytest.fail(f"there is a Blender, but no {command[0]} to give it a screen: install xvfb")
    folder = tmp_path_factory.mktemp("screen")
    size = "x".join(map(str, SIZE))
    command += ["-displayfd", "1", "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(
        [*command, "-fbdir", str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert server.stdout
    try:
        number = server.stdout.readline().strip()
        assert number, f"{command[0]} did not start"
        yield f":{number}", folder / "Xvfb_screen0"
    finally:
        server.terminate()
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def play(
    blender: str,
    screen: tuple[str, Path],
    extension_zip: Path,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
) -> Play:
    """A function that plays a script of this folder in a window of its own.

    It takes the script's name and further arguments for it, and returns the facts that the script
    noted, with Blender's complaints about our classes. Pictures are kept in `build/gui/`.
    """
    display, dump = screen
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BLENDER_")}
    width, height = map(str, SIZE)
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def told(line: str) -> None:
        """Print the line, so that the runner of the tests sees a sign of life."""
        with capture.global_and_fixture_disabled():
            print(line, flush=True)

    def played(script: str, *arguments: str) -> dict[str, object]:
        user, results = tmp_path_factory.mktemp("user"), tmp_path_factory.mktemp("results")
        told("")
        status, output = follow(
            [
                *(blender, "--window-geometry", "0", "0", width, height),
                *("--enable-event-simulate", "--python-exit-code", "1"),
                *("--python", str(HERE / script)),
                *("--", str(extension_zip), str(results), str(dump), *arguments),
            ],
            {
                **kept,
                "DISPLAY": display,
                "BLENDER_USER_RESOURCES": str(user),
                "LIBGL_ALWAYS_SOFTWARE": "1",
            },
            told,
        )
        PICTURES.mkdir(parents=True, exist_ok=True)
        for picture in results.glob("*.xwd"):
            path = PICTURES / f"{picture.stem}.png"
            path.write_bytes(xwd.png(*xwd.pixels(picture.read_bytes())))
        assert status == 0, output[-6000:]
        facts = json.loads((results / "facts.json").read_text(encoding="utf-8"))
        return facts | {"complaints": [line for line in output.splitlines() if "LLMVIZ_" in line]}

    return played
