"""Write the golden files that the forward pass is judged by, from Hugging Face's transformers.

Each case is a small seeded GPT-2, saved the way one of the programs in the wild saves it, and
every intermediate of one sequence, taken from the running transformers model by hooks. Nothing
of `llmviz_addon` is used, so that a mistake there cannot hide here.

    pip install torch==2.13.0 transformers==5.23.0 safetensors
    python tools/make_golden.py

writes `tests/model/golden/<case>/` with `config.json`, `model.safetensors` and `trace.safetensors`,
and `tests/model/tokenizer/` (see `golden_tokenizers.py`). Cases with a tokenizer are saved by
`save_pretrained` alone, and their sequence is what the reference tokenizer makes of `prompt.txt`.
`golden_added_tokens.py` makes folders of one of those tokenizers; run it after this.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import golden_tokenizers
import torch
from safetensors.torch import save_file
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

PROMPT = "The naïve print 🙂"
FOLDER = Path(__file__).resolve().parents[1] / "tests" / "model" / "golden"
Tensors = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Case:
    """One network, and the way it is saved."""

    name: str
    seed: int
    n_layer: int
    n_head: int
    n_embd: int
    n_ctx: int
    n_vocab: int
    n_tokens: int
    activation: str = "gelu_new"
    n_inner: int | None = None
    eps: float = 1e-5
    tied: bool = True
    bias: bool = True
    dtype: torch.dtype = torch.float32
    layout: str = "huggingface"
    prefix: str = "transformer."


CASES = (
    Case("huggingface-tied", 1, 2, 2, 16, 12, 11, 9),
    Case(
        "huggingface-untied-bare", 2, 1, 3, 24, 7, 20, 7,
        activation="gelu", n_inner=40, eps=1e-3, tied=False, prefix="",
    ),
    Case("huggingface-wide", 3, 1, 4, 32, 64, 13, 33),
    Case("huggingface-one-token", 4, 3, 1, 8, 5, 3, 1, activation="relu"),
    Case(
        "mingpt", 5, 3, 3, 12, 11, 3, 11,
        tied=False, layout="mingpt",
    ),
    Case(
        "nanogpt", 6, 2, 4, 16, 10, 17, 8,
        activation="gelu", bias=False, layout="nanogpt", prefix="_orig_mod.transformer.",
    ),
    Case(
        "nanogpt-bias", 7, 1, 2, 16, 10, 17, 10,
        activation="gelu", layout="nanogpt", prefix="module._orig_mod.transformer.",
    ),
    Case("bfloat16", 8, 2, 2, 16, 9, 7, 6, dtype=torch.bfloat16),
    Case("float16", 9, 2, 2, 16, 9, 7, 6, tied=False, dtype=torch.float16),
)  # fmt: skip


def network(case: Case) -> GPT2LMHeadModel:
    """A seeded model whose every weight matters: also biases and norms are random."""
    torch.manual_seed(case.seed)
    config = GPT2Config(
        n_layer=case.n_layer, n_head=case.n_head, n_embd=case.n_embd, n_positions=case.n_ctx,
        vocab_size=case.n_vocab, n_inner=case.n_inner, activation_function=case.activation,
        layer_norm_epsilon=case.eps, tie_word_embeddings=case.tied,
        bos_token_id=None, eos_token_id=None, attn_implementation="eager",
    )  # fmt: skip
    model = GPT2LMHeadModel(config).eval()
    for name, parameter in model.named_parameters():
        norm = ".ln_" in name
        with torch.no_grad():
            nn.init.normal_(parameter, std=0.3 if norm else 1.0 / math.sqrt(case.n_embd))
            if norm and name.endswith("weight"):
                parameter += 1.0
            if name.endswith("bias") and not case.bias:
                parameter.zero_()
            # The model computes with the numbers that the file's precision can hold exactly.
            parameter.copy_(parameter.to(case.dtype).float())
    return model


def record(model: GPT2LMHeadModel, ids: torch.Tensor) -> Tensors:
    """Every block of docs/architecture.md, "Names", taken from the running model."""
    trace: Tensors = {"tokens": ids}
    scores: list[torch.Tensor] = []
    inside = model.transformer

    def watch(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
            trace[name] = (output[0] if isinstance(output, tuple) else output)[0]

        return hook

    def watch_input(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, inputs: Any) -> None:
            trace[name] = inputs[0][0]

        return hook

    inside.h[0].register_forward_pre_hook(watch_input("embedding"))
    for i, block in enumerate(inside.h):
        block.ln_1.register_forward_pre_hook(watch_input(f"layer{i}.ln_1.input"))
        block.ln_1.register_forward_hook(watch(f"layer{i}.ln_1"))
        block.attn.c_attn.register_forward_hook(watch(f"layer{i}.qkv"))
        block.attn.c_proj.register_forward_pre_hook(watch_input(f"layer{i}.heads"))
        block.attn.c_proj.register_forward_hook(watch(f"layer{i}.attention_output"))
        block.ln_2.register_forward_pre_hook(watch_input(f"layer{i}.attention_residual"))
        block.ln_2.register_forward_hook(watch(f"layer{i}.ln_2"))
        block.mlp.c_fc.register_forward_hook(watch(f"layer{i}.mlp"))
        block.mlp.act.register_forward_hook(watch(f"layer{i}.mlp_activation"))
        block.mlp.c_proj.register_forward_hook(watch(f"layer{i}.mlp_result"))
        block.register_forward_hook(watch(f"layer{i}.mlp_residual"))
    inside.ln_f.register_forward_pre_hook(watch_input("ln_f.input"))
    inside.ln_f.register_forward_hook(watch("ln_f"))

    # The scores exist only inside the attention function: see them as they enter the softmax.
    softmax = nn.functional.softmax

    def watching_softmax(x: torch.Tensor, *rest: Any, **named: Any) -> torch.Tensor:
        scores.append(x[0])
        return softmax(x, *rest, **named)

    nn.functional.softmax = watching_softmax
    try:
        with torch.no_grad():
            output = model(ids[None], output_attentions=True)
    finally:
        nn.functional.softmax = softmax
    if len(scores) != len(inside.h):
        raise SystemExit("this version of transformers computes attention in another way")
    trace["logits"] = output.logits[0]
    trace["probabilities"] = softmax(output.logits[0], dim=-1)
    finish(trace, model.config, scores, output.attentions)
    return {name: tensor.contiguous().clone() for name, tensor in trace.items()}


def finish(trace: Tensors, config: GPT2Config, scores: Any, attentions: Any) -> None:
    """Split arrays that hold several blocks, and derive the aggregates that transformers lacks."""
    n_tokens, n_head, d_head = len(trace["tokens"]), config.n_head, config.n_embd // config.n_head
    masked = torch.ones(n_tokens, n_tokens).triu(1).bool()
    for i in range(config.n_layer):
        norm(trace, f"layer{i}.ln_1", trace.pop(f"layer{i}.ln_1.input"), config)
        norm(trace, f"layer{i}.ln_2", trace[f"layer{i}.attention_residual"], config)
        parts = trace.pop(f"layer{i}.qkv").split(config.n_embd, dim=1)
        heads = trace.pop(f"layer{i}.heads").view(n_tokens, n_head, d_head)
        for j in range(n_head):
            head = f"layer{i}.head{j}"
            for kind, part in zip("qkv", parts, strict=True):
                trace[f"{head}.{kind}"] = part.view(n_tokens, n_head, d_head)[:, j]
            row = scores[i][j].masked_fill(masked, -math.inf)
            trace[f"{head}.attention_scores"] = row
            totals(trace, f"{head}.attention", row)
            trace[f"{head}.attention"] = attentions[i][0, j]
            trace[f"{head}.output"] = heads[:, j]
    norm(trace, "ln_f", trace.pop("ln_f.input"), config)
    totals(trace, "logits", trace["logits"])


def norm(trace: Tensors, name: str, x: torch.Tensor, config: GPT2Config) -> None:
    x = x.double()
    variance = x.var(dim=1, correction=0)
    trace[f"{name}.mean"] = x.mean(dim=1).float()
    trace[f"{name}.std"] = (variance + config.layer_norm_epsilon).sqrt().float()


def totals(trace: Tensors, name: str, rows: torch.Tensor) -> None:
    largest = rows.amax(dim=1)
    trace[f"{name}_max"] = largest
    trace[f"{name}_sum"] = (rows - largest[:, None]).double().exp().sum(dim=1).float()


def checkpoint(model: GPT2LMHeadModel, case: Case) -> Tensors:
    """The weights as the case's program saves them."""
    tensors: Tensors = {}
    for name, tensor in model.transformer.state_dict().items():
        if not case.bias and name.endswith(".bias"):
            continue
        linear = name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))
        transposed = linear and case.layout != "huggingface"
        tensors[case.prefix + name] = tensor.T if transposed else tensor
    if case.layout == "nanogpt" or not case.tied:
        head = case.prefix.removesuffix("transformer.") + "lm_head.weight"
        tensors[head] = model.lm_head.weight.detach()
    if case.layout == "mingpt":
        mask = torch.ones(case.n_ctx, case.n_ctx).tril()[None, None]
        for i in range(case.n_layer):
            tensors[f"{case.prefix}h.{i}.attn.bias"] = mask
    return {name: tensor.to(case.dtype).contiguous().clone() for name, tensor in tensors.items()}


