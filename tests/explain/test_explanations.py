"""An explanation of any cell agrees with a computation that knows nothing of our formulas."""

from __future__ import annotations

import math
import re
from dataclasses import fields, is_dataclass, replace
from statistics import NormalDist

import numpy as np
import pytest

from llmviz_addon import explain
from llmviz_addon.anatomy import operations, terms
from tests.explain import reference

CLOSE = {"rel": 2e-5, "abs": 2e-5}


def one_of_each_role(model):
    """For each role a block of the second layer and head, and cells of it that are computed."""
    found = {}
    for block in model.anatomy.blocks.values():
        if block.layer in (None, 1) and block.head in (None, 1):
            found[block.role] = block
    random = np.random.default_rng(5)
    for block in found.values():
        columns, rows = block.extent(model.reader.n_tokens)
        for _ in range(4):
            column, row = int(random.integers(columns)), int(random.integers(rows))
            if block.causal:
                column, row = sorted((column, row))
            yield block, column, row


def known(truth, cells):
    """The reference's numbers of cells of one block, found by its own knowledge of axes."""
    block, columns, rows = cells
    array = truth[block]
    if array.ndim == 1:
        return array[columns + rows]
    # Neurons of the MLP, keys, and channels before the logits stand along the columns.
    turned = r"(attention|attention_scores|mlp|mlp_activation|mlp_weight|lm_head)$"
    return array[rows, columns] if re.search(turned, block) else array[columns, rows]


def disagreement(model, truth, block, column, row):
    """The mistakes in an explanation; empty where all of it agrees with the reference."""
    found = model.explain(block.name, column, row)
    one = np.array([column]), np.array([row])
    expected = float(known(truth, (block.name, *one))[0])
    wrong = []
    if found.value != pytest.approx(expected, **CLOSE):
        wrong.append(f"value {found.value}, not {expected}")
    if eval(found.numpy_address, {"trace": truth}) != pytest.approx(expected, rel=1e-12):
        wrong.append(found.numpy_address)
    wrong += [
        f"source {source.part}"
        for source in found.sources
        if not np.allclose(source.values, known(truth, source.cells), rtol=2e-5, atol=2e-5)
    ]
    if found.formula is not None:
        if found.recomputed != pytest.approx(expected, **CLOSE):
            wrong.append(f"recomputed {found.recomputed}, not {expected}")
        made = found.contributions
        total = made.values.max() if made.over == "max" else made.values.sum()
        total = abs(total) ** 0.5 if made.function == "√" else total
        if total != pytest.approx(expected, **CLOSE):
            wrong.append(f"contributions make {total}, not {expected}")
    return wrong


def test_some_cells_of_each_role_agree_with_numpy_in_all_that_is_said_of_them(pair):
    model, truth = pair
    roles = set()
    for block, column, row in one_of_each_role(model):
        assert not disagreement(model, truth, block, column, row), (block.name, column, row)
        roles.add(block.role)
    assert len(roles) == len({block.role for block in model.anatomy.blocks.values()}) == 50


def test_a_weight_stands_in_the_checkpoint_where_it_is_said_to(pair):
    model, _ = pair
    for block, column, row in one_of_each_role(model):
        found = model.explain(block.name, column, row)
        assert bool(found.checkpoint_address) == (block.kind == "weight")
        if block.kind == "weight":
            stored = eval(found.checkpoint_address, {"weights": model.model.weights})
            assert float(stored) == found.value


# Formulas that are wrong on purpose


def mistaken(term):
    """Terms in place of one, each a mistake that one could make."""
    match term:
        case terms.Plus(parts):
            yield from (terms.Minus(*parts), parts[0])
        case terms.Minus(left, right):
            yield terms.Plus((left, right))
        case terms.Times(left, right):
            yield terms.Plus((left, right))
        case terms.Divided(top, bottom):
            yield from (terms.Times(top, bottom), top)
        case terms.Power(base, exponent):
            yield terms.Power(base, exponent + 1)
        case terms.Call(_, inner):
            yield inner
        case terms.Across(over, inner):
            yield from (terms.Across(o, inner) for o in ("sum", "mean", "max") if o != over)


