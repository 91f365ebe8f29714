"""The targets that channels can move, and the names of the properties that each of them has.

| target | what it is | properties |
|---|---|---|
| a block's or a bundle's name | its cells | `progress`, `highlight`, `opacity`, `focus_column`, |
| | | `presence`; with its title and brackets, `offset` x 3 |
| ``section:<path>`` | titles and arrows of a section and all its parts | `opacity` |
| ``arrows:<block>`` | the arrows that lead to a block, of their section | `opacity` |
| ``strip:input:<t>`` | tile and wire of position *t* at the input | `opacity`, `highlight` |
| ``strip:output:<t>`` | bar and wire of position *t* at the output | `opacity`, `highlight` |
| ``key`` | the legend of kinds and signs | `opacity` |
| ``card`` | the model card | `opacity` |
| ``camera`` | the film's camera | `location` x 3, `rotation_euler` x 3, and once each `lens`, |
| | | `focus_distance`, `clip_start` |
| ``captions`` | what hangs before the camera, as one | `scale` |
| an actor's name | a thing that exists only for the film | `location` x 3, `scale`, `opacity`, |
| | | and what its kind has |

What a property is, and all else that there is to know of it, stands in its row, in `properties`.
"""

from __future__ import annotations

from .properties import ROWS

PROGRESS = "progress"
HIGHLIGHT = "highlight"
OPACITY = "opacity"
FOCUS_COLUMN = "focus_column"
LOCATION = "location"
ROTATION = "rotation_euler"
LENS = "lens"
FOCUS_DISTANCE = "focus_distance"
SCALE = "scale"
BREADTH = "breadth"
CLIP_START = "clip_start"
OFFSET = "offset"
PRESENCE = "presence"
VALUE = "value"
COUNT = "count"
STEP = "step"
FORM = "form"

CAMERA = "camera"
CAPTIONS = "captions"
CARD = "card"
KEY = "key"
INPUT = "strip:input"
OUTPUT = "strip:output"
SECTION = "section:"
"""The beginning of a section's target; the section's path follows."""

ARROWS = "arrows:"
"""The beginning of the target of arrows; the name of the block that they lead to follows."""

DEFAULTS = {row.name: row.default for row in ROWS}
"""Values of properties that no channel moves: everything computed, nothing lit."""


def section(path: str) -> str:
    """The target of a section's titles and arrows."""
    return f"{SECTION}{path}"


def tile(strip: str, position: int) -> str:
    """The target of one position of a strip."""
    return f"{strip}:{position}"


def actor(position: int) -> str:
    """The actor that carries the token of a position from the output to the input."""
    return f"token:{position}"
