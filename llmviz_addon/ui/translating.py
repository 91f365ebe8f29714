"""The sidebar in other languages, as Blender's interface is set.

Labels and tooltips are said by Blender's own mechanism, which gets the words of all languages here.
It knows only sentences as a whole, so those that are put together (reports, errors, facts, lines of
paragraphs) go through `say`, which follows the same setting.
"""

from __future__ import annotations

import inspect

import bpy

from .. import languages
from ..languages import Language
from ..sentences import HOLE

CONTEXT = "LLM Viz"
"""The context of our labels: Blender's own words for, say, a layer, are for other things."""

_OPERATOR = "Operator"


def dictionary() -> dict[str, dict[tuple[str, str], str]]:
    """The words of all languages, by Blender's codes for these, and by context and English."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for code in languages.available():
        language = languages.load(code)
        said = {**language.titles, **language.interface}
        if said and language.locale:
            found[language.locale] = {
                (context, english): words
                for english, words in said.items()
                if HOLE not in english
                for context in (bpy.app.translations.contexts.default, _OPERATOR, CONTEXT)
            }
    return found


def give_context(kind: type) -> None:
    """Have the names of a class's properties said as ours, before it is registered."""
    for base in kind.__mro__:
        if base.__module__.startswith(__package__):
            written = inspect.get_annotations(base, eval_str=True)
            for prop in written.values():
                prop.keywords["translation_context"] = CONTEXT
            base.__annotations__ = written


def language() -> Language:
    """The language of Blender's interface where it is one of ours; else English."""
    view = bpy.context.preferences.view
    if not view.use_translate_interface:
        return languages.load()
    return languages.load(languages.fitting(bpy.app.translations.locale or ""))


def say(english: str) -> str:
    """English words of the sidebar in the language of Blender's interface."""
    return language().say(english)


def report(operator: bpy.types.Operator, kind: str, english: str) -> None:
    """Report a sentence of an operator, of a kind such as ``"ERROR"``."""
    operator.report({kind}, say(english))


def allow(operator: type[bpy.types.Operator], reason: str) -> bool:
    """The answer of a poll: True if there is no reason against it, which the button says else."""
    if reason:
        operator.poll_message_set(say(reason))
    return not reason


def register() -> None:
    """Give Blender the words."""
    bpy.app.translations.register(__name__, dictionary())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__name__)
