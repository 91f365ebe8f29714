"""Runs in a Blender of its own: install the zip, use it, switch it off and on, use it again.

Started by `test_extension.py`, with the zip after `--`, in a user folder that is empty. It prints
one JSON line per step, so that the test can say which step failed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback

import bpy

MODULE = "bl_ext.user_default.llmviz"


def tell(step: str, **facts: object) -> None:
    """Report a step to the test."""
    print("STEP " + json.dumps({"step": step, **facts}), flush=True)


def has_operator() -> bool:
    """True if `llmviz.build` exists; `bpy.ops` has an answer to every name, so it cannot tell."""
    return "build" in dir(bpy.ops.llmviz)


def is_enabled() -> bool:
    """True if the preferences list the extension."""
    return MODULE in bpy.context.preferences.addons


def build() -> dict[str, object]:
    """Build nano-gpt as a script would; returns facts about the scene afterward."""
    scene = bpy.context.scene
    scene.llmviz.model = "nano-gpt"
    scene.llmviz.prompt = "CBABBC"
    result = bpy.ops.llmviz.build()
    names = [str(o["llmviz_block"]) for o in scene.objects if "llmviz_block" in o]
    return {"result": sorted(result), "blocks": sorted(names)}


def remove() -> dict[str, object]:
    """Remove the model; returns the number of its objects that are left in the file."""
    bpy.ops.llmviz.remove()
    return {"left": sum("llmviz_block" in o for o in bpy.data.objects)}


def main(zip_path: str) -> None:
    """All the steps, in order."""
    bpy.ops.extensions.package_install_files(
        filepath=zip_path, repo="user_default", enable_on_install=True
    )
    tell("installed", enabled=is_enabled(), operator=has_operator())
    import safetensors
    import tokenizers

    tell("wheel", safetensors=safetensors.__file__, tokenizers=tokenizers.__file__)
    tell("built", **build())
    tell("removed", **remove())
    tell("built again", **build())
    bpy.ops.preferences.addon_disable(module=MODULE)
    tell("disabled", enabled=is_enabled(), properties=hasattr(bpy.types.Scene, "llmviz"))
    bpy.ops.preferences.addon_enable(module=MODULE)
    tell("enabled", enabled=is_enabled(), operator=has_operator())
    tell("built after enabling", **build())
    bpy.ops.wm.save_userpref()


status = 1
try:
    main(sys.argv[sys.argv.index("--") + 1])
    status = 0
except Exception:  # noqa: BLE001 - whatever it is, the exit status has to tell
    traceback.print_exc()
finally:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
