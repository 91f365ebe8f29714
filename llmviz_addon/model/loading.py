"""Loading: from a preset's id or a path to a `Model`.

A checkpoint is a folder with `config.json` and `model.safetensors` (or the shards that
`model.safetensors.index.json` lists, or a variant of either), or a single `.safetensors` file or
index with `config.json` beside it or in its own metadata under `config`. A tokenizer lies in the
same folder, as `tokenizer.json`, or `vocab.json` with `merges.txt`, with its settings beside it.
Nothing outside the folder is read, and no pickle is ever opened. Only headers are read, except
where the numbers of two tensors have to be compared to tell if the output head is tied.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from .added_tokens import ADDED_NAME, MAP_NAME, SETTINGS_NAME, TOKENIZER_NAME
from .errors import CheckpointError
from .families import FAMILIES, recognize
from .folders import CONFIG_NAME, file_weights, folder_weights, is_there, short
from .network import Model
from .packed import refuse, refuse_quantized
from .paths import nothing_at, title_of
from .pipelines import MERGES_NAME, VOCABULARY_NAME
from .presets import Preset, presets
from .safetensors_file import SafetensorsFile, parse_json, read_json
from .tokenizer import Tokenizer
from .words import WordTokenizer

logger = logging.getLogger(__name__)


def load(source: str | Path, activation: str = "") -> Model:
    """A model by a preset's id, or from a checkpoint's file or folder.

    A preset's id wins over a file of that name; write `./gpt2` for the file.

    Parameters
    ----------
    activation : str
        The activation of a checkpoint whose configuration names none, as `activation_function`
        would name it ("gelu_new" is GELU in its tanh form, "gelu" in its exact one). Unless
        given, it is taken to be the usual one of the program that wrote the configuration, and
        `Model.assumptions` says so.

    Raises
    ------
    CheckpointError, ConfigError
        If there is no such model, or it cannot be read; each message is one sentence that names
        the file and the cure.
    """
    for preset in presets():
        if source == preset.id:
            return _load_preset(preset)
    path = Path(source)
    try:
        if str(source) and path.is_dir():
            return _load_checkpoint(path, path, folder_weights(path), activation)
        if path.is_file():
            return _load_checkpoint(path, path.parent, file_weights(path), activation)
    except OSError as error:
        why = error.strerror or error
        raise CheckpointError(f"{short(source)}: cannot be read ({why})") from error
    raise CheckpointError(f"{short(source)}: {nothing_at(str(source))}")


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


def _load_checkpoint(
    path: Path, folder: Path, files: list[SafetensorsFile], activation: str
) -> Model:
    """A model from open files, with `config.json` looked for in their folder."""
    raw, described = _configuration(path, folder, files)
    package = FAMILIES["gpt2"]
    if raw is not None:
        package, said = recognize(raw, described)
        refuse_quantized(raw, described)
        raw = said
    refuse(tensor for file in files for tensor in file.tensors.values())
    stored = package.canonical(tensor for file in files for tensor in file.tensors.values())
    config, assumptions = package.read_config(raw, stored, described, activation)
    weights, unused = package.weights(config, stored, path)
    if unused:
        logger.info("%s: not needed: %s", path, ", ".join(unused[:20]))
    return Model(
        id=str(path),
        title=title_of(path),
        config=config,
        weights=weights,
        tokenizer=_tokenizer(folder, config.n_vocab),
        unused=unused,
        assumptions=assumptions,
    )


def _configuration(
    path: Path, folder: Path, files: list[SafetensorsFile]
) -> tuple[dict[str, Any] | None, Path]:
    """The configuration beside a checkpoint or within it, and the file that holds it."""
    beside = folder / CONFIG_NAME
    if is_there(beside, folder):
        return read_json(beside), beside
    for file in files:
        if "config" in file.metadata:
            text = file.metadata["config"].encode("utf-8", "surrogatepass")
            return parse_json(text, file.path, "config in its metadata"), file.path
    return None, path


def _tokenizer(folder: Path, n_vocab: int) -> Tokenizer:
    """The tokenizer in a checkpoint's folder, not read yet; without one, token ids."""
    whole, pair = folder / TOKENIZER_NAME, (folder / VOCABULARY_NAME, folder / MERGES_NAME)
    if is_there(whole, folder):
        files: tuple[Path, ...] = (whole,)
    else:
        files = tuple(path for path in pair if is_there(path, folder))
    for beside in (SETTINGS_NAME, MAP_NAME, ADDED_NAME):
        is_there(folder / beside, folder)  # it raises for a link that leads out of the folder
    if len(files) == 1 and files[0] != whole:
        missing = next(path for path in pair if path not in files)
        raise CheckpointError(
            f"{missing}: is missing, and {files[0].name} says nothing without it; download it, "
            f"or remove {files[0].name} to type token ids"
        )
    return WordTokenizer(n_vocab, files) if files else Tokenizer(n_vocab)
