"""The targets that channels can move, and the properties that each of them has.

| target | what it is | properties |
|---|---|---|
| a block's or a bundle's name | its cells | `progress`, `highlight`, `opacity`, `focus_column` |
| ``section:<path>`` | titles and arrows of a section and all its parts | `opacity` |
| ``strip:input:<t>`` | tile and wire of position *t* at the input | `opacity`, `highlight` |
| ``strip:output:<t>`` | bar and wire of position *t* at the output | `opacity`, `highlight` |
| ``key`` | the legend of kinds and signs | `opacity` |
| ``card`` | the model card | `opacity` |
| ``camera`` | the film's camera | `location` x 3, `rotation_euler` x 3, and once each `lens`, |
| | | `focus_distance`, `clip_start` |
| ``captions`` | what hangs before the camera, as one | `scale` |
| an actor's name | a thing that exists only for the film | `location` x 3, `scale`, `opacity` |

`progress`
    0 to 1; a cell shows its value when its order is at most this.
`highlight`
    0 to 1; how much the target is brightened as a whole.
`opacity`
    0 to 1; a target at 0 is not there.
`focus_column`
    The column, counted from 0, that shines while its block is highlighted; -1 for none. It
    may lie between two columns, then the nearer one shines.
`location`
    In anatomy space, in cells.
`rotation_euler`
    XYZ angles in radians, as Blender's.
`lens`
    Millimeters, on a sensor whose longer side is 36 mm.
`focus_distance`
    In cells, from the camera to the plane of focus.
`clip_start`
    In cells; what is nearer to the camera is not seen.
`scale`
    1 is the size that the actor was given. For captions, both size and distance from the camera: at
    1 they hang 1.5 cells before it, three times `clip_start`. Where a large model is seen from afar
    both grow alike, so that captions look the same, stay in front of everything and do not tremble.
"""

from __future__ import annotations

PROGRESS = "progress"
HIGHLIGHT = "highlight"
OPACITY = "opacity"
FOCUS_COLUMN = "focus_column"
LOCATION = "location"
ROTATION = "rotation_euler"
LENS = "lens"
FOCUS_DISTANCE = "focus_distance"
SCALE = "scale"
CLIP_START = "clip_start"

CAMERA = "camera"
CAPTIONS = "captions"
CARD = "card"
KEY = "key"
INPUT = "strip:input"
OUTPUT = "strip:output"
SECTION = "section:"
"""The beginning of a section's target; the section's path follows."""

DEFAULTS = {
    PROGRESS: 1.0,
    HIGHLIGHT: 0.0,
    OPACITY: 1.0,
    FOCUS_COLUMN: -1.0,
    LOCATION: 0.0,
    ROTATION: 0.0,
    LENS: 50.0,
    FOCUS_DISTANCE: 100.0,
    SCALE: 1.0,
    CLIP_START: 0.5,
}
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
