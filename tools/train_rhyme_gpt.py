"""Train rhyme-gpt, which knows a page of rhymes by heart, and write its weights.

The text is `presets/models/rhyme-gpt.txt`: one rhyme, saying or sequence a line. The model reads
it letter by letter, capitals as small letters, and learns it by heart, because that is what it is
for: people who know the text can tell what follows, and look on while the model finds it.

A prompt may begin with any word of a line, or any letter of an alphabet, and without the
punctuation that few people type. So half of the training passages begin with a line and half with
one of these, and half are read without punctuation. `rhyme-gpt.prompts.json` lists beginnings and
what people say comes next. All of them must be right, by a margin: at each letter the right one's
logit leads the next by `--margin`.

Heads that learn by heart look everywhere at once, a little. But people come to see attention that
points at something, so its mean entropy is part of what is minimized, with a weight that grows in
the first steps to `FOCUS`: heads have to do with few letters, and find out which.

This needs torch and safetensors and nothing of the package; the package never needs torch.

    python tools/train_rhyme_gpt.py

The result is a function of the seed on one thread of one machine; another processor or another
version of torch may round differently and train other weights, equally good.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import torch
from safetensors.torch import save_file
from small_gpt2 import Network, Shape, descend, optimizer_for, rate_at
from torch.nn import functional

FOLDER = Path(__file__).resolve().parents[1] / "presets" / "models"
TEXT = FOLDER / "rhyme-gpt.txt"
PROMPTS = FOLDER / "rhyme-gpt.prompts.json"
N_LAYER, N_HEAD, N_EMBD, N_CTX = 3, 3, 48, 40
WEIGHT_DECAY = 0.1
BATCH = 64
WARM_UP = 200
FOCUS, FOCUSED_AFTER = 0.2, 2_000
CHECK_EVERY = 1_000
# Letters up to which something without spaces is a word, and not an alphabet.
LONGEST_WORD = 20
PUNCTUATION = ",.;:!?"


class Reading:
    """The text as the model reads it, as it stands or without punctuation.

    Attributes
    ----------
    ids
        The letters' numbers, with a little of the beginning once more after the end.
    lines, words
        Where lines begin, and where words do, and every letter of an alphabet.
    """

    def __init__(self, text: str, numbers: dict[str, int]) -> None:
        self.ids = torch.tensor([numbers[letter] for letter in text + text[: N_CTX + 1]])
        breaks = [-1, *(place for place, letter in enumerate(text[:-1]) if letter in " \n")]
        self.lines = torch.tensor([0, *(b + 1 for b in breaks[1:] if text[b] == "\n")])
        starts: list[int] = []
        for before, end in pairwise([*breaks, len(text) - 1]):
            first = before + 1
            starts += range(first, end) if end - first > LONGEST_WORD else [first]
        self.words = torch.tensor(starts)

    def passages(self, count: int) -> torch.Tensor:
        """(2 count, N_CTX + 1) passages: half begin with some line, half with some word."""
        starts = torch.cat(
            [of[torch.randint(len(of), (count,))] for of in (self.lines, self.words)]
        )
        return self.ids[starts[:, None] + torch.arange(N_CTX + 1)]


@dataclass(frozen=True)
class Task:
    """The text, its letters, and the prompts that the model has to continue."""

    text: str
    letters: list[str]
    prompts: dict[str, str]

    @classmethod
    def read(cls) -> Task:
        """The task as the files beside the weights have it, capitals as small letters."""
        text = TEXT.read_text("utf-8").lower()
        prompts = json.loads(PROMPTS.read_text("utf-8"))
        return cls(text, sorted(set(text)), {p.lower(): prompts[p] for p in prompts})

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each letter."""
        return {letter: number for number, letter in enumerate(self.letters)}

    def encode(self, text: str) -> torch.Tensor:
        """(1, T) the numbers of a text's letters."""
        numbers = self.numbers
        return torch.tensor([[numbers[letter] for letter in text]])

    def passages(self) -> Iterator[str]:
        """The text in passages of up to N_CTX + 1 letters, which end with a word where they can."""
        begin = 0
        while begin < len(self.text):
            passage = self.text[begin : begin + N_CTX + 1]
            last = max(passage.rfind(" "), passage.rfind("\n"))
            passage = passage[: last + 1] if last >= 0 else passage
            yield passage
            begin += len(passage)


@torch.no_grad()
def loss_over(model: Network, task: Task) -> float:
    """Nats for a letter of the text, each predicted from those before it in its passage."""
    model.eval()
    total, count = 0.0, 0
    for passage in task.passages():
        ids = task.encode(passage)
        if len(passage) > 1:
            logits = model(ids[:, :-1])[0]
            total += functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item()
            count += len(passage) - 1
    model.train()
    return total / count


@torch.no_grad()
def leads(model: Network, task: Task) -> dict[str, float]:
    """The least lead of a right letter's logit over the next one, by prompt.

    Feeding the right letters is enough: where each is the most probable one given the right ones
    before it, the model writes them all when it reads its own.
    """
    model.eval()
    found = {}
    for prompt, continuation in task.prompts.items():
        ids = task.encode(prompt + continuation)
        logits = model(ids[:, :-1])[0, len(prompt) - 1 :]  # (continuation, n_vocab)
        right = ids[0, len(prompt) :, None]
        others = logits.scatter(1, right, -math.inf).amax(dim=1)
        found[prompt] = (logits.gather(1, right).squeeze(1) - others).min().item()
    model.train()
    return found


