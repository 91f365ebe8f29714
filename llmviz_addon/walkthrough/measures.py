"""Measures: the numbers of a run that captions quote, read once from its trace.

They are few, and are kept with the run, so that the film can be made anew where the trace is not
at hand any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .choice import Choice

if TYPE_CHECKING:
    from ..model import Config

Measures = Mapping[str, float]
Arrays = Mapping[str, NDArray[Any]]

TEMPERATURES = (0.5, 1.0, 2.0)
"""The temperatures at which one row of scores is shown: sharper, as it is, more even."""


def measured(trace: Arrays, config: Config, choice: Choice, position: int) -> dict[str, float]:
    """The measures of a run at one position.

    Parameters
    ----------
    trace
        Block name to array, as a forward pass gives it.
    choice
        The layer and head that are followed, and the channel, if one is chosen.
    position
        The position that is followed.

    Returns
    -------
    dict of str to float
        By name; those of single layers have the layer's number behind a colon.
    """
    t = position
    stream = _stream(trace, config)
    layer, head = f"layer{choice.layer}.", f"layer{choice.layer}.head{choice.head}."
    scores = np.asarray(trace[f"{head}attention_scores"][t, : t + 1], float)
    weights = np.asarray(trace[f"{head}attention"][t, : t + 1], float)
    query = trace[f"{head}q"][t]
    hidden, active = trace[f"{layer}mlp"][t], trace[f"{layer}mlp_activation"][t]
    channel, neuron = int(np.abs(query).argmax()), int(np.abs(active).argmax())
    if choice.channel is not None:
        channel, neuron = choice.channel % len(query), choice.channel % len(active)
    row = choice.channel or 0
    logits = np.asarray(trace["logits"][t], float)
    found = {
        "channel": row,
        "head_channel": channel,
        "embedding_token": trace["wte"][int(trace["tokens"][t]), row],
        "embedding_position": trace["wpe"][t, row],
        "embedding_sum": trace["embedding"][t, row],
        "mean": trace[f"{layer}ln_1.mean"][t],
        "std": trace[f"{layer}ln_1.std"][t],
        "query": query[channel],
        "best_key": int(weights.argmax()),
        "best_score": scores.max(),
        "best_weight": weights.max(),
        "row_max": trace[f"{head}attention_max"][t],
        "row_sum": trace[f"{head}attention_sum"][t],
        "neuron": neuron,
        "neuron_before": hidden[neuron],
        "neuron_after": active[neuron],
        "low_before": hidden.min(),
        "low_after": active[int(hidden.argmin())],
        "neurons_lit": int((active > 0).sum()),
        "logit": logits.max(),
        "best_token": int(logits.argmax()),
    }
    for temperature in TEMPERATURES:
        found[f"share_at:{temperature:g}"] = softmax(scores / temperature).max()
    for i in range(config.n_layer):
        found[f"stream:{i}"] = _length(stream[i][t])
        found[f"attention_added:{i}"] = _length(trace[f"layer{i}.attention_output"][t])
        found[f"mlp_added:{i}"] = _length(trace[f"layer{i}.mlp_result"][t])
        found[f"added:{i}"] = _length(stream[i + 1][t] - stream[i][t])
    found[f"stream:{config.n_layer}"] = _length(stream[-1][t])
    return {name: float(value) for name, value in found.items()}


def softmax(row: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares of a row of scores."""
    powers = np.exp(row - row.max())
    shares: NDArray[np.float64] = powers / powers.sum()
    return shares


def _stream(trace: Arrays, config: Config) -> list[NDArray[Any]]:
    """The residual stream before each layer, and after the last."""
    after = [trace[f"layer{i}.mlp_residual"] for i in range(config.n_layer)]
    return [trace["embedding"], *after]


def _length(column: NDArray[Any]) -> float:
    return float(np.linalg.norm(column.astype(float)))
