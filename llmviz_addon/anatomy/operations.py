"""The kinds of computation that a cell can be the result of, each a tree of terms by its name.

The leaves are parts: `formula` says which cells they are. Adding a kind of computation means adding
one tree to `OPERATIONS`; it then computes, and is written in symbols, in numbers, as LaTeX and in
words.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .terms import (
    Across,
    Call,
    Constant,
    Divided,
    Minus,
    Named,
    Part,
    Plus,
    Power,
    Setting,
    Settings,
    Term,
    Times,
)

if TYPE_CHECKING:
    from ..model import Config

D_HEAD, EPSILON = "d_head", "ε"


def settings(config: Config) -> Settings:
    """The constants of a model that occur in its formulas."""
    return {D_HEAD: float(config.d_head), EPSILON: config.norm_eps}


def _plus_bias(term: Term) -> Term:
    return Plus((term, Part("bias", optional=True)))


def _gelu(x: Term) -> Term:
    # Hendrycks and Gimpel, 2016, "Gaussian Error Linear Units".
    root = Call("√", Constant(2.0))
    half = Times(Constant(0.5), x)
    return Times(half, Plus((Constant(1.0), Call("erf", Divided(x, root)))))


def _gelu_tanh(x: Term) -> Term:
    # The approximation that GPT-2 uses, from the same paper.
    scale = Call("√", Divided(Constant(2.0), Constant(math.pi, "π")))
    cubic = Plus((x, Times(Constant(0.044715), Power(x, 3))))
    half = Times(Constant(0.5), x)
    return Times(half, Plus((Constant(1.0), Call("tanh", Times(scale, cubic)))))


_INPUT, _WEIGHT, _MEAN = Part("input"), Part("weight"), Part("mean")
_DOT = Across("sum", Times(_WEIGHT, _INPUT))
_CENTERED = Minus(_INPUT, _MEAN)
_EXPONENTIAL = Call("exp", Minus(_INPUT, Part("max")))

OPERATIONS: dict[str, Term] = {
    "look_up": Plus((Part("embedding"), Part("position"))),
    "dot": _plus_bias(_DOT),
    "weighted_sum": _DOT,
    "scaled_dot": Divided(
        Across("sum", Times(Part("query"), Part("key"))), Call("√", Setting(D_HEAD))
    ),
    "sum": Plus((Part("branch"), Part("stream"))),
    "mean": Across("mean", _INPUT),
    "std": Call("√", Plus((Across("mean", Power(_CENTERED, 2)), Setting(EPSILON)))),
    "layer_norm": _plus_bias(Times(Divided(_CENTERED, Part("std")), _WEIGHT)),
    "max": Across("max", _INPUT),
    "sum_exp": Across("sum", _EXPONENTIAL),
    "softmax": Divided(_EXPONENTIAL, Part("sum")),
    "gelu": Named("GELU", _INPUT, _gelu(_INPUT)),
    "gelu_tanh": Named("GELU", _INPUT, _gelu_tanh(_INPUT)),
    "relu": Named("ReLU", _INPUT, Call("max0", _INPUT)),
    "silu": Named("SiLU", _INPUT, Times(_INPUT, Call("σ", _INPUT))),
}

ACTIVATIONS = ("gelu_tanh", "gelu", "relu", "silu")
"""Operations that a configuration may name as its activation."""
