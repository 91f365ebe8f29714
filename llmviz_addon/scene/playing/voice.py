"""The voice of a film: its language, script and chapters, and the names of its colors."""

from __future__ import annotations

from dataclasses import dataclass

import bpy

from ... import languages, walkthrough
from ...walkthrough import Script
from ..standing.recipe import Recipe


@dataclass(frozen=True)
class Voice:
    """The choices for a film that are a recipe's; see there."""

    accessible: bool = False
    language: str = languages.ENGLISH
    script: str = ""
    chapters: str = ""

    @classmethod
    def of(cls, recipe: Recipe) -> Voice:
        """The voice that a recipe asks for."""
        return cls(recipe.accessible, recipe.language, recipe.script, recipe.chapters)

    @property
    def palette(self) -> str:
        """The palette whose colors the captions name."""
        return "accessible" if self.accessible else "standard"

    def read(self, family: str) -> Script:
        """The script for models of a family, with the chapters that are chosen.

        Raises
        ------
        llmviz_addon.walkthrough.AuthoringError
            If it cannot be read, or has no such chapter.
        llmviz_addon.languages.LanguageError
            If there is no such language.
        """
        if self.script:
            script = walkthrough.load_file(bpy.path.abspath(self.script), self.language)
        else:
            script = walkthrough.load(family, self.language)
        return script.only([id_.strip() for id_ in self.chapters.split(",") if id_.strip()])
