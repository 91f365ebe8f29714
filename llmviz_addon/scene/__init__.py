"""The model drawn in Blender: the functions that operators, the command line and scripts call.

    >>> from llmviz_addon import scene
    >>> root = scene.build(bpy.context.scene, scene.Recipe("nano-gpt", "CBABBC"))
    >>> scene.remove(bpy.context.scene)

Long work comes as a generator of (fraction, label); `run` exhausts one. From the top down, each
part imports only those below it:

- `assembly`: the steps of a build, with `renewal`, its last step, which puts the new model in place
  of the old one; `removal`; `styling`, which gives models a look; `views`, the 3D views of them
- `pictures`: renders of stills and films
- `pins`: answers about cells as parts of the scene
- `cells`: the numbers of cells, and what explains them; `exporting`, a block of them as a file;
  `tables`, for the Spreadsheet
- `playing`: the film as curves, camera, captions and markers
- `drawn`: the objects of a model: blocks, words, arrows, strips
- `standing`: the models of a scene, and a person's changes to them
- `style`: materials, node groups, looks and light; `words`: words as meshes of glyphs
- `attributes`, `names`, `compat`, `version`: writing arrays to meshes, names of things, the
  differences between Blender's versions, and our own version
"""

from __future__ import annotations

import bpy

from ..errors import Problem
from ..progress import run
from .assembly import build, steps
from .cells import SceneReader, explain, recall_steps
from .drawn.windows import WindowError, close_windows, open_window
from .exporting import export_block, export_steps
from .pictures.files import RenderError
from .pictures.films import film_steps
from .pictures.overview import overview
from .pictures.stills import still_steps, stills
from .pictures.transcribing import export_script_steps
from .pins import clear_pins, pin, pinned
from .playing import captions, film
from .playing.marks import BeatMark, ChapterMark, chapters, offered
from .removal import remove
from .standing.errors import StandingError
from .standing.finding import find, of_root, roots, settle_copies
from .standing.memory import Memory
from .standing.recipe import Recipe, recipe_of
from .standing.standing import Standing
from .standing.tree import out_of_view
from .standing.wording import rewrite
from .style import looks
from .style.looks import LookError
from .styling import apply_look, tell
from .tables import show_table


def set_captions(root: bpy.types.Collection, visible: bool) -> None:
    """Switch all captions of a model's film on or off, in the viewport and in renders."""
    captions.show(of_root(root), visible)


def captions_visible(root: bpy.types.Collection) -> bool:
    """True if the captions of a model's film appear in renders."""
    return captions.shown(of_root(root))


def stage_views(scene: bpy.types.Scene, *, of_film: bool) -> None:
    """Have viewports show what the film's pictures show, titles, shades and the ground, or what
    somebody needs who walks through the model.
    """
    for standing in find(scene):
        film.stage_views(standing, of_film)


__all__ = [
    "BeatMark",
    "ChapterMark",
    "LookError",
    "Memory",
    "Problem",
    "Recipe",
    "RenderError",
    "SceneReader",
    "Standing",
    "StandingError",
    "WindowError",
    "apply_look",
    "build",
    "captions_visible",
    "chapters",
    "clear_pins",
    "close_windows",
    "explain",
    "export_block",
    "export_script_steps",
    "export_steps",
    "film_steps",
    "find",
    "looks",
    "of_root",
    "offered",
    "open_window",
    "out_of_view",
    "overview",
    "pin",
    "pinned",
    "recall_steps",
    "recipe_of",
    "remove",
    "rewrite",
    "roots",
    "run",
    "set_captions",
    "settle_copies",
    "show_table",
    "stage_views",
    "steps",
    "still_steps",
    "stills",
    "tell",
]
