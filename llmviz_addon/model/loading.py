"""From a preset's id or a path to a `Model`, reading headers only.

A checkpoint is a folder with `config.json` and `model.safetensors` (or the shards that
`model.safetensors.index.json` lists), or a single `.safetensors` file with `config.json` beside
it or in its own metadata under `config`. A tokenizer lies in the same folder, as
`tokenizer.json`, or `vocab.json` with `merges.txt`. Nothing outside the folder is read, and no
pickle is ever opened.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from .errors import CheckpointError
from .families import FAMILIES, recognise
from .network import Model
from .presets import Preset, presets
from .safetensors_file import SafetensorsFile, StoredTensor, parse_json, read_json
from .tokenizer import Tokenizer
from .words import MERGES_NAME, SETTINGS_NAME, TOKENIZER_NAME, VOCABULARY_NAME, WordTokenizer

logger = logging.getLogger(__name__)

WEIGHTS_NAME = "model.safetensors"
INDEX_NAME = "model.safetensors.index.json"
CONFIG_NAME = "config.json"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


def load(source: str | Path) -> Model:
    """A model by a preset's id, or from a checkpoint's file or folder.

    A preset's id wins over a file of that name; write `./gpt2` for the file.

    Raises
    ------
    CheckpointError, ConfigError
        Where there is no such model, or it cannot be read; each message is one sentence that
        names the file and the cure.
    """
    for preset in presets():
        if source == preset.id:
            return _load_preset(preset)
    path = Path(source)
    try:
        if str(source) and path.is_dir():
            return _load_checkpoint(path, path, _folder_files(path))
        if path.is_file():
            return _load_checkpoint(path, path.parent, [_open(path)])
    except OSError as error:
        why = error.strerror or error
        raise CheckpointError(f"{_short(source)}: cannot be read ({why})") from error
    ids = ", ".join(preset.id for preset in presets())
    raise CheckpointError(
        f"{_short(source)}: there is no such file, folder or preset; the presets are {ids}"
    )


def _short(source: str | Path) -> str:
    text = str(source)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _load_preset(preset: Preset) -> Model:
    weights = None
    if preset.weights is not None:
        package = FAMILIES[preset.config.model_type]
        stored = package.canonical(SafetensorsFile(preset.weights).tensors.values())
        weights, _ = package.weights(preset.config, stored, preset.weights)
    return Model(
        id=preset.id,
        title=preset.title,
        config=preset.config,
        weights=weights,
        tokenizer=Tokenizer(preset.config.n_vocab, preset.vocabulary),
        prompt=preset.prompt,
    )


def _load_checkpoint(path: Path, folder: Path, files: list[SafetensorsFile]) -> Model:
    """A model from open files, with `config.json` looked for in their folder."""
    raw, described = _configuration(path, folder, files)
    package = FAMILIES["gpt2"]
    if raw is not None:
        package, raw = recognise(raw, described)
    stored = package.canonical(tensor for file in files for tensor in file.tensors.values())
    config = package.read_config(raw, stored, described)
    weights, unused = package.weights(config, stored, path)
    if unused:
        logger.info("%s: not needed: %s", path, ", ".join(unused[:20]))
    return Model(
        id=str(path),
        title=path.stem if path.is_file() else path.resolve().name,
        config=config,
        weights=weights,
        tokenizer=_tokenizer(folder, config.n_vocab),
        unused=unused,
    )


def _configuration(
    path: Path, folder: Path, files: list[SafetensorsFile]
) -> tuple[dict[str, Any] | None, Path]:
    """The configuration beside a checkpoint or within it, and the file that holds it."""
    beside = folder / CONFIG_NAME
    if beside.is_file():
        _check_inside(beside, folder)
        return read_json(beside), beside
    for file in files:
        if "config" in file.metadata:
            text = file.metadata["config"].encode("utf-8", "surrogatepass")
            return parse_json(text, file.path, "config in its metadata"), file.path
    return None, path


def _tokenizer(folder: Path, n_vocab: int) -> Tokenizer:
    """The tokenizer in a checkpoint's folder, not read yet; without one, token ids."""
    whole, pair = folder / TOKENIZER_NAME, (folder / VOCABULARY_NAME, folder / MERGES_NAME)
    files = (whole,) if whole.is_file() else tuple(path for path in pair if path.is_file())
    for path in (*files, folder / SETTINGS_NAME):
        if path.is_file():
            _check_inside(path, folder)
    if len(files) == 1 and files[0] != whole:
        missing = next(path for path in pair if path not in files)
        raise CheckpointError(
            f"{missing}: is missing, and {files[0].name} says nothing without it; download it, "
            f"or remove {files[0].name} to type token ids"
        )
    return WordTokenizer(n_vocab, files) if files else Tokenizer(n_vocab)