def rewritten(term):
    """Trees that differ from one in a single mistake."""
    yield from mistaken(term)
    for field in fields(term):
        value = getattr(term, field.name)
        # Of a function that has a name of its own, only what the name stands for is computed.
        if isinstance(term, terms.Named) and field.name == "term":
            continue
        several = value if isinstance(value, tuple) else (value,)
        for index, each in enumerate(several):
            for other in rewritten(each) if is_dataclass(each) else ():
                new = (*several[:index], other, *several[index + 1 :])
                yield replace(term, **{field.name: new if isinstance(value, tuple) else other})


# Hendrycks and Gimpel 2016; Elfwing et al. 2017.
ACTIVATIONS = {
    "gelu": lambda x: x * NormalDist().cdf(x),
    "gelu_tanh": reference.gelu,
    "relu": lambda x: x if x > 0 else 0.0,
    "silu": lambda x: x / (1 + math.exp(-x)),
}


def mutants(operation):
    """Mistaken trees; without one that comes to the same: ε is too small to be seen."""
    for tree in rewritten(operations.OPERATIONS[operation]):
        if operation == "std" and "ε" not in str(tree):
            continue
        if "Minus(left=Across" not in str(tree):
            yield tree


@pytest.mark.parametrize("operation", sorted({*operations.OPERATIONS} - {*ACTIVATIONS}))
def test_every_mistake_in_a_formula_is_caught(nano, truth, monkeypatch, operation):
    cells = [
        (block, column, row)
        for block, column, row in one_of_each_role(nano)
        if block.spec.formula and block.spec.formula.operation == operation
    ]
    tried = list(mutants(operation))
    assert tried and cells
    for tree in tried:
        monkeypatch.setitem(operations.OPERATIONS, operation, tree)
        with np.errstate(invalid="ignore"):
            assert any(disagreement(nano, truth, *cell) for cell in cells), tree


@pytest.mark.parametrize("operation", ACTIVATIONS)
def test_activations_are_those_of_the_papers_and_every_mistake_in_one_is_caught(operation):
    x = np.linspace(-4, 4, 33)
    expected = [ACTIVATIONS[operation](each) for each in x.tolist()]

    def agrees(tree):
        with np.errstate(invalid="ignore"):
            return np.allclose(terms.evaluate(tree, {"input": x}, {}), expected, atol=1e-9)

    assert agrees(operations.OPERATIONS[operation])
    tried = list(mutants(operation))
    assert tried and not any(map(agrees, tried))


# What is written


def balanced(written):
    depth = 0
    for mark in re.findall(r"(?<!\\)[{}]", written):
        depth += 1 if mark == "{" else -1
        assert depth >= 0
    return depth == 0


def test_latex_is_sound_for_every_role(nano):
    commands = {
        *(r"\mathrm", r"\frac", r"\sum", r"\sqrt", r"\max", r"\left", r"\right", r"\leq"),
        *(r"\times", r"\cdot", r"\cdots", r"\ldots", r"\gamma", r"\beta", r"\epsilon"),
    }
    for block, column, row in one_of_each_role(nano):
        found = nano.explain(block.name, column, row)
        if block.formula is None:
            assert found.latex == ""
            continue
        for written in (found.latex, block.formula.latex()):
            assert balanced(written), written
            assert written.count(r"\left(") == written.count(r"\right)")
            assert set(re.findall(r"\\[a-z]+", written)) <= commands, written
            assert written.isascii(), written


