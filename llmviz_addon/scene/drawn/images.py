"""Pages of slab values as images, packed into the file.

A page is a PNG picture of 8-bit gray whose lines are stored, not compressed. Compressing would gain
little, since values look like noise. Blender decodes the picture only when it is first drawn, and
the place of each byte in the file is known, so that a window can be read without decoding
(https://www.w3.org/TR/png-3/, RFC 1951 section 3.2.4).
"""

from __future__ import annotations

import struct
import zlib

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


def stored_png(page: Bytes) -> bytes:
    """An 8-bit gray PNG file of (height, width) bytes, each line as one stored block.

    Raises
    ------
    ValueError
        If a line is longer than a stored block, 65,534 bytes.
    """
    height, width = page.shape
    if width > 65_534:
        raise ValueError(f"A line of {width:,} bytes is too long to be stored in one block.")
    lines = np.zeros((height, _LINE_HEAD + width), np.uint8)
    lines[-1, 0] = 1  # the last block
    size = struct.pack("<HH", width + 1, (width + 1) ^ 0xFFFF)
    lines[:, 1:5] = np.frombuffer(size, np.uint8)
    lines[:, _LINE_HEAD:] = page
    check = 1
    for line in lines:
        check = zlib.adler32(line[5:], check)
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _file(header, b"\x78\x01", memoryview(lines).cast("B"), struct.pack(">I", check))


def color_png(picture: Bytes) -> bytes:
    """An 8-bit RGBA PNG file of (height, width, 4) bytes, compressed."""
    height, width, channels = picture.shape
    lines = np.zeros((height, 1 + channels * width), np.uint8)
    lines[:, 1:] = picture.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return _file(header, zlib.compress(lines.tobytes(), 1))


def stored(data: bytes) -> Bytes:
    """The picture in a file that `stored_png` made, (height, width), as a view of these bytes."""
    width, height = struct.unpack(">II", data[16:24])
    stride = _LINE_HEAD + width
    whole = np.frombuffer(data, np.uint8, height * stride, _HEAD).reshape(height, stride)
    return whole[:, _LINE_HEAD:]


def blank(height: int) -> Bytes:
    """An empty page of so many lines."""
    return np.zeros((height, WIDTH), np.uint8)


def make_values(name: str, page: Bytes) -> bpy.types.Image:
    """A page as a packed image."""
    return _pack(f"{name} Values", stored_png(page))


def make_patches(name: str, averages: Bytes) -> bpy.types.Image:
    """The averages of a page's patches as a packed image; its alpha is data like the others."""
    image = _pack(f"{name} Patches", color_png(averages))
    image.alpha_mode = "CHANNEL_PACKED"
    return image


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
