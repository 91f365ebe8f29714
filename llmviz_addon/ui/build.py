"""Operators that build a model, the demo, or one more model, and remove models."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import StringProperty

from ..errors import PROBLEMS, sentence
from ..progress import Steps
from . import messages, state, translating
from .model_settings import DEMO_MODEL, DEMO_PROMPT
from .running import Stepwise


class _Builds(Stepwise):
    """The building of the model that the scene's settings ask for, as one undo step."""

    builds = True

    def steps(self, context: bpy.types.Context) -> Steps[Any]:
        from ..scene import views

        scene = context.scene
        self._models, self._notes = _models_in(scene), []
        self._watching = views.watching(views.screens_of(context.window_manager, scene))
        return self._refuse_or_build(scene, state.wanted(scene))

    def draw_steps(self, scene: bpy.types.Scene, recipe: Any) -> Steps[Any]:
        """The steps of building `recipe` in `scene`."""
        from .. import scene as scene_room

        return scene_room.steps(scene, recipe, notes=self._notes)

    def _refuse_or_build(self, scene: bpy.types.Scene, recipe: Any) -> Steps[Any]:
        yield 0.0, "Planning"
        state.check_memory(scene)
        return (yield from self.draw_steps(scene, recipe))

    def finish(self, context: bpy.types.Context, scene: bpy.types.Scene, result: Any) -> None:
        from ..scene import views

        screens = views.screens_of(context.window_manager, scene)
        views.watch_on(screens, self._watching)
        # After a rebuild of the same models, the view stays where the person has put it.
        roots = [model.root for model in state.models(scene)]
        views.prepare(screens, roots, _models_in(scene) != self._models)
        if self._notes:
            more = f" (and {len(self._notes) - 1} more)" if len(self._notes) > 1 else ""
            translating.report(self, "WARNING", f"{self._notes[0]}{more}")


class LLMVIZ_OT_build(_Builds, bpy.types.Operator):
    """Compute the model on the prompt and build it in this scene, every number a cell"""

    bl_idname = "llmviz.build"
    bl_label = "Build Model"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the scene's model and prompt can be built."""
        return translating.allow(cls, state.why_no_build(context.scene))


class LLMVIZ_OT_build_demo(_Builds, bpy.types.Operator):
    """Build nano-gpt, a small model that sorts six letters, on the prompt CBABBC"""

    bl_idname = "llmviz.build_demo"
    bl_label = "Build Demo Model"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if the scene can be changed."""
        return translating.allow(cls, state.why_locked(context.scene))

    def steps(self, context: bpy.types.Context) -> Steps[Any]:
        settings = context.scene.llmviz
        self._before = settings.model, settings.prompt
        settings.model, settings.prompt = DEMO_MODEL, DEMO_PROMPT
        return super().steps(context)

    def undo(self, scene: bpy.types.Scene) -> None:
        scene.llmviz.model, scene.llmviz.prompt = self._before


class LLMVIZ_OT_build_beside(_Builds, bpy.types.Operator):
    """Build the chosen model beside those that stand in this scene, which stay as they are"""

    bl_idname = "llmviz.build_beside"
    bl_label = "Add Model Beside"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model, and another can be built."""
        return translating.allow(cls, state.why_no_build(context.scene) or _why_none(context.scene))

    def draw_steps(self, scene: bpy.types.Scene, recipe: Any) -> Steps[Any]:
        from .. import scene as scene_room

        return scene_room.steps(scene, recipe, beside=True, notes=self._notes)


class LLMVIZ_OT_remove(bpy.types.Operator):
    """Remove the model from this scene and give the scene back the settings that it had"""

    bl_idname = "llmviz.remove"
    bl_label = "Remove Model"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(
        name="Name",
        description="The collection of the model to remove; all models where empty",
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """True if there is a model that can be removed."""
        scene = context.scene
        return translating.allow(cls, state.why_locked(scene) or _why_nothing_to_remove(scene))

    def execute(self, context: bpy.types.Context) -> set[str]:
        from .. import scene as scene_room
        from ..scene import views

        scene = context.scene
        found = state.models(scene)
        named = [model for model in found if model.root.name == self.name]
        if self.name and not named:
            translating.report(self, "ERROR", f"There is no model {self.name!r} in this scene")
            return {"CANCELLED"}
        messages.say(scene, "")
        screens = views.screens_of(context.window_manager, scene)
        one_of_several = bool(named) and len(found) > 1
        watching = views.watching(screens)
        try:
            for model in named if one_of_several else found:
                model.check()
            if not one_of_several:
                # Views are restored before the camera is removed: after that, Blender has already
                # taken those that look through it out of the camera by itself.
                views.restore(screens)
            scene_room.remove(scene, named[0].root if one_of_several else None)
        except PROBLEMS as error:
            translating.report(self, "ERROR", sentence(error))
            return {"CANCELLED"}
        if one_of_several:
            views.watch_on(screens, watching)
            views.follow(screens, [model.root for model in state.models(scene)])
        return {"FINISHED"}


class LLMVIZ_OT_dismiss(bpy.types.Operator):
    """Hide this message"""

    bl_idname = "llmviz.dismiss"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        messages.say(context.scene, "")
        return {"FINISHED"}


def _models_in(scene: bpy.types.Scene) -> list[str]:
    """The sources of the models that stand."""
    recipes = filter(None, map(state.recipe_of, state.models(scene)))
    return sorted(recipe.source for recipe in recipes)


def _why_none(scene: bpy.types.Scene) -> str:
    """The sentence that there is no model; empty where there is one."""
    return "" if state.models(scene) else "There is no model in this scene"


def _why_nothing_to_remove(scene: bpy.types.Scene) -> str:
    """The sentence that there is nothing to remove or to give back; empty where there is."""
    from ..scene import Memory

    return "" if Memory(scene) else _why_none(scene)


register, unregister = bpy.utils.register_classes_factory(
    (
        LLMVIZ_OT_build,
        LLMVIZ_OT_build_demo,
        LLMVIZ_OT_build_beside,
        LLMVIZ_OT_remove,
        LLMVIZ_OT_dismiss,
    )
)
