"""The section tree: model, embedding, layers, their parts, heads, output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .block import Block
from .label import Bounds, Label
from .space import Space

_TITLES = {
    "embedding": "Embedding",
    "ln_1": "Layer Norm",
    "ln_2": "Layer Norm",
    "attention": "Self-Attention",
    "projection": "Projection",
    "mlp": "MLP",
    "output": "Output",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the network.

    Attributes
    ----------
    name
        Dotted path, e.g. ``"layer0.attention.head1"``; ``"model"`` for the root.
    title
        E.g. ``"Head 1"``.
    children
        Its parts, in the order of computation.
    blocks
        Names of the blocks that belong to it directly.
    bounds
        Corners of all blocks in it and in its parts.
    label
        Its title as text: what it says, where and how large.
    labeled
        True if the label says something that no block's title beside it says.
    """

    name: str
    title: str
    children: tuple[Section, ...]
    blocks: tuple[str, ...]
    bounds: Bounds
    label: Label
    labeled: bool

    def walk(self) -> Iterator[Section]:
        """This section and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def grow(blocks: Iterable[Block], space: Space) -> Section:
    """The section tree of all blocks."""
    direct: dict[str, list[Block]] = {}
    children: dict[str, list[str]] = {"model": []}
    homes: dict[tuple[str, int | None, int | None], list[Block]] = {}
    for block in blocks:
        # To write out the path of every block would take longer than all else.
        kind = (block.spec.section, block.layer, block.head)
        if kind not in homes:
            path = block.section
            _plant(path, direct, children)
            homes[kind] = direct[path]
        homes[kind].append(block)
    return _section("model", direct, children, space)


def _plant(path: str, direct: dict[str, list[Block]], children: dict[str, list[str]]) -> None:
    """Make a section and the ones above it known, in the order in which they turn up."""
    if path in direct:
        return
    parent = path.rpartition(".")[0] or "model"
    if parent != "model":
        _plant(parent, direct, children)
    direct[path] = []
    children.setdefault(path, [])
    children[parent].append(path)


def _section(
    path: str, direct: dict[str, list[Block]], children: dict[str, list[str]], space: Space
) -> Section:
    parts = tuple(_section(child, direct, children, space) for child in children[path])
    own = direct.get(path, [])
    bounds = union([*(block.bounds for block in own), *(part.bounds for part in parts)])
    title = section_title(path)
    names = tuple(block.name for block in own)
    label = _label(path, title, bounds, space)
    labeled = path not in ("model", "embedding") and title != _TITLES["ln_1"]
    return Section(path, title, parts, names, bounds, label, labeled)


def union(bounds: Iterable[Bounds]) -> Bounds:
    """The smallest box around boxes."""
    least, greatest = zip(*bounds, strict=True)
    x0, y0, z0 = zip(*least, strict=True)
    x1, y1, z1 = zip(*greatest, strict=True)
    return (min(x0), min(y0), min(z0)), (max(x1), max(y1), max(z1))


def section_title(path: str) -> str:
    """The title of a section, by its dotted path or the last part of it."""
    last = path.rpartition(".")[2]
    if last == "model":
        return "Model"
    if last.startswith("layer"):
        return f"Layer {last.removeprefix('layer')}"
    if last.startswith("head"):
        return f"Head {last.removeprefix('head')}"
    return _TITLES[last]


def _label(path: str, title: str, bounds: Bounds, space: Space) -> Label:
    """Layers are named over the left end of their top, and so are their parts.

    Heads are named to the left of their values, where nothing hides the name from the front left.
    Each name stands a line higher than the one before it, in large models up to above the heads.
    """
    (left, front, _), (right, back, top) = bounds
    last = path.rpartition(".")[2]
    size = space.title_size
    if last.startswith("head"):
        size *= 1.2
        head = int(last.removeprefix("head"))
        rows, above = space.sizes["A"], 1.5 * (space.margin - 8)
        step = min(1.3 * size, (rows + above - size) / max(1, space.n_head - 1))
        z = top - rows + head * max(0.0, step)
        return Label(title, (left - 0.5 * size, back - 0.5, z), size, "right")
    if last.startswith("layer"):
        # Under the stream where it runs over the layer.
        size *= 2.2
        return Label(title, (left, front + 0.5, top + 0.5 * space.margin), size, "left")
    if last in ("embedding", "output"):
        # The right side of the stream is free.
        size *= 2.2
        x = right + 1.5 * space.margin
        return Label(title, (x, front + 0.5, top - size), size, "left")
    # Self-attention is as deep as its heads: in front, its name would hide those behind.
    y = back - 0.5 if last == "attention" else front + 0.5
    return Label(title, (left, y, top + 2.2 * size), size * 1.5, "left")
