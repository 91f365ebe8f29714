"""Build the extension's zip with Blender's own builder, and validate it with Blender's validator.

    extension.py wheels          fetch the bundled wheels into wheels/, unless they are there
    extension.py build [FOLDER]  the same, then build and validate; the zip goes to dist/ or FOLDER

The builder, `blender_ext.py`, comes with bpy and needs no running Blender. The wheels are those
that the manifest lists, unmodified, and checked against the digests below; once they are there,
nothing here needs a network. Git does not carry them.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "wheels"

# SHA-256 of each wheel in the manifest. They are built for the stable ABI, so that one serves every
# Python from 3.10 on, and with it every Blender that the manifest admits. tokenizers declares that
# it needs huggingface-hub, for downloads that we do not make; it runs without, and ships without.
DIGESTS = {
    "safetensors-0.8.0-cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (
        "fd6f3f93c9a0a7cc2788ee63fb763353d4bd2e89b0751bc78fcf7dda00bea774"
    ),
    "safetensors-0.8.0-cp310-abi3-win_amd64.whl": (
        "096ec1a98435df7beb08853bb5aa9081a84f23d0adc67ed1a0a10550f608373f"
    ),
    "safetensors-0.8.0-cp310-abi3-macosx_11_0_arm64.whl": (
        "c80201d22cbf405b80647a60ada77bba06c8fba2da2743ba1e89cdcc39a81f25"
    ),
    "safetensors-0.8.0-cp310-abi3-macosx_10_12_x86_64.whl": (
        "c554f85858e05226d3c2828e32395e677434685d6d94594a41643361c5e837f0"
    ),
    "tokenizers-0.23.3-cp310-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl": (
        "376851d22bcf9d650a5c3090bb83e6cf9e895fbf0595369fa4cd43c1f69b5f87"
    ),
    "tokenizers-0.23.3-cp310-abi3-win_amd64.whl": (
        "1f0823bb00c5fdc98e487354d54dd55a03848d61a1a0bf29a68c77f24f3b26c3"
    ),
    "tokenizers-0.23.3-cp310-abi3-macosx_11_0_arm64.whl": (
        "68649e97d5b43c44c031d8d848874a6eecae8f8fe40ea989aa777a5a83aca716"
    ),
    "tokenizers-0.23.3-cp310-abi3-macosx_10_12_x86_64.whl": (
        "9d2b5c97daf61688c2ad1803ca851800feaba50fb68d5821779e9ea5880d968c"
    ),
}


class ExtensionError(Exception):
    """A sentence on the reason why there is no zip."""


class WheelsUnavailableError(ExtensionError):
    """The wheels are not here and cannot be fetched."""


def manifest() -> dict:
    """The extension's manifest."""
    with (ROOT / "blender_manifest.toml").open("rb") as file:
        return tomllib.load(file)


def is_intact(path: Path) -> bool:
    """True if a wheel is there, with the digest that it ought to have."""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == DIGESTS.get(
        path.name
    )


def fetch_wheels() -> list[Path]:
    """The wheels that the manifest lists, checked, and fetched where they are missing.

    Raises
    ------
    ExtensionError
        If a wheel's digest is unknown or wrong.
    WheelsUnavailableError
        If a wheel cannot be downloaded.
    """
    paths = [ROOT / entry for entry in manifest()["wheels"]]
    if unknown := {path.name for path in paths} ^ set(DIGESTS):
        raise ExtensionError(f"The manifest and tools/extension.py differ about: {sorted(unknown)}")
    for path in paths:
        if not is_intact(path):
            download(path)
    return paths


def download(path: Path) -> None:
    """Fetch one wheel with pip, for the version, Python and platform in its name."""
    package, version, python, abi, platforms = path.stem.split("-")
    print(f"[extension] fetching {path.name}", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--dest", str(path.parent)]
    command += ["--python-version", python.removeprefix("cp"), "--abi", abi]
    command += ["--platform", platforms.split(".")[0], f"{package}=={version}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if result.returncode:
        raise WheelsUnavailableError(
            f"{path.name} could not be downloaded: {result.stderr.strip()[-300:]}"
        )
    if not is_intact(path):
        raise ExtensionError(f"{path.name} arrived with another content than expected")


def blender_scripts() -> Path:
    """The `scripts` folder of the bpy that this Python has, found without importing it.

    Raises
    ------
    ExtensionError
        If this Python has no bpy.
    """
    spec = importlib.util.find_spec("bpy")
    origin = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(origin.glob("*/scripts")) if origin else []
    if not found:
        raise ExtensionError("This Python has no bpy, whose builder makes the zip")
    return found[-1]


def run_builder(scripts: Path, *arguments: str) -> None:
    """Call Blender's extension tool.

    Raises
    ------
    ExtensionError
        If it fails, with its own message.
    """
    tool = scripts / "addons_core" / "bl_pkg" / "cli" / "blender_ext.py"
    # Without this list the tool checks no tags.
    tags = scripts / "modules" / "_bpy_internal" / "extensions" / "tags.py"
    command = [sys.executable, str(tool), *arguments, "--valid-tags", str(tags)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if result.returncode:
        raise ExtensionError(f"{arguments[0]} failed: {result.stdout}{result.stderr}".strip())


def build(folder: Path, scripts: Path) -> Path:
    """Build and validate the zip.

    Parameters
    ----------
    folder
        The folder that the zip goes to.
    scripts
        Blender's `scripts` folder, of whichever release.

    Returns
    -------
    pathlib.Path
        The zip: `llmviz-0.1.0.zip` for version 0.1.0.
    """
    fetch_wheels()
    fields = manifest()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{fields['id']}-{fields['version']}.zip"
    run_builder(scripts, "validate", str(ROOT))
    run_builder(scripts, "build", "--source-dir", str(ROOT), "--output-filepath", str(path))
    run_builder(scripts, "validate", str(path))
    return path


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    try:
        match arguments:
            case ["wheels"]:
                fetch_wheels()
            case ["build", *rest]:
                folder = Path(rest[0]) if rest else ROOT / "dist"
                path = build(folder, blender_scripts())
                print(f"{path}  {path.stat().st_size / 1e6:.1f} MB, valid")
            case _:
                print(__doc__)
                return 2
    except ExtensionError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
