"""The state of a scene: its models, always read from the scene itself, and what it is ready for."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import bpy

from .. import languages
from ..offer import cards, estimates
from . import running

if TYPE_CHECKING:
    from ..detail import Estimate
    from ..model import Sampling
    from ..scene import BeatMark, ChapterMark, Recipe, Standing

# Ways of drawing a block, as noted on its object, and their names in the plural.
_WAYS = {"cubes": "cubes", "slab": "slabs", "shape": "shapes"}

# Stills by the facts that are true of the film.
_stills: dict[frozenset[str] | None, tuple[tuple[str, str], ...]] = {}

# Questions whose estimates a timer is about to make.
_asked: set[tuple] = set()


def models(scene: bpy.types.Scene) -> tuple[Standing, ...]:
    """The models that stand in a scene, the film's own first; none while one is built."""
    from ..scene import find

    return () if running.is_building(scene) else tuple(find(scene))


def model_of(scene: bpy.types.Scene) -> Standing | None:
    """The film's own model; None where there is none, or not yet."""
    return next(iter(models(scene)), None)


def root_of(scene: bpy.types.Scene) -> bpy.types.Collection | None:
    """The root collection of the film's own model; None where there is none, or not yet."""
    model = model_of(scene)
    return None if model is None else model.root


def part_of(scene: bpy.types.Scene, part_id: str) -> ChapterMark | BeatMark | None:
    """The chapter or beat of this id in the scene's film; None if there is none that has an end."""
    from ..scene.playing.marks import part

    root = root_of(scene)
    place = None if root is None else part(root, part_id)
    return place if place is not None and place.last else None


def playing(scene: bpy.types.Scene) -> tuple[str, str]:
    """Ids of the chapter and the beat at the scene's current frame; empty before the film."""
    from ..scene import chapters

    root, now = root_of(scene), scene.frame_current
    begun = [] if root is None else [c for c in chapters(root) if c.frame <= now]
    if not begun:
        return "", ""
    beats = [beat.id for beat in begun[-1].beats if beat.frame <= now]
    return begun[-1].id, beats[-1] if beats else ""


def recipe_of(model: Standing) -> Recipe | None:
    """The recipe of a model; None where it cannot be read any more."""
    from ..scene import StandingError

    try:
        return model.recipe
    except StandingError:
        return None


def answer_of(model: Standing) -> str:
    """The tokens that a model has appended to its prompt, as text; empty where there are none."""
    from ..scene import StandingError

    try:
        run = model.run
    except StandingError:
        return ""
    return "" if run is None else run.answer


def stills_of(scene: bpy.types.Scene) -> tuple[tuple[str, str], ...]:
    """Ids and titles of the stills that a scene offers; kept, since panels ask often."""
    from ..scene import stills
    from ..scene.standing.recipe import facts_of

    model = model_of(scene)
    facts = None if model is None else facts_of(model.root)
    if facts not in _stills:
        _stills[facts] = stills(None if facts is None else scene)
    return _stills[facts]


def offered_of(root: bpy.types.Collection) -> tuple[tuple[str, str], ...]:
    """Ids and titles of all chapters that could play for a model, chosen or not."""
    from ..scene import offered

    return offered(root)


def ways_of(model: Standing) -> tuple[str, ...]:
    """The ways in which a model's blocks are drawn: "cubes", "slabs", "shapes"."""
    from ..scene import names

    used = {obj.get(names.DRAWN_AS) for obj in model.objects.values()}
    return tuple(words for way, words in _WAYS.items() if way in used)


def card_of(scene: bpy.types.Scene) -> cards.Card:
    """The card of the model that a scene asks for."""
    return _card(scene, activation_of(scene))


def activation_of(scene: bpy.types.Scene) -> str:
    """The activation that was chosen for a model whose configuration leaves it open; else empty."""
    chosen = scene.llmviz.activation
    return chosen if chosen != "CONFIG" and asks_activation(scene) else ""


def asks_activation(scene: bpy.types.Scene) -> bool:
    """True if the configuration of the scene's model leaves its activation open."""
    return _card(scene, "").asks_activation


def _card(scene: bpy.types.Scene, activation: str) -> cards.Card:
    source = scene.llmviz.model
    if source.startswith("//") and not bpy.data.filepath:
        return cards.Card("", problem=f"{source} is relative to this file; save the file first")
    return cards.card(bpy.path.abspath(source) if source.startswith("//") else source, activation)


def why_locked(scene: bpy.types.Scene) -> str:
    """The reason why nothing can be changed in a scene right now; empty where it can."""
    if running.is_busy():
        return f"Wait for this to finish, or press Esc: {running.work.label}"
    if not scene.is_editable:
        return "This scene is linked from another file; make it local first"
    root = root_of(scene)
    if root is not None and root.override_library:
        return "The model in this scene is an override of another file's; make it local first"
    return ""


def why_no_build(scene: bpy.types.Scene) -> str:
    """The reason why the scene's model and prompt cannot be built; empty where they can."""
    if locked := why_locked(scene):
        return locked
    card = card_of(scene)
    return card.problem or card.read(scene.llmviz.prompt)[1]


def prompt_of(scene: bpy.types.Scene) -> str:
    """The prompt that the scene's model will read; empty for a model without numbers."""
    return scene.llmviz.prompt if card_of(scene).has_numbers else ""


