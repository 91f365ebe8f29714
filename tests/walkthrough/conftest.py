"""Networks and runs to compile films for: the trained sorter, and others with made-up numbers."""

from __future__ import annotations

import numpy as np
import pytest

from llmviz_addon import anatomy, explain, model
from llmviz_addon.walkthrough import Run

from .helpers import measured


@pytest.fixture(scope="session")
def sorter():
    """The anatomy of nano-gpt, and its run on CBABBC with the five letters that it appends."""
    network = model.load("nano-gpt")
    prompt = network.read_prompt("CBABBC")
    ids = [*prompt, *network.generate(prompt, 5)]
    run = Run.of(network, len(prompt), network.forward(ids))
    return anatomy.build(network.config), run


@pytest.fixture(scope="session")
def sized():
    """Makes an anatomy and a made-up run for a size."""

    def make(n_layer=5, n_head=2, n_ctx=9, n_prompt=4, n_tokens=7, n_vocab=6, n_embd=16, bias=True):
        config = model.Config(
            n_layer=n_layer, n_head=n_head, n_embd=n_embd, n_ctx=n_ctx, n_vocab=n_vocab, bias=bias
        )
        rng = np.random.default_rng(n_layer * 100 + n_tokens)
        ids = rng.integers(0, n_vocab, n_tokens).tolist()
        probabilities = rng.dirichlet(np.ones(n_vocab), n_tokens)
        labels = {i: f"{i}" for i in range(n_vocab)}
        body = anatomy.build(config)
        run = Run.made(ids[:n_prompt], ids, labels, probabilities, "Made Up")
        return body, measured(run, body)

    return make


@pytest.fixture(scope="session")
def told():
    """nano-gpt's anatomy and run on CBABBC, who reads its cells, and the trace itself."""
    network = model.load("nano-gpt")
    prompt = network.read_prompt("CBABBC")
    trace = network.forward([*prompt, *network.generate(prompt, 5)])
    body = anatomy.build(network.config)
    reader = explain.ModelReader(network, trace, body, len(prompt))
    return body, Run.of(network, len(prompt), trace), reader, trace
