"""The settings for pictures and films: which ones, how large, by which engine, and where to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    BoolVectorProperty,
    EnumProperty,
    IntProperty,
    StringProperty,
)

from ..offer.quality import QUALITIES, samples_at, size_at
from . import state
from .items import keep

# Blender's limit for the length of a vector of check boxes.
MOST_STILLS = 32

SIZES = {"LANDSCAPE": (1920, 1080), "PORTRAIT": (1080, 1920), "SQUARE": (1080, 1080)}


def _stills(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    return keep(
        "stills",
        [
            (still_id, title, "Render this picture", "NONE", 1 << number)
            for number, (still_id, title) in enumerate(state.stills_of(_self.id_data))
        ],
    )


def _chosen_stills(self: PictureSettings) -> int:
    left_out = self.stills_left_out.split(",")
    return sum(item[4] for item in _stills(self, None) if item[0] not in left_out)


def _choose_stills(self: PictureSettings, flags: int) -> None:
    left_out = [item[0] for item in _stills(self, None) if not flags & item[4]]
    self.stills_left_out = ",".join(left_out)


def _ticked_stills(self: PictureSettings) -> tuple[bool, ...]:
    flags = _chosen_stills(self)
    return tuple(bool(flags >> number & 1) for number in range(MOST_STILLS))


def _tick_stills(self: PictureSettings, ticks: Sequence[bool]) -> None:
    _choose_stills(self, sum(1 << number for number, tick in enumerate(ticks) if tick))


def _bloom(self: PictureSettings) -> bool:
    from ..scene.style import finish

    return finish.is_on(self.id_data)


def _set_bloom(self: PictureSettings, value: bool) -> None:
    from ..scene.style import finish

    finish.switch(self.id_data, value)


class PictureSettings:
    """The part of the settings about pictures and films."""

    stills: EnumProperty(
        name="Stills",
        description="The pictures to render",
        items=_stills,
        get=_chosen_stills,
        set=_choose_stills,
        options={"ENUM_FLAG"},
    )
    stills_ticked: BoolVectorProperty(
        name="Render This Still",
        description="Render this picture when stills are rendered",
        size=MOST_STILLS,
        get=_ticked_stills,
        set=_tick_stills,
        options={"SKIP_SAVE"},
    )
    stills_left_out: StringProperty(options={"HIDDEN"})
    size: EnumProperty(
        name="Size",
        description="Width and height of the pictures; the cameras of stills are fitted to them",
        items=(
            ("LANDSCAPE", "1920 × 1080", "Landscape, for screens and slides"),
            ("PORTRAIT", "1080 × 1920", "Portrait, for phones"),
            ("SQUARE", "1080 × 1080", "Square, for feeds and covers"),
            ("SCENE", "From Scene", "The resolution in the scene's output properties"),
        ),
        options=set(),
    )
    engine: EnumProperty(
        name="Engine",
        description="What renders the pictures",
        items=(
            ("AUTO", "Automatic", "EEVEE where there is a graphics card, Cycles where not"),
            ("CYCLES", "Cycles", "Path tracing, on any machine"),
            ("EEVEE", "EEVEE", "Real-time rendering, slow without a graphics card"),
        ),
        options=set(),
    )
    quality: EnumProperty(
        name="Quality",
        description="How large pictures and films are, and how often each pixel is sampled",
        items=tuple((key, q.title, q.use) for key, q in QUALITIES.items()),
        default="GOOD",
        options=set(),
    )
    samples: IntProperty(
        name="Samples",
        description="Samples for each pixel; 0 takes the number of the quality",
        min=0,
        soft_max=1024,
        options=set(),
    )
    folder: StringProperty(
        name="Folder",
        description="Where pictures and films are written",
        default="//stills/",
        subtype="DIR_PATH",
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    transparent: BoolProperty(
        name="Transparent Background",
        description="Leave out ground and background, so that the picture is clear where no model "
        "is; for PNG pictures, not for MP4 films",
        options=set(),
    )
    passes: EnumProperty(
        name="Passes",
        description="Passes for compositing, written beside each PNG picture into an OpenEXR file",
        items=(
            ("depth", "Depth", "Meters from the camera"),
            ("cryptomatte", "Cryptomatte", "Masks of objects; every block is an object"),
        ),
        options={"ENUM_FLAG"},
    )
    bloom: BoolProperty(
        name="Bloom",
        description="Let bright numbers glow as the look says, here and wherever this scene is "
        "rendered",
        get=_bloom,
        set=_set_bloom,
        options=set(),
    )
    overwrite: BoolProperty(
        name="Overwrite",
        description="Replace pictures and films that have the same name; without it a number is "
        "added to the name of a new one",
        options=set(),
    )
    film_format: EnumProperty(
        name="Format",
        description="How the film is written",
        items=(
            ("PNG", "PNG Pictures", "A numbered picture for each frame"),
            ("MP4", "MP4 Film", "One file with H.264 video"),
        ),
        options=set(),
    )

    def pixels(self) -> tuple[int, int]:
        """Width and height of the pictures to render."""
        if self.size in SIZES:
            return size_at(self.quality, SIZES[self.size])
        render = self.id_data.render
        share = render.resolution_percentage / 100
        own = round(render.resolution_x * share), round(render.resolution_y * share)
        return size_at(self.quality, own)

    def how(self) -> dict[str, Any]:
        """The settings that are common to all pictures, as arguments for rendering."""
        from ..scene.pictures.taking import Extras

        chosen = self.samples
        if not chosen and self.quality != "GOOD":
            from ..scene import looks

            chosen = samples_at(self.quality, int(looks.load(self.look).render["samples"]))
        extras = Extras(transparent=self.transparent, passes=tuple(sorted(self.passes)))
        return {
            "size": self.pixels(),
            "engine": self.engine,
            "samples": chosen or None,
            "extras": extras,
        }
