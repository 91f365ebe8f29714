"""A budget is kept, and goes first to blocks that the film dwells on and to small ones."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy, detail, model
from llmviz_addon.detail import Budget, BudgetError, bundle, choose, n_computed
from llmviz_addon.detail.budget import CUBE_BYTES, MEGABYTE, slab_cells, trace_bytes
from llmviz_addon.detail.pages import FULL, HIGHEST, WIDTH, padded

from .conftest import CONFIGS, LARGE, PRESETS, TINY

BUDGETS = [(0, 0), (0, 64), (20_000, 1), (400_000, 0), (400_000, 256), (10**7, 4000)]


def _of(plan, way: str):
    return [b for b in plan.bundles if plan.ways[b.name] == way]


@pytest.mark.parametrize(("cubes", "slabs"), BUDGETS)
@pytest.mark.parametrize(("name", "computed"), [("nano-gpt", 11), ("gpt2", 69), ("gpt2-xl", 8)])
def test_nothing_is_drawn_beyond_the_budget(name, computed, cubes, slabs):
    plan = detail.plan(PRESETS[name], computed, budget=Budget(cubes, slabs))
    assert plan.ways.keys() == {b.name for b in plan.bundles}
    assert sum(b.cells for b in _of(plan, "cubes")) <= cubes
    own = [b for b in _of(plan, "slab") if b.name not in plan.shared]
    assert sum(slab_cells(b, computed) for b in own) <= slabs * MEGABYTE
    assert all(height <= HIGHEST for height in plan.layout.heights)


@pytest.mark.parametrize(("cubes", "slabs"), BUDGETS)
def test_whatever_would_fit_is_not_passed_over(cubes, slabs):
    plan = detail.plan(PRESETS["gpt2"], 69, budget=Budget(cubes, slabs))
    free_cubes = cubes - sum(b.cells for b in _of(plan, "cubes"))
    left = [b for way in ("slab", "shape") for b in _of(plan, way)]
    assert all(b.cells > free_cubes for b in left)
    own = [b for b in _of(plan, "slab") if b.name not in plan.shared]
    free_slabs = slabs * MEGABYTE - sum(slab_cells(b, 69) for b in own)
    single = [b for b in _of(plan, "shape") if b.name != "lm_head"]
    assert all(slab_cells(b, 69) > free_slabs for b in single)


def _dwelt(made) -> bool:
    return made.single and made.first.layer in (None, 0) and made.first.head in (None, 0)


@pytest.mark.parametrize("cubes", [500, 5000, 60_000, 400_000])
def test_the_smallest_blocks_that_the_film_dwells_on_are_cubes_first(cubes):
    plan = detail.plan(PRESETS["gpt2"], 69, budget=Budget(cubes))
    cubed = {b.name for b in _of(plan, "cubes")}
    told = [b for b in plan.bundles if _dwelt(b)]
    assert len(told) == 50
    sizes = sorted((b.cells, b.name) for b in told)
    fitting = int(np.searchsorted(np.cumsum([cells for cells, _ in sizes]), cubes, side="right"))
    assert 0 < fitting < len(sizes)
    largest = sizes[fitting - 1][0]
    assert all(b.name in cubed for b in told if b.cells < largest)
    assert not any(b.name in cubed for b in told if b.cells > largest)


def test_what_all_fits_is_all_cubes():
    assert set(detail.plan(PRESETS["nano-gpt"], 11).ways.values()) == {"cubes"}


@pytest.mark.parametrize("name", CONFIGS)
def test_a_model_without_numbers_is_all_shapes(name):
    plan = detail.plan(CONFIGS[name], 0, budget=Budget(10**9, 10**6))
    assert set(plan.ways.values()) == {"shape"}
    assert not plan.has_numbers and not plan.layout.heights and not plan.shared
    assert plan.anatomy.n_tokens == CONFIGS[name].n_ctx
    assert plan.estimate.cubes == plan.estimate.slabs == 0


@pytest.mark.parametrize("name", CONFIGS)
def test_every_cell_is_counted_once(bodies, name):
    plan = detail.plan(CONFIGS[name], 0)
    cells = sum(b.columns * b.rows for b in bodies(name).blocks.values())
    assert plan.estimate.shapes == cells
    assert plan.bundled == (name in LARGE)


def test_all_values_of_gpt2_fit_the_default_budget():
    plan = detail.plan(PRESETS["gpt2"], 69)
    assert not _of(plan, "shape")
    weights = [b for b in plan.bundles if b.first.kind == "weight" and b.name != "lm_head"]
    assert sum(b.cells for b in weights) == 124_439_808
    assert plan.estimate.file_bytes < 200 * 10**6


@pytest.mark.parametrize(("name", "computed"), [("gpt2", 1), ("gpt2", 69), ("gpt2-xl", 8)])
def test_the_estimate_of_slabs_is_what_their_pages_take(name, computed):
    plan = detail.plan(PRESETS[name], computed, budget=Budget(0, 4000))
    none = detail.plan(PRESETS[name], computed, budget=Budget(0, 0))
    page = sum(plan.layout.heights) * WIDTH
    assert plan.estimate.file_bytes - none.estimate.file_bytes == page
    assert plan.estimate.slabs == sum(b.cells for b in _of(plan, "slab"))
    own = [b for b in _of(plan, "slab") if b.name not in plan.shared]
    assert page >= sum(b.cells for b in own)
    assert plan.estimate.drawn_bytes >= page


@pytest.mark.parametrize("n_prompt", [1, 6, 11])
def test_the_estimate_of_a_trace_is_what_a_trace_takes(n_prompt):
    network = model.load("nano-gpt")
    trace = network.forward([0] * n_prompt)
    body = anatomy.build(network.config)
    computed = (b.name for b in body.blocks.values() if b.kind != "weight" and b.formula)
    kept = sum(np.asarray(trace[name]).astype(np.float32).nbytes for name in computed)
    assert trace_bytes(network.config, len(trace.ids)) == pytest.approx(kept, rel=0.1)


def test_what_a_role_is_cut_into_gets_values_layer_by_layer():
    plan = detail.plan(PRESETS["gpt2-xl"], 28)
    cut = [b for b in plan.bundles if b.role == "mlp_weight"]
    assert len(cut) > 2
    ways = [plan.ways[b.name] for b in sorted(cut, key=lambda b: b.first.layer)]
    assert ways[0] == "slab" and ways[-1] == "shape"
    # The first layers, without a gap.
    assert ways == sorted(ways, key=["slab", "shape"].index)


def test_what_is_computed_is_the_prompt_and_what_is_appended():
    gpt2 = PRESETS["gpt2"]
    assert n_computed(gpt2, 10, 7) == 17
    assert n_computed(gpt2, 10, 0) == 10
    assert n_computed(gpt2, 1022, 5) == 1024, "the context's end"
    assert n_computed(gpt2, 0, 5) == 0, "a model without numbers"


def test_the_estimate_of_cubes_grows_with_them():
    few, many = (detail.plan(PRESETS["gpt2"], 69, budget=Budget(n)).estimate for n in (0, 400_000))
    assert many.cubes > 300_000
    assert many.memory_bytes - few.memory_bytes > 0.9 * CUBE_BYTES * many.cubes - 2**20
    assert few.objects == many.objects == 100


def test_a_bundle_that_no_page_holds_is_a_shape():
    body = anatomy.build(PRESETS["gpt3"])
    bundles = bundle(body)
    ways = choose(bundles, True, 2048, Budget(0, 10**9))
    for made in bundles:
        small = slab_cells(made, 2048) <= WIDTH * HIGHEST
        assert ways[made.name] == ("slab" if small else "shape")


def test_pages_hold_every_slab_that_is_planned_of_gpt2_xl_with_all_its_context():
    plan = detail.plan(PRESETS["gpt2-xl"], 1024, full_context=True, budget=Budget(0, 10**5))
    assert set(plan.ways.values()) == {"slab"}
    layout = plan.layout
    assert max(layout.heights) <= HIGHEST
    own = [b for b in plan.bundles if b.name not in plan.shared]
    for page, height in enumerate(layout.heights):
        holds = [b.name for b in own if layout.places[b.first.name].page == page]
        assert height <= FULL or len(holds) == 1, holds


@pytest.mark.parametrize("width", [8192, 8200, 10_240, 11_584])
def test_a_slab_that_is_planned_fits_a_page_in_whole_folds(width):
    # Fewer cells than a page has, and still too many: a second fold is as high as the first.
    config = model.Config(n_layer=1, n_head=1, n_embd=width, n_ctx=4, n_vocab=90)
    plan = detail.plan(config, 3, budget=Budget(0, 10**6))
    assert width * width < WIDTH * HIGHEST
    assert plan.ways["layer0.projection_weight"] == ("slab" if width == 8192 else "shape")
    assert max(plan.layout.heights) <= HIGHEST


def test_a_tied_head_costs_no_slab_and_follows_the_embedding():
    computed = 8
    (wte,) = (b for b in detail.plan(PRESETS["gpt2"], computed).bundles if b.name == "wte")
    enough = -(-slab_cells(wte, computed) // MEGABYTE) + 1
    for slabs in (0, 1, enough, 256):
        plan = detail.plan(PRESETS["gpt2"], computed, budget=Budget(0, slabs))
        assert plan.ways["lm_head"] == plan.ways["wte"]
        assert bool(plan.shared) == (plan.ways["wte"] == "slab")
        if plan.shared:
            assert plan.layout.places["lm_head"].page == plan.layout.places["wte"].page


def test_a_tied_head_beside_an_embedding_of_cubes_costs_what_it_takes():
    bundles = detail.plan(TINY, 5).bundles
    (wte,) = (b for b in bundles if b.name == "wte")
    smaller = sum(b.cells for b in bundles if _dwelt(b) and b.cells < wte.cells)
    for slabs, way in ((0, "shape"), (1, "slab")):
        equal = [b.name for b in bundles if _dwelt(b) and b.cells == wte.cells]
        cubes = smaller + (len(equal) - 1) * wte.cells
        plan = detail.plan(TINY, 5, budget=Budget(cubes, slabs))
        assert (plan.ways["wte"], plan.ways["lm_head"]) == ("cubes", way)
        assert not plan.shared


@pytest.mark.parametrize("cubes", range(0, 4000, 37))
def test_a_tied_head_finds_its_numbers_wherever_the_budget_ends(cubes):
    plan = detail.plan(TINY, 5, budget=Budget(cubes, 1))
    for made in _of(plan, "slab"):
        assert made.name in plan.layout.places, made.name


def test_a_large_model_is_drawn_for_the_tokens_there_are_unless_told_otherwise():
    config = PRESETS["gpt2"]
    assert detail.plan(config, 8).anatomy.n_tokens == 8
    assert detail.plan(config, 8, full_context=True).anatomy.n_tokens == 1024
    assert detail.plan(PRESETS["nano-gpt"], 6).anatomy.n_tokens == 11


def test_a_slab_takes_whole_patches_of_what_is_computed(bodies):
    for made in bundle(bodies("gpt2")):
        count, columns, rows = len(made.blocks), made.first.columns, made.first.rows
        if made.first.kind == "weight":
            assert slab_cells(made, 3) == count * padded(columns) * padded(rows)
        else:
            assert slab_cells(made, 3) < slab_cells(made, 1024) or not made.first.time_axis
    assert [padded(n) for n in (1, 8, 9, 50_257)] == [8, 8, 16, 50_264]


def test_a_negative_budget_is_refused():
    for bad in ((-1, 0), (0, -1)):
        with pytest.raises(BudgetError, match="below zero"):
            Budget(*bad)
