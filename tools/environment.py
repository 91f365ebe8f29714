"""Set up the development environment, and run Python in it.

One virtual environment per Blender release, in `.venv/`: Python 3.11 with bpy 4.5 and Python 3.13
with bpy 5.2, for those of the two that this machine has. Their packages are the `dev` group of
pyproject.toml. A stamp beside each remembers the packages that were installed, so that a second
call takes no time. Needs nothing but Python's standard library.

    environment.py setup           set up every version that there is a Python for
    environment.py newest ARGS...  set up the newest one and run its Python with ARGS
    environment.py each ARGS...    set up all and run ARGS with each
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / ".venv"
VERSIONS = ("3.11", "3.13")

# Debian's package for each library that bpy loads. Without libEGL the first render would abort the
# process without a word, so it is looked for here, where its absence can be explained.
LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
}

# Prints the version, the interpreter behind wrappers and virtual environments, and True if it can
# make an environment (Debian has that part in a package of its own).
PROBE = """
import json, sys
try:
    import ensurepip, venv
    able = True
except ImportError:
    able = False
path = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps(["%d.%d" % sys.version_info[:2], path, able]))
"""


class SetupError(Exception):
    """An obstacle to the set-up, as one sentence with its cure."""


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine that one of Blender's releases runs on."""

    version: str
    path: str
    has_venv: bool


def say(message: str) -> None:
    """Print a line about the progress of the set-up."""
    print(f"[environment] {message}", flush=True)


def probe(command: str) -> Interpreter | None:
    """The interpreter behind a command, or None where it does not run or does not fit."""
    try:
        answer = subprocess.run(
            [command, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        version, path, has_venv = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None  # a pyenv shim for a version that is not switched on, for instance
    return Interpreter(version, path, has_venv) if version in VERSIONS else None


def candidates() -> list[str]:
    """Commands that may be a Python, the likeliest first."""
    names = [sys.executable, "python3", *(f"python{version}" for version in VERSIONS)]
    found = [path for name in names if (path := shutil.which(name))]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    for version in VERSIONS:
        found += sorted(str(path) for path in pyenv.glob(f"{version}*/bin/python3"))
    return list(dict.fromkeys(found))


def interpreters() -> dict[str, Interpreter]:
    """The Python to use for each version, one that can make environments where there is one."""
    best: dict[str, Interpreter] = {}
    for command in candidates():
        found = probe(command)
        if found and not (found.version in best and best[found.version].has_venv):
            best[found.version] = found
    return best


def is_debian() -> bool:
    """True if this system has apt-get."""
    return shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def missing_packages(has_venv: bool) -> list[str]:
    """Debian's names of the packages that the system lacks."""
    packages = [] if has_venv else ["python3-venv"]
    if sys.platform == "linux":
        for library, package in LIBRARIES.items():
            try:
                ctypes.CDLL(library)
            except OSError:
                packages.append(package)
    return packages


def install_packages(packages: list[str]) -> None:
    """Install system packages when root on Debian; otherwise raise with the command to run.

    Raises
    ------
    SetupError
        If they cannot be installed from here.
    """
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not is_debian():
        raise SetupError(
            f"These system libraries are missing, in Debian's names: {', '.join(packages)}; "
            "install your system's packages for them and run this again."
        )
    if os.geteuid() != 0:
        raise SetupError(
            f"These system packages are missing: {', '.join(packages)}; "
            f"type: sudo apt-get update && sudo {shlex.join(install)}"
        )
    say(f"installing system packages: {', '.join(packages)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-q"], [*install[:2], "-q", *install[2:]]):
        if subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False).returncode:
            raise SetupError(f"apt-get could not install them; type: {shlex.join(install)}")


def requirements() -> list[str]:
    """The `dev` group of pyproject.toml."""
    try:
        import tomllib
    except ModuleNotFoundError:
        raise SetupError(
            "Python 3.11 or newer has to run this; if there is one, type: make PYTHON=python3.11"
        ) from None
    with (ROOT / "pyproject.toml").open("rb") as file:
        return list(tomllib.load(file)["dependency-groups"]["dev"])


def python_of(version: str) -> Path:
    """The Python inside the environment for a version."""
    return ENVIRONMENTS / f"py{version}" / "bin" / "python"


def stamp_of(version: str) -> Path:
    """The file that remembers what an environment was made of."""
    return ENVIRONMENTS / f"py{version}" / "llmviz-stamp"


def recipe(version: str, wanted: list[str]) -> str:
    """The content of the stamp of an environment that is up to date."""
    return hashlib.sha256("\n".join([version, *wanted]).encode()).hexdigest()


def is_current(version: str, wanted: list[str]) -> bool:
    """True if the environment for a version is there, works and is up to date."""
    stamp = stamp_of(version)
    fresh = stamp.is_file() and stamp.read_text() == recipe(version, wanted)
    return fresh and probe(str(python_of(version))) is not None


def prepare(python: Interpreter, wanted: list[str]) -> None:
    """Make or update the environment for one interpreter.

    Raises
    ------
    SetupError
        If a step of it fails; the step's own output stands above.
    """
    folder = ENVIRONMENTS / f"py{python.version}"
    inside = str(python_of(python.version))
    works = probe(inside) is not None
    say(f"Python {python.version}: setting up {folder.relative_to(ROOT)} (some 400 MB, once)")
    steps = [] if works else [[python.path, "-m", "venv", "--clear", str(folder)]]
    steps.append([inside, "-m", "pip", "install", "--disable-pip-version-check", *wanted])
    steps.append([inside, "-c", "import bpy; print('Blender', bpy.app.version_string)"])
    for step in steps:
        if subprocess.run(step, stdin=subprocess.DEVNULL, check=False, timeout=3600).returncode:
            raise SetupError(f"Setting up Python {python.version} failed at: {shlex.join(step)}")
    stamp_of(python.version).write_text(recipe(python.version, wanted))


def setup(*, newest_only: bool = False) -> list[str]:
    """Set up the environments and give back their versions, the oldest first.

    Raises
    ------
    SetupError
        If there is no fitting Python, or something is missing that cannot be installed here.
    """
    wanted = requirements()
    pythons = interpreters()
    if not pythons:
        raise SetupError(
            f"No Python {' or '.join(VERSIONS)} was found, and Blender runs on no other; "
            "install one and run this again."
        )
    current = [version for version in VERSIONS if is_current(version, wanted)]
    has_venv = any(python.has_venv for python in pythons.values())
    if packages := missing_packages(has_venv or bool(current)):
        install_packages(packages)
        pythons = interpreters()
    able = [
        version
        for version in VERSIONS
        if version in current or (version in pythons and pythons[version].has_venv)
    ]
    if not able:
        raise SetupError(
            "Python's venv module is still missing; type: apt-get install python3-venv"
        )
    if newest_only:
        able = able[-1:]
    for version in able:
        if version not in current:
            prepare(pythons[version], wanted)
    return able


def main(arguments: list[str]) -> int:
    """Do what the command line says; returns the exit status of the last part that failed."""
    verb, *rest = arguments or [""]
    if verb not in {"setup", "newest", "each"} or (verb != "setup" and not rest):
        print(__doc__)
        return 2
    try:
        versions = setup(newest_only=verb == "newest")
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    if verb == "setup":
        say("ready: " + ", ".join(f"Python {version}" for version in versions))
        return 0
    status = 0
    for version in versions:
        command = [str(python_of(version)), *rest]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode or status
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
