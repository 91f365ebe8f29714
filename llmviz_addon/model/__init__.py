"""The network and its numbers: configurations, checkpoints, and the forward pass, in numpy.

    >>> from llmviz_addon import model
    >>> m = model.load("nano-gpt")
    >>> trace = m.forward(m.read_prompt("CBABBC"))
    >>> trace["layer0.head2.attention"].shape
    (6, 6)

This room knows no Blender and draws nothing. Anything wrong with a model, a file or a prompt is
raised as a `ModelError` whose message can be shown to people as it is.
"""

from __future__ import annotations

from .config import Config
from .errors import (
    CheckpointError,
    ConfigError,
    ModelError,
    PromptError,
    SamplingError,
    WeightsMissingError,
)
from .loading import load
from .network import Model
from .presets import Preset, presets
from .sampling import GREEDY, Sampling
from .tokenizer import Tokenizer
from .trace import Trace
from .weights import Weights

__all__ = [
    "GREEDY",
    "CheckpointError",
    "Config",
    "ConfigError",
    "Model",
    "ModelError",
    "Preset",
    "PromptError",
    "Sampling",
    "SamplingError",
    "Tokenizer",
    "Trace",
    "Weights",
    "WeightsMissingError",
    "load",
    "presets",
]
