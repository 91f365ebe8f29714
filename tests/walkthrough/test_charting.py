"""Bars, graphs, copies, lines and cards show the model's own numbers, checked with numpy."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon.walkthrough import AuthoringError
from llmviz_addon.walkthrough.actors import Bars, Cells, Counter, Labels, Lines, Words

from .staging import compiled


def bars(film):
    """The one actor of bars that a film has."""
    (found,) = (actor for actor in film.actors if isinstance(actor, Bars))
    return found


def heights(film, time):
    """(n,) the signed heights of the bars at a time, as the states are mixed then."""
    mixed = shown(film, "boxes", film.value_at(bars(film).name, "form", time) / 10)
    low, high = mixed[:, 0, 2], mixed[:, 1, 2]
    return np.where(high > -low, high, low)


def shown(film, what, state):
    """Boxes or values of bars in a state, or between two."""
    states = np.array(getattr(bars(film), what))
    before, part = int(state), state - int(state)
    after = min(before + 1, len(states) - 1)
    return (1 - part) * states[before] + part * states[after]


def numbers(film, time):
    """The numbers beside the bars at a time."""
    (label,) = (
        actor
        for actor in film.actors
        if isinstance(actor, Labels) and film.value_at(actor.name, "opacity", time) > 0.5
    )
    return [float(text.replace("−", "-")) for text in label.texts]


def proportional(found, wanted):
    """True if bars are as high as numbers are large, but for those too small to be bars."""
    unit = np.abs(found).max() / np.abs(wanted).max()
    assert found == pytest.approx(wanted * unit, abs=0.05)
    return unit


def test_bars_take_the_values_of_a_softmax(told):
    body, run, reader, trace = told
    scores = trace["layer0.head1.attention_scores"][4, :5].astype(float)
    film = compiled(
        body,
        run,
        [
            {"bars": "layer0.head1.attention_scores[0:5, 4]", "name": "row", "time": 1},
            {"morph": "row", "exp": True, "at": 1, "time": 1},
            {"morph": "row", "softmax": 0.5, "at": 2, "time": 1},
            {"morph": "row", "to": "layer0.head1.attention[0:5, 4]", "at": 3, "time": 1},
        ],
        reader=reader,
    )
    powers = np.exp(scores - scores.max())
    sharp = np.exp((scores - scores.max()) / 0.5)
    for time, wanted in (
        (1, scores),
        (2, powers),
        (3, sharp / sharp.sum()),
        (4, trace["layer0.head1.attention"][4, :5]),
    ):
        proportional(heights(film, time), np.asarray(wanted, float))
        assert numbers(film, time - 1e-3) == pytest.approx(np.asarray(wanted, float), abs=0.005)
        # The color follows, too.
        step = film.value_at(bars(film).name, "step", time)
        assert shown(film, "values", step) == pytest.approx(np.asarray(wanted, float), abs=1e-6)
    # A probability of 1 has the full height in both rows, so they can be compared.
    assert heights(film, 3).sum() == pytest.approx(8.0, abs=0.2)


def test_a_norm_centers_scales_and_shifts_its_column(told):
    body, run, reader, trace = told
    film = compiled(
        body,
        run,
        *([{"normalize": "layer0.ln_1[3]", "phase": [phase], "time": 1}] for phase in (
            "bars", "mean", "center", "spread", "scale", "weigh", "shift", "land",
        )),
        reader=reader,
    )  # fmt: skip
    x = trace["embedding"][3].astype(float)
    ends = [film.span(f"one.beat{i}")[0] + 1 for i in range(8)]
    normal = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    gained = normal * trace["layer0.ln_1.weight"]
    raw = proportional(heights(film, ends[0]), x)
    assert proportional(heights(film, ends[2]), x - x.mean()) == pytest.approx(raw, rel=1e-3)
    scale = proportional(heights(film, ends[4]), normal)
    assert proportional(heights(film, ends[5]), gained) == pytest.approx(scale, rel=1e-3)
    after = trace["layer0.ln_1"][3].astype(float)
    assert proportional(heights(film, ends[6]), after) == pytest.approx(scale, rel=1e-3)
    values = {a.name: a for a in film.actors if isinstance(a, Counter)}
    mean, std = (next(a for n, a in values.items() if f"{s} value" in n) for s in "μσ")
    assert mean.value == pytest.approx(x.mean(), abs=1e-6)
    assert std.value == pytest.approx(np.sqrt(x.var() + 1e-5), abs=1e-6)
    # In the end each is a cell in its place again.
    actor = bars(film)
    box = np.array(actor.boxes[-1])
    ox, oy, oz = body.blocks["layer0.ln_1"].origin
    wanted = np.array([(ox + 3, oy, oz - row) for row in range(48)])
    assert box.mean(axis=1) + np.array(actor.place) == pytest.approx(wanted)


def test_values_walk_along_the_activations_curve(told):
    body, run, reader, trace = told
    film = compiled(body, run, [{"graph": "layer0.mlp_activation[0:6, 3]", "time": 4}],
                    reader=reader)  # fmt: skip
    x = trace["layer0.mlp"][3, :6].astype(float)
    y = trace["layer0.mlp_activation"][3, :6].astype(float)
    walking = [actor for actor in film.actors if isinstance(actor, Cells)]
    assert [actor.values[0] for actor in walking] == pytest.approx(x.tolist())
    ends = np.array(
        [[film.value_at(a.name, "location", 4, axis) for axis in (0, 2)] for a in walking]
    )
    shown = [film.value_at(a.name, "value", 4) for a in walking]
    assert shown == pytest.approx(y.tolist())
    # Their places are those of (x, y), up to the plot's own scale and middle.
    for axis, numbers in enumerate((x, y)):
        line = np.polyfit(numbers, ends[:, axis], 1)
        assert np.polyval(line, numbers) == pytest.approx(ends[:, axis], abs=1e-3)
        assert line[0] > 0


def test_the_grid_of_a_graph_says_where_numbers_are(told):
    body, run, reader, _ = told
    film = compiled(body, run, [{"graph": "layer0.mlp_activation[0:6, 3]", "time": 4}],
                    reader=reader)  # fmt: skip
    (scale,) = (actor for actor in film.actors if isinstance(actor, Labels))
    (grid,) = (actor for actor in film.actors if isinstance(actor, Lines) and "grid" in actor.name)
    walking = [actor for actor in film.actors if isinstance(actor, Cells)]
    written = [float(text.replace("−", "-")) for text in scale.texts]
    for number, label, path in zip(written, np.array(scale.offsets), grid.paths, strict=True):
        ends = np.array(path) + grid.place
        axis = 0 if ends[0, 0] == ends[1, 0] else 2
        assert label[axis] + scale.place[axis] == pytest.approx(ends[0, axis])
        # A value of that size would land on the line.
        known = [
            (actor.values[0] if axis == 0 else film.value_at(actor.name, "value", 4),
             film.value_at(actor.name, "location", 4, axis))
            for actor in walking
        ]  # fmt: skip
        slope, start = np.polyfit(*zip(*known, strict=True), 1)
        assert slope * number + start == pytest.approx(ends[0, axis], abs=1e-2)


def test_the_exponential_of_a_softmax_is_drawn_too(told):
    body, run, reader, trace = told
    gesture = {"graph": "layer0.head0.attention[0:4, 3]", "function": "exp", "time": 4}
    film = compiled(body, run, [gesture], reader=reader)
    scores = trace["layer0.head0.attention_scores"][3, :4].astype(float)
    walking = [actor for actor in film.actors if isinstance(actor, Cells)]
    shown = [film.value_at(actor.name, "value", 4) for actor in walking]
    assert shown == pytest.approx(np.exp(scores - scores.max()).tolist(), abs=1e-5)


def test_copies_fly_and_are_added_in_their_cells(told):
    body, run, reader, trace = told
    token = int(run.ids[3])
    film = compiled(
        body,
        run,
        [
            {"copy": f"wte[{token}]", "to": "embedding[3]", "offset": [-2, -4, 0], "name": "a"},
            {"copy": "wpe[3]", "to": "embedding[3]", "offset": [2, -4, 0], "name": "b"},
        ],
        [{"add": ["a", "b"], "into": "embedding[3]"}],
        reader=reader,
    )
    one, other = (actor for actor in film.actors if isinstance(actor, Cells) and not actor.lone)
    assert one.values == pytest.approx(trace["wte"][token].tolist())
    assert other.values == pytest.approx(trace["wpe"][3].tolist())
    x, y, z = body.blocks["embedding"].origin
    for actor, side in ((one, -2), (other, 2)):
        at = [film.value_at(actor.name, "location", 3.9, axis) for axis in range(3)]
        assert at == pytest.approx([x + 3 + side, y - 4, z])
    single = [actor for actor in film.actors if isinstance(actor, Cells) and actor.lone]
    sums = [film.value_at(actor.name, "value", film.duration) for actor in single[48:]]
    assert sums == pytest.approx(trace["embedding"][3].tolist())
    for row, actor in enumerate(single[48:]):
        at = [film.value_at(actor.name, "location", film.duration, axis) for axis in range(3)]
        assert at == pytest.approx([x + 3, y, z - row])
    # Nothing is in the air when they have landed, and both columns have gone over into the sum.
    for name in ("one:a", "one:b", "one:sum in embedding"):
        assert film.value_at(name, "scale", film.duration) == 0


def test_lines_lead_from_the_sources_of_a_cell(told):
    body, run, reader, _ = told
    gesture = {"link": "layer0.head0.attention_scores[2, 4]", "most": 32, "time": 2}
    film = compiled(body, run, [gesture], reader=reader)
    (lines,) = (actor for actor in film.actors if isinstance(actor, Lines))
    starts = {tuple(np.round(path[0], 3)) for path in lines.paths}
    wanted = set()
    for name, column in (("q", 4), ("k", 2)):
        x, y, z = body.blocks[f"layer0.head0.{name}"].origin
        wanted |= {tuple(np.round((x + column, y - 0.55, z - row), 3)) for row in range(16)}
    assert starts == wanted
    assert film.value_at("one:link", "scale", 2.1) == 0


def test_a_card_says_what_the_inspector_says(told):
    from llmviz_addon.explain import explain

    body, run, reader, _ = told
    film = compiled(body, run, [{"card": "layer0.head0.q[3, 5]"}], reader=reader)
    said = [actor.text for actor in film.actors if isinstance(actor, Words)]
    found = explain(reader, "layer0.head0.q", 3, 5)
    assert said == [found.text, f"= {found.with_numbers}"]


@pytest.mark.parametrize(
    ("gestures", "says"),
    [
        ([{"morph": "row", "exp": True}], "'row' is not on the stage; there is nothing"),
        ([{"copy": "wte[1]", "to": "embedding[3, 4]"}], "48 cells to fly to 1"),
        ([{"graph": "layer0.ln_1[3, 0:4]"}], "no function of one number"),
        ([{"normalize": "layer0.mlp[:, 3]"}], "no column of a layer norm"),
        ([{"add": ["a"], "into": "embedding[3]"}], "'a' is not on the stage"),
    ],
)
def test_what_cannot_be_shown_is_named(told, gestures, says):
    body, run, reader, _ = told
    with pytest.raises(AuthoringError, match=f"one.beat0: .*{says}"):
        compiled(body, run, gestures, reader=reader)


def test_values_are_weighed_and_mixed_into_a_heads_output(told):
    body, run, reader, trace = told
    film = compiled(body, run, [{"mix": "layer0.head1.output[4]", "time": 4}], reader=reader)
    shares = trace["layer0.head1.attention"][4, :5].astype(float)
    values = trace["layer0.head1.v"][:5].astype(float)
    columns, row, *weighed, total = (a for a in film.actors if isinstance(a, Cells))
    assert columns.values == pytest.approx(values.reshape(-1).tolist())
    assert row.values == pytest.approx(shares.tolist())
    products = [actor.values for actor in weighed]
    assert np.array(products) == pytest.approx(shares[:, None] * values)
    assert total.values == pytest.approx(np.sum(products, axis=0).tolist(), abs=1e-5)
    # It drops into its column.
    x, y, z = body.blocks["layer0.head1.output"].origin
    end = [film.value_at(total.name, "location", 3.999, axis) for axis in range(3)]
    assert end == pytest.approx([x + 4, y, z - 7.5], abs=0.01)


def test_what_layers_add_has_bars_as_long_as_their_columns(told):
    body, run, reader, trace = told
    gesture = {
        "lengths": ["layer*.attention_output", "layer*.mlp_result"],
        "columns": "4",
        "together": True,
    }
    film = compiled(body, run, [gesture], reader=reader)
    stream = [trace["embedding"], *(trace[f"layer{i}.mlp_residual"] for i in range(3))]
    added = np.linalg.norm(np.diff(np.array(stream, float)[:, 4], axis=0), axis=1)
    boxes = np.array(bars(film).boxes[-1])
    proportional(np.ptp(boxes[:, :, 2], axis=1), added)
    (label,) = (actor for actor in film.actors if isinstance(actor, Labels))
    assert [float(text) for text in label.texts] == pytest.approx(added, rel=0.01)


def _landed(film):
    """The middles of the cells of each copy that is an actor, once they have arrived."""
    return [
        np.array(actor.offsets)
        + [film.value_at(actor.name, "location", 3.9, axis) for axis in range(3)]
        for actor in film.actors
        if isinstance(actor, Cells)
    ]


def test_patterns_of_all_heads_are_gathered_side_by_side(told):
    body, run, reader, trace = told
    gesture = {"gather": "layer0.head*.attention[0:5, 0:5]", "time": 3}
    film = compiled(body, run, [gesture], reader=reader)
    copies = [actor for actor in film.actors if isinstance(actor, Cells)]
    lower = np.tril(np.ones((5, 5), bool))
    for head, actor in enumerate(copies):
        weights = trace[f"layer0.head{head}.attention"][:5, :5].astype(float)
        # Column after column, without those above the diagonal, which are no numbers.
        assert actor.values == pytest.approx(weights.T[lower.T].tolist())
        x, y, z = body.blocks[f"layer0.head{head}.attention"].origin
        began = np.array(actor.offsets) + actor.place
        wanted = [(x + key, y, z - query) for key in range(5) for query in range(key, 5)]
        assert began == pytest.approx(np.array(wanted))
    landed = _landed(film)
    front = min(block.origin[1] for block in body.blocks.values() if block.layer == 0)
    assert all(cells[:, 1].max() < front for cells in landed)
    boxes = [(cells.min(axis=0) - 0.5, cells.max(axis=0) + 0.5) for cells in landed]
    for index, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:index]:
            assert (low >= other_high).any() or (other_low >= high).any()
    (label,) = (actor for actor in film.actors if isinstance(actor, Labels))
    assert label.texts == ("0", "1", "2")
    for at, (low, high) in zip(label.offsets, boxes, strict=True):
        assert low[0] < at[0] < high[0] and at[2] < low[2]


def test_of_many_positions_the_last_ones_are_gathered(told, monkeypatch):
    body, run, reader, trace = told
    monkeypatch.setattr("llmviz_addon.walkthrough.gestures.gathering.MOST", 3)
    film = compiled(body, run, [{"gather": "layer0.head*.attention[0:5, 0:5]"}], reader=reader)
    first = next(actor for actor in film.actors if isinstance(actor, Cells))
    weights = trace["layer0.head0.attention"][2:5, 2:5].astype(float)
    assert first.values == pytest.approx(weights.T[np.triu(np.ones((3, 3), bool))].tolist())


@pytest.mark.parametrize(("aspect", "columns"), [(16 / 9, 3), (9 / 16, 2)])
def test_what_is_gathered_stands_in_rows_that_fill_the_picture(told, aspect, columns):
    body, run, reader, _ = told
    gesture = {"gather": "layer0.head*.attention[0:5, 0:5]"}
    film = compiled(body, run, [gesture], reader=reader, aspect=aspect)
    assert len({round(cells[:, 0].mean(), 3) for cells in _landed(film)}) == columns


def test_what_is_gathered_must_be_of_one_size(told):
    body, run, reader, _ = told
    with pytest.raises(AuthoringError, match="as many cells of each block"):
        compiled(body, run, [{"gather": "layer0.head0.*"}], reader=reader)
