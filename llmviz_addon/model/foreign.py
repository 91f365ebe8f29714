"""Files that are something else than they were taken for: what they are, and what to do about it.

Whoever chooses the wrong file, or has only half a download, is helped by the name of the mistake
and not by what it did to a parser. Each function gives the rest of a sentence that begins with
the file.
"""

from __future__ import annotations

from pathlib import Path

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
"""Endings of files that `torch.save` and others write with pickle."""

PICKLE = (
    "a pickle, which could run code and is never opened; download or save the model as safetensors"
)


def never_opened(name: str) -> str:
    """What a pickle is, and how what it holds becomes a file that is read, by the pickle's name."""
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


# Formats by how their files begin.
_FORMATS = {
    b"GGUF": "a GGUF file",
    b"\x89HDF": "an HDF5 file (TensorFlow)",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
}
_ARCHIVES = (".zip", ".npz")

HEAD = 256
"""How many bytes of a file's beginning tell what it is."""


def stand_in(start: bytes) -> str | None:
    """What a file is that is often found in the place of another, whatever that should be."""
    if start.startswith(b"version https://git-lfs"):
        return (
            "is a Git LFS pointer, which only stands for the file; run git lfs pull in its "
            "folder, or download the file itself"
        )
    if start.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "is a web page and not the file that was to be downloaded; download the file itself"
    return None


def no_safetensors(path: Path, start: bytes) -> str:
    """What a file is that does not begin as a safetensors file does.

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
    """What kind of text it is; None where it is none."""
    letters = start.decode("utf-8", "replace").rstrip("\ufffd")  # the last may have been cut
    if "\ufffd" in letters or not all(c.isprintable() or c.isspace() for c in letters):
        return None
    line = letters.strip().partition("\n")[0].strip()
    return "JSON" if line.startswith(("{", "[")) else f"text that begins with {line[:60]!r}"
