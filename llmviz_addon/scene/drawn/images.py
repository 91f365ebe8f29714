"""Pages of slab values as images, packed into the file.

A page is a PNG picture of 8-bit gray whose lines are stored, not compressed. Compressing would gain
little, since values look like noise. Blender decodes the picture only when it is first drawn, and
the place of each byte in the file is known, so that a window can be read without decoding
(https://www.w3.org/TR/png-3/, RFC 1951 section 3.2.4).
"""

from __future__ import annotations

import struct
import zlib
from typing import Literal

import bpy
import numpy as np

from ...detail.levels import Bytes
from ...detail.pages import WIDTH
from .. import names

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Bytes before the first line of a stored picture: signature, header chunk, the data chunk's length
# and name, and the two bytes that begin a zlib stream.
_HEAD = len(_SIGNATURE) + 25 + 8 + 2
# Bytes before the texels of a line. A stored block of deflate begins with a flag and twice its
# length, and a PNG line with its filter.
_LINE_HEAD = 6


def _chunk(kind: bytes, *data: bytes | memoryview) -> list[bytes | memoryview]:
    """The parts of a chunk, to be joined; the data is not copied yet."""
    check = zlib.crc32(kind)
    for part in data:
        check = zlib.crc32(part, check)
    size = struct.pack(">I", sum(len(part) for part in data))
    return [size, kind, *data, struct.pack(">I", check)]


def _file(header: bytes, *data: bytes | memoryview) -> bytes:
    parts = [*_chunk(b"IHDR", header), *_chunk(b"IDAT", *data), *_chunk(b"IEND")]
    return b"".join([_SIGNATURE, *parts])


class PageFile:
    """A picture of 8-bit gray or RGBA whose lines lie in memory as they are written to its file.

    Attributes
    ----------
    texels
        (height, width) or (height, width * 4) bytes, all 0 at first, to be written.

    Raises
    ------
    ValueError
        If a line is longer than a stored block, 65,534 bytes.
    """

    def __init__(self, height: int, width: int, channels: Literal[1, 4] = 1):
        self._channels, size = channels, width * channels
        if size > 65_534:
            raise ValueError(f"A line of {size:,} bytes is too long to be stored in one block.")
        self._lines = np.zeros((height, _LINE_HEAD + size), np.uint8)
        self._lines[-1, 0] = 1  # the last block
        sizes = struct.pack("<HH", size + 1, (size + 1) ^ 0xFFFF)
        self._lines[:, 1:5] = np.frombuffer(sizes, np.uint8)
        self.texels: Bytes = self._lines[:, _LINE_HEAD:]

    def png(self) -> bytes:
        """Its PNG file, each line as one stored block."""
        check = 1
        for line in self._lines:
            check = zlib.adler32(line[5:], check)
        height, size = self.texels.shape
        color = {1: 0, 4: 6}[self._channels]
        header = struct.pack(">IIBBBBB", size // self._channels, height, 8, color, 0, 0, 0)
        lines = memoryview(self._lines).cast("B")
        return _file(header, b"\x78\x01", lines, struct.pack(">I", check))


def stored(data: bytes) -> Bytes:
    """The picture in a file that a `PageFile` made, (height, width), as a view of these bytes."""
    width, height = struct.unpack(">II", data[16:24])
    stride = _LINE_HEAD + width
    whole = np.frombuffer(data, np.uint8, height * stride, _HEAD).reshape(height, stride)
    return whole[:, _LINE_HEAD:]


def blank(height: int) -> PageFile:
    """An empty page of so many lines."""
    return PageFile(height, WIDTH)


def coarse(averages: Bytes) -> PageFile:
    """A picture of the averages (height, width, 4) of a page's patches."""
    height, width, channels = averages.shape
    file = PageFile(height, width, channels)
    file.texels[:] = averages.reshape(height, -1)
    return file


def make_page(name: str, values: bytes, averages: bytes) -> tuple[bpy.types.Image, bpy.types.Image]:
    """A page and the averages of its patches as packed images, from their files."""
    page, patches = _pack(f"{name} Values", values), _pack(f"{name} Patches", averages)
    # The alpha of averages is data like the others.
    patches.alpha_mode = "CHANNEL_PACKED"
    return page, patches


def _pack(name: str, data: bytes) -> bpy.types.Image:
    # Made with one pixel, so that Blender fills no buffer of the full size: the size comes from the
    # packed file.
    image = bpy.data.images.new(name, 1, 1)
    image[names.OURS] = True
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    image.colorspace_settings.name = "Non-Color"
    image.alpha_mode = "NONE"
    return image
