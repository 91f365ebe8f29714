"""The network's numbers, computed without any of the code that draws them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from llmviz_addon import anatomy, explain, model, walkthrough

APPENDED = 5


@dataclass(frozen=True)
class Expected:
    """A prompt, the finished sequence, and every tensor of the pass over it."""

    prompt: str
    n_prompt: int
    ids: list[int]
    trace: dict[str, np.ndarray]
    anatomy: anatomy.Anatomy
    run: walkthrough.Run
    reader: explain.ModelReader

    @property
    def n_tokens(self) -> int:
        return len(self.ids)

    def board(self, aspect: float = 16 / 9, palette: str = "standard") -> walkthrough.Storyboard:
        """The film of this run."""
        return walkthrough.compile(
            walkthrough.load("gpt2"),
            self.anatomy,
            self.run,
            aspect=aspect,
            palette=palette,
            reader=self.reader,
        )


@pytest.fixture(scope="session")
def expect():
    """Expected numbers for a prompt of nano-gpt."""
    network = model.load("nano-gpt")
    body = anatomy.build(network.config)

    def of(prompt: str) -> Expected:
        prompt_ids = ["ABC".index(letter) for letter in prompt]
        ids = list(prompt_ids)
        for _ in range(min(APPENDED, network.config.n_ctx - len(prompt_ids))):
            # Greedy, with a whole pass for each token. The scene's code does it in another way.
            ids.append(int(np.argmax(network.forward(ids).logits[-1])))
        trace = network.forward(ids)
        run = walkthrough.Run.of(network, len(prompt_ids), trace)
        reader = explain.ModelReader(network, trace, body, len(prompt_ids))
        return Expected(prompt, len(prompt_ids), ids, trace, body, run, reader)

    return of
