"""The files of a folder that hold a checkpoint's weights, or the single file that was chosen.

Nothing outside the folder is read, and no pickle is ever opened. Where weights are missing,
`instead` looks for the reason.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .errors import CheckpointError
from .foreign import PICKLES, never_opened
from .instead import (
    ADAPTER_NAME,
    ADAPTERS,
    CONFIG_NAME,
    INDEX_NAME,
    WEIGHTS_NAME,
    adapter,
    is_of_training,
    no_weights,
    refuse_unfinished,
)
from .safetensors_file import SafetensorsFile, StoredTensor, read_json

__all__ = ["CONFIG_NAME", "file_weights", "folder_weights", "is_there", "short"]

# Shards, also of a variant: model.fp16-00001-of-00002.safetensors, or the variant at the end.
_SHARD = re.compile(r"-0*([0-9]{1,5})-of-0*([0-9]{1,5})(\.[\w-]{1,40})?\.safetensors$")
_INDEX = re.compile(r"\.index(\.[\w-]{1,40})?\.json$")
# Names that `save_pretrained(variant="fp16")` gives its files.
_VARIANT = re.compile(
    r"^model\.(?:([\w-]{1,40})\.safetensors|safetensors\.index\.([\w-]{1,40})\.json)$"
)


def file_weights(path: Path) -> list[SafetensorsFile]:
    """The files of weights behind a file that was chosen, opened: itself, or an index's shards.

    Raises
    ------
    CheckpointError
        If it holds no weights, or only a part of a checkpoint's.
    """
    if _INDEX.search(path.name):
        return _shards(path, path.parent)
    number, count = _numbered(path.name)
    if count > 1:
        raise CheckpointError(
            f"{path}: is shard {number} of {count}, a part of a checkpoint only; "
            "choose its folder instead"
        )
    if path.name in ADAPTERS:
        raise adapter(path, _adapter_config(path.parent))
    return [_open(path)]


def folder_weights(folder: Path) -> list[SafetensorsFile]:
    """The files of weights in a checkpoint's folder, opened.

    Raises
    ------
    CheckpointError
        If some or all are missing; it says which.
    """
    single, index = folder / WEIGHTS_NAME, folder / INDEX_NAME
    if is_there(single, folder):
        return [SafetensorsFile(single)]
    if is_there(index, folder):
        return _shards(index, folder)
    variants = [
        path
        for path in sorted(folder.glob("model.*"))
        if _VARIANT.match(path.name) and not _SHARD.search(path.name) and is_there(path, folder)
    ]
    if len(variants) == 1:
        return file_weights(variants[0])
    if variants:
        named = " and ".join(sorted(_VARIANT.sub(r"\1\2", path.name) for path in variants))
        raise CheckpointError(
            f"{folder}: has only variants of a model, {named}; choose the file of one of them, "
            f"such as {variants[0].name}"
        )
    return _by_other_names(folder)


def _by_other_names(folder: Path) -> list[SafetensorsFile]:
    """Weights of a folder that has them under none of the usual names."""
    config = _adapter_config(folder)
    if config is not None:
        raise adapter(folder, config)
    others = [
        path
        for path in sorted(folder.glob("*.safetensors"))
        # On some disks macOS keeps notes beside a file, under its name with a dot before it.
        if not path.name.startswith(".") and is_there(path, folder)
    ]
    others = [path for path in others if not is_of_training(path.name)] or others
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
    raise no_weights(folder)


def _adapter_config(folder: Path) -> Path | None:
    config = folder / ADAPTER_NAME
    return config if is_there(config, folder) else None


def is_there(path: Path, folder: Path) -> bool:
    """True if a folder has a file of its own, not a link that leads elsewhere.

    Notes
    -----
    In Hugging Face's cache, `snapshots/<revision>/` and the folders within it are full of links
    into `blobs/` beside `snapshots/`. The two belong together and are accepted as one folder.

    Raises
    ------
    CheckpointError
        If it is a link to nothing, or out of the folder.
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
    inside += [place.parent / "blobs" for place in home.parents if place.name == "snapshots"][:1]
    if not any(real.is_relative_to(place) for place in inside):
        raise CheckpointError(
            f"{path}: is a link that leads out of its folder, and nothing outside the chosen "
            "folder is read; copy the file itself there"
        )
    return True


def short(text: Any) -> str:
    """A name of any length, cut short for a message."""
    text = str(text)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _open(path: Path) -> SafetensorsFile:
    if path.suffix.lower() in PICKLES:
        if is_of_training(path.name):
            raise CheckpointError(
                f"{path}: is what a training run keeps beside the weights, and holds none; choose "
                f"the folder that has {WEIGHTS_NAME}"
            )
        raise CheckpointError(f"{path}: may be {never_opened(path.name)}")
    return SafetensorsFile(path)


def _numbered(name: str) -> tuple[int, int]:
    """The shard's number and the count of shards in a file's name; (1, 1) where it has none."""
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
    refuse_unfinished(folder)
    if len(missing) == 1:
        raise CheckpointError(
            f"{folder / missing[0]}: is missing, and {index.name} lists it; download it, too"
        )
    raise CheckpointError(
        f"{folder}: has {len(names) - len(missing)} of the {len(names)} shards that {index.name} "
        f"lists, and not {missing[0]}; download the missing ones, too"
    )


def _is_plain(name: Any) -> bool:
    """True if a shard's name is a file name and nothing more, on any system."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= 255
        and name not in (".", "..")
        and not any(character in name for character in "/\\:\0")
    )


def _without_index(folder: Path, shards: list[Path]) -> CheckpointError:
    numbers = [_numbered(path.name) for path in shards]
    count = max(count for _, count in numbers)
    there = len({number for number, of in numbers if of == count})
    has, lacks = (f"all {count} shards", "it")
    if there < count:
        has, lacks = f"{there} of {count} shards", "it and the other shards"
    variant = _VARIANT.match(_SHARD.sub(r"\3.safetensors", shards[0].name))
    index = f"model.safetensors.index.{variant[1]}.json" if variant else INDEX_NAME
    return CheckpointError(
        f"{folder}: has {has} but not {index}, which says what they hold; download {lacks}, too"
    )
