"""The architecture of a GPT-2, read from the configuration of any of three programs.

The three write configurations for this family, and leave different things unsaid:

- Hugging Face (`n_positions`, `activation_function`): the tanh GELU and a tied head unless
  said otherwise.
- nanoGPT (`block_size`, `bias`, `dropout`, perhaps under `model_args`): the exact GELU since
  June 2023, the tanh one before; a tied head that is saved twice. It had no `bias` at first.
- minGPT (`block_size`, `embd_pdrop`, `model_type: gpt-nano`, all of it perhaps under `model`):
  the tanh GELU, and a head of its own.

Where a configuration says nothing, the shapes of the tensors decide if they are proof. Otherwise
the default of the program that wrote it is assumed, and reported as an assumption; where even that
is unknown, an error asks for it. A wrong guess would still compute plausible numbers, so none is
made silently.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...config import Config
from ...errors import ConfigError
from .checkpoint import count_layers, has_bias, head_differs, is_linear
from .naming import Tensors

# minGPT's named sizes (mingpt/model.py): n_layer, n_head, n_embd.
_MINGPT_SIZES = {
    "openai-gpt": (12, 12, 768),
    "gpt2": (12, 12, 768),
    "gpt2-medium": (24, 16, 1024),
    "gpt2-large": (36, 20, 1280),
    "gpt2-xl": (48, 25, 1600),
    "gopher-44m": (8, 16, 512),
    "gpt-mini": (6, 6, 192),
    "gpt-micro": (4, 4, 128),
    "gpt-nano": (3, 3, 48),
}
_NAMED = frozenset({*_MINGPT_SIZES, "mingpt", "nanogpt"})

_ACTIVATIONS = {
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_tanh": "gelu_tanh",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
}

# Settings that change the numbers and are not computed here, each with the value that turns it off.
_UNSUPPORTED = {
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
}

# Heads of the GPT-2 models that OpenAI released, by n_embd. Shapes do not show the number of heads,
# so a checkpoint of another size has to come with a configuration.
_RELEASED_HEADS = {768: 12, 1024: 16, 1280: 20, 1600: 25}

# Names of sizes for messages, as a person would add them to a configuration.
_SPELLED = {"n_ctx": "n_positions (the context length)", "n_vocab": "vocab_size"}

# Each size under the names that the three programs and Hugging Face's aliases give it.
_KEYS = {
    "n_layer": ("n_layer", "num_hidden_layers"),
    "n_head": ("n_head", "num_attention_heads"),
    "n_embd": ("n_embd", "hidden_size"),
    "n_ctx": ("n_positions", "max_position_embeddings", "block_size", "n_ctx"),
    "n_vocab": ("vocab_size",),
    "d_ff": ("n_inner",),
}


def unwrap(raw: dict[str, Any]) -> dict[str, Any] | None:
    """The part of a configuration that describes a model of this family, or None.

    `openai-gpt` is Hugging Face's GPT-1, another network, except in minGPT's own files.
    """
    if "n_embd" not in raw:
        inner = (raw[key] for key in ("model", "model_args") if isinstance(raw.get(key), dict))
        raw = next(inner, raw)
    model_type = raw.get("model_type")
    if model_type is None:
        return raw if raw.keys() & {"n_embd", "n_head", "activation_function"} else None
    if not isinstance(model_type, str) or model_type.lower() not in _NAMED:
        return None
    return None if model_type == "openai-gpt" and "block_size" not in raw else raw


def read_config(
    raw: dict[str, Any] | None, tensors: Tensors, path: Path, activation: str = ""
) -> tuple[Config, tuple[str, ...]]:
    """The `Config` of a checkpoint, and the assumptions behind it.

    Parameters
    ----------
    raw : dict or None
        The configuration from `unwrap`; None where a file comes without one.
    tensors : dict
        The checkpoint's tensors by canonical name.
    path : Path
        The file that messages name: the configuration, or the file that lacks one.
    activation : str
        The activation, named as in `activation_function`, where the configuration names none.

    Returns
    -------
    config, assumptions
        A sentence for each assumption says what it is, why it was made, and what to write
        where it is wrong.

    Raises
    ------
    ConfigError
        If something that changes the numbers is unknown, unsupported or contradictory.
    """
    said = {} if raw is None else raw
    if raw is None and not tensors.keys() & {"wte", "lm_head"}:
        names = sorted(tensor.name for tensor in tensors.values())
        found = f"its first is {names[0][:60]}" if names else "it has none"
        raise ConfigError(
            f"{path}: has no tensor wte.weight, with which every GPT-2 begins ({found}); "
            "supported: GPT-2 by Hugging Face, minGPT or nanoGPT"
        )
    for key, off in _UNSUPPORTED.items():
        if said.get(key) not in (off, None):
            raise ConfigError(
                f"{path}: {key} is {str(said[key])[:40]}, which this version does not compute; "
                f"only checkpoints with {key} = {off} can be opened"
            )
    silence = _Silence(raw is None, path)
    sizes = _sizes(said, tensors)
    if "n_head" not in sizes and raw is None and not is_linear(tensors):
        sizes["n_head"] = _released_heads(sizes.get("n_embd", 0), silence)
    for name in ("n_layer", "n_head", "n_embd", "n_ctx", "n_vocab"):
        if sizes.get(name) is None:
            where = "put a config.json with it beside the file" if raw is None else "add it"
            raise ConfigError(f"{path}: does not say {_SPELLED.get(name, name)}; {where}")
    try:
        config = Config(
            **{name: size for name, size in sizes.items() if size is not None},
            norm_eps=said.get("layer_norm_epsilon", 1e-5),
            activation=_activation(said, activation, tensors, silence),
            tied=_tied(said, tensors, silence),
            bias=said["bias"] if said.get("bias") is not None else has_bias(tensors),
        )
    except ConfigError as error:
        message = str(error)
        raise ConfigError(message if str(path) in message else f"{path}: {message}") from error
    return config, tuple(silence.assumptions)


class _Silence:
    """Assumptions in place of settings that a configuration leaves out.

    Attributes
    ----------
    bare : bool
        True if there is no configuration at all.
    since, where : str
        Parts of a sentence: the reason for an assumption, and the file to correct it in.
    """

    def __init__(self, bare: bool, path: Path) -> None:
        self.bare, self.path = bare, path
        self.since = "there is no config.json" if bare else f"{path.name} does not name it"
        self.where = (
            "there" if path.name == "config.json" else "in a config.json beside the weights"
        )
        self.assumptions: list[str] = []


def _sizes(said: dict[str, Any], tensors: Tensors) -> dict[str, Any]:
    """Every size that the configuration says, or else the shapes, or else minGPT's names."""
    sizes: dict[str, Any] = {}
    for name, keys in _KEYS.items():
        for key in keys:
            if said.get(key) is not None:
                sizes[name] = said[key]
                break
    for name, size in _shown(tensors).items():
        if name != "d_ff" or "n_inner" not in said:  # null means 4 n_embd
            sizes.setdefault(name, size)
    if "block_size" in said and said.get("model_type") in _MINGPT_SIZES:
        named = _MINGPT_SIZES[said["model_type"]]
        for name, size in zip(("n_layer", "n_head", "n_embd"), named, strict=True):
            sizes.setdefault(name, size)
    return sizes


