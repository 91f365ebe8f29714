"""Train nano-gpt, the sorter of six letters, and write its weights into `presets/models/`.

The task is that of minGPT's sorting demo (https://github.com/karpathy/minGPT, demo.ipynb):
the model reads six letters out of A, B, C and continues with the same letters sorted. A
training sequence is the six letters followed by the six sorted ones; the network sees the
first eleven tokens and is asked for the next one at each position, but only the last six
answers count, because the first five cannot be known.

There are 3^6 = 729 inputs, so the training set is the whole world and the question of
generalization does not arise: the sorter has to be right for every single one, and by a margin:
at every step of every input the right letter's logit leads the next by at least `--margin`.

That is reached within a thousand steps, while every head still looks everywhere at once. But
people come to see attention that points at something, so training goes on, with weight decay,
dropout and a falling rate, until the heads have found work of their own.

This needs torch and safetensors and nothing of the package; the package never needs torch.

    python tools/train_nano_gpt.py

The result is a function of the seed on one thread of one machine; another processor or
another version of torch may round differently and train other weights, equally good.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from itertools import product
from pathlib import Path

import torch
from safetensors.torch import save_file
from small_gpt2 import Network, Shape, descend, optimizer_for, rate_at
from torch.nn import functional

LETTERS = "ABC"
LENGTH = 6
SHAPE = Shape(
    n_layer=3, n_head=3, n_embd=48, n_ctx=2 * LENGTH - 1, n_vocab=len(LETTERS), dropout=0.1
)
WEIGHT_DECAY = 0.1
BATCH = 128
WARM_UP = 100
CHECK_EVERY = 500
FOLDER = Path(__file__).resolve().parents[1] / "presets" / "models"


def every_sequence() -> torch.Tensor:
    """(729, 12) all inputs, each followed by its letters sorted."""
    inputs = torch.tensor(list(product(range(len(LETTERS)), repeat=LENGTH)))
    return torch.cat([inputs, inputs.sort(dim=1).values], dim=1)


@torch.no_grad()
def judge(model: Network, sequences: torch.Tensor) -> tuple[int, float, float]:
    """The number of inputs that sort correctly, the smallest lead of a right letter, the mean loss.

    Feeding the right letters is enough: an input for which each next letter is right given
    the right ones before it is also sorted when the model reads its own answers.
    """
    model.eval()
    logits = model(sequences[:, :-1])[:, LENGTH - 1 :]  # (729, 6, n_vocab)
    model.train()
    answers = sequences[:, LENGTH:]
    loss = functional.cross_entropy(logits.flatten(0, 1), answers.flatten()).item()
    right = logits.gather(2, answers[..., None]).squeeze(2)
    others = logits.scatter(2, answers[..., None], -math.inf).amax(dim=2)
    lead = right - others
    return int((lead > 0).all(dim=1).sum()), lead.min().item(), loss


def train(seed: int, steps: int, rate: float, margin: float) -> tuple[Network, dict[str, str]]:
    """Train from a seed, and insist on 729 sorted inputs; returns the model and its record."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    model = Network(SHAPE)
    sequences = every_sequence()
    optimizer = optimizer_for(model, rate, WEIGHT_DECAY)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * rate_at(step, steps, WARM_UP, least=0.1)
        batch = sequences[torch.randint(len(sequences), (BATCH,))]
        logits = model(batch[:, :-1])[:, LENGTH - 1 :]
        loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, LENGTH:].flatten())
        descend(model, optimizer, loss)
        if step % CHECK_EVERY == 0:
            n_sorted, lead, loss_all = judge(model, sequences)
            print(f"step {step:6d}  sorted {n_sorted}/729  lead {lead:+.2f}  loss {loss_all:.2e}")
    n_sorted, lead, loss_all = judge(model, sequences)
    if n_sorted < len(sequences) or lead < margin:
        raise SystemExit(f"not every input sorts by the margin after {steps} steps: try --seed")
    record = {
        "seed": str(seed),
        "steps": str(steps),
        "loss": f"{loss_all:.2e}",
        "sorted": f"{n_sorted} of {len(sequences)}",
        "smallest_lead": f"{lead:.2f}",
    }
    return model.eval(), record


def write_record(path: Path, record: dict[str, str], arguments: argparse.Namespace) -> None:
    """Write a page beside the weights that says how they were trained."""
    path.write_text(f"""# How nano-gpt was trained

`nano-gpt.safetensors` holds a GPT-2 of 3 layers, 3 heads and 48 channels that sorts six letters
out of A, B, C: the task of the sorting demo of [minGPT](https://github.com/karpathy/minGPT).
It was trained from scratch by `tools/train_nano_gpt.py` and is dedicated to the public domain
([CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/)).

| | |
|---|---|
| command | `python tools/train_nano_gpt.py --seed {arguments.seed} --steps {arguments.steps}` |
| seed | {record["seed"]} |
| steps | {record["steps"]}, each on {BATCH} of the 729 inputs drawn at random |
| optimizer | AdamW, betas 0.9 and 0.95, gradients clipped to norm 1 |
| learning rate | {arguments.rate:g} after {WARM_UP} steps, falling to a tenth along a cosine |
| regularisation | weight decay {WEIGHT_DECAY:g} on linear layers, dropout {SHAPE.dropout:g} |
| loss over all 729 inputs | {record["loss"]} nats per letter |
| inputs sorted correctly | {record["sorted"]} |
| smallest lead of a right letter's logit | {record["smallest_lead"]} |
| versions | Python {platform.python_version()}, torch {torch.__version__}, one thread |

The script refuses to write weights with which an input does not sort, or with which a right
letter's logit leads the next by less than {arguments.margin:g}. Layout and names of the tensors
are Hugging Face's for GPT-2; the file's metadata carries the configuration.
""")


def main() -> None:
    parser = argparse.ArgumentParser(description="Train nano-gpt and write its weights.")
    parser.add_argument("--seed", type=int, default=3407)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate")
    parser.add_argument("--margin", type=float, default=4.0, help="lead of a right logit")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, record = train(arguments.seed, arguments.steps, arguments.rate, arguments.margin)
    arguments.out.mkdir(parents=True, exist_ok=True)
    metadata = {
        "license": "CC0-1.0",
        "trained_by": "tools/train_nano_gpt.py",
        "config": json.dumps(SHAPE.config),
        **record,
    }
    save_file(model.canonical(), arguments.out / "nano-gpt.safetensors", metadata=metadata)
    write_record(arguments.out / "nano-gpt.md", record, arguments)


if __name__ == "__main__":
    main()
