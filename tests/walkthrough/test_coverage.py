"""The whole of a model fills the picture that shows it."""

from __future__ import annotations

import pytest

from llmviz_addon import anatomy, model
from llmviz_addon.walkthrough import FACTS, still_pose, stills

from .coverage import coverage

# The share of a wide picture that blocks cover, with a little room below what they do cover. In a
# tower, with the vocabulary in one line, it was 8 % for nano-gpt, 3 % for GPT-2 with 12 tokens and
# 2 % in full, 8 % for GPT-2 XL, and 12 % for GPT-3.
FLOORS = {
    ("nano-gpt", None): 0.13,
    ("gpt2", 12): 0.20,
    ("gpt2", None): 0.23,
    ("gpt2-xl", None): 0.26,
    ("gpt3", None): 0.22,
}


@pytest.mark.parametrize(("preset", "n_tokens"), FLOORS)
def test_the_still_of_the_whole_model_is_filled_by_it(preset, n_tokens):
    body = anatomy.build(model.load(preset).config, n_tokens)
    (still,) = (s for s in stills(frozenset(FACTS)) if s.id == "model")
    assert coverage(body, still_pose(still, body, None)) > FLOORS[preset, n_tokens]
