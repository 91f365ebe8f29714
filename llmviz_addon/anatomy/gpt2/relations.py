"""The GPT-2 family in space: how its roles stand to each other.

The residual stream runs down the middle. Each layer's work stands to its left: next to it the
layer norms, then a column of vectors (q, attention scores, head outputs), then the weights. Heads
stack away from the viewer, the first one in front, each with its queries in front of its keys
in front of its values. What is added (a bias) stands between the weights and the result, so that
a row reads like its formula. Proportions follow Brendan Bycroft's *LLM Visualization* (MIT).
"""

from __future__ import annotations

from ..relations import STREAM, Composition, Relations
from ..space import Space


def embedding(put: Composition, space: Space) -> None:
    """The tokens over the input embedding, between the two tables."""
    m = space.margin
    put.into_stream("tokens")
    put.below("embedding", "tokens", gap=1.25 * m)
    put.into_stream("embedding", level="embedding")
    put.left_of("wte", "embedding", gap=m)
    put.right_of("wpe", "embedding", gap=3.5 * m)


def layer(put: Composition, space: Space) -> None:
    """Attention over the MLP; of the heads, the first."""
    m, aside = space.margin, space.aside
    _layer_norm(put, space, "ln_1", STREAM)
    put.left_of("q", "ln_1.bias", gap=m)
    put.behind("k", "q", space.depth_step)
    put.behind("v", "k", space.depth_step)
    for vectors in "qkv":
        put.left_of(f"{vectors}_bias", vectors, gap=aside)
        put.left_of(f"{vectors}_weight", f"{vectors}_bias", gap=m)
    # Low enough that the weights of the head in front do not hide the scores when the heads
    # are seen from slightly above.
    put.below("attention_scores", "k", gap=1.75 * m)
    put.left_of("attention_max", "attention_scores", gap=aside)
    put.left_of("attention_sum", "attention_max", gap=m)
    put.left_of("attention", "attention_sum", gap=m)
    put.below("output", "attention_scores", gap=m)

    put.below("attention_output", "output", "ln_1", gap=1.75 * m)
    put.to_front("attention_output")
    put.left_of("projection_bias", "attention_output", gap=aside)
    put.left_of("projection_weight", "projection_bias", gap=m)
    put.into_stream("attention_residual", level="attention_output")

    put.below("second half", "attention_output", gap=m)
    _layer_norm(put, space, "ln_2", "second half")
    put.left_of("mlp_weight", "ln_2.bias", gap=m)
    put.below("mlp_bias", "mlp_weight", gap=0.5 * m)
    put.below("mlp", "mlp_bias", gap=m)
    put.below("mlp_activation", "mlp", gap=m)
    put.below("mlp_projection_weight", "mlp_activation", gap=m)
    put.right_of("mlp_projection_bias", "mlp_projection_weight", gap=m)
    put.beside_stream("mlp_result", gap=m, level="mlp_projection_weight")
    put.into_stream("mlp_residual", level="mlp_result")


def output(put: Composition, space: Space) -> None:
    """The final layer norm over the head, its logits and their probabilities."""
    m = space.margin
    _layer_norm(put, space, "ln_f", STREAM)
    put.below("logits", "ln_f", gap=1.5 * m, align="left")
    put.left_of("lm_head", "logits", gap=m)
    put.below("logits_max", "logits", gap=m, align="left")
    put.below("logits_sum", "logits_max", gap=space.row_gap, align="left")
    put.below("probabilities", "logits_sum", gap=m, align="left")


def _layer_norm(put: Composition, space: Space, name: str, level: str) -> None:
    """The five blocks of a layer norm, to the left of the stream."""
    put.beside_stream(f"{name}.mean", gap=space.margin, level=level)
    put.below(f"{name}.std", f"{name}.mean", gap=space.row_gap)
    put.below(name, f"{name}.std", gap=0.5 * space.margin)
    put.left_of(f"{name}.weight", name, gap=space.aside)
    put.left_of(f"{name}.bias", f"{name}.weight", gap=space.margin)


RELATIONS = Relations(embedding, layer, output)
