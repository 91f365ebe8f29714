"""A GPT-2 to be trained from scratch, with what its trainers share: start, optimizer, rate, layout.

This needs torch and nothing of the package; the package never needs torch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """Sizes of a GPT-2 whose output head has weights of its own, and its dropout in training."""

    n_layer: int
    n_head: int
    n_embd: int
    n_ctx: int
    n_vocab: int
    dropout: float

    @property
    def config(self) -> dict[str, object]:
        """The configuration as Hugging Face writes it."""
        return {
            "model_type": "gpt2",
            "n_layer": self.n_layer,
            "n_head": self.n_head,
            "n_embd": self.n_embd,
            "n_positions": self.n_ctx,
            "vocab_size": self.n_vocab,
            "activation_function": "gelu_new",
            "layer_norm_epsilon": 1e-5,
            "tie_word_embeddings": False,
        }


class Block(nn.Module):
    """A transformer block of GPT-2: attention and MLP, each on the normalized stream."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape, width = shape, shape.n_embd
        self.ln_1 = nn.LayerNorm(width)
        self.attn = nn.ModuleDict(
            {"c_attn": nn.Linear(width, 3 * width), "c_proj": nn.Linear(width, width)}
        )
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)}
        )

    def forward(
        self, x: torch.Tensor, entropies: list[torch.Tensor] | None = None
    ) -> torch.Tensor:  # (batch, T, n_embd)
        dropout = self.shape.dropout
        heads = [
            t.unflatten(2, (self.shape.n_head, -1)).transpose(1, 2)  # (batch, head, T, d_head)
            for t in self.attn["c_attn"](self.ln_1(x)).split(self.shape.n_embd, dim=2)
        ]
        if entropies is None:
            y = functional.scaled_dot_product_attention(
                *heads, is_causal=True, dropout_p=dropout if self.training else 0.0
            )
        else:
            y = attend(*heads, entropies)
        y = self.attn["c_proj"](y.transpose(1, 2).flatten(2))
        x = x + functional.dropout(y, dropout, self.training)
        hidden = functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")
        return x + functional.dropout(self.mlp["c_proj"](hidden), dropout, self.training)


def attend(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, entropies: list[torch.Tensor]
) -> torch.Tensor:  # each (batch, head, T, d_head)
    """Causal attention without dropout, which appends the mean entropy of its rows, in nats."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (batch, head, T query, T key)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
    logs = scores.masked_fill(future, -torch.inf).log_softmax(-1)
    weights = logs.exp()
    entropies.append(-(weights * logs.masked_fill(future, 0.0)).sum(-1).mean())
    return weights @ v


class Network(nn.Module):
    """A GPT-2 with a head of its own."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.wte = nn.Embedding(shape.n_vocab, shape.n_embd)
        self.wpe = nn.Embedding(shape.n_ctx, shape.n_embd)
        self.h = nn.ModuleList(Block(shape) for _ in range(shape.n_layer))
        self.ln_f = nn.LayerNorm(shape.n_embd)
        self.lm_head = nn.Linear(shape.n_embd, shape.n_vocab, bias=False)
        for name, parameter in self.named_parameters():
            if parameter.ndim < 2:
                if name.endswith("bias"):
                    nn.init.zeros_(parameter)
                continue
            # GPT-2's start: the layers that write to the stream begin smaller, by depth.
            depth = math.sqrt(2 * shape.n_layer) if name.endswith("c_proj.weight") else 1.0
            nn.init.normal_(parameter, std=0.02 / depth)

    def forward(
        self, ids: torch.Tensor, entropies: list[torch.Tensor] | None = None
    ) -> torch.Tensor:  # (batch, T) -> (batch, T, n_vocab)
        """Logits; a list that is given receives each layer's mean entropy of attention."""
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        x = functional.dropout(x, self.shape.dropout, self.training)
        for block in self.h:
            x = block(x, entropies)
        return self.lm_head(self.ln_f(x))

    def canonical(self) -> dict[str, torch.Tensor]:
        """The weights in Hugging Face's GPT-2 layout: linear layers as (in, out)."""
        tensors = {}
        for name, tensor in self.state_dict().items():
            linear = name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))
            tensors[name] = (tensor.T if linear else tensor).contiguous()
        return tensors


def optimizer_for(model: Network, rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW as in minGPT: only the matrices of the linear layers decay."""
    groups: dict[bool, list[nn.Parameter]] = {True: [], False: []}
    for name, parameter in model.named_parameters():
        decays = parameter.ndim == 2 and not name.startswith(("wte", "wpe"))
        groups[decays].append(parameter)
    return torch.optim.AdamW(
        [
            {"params": groups[True], "weight_decay": weight_decay},
            {"params": groups[False], "weight_decay": 0.0},
        ],
        lr=rate,
        betas=(0.9, 0.95),
    )


def rate_at(step: int, steps: int, warm_up: int, least: float) -> float:
    """The share of the learning rate at a step: up for a moment, then down to `least`.

    It falls along a cosine.
    """
    fall = 0.5 * (1.0 + math.cos(math.pi * step / steps))
    return min(1.0, step / warm_up) * (least + (1.0 - least) * fall)


def descend(model: Network, optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    """One step down the gradient of a loss, clipped to norm 1."""
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
