"""Files that are saved whole or not at all: written beside their place, checked, then moved there.

When a disk is full, Blender usually says so. But where only the last bytes do not fit, it reports
success and leaves a file that cannot be opened.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Problem

# Prefix of the names of folders for files that are not in their place yet.
_PREFIX = ".llmviz-"

# Bytes of a folder's path that leave room for the names of our files. Blender keeps 1,023 bytes of
# a path and silently drops the others; in the path of a render, a brace counts twice.
_LONGEST = 950

# A compressed .blend is Zstandard in its seekable format: frames, then a table of their sizes in a
# frame of its own, then their number, a byte of flags and this magic number.
_HEADER, _ENTRY, _FOOTER = 8, struct.Struct("<II"), struct.Struct("<IBI")
_SEEKABLE = 0x8F92EAB1


class SaveError(Problem):
    """A file that could not be saved; the message is one sentence for people."""


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """A folder for files that move to `folder` once they are whole; it is removed in the end.

    It stands inside `folder`, so that moving a file is one step. Only where Blender would misread
    that path does it stand among the system's temporary files: a path that is too long or, outside
    of Windows, has a backslash, which Blender takes for a slash.
    """
    size = len(os.fsencode(folder)) + str(folder).count("{") + str(folder).count("}")
    misread = size > _LONGEST or (os.sep == "/" and "\\" in str(folder))
    with tempfile.TemporaryDirectory(
        prefix=_PREFIX, dir=None if misread else folder, ignore_cleanup_errors=True
    ) as made:
        yield Path(made)


def deliver(part: Path, path: Path) -> None:
    """Move a file that is whole to its place, in one step, from another disk as well.

    Raises
    ------
    OSError
        If it cannot be put there, or a file of that name is there and may not be written.
    """
    if path.is_file() and not os.access(path, os.W_OK):
        # Moving needs only permission for the folder, so it would replace a protected file, too.
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    try:
        part.replace(path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=path.parent) as near:
            shutil.copyfile(part, Path(near, "part"))
            Path(near, "part").replace(path)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` for a file to write, which takes its place once that is done.

    Raises
    ------
    SaveError
        If the file cannot be written; one that was there before is still as it was.
    """
    try:
        with workshop(path.parent) as near:
            part = near / f"part{path.suffix}"
            yield part
            deliver(part, path)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise _failure(path, error.strerror or str(error), full) from error


def shortage(folder: Path) -> str:
    """The system's complaint about one more megabyte in a folder; empty where there is room."""
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(1 << 20))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def save(path: Path) -> None:
    """Save a compressed copy of the open scene; Blender's open file stays the one it was.

    Raises
    ------
    SaveError
        If the file cannot be written; one that was there before is still as it was.
    """
    import bpy

    with replacing(path) as part:
        try:
            # Paths in the file stay relative to its final folder, not to the workshop.
            bpy.ops.wm.save_as_mainfile(
                filepath=str(part), compress=True, copy=True, relative_remap=False
            )
            whole, report = is_whole(part), "the disk took only a part of it"
        except RuntimeError as error:
            whole, report = False, str(error).removeprefix("Error: ").strip().rstrip(".")
        if not whole:
            raise _failure(path, report, full=bool(shortage(part.parent)) or part.exists())


def is_whole(path: Path) -> bool:
    """True if a compressed .blend has all of the frames that the table at its end lists."""
    size = path.stat().st_size
    if size < _HEADER + _FOOTER.size:
        return False
    with path.open("rb") as file:
        file.seek(size - _FOOTER.size)
        count, flags, magic = _FOOTER.unpack(file.read())
        table = count * _ENTRY.size
        # Flags would announce checksums, which make the table's entries longer; Blender writes
        # none.
        if magic != _SEEKABLE or flags or size < _HEADER + table + _FOOTER.size:
            return False
        file.seek(size - _FOOTER.size - table)
        entries = file.read(table)
    frames = sum(compressed for compressed, _ in _ENTRY.iter_unpack(entries))
    return frames + _HEADER + table + _FOOTER.size == size


def _failure(path: Path, why: str, full: bool) -> SaveError:
    cure = "make room on the disk or choose another folder" if full else "choose another place"
    return SaveError(f"{path}: cannot be saved ({why}); {cure}")
