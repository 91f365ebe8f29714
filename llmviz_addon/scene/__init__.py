"""The model drawn in Blender: what operators, the command line and scripts call.

    >>> from llmviz_addon import scene
    >>> root = scene.build(bpy.context.scene, scene.Recipe("nano-gpt", "CBABBC"))
    >>> scene.remove(bpy.context.scene)

Long work comes as a generator of (fraction, label); `run` exhausts one.
"""

from __future__ import annotations

from ..progress import run
from .assembly import apply_look, build, remove, steps
from .drawn.windows import WindowError, close_windows, open_window
from .pictures.files import RenderError
from .pictures.films import film_steps
from .pictures.stills import overview, still_steps, stills
from .playing.captions import show as set_captions
from .playing.captions import shown as captions_visible
from .playing.film import Beat, Chapter, chapters
from .standing.recipe import Recipe, recipe_of
from .standing.tree import out_of_view, roots
from .style import looks
from .style.looks import LookError

__all__ = [
    "Beat",
    "Chapter",
    "LookError",
    "Recipe",
    "RenderError",
    "WindowError",
    "apply_look",
    "build",
    "captions_visible",
    "chapters",
    "close_windows",
    "film_steps",
    "looks",
    "open_window",
    "out_of_view",
    "overview",
    "recipe_of",
    "remove",
    "roots",
    "run",
    "set_captions",
    "steps",
    "still_steps",
    "stills",
]
