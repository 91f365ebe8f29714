"""Names of picture files, made of the model, its prompt, how it goes on, the look and the size.

The parts of a name are joined by underscores and have none themselves. Any file system takes them:
letters and digits of all scripts, hyphens and underscores, at most 240 bytes.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from ... import defaults
from ..standing.recipe import Recipe
from ..standing.standing import Standing

# The most characters and bytes that a title, or a prompt, takes in a name.
_CHARACTERS, _BYTES = 40, 80

# The most characters that tell how tokens were appended.
_TOLD = 20


def still_name(model: Standing, still: str, size: tuple[int, int]) -> str:
    """The name of the file of a still, "<model>_<prompt>_<look>_<still>_<size>.png".

    Where tokens are appended in another way than by default, it stands after the prompt.
    """
    return f"{_name(model, still, size)}.png"


def film_name(model: Standing, size: tuple[int, int], form: str, part: str = "film") -> str:
    """The name of a film, "<model>_<prompt>_<look>_film_<size>": an MP4 file's or a folder's.

    A film of one `part` has the id of its chapter or beat in place of "film".
    """
    return _name(model, plain(part), size) + (".mp4" if form == "MP4" else "")


def _name(model: Standing, what: str, size: tuple[int, int]) -> str:
    made_from = model.recipe
    prompt = "" if model.run is None else prompt_part(made_from.prompt)
    goes_on = "" if model.run is None else generation_part(made_from)
    look = plain(made_from.look) + ("-safe" if made_from.accessible else "")
    title = plain(model.title) or "model"
    parts = (title, prompt, goes_on, look, what, f"{size[0]}x{size[1]}")
    return "_".join(part for part in parts if part)


def prompt_part(prompt: str) -> str:
    """The part of a name for a prompt: the prompt if possible, else its beginning and a digest.

    Two prompts always have two names, even on file systems that do not tell capitals apart.
    """
    slug = plain(prompt)
    told = slug.replace("-", " ")
    if slug and told == prompt and slug == slug.upper():
        return slug
    digest = _digest(prompt)
    return f"{slug}-{digest}" if slug else digest


def generation_part(recipe: Recipe) -> str:
    """The part of a name for the tokens after a prompt; empty where all is as by default.

    "n12-t0-8-k40-s7" is 12 tokens, drawn at temperature 0.8 from the 40 most probable, by seed 7.
    """
    parts = []
    if recipe.max_new_tokens != defaults.MAX_NEW_TOKENS:
        parts.append(f"n{recipe.max_new_tokens}")
    if not recipe.sampling.is_greedy:
        parts.append(f"t{recipe.temperature:g}")
        if recipe.top_k:
            parts.append(f"k{recipe.top_k}")
        parts.append(f"s{recipe.seed}")
    told = plain("-".join(parts))
    return told if len(told) <= _TOLD else _digest(told)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def plain(text: str) -> str:
    """The letters, digits and accents of a text, with a hyphen for anything between them."""
    composed = unicodedata.normalize("NFC", text[: 10 * _CHARACTERS])
    kept = "".join(c if unicodedata.category(c)[0] in "LMN" else "-" for c in composed)
    slug = re.sub("-+", "-", kept).strip("-")[:_CHARACTERS]
    return slug.encode()[:_BYTES].decode(errors="ignore").strip("-")
