"""Write the distributions that sampling is judged by, from Hugging Face's transformers.

Each case is a row of seeded logits, a temperature and a top-k, and the probabilities from which
`generate` of transformers would draw, in float64. Nothing of `llmviz_addon` is used.

    pip install torch==2.13.0 transformers==5.24.0
    python tools/golden_sampling.py

writes `tests/model/sampling/chances.json`.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper

FILE = Path(__file__).resolve().parents[1] / "tests" / "model" / "sampling" / "chances.json"

# Size of the vocabulary, spread of the logits, temperature, top-k (0 for all tokens).
CASES = (
    (3, 8.0, 1.0, 0),
    (3, 8.0, 6.0, 2),
    (27, 3.0, 0.7, 0),
    (27, 3.0, 0.7, 5),
    (27, 3.0, 1.3, 27),
    (27, 3.0, 1.3, 40),
    (61, 30.0, 0.05, 10),
    (61, 30.0, 2.0, 40),
    (61, 0.1, 100.0, 60),
)


def probabilities(logits: torch.Tensor, temperature: float, top_k: int) -> torch.Tensor:
    """(n_vocab,) the distribution from which transformers draws the next token."""
    warpers = LogitsProcessorList([TemperatureLogitsWarper(temperature)])
    if top_k:
        warpers.append(TopKLogitsWarper(top_k))
    return torch.softmax(warpers(None, logits[None]), dim=-1)[0]


def main() -> None:
    """Write the file."""
    torch.manual_seed(1)
    cases = []
    for n_vocab, spread, temperature, top_k in CASES:
        # Numbers that float32 holds, as a model gives them, computed with in float64.
        logits = (spread * torch.randn(n_vocab)).double()
        found = probabilities(logits, temperature, top_k)
        case = {"temperature": temperature, "top_k": top_k}
        cases.append(case | {"logits": logits.tolist(), "probabilities": found.tolist()})
    FILE.write_text(json.dumps(cases, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
