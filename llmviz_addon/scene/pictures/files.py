"""Picture files: complete, under exactly the name asked for, and over no other file unasked."""

from __future__ import annotations

import errno
import os
import re
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import bpy

from ...errors import Problem
from ...saving import deliver, shortage, workshop

_PNG = b"\x89PNG\r\n\x1a\n"

# Names that Windows refuses, or takes for another: it reads "a:b" as a stream in the file "a".
_NOT_ON_WINDOWS = re.compile(
    r'[<>:"/\\|?*\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)', re.IGNORECASE
)


class RenderError(Problem):
    """A picture cannot be rendered; the message says what to do."""


class Pictures(list[Path]):
    """The files that were written, in order.

    Attributes
    ----------
    replaced
        The number of files among them that replaced another one.
    """

    replaced = 0

    def put(self, part: Path, path: Path, overwrite: bool) -> None:
        """Move a complete file to its place, or to the next free name; raises OSError."""
        if os.path.lexists(path):
            if overwrite:
                self.replaced += 1
            else:
                path = free(path, path.suffix, os.path.lexists)
        deliver(part, path)
        self.append(path)


def free(path: Path, suffix: str, taken: Callable[[Path], bool]) -> Path:
    """A path, or if it is taken, the first free one with a number: "a.png", "a-2.png"."""
    if not taken(path):
        return path
    stem = path.name.removesuffix(suffix)
    numbered = (path.with_name(f"{stem}-{number}{suffix}") for number in count(2))
    return next(candidate for candidate in numbered if not taken(candidate))


def located(path: str | Path) -> Path:
    """The full form of a path; "//" stands for the folder of the open file, as in all of Blender.

    Raises
    ------
    RenderError
        If it is relative to a file that is not saved, or is no path.
    """
    text = os.fspath(path)
    if not text or "\0" in text:
        raise RenderError(f"{text!r} is no path; choose a folder to write to")
    if text.startswith("//"):
        if not bpy.data.filepath:
            raise RenderError(
                f"{text} is relative to this file, which is not saved; save it or choose another "
                "folder"
            )
        text = bpy.path.abspath(text)
    return Path(text).absolute()


def folder(path: str | Path) -> Path:
    """The folder at `path`, made where there is none, that pictures can be written to.

    Raises
    ------
    RenderError
        If the folder cannot be made or written to.
    """
    where = located(path)
    try:
        where.mkdir(parents=True, exist_ok=True)
        with workshop(where), tempfile.TemporaryFile(dir=where):
            pass
    except OSError as error:
        raise unwritable(where, error) from error
    return where


def check(path: Path, overwrite: bool) -> None:
    """Refuse a path at which the finished file could not be put, before time is spent on it.

    Raises
    ------
    RenderError
        If the system does not take the name, or the file may not be overwritten.
    """
    if (os.name == "nt" and not fits_windows(path.name)) or path.name in {"", ".", ".."}:
        raise RenderError(f"{shown(path.name)!r} cannot be the name of a file; choose another")
    try:
        path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(path, error) from error
    if not overwrite:
        return
    if path.is_dir():
        raise RenderError(f"{shown(path)} is a folder; move it or choose another name")
    if not os.access(path, os.W_OK):
        raise RenderError(f"{shown(path)} is write-protected; choose another name")


def fits_windows(name: str) -> bool:
    """True if Windows keeps a file under exactly this name."""
    return not _NOT_ON_WINDOWS.search(name)


@contextmanager
def written(path: Path, kind: str, made: Pictures, overwrite: bool) -> Iterator[Path]:
    """A temporary path to write to, whose file moves to `path` once it is complete.

    Parameters
    ----------
    path
        The final path, in a folder that exists.
    kind
        "png" or "mp4".
    made
        Receives the path of the file that was written.
    overwrite
        True if it may replace a file at `path`; otherwise its own name gets a number.

    Raises
    ------
    RenderError
        With the reason, if there is no complete file in the end.
    """
    with telling(path), workshop(path.parent) as near:
        part = near / f"part.{kind}"
        with rendered(part, path):
            yield part
        made.put(part, path, overwrite)


@contextmanager
def telling(path: Path) -> Iterator[None]:
    """Turn errors of the system, for as long as this context lasts, into sentences about `path`."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from error


@contextmanager
def rendered(part: Path, path: Path) -> Iterator[None]:
    """Make sure that `part` is rendered completely meanwhile; errors speak of `path` instead."""
    try:
        yield
    except RuntimeError as error:
        raise _refused(path, part, error) from error
    if not is_whole(part):
        raise _incomplete(path, part)


def _refused(path: Path, part: Path, error: RuntimeError) -> RenderError:
    """The error for a report of Blender's, with the path that was asked for in its words."""
    if reason := shortage(part.parent):
        return _no_room(path, reason)
    lines = (line.strip().removeprefix("Error: ") for line in str(error).splitlines())
    reason = "; ".join(line for line in lines if line).replace(str(part), shown(path)).rstrip(".")
    return RenderError(f"Blender could not render {shown(path)}: {reason or 'it says no more'}")


def _incomplete(path: Path, part: Path) -> RenderError:
    """The error for a file that is incomplete although Blender reported no problem."""
    if reason := shortage(part.parent):
        return _no_room(path, reason)
    if not part.exists():
        return RenderError(f"Rendering of {shown(path)} was stopped before it was complete")
    return RenderError(f"Blender wrote only a part of {shown(path)}, which was removed; try again")


def _no_room(path: Path, reason: str) -> RenderError:
    return RenderError(
        f"There is no room for {shown(path)} ({reason}); make room on the disk or choose another "
        "folder"
    )


def unwritable(path: Path, error: OSError) -> RenderError:
    """The error for a path that cannot be written, with the system's reason."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return _no_room(path, error.strerror or str(error))
    reason = error.strerror or str(error)
    return RenderError(
        f"Pictures cannot be written to {shown(path)}: {reason}; choose another folder or name"
    )


def shown(path: str | Path) -> str:
    """A path as one printable line, whatever characters it has."""
    return "".join(c if c.isprintable() else "\ufffd" for c in os.fspath(path))


def is_whole(path: Path) -> bool:
    """True if a PNG picture or an MP4 film is complete, up to its very end."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            parts = _chunks(file, size) if path.suffix == ".png" else _boxes(file, size)
            names = list(parts)
    except (OSError, struct.error):
        return False
    if path.suffix == ".png":
        return names[-1:] == [b"IEND"]
    return {b"ftyp", b"moov", b"mdat"} <= set(names)


def _chunks(file, size: int) -> Iterator[bytes]:
    """Names of the chunks of a PNG file; raises struct.error if it is cut off."""
    if file.read(len(_PNG)) != _PNG:
        raise struct.error
    while (at := file.tell()) < size:
        length, name = struct.unpack(">I4s", file.read(8))
        # Length and name take 8 bytes, and a checksum of 4 follows the data.
        if file.seek(at + 12 + length) > size:
            raise struct.error
        yield name


def _boxes(file, size: int) -> Iterator[bytes]:
    """Names of the boxes of an MP4 file; raises struct.error if it is cut off."""
    while (at := file.tell()) < size:
        length, name = struct.unpack(">I4s", file.read(8))
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
        if length < 8 or file.seek(at + length) > size:
            raise struct.error
        yield name
