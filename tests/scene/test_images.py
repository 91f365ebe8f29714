"""A page of slab values is a sound picture, and any part of it can be read from the file."""

from __future__ import annotations

import struct
import zlib

import bpy
import numpy as np
import pytest

from llmviz_addon.detail.levels import patches
from llmviz_addon.scene.drawn import images

SIZES = [(8, 8), (24, 40), (16, 8192), (1000, 8)]


def _noise(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height + width)
    return rng.integers(0, 256, (height, width)).astype(np.uint8)


def _sheet(picture: np.ndarray) -> images.PageFile:
    """A picture (height, width), or (height, width, 4), written to a file."""
    file = images.PageFile(*picture.shape)
    file.texels[:] = picture.reshape(len(picture), -1)
    return file


def _shown(image: bpy.types.Image) -> np.ndarray:
    """(height, width, 4) bytes as Blender's own reader decodes them, first line on top."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    width, height = image.size
    exact = pixels.reshape(height, width, 4)[::-1] * 255
    np.testing.assert_allclose(exact, np.rint(exact), atol=1e-3)
    return np.rint(exact).astype(np.uint8)


def _inflated(data: bytes) -> tuple[tuple[int, ...], np.ndarray]:
    """Header and unfiltered lines of a PNG, chunk by chunk as the standard describes them."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        body = data[at + 4 : at + 8 + length]
        (check,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        assert check == zlib.crc32(body)
        chunks.append((body[:4], body[4:]))
        at += 12 + length
    assert [kind for kind, _ in chunks] == [b"IHDR", b"IDAT", b"IEND"]
    header = struct.unpack(">IIBBBBB", chunks[0][1])
    raw = np.frombuffer(zlib.decompress(chunks[1][1]), np.uint8).reshape(header[1], -1)
    assert not raw[:, 0].any(), "no line is filtered"
    return header, raw[:, 1:]


def _images(page: np.ndarray) -> tuple[bpy.types.Image, bpy.types.Image]:
    """The two images of a page with these bytes."""
    return images.make_page("Noise", _sheet(page).png(), images.coarse(patches(page)).png())


@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_a_png_by_the_standard(size):
    page = _noise(*size)
    header, lines = _inflated(_sheet(page).png())
    assert header == (size[1], size[0], 8, 0, 0, 0, 0)
    np.testing.assert_array_equal(lines, page)


def test_a_color_picture_is_a_png_by_the_standard():
    picture = np.random.default_rng(1).integers(0, 256, (5, 7, 4)).astype(np.uint8)
    header, lines = _inflated(_sheet(picture).png())
    assert header == (7, 5, 8, 6, 0, 0, 0)
    np.testing.assert_array_equal(lines.reshape(5, 7, 4), picture)


@pytest.mark.parametrize("size", SIZES)
def test_blender_reads_every_byte_of_a_page_and_of_its_patches(size):
    page = _noise(*size)
    values, coarse = _images(page)
    for image in (values, coarse):
        assert image.packed_file is not None
        assert image.colorspace_settings.name == "Non-Color"
    gray = np.dstack([page, page, page, np.full_like(page, 255)])
    np.testing.assert_array_equal(_shown(values), gray)
    np.testing.assert_array_equal(_shown(coarse), patches(page))


def test_a_page_on_disk_is_read_by_blender_byte_by_byte(tmp_path):
    page = _noise(24, 40)
    path = tmp_path / "page.png"
    path.write_bytes(_sheet(page).png())
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    np.testing.assert_array_equal(_shown(image)[..., 0], page)


@pytest.mark.parametrize("size", SIZES)
def test_any_window_of_a_page_is_read_without_decoding_it(size):
    page = _noise(*size)
    values, _ = _images(page)
    rng = np.random.default_rng(2)
    for _ in range(20):
        top, left = (int(rng.integers(0, side)) for side in size)
        under = int(rng.integers(top, size[0])) + 1
        past = int(rng.integers(left, size[1])) + 1
        lines, texels = slice(top, under), slice(left, past)
        found = images.stored(values.packed_file.data)[lines, texels]
        np.testing.assert_array_equal(found, page[lines, texels])


def test_a_page_that_is_read_cannot_be_changed():
    data = _sheet(_noise(8, 16)).png()
    with pytest.raises(ValueError, match="read-only"):
        images.stored(data)[:] = 0


def test_a_page_too_wide_for_a_stored_block_is_refused_in_words():
    images.PageFile(1, 65_534)
    images.PageFile(1, 16_383, 4)
    for size in ((1, 65_535), (1, 16_384, 4)):
        with pytest.raises(ValueError, match="bytes is too long"):
            images.PageFile(*size)
