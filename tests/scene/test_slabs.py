"""Every number of a slab is the model's, read from the file as the material reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import bpy
import numpy as np
import pytest

from llmviz_addon import anatomy, model
from llmviz_addon.scene.standing.recipe import recipe_of

from . import checkpoints, helpers

CELL, WIDTH = 0.02, 8192
PROMPT = "5 17 250 3 99"
OTHER_PROMPT = "8 9 1 0 7"
N_PROMPT, N_TOKENS = 5, 10

# Tensors whose second axis runs along the columns, as docs/architecture.md has them.
TURNED = {"attention_scores", "attention", "mlp_weight", "mlp", "mlp_activation", "lm_head"}

# Modes of bricks, as `detail.bricks` numbers them.
COLUMNS, ROWS, CAUSAL, ALWAYS, NEVER, SHAPE = range(6)


class Built(NamedTuple):
    """A model that is drawn, and its numbers, computed apart from the drawing."""

    root: bpy.types.Collection
    body: anatomy.Anatomy
    trace: dict[str, np.ndarray]


def _built(path, **options) -> Built:
    """Build a checkpoint, and run it greedily with a whole pass for each token."""
    root = helpers.build(PROMPT, path, **options)
    network = model.load(path)
    ids = [int(word) for word in PROMPT.split()]
    for _ in range(N_TOKENS - N_PROMPT):
        ids.append(int(np.argmax(network.forward(ids).logits[-1])))
    drawn = None if options.get("full_context") else len(ids)
    arrangement = recipe_of(root).arranged
    return Built(root, anatomy.build(network.config, drawn, arrangement), network.forward(ids))


WAYS = [
    "tokens there are",
    "full context",
    "blocks share objects",
    "after another prompt",
    "a tower without folds",
]


@pytest.fixture(scope="module", params=WAYS)
def built(request, tmp_path_factory) -> Iterator[Built]:
    """One build for all tests, which only look: most blocks are slabs."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = checkpoints.save(tmp_path_factory.mktemp("model"))
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "blocks share objects":
            patch.setattr("llmviz_addon.detail.bundles.MOST_OBJECTS", 10)
            patch.setattr("llmviz_addon.detail.budget.MOST_OBJECTS", 10)
            path = checkpoints.save(path, n_layer=4)
        if request.param == "after another prompt":
            helpers.build(OTHER_PROMPT, path, cubes=2000)
        options = {"full_context": request.param == "full context"}
        if request.param == "a tower without folds":
            options |= {"arrangement": "tower", "folded": False}
        yield _built(path, cubes=2000, **options)


@pytest.fixture(autouse=True)
def clean_scene(built):
    """Leaves the build of this module as it is."""
    return built


def _grid(built: Built, name: str) -> np.ndarray:
    """(columns, rows) the numbers of a block's computed cells."""
    block, array = built.body.blocks[name], np.asarray(built.trace[name])
    if array.ndim == 1:
        array = array[None, :] if block.columns == 1 else array[:, None]
    elif block.role in TURNED:
        array = array.T
    return array[: block.columns, : block.rows].astype(np.float64)


def _attribute(obj: bpy.types.Object, name: str, field: str, width: int) -> np.ndarray:
    attribute = obj.data.attributes[name]
    values = np.empty(len(attribute.data) * width, np.float32)
    attribute.data.foreach_get(field, values)
    return values.reshape(-1, width)


class Brick(NamedTuple):
    """A brick with the block that it stands in, found by its place in space alone."""

    block: anatomy.Block
    column: int
    row: int
    columns: int
    rows: int
    step: int
    steps: int
    mode: int
    minor: int
    texel: tuple[int, int, bool, int]


