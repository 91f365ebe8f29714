"""Which files of a folder, or which single file, hold a checkpoint's weights.

Nothing outside the folder is read, and no pickle is ever opened. Where weights are missing, what
else is there says why: a shard's index that was not downloaded, a download that was not finished,
weights in another format, or a checkpoint one folder further down.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path
from typing import Any

from .errors import CheckpointError
from .foreign import PICKLE, PICKLES
from .safetensors_file import SafetensorsFile, StoredTensor, read_json

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
CONFIG_NAME = "config.json"

_SHARD = re.compile(r"-0*([0-9]{1,5})-of-0*([0-9]{1,5})\.safetensors$")
# What browsers and download managers add to a name, or have beside it, until they are done.
_UNFINISHED = (".crdownload", ".part", ".partial", ".download", ".incomplete", ".aria2", ".tmp")
# Weights in formats that are not read.
_FOREIGN = (".h5", ".msgpack", ".ot", ".onnx", ".gguf", ".tflite", ".npz", ".index")
# Below a folder: checkpoints side by side, and Hugging Face's cache of one and of several.
_BELOW = ("*", "snapshots/*", "*/snapshots/*")
# How many names are looked at to say what else is there.
_MANY = 1000


def file_weights(path: Path) -> list[SafetensorsFile]:
    """A single file of weights that was chosen, opened.

    Raises
    ------
    CheckpointError
        Where it is none, or only a part of a checkpoint.
    """
    if path.name.endswith(".index.json"):
        raise CheckpointError(f"{path}: is the index of a checkpoint; choose its folder instead")
    number, count = _numbered(path.name)
    if count > 1:
        raise CheckpointError(
            f"{path}: is shard {number} of {count}, a part of a checkpoint only; "
            "choose its folder instead"
        )
    return [_open(path)]


def folder_weights(folder: Path) -> list[SafetensorsFile]:
    """The files of weights in a checkpoint's folder, opened.

    Raises
    ------
    CheckpointError
        Where there are none, or not all; it says what is missing.
    """
    single, index = folder / WEIGHTS_NAME, folder / INDEX_NAME
    if is_there(single, folder):
        return [SafetensorsFile(single)]
    if is_there(index, folder):
        return _shards(index, folder)
    others = [path for path in sorted(folder.glob("*.safetensors")) if is_there(path, folder)]
    shards = [path for path in others if _numbered(path.name)[1] > 1]
    if shards:
        raise _without_index(folder, shards)
    if len(others) == 1:
        return [SafetensorsFile(others[0])]
    if others:
        raise CheckpointError(
            f"{folder}: has {len(others)} safetensors files but neither {WEIGHTS_NAME} nor "
            f"{INDEX_NAME}; choose one of the files"
        )
    raise _without_weights(folder)


def is_there(path: Path, folder: Path) -> bool:
    """Whether a folder has a file, which is not a link to nowhere or to somewhere else.

    Notes
    -----
    Hugging Face's cache keeps `snapshots/<revision>/` full of links into `blobs/` beside it;
    these two folders belong together and are accepted as one.

    Raises
    ------
    CheckpointError
        Where it is such a link.
    """
    if not path.is_file():
        if path.is_symlink() and not path.exists():
            raise CheckpointError(
                f"{path}: is a link to a file that does not exist; download the checkpoint again, "
                "or copy the file itself there"
            )
        return False
    home, real = folder.resolve(), path.resolve()
    inside = [home]
    if home.parent.name == "snapshots":
        inside.append(home.parent.parent / "blobs")
    if not any(real.is_relative_to(place) for place in inside):
        raise CheckpointError(
            f"{path}: is a link that leads out of its folder, and nothing outside the chosen "
            "folder is read; copy the file itself there"
        )
    return True


def short(text: Any) -> str:
    """What a message says of a name of any length."""
    text = str(text)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _open(path: Path) -> SafetensorsFile:
    if path.suffix.lower() in PICKLES:
        raise CheckpointError(f"{path}: may be {PICKLE}")
    return SafetensorsFile(path)


def _numbered(name: str) -> tuple[int, int]:
    """Which shard of how many a file's name says it is; a file that is no shard is 1 of 1."""
    found = _SHARD.search(name)
    return (int(found[1]), int(found[2])) if found else (1, 1)


