"""Run the test suites and say how each went.

    run_tests.py wheels            every Python here: the plain rooms, then what needs bpy;
                                   then the window test, once
    run_tests.py blender PATH      all but the window test inside the full Blender at PATH

Further arguments after `--` go to pytest. Each suite is a process of its own, under a time limit:
a hanging Blender must not hang the run. A suite that finds no tests counts as failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import environment

ROOT = environment.ROOT
TESTS = ROOT / "tests"
PLAIN = ("model", "anatomy", "detail", "walkthrough")
WINDOW = "gui"
LIMIT = 20 * 60  # seconds for one suite

# What the tests import that Blender's own Python may lack. Blender brings numpy.
BLENDER_NEEDS = ("safetensors", "tokenizers", "pytest", "hypothesis")


def suites() -> tuple[list[str], list[str]]:
    """Paths of the plain tests and of those that need bpy."""
    plain = [f"tests/{name}" for name in PLAIN if (TESTS / name).exists()]
    plain += [f"tests/{path.name}" for path in sorted(TESTS.glob("test_*.py"))]
    others = [
        f"tests/{path.name}"
        for path in sorted(TESTS.iterdir())
        if path.is_dir() and path.name not in {*PLAIN, WINDOW} and any(path.glob("**/test_*.py"))
    ]
    return plain, others


def run(name: str, command: list[str], **variables: str) -> tuple[str, bool]:
    """Run one suite, showing what it prints; the line for the summary, and whether it passed."""
    print(f"\n=== {name}", flush=True)
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    alarm = threading.Timer(LIMIT, process.kill)
    alarm.start()
    summary = "no summary"
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        # pytest's last line: "===== 12 passed, 1 skipped in 3.45s ====="
        if line.startswith("=") and " in " in line:
            summary = line.strip().strip("=").strip()
    status = process.wait()
    alarm.cancel()
    if status:
        summary += f" (exit status {status})"
    return f"{name:28} {summary}", status == 0


def pytest(version: str, *arguments: str) -> list[str]:
    """The command that runs pytest in one environment."""
    return [str(environment.python_of(version)), "-m", "pytest", "-ra", *arguments]


def wheels(extra: list[str]) -> list[tuple[str, bool]]:
    """The suites on the bpy wheels."""
    plain, others = suites()
    versions = environment.setup()
    results = []
    for version in versions:
        results.append(run(f"Python {version}, plain rooms", pytest(version, *plain, *extra)))
        results.append(run(f"Python {version}, with bpy", pytest(version, *others, *extra)))
    if not extra:
        results.append(run("window", pytest(versions[-1], f"tests/{WINDOW}")))
    return results


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


def full_blender(blender: str, extra: list[str]) -> list[tuple[str, bool]]:
    """The suites inside the full Blender, by pytest-blender."""
    plain, others = suites()
    # The files beside the folders are about the repository, and Blender has no say in that.
    paths = [path for path in [*plain, *others] if not path.endswith(".py")]
    version = environment.setup(newest_only=True)[-1]
    subprocess.run([environment.python_of(version), "tools/extension.py", "wheels"], check=True)
    site = needs_of_blender(version, blender)
    # Other than in the wheels, `addopts` has to let pytest-blender in.
    command = pytest(version, "-o", "addopts=--import-mode=importlib --strict-markers")
    command += ["-W", "ignore:config.inicfg"]  # pytest-blender's own affair
    command += ["--blender-executable", blender, *paths, *extra]
    # The second group of arguments goes to Blender: without this one, a missing pytest inside it
    # would end with status 0.
    command += ["--", "--factory-startup", "--python-use-system-env", "--python-exit-code", "1"]
    with tempfile.TemporaryDirectory(prefix="llmviz-tests-") as user:
        return [run("full Blender", command, BLENDER_USER_RESOURCES=user, PYTHONPATH=str(site))]


def main(arguments: list[str]) -> int:
    """Run what the command line asks for and print the summary of all suites."""
    extra = arguments[arguments.index("--") + 1 :] if "--" in arguments else []
    began = time.monotonic()
    try:
        match arguments:
            case ["wheels", *_]:
                results = wheels(extra)
            case ["blender", path, *_]:
                results = full_blender(path, extra)
            case _:
                print(__doc__)
                return 2
    except environment.SetupError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\n=== summary, {time.monotonic() - began:.0f} s")
    for line, passed in results:
        print(f"{'ok    ' if passed else 'FAILED'} {line}")
    return int(not all(passed for _, passed in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
