"""Pictures for tests: small PNG files, and a stand-in for rendering."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

from llmviz_addon.scene.pictures import taking


def png(width: int = 4, height: int = 4, level: int = 128) -> bytes:
    """A gray picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    rows = height * (b"\0" + 3 * width * bytes([level]))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def size_of(path: Path) -> tuple[int, int]:
    """Width and height of a PNG file."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def stand_in(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[bpy.types.Scene], object] = lambda _: None
) -> None:
    """Have gray pictures written instead of rendered, after a look at the scene."""

    def take(scene: bpy.types.Scene, part: Path, animation: bool = False) -> None:
        assert not animation
        look(scene)
        part.write_bytes(png())

    monkeypatch.setattr(taking, "take", take)