def _bricks(built: Built, obj: bpy.types.Object) -> Iterator[Brick]:
    place = np.empty(len(obj.data.vertices) * 3, np.float32)
    obj.data.vertices.foreach_get("co", place)
    center = place.reshape(-1, 3).astype(np.float64) + np.array(obj.location) / CELL
    size = _attribute(obj, "size", "vector", 3)
    table = (_attribute(obj, name, "color", 4) for name in ("extent", "first", "texel"))
    for middle, box, extent, first, texel in zip(center, size, *table, strict=True):
        (block,) = (
            b
            for b in built.body.blocks.values()
            if all(
                low < x < high
                for low, x, high in zip(b.bounds[0], middle, b.bounds[1], strict=True)
            )
        )
        left, top = middle[0] - (box[0] - 0.9) / 2, middle[2] + (box[2] - 0.9) / 2
        (x, _, _), (_, _, z) = block.bounds_of(anatomy.Piece(*(int(n) for n in first[:2]), 1, 1))
        assert (left, top) == pytest.approx((x + 0.5, z - 0.5), abs=0.01), "it says where it stands"
        assert (box[0] + 0.1, box[2] + 0.1) == pytest.approx(extent[:2], abs=1e-3)
        along, line, flags, pitch = texel
        assert np.array_equal([*extent, *first, *texel], np.rint([*extent, *first, *texel]))
        yield Brick(
            block,
            *(int(n) for n in first[:2]),
            *(int(n) for n in extent),
            *(int(n) for n in first[2:]),
            (int(along), int(line), bool(flags % 2), int(pitch)),
        )


def _images() -> dict[str, bpy.types.Image]:
    """The image that the boxes of each slab wear, by the slab's name."""
    found: dict[str, bpy.types.Image] = {}
    for instance in bpy.context.evaluated_depsgraph_get().object_instances:
        if not instance.is_instance:
            continue
        slab = instance.parent.original
        if slab.get("llmviz_drawn_as") != "slab":
            continue
        (slot,) = instance.object.material_slots
        textures = (n for n in slot.material.original.node_tree.nodes if n.type == "TEX_IMAGE")
        (image,) = (node.image for node in textures if "Values" in node.image.name)
        assert found.setdefault(slab.name, image) == image, "all boxes wear the same"
    return found


def _decoded(image: bpy.types.Image) -> np.ndarray:
    """(height, width) the bytes of an image as Blender decodes it, first line on top."""
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    width, height = image.size
    assert width == WIDTH
    return np.rint(pixels.reshape(height, width, 4)[::-1, :, 0] * 255).astype(np.uint8)


