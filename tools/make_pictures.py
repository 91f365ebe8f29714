"""Make the pictures of the README with the current code: `python tools/make_pictures.py`.

Renders stills with bpy and saves them as JPEG into docs/pictures/. The screenshot of the sidebar
comes from the window test, which leaves it in build/gui/; without one the old picture stays.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import bpy

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PICTURES = ROOT / "docs" / "pictures"
SCREENSHOT = ROOT / "build" / "gui" / "2-built.png"
SIZE = (1600, 900)
QUALITY = 88


def save(source: Path, target: Path) -> None:
    """Save a picture as JPEG, its colors as they are."""
    plain = bpy.data.scenes.new("Plain")
    plain.view_settings.view_transform = "Standard"
    plain.render.image_settings.file_format = "JPEG"
    image = bpy.data.images.load(str(source))
    image.save_render(str(target), scene=plain, quality=QUALITY)
    bpy.data.images.remove(image)
    bpy.data.scenes.remove(plain)


def main() -> None:
    """Render and convert."""
    from llmviz_addon import scene as room

    PICTURES.mkdir(parents=True, exist_ok=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    root = room.build(scene, room.Recipe("nano-gpt", "CBABBC"))
    with tempfile.TemporaryDirectory() as folder:
        for still in ("model", "embedding", "attention", "cells"):
            (path,) = room.run(room.still_steps(scene, [still], folder, SIZE, "CYCLES"))
            save(path, PICTURES / f"{still}.jpg")
        room.apply_look(scene, root, "light", accessible=False)
        (path,) = room.run(room.still_steps(scene, ["mlp"], folder, SIZE, "CYCLES"))
        save(path, PICTURES / "light.jpg")
        room.apply_look(scene, root, "dark", accessible=False)
        for model in ("gpt2", "gpt2-xl", "gpt3"):
            room.run(room.steps(scene, room.Recipe(model, ""), beside=True))
        (path,) = room.run(room.still_steps(scene, ["towers"], folder, SIZE, "CYCLES"))
        save(path, PICTURES / "scale.jpg")
        room.remove(scene)
        room.build(scene, room.Recipe("gpt2", ""))
        (path,) = room.run(room.still_steps(scene, ["shape-layer"], folder, SIZE, "CYCLES"))
        save(path, PICTURES / "layer.jpg")
    if SCREENSHOT.is_file():
        save(SCREENSHOT, PICTURES / "sidebar.jpg")


if __name__ == "__main__":
    main()
    # bpy 4.5 may hang when the interpreter shuts down.
    sys.stdout.flush()
    os._exit(0)
