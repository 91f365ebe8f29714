"""Networks from tiny to GPT-3, and small ones that are bundled as if they were large."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from llmviz_addon import anatomy, model

PRESETS = {preset.id: preset.config for preset in model.presets()}
TINY = model.Config(n_layer=2, n_head=2, n_embd=8, n_ctx=7, n_vocab=5)
CONFIGS = {"tiny": TINY, **PRESETS}
LARGE = ("gpt2", "gpt2-xl", "gpt3")


@pytest.fixture(scope="session")
def bodies() -> Callable[[str], anatomy.Anatomy]:
    """The anatomy of a model by its name, built once."""
    made: dict[str, anatomy.Anatomy] = {}

    def of(name: str) -> anatomy.Anatomy:
        if name not in made:
            made[name] = anatomy.build(CONFIGS[name])
        return made[name]

    return of


@pytest.fixture
def bundled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., anatomy.Anatomy]:
    """Makes small networks whose blocks share objects as those of a large one do."""
    monkeypatch.setattr("llmviz_addon.detail.bundles.MOST_OBJECTS", 10)

    def of(n_tokens: int | None = None, **shape: Any) -> anatomy.Anatomy:
        usual = {"n_layer": 3, "n_head": 3, "n_embd": 12, "n_ctx": 9, "n_vocab": 7}
        return anatomy.build(model.Config(**(usual | shape)), n_tokens)

    return of
