"""The weights of a GPT-2 in a checkpoint, whichever program saved it.

Programs differ in the linear layers: Hugging Face's `Conv1D` stores (in, out), torch's
`nn.Linear` (out, in). The fused query, key and value projection is never square, so its shape tells
which of the two a file has. Names are the subject of `naming`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ...config import Config
from ...errors import CheckpointError
from ...weights import Source, Weights
from .naming import Tensors, spelled

_LAYER = re.compile(r"^h\.([0-9]{1,6})\.")
_LINEAR = re.compile(r"\.(?:c_attn|c_proj|c_fc)\.weight$")
# Bytes that are compared at a time.
_CHUNK = 2**20


def has_bias(tensors: Tensors) -> bool:
    """True if a checkpoint has any bias; `weights` then expects all of them."""
    return any(n.endswith(".bias") and n.startswith(("h.", "ln_f.")) for n in tensors)


def count_layers(tensors: Tensors) -> int:
    """One more than the highest layer that has a tensor."""
    return 1 + max((int(m[1]) for m in map(_LAYER.match, tensors) if m), default=-1)


def is_linear(tensors: Tensors) -> bool:
    """True if linear layers are stored as torch's nn.Linear does, (out, in)."""
    tensor = tensors.get("h.0.attn.c_attn.weight")
    return tensor is not None and len(tensor.shape) == 2 and tensor.shape[0] == 3 * tensor.shape[1]


def head_differs(tensors: Tensors) -> bool:
    """True if the file has a head that differs from the token embedding, even in one number only.

    Notes
    -----
    nanoGPT saves a tied head twice, so only the numbers can tell. Both are compared a piece at a
    time, up to the first difference: in a head that was trained, that is in the first piece, and
    where there is none, reading both goes at the speed of memory.
    """
    head, embedding = tensors.get("lm_head"), tensors.get("wte")
    if head is None or embedding is None or head is embedding:
        return False
    if (head.shape, head.dtype) != (embedding.shape, embedding.dtype):
        return True
    ours, others = head.stored(), embedding.stored()
    places = range(0, len(ours), _CHUNK)
    return not all(np.array_equal(ours[i : i + _CHUNK], others[i : i + _CHUNK]) for i in places)


def weights(config: Config, tensors: Tensors, path: Path) -> tuple[Weights, tuple[str, ...]]:
    """The weights that a configuration asks for, every shape checked and no number read.

    Returns
    -------
    weights, unused
        `unused` are the names of tensors outside the layers that the model does not need.

    Raises
    ------
    CheckpointError
        If a tensor is missing, has another shape or does not hold floats, or if the file has
        tensors within its layers that this architecture does not know.
    """
    transposed = is_linear(tensors)
    sources = {}
    for name, shape in _expected(config):
        tensor = tensors.get(name)
        if config.tied and name == "lm_head":  # it may be saved twice, and is read once
            tensor = tensors.get("wte", tensor)
        elif config.tied and name == "wte":
            tensor = tensors.get(name, tensors.get("lm_head"))
        if tensor is None:
            raise CheckpointError(
                f"{path}: tensor {spelled(name)} is missing, shape {shape} was expected; check "
                "that the checkpoint is whole, and that the configuration belongs to it"
            )
        source = Source(tensor, transposed and bool(_LINEAR.search(name)))
        if source.shape != shape:
            stored = shape[::-1] if source.transposed else shape
            raise CheckpointError(
                f"{tensor.file.path}: tensor {tensor.name} has shape {tensor.shape}, {stored} was "
                f"expected; {_CURE}"
            )
        tensor.check_floats()
        sources[name] = source
    unused = tuple(tensors[name].name for name in tensors if name not in sources)
    _check_unused(config, tensors, unused, path)
    return Weights(sources), unused


_CURE = "check that the configuration belongs to this file"


def _expected(config: Config) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Every canonical name and shape of a model, linear layers as (in, out)."""
    width, d_ff = config.n_embd, config.d_ff

    def norm(name: str) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f"{name}.weight", (width,)
        if config.bias:
            yield f"{name}.bias", (width,)

    def linear(name: str, n_in: int, n_out: int) -> Iterator[tuple[str, tuple[int, ...]]]:
        yield f"{name}.weight", (n_in, n_out)
        if config.bias:
            yield f"{name}.bias", (n_out,)

    yield "wte", (config.n_vocab, width)
    yield "wpe", (config.n_ctx, width)
    for layer in range(config.n_layer):
        yield from norm(f"h.{layer}.ln_1")
        yield from linear(f"h.{layer}.attn.c_attn", width, 3 * width)
        yield from linear(f"h.{layer}.attn.c_proj", width, width)
        yield from norm(f"h.{layer}.ln_2")
        yield from linear(f"h.{layer}.mlp.c_fc", width, d_ff)
        yield from linear(f"h.{layer}.mlp.c_proj", d_ff, width)
    yield from norm("ln_f")
    yield "lm_head", (config.n_vocab, width)


def _check_unused(config: Config, tensors: Tensors, unused: tuple[str, ...], path: Path) -> None:
    """Refuse tensors that would have taken part in the computation."""
    for name in tensors:
        if tensors[name].name not in unused:
            continue
        layer = _LAYER.match(name)
        if layer and int(layer[1]) >= config.n_layer:
            raise CheckpointError(
                f"{path}: has tensor {tensors[name].name}, but the configuration says "
                f"{config.n_layer} layers; {_CURE}"
            )
        if name.startswith("h.") or name in ("lm_head.bias", "ln_f.bias"):
            raise CheckpointError(
                f"{path}: tensor {tensors[name].name} is not part of a GPT-2 of this "
                f"configuration, so its numbers would be wrong; {_CURE}"
            )
