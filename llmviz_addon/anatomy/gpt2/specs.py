"""The GPT-2 family: its blocks in the order of computation, and their formulas.

Learned positions, a layer norm before attention and before the MLP, causal self-attention with
separate heads, an MLP with one hidden layer (Radford et al., 2019, "Language Models are
Unsupervised Multitask Learners"). Weights come before the block that uses them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..block import BlockSpec
from ..errors import AnatomyError
from ..maker import Axes, SpecMaker, told
from ..operations import ACTIVATIONS
from ..picks import Pick

if TYPE_CHECKING:
    from ...model import Config

SAME_CELL: Axes = (Pick.COLUMN, Pick.ROW)
WHOLE_COLUMN: Axes = (Pick.COLUMN, Pick.ALL)
AT_COLUMN: Axes = (Pick.COLUMN, Pick.ZERO)
AT_ROW: Axes = (Pick.ZERO, Pick.ROW)
WEIGHTS_OF_ROW: Axes = (Pick.ALL, Pick.ROW)
KEYS_OF_ROW: Axes = (Pick.UP_TO_ROW, Pick.ROW)


@dataclass(frozen=True, slots=True)
class Specs:
    """The specs of all roles, each list in the order of computation."""

    embedding: tuple[BlockSpec, ...]
    layer_start: tuple[BlockSpec, ...]
    head: tuple[BlockSpec, ...]
    layer_end: tuple[BlockSpec, ...]
    output: tuple[BlockSpec, ...]


def specs(config: Config, n_tokens: int) -> Specs:
    """The specs of a model's blocks, drawn with so many positions.

    Raises
    ------
    AnatomyError
        If the configuration does not describe a network of this family.
    """
    if config.n_kv_head != config.n_head:
        raise AnatomyError(
            f"GPT-2 has as many key and value heads as heads; this model has "
            f"{config.n_kv_head} for {config.n_head}."
        )
    if config.n_head * config.d_head != config.n_embd:
        raise AnatomyError(
            f"In GPT-2 the heads together are as wide as the residual stream; this model has "
            f"{config.n_head} heads of {config.d_head} for {config.n_embd} channels."
        )
    if config.activation not in ACTIVATIONS:
        raise AnatomyError(
            f"There is no formula for the activation {config.activation!r}; there are formulas for "
            f"{', '.join(ACTIVATIONS)}."
        )
    build = _Builder(config, n_tokens)
    return Specs(
        embedding=build.embedding(),
        layer_start=build.layer_norm("{layer}ln_1", "{stream}", "layer{i}.ln_1"),
        head=build.head(),
        layer_end=(
            *build.projection(),
            *build.layer_norm("{layer}ln_2", "{layer}attention_residual", "layer{i}.ln_2"),
            *build.mlp(),
        ),
        output=(*build.layer_norm("ln_f", "{stream}", "output"), *build.output()),
    )


class _Builder(SpecMaker):
    """The parts of a network of the GPT-2 family."""

    def embedding(self) -> tuple[BlockSpec, ...]:
        section = "embedding"
        formula = self.formula(
            "look_up",
            "embedding",
            self.operand("embedding", "wte", "VC", (Pick.TOKEN, Pick.ROW), "wte"),
            self.operand("position", "wpe", "PC", SAME_CELL, "wpe"),
            self.operand("token", "tokens", "T1", AT_COLUMN, "tokens"),
        )
        return (
            self.spec("tokens", "Tokens", "T1", section, side="left"),
            # Its title stands at its right end, beside the residual stream: the block has a
            # column for each token of the vocabulary, so its left end may be far away.
            self.weight("wte", "Token Embedding", "VC", section, side="above_right"),
            self.weight("wpe", "Position Embedding", "PC", section),
            self.spec("embedding", "Input Embedding", "TC", section, side="right", formula=formula),
        )

    def layer_norm(self, name: str, source: str, section: str) -> tuple[BlockSpec, ...]:
        whole = self.operand("input", source, "TC", WHOLE_COLUMN, "x")
        mean = self.operand("mean", f"{name}.mean", "T1", AT_COLUMN, "mean")
        std = self.operand("std", f"{name}.std", "T1", AT_COLUMN, "std")
        weight = self.operand("weight", f"{name}.weight", "1C", AT_ROW, "γ")
        bias = self.operand("bias", f"{name}.bias", "1C", AT_ROW, "β")
        short = name.rpartition("}")[2]
        normalized = self.formula(
            "layer_norm",
            short,
            self.operand("input", source, "TC", SAME_CELL, "x"),
            mean,
            std,
            weight,
            *([bias] if self.config.bias else []),
        )
        mean_formula = self.formula("mean", "mean", whole)
        std_formula = self.formula("std", "std", whole, told(mean))
        found = [
            self.aggregate(f"{name}.mean", "LN Mean", "Mean", "T1", section, mean_formula),
            self.aggregate(f"{name}.std", "LN Std", "Std", "T1", section, std_formula),
            self.weight(f"{name}.weight", "LN Scale γ", "1C", section, "below", "γ"),
        ]
        if self.config.bias:
            found.append(self.weight(f"{name}.bias", "LN Shift β", "1C", section, "below", "β"))
        title = "Final Layer Norm" if name == "ln_f" else "Layer Norm"
        found.append(self.spec(name, title, "TC", section, side="header", formula=normalized))
        return tuple(found)

    def head(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.attention.head{j}"
        found = []
        for letter in "qkv":
            found.extend(self._head_vectors(letter, section))
        name = "{head}attention"
        scores = self.operand("input", f"{name}_scores", "TT", KEYS_OF_ROW, "scores")
        score = self.operand("input", f"{name}_scores", "TT", SAME_CELL, "scores")
        maximum = self.operand("max", f"{name}_max", "1T", AT_ROW, "max")
        total = self.operand("sum", f"{name}_sum", "1T", AT_ROW, "sum")
        dot = self.formula(
            "scaled_dot",
            "scores",
            self.operand("query", "{head}q", "TA", (Pick.ROW, Pick.ALL), "q"),
            self.operand("key", "{head}k", "TA", WHOLE_COLUMN, "k"),
        )
        weighted = self.formula(
            "weighted_sum",
            "output",
            self.operand("weight", name, "TT", (Pick.UP_TO_COLUMN, Pick.COLUMN), "attention"),
            self.operand("input", "{head}v", "TA", (Pick.UP_TO_COLUMN, Pick.ROW), "v"),
        )
        softmax = self.formula("softmax", "attention", score, told(maximum), total, around=scores)
        maxima = self.formula("max", "max", scores)
        totals = self.formula("sum_exp", "sum", told(scores), maximum)
        found += [
            self.spec(
                f"{name}_scores", "Attention Scores", "TT", section, side="above_left", formula=dot
            ),
            self.aggregate(f"{name}_max", "Row Maximum", "Max", "1T", section, maxima),
            self.aggregate(f"{name}_sum", "Sum of Exponentials", "Σ exp", "1T", section, totals),
            self.spec(name, "Attention", "TT", section, formula=softmax),
            self.spec(
                "{head}output", "Head Output", "TA", section, side="above_left", formula=weighted
            ),
        ]
        return tuple(found)

    def projection(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.attention.projection"
        return (
            *self.linear("{layer}projection", "Projection", "CC", section),
            self.spec(
                "{layer}attention_output",
                "Attention Output",
                "TC",
                section,
                side="right",
                formula=self.dot(
                    "attention_output",
                    self.operand("weight", "{layer}projection_weight", "CC", WEIGHTS_OF_ROW, "W"),
                    self.operand("input", "{each_head}output", "TA", WHOLE_COLUMN, "outputs"),
                    self.operand("bias", "{layer}projection_bias", "1C", AT_ROW, "b"),
                ),
            ),
            self._residual("attention_residual", "attention_output", "{stream}", "Attention"),
        )

    def mlp(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.mlp"
        hidden = self.dot(
            "mlp",
            self.operand("weight", "{layer}mlp_weight", "FC", WHOLE_COLUMN, "W"),
            self.operand("input", "{layer}ln_2", "TC", (Pick.ROW, Pick.ALL), "ln_2"),
            self.operand("bias", "{layer}mlp_bias", "F1", AT_COLUMN, "b"),
        )
        activated = self.formula(
            self.config.activation,
            "mlp_activation",
            self.operand("input", "{layer}mlp", "FT", SAME_CELL, "mlp"),
        )
        result = self.dot(
            "mlp_result",
            self.operand("weight", "{layer}mlp_projection_weight", "FC", WEIGHTS_OF_ROW, "W"),
            self.operand(
                "input",
                "{layer}mlp_activation",
                "FT",
                (Pick.ALL, Pick.COLUMN),
                "mlp_activation",
            ),
            self.operand("bias", "{layer}mlp_projection_bias", "1C", AT_ROW, "b"),
        )
        return (
            *self.linear("{layer}mlp", "MLP", "FC", section, bias="F1", transposed=True),
            self.spec("{layer}mlp", "MLP", "FT", section, formula=hidden, transposed=True),
            self.spec(
                "{layer}mlp_activation",
                "MLP Activation",
                "FT",
                section,
                formula=activated,
                transposed=True,
            ),
            *self.linear("{layer}mlp_projection", "MLP Projection", "FC", section),
            self.spec(
                "{layer}mlp_result",
                "MLP Result",
                "TC",
                section,
                side="above_left",
                formula=result,
            ),
            self._residual("mlp_residual", "mlp_result", "{layer}attention_residual", "MLP"),
        )

    def output(self) -> tuple[BlockSpec, ...]:
        section = "output"
        column = self.operand("input", "logits", "TV", WHOLE_COLUMN, "logits")
        maximum = self.operand("max", "logits_max", "T1", AT_COLUMN, "max")
        total = self.operand("sum", "logits_sum", "T1", AT_COLUMN, "sum")
        logits = self.dot(
            "logits",
            self.operand("weight", "lm_head", "CV", WEIGHTS_OF_ROW, "W"),
            self.operand("input", "ln_f", "TC", WHOLE_COLUMN, "ln_f"),
        )
        softmax = self.formula(
            "softmax",
            "probabilities",
            self.operand("input", "logits", "TV", SAME_CELL, "logits"),
            told(maximum),
            total,
            around=column,
        )
        maxima = self.formula("max", "max", column)
        totals = self.formula("sum_exp", "sum", told(column), maximum)
        return (
            self.weight("lm_head", "LM Head Weights", "CV", section, transposed=True),
            self.spec("logits", "Logits", "TV", section, side="right", formula=logits),
            self.aggregate("logits_max", "Column Maximum", "Max", "T1", section, maxima),
            self.aggregate("logits_sum", "Sum of Exponentials", "Σ exp", "T1", section, totals),
            self.spec(
                "probabilities", "Probabilities", "TV", section, side="right", formula=softmax
            ),
        )

    def _head_vectors(self, letter: str, section: str) -> list[BlockSpec]:
        name = f"{{head}}{letter}"
        title = letter.upper()
        formula = self.dot(
            letter,
            self.operand("weight", f"{name}_weight", "CA", WEIGHTS_OF_ROW, "W"),
            self.operand("input", "{layer}ln_1", "TC", WHOLE_COLUMN, "ln_1"),
            self.operand("bias", f"{name}_bias", "1A", AT_ROW, "b"),
        )
        fraction = "qkv".index(letter) / 2
        return [
            *self.linear(name, title, "CA", section, fraction=fraction),
            self.spec(
                name,
                f"{title} Vectors",
                "TA",
                section,
                short_title=title,
                formula=formula,
                fraction=fraction,
            ),
        ]

    def _residual(self, name: str, branch: str, stream: str, title: str) -> BlockSpec:
        formula = self.formula(
            "sum",
            name,
            self.operand("branch", f"{{layer}}{branch}", "TC", SAME_CELL, branch),
            self.operand("stream", stream, "TC", SAME_CELL, "x"),
        )
        return self.spec(
            f"{{layer}}{name}", f"{title} Residual", "TC", "layer{i}", side="right", formula=formula
        )
