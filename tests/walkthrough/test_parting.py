"""Blocks part, move and come back, and what stands in for them is all of them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from llmviz_addon import anatomy, detail, model
from llmviz_addon.walkthrough import AuthoringError, Run
from llmviz_addon.walkthrough.actors import Part

from .staging import compiled


def parts(film, block):
    """The parts of a block that a film has, and the cells of each."""
    return [actor for actor in film.actors if isinstance(actor, Part) and actor.block == block]


def cells(part):
    return [
        (column, row)
        for rect in part.rects
        for column in range(rect.column, rect.column + rect.columns)
        for row in range(rect.row, rect.row + rect.rows)
    ]


def places(film, part, time):
    """The place of a part at a time."""
    return np.array([film.value_at(part.name, "location", time, axis) for axis in range(3)])


@pytest.mark.parametrize(
    "gesture",
    [
        {"open": ["embedding"], "column": "{position}"},
        {"open": ["embedding"], "column": 0},
        {"open": ["embedding"], "row": 7},
        {"open": ["embedding"], "column": 2, "row": 7},
        {"isolate": ["embedding"], "columns": "1:3"},
        {"fan": ["embedding"], "columns": "0:{next_position}"},
    ],
)
def test_parts_are_all_of_a_block_and_take_its_place_exactly(sorter, gesture):
    body, run = sorter
    film = compiled(body, run, [gesture, {"close": ["embedding"], "at": 2}])
    block, found = body.blocks["embedding"], parts(film, "embedding")
    covered = sorted(cell for part in found for cell in cells(part))
    assert covered == sorted(np.ndindex(block.columns, block.rows))
    for part in found:
        column, row = cells(part)[0]
        home = np.array(block.origin) + (column, 0, -row)
        for time in (0, 3.9):
            assert places(film, part, time) == pytest.approx(home)
        group = part.group
        assert film.value_at(group, "scale", 1.5) == 1
        assert film.value_at(group, "scale", 3.9) == 0
    assert film.value_at("embedding", "presence", 1.5) == 0
    assert film.value_at("embedding", "presence", 3.9) == 1


def test_an_open_block_leaves_its_column_free(sorter):
    body, run = sorter
    film = compiled(body, run, [{"open": ["embedding"], "column": 3, "gap": 3}])
    free, left, right = parts(film, "embedding")
    home = [places(film, part, 0) for part in (free, left, right)]
    away = [places(film, part, 2) - at for part, at in zip((free, left, right), home, strict=True)]
    assert np.array(away) == pytest.approx(np.array([(0, 0, 0), (-3, 0, 0), (3, 0, 0)]))
    assert {column for column, _ in cells(free)} == {3}


def test_a_folded_block_parts_in_one_line_only():
    config = next(preset.config for preset in model.presets() if preset.id == "gpt2")
    body = anatomy.build(config, 9)
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(config.n_vocab, 0.001), 9)
    labels = {token: f"{token}" for token in range(config.n_vocab)}
    run = Run.made([40_000] * 6, [40_000] * 9, labels, probabilities)
    film = compiled(body, run, [{"open": ["wte"], "column": "{token}"}])
    block = body.blocks["wte"]
    assert len(block.spec.pieces) > 1
    line = next(p for p in block.spec.pieces if p.column <= 40_000 < p.column + p.columns)
    moved = [part for part in parts(film, "wte") if any(places(film, part, 2) != part.place)]
    assert len(moved) == 2
    assert sum(rect.columns for part in moved for rect in part.rects) == line.columns - 1


def test_stacked_blocks_stand_on_top_of_each_other_and_return(sorter):
    body, run = sorter
    film = compiled(
        body,
        run,
        [{"stack": ["layer0.head*.output"]}, {"back": ["layer0.head*.output"], "at": 2}],
    )
    heads = [body.blocks[f"layer0.head{j}.output"] for j in range(3)]

    def box(block, time):
        shift = [film.value_at(block.name, "offset", time, axis) for axis in range(3)]
        return np.array(block.bounds) + shift

    boxes = [box(block, 1.5) for block in heads]
    for above, below in pairwise(boxes):
        assert above[0, 2] == pytest.approx(below[1, 2])
        assert above[:, :2] == pytest.approx(below[:, :2])
    for block in heads:
        assert box(block, 3.9) == pytest.approx(np.array(block.bounds))


def test_a_block_slides_beside_another(sorter):
    body, run = sorter
    film = compiled(body, run, [{"slide": ["embedding"], "beside": "layer0.ln_1", "gap": 5}])
    shift = [film.value_at("embedding", "offset", 3, axis) for axis in range(3)]
    own = np.array(body.blocks["embedding"].bounds) + shift
    other = np.array(body.blocks["layer0.ln_1"].bounds)
    assert own[1, 0] == pytest.approx(other[0, 0] - 5)
    assert own[:, 1:] == pytest.approx(other[:, 1:])


def test_shots_look_where_blocks_have_gone(sorter):
    body, run = sorter
    beat = {
        "do": [{"slide": ["embedding"], "by": [500.0, 0.0, 0.0]}],
        "shot": {"show": ["embedding"], "move": 0},
    }
    there = compiled(body, run, beat).shots[0].pose.aim
    stays = compiled(body, run, {"shot": beat["shot"]}).shots[0].pose.aim
    assert there[0] - stays[0] == pytest.approx(500)


def test_what_shares_an_object_sends_a_copy(sized):
    body, run = sized(n_layer=12, n_head=12, n_embd=96, n_ctx=12, n_vocab=30)
    bundles = detail.bundle(body)
    by = [9.0, -5.0, 2.0]
    film = compiled(body, run, [{"slide": ["layer5.ln_1"], "by": by}], bundles=bundles)
    assert not [c for c in film.channels if c.property in ("offset", "presence")]
    (copy,) = parts(film, "layer5.ln_1")
    # It steps before its block at once, since both would be in the same place, and then moves.
    assert places(film, copy, 0.01) - places(film, copy, 0) == pytest.approx([0, -3, 0], abs=0.1)
    assert places(film, copy, 3) - places(film, copy, 0) == pytest.approx(by)


def test_what_a_chapter_moved_is_in_its_place_when_the_next_begins(sorter):
    gestures = [{"slide": ["embedding"], "by": [9.0, 0, 0]}, {"open": ["wte"], "column": 1}]
    film = compiled(*sorter, gestures, then=[[]])
    start, _ = film.span("two")
    for time, shift, presence in ((start - 0.1, 9, 0), (start, 0, 1), (film.duration, 0, 1)):
        assert film.value_at("embedding", "offset", time) == shift
        assert film.value_at("wte", "presence", time) == presence
        assert film.value_at(parts(film, "wte")[0].group, "scale", time) == 1 - presence


def test_an_open_block_is_not_moved(sorter):
    gestures = [{"open": ["wte"], "column": 1}, {"slide": ["wte"], "by": [1.0, 0, 0], "at": 2}]
    with pytest.raises(AuthoringError, match=r"one.beat0: wte is open; close it"):
        compiled(*sorter, gestures)


def test_a_sweep_computes_one_position_cell_by_cell(sorter):
    body, run = sorter
    film = compiled(
        body,
        run,
        [
            {"blank": ["layer0.ln_1"], "time": 0.5},
            {"sweep": ["layer0.ln_1"], "columns": "0:3", "by": "column", "at": 0.5, "time": 1},
            {"sweep": ["layer0.ln_1"], "columns": "3", "by": "cell", "at": 2, "time": 1},
        ],
    )
    order = body.blocks["layer0.ln_1"].order(run.n_prompt, run.n_tokens)

    def shown(time):
        return order <= np.float32(film.value_at("layer0.ln_1", "progress", time)) + 1e-7

    assert not shown(0.5).any()
    assert shown(1.2).all(axis=1).sum() == shown(1.2).any(axis=1).sum() == 2
    assert shown(1.9)[:3].all()
    assert not shown(1.9)[3:].any()
    assert 0 < shown(2.5)[3].sum() < 48
    assert shown(3)[:4].all()
    assert not shown(3)[4:].any()


def test_blocks_that_move_leave_no_arrows_behind(told):
    body, run, reader, _ = told
    film = compiled(
        body,
        run,
        [
            {"slide": ["layer0.head1.output"], "by": [-20, 0, 0], "time": 1},
            {"back": ["layer0.head1.output"], "at": 2, "time": 1},
        ],
        [{"slide": ["layer0.head1.output"], "by": [0, 9, 0], "time": 1}],
        then=[[]],
        reader=reader,
    )
    touching = {
        f"arrows:{arrow.target}"
        for arrow in body.arrows
        if "layer0.head1.output" in (arrow.source, arrow.target)
    }
    faded = {channel.target for channel in film.channels if channel.target.startswith("arrows:")}
    assert faded == touching != set()
    away = [film.value_at(name, "opacity", 1.5) for name in touching]
    home = [film.value_at(name, "opacity", 3.5) for name in touching]
    # The chapter that begins puts all back.
    later = [film.value_at(name, "opacity", film.span("two")[0] + 0.1) for name in touching]
    assert (set(away), set(home), set(later)) == ({0.0}, {1.0}, {1.0})
