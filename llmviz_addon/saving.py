"""Saving a .blend file so that it is there whole or not at all.

Blender says so when a disk is full, but not always: where only the last bytes do not fit, it
reports success and leaves a file that cannot be opened. So a file is written beside its place,
checked, and then moved there.
"""

from __future__ import annotations

import struct
from pathlib import Path

from .errors import Problem

# A compressed .blend is Zstandard in its seekable format: frames, then a table of their sizes in a
# frame of its own, then how many they are and this number.
_HEADER, _ENTRY, _FOOTER = 8, struct.Struct("<II"), struct.Struct("<IBI")
_SEEKABLE = 0x8F92EAB1


class SaveError(Problem):
    """A file that could not be saved; the message is one sentence for people."""


def save(path: Path) -> None:
    """Save what is open in Blender, compressed; the file that is open stays the one it was.

    Raises
    ------
    SaveError
        Where the file cannot be written; one that was there before is still as it was.
    """
    import bpy

    part = path.with_name(f"{path.stem}.part.blend")
    try:
        part.unlink(missing_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(part), compress=True, copy=True)
        if not is_whole(part):
            raise _failure(path, "the disk took only a part of it")
        part.replace(path)
    except (RuntimeError, OSError) as error:
        text = getattr(error, "strerror", None) or str(error)
        raise _failure(path, text.removeprefix("Error: ").strip().rstrip(".")) from error
    finally:
        # Blender writes to a name with an @ first.
        for left in (part, part.with_name(f"{part.name}@")):
            left.unlink(missing_ok=True)


def is_whole(path: Path) -> bool:
    """Whether a compressed .blend has all of the frames that the table at its end lists."""
    size = path.stat().st_size
    if size < _HEADER + _FOOTER.size:
        return False
    with path.open("rb") as file:
        file.seek(size - _FOOTER.size)
        count, flags, magic = _FOOTER.unpack(file.read())
        table = count * _ENTRY.size
        # Blender writes no checksums, which the flags would tell and entries would have.
        if magic != _SEEKABLE or flags or size < _HEADER + table + _FOOTER.size:
            return False
        file.seek(size - _FOOTER.size - table)
        entries = file.read(table)
    frames = sum(compressed for compressed, _ in _ENTRY.iter_unpack(entries))
    return frames + _HEADER + table + _FOOTER.size == size


def _failure(path: Path, why: str) -> SaveError:
    cure = "make room on the disk or choose another folder"
    return SaveError(f"{path}: cannot be saved ({why}); {cure}")
