"""A sum that is taken apart shows at every moment what numpy says it is then."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import detail
from llmviz_addon.explain import CellReader, Reading
from llmviz_addon.walkthrough import AuthoringError
from llmviz_addon.walkthrough.actors import Cells, Counter

from .staging import compiled


def counters(film):
    """The names of counters by what they count: their key is the end of their name."""
    found = [actor for actor in film.actors if isinstance(actor, Counter)]
    return {actor.name.rpartition(":")[2].rstrip("0123456789"): actor.name for actor in found}


def moments(film, count=10):
    """Moments of the whole film, and those just before and after numbers change."""
    rng = np.random.default_rng(5)
    return [*rng.uniform(0, film.duration, count), film.duration]


def shown(film, name, time):
    return film.value_at(name, "count", time)


CASES = {
    # By cell: the factors of its terms, and what follows the sum, from the trace alone.
    "layer0.head1.q[3, 5]": lambda t: (
        t["layer0.head1.q_weight"][:, 5], t["layer0.ln_1"][3],
        lambda s: s + float(t["layer0.head1.q_bias"][5]), t["layer0.head1.q"][3, 5],
    ),
    "layer0.head1.attention_scores[2, 4]": lambda t: (
        t["layer0.head1.q"][4], t["layer0.head1.k"][2],
        lambda s: s / 4.0, t["layer0.head1.attention_scores"][4, 2],
    ),
    "layer1.head0.output[4, 7]": lambda t: (
        t["layer1.head0.attention"][4, :5], t["layer1.head0.v"][:5, 7],
        lambda s: s, t["layer1.head0.output"][4, 7],
    ),
    "layer0.attention_output[3, 9]": lambda t: (
        t["layer0.projection_weight"][:, 9],
        np.concatenate([t[f"layer0.head{j}.output"][3] for j in range(3)]),
        lambda s: s + float(t["layer0.projection_bias"][9]), t["layer0.attention_output"][3, 9],
    ),
    "logits[5, 1]": lambda t: (
        t["lm_head"][1], t["ln_f"][5], lambda s: s, t["logits"][5, 1],
    ),
}  # fmt: skip


@pytest.mark.parametrize("cell", CASES)
def test_a_dot_product_is_right_at_every_moment(told, cell):
    body, run, reader, trace = told
    one, other, after, value = CASES[cell](trace)
    products = one.astype(np.float64) * other.astype(np.float64)
    film = compiled(body, run, [{"dot_product": cell}], reader=reader)
    names = counters(film)
    seen = set()
    for time in moments(film, 40):
        if film.value_at("one:dot_product", "scale", time) == 0:
            continue
        first, second, term = (shown(film, names[k], time) for k in ("first", "second", "term"))
        # The three numbers that stand beside each other always belong to one term.
        assert first * second == pytest.approx(term, abs=1e-6)
        count = round(shown(film, names["count"], time))
        seen.add(count)
        total = products[:count].sum()
        wanted = {total, after(total)} if count == len(products) else {total}
        assert any(shown(film, names["sum"], time) == pytest.approx(w, abs=1e-6) for w in wanted)
    assert len(seen) > 4
    assert after(products.sum()) == pytest.approx(float(value), abs=1e-5)
    assert shown(film, names["sum"], film.duration) == pytest.approx(float(value), abs=1e-5)


def test_the_cells_that_come_out_are_the_models_own(told):
    body, run, reader, trace = told
    film = compiled(body, run, [{"dot_product": "layer0.head1.q[3, 5]"}], reader=reader)
    cells = [actor for actor in film.actors if isinstance(actor, Cells)]
    for block, wanted in (
        ("layer0.head1.q_weight", trace["layer0.head1.q_weight"][:, 5]),
        ("layer0.ln_1", trace["layer0.ln_1"][3]),
        ("layer0.head1.q_bias", trace["layer0.head1.q_bias"][5:6]),
    ):
        values = [actor.values[0] for actor in cells if actor.block == block]
        assert values == pytest.approx(wanted.tolist())
    # Each starts where its cell stands.
    block = body.blocks["layer0.ln_1"]
    places = [actor.place for actor in cells if actor.block == "layer0.ln_1"]
    x, y, z = block.origin
    assert places == [(x + 3, y, z - row) for row in range(48)]


def test_the_result_lands_in_its_cell(told):
    body, run, reader, _ = told
    film = compiled(
        body,
        run,
        [
            {"blank": ["layer0.head1.q"], "time": 0.2},
            {"sweep": ["layer0.head1.q"], "columns": "0:3", "time": 0.5, "at": 0.2},
            {"dot_product": "layer0.head1.q[3, 0]", "at": 1},
        ],
        reader=reader,
    )
    order = body.blocks["layer0.head1.q"].order(run.n_prompt, run.n_tokens)
    last = film.duration
    before, after = (
        order <= np.float32(film.value_at("layer0.head1.q", "progress", time))
        for time in (last - 0.1, last)
    )
    assert np.argwhere(before != after).tolist() == [[3, 0]]
    result = next(a for a in film.actors if isinstance(a, Cells) and a.block == "layer0.head1.q")
    place = [film.value_at(result.name, "location", last, axis) for axis in range(3)]
    x, y, z = body.blocks["layer0.head1.q"].origin
    assert place == pytest.approx([x + 3, y, z])
    assert film.value_at("one:dot_product", "scale", last) == 0


SUMS = {
    "layer0.ln_1.mean[3]": lambda t: (t["embedding"][3], lambda s: s / 48),
    "layer0.head0.attention_sum[0, 4]": lambda t: (
        np.exp(
            t["layer0.head0.attention_scores"][4, :5].astype(np.float64)
            - float(t["layer0.head0.attention_max"][4])
        ),
        lambda s: s,
    ),
    "layer0.mlp_residual[2, 7]": lambda t: (
        np.array([t["layer0.mlp_result"][2, 7], t["layer0.attention_residual"][2, 7]]),
        lambda s: s,
    ),
}


@pytest.mark.parametrize("cell", SUMS)
def test_a_sum_is_right_at_every_moment(told, cell):
    body, run, reader, trace = told
    terms, after = SUMS[cell](trace)
    terms = terms.astype(np.float64)
    film = compiled(body, run, [{"sum": cell}], reader=reader)
    names = counters(film)
    for time in moments(film, 40):
        count = round(shown(film, names["count"], time))
        total = terms[:count].sum()
        wanted = {total, after(total)} if count == len(terms) else {total}
        assert any(shown(film, names["sum"], time) == pytest.approx(w, abs=1e-5) for w in wanted)


class Drawn(CellReader):
    """Reads cells that are drawn by chance, the same ones each time."""

    def label(self, token):
        return str(token)

    def read(self, block, columns, rows):
        seed = sum(map(ord, block.name))
        return Reading(np.sin(seed + 0.7 * columns + 1.3 * rows).astype(np.float32))


@pytest.fixture(scope="module")
def wide(sized):
    """A model of 768 channels, as bundles, and who reads its cells."""
    body, run = sized(n_layer=12, n_head=12, n_embd=768, n_ctx=12, n_vocab=30)
    return body, run, Drawn(body, "Drawn", run.ids, run.n_prompt), detail.bundle(body)


@pytest.mark.parametrize("layer", [0, 7])
def test_of_many_terms_the_largest_come_first_and_all_are_counted(wide, layer):
    body, run, reader, bundles = wide
    cell = f"layer{layer}.head0.q[2, 9]"
    film = compiled(body, run, [{"dot_product": cell}], reader=reader, bundles=bundles)

    def read(name, columns, rows):
        return reader.read(body.blocks[name], columns, rows).values.astype(np.float64)

    at = np.arange(768)
    # A weight's rows are the channels of the head, its columns those of the input.
    weight = read(f"layer{layer}.head0.q_weight", at, np.full(768, 9))
    products = weight * read(f"layer{layer}.ln_1", np.full(768, 2), at)
    largest = np.sort(np.argsort(-np.abs(products), kind="stable")[:16])
    order = [*largest, *(i for i in range(768) if i not in set(largest.tolist()))]
    names, counts = counters(film), []
    for time in np.linspace(0, film.duration, 400):
        count = round(shown(film, names["count"], time))
        counts.append(count)
        if 0 < count < 768:
            total = products[order[:count]].sum()
            assert shown(film, names["sum"], time) == pytest.approx(total, abs=1e-6)
    assert counts[-1] == 768
    assert len(set(counts)) > 60
    assert len(film.actors) < 150


def test_what_is_no_sum_is_named(told):
    body, run, reader, _ = told
    for cell, says in (
        ("layer0.ln_1[3, 4]", "layer0.ln_1 is no sum of terms"),
        ("wte[1, 2]", "wte is given"),
        ("layer0.ln_1[3]", "48 cells; choose one"),
        ("layer0.head0.attention_scores[4, 2]", "no number at column 4"),
    ):
        with pytest.raises(AuthoringError, match=f"one.beat0, sum: .*{says}"):
            compiled(body, run, [{"sum": cell}], reader=reader)


def test_phases_may_stand_in_several_beats(told):
    body, run, reader, _ = told
    cell = "layer0.head1.q[3, 5]"
    beats = [
        [{"dot_product": cell, "phase": ["out", "pair"]}],
        [{"dot_product": cell, "phase": ["multiply", "sum"]}],
        [{"dot_product": cell, "phase": ["land"]}],
    ]
    film = compiled(body, run, *beats, reader=reader)
    whole = compiled(body, run, [{"dot_product": cell}], reader=reader)
    assert {a.name for a in film.actors} == {a.name for a in whole.actors}
    name = counters(film)["sum"]
    assert shown(film, name, film.duration) == shown(whole, name, whole.duration)


def test_a_model_that_was_never_read_needs_its_numbers(sorter):
    with pytest.raises(AuthoringError, match="not at hand"):
        compiled(*sorter, [{"dot_product": "logits[3, 1]"}])
