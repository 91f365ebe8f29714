"""The families of models: one package each, with the same functions.

`unwrap` recognizes a configuration of the family, `canonical` names a checkpoint's tensors,
`read_config` turns both into a `Config` and lists its assumptions, `weights` finds every weight,
`Computation` is the forward pass, some positions at a time, `block_names` lists the blocks,
`weight_source` finds the weight that a weight block shows, and `weight_block` gives its array.
To add a family, write such a package and enter it here under its `Config.model_type`.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

from ..errors import ConfigError
from . import gpt2

FAMILIES: dict[str, ModuleType] = {"gpt2": gpt2}


def family(model_type: str) -> ModuleType:
    """The package of a family.

    Raises
    ------
    ConfigError
        If the family is not supported.
    """
    if model_type not in FAMILIES:
        raise ConfigError(f"model_type is {model_type!r}; supported: {', '.join(FAMILIES)}")
    return FAMILIES[model_type]


def recognize(raw: dict[str, Any], path: Path) -> tuple[ModuleType, dict[str, Any]]:
    """The family that a checkpoint's configuration belongs to, and the part that describes it.

    Raises
    ------
    ConfigError
        If no family knows it; the message names its `model_type`.
    """
    for package in FAMILIES.values():
        unwrapped = package.unwrap(raw)
        if unwrapped is not None:
            return package, unwrapped
    if "model_type" in raw:
        what = f"model_type is {str(raw['model_type'])[:60]!r}, which is not supported yet"
    else:
        what = "has no model_type and no n_embd, so the kind of model is not known"
    raise ConfigError(f"{path}: {what}; supported: GPT-2 by Hugging Face, minGPT or nanoGPT")
