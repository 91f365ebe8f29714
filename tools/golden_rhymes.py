"""Write what Hugging Face's transformers makes of rhyme-gpt's weights, text and prompts.

Nothing of `llmviz_addon` is used, so that a mistake there cannot hide here.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python tools/golden_rhymes.py

writes `tests/model/rhymes.json`: the loss over the whole text and the number of letters that
it is the mean of, and for each prompt the letters that follow greedily, with their log-probability
in nats. Run it after `train_rhyme_gpt.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from train_rhyme_gpt import FOLDER, Task
from transformers import GPT2Config, GPT2LMHeadModel

OUT = Path(__file__).resolve().parents[1] / "tests" / "model" / "rhymes.json"


def reference() -> GPT2LMHeadModel:
    """The weights in the reference implementation, which takes each of them and no other."""
    path = FOLDER / "rhyme-gpt.safetensors"
    with safe_open(path, "pt") as file:
        config = json.loads(file.metadata()["config"])
    model = GPT2LMHeadModel(GPT2Config(**config, bos_token_id=None, eos_token_id=None))
    prefixed = {
        name if name.startswith("lm_head") else f"transformer.{name}": tensor
        for name, tensor in load_file(path).items()
    }
    model.load_state_dict(prefixed, strict=True)
    return model.eval()


@torch.no_grad()
def loss(model: GPT2LMHeadModel, task: Task) -> tuple[float, int]:
    """Nats for a letter over all passages of the text, and the number of letters predicted."""
    total, count = 0.0, 0
    for passage in task.passages():
        if (n := len(passage) - 1) > 0:
            ids = task.encode(passage)
            logits = model(ids[:, :-1]).logits[0].double()
            chosen = logits.log_softmax(-1).gather(1, ids[0, 1:, None])
            total, count = total - chosen.sum().item(), count + n
    return total / count, count


@torch.no_grad()
def continuation(model: GPT2LMHeadModel, task: Task, prompt: str, n: int) -> tuple[str, float]:
    """The `n` letters that follow a prompt greedily, and their log-probability together."""
    total = 0.0
    text = prompt
    for _ in range(n):
        row = model(task.encode(text)).logits[0, -1].double().log_softmax(-1)
        total += row.max().item()
        text += task.letters[int(row.argmax())]
    return text[len(prompt) :], total


def main() -> None:
    torch.set_num_threads(1)
    model, task = reference(), Task.read()
    mean, count = loss(model, task)
    followed = {
        prompt: continuation(model, task, prompt, len(wanted))
        for prompt, wanted in task.prompts.items()
    }
    golden = {"loss": mean, "letters": count, "continuations": followed}
    OUT.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"loss {mean:.4f} over {count:,} letters, {len(followed)} prompts")


if __name__ == "__main__":
    main()
