"""Run the test suites and print the result of each.

    run_tests.py wheels            with every Python here, side by side on all processors: the
                                   plain rooms and the tests with bpy
    run_tests.py blender PATH      the same inside the full Blender at PATH, and the window test

Further arguments after `--` go to pytest. Each suite is a process of its own; `suite.py` follows
it and stops it when it falls silent. A suite that finds no tests counts as failed, unless further
arguments choose among the tests.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import environment
from suite import Ended, Suite

ROOT = environment.ROOT
TESTS = ROOT / "tests"
PLAIN = ("model", "anatomy", "detail", "walkthrough", "offer")
LONGEST = "scene"
WINDOW = "gui"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Packages that the tests import and Blender's own Python may lack. Blender brings numpy.
BLENDER_NEEDS = ("safetensors", "tokenizers", "pytest", "hypothesis")


class StoppedError(Exception):
    """The signal that ends the run before its time."""


def parts() -> dict[str, list[str]]:
    """The paths of each suite by its name, the suites that take longest first."""
    folders = [path for path in sorted(TESTS.iterdir()) if any(path.glob("**/test_*.py"))]
    named = {*PLAIN, LONGEST, WINDOW}
    return {
        "scene": [f"tests/{LONGEST}"],
        "others with bpy": [f"tests/{path.name}" for path in folders if path.name not in named],
        "plain rooms": [f"tests/{name}" for name in PLAIN],
    }


def repository() -> list[str]:
    """The paths of the tests that are about the repository, and the same in every Blender."""
    return [f"tests/{path.name}" for path in sorted(TESTS.glob("test_*.py"))]


def processors() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run(suites: list[Suite], ended: list[Ended]) -> None:
    """Run suites, as many side by side as there are processors, and add the end of each to `ended`.

    Raises
    ------
    StoppedError
        If a signal comes; suites that ran have been ended, and those that waited do not begin.
    """
    with ThreadPoolExecutor(processors()) as pool:
        runs = {suite.name: pool.submit(suite.run) for suite in suites}
        try:
            wait(runs.values())
        except StoppedError as stopped:
            for suite in suites:
                suite.stop(str(stopped))
            for name, each in runs.items():
                if each.cancel():
                    ended.append(Ended(name, False, f"not begun: {stopped}"))
            raise
        finally:
            ended += [each.result() for each in runs.values() if not each.cancelled()]


def pytest(version: str, *arguments: str) -> list[str]:
    """The command that runs pytest in one environment, telling what it does in `suite`'s way."""
    return [str(environment.python_of(version)), "-m", "pytest", "-v", "-ra", *arguments]


def wheels(extra: list[str], ended: list[Ended]) -> None:
    """The suites on the bpy wheels."""
    versions = environment.setup()
    # The zip's wheels are fetched first, or suites side by side would each fetch them. Where that
    # fails, the zip's tests say so.
    python = environment.python_of(versions[-1])
    subprocess.run([python, "tools/extension.py", "wheels"], cwd=ROOT, check=False)
    suites = [
        Suite(f"Python {version}, {what}", pytest(version, *where, *extra), optional=bool(extra))
        for what, where in parts().items()
        for version in reversed(versions)
    ]
    newest = pytest(versions[-1], *repository(), *extra)
    run([*suites, Suite("repository", newest, optional=bool(extra))], ended)


def needs_of_blender(version: str, blender: str) -> Path:
    """A folder of the packages that the tests need, for the Python inside `blender`.

    Raises
    ------
    environment.SetupError
        If Blender does not run, or the packages cannot be installed.
    """
    question = "import sys; print('python=%d.%d' % sys.version_info[:2])"
    answer = subprocess.run(
        [blender, "--background", "--factory-startup", "--python-expr", question],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = [line for line in answer.stdout.splitlines() if line.startswith("python=")]
    if not lines:
        raise environment.SetupError(f"{blender} does not run: {answer.stderr.strip()[-300:]}")
    inside = lines[0].removeprefix("python=")
    pinned = [wish for wish in environment.requirements() if wish.split("==")[0] in BLENDER_NEEDS]
    folder = ROOT / "build" / f"blender-site-{inside}"
    done = folder / "done"
    if done.is_file() and done.read_text() == "\n".join(pinned):
        return folder
    install = [str(environment.python_of(version)), "-m", "pip", "install", "--quiet", "--upgrade"]
    install += ["--disable-pip-version-check", "--target", str(folder), "--python-version", inside]
    if subprocess.run([*install, "--only-binary=:all:", *pinned], check=False).returncode:
        raise environment.SetupError(
            f"The packages that the tests need could not be installed for Blender's Python {inside}"
        )
    done.write_text("\n".join(pinned))
    return folder


def full_blender(blender: str, extra: list[str], ended: list[Ended]) -> None:
    """The suites inside the full Blender, by pytest-blender."""
    version = environment.setup(newest_only=True)[-1]
    python = environment.python_of(version)
    subprocess.run([python, "tools/extension.py", "wheels"], cwd=ROOT, check=True)
    site = needs_of_blender(version, blender)
    # The `addopts` of pyproject.toml keep pytest-blender out; here it is needed.
    begin = pytest(version, "-o", "addopts=--import-mode=importlib --strict-markers")
    begin += ["-W", "ignore:config.inicfg"]  # pytest-blender's own affair
    begin += ["--blender-executable", blender]
    # The second group of arguments goes to Blender: without this one, a missing pytest inside it
    # would end with status 0.
    end = ["--", "--factory-startup", "--python-use-system-env", "--python-exit-code", "1"]
    with ExitStack() as stack:
        # The window takes longest, half of which is waiting.
        window = Suite("window", pytest(version, f"tests/{WINDOW}"), LLMVIZ_BLENDER=blender)
        suites = [] if extra else [window]
        for what, where in parts().items():
            user = stack.enter_context(tempfile.TemporaryDirectory(prefix="llmviz-tests-"))
            variables = {"BLENDER_USER_RESOURCES": user, "PYTHONPATH": str(site)}
            command = [*begin, *where, *extra, *end]
            name = f"full Blender, {what}"
            suites.append(Suite(name, command, optional=bool(extra), **variables))
        run(suites, ended)


_stopping = Event()


def stop(number: int, _frame: object) -> None:
    """End everything that runs; only once, since make passes signals on and they come in pairs."""
    if not _stopping.is_set():
        _stopping.set()
        raise StoppedError(f"{signal.Signals(number).name} came, from Ctrl-C or from outside")


def main(arguments: list[str]) -> int:
    """Run what the command line asks for and print the summary of all suites."""
    extra = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    began = time.monotonic()
    for number in SIGNALS:
        signal.signal(number, stop)
    ended: list[Ended] = []
    problem = ""
    try:
        match arguments:
            case ["wheels", *_]:
                wheels(extra, ended)
            case ["blender", path, *_]:
                full_blender(path, extra, ended)
            case _:
                print(__doc__)
                return 2
    except (environment.SetupError, StoppedError) as error:
        problem = str(error)
    print(f"\n=== summary, {time.monotonic() - began:.0f} s")
    for suite in ended:
        print(f"{'ok    ' if suite.passed else 'FAILED'} {suite.name:28} {suite.summary}")
    if problem:
        print(problem)
    return int(bool(problem) or not all(suite.passed for suite in ended))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
