"""Turn a dump of an X screen into a PNG, with the standard library only.

Blender's own screenshot is black under software OpenGL, so the picture is taken on the X side:
Xvfb keeps its screen in a file of the XWD format (X11/XWDFile.h): a header of 32-bit numbers, a
color map of 12-byte entries, then the rows, here 32 bits a pixel.
"""

from __future__ import annotations

import struct
import zlib

# Positions of the numbers in the header.
HEADER_SIZE, WIDTH, HEIGHT, BYTE_ORDER, BITS_PER_PIXEL, BYTES_PER_LINE, COLORS = (
    *(0, 4, 5, 7, 11, 12, 19),
)


def pixels(dump: bytes) -> tuple[int, int, bytes]:
    """Width, height and the RGB bytes of a dump, rows from the top.

    Raises
    ------
    ValueError
        If the screen is not 32 bits a pixel.
    """
    header = struct.unpack(">25I", dump[:100])
    if header[BITS_PER_PIXEL] != 32:
        raise ValueError(f"expected 32 bits a pixel, got {header[BITS_PER_PIXEL]}")
    width, height, stride = header[WIDTH], header[HEIGHT], header[BYTES_PER_LINE]
    start = header[HEADER_SIZE] + 12 * header[COLORS]
    red, green, blue = (2, 1, 0) if header[BYTE_ORDER] == 0 else (1, 2, 3)
    rgb = bytearray(3 * width * height)
    for row in range(height):
        line = dump[start + row * stride : start + row * stride + 4 * width]
        into = slice(3 * width * row, 3 * width * (row + 1))
        for channel, byte in enumerate((red, green, blue)):
            rgb[into.start + channel : into.stop : 3] = line[byte::4]
    return width, height, bytes(rgb)


def png(width: int, height: int, rgb: bytes) -> bytes:
    """A PNG of RGB bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + rgb[3 * width * y : 3 * width * (y + 1)] for y in range(height))
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )
