"""The settings that say what to build: a model, a prompt, what it appends, and the detail."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from .. import defaults
from ..offer import cards
from . import live, messages, state, translating
from .items import keep

DEMO_MODEL, DEMO_PROMPT = "nano-gpt", "CBABBC"

# The number of the picker's item for a model that is not a preset; presets count from 0.
CHECKPOINT = 10_000

# Settings that can be changed in an override of another file's scene.
_OVERRIDABLE = {"LIBRARY_OVERRIDABLE"}


def _models(_self: bpy.types.PropertyGroup, _context: bpy.types.Context | None) -> list[tuple]:
    items = []
    for number, preset in enumerate(cards.preset_ids()):
        card = cards.card(preset)
        told = ". ".join(translating.say(said) for said in (card.summary, *card.facts) if said)
        items.append((preset, card.title, told, "NONE", number))
    other = "A model of your own: a folder or a .safetensors file"
    items.append(("CHECKPOINT", "Checkpoint…", other, "FILE_FOLDER", CHECKPOINT))
    return keep("models", items)


def _picked(self: ModelSettings) -> int:
    ids = cards.preset_ids()
    return ids.index(self.model) if self.model in ids else CHECKPOINT


def _pick(self: ModelSettings, number: int) -> None:
    ids = cards.preset_ids()
    if self.model not in ids:
        self.checkpoint_kept = self.model
    self.model = ids[number] if number < len(ids) else self.checkpoint_kept
    _propose(self)


def _propose(self: ModelSettings) -> None:
    """Give the model that was chosen a prompt in its own units, unless the person wrote one."""
    proposal = state.card_of(self.id_data).proposal
    if proposal and cards.is_proposed(self.prompt):
        self.prompt = proposal


def _checkpoint(self: ModelSettings) -> str:
    return self.checkpoint_kept if self.model in cards.preset_ids() else self.model


def _set_checkpoint(self: ModelSettings, path: str) -> None:
    self.checkpoint_kept = self.model = path
    _propose(self)


def _forget_message(self: ModelSettings, _context: bpy.types.Context | None) -> None:
    """Clear the message, which was about a setting that has changed now."""
    messages.say(self.id_data, "")


class ModelSettings:
    """The part of the settings about what to build."""

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
        update=live.changed,
        options={"TEXTEDIT_UPDATE"},
        override=_OVERRIDABLE,
    )
    max_new_tokens: IntProperty(
        name="New Tokens",
        description="How many tokens the model appends to the prompt, one pass for each; fewer "
        "where its context has no room for so many",
        default=defaults.MAX_NEW_TOKENS,
        min=0,
        soft_max=32,
        update=live.changed,
        options=set(),
        override=_OVERRIDABLE,
    )
    temperature: FloatProperty(
        name="Temperature",
        description="0 takes the most probable token each time; 1 draws tokens with the "
        "probabilities that the model gives them; less favors the probable ones, more the "
        "improbable ones",
        default=defaults.TEMPERATURE,
        min=0.0,
        soft_max=2.0,
        max=1000.0,
        step=10,
        precision=2,
        update=live.changed,
        options=set(),
        override=_OVERRIDABLE,
    )
    top_k: IntProperty(
        name="Top-k",
        description="Draw only from so many of the most probable tokens; 0 draws from all of them, "
        "1 takes the most probable one each time",
        default=defaults.TOP_K,
        min=0,
        soft_max=100,
        update=live.changed,
        options=set(),
        override=_OVERRIDABLE,
    )
    seed: IntProperty(
        name="Seed",
        description="The same seed draws the same tokens again",
        default=defaults.SEED,
        min=0,
        update=live.changed,
        options=set(),
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
    arrangement: EnumProperty(
        name="Arrangement",
        description="How the layers stand",
        items=(
            ("auto", "Auto", "In as many columns as fill a wide picture best"),
            ("tower", "Tower", "Below each other, with the embedding on top and the output below"),
            ("rows", "Rows", "In a number of columns, between the embedding and the output"),
        ),
        default=defaults.ARRANGEMENT,
        options=set(),
    )
    columns: IntProperty(
        name="Columns",
        description="Columns of layers; 0 is one for each layer",
        default=0,
        min=0,
        soft_max=24,
        options=set(),
    )
    folded: BoolProperty(
        name="Fold Long Blocks",
        description="Lay blocks that are much longer than a layer is wide, such as the token "
        "embedding of a large vocabulary, in lines as text is laid",
        default=True,
        options=set(),
    )
