"""Scripts from files: those of families, and a person's own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from .. import languages
from .errors import AuthoringError
from .parsing import parse
from .script import Script

FOLDER = Path(__file__).parents[2] / "presets" / "walkthroughs"


def load(name: str = "gpt2", language: str = languages.ENGLISH) -> Script:
    """The script of a family from `presets/walkthroughs`.

    What a language does not say is said in English.

    Raises
    ------
    AuthoringError
        If there is no such script, or something in it is wrong.
    llmviz_addon.languages.LanguageError
        If there is no such language.
    """
    files = [f"{name}.toml", *(f"{name}.{each}.toml" for each in (languages.ENGLISH, language))]
    paths = [FOLDER / file for file in files]
    written = tuple(path.stat().st_mtime_ns if path.is_file() else 0 for path in paths)
    return _loaded(name, language, written)


@lru_cache(16)
def _loaded(name: str, language: str, written: tuple[int, ...]) -> Script:
    """The script of a family whose files were written then, since whoever writes one tries it."""
    del written
    spoken, script = languages.load(language), read_preset(f"{name}.toml")
    texts = read_preset(f"{name}.{languages.ENGLISH}.toml")
    if language != languages.ENGLISH:
        texts = languages.merged(read_preset(f"{name}.{language}.toml"), texts)
    return parse(script, texts, spoken)


def load_file(path: str | Path, language: str = languages.ENGLISH) -> Script:
    """A script of one's own: choreography and texts in one file, texts of other languages beside.

    ``tour.toml`` has the texts where they belong, as ``title`` of a chapter and as ``title`` and
    ``text`` of a beat; ``tour.ja.toml`` may have those in Japanese.

    Raises
    ------
    AuthoringError
        If there is no such script, or something in it is wrong; names the file.
    llmviz_addon.languages.LanguageError
        If there is no such language.
    """
    path = Path(path)
    spoken = languages.load(language)
    try:
        script, texts = separated(_read(path))
        beside = path.with_suffix(f".{language}.toml")
        if beside.is_file():
            texts = languages.merged(_read(beside), texts)
        return replace(parse(script, texts, spoken), own=True)
    except AuthoringError as error:
        raise AuthoringError(f"{path.name}: {error}") from error


def separated(values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A script whose texts stand where they belong, as choreography and texts apart."""
    script, texts = dict(values), {"title": values.get("title", "A Walkthrough")}
    script.pop("title", None)
    chapters = script.get("chapter")
    if not isinstance(chapters, list) or not all(isinstance(c, dict) for c in chapters):
        return script, texts
    script["chapter"] = [_parted(chapter, texts, "beat") for chapter in chapters]
    return script, texts


def _parted(table: Mapping[str, Any], texts: dict[str, Any], inner: str) -> dict[str, Any]:
    """A chapter or a beat without its texts, which go into a table of its id."""
    kept, id_ = dict(table), str(table.get("id", ""))
    own: dict[str, Any] = {"title": kept.pop("title", id_.replace("_", " ").capitalize())}
    if "text" in kept:
        own["text"] = kept.pop("text")
    within = kept.get(inner) if inner else None
    if isinstance(within, list) and all(isinstance(each, dict) for each in within):
        kept[inner] = [_parted(each, own, "") for each in within]
    texts[id_] = own
    return kept


def read_preset(file: str) -> dict[str, Any]:
    """The table in a file of `presets/walkthroughs`.

    Raises
    ------
    AuthoringError
        If there is no such file, or it is not TOML.
    """
    path = FOLDER / file
    if not path.is_file():
        known = ", ".join(sorted(p.name for p in FOLDER.glob("*.toml")))
        raise AuthoringError(f"There is no walkthrough file {file}; there are {known}.")
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise AuthoringError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AuthoringError(f"{path.name} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise AuthoringError(f"{path.name} is not TOML: {error}.") from error
