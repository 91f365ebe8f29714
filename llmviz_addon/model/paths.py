"""Paths: the title of the model at one, and the cure where nothing is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .presets import presets

# Names that any model's folder or file could have.
_GENERIC = re.compile(
    r"^(?:(?:pytorch[_-]?)?(?:model|weight|checkpoint|ckpt|output|result)s?|out|run|hf|huggingface"
    r"|safetensors|main|master|model\.[\w.-]{1,60}|[0-9a-f]{40}|.{1,60}-of-[0-9]+)$",
    re.IGNORECASE,
)
# Names that tell a training run's models apart, but not one run from another.
_STAGE = re.compile(
    r"^(?:(?:checkpoint|ckpt|global_?step|step|steps|epoch|iter|iteration)?[-_]?[0-9]+"
    r"|(?:final|best|last|latest)(?:[-_](?:model|checkpoint|ckpt))?)$",
    re.IGNORECASE,
)
# Folders that no model is named after; with a slash, those whose own folders are named after
# people.
_SHELVES = frozenset(
    {"tmp", "downloads", "desktop", "documents", "content", "data", "home", "users", "root"}
    | {"home/", "users/"}
)


def title_of(path: Path) -> str:
    """The name that people have for the model at a path.

    In Hugging Face's cache that is the repository's name without its owner, followed by the folder
    within the repository, if any. Elsewhere it is the name of the file or folder. A name that any
    model could have, such as `model` or `output`, is passed over for that of the folder around it.
    A name that only tells models of one run apart, such as `checkpoint-500`, comes after that of
    the folder around it: "my-run/checkpoint-500".
    """
    place = Path(os.path.normpath(path.absolute()))
    parts = place.parts
    for at, part in enumerate(parts[:-2]):
        if part.startswith("models--") and parts[at + 1] == "snapshots":
            within = [*parts[at + 3 : -1], place.stem if path.is_file() else place.name]
            own = [name for name in within if not _GENERIC.match(name)]
            return "/".join([part.split("--")[-1], *own])
    name = called = place.stem if path.is_file() else place.name
    stages: list[str] = []
    while name and not _SHELVES & {name.lower(), f"{place.parent.name.lower()}/"}:
        if _STAGE.match(name):
            stages.insert(0, name)
        elif not _GENERIC.match(name):
            return "/".join([name, *stages])
        place = place.parent
        name = place.name
    return "/".join(stages) or called or str(path)


def nothing_at(source: str) -> str:
    """The sentence on a path where nothing is: what is wrong with it, and what to do."""
    bare = source.strip().strip("\"'")
    if bare != source and bare and Path(bare).exists():
        return "has quotation marks or spaces around it; remove them"
    if "://" in source:
        return (
            "is an address, and nothing is downloaded here; download the checkpoint, and choose "
            "its folder"
        )
    if source.startswith("~"):
        return "begins with ~, which has no meaning here; write the whole path"
    if source.startswith("//") and os.name != "nt":
        return (
            "begins with //, which stands for the folder of a .blend file that is not saved yet, "
            "or not known here; save that file, or write the whole path"
        )
    path = Path(source)
    if _is_forbidden(path):
        return "is not to be read by this user; allow that, or copy the checkpoint elsewhere"
    if path.is_absolute() or source.startswith(".") or path.suffix == ".safetensors":
        return _moved(path)
    ids = ", ".join(preset.id for preset in presets())
    return (
        f"there is no such file, folder or preset; the presets are {ids}, and any other model has "
        "to be downloaded first"
    )


def _is_forbidden(path: Path) -> bool:
    try:
        path.stat()
    except PermissionError:
        return True
    except (OSError, ValueError):
        return False
    return False


def _moved(path: Path) -> str:
    """The sentence on a path that leads nowhere: it names the first part that is missing."""
    if path.is_symlink():
        return "is a link to a checkpoint that is not there; make it again, or choose the target"
    there = next((folder for folder in path.absolute().parents if folder.exists()), None)
    if there is None:
        return (
            f"there is no such file or folder, and {path.anchor} is missing, too; connect it, or "
            "choose the checkpoint where it is now"
        )
    lost = path.absolute().relative_to(there).parts[0]
    return (
        f"there is no such file or folder, as {there} has nothing called {lost[:200]}; if the "
        "checkpoint was moved or renamed, choose it where it is now"
    )
