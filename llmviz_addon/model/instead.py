"""What a folder, or a file, has in place of a checkpoint's weights.

Weights that were not found are often there in a form that is not read, in a folder further down,
or not whole. Which of these it is decides what helps.
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

# What PEFT, and MLX, call the weights of an adapter.
ADAPTERS = ("adapter_model.safetensors", "adapters.safetensors")
# What browsers and download managers add to a name, or have beside it, until they are done.
_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".incomplete", ".aria2", ".tmp")
# Weights in formats that are not read.
_FOREIGN = (".h5", ".msgpack", ".ot", ".onnx", ".gguf", ".tflite", ".npz", ".index")
# What Trainer, Accelerate, DeepSpeed and Lightning keep beside the weights, to go on later.
_TRAINING = re.compile(
    r"^(?:optim(?:izer)?|(?:lr_)?scheduler|scaler|rng|random|training_args|sampler|dl_state_dict"
    r"|custom_checkpoint|trainer)(?:_states?)?(?:[_-]?[0-9]+)*\.[a-z]+$|_optim_states\.pt$"
)
# Below a folder: checkpoints side by side, and Hugging Face's cache of one and of several.
_BELOW = ("*", "snapshots/*", "snapshots/*/*", "*/snapshots/*")
_STEP = re.compile(r"[-_]([0-9]{1,12})$")
# How many names are looked at to say what else is there.
_MANY = 1000


def is_of_training(name: str) -> bool:
    """Whether a file is what a training run keeps beside the weights."""
    return bool(_TRAINING.search(name))


def no_weights(folder: Path) -> CheckpointError:
    """What a folder without safetensors has in their place, and what to do about it."""
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
    """What to do about an adapter, of which the configuration may lie beside it."""
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
    """Name a download of weights that has not come to its end, if there is one."""
    partial = [
        path
        for path in islice(folder.iterdir(), _MANY)
        if path.suffix.lower() in _UNFINISHED
        # Chrome does not know the name before the end.
        and (".safetensors" in path.name or path.suffix == ".crdownload")
    ]
    partial += islice(folder.glob(".cache/huggingface/download/*.incomplete"), 1)
    if partial:
        raise CheckpointError(
            f"{min(partial)}: is a download that was not finished; let it finish, or start it again"
        )


def _in_pieces(folder: Path, names: list[str]) -> str:
    """What to do about weights of which every process of a training run wrote a piece."""
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
    """What to do about weights in a format that is not read, or about a lone configuration."""
    pickles = [name for name in names if Path(name).suffix.lower() in PICKLES]
    if pickles:
        # Hugging Face's name says that it is the weights.
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
    """What to do about a folder of nothing but a training run's own files."""
    name = next((name for name in names if is_of_training(name)), None)
    if name is None:
        return ""
    return (
        f"has only what a training run keeps beside the weights, such as {name}; choose the "
        f"folder that has {WEIGHTS_NAME}"
    )


def _below(folder: Path) -> list[Path]:
    """Folders of checkpoints below a folder, as it would name them, the latest step first."""
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
    except OSError:  # a folder of somebody else's
        return False
