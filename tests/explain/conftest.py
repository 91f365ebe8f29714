"""nano-gpt with the numbers of a prompt, and the same numbers from code of the tests' own."""

from __future__ import annotations

import pytest

from llmviz_addon import explain
from tests.explain import reference

PROMPT = "CBABBC"


@pytest.fixture(scope="session")
def nano() -> explain.ExplainedModel:
    """nano-gpt, explained."""
    return explain.load("nano-gpt", PROMPT)


@pytest.fixture(scope="session")
def truth(nano):
    """Every block by name, from the reference."""
    ids = ["ABC".index(letter) for letter in PROMPT]
    return reference.run(dict(nano.model.weights), ids, nano.model.config.n_head)