def test_latex_reads_like_the_papers(nano):
    def latex(name, *cell):
        return nano.anatomy.blocks[name].formula.latex(*cell)

    assert latex("layer0.head0.attention_scores", 1, 3) == (
        r"\mathrm{scores}_{1, 3} = \frac{\sum_{i} q_{3, i} \, k_{1, i}}{\sqrt{d_{\mathrm{head}}}}"
    )
    assert latex("layer1.ln_2") == (
        r"\mathrm{ln\_2}_{t, c} = \frac{x_{t, c} - \mathrm{mean}_{t}}{\mathrm{std}_{t}} \, "
        r"\gamma_{c} + \beta_{c}"
    )
    assert latex("embedding", 3, 4) == (
        r"\mathrm{embedding}_{3, 4} = \mathrm{wte}_{\mathrm{tokens}_{3}, 4} + \mathrm{wpe}_{3, 4}"
    )


def test_words_name_every_block_that_takes_part(nano):
    for block, column, row in one_of_each_role(nano):
        found = nano.explain(block.name, column, row)
        assert found.title and found.place
        if block.formula is None:
            assert found.description == ""
            continue
        for source in found.sources:
            if source.part != "token":
                title = nano.anatomy.blocks[source.cells.block].title
                assert title in found.description, (block.name, found.description)


def test_a_formula_in_words_reads_like_a_sentence(nano):
    def said(name, *cell):
        return nano.explain(name, *cell).description

    assert said("layer0.head0.q", 3, 15) == (
        "the sum of Q Weights times Layer Norm over 48 channels, plus Q Bias"
    )
    assert said("layer0.head0.attention", 1, 3) == (
        "the exponential of (Attention Scores minus Row Maximum), divided by Sum of Exponentials"
    )
    assert said("layer0.head1.output", 2, 3) == "the sum of Attention times V Vectors over 3 keys"


def test_the_numbers_that_are_put_in_make_the_value(nano):
    # Of each kind of term one that is short enough to be written in full.
    for cell in (
        "layer0.head1.output[2, 3]",
        "layer0.head1.attention[1, 3]",
        "layer0.head1.attention_max[2]",
        "layer0.ln_1[2, 5]",
        "layer2.mlp_residual[4, 4]",
    ):
        found = nano.explain(cell)
        written, _, value = found.with_numbers.rpartition(" = ")
        written = written.replace("−", "-").replace("×", "*")
        computed = eval(written, {"exp": np.exp, "max": max})
        assert computed == pytest.approx(found.value, rel=0.05), found.with_numbers
        assert float(value.replace("−", "-")) == pytest.approx(found.value, rel=0.006)


def test_a_long_sum_names_its_largest_terms_and_counts_all(nano, truth):
    found = nano.explain("layer0.attention_output", 2, 4)
    made = found.contributions
    outputs = np.concatenate([truth[f"layer0.head{j}.output"][2] for j in range(3)])
    products = truth["layer0.projection_weight"][:, 4] * outputs
    everything = [*products, truth["layer0.projection_bias"][4]]
    np.testing.assert_allclose(made.values, everything, rtol=1e-4, atol=1e-6)
    order = np.argsort(-np.abs(everything))[:5].tolist()
    assert [c.index for c in made.largest] == order
    assert found.summary.startswith("49 terms; head 0, channel 6: −0.127 × 0.293 = −0.0374; ")
    assert made.largest[0].cells == (
        explain.Cell("layer0.projection_weight", 6, 4),
        explain.Cell("layer0.head0.output", 2, 6),
    )
    assert found.largest_source == explain.Cell("layer0.head0.output", 2, 6)
    assert [c.words for c in made.largest[:3]] == [
        "head 0, channel 6",
        "head 1, channel 5",
        "Projection Bias",
    ]
    rest = sum(products) - sum(sorted(products, key=abs)[-3:])
    assert f"(45 more: {rest:.4f})".replace("-", "−") in found.with_numbers


