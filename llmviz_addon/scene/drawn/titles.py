"""Titles of a shot or a still: words that face its camera, on plates, as one mesh.

Where they stand is composed by `walkthrough.composition`. The titles beside blocks (`labels`) are
for whoever walks through the model; these are for pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import bpy
import numpy as np

from ...walkthrough.lettering import FONT_SIZE
from ...walkthrough.titles import Lettering, Plate, Words
from .. import names
from ..attributes import write_attribute
from ..standing import ledger
from ..standing.standing import Standing
from ..words import typesetting
from ..words.typesetting import COARSE, Setting, Shape
from .blocks import CELL
from .flat import Easel
from .labels import PAPER, SECTION, TITLE

TITLES, LABELS = "titles", "labels"
"""The keys of the collections with a film's titles, and with those beside blocks."""

# Transparency of plates, their distance behind the words as a part of that to the camera, and the
# points along a quarter of their rounded ends.
_CLEAR, _BEHIND, _CORNER = 0.16, 1.002, 6

_INKS = {"title": TITLE, "quiet": SECTION}


def draw(easel: Easel, lettering: Lettering, name: str) -> bpy.types.Object:
    """All words of a picture as an object at the place of its camera.

    Where a mesh of the same words is at hand (see `kept`), it is that one.
    """
    digest = _digest(lettering)
    mesh = easel.titles.get(digest)
    if mesh is None:
        mesh = easel.titles[digest] = _mesh(lettering, name)
        mesh[names.LETTERING] = digest
        mesh.materials.append(easel.material)
    pose = lettering.picture.pose
    obj = easel.hang(bpy.data.objects.new(name, mesh), pose.location, 0)
    obj.rotation_euler = pose.rotation_euler
    obj[names.TEXT] = "\n".join(words.text for words in lettering.words)
    return obj


def kept(
    objects: Iterable[bpy.types.Object], material: bpy.types.Material
) -> dict[str, bpy.types.Mesh]:
    """The meshes of titles that stand, as they were drawn, of this material, by their digests."""
    found = {}
    for obj in objects:
        if names.TITLES_OF in obj and obj.type == "MESH" and names.LETTERING in obj.data:
            ours = list(obj.data.materials) == [material]
            if ours and not {"data.shape", "materials"} & ledger.changed(obj):
                found[str(obj.data[names.LETTERING])] = obj.data
    return found


def _digest(lettering: Lettering) -> str:
    """A digest that letterings share if they look the same."""
    return hashlib.blake2b(repr(lettering).encode(), digest_size=12).hexdigest()


def _mesh(lettering: Lettering, name: str) -> bpy.types.Mesh:
    """The words of a picture and the plates behind them."""
    scale = CELL / lettering.picture.scale
    middle = np.array([lettering.picture.width, lettering.picture.height]) / 2
    shapes: list[Shape] = []
    places, tones, clear = [], [], []

    def add(shape: Shape, points: np.ndarray, depth: float, tone: int, transparency: float) -> None:
        shapes.append(shape)
        flat = (points - middle) * scale * depth
        places.append(np.column_stack([flat, np.full(len(flat), -depth * CELL)]))
        tones.append(np.full(len(flat), float(tone)))
        clear.append(np.full(len(flat), transparency))

    for plate in lettering.plates:
        shape = _rounded(plate)
        add(shape, shape.points, plate.depth * _BEHIND, PAPER, _CLEAR)
    for line in lettering.lines:
        (left, bottom, right, top), depth = line.rect, line.depth
        corners = np.array([(left, bottom), (right, bottom), (right, top), (left, top)])
        add(_polygon(corners), corners, depth, TITLE, _CLEAR)
    for words in lettering.words:
        shape = typesetting.shape(words.text, Setting(1.0, error=COARSE))
        add(shape, _points(words, shape), words.depth, _INKS[words.ink], 0.0)
    mesh = bpy.data.meshes.new(name)
    mesh[names.OURS] = True
    typesetting.joined(shapes).fill(mesh, np.concatenate(places).astype(np.float32))
    write_attribute(mesh, names.TONE, np.concatenate(tones), "FLOAT")
    write_attribute(mesh, names.CLEAR, np.concatenate(clear), "FLOAT")
    return mesh


def _points(words: Words, shape: Shape) -> np.ndarray:
    """The points of letters in the picture."""
    return shape.points * (FONT_SIZE * words.capital) + np.array([words.left, words.baseline])


def _rounded(plate: Plate) -> Shape:
    """A rectangle with round corners."""
    left, bottom, right, top = plate.rect
    radius = plate.round * (top - bottom)
    turn = np.linspace(0.0, np.pi / 2, _CORNER)
    corners = []
    for quarter, (x, y) in enumerate(((right, top), (left, top), (left, bottom), (right, bottom))):
        across, up = (-1 if x == right else 1), (-1 if y == top else 1)
        center = np.array([x + across * radius, y + up * radius])
        angles = turn + quarter * np.pi / 2
        corners.append(center + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return _polygon(np.concatenate(corners))


def _polygon(corners: np.ndarray) -> Shape:
    at = np.arange(len(corners), dtype=np.int32)
    edges = np.stack([at, np.roll(at, -1)], 1)
    return Shape(corners.astype(np.float32), edges, at, at, np.zeros(1, np.int32))


def are_in_views(standing: Standing) -> bool:
    """True if viewports show the titles of the film."""
    collection = standing.collections.get(TITLES)
    return collection is not None and not collection.hide_viewport


def show_in_views(standing: Standing, film: bool) -> None:
    """Have viewports show the titles of the film, or those beside blocks."""
    for key, hidden in ((TITLES, not film), (LABELS, film)):
        collection = standing.collections.get(key)
        if collection is not None:
            collection.hide_viewport = hidden
