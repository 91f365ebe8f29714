"""Rays find the cell that a search through every block would find."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from llmviz_addon import anatomy, model

RAYS = 120


@pytest.fixture(scope="module", params=[("nano-gpt", None), ("gpt2", 8), ("gpt3", None)])
def preset(request):
    name, n_tokens = request.param
    return anatomy.build(model.load(name).config, n_tokens)


def first_of_all(blocks, origin, direction):
    """The first block on a ray, one block and one axis after the other, in exact fractions."""
    origin = [Fraction(float(v)) for v in origin]
    direction = [Fraction(float(v)) for v in direction]
    best = None
    for block in blocks:
        low, high = block.bounds
        enter, leave = Fraction(0), None
        for start, step, a, b in zip(origin, direction, low, high, strict=True):
            a, b = Fraction(a), Fraction(b)
            if step == 0:
                missed = not a <= start <= b
                near, far = (Fraction(1), Fraction(0)) if missed else (Fraction(0), None)
            else:
                near, far = sorted(((a - start) / step, (b - start) / step))
            enter = max(enter, near)
            leave = far if leave is None else leave if far is None else min(leave, far)
            if leave is not None and enter > leave:
                break
        else:
            if best is None or enter < best[0]:
                best = enter, block
    if best is None:
        return None
    enter, block = best
    x, z = (origin[i] + enter * direction[i] for i in (0, 2))
    low, high = block.bounds
    column = min(max(int(x - Fraction(low[0])), 0), block.columns - 1)
    row = min(max(int(Fraction(high[2]) - z), 0), block.rows - 1)
    return block.name, column, row, float(enter)


def rays(body, count, seed):
    """Rays from around the model toward points in blocks, and a few into nowhere."""
    random = np.random.default_rng(seed)
    low, high = (np.array(corner) for corner in body.bounds())
    blocks = list(body.blocks.values())
    for index in range(count):
        block = blocks[random.integers(len(blocks))]
        target = random.uniform(*block.bounds)
        if index % 3 == 0:
            origin = random.uniform(low - 50, high + 50)
        else:
            origin = target + random.normal(size=3) * random.choice([3.0, 30.0, 3000.0])
        direction = target - origin if index % 8 else random.normal(size=3)
        yield origin, direction


def test_a_ray_finds_what_a_search_through_all_blocks_finds(preset):
    blocks = list(preset.blocks.values())
    corners = np.array([block.bounds for block in blocks])
    middle, half = corners.mean(1), np.linalg.norm(np.diff(corners, axis=1)[:, 0], axis=1) / 2
    met = 0
    for origin, direction in rays(preset, RAYS, seed=7):
        # Fractions are slow: only for blocks whose sphere the line touches.
        aside = np.cross(middle - origin, direction / np.linalg.norm(direction))
        near = np.flatnonzero(np.linalg.norm(aside, axis=1) <= half + 1)
        expected = first_of_all([blocks[i] for i in near], origin, direction)
        hit = preset.pick(origin, direction)
        if expected is None:
            assert hit is None
            continue
        met += 1
        name, column, row, along = expected
        assert (hit.block, hit.column, hit.row) == (name, column, row)
        assert hit.distance == pytest.approx(along * np.linalg.norm(direction), rel=1e-9, abs=1e-6)
        np.testing.assert_allclose(hit.point, origin + along * direction, rtol=1e-9, atol=1e-5)
    assert met > RAYS / 2


def test_rays_along_an_axis_hit_and_miss(nano):
    x, y, z = nano.blocks["embedding"].origin
    hit = nano.pick((x + 3, y - 10, z - 20), (0, 2, 0))
    assert (hit.block, hit.column, hit.row, hit.distance) == ("embedding", 3, 20, 9.5)
    assert nano.pick((x + 3, y - 10, z - 20), (0, -1, 0)) is None
    assert nano.pick((x, y - 10, 100.0), (0, 1, 0)) is None
    from_above = nano.pick((x + 3, y, 100.0), (0, 0, -1))
    assert (from_above.block, from_above.column, from_above.row) == ("tokens", 3, 0)


def test_a_ray_that_begins_in_a_block_is_there(nano):
    block = nano.blocks["layer0.mlp_weight"]
    x, y, z = block.origin
    hit = nano.pick((x + 7.2, y, z - 5.1), (1, 0, 0))
    assert (hit.block, hit.column, hit.row, hit.distance) == (block.name, 7, 5, 0.0)


@pytest.mark.parametrize("bad", [(0, 0, 0), (1, 2), (np.nan, 0, 1), (np.inf, 0, 0)])
def test_directions_that_lead_nowhere_are_refused(nano, bad):
    with pytest.raises(ValueError, match=r"A direction (is three|must lead)"):
        nano.pick((0.0, 0.0, 0.0), bad)


def test_rays_from_nowhere_are_refused(nano):
    with pytest.raises(ValueError, match="The origin of a ray is three finite numbers"):
        nano.pick((0.0, np.nan, 1.0), (0, 1, 0))