def _open(path: Path) -> SafetensorsFile:
    if path.suffix.lower() in _PICKLES:
        raise CheckpointError(
            f"{path}: may be a pickle, which could run code and is never opened; "
            "save the model as safetensors"
        )
    if path.name.endswith(".index.json"):
        raise CheckpointError(f"{path}: is the index of a checkpoint; choose its folder instead")
    return SafetensorsFile(path)


def _folder_files(folder: Path) -> list[SafetensorsFile]:
    """The weight files of a checkpoint's folder, opened."""
    single, index = folder / WEIGHTS_NAME, folder / INDEX_NAME
    if single.is_file():
        _check_inside(single, folder)
        return [SafetensorsFile(single)]
    if index.is_file():
        _check_inside(index, folder)
        return _shards(index, folder)
    others = sorted(folder.glob("*.safetensors"))
    if len(others) == 1:
        _check_inside(others[0], folder)
        return [SafetensorsFile(others[0])]
    if others:
        raise CheckpointError(
            f"{folder}: has {len(others)} safetensors files but neither {WEIGHTS_NAME} nor "
            f"{INDEX_NAME}; choose one of the files"
        )
    if any(file.suffix.lower() in _PICKLES for file in folder.iterdir()):
        raise CheckpointError(
            f"{folder}: has its weights only as a pickle, which could run code and is never "
            f"opened; save the model as {WEIGHTS_NAME}"
        )
    raise CheckpointError(
        f"{folder}: has neither {WEIGHTS_NAME} nor {INDEX_NAME}; choose a checkpoint's folder"
    )


def _shards(index: Path, folder: Path) -> list[SafetensorsFile]:
    """The shards that an index lists, each holding the tensors that it promises.

    Tensors that a shard holds and the index does not list are left out.
    """
    places = read_json(index).get("weight_map")
    if not isinstance(places, dict) or not places:
        raise CheckpointError(f"{index}: has no weight_map; download or save the index again")
    shards: dict[str, SafetensorsFile] = {}
    listed: dict[str, dict[str, StoredTensor]] = {}
    for tensor, name in places.items():
        if not _is_plain(name):
            raise CheckpointError(
                f"{index}: places tensor {_short(tensor)} in {_short(repr(name))}; a shard must "
                "be the name of a file in the same folder"
            )
        if name not in shards:
            path = folder / name
            if not path.is_file():
                raise CheckpointError(
                    f"{path}: is missing, {index.name} lists it; download the shard again"
                )
            _check_inside(path, folder)
            shards[name], listed[name] = _open(path), {}
        if tensor not in shards[name].tensors:
            raise CheckpointError(
                f"{shards[name].path}: lacks tensor {_short(tensor)}, which {index.name} places "
                "there; download the shard and the index again"
            )
        listed[name][tensor] = shards[name].tensors[tensor]
    for name, shard in shards.items():
        shard.tensors = listed[name]
    return list(shards.values())


def _is_plain(name: Any) -> bool:
    """Whether a shard's name is a file name and nothing more, on any system."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= 255
        and name not in (".", "..")
        and not any(character in name for character in "/\\:\0")
    )


def _check_inside(path: Path, folder: Path) -> None:
    """Refuse a file that is really a link to somewhere else.

    Hugging Face's cache keeps `snapshots/<revision>/` full of links into `blobs/` beside it;
    these two folders belong together and are accepted as one.
    """
    home, real = folder.resolve(), path.resolve()
    inside = [home]
    if home.parent.name == "snapshots":
        inside.append(home.parent.parent / "blobs")
    if not any(real.is_relative_to(place) for place in inside):
        raise CheckpointError(
            f"{path}: is a link that leads out of its folder, and nothing outside the chosen "
            "folder is read; copy the file itself there"
        )
