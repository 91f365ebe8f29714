"""The film as a storyboard: scripts compiled to channels of keys, captions and fitted cameras.

    >>> storyboard = walkthrough.compile(None, anatomy, walkthrough.Run.of(model, 6, trace))
    >>> print(storyboard)

This room knows no Blender: it makes the storyboard, and `scene` writes that on the timeline.
"""

from __future__ import annotations

from .companions import Companion, in_order
from .compiler import compile, compile_steps  # noqa: A004 (the word for it)
from .errors import AuthoringError
from .framing import CameraPose, Margins, fit
from .run import Candidate, Run, Texts
from .script import Script, load
from .stills import Still, filled, still_pose, still_time, stills
from .storyboard import Actor, Caption, Channel, Key, Marker, Shot, Storyboard
from .wording import FACTS

__all__ = [
    "FACTS",
    "Actor",
    "AuthoringError",
    "CameraPose",
    "Candidate",
    "Caption",
    "Channel",
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
    "still_pose",
    "still_time",
    "stills",
]