def _shown(tensors: Tensors) -> dict[str, int]:
    """The sizes that the shapes of tensors prove."""
    sizes = {}
    for name, key in (("lm_head", "n_vocab"), ("wte", "n_vocab"), ("wpe", "n_ctx")):
        if name in tensors and len(tensors[name].shape) == 2:
            sizes[key], sizes["n_embd"] = tensors[name].shape
    n_layer = count_layers(tensors)
    if n_layer:
        sizes["n_layer"] = n_layer
    hidden = tensors.get("h.0.mlp.c_fc.weight")
    if hidden is not None and len(hidden.shape) == 2:
        sizes["d_ff"] = hidden.shape[0 if is_linear(tensors) else 1]
    return sizes


def _released_heads(n_embd: int, silence: _Silence) -> int | None:
    """The heads of a released GPT-2 of this width, if there is one."""
    n_head = _RELEASED_HEADS.get(n_embd)
    if n_head:
        silence.assumptions.append(
            f"{n_head} heads were assumed, as OpenAI's GPT-2 of {n_embd:,} channels has them, "
            f'since {silence.since}; write "n_head" {silence.where} where there are others'
        )
    return n_head


def _program(said: dict[str, Any]) -> str:
    """The program of the three that wrote a configuration, by its keys."""
    if str(said.get("model_type")).lower() == "nanogpt":
        return "nanoGPT"
    if "block_size" in said:
        return "nanoGPT" if "bias" in said or "dropout" in said else "minGPT"
    return "Hugging Face"


