"""The kinds of computation that a cell can be the result of.

An :class:`Operation` knows how to write itself down and how to compute one number from the
numbers that it is given. It knows nothing of blocks, positions or layouts: `formula` gathers the
numbers and the symbols. Adding a kind of computation means adding one function and one entry
to `OPERATIONS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from ..model import Config

Parts = Mapping[str, NDArray[np.float64]]
"""Operands of one cell: the name of a part to its numbers, a vector of float64."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of computation.

    Attributes
    ----------
    name
        Identifier, e.g. ``"dot"``.
    form
        Its form in an equation, with a ``{part}`` for each operand, ``{i}`` for the bound of the
        summation index and ``{d_head}`` for the model's head size.
    compute
        The number, from the operands and the configuration.
    optional
        Pairs of an operand's name and a text that is appended to `form` when that operand exists.
    """

    name: str
    form: str
    compute: Callable[[Parts, Config], float]
    optional: tuple[tuple[str, str], ...] = ()


def _look_up(parts: Parts, config: Config) -> float:
    return float(parts["embedding"][0] + parts["position"][0])


def _dot(parts: Parts, config: Config) -> float:
    bias = parts["bias"][0] if "bias" in parts else 0.0
    return float(parts["weight"] @ parts["input"] + bias)


def _scaled_dot(parts: Parts, config: Config) -> float:
    return float(parts["query"] @ parts["key"]) / math.sqrt(config.d_head)


def _sum(parts: Parts, config: Config) -> float:
    return float(parts["branch"][0] + parts["stream"][0])


def _mean(parts: Parts, config: Config) -> float:
    return float(parts["input"].mean())


def _std(parts: Parts, config: Config) -> float:
    variance = np.mean((parts["input"] - parts["mean"][0]) ** 2)
    return math.sqrt(variance + config.norm_eps)


def _layer_norm(parts: Parts, config: Config) -> float:
    bias = parts["bias"][0] if "bias" in parts else 0.0
    normalized = (parts["input"][0] - parts["mean"][0]) / parts["std"][0]
    return float(normalized * parts["weight"][0] + bias)


def _maximum(parts: Parts, config: Config) -> float:
    return float(parts["input"].max())


def _sum_exp(parts: Parts, config: Config) -> float:
    return float(np.exp(parts["input"] - parts["max"][0]).sum())


def _softmax(parts: Parts, config: Config) -> float:
    return math.exp(parts["input"][0] - parts["max"][0]) / float(parts["sum"][0])


def _gelu(parts: Parts, config: Config) -> float:
    x = float(parts["input"][0])
    return 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0)))


def _gelu_tanh(parts: Parts, config: Config) -> float:
    # The approximation that GPT-2 uses, from Hendrycks and Gimpel, 2016, "Gaussian Error Linear
    # Units".
    x = float(parts["input"][0])
    return 0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3)))


def _relu(parts: Parts, config: Config) -> float:
    return max(0.0, float(parts["input"][0]))


def _silu(parts: Parts, config: Config) -> float:
    x = float(parts["input"][0])
    return x / (1.0 + math.exp(-x)) if x > 0 else x * math.exp(x) / (1.0 + math.exp(x))


_BIAS = (("bias", " + {bias}"),)

OPERATIONS: dict[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation("look_up", "{embedding} + {position}", _look_up),
        Operation("dot", "Σ_i {weight} · {input}", _dot, _BIAS),
        Operation("weighted_sum", "Σ_{i} {weight} · {input}", _dot),
        Operation("scaled_dot", "Σ_i {query} · {key} / √{d_head}", _scaled_dot),
        Operation("sum", "{branch} + {stream}", _sum),
        Operation("mean", "mean_i {input}", _mean),
        Operation("std", "√(mean_i ({input} − {mean})² + ε)", _std),
        Operation("layer_norm", "({input} − {mean}) / {std} · {weight}", _layer_norm, _BIAS),
        Operation("max", "max_{i} {input}", _maximum),
        Operation("sum_exp", "Σ_{i} exp({input} − {max})", _sum_exp),
        Operation("softmax", "exp({input} − {max}) / {sum}", _softmax),
        Operation("gelu", "GELU({input})", _gelu),
        Operation("gelu_tanh", "GELU({input})", _gelu_tanh),
        Operation("relu", "max(0, {input})", _relu),
        Operation("silu", "SiLU({input})", _silu),
    )
}

ACTIVATIONS = ("gelu_tanh", "gelu", "relu", "silu")
"""Operations that a configuration may name as its activation."""
