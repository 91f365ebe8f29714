"""What a path alone says: the title of the model there, and what helps where nothing is."""

from __future__ import annotations

import os
import re
from pathlib import Path

from .presets import presets

# Names that say what is in a folder or file, and not whose it is.
_GENERIC = re.compile(
    r"^(?:(?:pytorch[_-]?)?(?:model|weight|checkpoint|ckpt|output|result)s?|out|run|hf|huggingface"
    r"|safetensors|main|master|model\.[\w.-]{1,60}|[0-9a-f]{40}|.{1,60}-of-[0-9]+)$",
    re.IGNORECASE,
)
# Names that say which of a training run's models one is.
_STAGE = re.compile(
    r"^(?:(?:checkpoint|ckpt|global_?step|step|steps|epoch|iter|iteration)?[-_]?[0-9]+"
    r"|(?:final|best|last|latest)(?:[-_](?:model|checkpoint|ckpt))?)$",
    re.IGNORECASE,
)
# Folders that no model is called after, and those whose folders are people's.
_SHELVES = frozenset(
    {"tmp", "downloads", "desktop", "documents", "content", "data", "home", "users", "root"}
    | {"home/", "users/"}
)


def title_of(path: Path) -> str:
    """What people call the model at a path.

    Hugging Face's cache has it in the name of the repository, without its owner, and a folder
    within the repository adds its own. A name that any model could have, such as `model` or
    `output`, is passed over for the folder's around it, and one that only says which of several
    it is, such as `checkpoint-500`, follows that: "my-run/checkpoint-500".
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
    """What is wrong with a path where nothing is, and what to do about it."""
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
    """How far a path leads, for somebody who knows what has been moved since."""
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