def train(seed: int, steps: int, rate: float, margin: float) -> tuple[Network, dict[str, str]]:
    """Train from a seed, and insist on every prompt; returns the model and its record."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    task = Task.read()
    bare = task.text.translate(dict.fromkeys(map(ord, PUNCTUATION)))
    readings = [Reading(text, task.numbers) for text in (task.text, bare)]
    model = Network(Shape(N_LAYER, N_HEAD, N_EMBD, N_CTX, len(task.letters), dropout=0.0))
    optimizer = optimizer_for(model, rate, WEIGHT_DECAY)
    for step in range(1, steps + 1):
        for group in optimizer.param_groups:
            group["lr"] = rate * rate_at(step, steps, WARM_UP, least=0.01)
        batch = torch.cat([reading.passages(BATCH // 4) for reading in readings])
        entropies: list[torch.Tensor] = []
        logits = model(batch[:, :-1], entropies)
        loss = functional.cross_entropy(logits.flatten(0, 1), batch[:, 1:].flatten())
        entropy = torch.stack(entropies).mean()
        descend(model, optimizer, loss + FOCUS * min(1.0, step / FOCUSED_AFTER) * entropy)
        if step % CHECK_EVERY == 0:
            lead = leads(model, task)
            right, least = sum(by > 0 for by in lead.values()), min(lead, key=lambda p: lead[p])
            print(
                f"step {step:6d}  loss {loss_over(model, task):.3f}  entropy {entropy:.2f}  "
                f"right {right}/{len(lead)}  lead {lead[least]:+.2f} after {least!r}",
                flush=True,
            )
    lead = leads(model, task)
    if short := [prompt for prompt, by in lead.items() if by < margin]:
        raise SystemExit(f"after {steps} steps these do not go on by the margin: {short}")
    record = {
        "seed": str(seed),
        "steps": str(steps),
        "loss": f"{loss_over(model, task):.4f}",
        "prompts": f"{len(lead)} of {len(lead)}",
        "smallest_lead": f"{min(lead.values()):.2f}",
        "vocabulary": "".join(task.letters),
    }
    return model.eval(), record


def write_record(path: Path, record: dict[str, str], arguments: argparse.Namespace) -> None:
    """Write a page beside the weights that says how they were trained."""
    path.write_text(
        f"""# How rhyme-gpt was trained

`rhyme-gpt.safetensors` holds a GPT-2 of {N_LAYER} layers, {N_HEAD} heads and {N_EMBD} channels,
as many as nano-gpt has, that knows `rhyme-gpt.txt` by heart, letter by letter. It was trained from
scratch by `tools/train_rhyme_gpt.py` and is dedicated to the public domain
([CC0 1.0](https://creativecommons.org/publicdomain/zero/1.0/)). `rhyme-gpt.sources.md` says where
the text is from. It reads capitals as small letters.

| | |
|---|---|
| command | `python tools/train_rhyme_gpt.py --seed {arguments.seed} --steps {arguments.steps}` |
| seed | {record["seed"]} |
| steps | {record["steps"]}, each on {BATCH} passages of {N_CTX} letters |
| optimizer | AdamW, betas 0.9 and 0.95, gradients clipped to norm 1 |
| learning rate | {arguments.rate:g} after {WARM_UP} steps, falling to a hundredth along a cosine |
| regularization | weight decay {WEIGHT_DECAY:g} on linear layers, no dropout |
| attention | its mean entropy joins the loss, {FOCUS:g} times after {FOCUSED_AFTER:,} steps |
| vocabulary | {len(record["vocabulary"])} letters, the small letters of the text |
| loss over the whole text | {record["loss"]} nats per letter |
| prompts continued correctly | {record["prompts"]} |
| smallest lead of a right letter's logit | {record["smallest_lead"]} |
| versions | Python {platform.python_version()}, torch {torch.__version__}, one thread |

A passage begins with a line of the text or with any word of it, or letter of an alphabet in it,
half and half, and half of them leave the punctuation out. The loss is that of the text as it
stands, cut into passages of up to {N_CTX + 1} letters that end with a word where they can: each
letter but a passage's first is predicted from those before it in the passage. Whoever knows the
text by heart cannot tell them all: after the first letters of a passage it may go on in many ways.

The prompts are those of `rhyme-gpt.prompts.json`, chosen from the text before the training. The
script refuses to write weights with which one of them does not go on as listed, or with which a
right letter's logit leads the next by less than {arguments.margin:g}. Layout and names of the
tensors are Hugging Face's for GPT-2; the file's metadata carries configuration and vocabulary.
""",
        encoding="utf-8",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Train rhyme-gpt and write its weights.")
    parser.add_argument("--seed", type=int, default=1806)
    parser.add_argument("--steps", type=int, default=8_000)
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate")
    parser.add_argument("--margin", type=float, default=1.0, help="lead of a right logit")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model, record = train(arguments.seed, arguments.steps, arguments.rate, arguments.margin)
    arguments.out.mkdir(parents=True, exist_ok=True)
    metadata = {
        "license": "CC0-1.0",
        "trained_by": "tools/train_rhyme_gpt.py",
        "config": json.dumps(model.shape.config),
        **record,
    }
    save_file(model.canonical(), arguments.out / "rhyme-gpt.safetensors", metadata=metadata)
    write_record(arguments.out / "rhyme-gpt.md", record, arguments)


if __name__ == "__main__":
    main()
