"""The sidebar in other languages, by Blender's own mechanism: it says them where it is set to them.

The words stand in `presets/languages`, where a language adds itself.
"""

from __future__ import annotations

import bpy

from .. import languages

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
                if "{}" not in english
                for context in (bpy.app.translations.contexts.default, _OPERATOR)
            }
    return found


def register() -> None:
    """Give Blender the words."""
    bpy.app.translations.register(__name__, dictionary())


def unregister() -> None:
    """Take them back."""
    bpy.app.translations.unregister(__name__)