def _shards(index: Path, folder: Path) -> list[SafetensorsFile]:
    """The shards that an index lists, each holding the tensors that it promises.

    Tensors that a shard holds and the index does not list are left out.
    """
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{index}: has no weight_map; download or save the index again")
    for tensor, name in places.items():
        if not _is_plain(name):
            raise CheckpointError(
                f"{index}: places tensor {short(tensor)} in {short(repr(name))}; a shard must "
                "be the name of a file in the same folder"
            )
    _check_complete(index, folder, sorted(set(places.values())))
    shards: dict[str, SafetensorsFile] = {}
    listed: dict[str, dict[str, StoredTensor]] = {}
    for tensor, name in places.items():
        if name not in shards:
            shards[name], listed[name] = _open(folder / name), {}
        if tensor not in shards[name].tensors:
            raise CheckpointError(
                f"{shards[name].path}: lacks tensor {short(tensor)}, which {index.name} places "
                "there; download the shard and the index again"
            )
        listed[name][tensor] = shards[name].tensors[tensor]
    for name, shard in shards.items():
        shard.tensors = listed[name]
    return list(shards.values())


def _check_complete(index: Path, folder: Path, names: list[str]) -> None:
    """Refuse a folder that lacks some of the shards that its index lists."""
    missing = [name for name in names if not is_there(folder / name, folder)]
    if not missing:
        return
    _refuse_unfinished(folder)
    if len(missing) == 1:
        raise CheckpointError(
            f"{folder / missing[0]}: is missing, and {index.name} lists it; download it, too"
        )
    raise CheckpointError(
        f"{folder}: has {len(names) - len(missing)} of the {len(names)} shards that {index.name} "
        f"lists, and not {missing[0]}; download the missing ones, too"
    )


def _is_plain(name: Any) -> bool:
    """Whether a shard's name is a file name and nothing more, on any system."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= 255
        and name not in (".", "..")
        and not any(character in name for character in "/\\:\0")
    )


# What else is there


def _without_index(folder: Path, shards: list[Path]) -> CheckpointError:
    numbers = [_numbered(path.name) for path in shards]
    count = max(count for _, count in numbers)
    there = len({number for number, of in numbers if of == count})
    has, lacks = (f"all {count} shards", "it")
    if there < count:
        has, lacks = f"{there} of {count} shards", "it and the other shards"
    return CheckpointError(
        f"{folder}: has {has} but not {INDEX_NAME}, which says what they hold; "
        f"download {lacks}, too"
    )


def _without_weights(folder: Path) -> CheckpointError:
    _refuse_unfinished(folder)
    said = f"has neither {WEIGHTS_NAME} nor {INDEX_NAME}; choose a checkpoint's folder"
    files = sorted(path for path in islice(folder.iterdir(), _MANY) if path.is_file())
    pickle = next((path.name for path in files if path.suffix.lower() in PICKLES), None)
    other = next((path.name for path in files if path.suffix.lower() in _FOREIGN), None)
    below = _below(folder)
    if len(below) == 1:
        said = f"is not a checkpoint's folder, but {below[0]} in it is; choose that one"
    elif below:
        said = f"has {len(below)} checkpoints' folders in it, such as {below[0]}; choose one"
    elif pickle:
        said = f"has its weights only as {pickle}, {PICKLE}"
    elif other:
        said = f"has its weights only as {other}, which is not read; download {WEIGHTS_NAME}, too"
    elif (folder / CONFIG_NAME).is_file():
        said = (
            f"has {CONFIG_NAME} but no weights; download {WEIGHTS_NAME}, or {INDEX_NAME} and the "
            "shards that it lists, into the same folder"
        )
    return CheckpointError(f"{folder}: {said}")


def _below(folder: Path) -> list[Path]:
    """Folders of checkpoints below a folder, as it would name them."""
    return sorted(
        path.relative_to(folder)
        for pattern in _BELOW
        for path in islice(folder.glob(pattern), _MANY)
        if _has_weights(path)
    )


def _has_weights(folder: Path) -> bool:
    try:
        return (folder / WEIGHTS_NAME).is_file() or (folder / INDEX_NAME).is_file()
    except OSError:  # a folder of somebody else's
        return False


def _refuse_unfinished(folder: Path) -> None:
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
