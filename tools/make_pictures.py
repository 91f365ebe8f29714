"""Make the pictures of README and gallery with the current code: `python tools/make_pictures.py`.

Renders stills with bpy and saves them as JPEG into docs/pictures/; the gallery's page,
docs/gallery.md, is written anew with them. With names of pictures, as in `make_pictures.py model
scale`, only these are made. The screenshot of the sidebar comes from the window test, which leaves
it in build/gui/; without one the old picture stays.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import bpy

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
PICTURES = ROOT / "docs" / "pictures"
GALLERY = ROOT / "docs" / "gallery.md"
LIST = ROOT / "docs" / "gallery.toml"
SCREENSHOT = ROOT / "build" / "gui" / "2-built.png"

# The most bytes of a picture, and the qualities of JPEG that are tried to stay below.
LARGEST = 300_000
QUALITIES = (92, 88, 84, 78, 70, 60)

SIZES = {"wide": (1280, 720), "square": (900, 900), "tall": (720, 1280)}


@dataclass(frozen=True)
class Shot:
    """One picture, as docs/gallery.toml lists them."""

    name: str
    still: str
    title: str
    text: str
    models: tuple[str, ...] = ("nano-gpt",)
    prompt: str | None = None
    look: str = "dark"
    shape: str = "wide"

    @property
    def path(self) -> Path:
        """The picture's file."""
        return PICTURES / f"{self.name}.jpg"


def shots() -> list[Shot]:
    """All pictures, those of the same models together."""
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["picture"]
    return [Shot(**{**each, "models": tuple(each.get("models", Shot.models))}) for each in listed]


def save(source: Path, target: Path) -> None:
    """Save a picture as JPEG, its colors as they are, as well as its size allows."""
    plain = bpy.data.scenes.new("Plain")
    plain.view_settings.view_transform = "Standard"
    plain.render.image_settings.file_format = "JPEG"
    image = bpy.data.images.load(str(source))
    for quality in QUALITIES:
        image.save_render(str(target), scene=plain, quality=quality)
        if target.stat().st_size < LARGEST:
            break
    bpy.data.images.remove(image)
    bpy.data.scenes.remove(plain)


def render(wanted: Iterable[Shot], samples: int | None) -> None:
    """Build the models of the pictures, and render and convert each."""
    from llmviz_addon import model
    from llmviz_addon import scene as room

    made = sorted(wanted, key=lambda shot: (shot.models, shot.prompt or "", shot.look))
    for (models, prompt), group in groupby(made, key=lambda shot: (shot.models, shot.prompt)):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        prompts = {preset.id: preset.prompt for preset in model.presets()}
        for number, each in enumerate(models):
            own = prompt if prompt is not None and number == 0 else prompts.get(each, "")
            room.run(room.steps(scene, room.Recipe(each, own), beside=number > 0))
        look = None
        for shot in group:
            if shot.look != look:
                look = shot.look
                for root in room.roots(scene):
                    room.apply_look(scene, root, look, accessible=False)
            with tempfile.TemporaryDirectory() as folder:
                how = (scene, [shot.still], folder, SIZES[shot.shape], "CYCLES", samples)
                (path,) = room.run(room.still_steps(*how))
                save(path, shot.path)
            print(shot.path.name, shot.path.stat().st_size, flush=True)


def page(listed: Iterable[Shot]) -> str:
    """The gallery as Markdown."""
    looks = ROOT / "presets" / "looks"
    titles = {
        p.stem: tomllib.loads(p.read_text(encoding="utf-8"))["title"] for p in looks.glob("*.toml")
    }
    lines = [
        "# Gallery",
        "",
        (
            "Every picture is a still that the extension renders by itself: build the model, "
            "choose the still and the look, press **Render**. They were made by "
            "`tools/make_pictures.py`."
        ),
        "",
    ]
    for shot in listed:
        beside = " beside ".join(shot.models)
        lines += [
            f"## {shot.title}",
            "",
            f"![{shot.title}](pictures/{shot.name}.jpg)",
            "",
            f"{shot.text} *{beside}, look {titles[shot.look]}, still `{shot.still}`.*",
            "",
        ]
    return "\n".join(lines)


def main() -> None:
    """Make the pictures that are named on the command line, or all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    names = [word for word in sys.argv[1:] if not word.startswith("--")]
    samples = next((int(w.removeprefix("--samples=")) for w in sys.argv if "--samples=" in w), None)
    listed = shots()
    render([shot for shot in listed if not names or shot.name in names], samples)
    GALLERY.write_text(page(listed), encoding="utf-8")
    if SCREENSHOT.is_file() and not names:
        save(SCREENSHOT, PICTURES / "sidebar.jpg")


if __name__ == "__main__":
    main()
    # bpy 4.5 may hang when the interpreter shuts down.
    sys.stdout.flush()
    os._exit(0)