def sampling_of(scene: bpy.types.Scene) -> Sampling:
    """The choice of the tokens that the scene's model will append."""
    from ..model import Sampling

    settings = scene.llmviz
    return Sampling(temperature_of(settings.temperature), settings.top_k, settings.seed)


def temperature_of(setting: float) -> float:
    """The temperature that was typed; Blender keeps it with seven digits, as 0.800000011920929."""
    return float(f"{setting:.6g}")


def wanted(scene: bpy.types.Scene) -> Recipe:
    """The recipe that a scene's settings ask for."""
    from ..scene import Recipe

    settings = scene.llmviz
    return Recipe(
        model=settings.model,
        prompt=prompt_of(scene),
        activation=activation_of(scene),
        look=settings.look,
        accessible=settings.accessible,
        captions=settings.captions,
        full_context=settings.full_context,
        cubes=settings.cubes,
        slabs=settings.slabs,
        arrangement=settings.arrangement,
        columns=settings.columns,
        folded=settings.folded,
        max_new_tokens=settings.max_new_tokens,
        temperature=temperature_of(settings.temperature),
        top_k=settings.top_k,
        seed=settings.seed,
        language=language_of(settings.language),
        script=settings.script,
        chapters=chapters_of(scene),
        layer=settings.layer,
        head=settings.head,
        position=settings.position,
        channel=settings.channel,
    )


def chapters_of(scene: bpy.types.Scene) -> str:
    """The chapters that a film is to have: those of the film that stands, where it has such.

    A model without numbers has chapters of its own.
    """
    model, prompt = model_of(scene), prompt_of(scene)
    recipe = None if model is None else recipe_of(model)
    if recipe is None:
        return scene.llmviz.chapters_kept if prompt else ""
    return recipe.chapters if bool(recipe.prompt) == bool(prompt) else ""


# The settings that are a recipe's fields by the same names; the prompt last, since it is shown once
# it is set.
_ASKED = (
    "full_context",
    "cubes",
    "slabs",
    "arrangement",
    "columns",
    "folded",
    "max_new_tokens",
    "temperature",
    "top_k",
    "seed",
    "layer",
    "head",
    "position",
    "channel",
    "model",
    "prompt",
)


def adopt(scene: bpy.types.Scene) -> None:
    """Have settings that nobody has touched ask for the model that stands.

    A file that a script has made has none; without this, its next build would put another model in
    the place of the one that it shows.
    """
    settings, model = scene.llmviz, model_of(scene)
    recipe = None if model is None else recipe_of(model)
    if recipe is None or scene.library is not None or scene.override_library is not None:
        return
    if any(map(settings.is_property_set, (*_ASKED, "activation"))):
        return
    if recipe.activation:
        settings.activation = recipe.activation
    for name in _ASKED:
        value = getattr(recipe, name)
        # A recipe from before arrangements has none; a script may ask for more than settings hold.
        if value != "":
            with suppress(OverflowError, ValueError):
                setattr(settings, name, value)


def language_of(setting: str) -> str:
    """The code of the language that is chosen; Blender's, if it is one of ours, for ``AUTO``."""
    if setting != "AUTO":
        return setting
    return languages.fitting(bpy.app.translations.locale or "")


def estimate_of(scene: bpy.types.Scene) -> Estimate | None:
    """The memory and time that building the scene's model takes; None where it cannot be built."""
    question = _question(scene)
    return estimates.estimate(*question) if question else None


def estimate_to_draw(scene: bpy.types.Scene) -> Estimate | None:
    """The estimate for a panel; a slow one is None now, is made by a timer, and drawn then."""
    question = _question(scene)
    if question is None:
        return None
    if bpy.app.background or not estimates.is_slow(*question):
        return estimates.estimate(*question)
    if question not in _asked:
        _asked.add(question)
        bpy.app.timers.register(partial(_estimate, question), first_interval=0.05)
    return None


def _question(scene: bpy.types.Scene) -> tuple | None:
    """The arguments of `estimates.estimate` for a scene; None where nothing can be built."""
    card, settings = card_of(scene), scene.llmviz
    ids, problem = card.read(settings.prompt)
    if card.reader is None or card.problem or problem:
        return None
    drawn = settings.full_context, settings.cubes, settings.slabs
    return card.reader.config, len(ids), settings.max_new_tokens, *drawn


def _estimate(question: tuple) -> None:
    """Make an estimate that a panel could not wait for, and have the panel drawn again."""
    _asked.discard(question)
    estimates.estimate(*question)
    running.redraw(bpy.context.window_manager)


def check_memory(scene: bpy.types.Scene) -> None:
    """Refuse to build a model that will not fit into memory.

    Raises
    ------
    MemoryShortageError
        With a sentence that says how much is needed and how much there is.
    """
    card = card_of(scene)
    # Models without numbers are drawn as shapes, which need hardly any memory; planning the largest
    # of them would only take time.
    found = estimate_of(scene) if card.has_numbers else None
    if found is not None:
        estimates.check_memory(card.title, found)


def has_bloom(scene: bpy.types.Scene) -> bool:
    """True if the look of a scene's model has bloom that can be switched."""
    from ..scene import looks
    from ..scene.style import finish

    model = model_of(scene)
    recipe = None if model is None else recipe_of(model)
    if recipe is None or recipe.look not in looks.available():
        return False
    return bool(looks.load(recipe.look).bloom) and finish.node_of(scene) is not None
