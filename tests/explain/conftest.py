"""Models with the numbers of a prompt, and the same numbers from code of the tests' own."""

from __future__ import annotations

import pytest

from llmviz_addon import explain
from tests.explain import reference
from tests.scene import checkpoints

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


@pytest.fixture(scope="session", params=["nano-gpt", "rhyme-gpt", "checkpoint"])
def pair(request, nano, truth, tmp_path_factory):
    """A model, explained, and every block of it by name, from the reference."""
    if request.param == "nano-gpt":
        return nano, truth
    if request.param == "rhyme-gpt":
        found = explain.load("rhyme-gpt")
        ids = found.model.read_prompt(found.model.prompt)
    else:
        # With a tied head, as GPT-2 has it; token 5 comes twice.
        ids = [3, 1, 5, 9, 2, 5, 299]
        folder = checkpoints.save(tmp_path_factory.mktemp("checkpoint") / "model")
        found = explain.load(folder, " ".join(map(str, ids)))
    tensors = dict(found.model.weights)
    return found, reference.run(tensors, ids, found.model.config.n_head)
