"""The GPT-2 family: what blocks there are, in the order of computation, and their formulas.

Learned positions, a layer norm before attention and before the MLP, causal self-attention with
separate heads, an MLP with one hidden layer (Radford et al., 2019, "Language Models are
Unsupervised Multitask Learners"). Weights come before the block that uses them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .block import BlockSpec, FormulaSpec, Kind, OperandSpec, TimeAxis
from .formula import Pick
from .label import Side, Tag
from .operations import ACTIVATIONS
from .space import Space

if TYPE_CHECKING:
    from ..model import Config

Axes = tuple[Pick, Pick]

CELL: Axes = (Pick.COLUMN, Pick.ROW)
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


def specs(config: Config) -> Specs:
    """The specs of a model's blocks.

    Raises
    ------
    ValueError
        If the configuration does not describe a network of this family.
    """
    if config.n_kv_head != config.n_head:
        raise ValueError(
            f"GPT-2 has as many key and value heads as heads; this model has "
            f"{config.n_kv_head} for {config.n_head}."
        )
    if config.n_head * config.d_head != config.n_embd:
        raise ValueError(
            f"In GPT-2 the heads together are as wide as the residual stream; this model has "
            f"{config.n_head} heads of {config.d_head} for {config.n_embd} channels."
        )
    if config.activation not in ACTIVATIONS:
        raise ValueError(
            f"There is no formula for the activation {config.activation!r}; there are formulas for "
            f"{', '.join(ACTIVATIONS)}."
        )
    build = _Builder(config)
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


@dataclass(frozen=True, slots=True)
class _Builder:
    config: Config
    size: dict[str, int] = field(init=False)
    space: Space = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "space", Space.of(self.config))
        object.__setattr__(self, "size", {**self.space.sizes, "1": 1})

    def embedding(self) -> tuple[BlockSpec, ...]:
        section = "embedding"
        formula = self._formula(
            "look_up",
            "embedding",
            self._operand("embedding", "wte", "VC", (Pick.TOKEN, Pick.ROW), "wte"),
            self._operand("position", "wpe", "TC", CELL, "wpe"),
            self._operand("token", "tokens", "T1", AT_COLUMN, "tokens"),
        )
        return (
            self._spec("tokens", "Tokens", "T1", section, side="left"),
            self._weight("wte", "Token Embedding", "VC", section, side="above_left"),
            self._weight("wpe", "Position Embedding", "TC", section),
            self._spec(
                "embedding", "Input Embedding", "TC", section, side="right", formula=formula
            ),
        )

    def layer_norm(self, name: str, source: str, section: str) -> tuple[BlockSpec, ...]:
        final = name == "ln_f"
        whole = self._operand("input", source, "TC", WHOLE_COLUMN, "x")
        mean = self._operand("mean", f"{name}.mean", "T1", AT_COLUMN, "mean")
        std = self._operand("std", f"{name}.std", "T1", AT_COLUMN, "std")
        weight = self._operand("weight", f"{name}.weight", "1C", AT_ROW, "γ")
        bias = self._operand("bias", f"{name}.bias", "1C", AT_ROW, "β")
        short = name.rpartition("}")[2]
        normalized = self._formula(
            "layer_norm",
            short,
            self._operand("input", source, "TC", CELL, "x"),
            mean,
            std,
            weight,
            *([bias] if self.config.bias else []),
        )
        mean_formula = self._formula("mean", "mean", whole)
        std_formula = self._formula("std", "std", whole, mean)
        found = [
            self._aggregate(f"{name}.mean", "LN Mean", "Mean", "T1", section, mean_formula),
            self._aggregate(f"{name}.std", "LN Std", "Std", "T1", section, std_formula),
            self._weight(f"{name}.weight", "γ", "1C", section, side="below"),
        ]
        if self.config.bias:
            found.append(self._weight(f"{name}.bias", "β", "1C", section, side="below"))
        title = "Final Layer Norm" if final else "Layer Norm"
        side: Side = "right" if final else "header"
        found.append(self._spec(name, title, "TC", section, side=side, formula=normalized))
        return tuple(found)

    def head(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.attention.head{j}"
        found = []
        for letter in "qkv":
            found.extend(self._head_vectors(letter, section))
        name = "{head}attention"
        scores = self._operand("input", f"{name}_scores", "TT", KEYS_OF_ROW, "scores")
        score = self._operand("input", f"{name}_scores", "TT", CELL, "scores")
        maximum = self._operand("max", f"{name}_max", "1T", AT_ROW, "max")
        total = self._operand("sum", f"{name}_sum", "1T", AT_ROW, "sum")
        dot = self._formula(
            "scaled_dot",
            "scores",
            self._operand("query", "{head}q", "TA", (Pick.ROW, Pick.ALL), "q"),
            self._operand("key", "{head}k", "TA", WHOLE_COLUMN, "k"),
        )
        weighted = self._formula(
            "weighted_sum",
            "output",
            self._operand("weight", name, "TT", (Pick.UP_TO_COLUMN, Pick.COLUMN), "attention"),
            self._operand("input", "{head}v", "TA", (Pick.UP_TO_COLUMN, Pick.ROW), "v"),
        )
        softmax = self._formula("softmax", "attention", score, maximum, total, around=scores)
        maxima = self._formula("max", "max", scores)
        totals = self._formula("sum_exp", "sum", scores, maximum)
        found += [
            self._spec(
                f"{name}_scores", "Attention Scores", "TT", section, side="above_left", formula=dot
            ),
            self._aggregate(f"{name}_max", "Row Maximum", "Max", "1T", section, maxima),
            self._aggregate(f"{name}_sum", "Sum of Exponentials", "Σ exp", "1T", section, totals),
            self._spec(name, "Attention", "TT", section, formula=softmax),
            self._spec(
                "{head}output", "Head Output", "TA", section, side="above_left", formula=weighted
            ),
        ]
        return tuple(found)

    def projection(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.attention.projection"
        return (
            *self._linear("{layer}projection", "Projection", "CC", section),
            self._spec(
                "{layer}attention_output",
                "Attention Output",
                "TC",
                section,
                side="right",
                formula=self._dot(
                    "attention_output",
                    self._operand("weight", "{layer}projection_weight", "CC", WEIGHTS_OF_ROW, "W"),
                    self._operand("input", "{each_head}output", "TA", WHOLE_COLUMN, "outputs"),
                    self._operand("bias", "{layer}projection_bias", "1C", AT_ROW, "b"),
                ),
            ),
            self._residual("attention_residual", "attention_output", "{stream}", "Attention"),
        )

    def mlp(self) -> tuple[BlockSpec, ...]:
        section = "layer{i}.mlp"
        hidden = self._dot(
            "mlp",
            self._operand("weight", "{layer}mlp_weight", "FC", WHOLE_COLUMN, "W"),
            self._operand("input", "{layer}ln_2", "TC", (Pick.ROW, Pick.ALL), "ln_2"),
            self._operand("bias", "{layer}mlp_bias", "F1", AT_COLUMN, "b"),
        )
        activated = self._formula(
            self.config.activation,
            "mlp_activation",
            self._operand("input", "{layer}mlp", "FT", CELL, "mlp"),
        )
        result = self._dot(
            "mlp_result",
            self._operand("weight", "{layer}mlp_projection_weight", "FC", WEIGHTS_OF_ROW, "W"),
            self._operand(
                "input",
                "{layer}mlp_activation",
                "FT",
                (Pick.ALL, Pick.COLUMN),
                "mlp_activation",
            ),
            self._operand("bias", "{layer}mlp_projection_bias", "1C", AT_ROW, "b"),
        )
        return (
            *self._linear("{layer}mlp", "MLP", "FC", section, bias="F1", transposed=True),
            self._spec("{layer}mlp", "MLP", "FT", section, formula=hidden, transposed=True),
            self._spec(
                "{layer}mlp_activation",
                "MLP Activation",
                "FT",
                section,
                formula=activated,
                transposed=True,
            ),
            *self._linear("{layer}mlp_projection", "MLP Projection", "FC", section),
            self._spec(
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
        column = self._operand("input", "logits", "TV", WHOLE_COLUMN, "logits")
        maximum = self._operand("max", "logits_max", "T1", AT_COLUMN, "max")
        total = self._operand("sum", "logits_sum", "T1", AT_COLUMN, "sum")
        logits = self._dot(
            "logits",
            self._operand("weight", "lm_head", "CV", WEIGHTS_OF_ROW, "W"),
            self._operand("input", "ln_f", "TC", WHOLE_COLUMN, "ln_f"),
        )
        softmax = self._formula(
            "softmax",
            "probabilities",
            self._operand("input", "logits", "TV", CELL, "logits"),
            maximum,
            total,
            around=column,
        )
        maxima = self._formula("max", "max", column)
        totals = self._formula("sum_exp", "sum", column, maximum)
        return (
            self._weight("lm_head", "LM Head Weights", "CV", section, transposed=True),
            self._spec("logits", "Logits", "TV", section, side="right", formula=logits),
            self._aggregate("logits_max", "Column Maximum", "Max", "T1", section, maxima),
            self._aggregate("logits_sum", "Sum of Exponentials", "Σ exp", "T1", section, totals),
            self._spec(
                "probabilities", "Probabilities", "TV", section, side="right", formula=softmax
            ),
        )

    def _head_vectors(self, letter: str, section: str) -> list[BlockSpec]:
        name = f"{{head}}{letter}"
        title = letter.upper()
        formula = self._dot(
            letter,
            self._operand("weight", f"{name}_weight", "CA", WEIGHTS_OF_ROW, "W"),
            self._operand("input", "{layer}ln_1", "TC", WHOLE_COLUMN, "ln_1"),
            self._operand("bias", f"{name}_bias", "1A", AT_ROW, "b"),
        )
        share = "qkv".index(letter) / 2
        return [
            *self._linear(name, title, "CA", section, share=share),
            self._spec(
                name,
                f"{title} Vectors",
                "TA",
                section,
                short_title=title,
                formula=formula,
                share=share,
            ),
        ]

    def _linear(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        bias: str | None = None,
        transposed: bool = False,
        share: float | None = None,
    ) -> list[BlockSpec]:
        """The weights and, where the model has it, the bias of a linear map."""
        found = [
            self._weight(
                f"{name}_weight",
                f"{title} Weights",
                dims,
                section,
                transposed=transposed,
                share=share,
            )
        ]
        if self.config.bias:
            bias = bias or f"1{dims[1]}"
            side: Side = "left" if bias[1] == "1" else "below"
            found.append(self._weight(f"{name}_bias", f"{title} Bias", bias, section, side, "Bias"))
        return found

    def _residual(self, name: str, branch: str, stream: str, title: str) -> BlockSpec:
        formula = self._formula(
            "sum",
            name,
            self._operand("branch", f"{{layer}}{branch}", "TC", CELL, branch),
            self._operand("stream", stream, "TC", CELL, "x"),
        )
        return self._spec(
            f"{{layer}}{name}", f"{title} Residual", "TC", "layer{i}", side="right", formula=formula
        )

    def _weight(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        side: Side = "above",
        short_title: str | None = None,
        transposed: bool = False,
        share: float | None = None,
    ) -> BlockSpec:
        return self._spec(
            name,
            title,
            dims,
            section,
            "weight",
            short_title,
            side,
            transposed=transposed,
            share=share,
        )

    def _aggregate(
        self, name: str, title: str, short_title: str, dims: str, section: str, formula: FormulaSpec
    ) -> BlockSpec:
        side: Side = "left" if dims[1] == "1" else "below"
        return self._spec(name, title, dims, section, "aggregate", short_title, side, formula)

    def _spec(
        self,
        name: str,
        title: str,
        dims: str,
        section: str,
        kind: Kind = "activation",
        short_title: str | None = None,
        side: Side = "above",
        formula: FormulaSpec | None = None,
        transposed: bool = False,
        share: float | None = None,
    ) -> BlockSpec:
        time: TimeAxis = None
        if kind != "weight" and "T" in dims:
            along = (dims[0] == "T", dims[1] == "T")
            time = "both" if all(along) else "columns" if along[0] else "rows"
        lift = self.space.header if side == "header" else 0.0
        size = self.space.title_size * (0.8 if "1" in dims else 1.0)
        return BlockSpec(
            role=name.removeprefix("{layer}").removeprefix("{head}"),
            title=title,
            short_title=short_title or title,
            kind=kind,
            dims=(dims[0], dims[1]),
            columns=self.size[dims[0]],
            rows=self.size[dims[1]],
            section=section,
            tag=Tag(side, size, lift, short=short_title is not None, share=share),
            config=self.config,
            time_axis=time,
            causal=dims == "TT",
            transposed=transposed or dims == "TT",
            formula=formula,
        )

    def _operand(self, part: str, block: str, dims: str, axes: Axes, symbol: str) -> OperandSpec:
        shape = (self.size[dims[0]], self.size[dims[1]])
        return OperandSpec(part, block, axes[0], axes[1], shape, symbol)

    def _dot(self, symbol: str, *operands: OperandSpec) -> FormulaSpec:
        """A dot product, plus a bias where the model has biases."""
        kept = [o for o in operands if o.part != "bias" or self.config.bias]
        return self._formula("dot", symbol, *kept)

    def _formula(
        self, name: str, symbol: str, *operands: OperandSpec, around: OperandSpec | None = None
    ) -> FormulaSpec:
        return FormulaSpec(name, symbol, operands, () if around is None else (around,))