def test_uses_tell_where_a_number_adds_most(nano, truth):
    found = nano.explain("layer1.head2.q_weight", 3, 5)
    added = truth["layer1.head2.q_weight"][3, 5] * truth["layer1.ln_1"][:, 3]
    (use,) = found.uses.groups
    assert (len(found.uses), use.cells.block, use.part) == (6, "layer1.head2.q", "weight")
    np.testing.assert_allclose(use.shares, added, rtol=1e-4)
    assert found.uses.largest == explain.Cell("layer1.head2.q", int(np.abs(added).argmax()), 5)
    found = nano.explain("probabilities", 2, 0)
    assert len(found.uses) == 0 and found.uses.summary == "Goes into no other cell"


def test_places_are_said_in_the_fields_words(nano):
    def place(name, *cell):
        return nano.explain(name, *cell).place

    assert place("layer0.mlp_residual", 3, 15) == "position 3, token B; channel 15"
    assert place("layer0.head0.attention", 1, 3) == ("query 3, token B, looks at key 1, token B")
    assert place("layer0.mlp", 100, 2) == "neuron 100; position 2, token A"
    assert place("wte", 2, 7) == "vocabulary entry 2, token C; channel 7"
    assert place("layer0.mlp_weight", 100, 7) == "from channel 7 to neuron 100"
    assert place("layer0.projection_weight", 20, 7) == "from head 1, channel 4 to channel 7"
    assert place("layer0.head2.v_bias", 0, 5) == "channel 5"
    assert nano.explain("tokens", 2, 0).value_words == "0, token A"


def test_cells_without_a_number_say_why(nano):
    masked = nano.explain("layer0.head0.attention", 4, 2)
    assert (masked.state, masked.value) == ("masked", None)
    assert masked.why == "Masked: query 2 does not look at key 4, which comes later"
    assert masked.place.startswith("query 2, token A, would look at key 4")
    unused = nano.explain("layer0.mlp", 3, 8)
    assert (unused.state, unused.value, unused.n_sources) == ("unused", None, 0)
    assert unused.why == "Unused: there is no token at position 8; the sequence ends at 5"
    for found in (masked, unused):
        assert found.why in str(found) and "nan" not in str(found).lower()


def test_a_model_without_numbers_explains_its_formulas_and_says_so():
    found = explain.load("gpt2-xl").explain("layer3.head2.q", 4, 5)
    assert (found.state, found.value, found.recomputed) == ("absent", None, None)
    assert found.why.startswith("No number: GPT-2 XL is here as its shape only")
    assert found.n_sources == 1600 + 1600 + 1 and len(found.uses) == 5
    assert "Σ_i W[i, 5] · ln_1[4, i] + b[5]" in str(found)


def test_an_explanation_prints_all_that_it_knows(nano):
    said = str(nano.explain("layer0.attention_output", 2, 4))
    for part in (
        "layer0.attention_output[2, 4]\nAttention Output, layer 0: position 2, token A; channel 4",
        'trace["layer0.attention_output"][2, 4]',
        "attention_output[2, 4] = Σ_i W[i, 4] · outputs[2, i] + b[4]",
        "terms     49 terms\n           −0.0374  ████████████  head 0, channel 6: −0.127 × 0.293\n",
        "            0.0134  ████          Projection Bias\n",
        "97 cells",
        "bias: layer0.projection_bias[0, 4] = 0.01340",
        "Goes into layer0.attention_residual[2, 4]: −0.0607",
    ):
        assert part in said, said


def test_sources_count_by_the_terms_that_they_stand_in(nano):
    """A query's channel is a sum of products, and its bias is a term of its own."""
    found = nano.explain("layer0.head1.q[2, 5]")
    trace = nano.trace
    weights = np.asarray(trace["layer0.head1.q_weight"], np.float64)[:, 5]
    products = np.abs(weights * np.asarray(trace["layer0.ln_1"], np.float64)[2])
    by_part = {
        s.part: strengths for s, strengths in zip(found.sources, found.strengths, strict=True)
    }
    np.testing.assert_allclose(by_part["weight"], products / products.max(), rtol=1e-5)
    for source, strengths in zip(found.sources, found.strengths, strict=True):
        assert len(source) == len(strengths)
        assert (strengths >= 0).all() and (strengths <= 1).all()
