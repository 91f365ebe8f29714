"""Networks of several shapes, and traces to compare their anatomy with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from llmviz_addon import anatomy, model

GOLDEN = Path(__file__).parents[1] / "model" / "golden"

TOWER, UNFOLDED = anatomy.Arrangement("tower"), anatomy.Arrangement(folded=False)


def rows(columns: int) -> anatomy.Arrangement:
    """Layers in so many columns."""
    return anatomy.Arrangement("rows", columns)


# In this order: the reference; no biases and a narrow MLP; a context wider than the channels; one
# of everything; many layers; very many heads; fewer positions drawn than the context has; only one;
# a vocabulary that folds. Then the same in other arrangements.
SHAPES = {
    "nano-gpt": {"n_layer": 3, "n_head": 3, "n_embd": 48, "n_ctx": 11, "n_vocab": 3},
    "bare": {"n_layer": 2, "n_head": 2, "n_embd": 8, "n_ctx": 7, "n_vocab": 5, "bias": False},
    "long": {"n_layer": 1, "n_head": 4, "n_embd": 16, "n_ctx": 64, "n_vocab": 90, "d_ff": 24},
    "least": {"n_layer": 1, "n_head": 1, "n_embd": 2, "n_ctx": 2, "n_vocab": 2},
    "deep": {"n_layer": 25, "n_head": 2, "n_embd": 24, "n_ctx": 9, "n_vocab": 12},
    "many heads": {"n_layer": 13, "n_head": 16, "n_embd": 192, "n_ctx": 40, "n_vocab": 30},
    "short": {"n_layer": 2, "n_head": 2, "n_embd": 24, "n_ctx": 30, "n_vocab": 12, "n_tokens": 6},
    "one token": {"n_layer": 2, "n_head": 2, "n_embd": 8, "n_ctx": 9, "n_vocab": 4, "n_tokens": 1},
    "words": {"n_layer": 2, "n_head": 2, "n_embd": 16, "n_ctx": 6, "n_vocab": 3001},
}
SHAPES |= {
    "nano-gpt, tower": SHAPES["nano-gpt"] | {"arrangement": TOWER},
    "nano-gpt, two columns": SHAPES["nano-gpt"] | {"arrangement": rows(2)},
    "least, tower": SHAPES["least"] | {"arrangement": TOWER},
    "deep, tower": SHAPES["deep"] | {"arrangement": TOWER},
    "deep, four columns": SHAPES["deep"] | {"arrangement": rows(4)},
    "words, tower": SHAPES["words"] | {"arrangement": TOWER},
    "words, unfolded": SHAPES["words"] | {"arrangement": UNFOLDED},
}


def shaped(
    n_tokens: int | None = None, arrangement: anatomy.Arrangement | None = None, **shape: Any
) -> anatomy.Anatomy:
    """The anatomy of a network of this shape."""
    return anatomy.build(model.Config(tied=False, **shape), n_tokens, arrangement)


# The models of the presets, as they are drawn: for one token, for a short prompt and for the
# longest that the film plays, and in full; then in other arrangements.
SCALES = {
    "GPT-2, 1 token": ("gpt2", 1, None),
    "GPT-2, 8 tokens": ("gpt2", 8, None),
    "GPT-2, 69 tokens": ("gpt2", 69, None),
    "GPT-2": ("gpt2", None, None),
    "GPT-2 XL, 8 tokens": ("gpt2-xl", 8, None),
    "GPT-2 XL": ("gpt2-xl", None, None),
    "GPT-3": ("gpt3", None, None),
    "GPT-2, 8 tokens, tower": ("gpt2", 8, TOWER),
    "GPT-2, 69 tokens, unfolded": ("gpt2", 69, UNFOLDED),
    "GPT-2, six columns": ("gpt2", None, rows(6)),
    "GPT-2 XL, tower": ("gpt2-xl", None, TOWER),
}


@pytest.fixture(scope="session", params=SCALES)
def giant(request: pytest.FixtureRequest) -> anatomy.Anatomy:
    """The anatomy of one of the large models."""
    preset, n_tokens, arrangement = SCALES[request.param]
    return anatomy.build(model.load(preset).config, n_tokens, arrangement)


@pytest.fixture(scope="session", params=SHAPES)
def body(request: pytest.FixtureRequest) -> anatomy.Anatomy:
    """The anatomy of one of the shapes."""
    return shaped(**SHAPES[request.param])


@pytest.fixture(scope="session")
def nano() -> anatomy.Anatomy:
    """The anatomy of nano-gpt."""
    return shaped(**SHAPES["nano-gpt"])


def _golden(case: str) -> tuple[anatomy.Anatomy, Mapping[str, np.ndarray]]:
    loaded = model.load(GOLDEN / case)
    intermediates = load_file(GOLDEN / case / "trace.safetensors")
    trace = loaded.forward(intermediates["tokens"].tolist())
    # The intermediates come from another implementation; only the weights are read with our code.
    return anatomy.build(loaded.config), {**trace, **intermediates}


def _preset(
    prompt: str, n_tokens: int | None = None
) -> tuple[anatomy.Anatomy, Mapping[str, np.ndarray]]:
    loaded = model.load("nano-gpt")
    return anatomy.build(loaded.config, n_tokens), loaded.forward(loaded.read_prompt(prompt))


CASES: dict[str, Callable[[], tuple[anatomy.Anatomy, Mapping[str, np.ndarray]]]] = {
    "nano-gpt CBABBC": lambda: _preset("CBABBC"),
    "nano-gpt CBABBC, nothing else drawn": lambda: _preset("CBABBC", 6),
    "nano-gpt CB, drawn with room for more": lambda: _preset("CB", 7),
    "nano-gpt full": lambda: _preset("CCABACAABCC"),
    **{
        case.name: lambda case=case: _golden(case.name)
        for case in sorted(GOLDEN.iterdir())
        if case.is_dir()
    },
}


@pytest.fixture(scope="session", params=CASES)
def traced(request: pytest.FixtureRequest) -> tuple[anatomy.Anatomy, Mapping[str, np.ndarray]]:
    """An anatomy and the numbers of one forward pass."""
    return CASES[request.param]()