def _activation(said: dict[str, Any], chosen: str, tensors: Tensors, silence: _Silence) -> str:
    name = said.get("activation_function")
    for named in (name, chosen or None):
        if named is not None and (not isinstance(named, str) or named not in _ACTIVATIONS):
            raise ConfigError(
                f"{silence.path}: activation_function is {str(named)[:40]!r}; "
                f"this version computes {', '.join(_ACTIVATIONS)}"
            )
    if name is not None:
        if chosen and _ACTIVATIONS[chosen] != _ACTIVATIONS[name]:
            raise ConfigError(
                f"{silence.path}: activation_function is {name!r}, and {chosen!r} was asked for; "
                "ask for none, or change it there"
            )
        return _ACTIVATIONS[name]
    if chosen:
        return _ACTIVATIONS[chosen]
    if silence.bare and is_linear(tensors):
        raise ConfigError(
            f"{silence.path}: does not say its activation; put a config.json beside it with "
            'n_head, and "activation_function": "gelu" (nanoGPT) or "gelu_new" (minGPT)'
        )
    # In its first month nanoGPT wrote no `bias`, and it had the tanh form then. No version of it
    # writes a `model_type`, so a configuration with one comes from a later program.
    if _program(said) == "nanoGPT" and said.keys() & {"bias", "model_type"}:
        form, key, other = "exact", "gelu_new", "tanh form, which nanoGPT had until June 2023"
    else:
        form, key, other = "tanh", "gelu", "exact form"
    silence.assumptions.append(
        f"GELU in its {form} form was assumed, since {silence.since}; write "
        f'"activation_function": "{key}" {silence.where} for the {other}'
    )
    return "gelu" if form == "exact" else "gelu_tanh"


def _tied(said: dict[str, Any], tensors: Tensors, silence: _Silence) -> Any:
    """True if the head is the token embedding, by the configuration or else by the tensors."""
    tied = said.get("tie_word_embeddings")
    head, embedding = tensors.get("lm_head"), tensors.get("wte")
    if head is not None and head is embedding:
        return True  # one tensor was saved under both names, as the file's metadata says
    if tied is None and embedding is None:
        # Where head and embedding are one tensor, it may have been saved under the head's name
        # only. minGPT does not tie them, so in its files the embedding is missing.
        if silence.bare:
            silence.assumptions.append(
                "lm_head.weight was taken for the token embedding, too, since the file has no "
                f"wte.weight, and {silence.since}; save both where they differ"
            )
        return _program(said) != "minGPT"
    if tied is None:
        return not head_differs(tensors)
    if tied is True and head_differs(tensors):
        raise ConfigError(
            f"{silence.path}: says tie_word_embeddings, but the checkpoint's lm_head.weight is "
            "not its wte.weight; set it to false to use the head in the file"
        )
    return tied
