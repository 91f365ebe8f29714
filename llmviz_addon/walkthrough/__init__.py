"""The film as a storyboard: scripts compiled to channels of keys, captions and fitted cameras.

    >>> storyboard = walkthrough.compile(None, anatomy, walkthrough.Run.of(model, 6, trace))
    >>> print(storyboard)

This room knows no Blender: it makes the storyboard, and `scene` writes that on the timeline.
"""

from __future__ import annotations

from . import transcripts
from .actors import Actor
from .choice import Choice
from .companions import Companion, in_order
from .compiler import compile, compile_steps  # noqa: A004 (the word for it)
from .errors import AuthoringError
from .framing import CameraPose, Margins, fit
from .loading import load, load_file
from .run import Candidate, Run, Texts
from .script import Script
from .stills import Still, filled, still_cells, still_pose, still_time, stills
from .storyboard import Caption, Channel, Key, Marker, Shot, Storyboard
from .wording import FACTS

__all__ = [
    "FACTS",
    "Actor",
    "AuthoringError",
    "CameraPose",
    "Candidate",
    "Caption",
    "Channel",
    "Choice",
    "Companion",
    "Key",
    "Margins",
    "Marker",
    "Run",
    "Script",
    "Shot",
    "Still",
    "Storyboard",
    "Texts",
    "compile",
    "compile_steps",
    "filled",
    "fit",
    "in_order",
    "load",
    "load_file",
    "still_cells",
    "still_pose",
    "still_time",
    "stills",
    "transcripts",
]