def configuration(model: GPT2LMHeadModel, case: Case) -> dict[str, Any]:
    """The configuration as the case's program writes it."""
    if case.layout == "huggingface":
        return dict(model.config.to_dict(), dtype=str(case.dtype).removeprefix("torch."))
    sizes = {
        "n_layer": case.n_layer, "n_head": case.n_head, "n_embd": case.n_embd,
        "block_size": case.n_ctx, "vocab_size": case.n_vocab,
    }  # fmt: skip
    if case.layout == "nanogpt":
        return dict(sizes, bias=case.bias, dropout=0.0)
    dropouts = {"embd_pdrop": 0.1, "resid_pdrop": 0.1, "attn_pdrop": 0.1}
    return {"system": {"seed": case.seed}, "model": dict(sizes, model_type="gpt-nano", **dropouts)}


def save_pretrained(
    folder: Path, seed: int, shard: str, save_tokenizer: Callable[..., None]
) -> None:
    """Write a folder as the reference libraries do, and the numbers that they compute from it."""
    case = Case(
        folder.name, seed, n_layer=2, n_head=4, n_embd=32, n_ctx=24, n_vocab=320, n_tokens=0
    )
    folder.mkdir(parents=True, exist_ok=True)
    # A few tokens fewer than the embedding has rows, as in models padded for speed.
    save_tokenizer(golden_tokenizers.train(310), folder)
    model = network(case)
    model.save_pretrained(folder, max_shard_size=shard)
    (folder / "prompt.txt").write_text(PROMPT, encoding="utf-8")
    ids = golden_tokenizers.reference(folder)(PROMPT)["input_ids"]
    save_file(record(model, torch.tensor(ids)), folder / "trace.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the golden files of the forward pass.")
    parser.add_argument("--out", type=Path, default=FOLDER, help="folder to write to")
    out = parser.parse_args().out
    torch.set_num_threads(1)
    for case in CASES:
        model = network(case)
        ids = torch.randint(case.n_vocab, (case.n_tokens,))
        folder = out / case.name
        folder.mkdir(parents=True, exist_ok=True)
        config = json.dumps(configuration(model, case), indent=2)
        (folder / "config.json").write_text(config + "\n")
        save_file(checkpoint(model, case), folder / "model.safetensors", {"format": "pt"})
        save_file(record(model, ids), folder / "trace.safetensors")
        for file in folder.iterdir():
            file.chmod(0o644)
        print(f"{case.name}: {sum(f.stat().st_size for f in folder.iterdir()):,} bytes")
    save_pretrained(out / "huggingface-sharded", 10, "40KB", golden_tokenizers.save_pair)
    save_pretrained(out / "huggingface-saved", 11, "1GB", golden_tokenizers.save_whole)
    golden_tokenizers.main(out.parent / "tokenizer")


if __name__ == "__main__":
    main()
