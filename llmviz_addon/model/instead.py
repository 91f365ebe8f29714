"""Reasons why a folder has no weights to read: what lies in their place, and what to do about it.

Weights that were not found are often there, but in a form that is not read, in a folder further
down, or not whole. Each has a cure of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from .errors import CheckpointError
from .foreign import PICKLES, never_opened
from .safetensors_file import read_json

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
CONFIG_NAME = "config.json"
ADAPTER_NAME = "adapter_config.json"

# Names that PEFT and MLX give the weights of an adapter.
ADAPTERS = ("adapter_model.safetensors", "adapters.safetensors")
# Endings that browsers and download managers add to a name, or to a file beside it, until they are
# done.
_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".incomplete", ".aria2", ".tmp")
# Weights in formats that are not read.
_FOREIGN = (".h5", ".msgpack", ".ot", ".onnx", ".gguf", ".tflite", ".npz", ".index")
# Files that Trainer, Accelerate, DeepSpeed and Lightning keep beside the weights, to go on with
# training later.
_TRAINING = re.compile(
    r"^(?:optim(?:izer)?|(?:lr_)?scheduler|scaler|rng|random|training_args|sampler|dl_state_dict"
    r"|custom_checkpoint|trainer)(?:_states?)?(?:[_-]?[0-9]+)*\.[a-z]+$|_optim_states\.pt$"
)
# Folders of checkpoints below the one that was chosen: side by side, in Hugging Face's cache of one
# model, and in its cache of several.
_BELOW = ("*", "snapshots/*", "snapshots/*/*", "*/snapshots/*")
_STEP = re.compile(r"[-_]([0-9]{1,12})$")
# Most names in a folder that are looked at.
_MANY = 1000


def is_of_training(name: str) -> bool:
    """True if a training run keeps a file of this name beside the weights."""
    return bool(_TRAINING.search(name))


def no_weights(folder: Path) -> CheckpointError:
    """The error on a folder without safetensors: it says what is there instead, and what to do."""
    refuse_unfinished(folder)
    names = sorted(path.name for path in islice(folder.iterdir(), _MANY) if path.is_file())
    below = _below(folder)
    if len(below) == 1:
        said = f"is not a checkpoint's folder, but {below[0]} in it is; choose that one"
    elif below:
        said = f"has {len(below)} checkpoints' folders in it, such as {below[0]}; choose one"
    else:
        others = [name for name in names if not is_of_training(name)]
        said = (
            _in_pieces(folder, others)
            or _otherwise(folder, others)
            or _beside(names)
            or f"has neither {WEIGHTS_NAME} nor {INDEX_NAME}; choose a checkpoint's folder"
        )
    return CheckpointError(f"{folder}: {said}")


def adapter(path: Path, config: Path | None) -> CheckpointError:
    """The error on an adapter; `config` is its configuration, if that lies beside it."""
    said = {} if config is None else read_json(config)
    kind = str(said.get("peft_type") or said.get("fine_tune_type") or "")[:40]
    kind = {"LORA": "LoRA", "": "LoRA"}.get(kind.upper(), kind)
    base = said.get("base_model_name_or_path") or said.get("model") or said.get("model_name")
    named = str(base)[:120] if base else "a model that it does not name"
    merge = "load both with PEFT, call merge_and_unload(), and save the result"
    cure = (
        "choose that model's folder, since prompts cannot be merged" if "TUNING" in kind else merge
    )
    return CheckpointError(
        f"{path}: is a {kind} adapter for {named}, and no model by itself; {cure}"
    )


def refuse_unfinished(folder: Path) -> None:
    """Raise `CheckpointError` if a folder has a download of weights that is not finished."""
    partial = [
        path
        for path in islice(folder.iterdir(), _MANY)
        if path.suffix.lower() in _UNFINISHED
        # Chrome gives a download its name at the end only, so any of its unfinished files counts.
        and (".safetensors" in path.name or path.suffix == ".crdownload")
    ]
    partial += islice(folder.glob(".cache/huggingface/download/*.incomplete"), 1)
    if partial:
        raise CheckpointError(
            f"{min(partial)}: is a download that was not finished; let it finish, or start it again"
        )


def _in_pieces(folder: Path, names: list[str]) -> str:
    """The sentence on weights of which every process of a training run wrote a piece, or ""."""
    if any(name.startswith("pytorch_model") and name.endswith(".bin") for name in names):
        return ""
    if "zero_to_fp32.py" in names or any(name.endswith("_model_states.pt") for name in names):
        return (
            "has its weights only in the pieces that DeepSpeed's processes hold; run DeepSpeed's "
            "zero_to_fp32.py with --safe_serialization, or save with "
            "stage3_gather_16bit_weights_on_model_save"
        )
    pieces = next(folder.glob("*.distcp"), None) or next(folder.glob("*/*.distcp"), None)
    if pieces:
        return (
            "has its weights only in the pieces that FSDP's processes hold; run accelerate "
            f"merge-weights on {pieces.parent.name}, or save with state_dict_type FULL_STATE_DICT"
        )
    return ""


def _otherwise(folder: Path, names: list[str]) -> str:
    """The sentence on weights in a format that is not read, or on a lone configuration, or ""."""
    pickles = [name for name in names if Path(name).suffix.lower() in PICKLES]
    if pickles:
        # Of several pickles, one with Hugging Face's name is surely the weights.
        name = min(pickles, key=lambda name: (not name.startswith("pytorch_model"), name))
        return f"has its weights only as {name}, {never_opened(name)}"
    names += (f"onnx/{path.name}" for path in islice(sorted(folder.glob("onnx/*.onnx")), 1))
    other = next((name for name in names if Path(name).suffix.lower() in _FOREIGN), None)
    if other:
        exported = ", or choose the checkpoint that it was exported from"
        cure = f"download {WEIGHTS_NAME}, too{exported if other.endswith('.onnx') else ''}"
        return f"has its weights only as {other}, which is not read; {cure}"
    if CONFIG_NAME in names:
        return (
            f"has {CONFIG_NAME} but no weights; download {WEIGHTS_NAME}, or {INDEX_NAME} and the "
            "shards that it lists, into the same folder"
        )
    return ""


def _beside(names: list[str]) -> str:
    """The sentence on a folder with nothing but a training run's own files, or ""."""
    name = next((name for name in names if is_of_training(name)), None)
    if name is None:
        return ""
    return (
        f"has only what a training run keeps beside the weights, such as {name}; choose the "
        f"folder that has {WEIGHTS_NAME}"
    )


def _below(folder: Path) -> list[Path]:
    """Paths from a folder to those of checkpoints below it, the latest training step first."""
    for patterns in (("model*.safetensors", "model*.index*.json"), ("pytorch_model*.bin",)):
        found = {path for path in _folders(folder) if _has_any(path, (*patterns, ADAPTER_NAME))}
        if found:
            return sorted((path.relative_to(folder) for path in found), key=_latest)
    return []


def _latest(path: Path) -> tuple[int, Path]:
    step = _STEP.search(path.name)
    return (-int(step[1]) if step else 0, path)


def _folders(folder: Path) -> Iterator[Path]:
    for pattern in _BELOW:
        yield from islice(folder.glob(pattern), _MANY)


def _has_any(folder: Path, patterns: Iterable[str]) -> bool:
    try:
        return any(path.is_file() for pattern in patterns for path in folder.glob(pattern))
    except OSError:  # such as a folder that this user may not read
        return False
