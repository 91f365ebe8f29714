"""Names of a GPT-2's tensors: from those in a checkpoint to the canonical ones used here.

Hugging Face, minGPT and nanoGPT use the same names. Programs that train, compile or distribute a
model add to them: a wrapper adds a part anywhere in the name, as in
`h.0._checkpoint_wrapped_module.ln_1.weight`, and a trainer a prefix before all names, as in
`base_model.model.transformer.wte.weight`. Where two parameters are one tensor, safetensors'
`save_model` saves it under one of their names, and notes the other in the metadata.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...errors import CheckpointError
from ...safetensors_file import StoredTensor

Tensors = dict[str, StoredTensor]

# torch.compile, DataParallel and DeepSpeed, Opacus, FSDP, activation checkpointing, Fabric.
_WRAPPERS = frozenset(
    {
        "_orig_mod",
        "module",
        "_module",
        "_fsdp_wrapped_module",
        "_checkpoint_wrapped_module",
        "_forward_module",
    }
)
# The prefix of the network's tensors within Hugging Face's and minGPT's language model classes.
_BODY = "transformer."
# Every GPT-2 has one of these; the first that a file has shows the prefix before its names.
_MARKS = ("ln_f.weight", "wpe.weight", "wte.weight")
# Causal masks that older versions saved with the weights.
_BUFFER = re.compile(r"^h\.[0-9]+\.attn\.(?:bias|masked_bias)$")
# Names that differ between the checkpoint and the canonical ones.
_RENAMED = {"wte.weight": "wte", "wpe.weight": "wpe", "lm_head.weight": "lm_head"}


def spelled(name: str) -> str:
    """The name in a checkpoint of the tensor with this canonical name, without any prefix."""
    return f"{name}.weight" if name in _RENAMED.values() else name


def canonical(tensors: Iterable[StoredTensor]) -> Tensors:
    """Tensors by their canonical names, without mask buffers.

    A tensor that was saved once for two parameters has both names.

    Raises
    ------
    CheckpointError
        If two tensors come to the same name, or there is more than one model.
    """
    stored = list(tensors)
    prefix = _prefix(stored)
    result: Tensors = {}
    for tensor in stored:
        name = _plain(tensor.name, prefix)
        if _BUFFER.match(name):
            continue
        if name in result:
            raise CheckpointError(
                f"{tensor.file.path}: tensors {tensor.name} and {result[name].name} both are "
                f"{name}; keep one of them"
            )
        result[name] = tensor
    for file in dict.fromkeys(tensor.file for tensor in stored):
        for left_out, kept in file.metadata.items():
            name = _plain(left_out, prefix)
            same = result.get(_plain(kept, prefix))
            if same is not None and (name in _RENAMED.values() or name.startswith("h.")):
                result.setdefault(name, same)
    return result


def _plain(name: str, prefix: str) -> str:
    name = _unwrapped(name).removeprefix(prefix).removeprefix(_BODY)
    return _RENAMED.get(name, name)


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _prefix(tensors: list[StoredTensor]) -> str:
    """The prefix before the names of the one model in a file, or ""."""
    names = [_unwrapped(tensor.name) for tensor in tensors]
    for mark in _MARKS:
        stems = (name.removesuffix(mark) for name in names if f".{name}".endswith(f".{mark}"))
        prefixes = sorted({stem.removesuffix(_BODY) for stem in stems})
        if "" in prefixes:
            return ""
        if len(prefixes) > 1:
            raise CheckpointError(
                f"{tensors[0].file.path}: has {len(prefixes)} models in it, such as those whose "
                f"tensors begin with {prefixes[0][:60]} and {prefixes[1][:60]}; save the one that "
                "is to be seen by itself"
            )
        if prefixes:
            return prefixes[0]
    return ""
