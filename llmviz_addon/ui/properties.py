"""The settings of a scene, `scene.llmviz`, above all `.model` and `.prompt`.

Where a model stands in the scene, its look and captions are read from the model and not from here,
so that they are right without any bookkeeping after an undo and in files made by scripts.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy
from bpy.props import (
    BoolProperty,
    BoolVectorProperty,
    EnumProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .. import defaults
from ..errors import PROBLEMS, sentence
from ..offer import cards
from . import inspecting, messages, state

DEMO_MODEL, DEMO_PROMPT = "nano-gpt", "CBABBC"

# The number of the picker's item for a model that is not a preset; presets count from 0.
CHECKPOINT = 10_000

# Blender's limit for the length of a vector of check boxes.
MOST_STILLS = 32

SIZES = {"LANDSCAPE": (1920, 1080), "PORTRAIT": (1080, 1920), "SQUARE": (1080, 1080)}

# Blender keeps pointers to the strings of dynamic items without owning them, so they have to be
# kept alive here.
_handed_out: dict[str, list[tuple]] = {}


def _keep(name: str, items: list[tuple]) -> list[tuple]:
    if _handed_out.get(name) != items:
        _handed_out[name] = items
    return _handed_out[name]


def _models(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    items = []
    for number, preset in enumerate(cards.preset_ids()):
        card = cards.card(preset)
        told = ". ".join(filter(None, (card.summary, *card.facts)))
        items.append((preset, card.title, told, "NONE", number))
    other = "A model of your own: a folder or a .safetensors file"
    items.append(("CHECKPOINT", "Checkpoint…", other, "FILE_FOLDER", CHECKPOINT))
    return _keep("models", items)


def _picked(self: LLMVIZ_PG_settings) -> int:
    ids = cards.preset_ids()
    return ids.index(self.model) if self.model in ids else CHECKPOINT


def _pick(self: LLMVIZ_PG_settings, number: int) -> None:
    ids = cards.preset_ids()
    if self.model not in ids:
        self.checkpoint_kept = self.model
    self.model = ids[number] if number < len(ids) else self.checkpoint_kept
    _propose(self)


def _propose(self: LLMVIZ_PG_settings) -> None:
    """Give the model that was chosen a prompt in its own units, unless the person wrote one."""
    proposal = state.card_of(self.id_data).proposal
    if proposal and cards.is_proposed(self.prompt):
        self.prompt = proposal


def _checkpoint(self: LLMVIZ_PG_settings) -> str:
    return self.checkpoint_kept if self.model in cards.preset_ids() else self.model


def _set_checkpoint(self: LLMVIZ_PG_settings, path: str) -> None:
    self.checkpoint_kept = self.model = path
    _propose(self)


def _looks(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    from ..scene import LookError, looks

    items = []
    for number, look_id in enumerate(looks.available()):
        try:
            title = looks.load(look_id).title
        except LookError:
            continue
        items.append((look_id, title, f"Colors, light and background of {title}", "NONE", number))
    return _keep("looks", items)


def _recipe(self: LLMVIZ_PG_settings):
    """The recipe of the model in the scene; None where there is none."""
    model = state.model_of(self.id_data)
    return None if model is None else state.recipe_of(model)


def _look(self: LLMVIZ_PG_settings) -> int:
    from ..scene import looks

    recipe = _recipe(self)
    wanted = self.look_kept if recipe is None else recipe.look
    ids = looks.available()
    return ids.index(wanted) if wanted in ids else 0


def _set_look(self: LLMVIZ_PG_settings, number: int) -> None:
    from ..scene import looks

    self.look_kept = looks.available()[number]
    self.accessible_kept = self.accessible
    _restyle(self)


def _accessible(self: LLMVIZ_PG_settings) -> bool:
    recipe = _recipe(self)
    return self.accessible_kept if recipe is None else recipe.accessible


def _set_accessible(self: LLMVIZ_PG_settings, value: bool) -> None:
    self.look_kept = self.look
    self.accessible_kept = value
    _restyle(self)


def _restyle(self: LLMVIZ_PG_settings) -> None:
    """Give the model that stands in the scene the look that was chosen."""
    from ..scene import apply_look

    scene = self.id_data
    root = state.root_of(scene)
    if root is None:
        return
    if locked := state.why_locked(scene):
        messages.say(scene, locked)
        return
    try:
        apply_look(scene, root, self.look_kept, self.accessible_kept)
    except PROBLEMS as error:
        messages.say(scene, sentence(error))


def _captions(self: LLMVIZ_PG_settings) -> bool:
    from ..scene import captions_visible

    root = state.root_of(self.id_data)
    return self.captions_kept if root is None else captions_visible(root)


def _set_captions(self: LLMVIZ_PG_settings, value: bool) -> None:
    from ..scene import set_captions

    self.captions_kept = value
    root = state.root_of(self.id_data)
    if root is not None and not state.why_locked(self.id_data):
        set_captions(root, value)


def _stills(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    return _keep(
        "stills",
        [
            (still_id, title, "Render this picture", "NONE", 1 << number)
            for number, (still_id, title) in enumerate(state.stills_of(_self.id_data))
        ],
    )


def _chosen_stills(self: LLMVIZ_PG_settings) -> int:
    left_out = self.stills_left_out.split(",")
    return sum(item[4] for item in _stills(self, None) if item[0] not in left_out)


def _choose_stills(self: LLMVIZ_PG_settings, flags: int) -> None:
    left_out = [item[0] for item in _stills(self, None) if not flags & item[4]]
    self.stills_left_out = ",".join(left_out)


def _ticked_stills(self: LLMVIZ_PG_settings) -> tuple[bool, ...]:
    flags = _chosen_stills(self)
    return tuple(bool(flags >> number & 1) for number in range(MOST_STILLS))


def _tick_stills(self: LLMVIZ_PG_settings, ticks: Sequence[bool]) -> None:
    _choose_stills(self, sum(1 << number for number, tick in enumerate(ticks) if tick))


def _forget_message(self: LLMVIZ_PG_settings, _context: bpy.types.Context | None) -> None:
    """Clear the message, which was about a setting that has changed now."""
    messages.say(self.id_data, "")


_OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}


class LLMVIZ_PG_settings(bpy.types.PropertyGroup):
    """The settings for building a model in a scene and rendering it."""

    model: StringProperty(
        name="Model",
        description="The id of a model that comes with LLM Viz, or the path of a checkpoint",
        default=DEMO_MODEL,
        update=_forget_message,
        override=_OVERRIDABLE,
    )
    picker: EnumProperty(
        name="Model",
        description="The model to take apart",
        items=_models,
        get=_picked,
        set=_pick,
        options=set(),
    )
    checkpoint: StringProperty(
        name="Checkpoint",
        description="The folder of a model with config.json, model.safetensors and its tokenizer, "
        "or a single .safetensors file",
        subtype="FILE_PATH",
        get=_checkpoint,
        set=_set_checkpoint,
        options={"PATH_SUPPORTS_BLEND_RELATIVE"},
    )
    checkpoint_kept: StringProperty(options={"HIDDEN"})
    prompt: StringProperty(
        name="Prompt",
        description="What the model reads: text, letters that it knows, or token ids with spaces "
        "between where it brings no tokenizer",
        default=DEMO_PROMPT,
        update=_forget_message,
        options={"TEXTEDIT_UPDATE"},
        override=_OVERRIDABLE,
    )
    activation: EnumProperty(
        name="Activation",
        description="What the neurons of the MLP do, where the model's configuration leaves it "
        "open",
        items=(
            ("CONFIG", "As Its Program Did", "What the program that wrote the checkpoint computed"),
            ("gelu_new", "GELU, Tanh Form", "The approximation by tanh, as in GPT-2"),
            ("gelu", "GELU, Exact Form", "The error function, as in newer nanoGPT"),
        ),
        update=_forget_message,
        options=set(),
    )
    cubes: IntProperty(
        name="Cubes",
        description="How many cells may be cubes of their own; what the walkthrough dwells on and "
        "the smallest blocks come first, the others are slabs",
        default=defaults.CUBES,
        min=0,
        soft_max=3_000_000,
        step=10_000,
        options=set(),
    )
    slabs: IntProperty(
        name="Slab Memory (MB)",
        description="Megabytes of values that slabs may show, one byte a cell; what does not fit "
        "is drawn as a shape without values",
        default=defaults.SLABS,
        min=0,
        soft_max=4096,
        options=set(),
    )
    full_context: BoolProperty(
        name="Full Context",
        description="Draw every position of a large model's context, most of them empty, rather "
        "than the tokens there are",
        options=set(),
    )
    window_block: StringProperty(
        name="Block",
        description="The slab to open up; selecting one in the view chooses it",
        get=inspecting.window_block,
        set=inspecting.set_window_block,
        search=inspecting.search_blocks,
    )
    window_block_kept: StringProperty(options={"HIDDEN"})
    window_object_kept: StringProperty(options={"HIDDEN"})
    window_column: IntProperty(
        name="Column",
        description="The column of the cell around which cubes appear, counted from 0",
        min=0,
        options=set(),
    )
    window_row: IntProperty(
        name="Row",
        description="The row of the cell around which cubes appear, counted from 0",
        min=0,
        options=set(),
    )
    look: EnumProperty(
        name="Look",
        description="Colors, light and background; changes a model that is built at once",
        items=_looks,
        get=_look,
        set=_set_look,
        options=set(),
    )
    look_kept: StringProperty(default="dark", options={"HIDDEN"})
    accessible: BoolProperty(
        name="Color-Blind Safe",
        description="Use colors that stay apart with any color vision deficiency",
        get=_accessible,
        set=_set_accessible,
        options=set(),
    )
    accessible_kept: BoolProperty(options={"HIDDEN"})
    captions: BoolProperty(
        name="Captions",
        description="Show what the walkthrough says, in the view and in renders",
        get=_captions,
        set=_set_captions,
        options=set(),
    )
    captions_kept: BoolProperty(default=True, options={"HIDDEN"})
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
    samples: IntProperty(
        name="Samples",
        description="Samples for each pixel; 0 takes the number that the look proposes",
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
            return SIZES[self.size]
        render = self.id_data.render
        share = render.resolution_percentage / 100
        return round(render.resolution_x * share), round(render.resolution_y * share)


_register, _unregister = bpy.utils.register_classes_factory((LLMVIZ_PG_settings,))


def register() -> None:
    """Give every scene its settings."""
    _register()
    bpy.types.Scene.llmviz = PointerProperty(type=LLMVIZ_PG_settings, override=_OVERRIDABLE)


def unregister() -> None:
    """Remove the definition of the settings; the values that files hold stay in the files."""
    del bpy.types.Scene.llmviz
    _unregister()