def _bytes(brick: Brick, page: np.ndarray) -> np.ndarray:
    """(columns, rows) the bytes that the material finds for the cells of a brick."""
    column, row = np.mgrid[: brick.columns, : brick.rows]
    x, y, turned, pitch = brick.texel
    along = x + (row if turned else column)
    across = y + (column if turned else row)
    return page[across + along // WIDTH * pitch, along % WIDTH]


@pytest.fixture(scope="module")
def pages(built) -> dict[str, np.ndarray]:
    """The page of each slab by the slab's name, decoded once."""
    decoded: dict[str, np.ndarray] = {}
    found = {}
    for obj, image in _images().items():
        if image.name not in decoded:
            decoded[image.name] = _decoded(image)
        found[obj] = decoded[image.name]
    return found


def _drawn(way: str) -> list[bpy.types.Object]:
    return [o for o in helpers.block_objects() if o["llmviz_drawn_as"] == way]


def _gain(obj: bpy.types.Object, name: str, built: Built) -> float:
    """The gain by which a block's numbers are scaled to -1 to 1."""
    if "llmviz_gains" not in obj:
        return obj["gain"]
    names = _names(obj, built)
    return obj["llmviz_gains"][names.index(name)]


def _names(obj: bpy.types.Object, built: Built) -> list[str]:
    """The blocks of an object in the order in which their first bricks stand."""
    return list(dict.fromkeys(brick.block.name for brick in _bricks(built, obj)))


def _half_a_level(numbers: np.ndarray, levels: np.ndarray, gain: float, name: str) -> None:
    scaled = np.clip(numbers * gain, -1, 1)
    error = np.abs((levels.astype(np.float64) - 128) / 127 - scaled)
    assert error.max() <= 0.5 / 127 + 1e-5, name


def test_most_of_the_model_is_slabs(built):
    cells = dict.fromkeys(("cubes", "slab", "shape"), 0)
    for obj in helpers.block_objects():
        if obj["llmviz_drawn_as"] != "cubes":
            cells[obj["llmviz_drawn_as"]] += sum(t.columns * t.rows for t in _bricks(built, obj))
        else:
            cells["cubes"] += len(obj.data.vertices)
    assert 0 < cells["cubes"] <= 2000 < 20_000 < cells["slab"] and not cells["shape"]
    assert sum(cells.values()) == sum(b.columns * b.rows for b in built.body.blocks.values())


def test_every_number_of_every_slab_is_the_models_within_half_a_level(built, pages):
    seen: dict[str, np.ndarray] = {}
    for obj in _drawn("slab"):
        gains = {name: _gain(obj, name, built) for name in _names(obj, built)}
        for brick in _bricks(built, obj):
            name = brick.block.name
            done = seen.setdefault(name, np.zeros((brick.block.columns, brick.block.rows), int))
            area = np.s_[brick.column :, brick.row :]
            done[area][: brick.columns, : brick.rows] += 1
            if brick.mode == NEVER:
                continue
            numbers = _grid(built, name)[area][: brick.columns, : brick.rows]
            levels = _bytes(brick, pages[obj.name])
            assert numbers.shape == levels.shape, name
            there = np.isfinite(numbers)
            if brick.mode == CAUSAL:
                column, row = np.mgrid[: brick.columns, : brick.rows]
                there &= brick.column + column <= brick.row + row
            assert (levels[there] > 0).all() and not levels[~there].any(), name
            _half_a_level(numbers[there], levels[there], gains[name], name)
    assert {"wte", "lm_head", "layer1.mlp_weight", "layer1.head1.attention"} <= seen.keys()
    assert all((done == 1).all() for done in seen.values()), "each cell once"


def test_a_tied_head_has_no_texels_of_its_own(built, pages):
    head, table = helpers.block("lm_head"), helpers.block("wte")
    assert head["llmviz_drawn_as"] == table["llmviz_drawn_as"] == "slab"
    # Each may be laid in lines of its own.
    for along, obj in (("row", head), ("column", table)):
        texel = np.arange(pages[obj.name].size).reshape(pages[obj.name].shape)
        found = sorted(_bricks(built, obj), key=lambda brick: getattr(brick, along))
        parts = [_bytes(brick, texel) for brick in found]
        if obj == head:
            one = np.concatenate(parts, axis=1)
        else:
            other = np.concatenate(parts, axis=0)
    np.testing.assert_array_equal(one, other.T)
    assert pages[head.name] is pages[table.name]
    assert head["gain"] == table["gain"]


def test_pages_hold_nothing_but_numbers_of_slabs(built, pages):
    pages_by_id = {id(page): page for page in pages.values()}
    used = {key: np.zeros(page.shape, bool) for key, page in pages_by_id.items()}
    for obj in _drawn("slab"):
        page = pages[obj.name]
        texel = np.arange(page.size).reshape(page.shape)
        for brick in _bricks(built, obj):
            if brick.mode != NEVER:
                used[id(page)].reshape(-1)[_bytes(brick, texel)] = True
    for key, page in pages_by_id.items():
        assert not page[~used[key]].any()


def _moment(brick: Brick, n_prompt: int, n_tokens: int) -> np.ndarray:
    """(columns, rows) the order of a brick's cells: by pass, layer, position and cell."""
    column, row = np.mgrid[: brick.columns, : brick.rows]
    column, row = column + brick.column, row + brick.row
    if brick.mode == ALWAYS:
        return np.zeros(column.shape)
    major, minor = (column, row) if brick.mode == COLUMNS else (row, column)

    def before(position):
        return position * (position + 1) / 2 if brick.mode == CAUSAL else position * brick.minor

    share = before(major + 1) - before(major)
    total = brick.steps * before(n_tokens)
    prompt = brick.step * before(n_prompt) + before(major)
    later = brick.steps * before(major) + brick.step * share
    rank = np.where(major < n_prompt, prompt, later) + minor + 1
    masked = (brick.mode == CAUSAL) & (minor > major)
    return np.where(masked | (major >= n_tokens), np.nan, rank / total)


def test_cells_of_a_slab_are_computed_when_their_block_says(built):
    several = 0
    for obj in _drawn("slab"):
        for brick in _bricks(built, obj):
            several += brick.steps > 1
            order = brick.block.order(N_PROMPT, N_TOKENS)[brick.column :, brick.row :]
            expected = order[: brick.columns, : brick.rows]
            if brick.mode == NEVER:
                assert np.isnan(expected).all()
            elif brick.steps == 1:
                np.testing.assert_allclose(
                    _moment(brick, N_PROMPT, N_TOKENS), expected, rtol=1e-6, err_msg=obj.name
                )
            else:
                # Within a layer the same cells come in the same sequence.
                found = _moment(brick, N_PROMPT, N_TOKENS)
                np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
                there = np.isfinite(found)
                np.testing.assert_array_equal(
                    found[there].argsort(kind="stable"), expected[there].argsort(kind="stable")
                )
    assert several or all("llmviz_gains" not in o for o in _drawn("slab"))


def test_a_block_says_how_it_is_drawn_and_how_exact_it_is(built):
    for obj in helpers.block_objects():
        exact = {"cubes": "exact", "slab": "255 levels", "shape": "none"}
        assert obj["llmviz_values"] == exact[obj["llmviz_drawn_as"]]


def test_boxes_stand_where_the_bricks_say(built):
    graph = bpy.context.evaluated_depsgraph_get()
    boxes: dict[str, list] = {}
    for instance in graph.object_instances:
        if instance.is_instance and instance.parent.original.get("llmviz_drawn_as") == "slab":
            matrix = instance.matrix_world.copy()
            boxes.setdefault(instance.parent.original.name, []).append(matrix)
    for obj in _drawn("slab"):
        wanted = sorted((t.columns - 0.1, t.rows - 0.1) for t in _bricks(built, obj))
        found = sorted((m.to_scale().x / CELL, m.to_scale().z / CELL) for m in boxes[obj.name])
        np.testing.assert_allclose(found, wanted, rtol=1e-4)


def _sharing(block: anatomy.Block) -> tuple[str, str]:
    """A key that blocks share in a large model if they are one object."""
    if block.layer:
        return ("later layers", block.role)
    return ("further heads", block.role) if block.head else ("own", block.name)


def test_blocks_that_share_objects_make_few_of_them(built):
    shared = [o for o in helpers.block_objects() if "llmviz_gains" in o]
    objects = len(
        {_sharing(b) for b in built.body.blocks.values()} if shared else built.body.blocks
    )
    assert len(helpers.block_objects()) == objects
    assert objects <= 114 < 200 < len(built.body.blocks) or not shared


def test_each_block_that_shares_an_object_has_a_gain_of_its_own(built):
    for obj in _drawn("slab"):
        for name in _names(obj, built):
            if name.rpartition(".")[2] in ("attention", "probabilities"):
                expected = 1.0
            else:
                numbers = _grid(built, name)
                if built.body.blocks[name].causal:
                    numbers = numbers[np.triu_indices(len(numbers))]
                expected = 1 / np.percentile(np.abs(numbers), 98)
            assert _gain(obj, name, built) == pytest.approx(expected, rel=1e-4), name


def test_cubes_that_share_an_object_show_the_numbers_of_their_own_block(built):
    for obj in _drawn("cubes"):
        place = np.empty(len(obj.data.vertices) * 3, np.float32)
        obj.data.vertices.foreach_get("co", place)
        place = place.reshape(-1, 3) + np.array(obj.location) / CELL
        value, state = (helpers.read(obj.data, name) for name in ("value", "state"))
        column, row = (helpers.read(obj.data, name) for name in ("column", "row"))
        seen = 0
        for block in built.body.blocks.values():
            low, high = block.bounds
            mine = ((place > low) & (place < high)).all(axis=1)
            if not mine.any():
                continue
            seen += int(mine.sum())
            assert mine.sum() == block.columns * block.rows, "all of its cells"
            where = np.rint((place[mine] - block.origin) * [1, 0, -1]).astype(int)
            np.testing.assert_array_equal(where[:, 0], column[mine])
            np.testing.assert_array_equal(where[:, 2], row[mine])
            numbers = np.full((block.columns, block.rows), np.nan)
            known = _grid(built, block.name)
            numbers[: known.shape[0], : known.shape[1]] = known
            if block.causal:
                numbers[np.tril_indices(len(numbers), -1)] = np.nan
            expected = numbers[column[mine], row[mine]]
            np.testing.assert_array_equal(state[mine] == 1, np.isfinite(expected))
            np.testing.assert_allclose(value[mine], np.nan_to_num(expected), rtol=1e-4, atol=1e-5)
        assert seen == len(place)
