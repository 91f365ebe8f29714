"""Tensors that are no plain weights: quantized ones, an adapter's, or one process's share of them.

The program that made them has to turn them into plain weights first. The configuration and the
tensors' names and shapes tell which kind they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import CheckpointError, ConfigError
from .safetensors_file import StoredTensor

# Names of methods by their spelling in configurations, where the two differ.
_METHODS = {"gptq": "GPTQ", "awq": "AWQ", "hqq": "HQQ", "aqlm": "AQLM", "fp8": "FP8"}
# Methods by the last part of a tensor's name, for parts that only one method has.
_ENDINGS = {
    "g_idx": "GPTQ",
    "q_weight": "EXL2",
    "absmax": "bitsandbytes",
    "quant_map": "bitsandbytes",
    "bitsandbytes__nf4": "bitsandbytes",
    "bitsandbytes__fp4": "bitsandbytes",
    "SCB": "bitsandbytes",
    "weight_packed": "compressed-tensors",
    "weight_scale": "FP8",
    "weight_scale_inv": "FP8",
}
_UNQUANTIZED = "download or save an unquantized copy, in F32, F16 or BF16"
_ADAPTERS = (
    "lora_A",
    "lora_B",
    "lora_a",
    "lora_b",
    "lora_embedding_A",
    "lora_embedding_B",
    "ia3_l",
)


def refuse_quantized(raw: dict[str, Any], path: Path) -> None:
    """Refuse a configuration that says its weights are quantized.

    Raises
    ------
    ConfigError
        If it does; the message names the method and the bits, where the configuration does.
    """
    for key in ("quantization_config", "quantization"):
        said = raw.get(key)
        if said:
            method, bits = _method(said if isinstance(said, dict) else {}, key)
            raise ConfigError(
                f"{path}: says in {key} that the model is quantized{method}{bits}, and such "
                f"numbers are not read; {_UNQUANTIZED}"
            )


def refuse(tensors: Iterable[StoredTensor]) -> None:
    """Refuse tensors that are no plain weights.

    Raises
    ------
    CheckpointError
        If there are any; the message names the file, the first such tensor, what made it, and
        what to do about it.
    """
    by_name = {tensor.name: tensor for tensor in tensors}
    for name, tensor in by_name.items():
        why = _why(name, tensor, by_name)
        if why:
            raise CheckpointError(f"{tensor.file.path}: {why}")


def _why(name: str, tensor: StoredTensor, others: dict[str, StoredTensor]) -> str:
    """The reason why a tensor is no plain weight, and the cure; empty where it is one."""
    short, parts = name[:100], name.split(".")
    method = _quantized(parts, tensor, others)
    if method:
        return f"is quantized with {method}, as tensor {short} shows; {_UNQUANTIZED}"
    if any(part in _ADAPTERS for part in parts):
        return (
            f"holds an adapter that is not merged into the model, such as tensor {short}; load "
            "both with PEFT, call merge_and_unload(), and save the result"
        )
    if parts[-1].lstrip("_").startswith("flat_param"):
        return (
            f"holds parameters that FSDP has flattened, such as tensor {short}; save the model "
            "with its state_dict_type FULL_STATE_DICT"
        )
    if tensor.shape == (0,) and parts[-1] in ("weight", "bias"):
        return (
            f"tensor {short} is empty, as DeepSpeed's ZeRO-3 leaves what other processes hold; "
            "save with stage3_gather_16bit_weights_on_model_save, or run the zero_to_fp32.py "
            "that lies in the checkpoint"
        )
    return ""


def _method(said: dict[str, Any], key: str) -> tuple[str, str]:
    """The method and the bits that a configuration names, as parts of a sentence."""
    method = said.get("quant_method")
    if isinstance(method, str):
        name = _METHODS.get(method.lower(), method[:40])
    elif said.get("load_in_4bit") or said.get("load_in_8bit"):
        name = "bitsandbytes"
    elif key == "quantization" or "group_size" in said:
        name = "MLX"
    else:
        name = ""
    bits = said.get("bits", said.get("w_bit"))
    if said.get("load_in_4bit") or said.get("load_in_8bit"):
        bits = 4 if said.get("load_in_4bit") else 8
    return f" with {name}" if name else "", f" to {bits} bits" if isinstance(bits, int) else ""


def _quantized(
    parts: list[str], tensor: StoredTensor, others: dict[str, StoredTensor]
) -> str | None:
    """The method that has a tensor of this name beside its packed numbers."""
    end, stem = parts[-1], ".".join(parts[:-1])
    if end == "qweight":
        zeros = others.get(f"{stem}.qzeros")
        # GPTQ packs its numbers along the other axis than AWQ, so that qweight and qzeros differ
        # in their last size.
        same = zeros is not None and zeros.shape[-1:] == tensor.shape[-1:]
        return "AWQ" if same else "GPTQ"
    if end == "scales" and f"{stem}.qweight" not in others:
        packed = others.get(f"{stem}.weight")
        return "MLX" if packed is not None and packed.dtype == "U32" else None
    return _ENDINGS.get(end)
