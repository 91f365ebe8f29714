"""Files that are not what they were taken for: sentences that say what they are and what to do.

Somebody who chose the wrong file, or has half a download, needs to know that mistake, and not the
place where a parser gave up. Each function gives the rest of a sentence that begins with the file.
"""

from __future__ import annotations

from pathlib import Path

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
"""Endings of files that `torch.save` and others write with pickle."""

PICKLE = (
    "a pickle, which could run code and is never opened; download or save the model as safetensors"
)


def never_opened(name: str) -> str:
    """The end of a sentence on a pickle, with the cure that fits its name: a safetensors file."""
    if name.endswith(".bin"):
        cure = (
            "download model.safetensors, too, or load the folder with transformers' "
            "from_pretrained and write it with save_pretrained"
        )
    else:
        cure = (
            "load it with torch, write the model with safetensors.torch.save_model, and its sizes "
            "into a config.json"
        )
    return f"a pickle, which could run code and is never opened; {cure}"


# Formats by the first bytes of their files.
_FORMATS = {
    b"GGUF": "a GGUF file",
    b"\x89HDF": "an HDF5 file (TensorFlow)",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
}
_ARCHIVES = (".zip", ".npz")

HEAD = 256
"""Bytes at the beginning of a file that suffice to recognize it."""


def stand_in(start: bytes) -> str | None:
    """The sentence on a file that stands in for the wanted one: a Git LFS pointer or a web page.

    None where it is neither.
    """
    if start.startswith(b"version https://git-lfs"):
        return (
            "is a Git LFS pointer, which only stands for the file; run git lfs pull in its "
            "folder, or download the file itself"
        )
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page and not the file that was to be downloaded; download the file itself"
    return None


def no_safetensors(path: Path, start: bytes) -> str:
    """The sentence on a file that does not begin as a safetensors file does.

    Parameters
    ----------
    path : Path
        Its ending tells a broken download from a wrong choice.
    start : bytes
        Its first bytes, up to `HEAD`.
    """
    known = stand_in(start)
    if known:
        return known
    is_zip = start.startswith(b"PK\x03\x04")
    if start.startswith(b"\x80") or (is_zip and path.suffix.lower() not in _ARCHIVES):
        return f"is {PICKLE}"
    if not start:
        return "is empty; download it again"
    if not start.strip(b"\0"):
        return "begins with zeros, as a download does that was not finished; download it again"
    known = next((kind for magic, kind in _FORMATS.items() if start.startswith(magic)), None)
    known = known or _text(start)
    said = f"is {known} and not a safetensors file" if known else "is not a safetensors file"
    if path.suffix.lower() != ".safetensors":
        return f"{said}; choose a checkpoint's folder instead"
    return f"{said}; download it again" if known else f"{said}, or not whole; download it again"


def _text(start: bytes) -> str | None:
    """A few words on a file that begins as text does; None where it does not."""
    letters = start.decode("utf-8", "replace").rstrip("\ufffd")  # the last letter may be cut off
    if "\ufffd" in letters or not all(c.isprintable() or c.isspace() for c in letters):
        return None
    line = letters.strip().partition("\n")[0].strip()
    return "JSON" if line.startswith(("{", "[")) else f"text that begins with {line[:60]!r}"
