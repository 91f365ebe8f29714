"""The render operators: the settings that they use, and their messages about the files."""

from __future__ import annotations

from pathlib import Path

import bpy

from llmviz_addon.scene.pictures.files import Pictures
from llmviz_addon.ui import running
from llmviz_addon.ui.pictures import LLMVIZ_OT_render_film, what_stays, what_was_written
from tests.scene import pictures


def _made(*names: str, replaced: int = 0) -> Pictures:
    made = Pictures(Path("/pictures", name) for name in names)
    made.replaced = replaced
    return made


def test_the_report_names_the_files_and_counts_those_that_were_replaced():
    assert what_was_written(_made("a.png")) == f"Wrote a.png to {Path('/pictures')}"
    assert "a.png, b.png to" in what_was_written(_made("a.png", "b.png"))
    assert what_was_written(_made("a.png", replaced=1)).endswith("; replaced 1 picture")
    many = what_was_written(_made(*(f"{n}.png" for n in range(9)), replaced=2))
    assert "9 pictures from 0.png to 8.png" in many and many.endswith("replaced 2 pictures")
    assert "\n" not in what_was_written(_made("a\nb.png"))


def test_rendering_that_is_stopped_says_which_pictures_stay(
    own_model, settings, monkeypatch, tmp_path
):
    assert what_stays(_made()) == "no picture was written"
    assert what_stays(_made("a.png")) == f"a.png stays in {Path('/pictures')}"
    pictures.stand_in(monkeypatch)
    settings.folder = str(tmp_path)
    reports = []
    # An operator that runs in a window, without the window.
    film = LLMVIZ_OT_render_film
    members = {name: getattr(film, name) for name in ("rendering", "bl_idname")}
    operator = type("Film", film.__mro__[1:2], members)()
    operator.report = lambda _kind, text: reports.append(text)
    operator._start(bpy.context)
    for _ in range(3):
        running.work.advance()
    assert operator._stopped(bpy.context) == {"CANCELLED"}
    (folder,) = tmp_path.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["00001.png", "00002.png"]
    assert reports == [f"Stopped; 00001.png, 00002.png stay in {folder}"]


def test_pictures_and_films_are_numbered_or_replaced_as_the_settings_say(
    settings, monkeypatch, tmp_path
):
    bpy.ops.llmviz.build()
    pictures.stand_in(monkeypatch)
    settings.folder, settings.stills = str(tmp_path / "a {fps} #1"), {"model"}
    assert not settings.overwrite
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 7, 8
    for overwrite in (False, False, True):
        settings.overwrite = overwrite
        assert bpy.ops.llmviz.render_stills() == {"FINISHED"}
        assert bpy.ops.llmviz.render_film() == {"FINISHED"}
    (folder,) = tmp_path.iterdir()
    still, film = (f"nano-gpt_CBABBC_dark_{what}_1920x1080" for what in ("model", "film"))
    made = sorted(path.name for path in folder.iterdir())
    assert made == sorted([f"{still}.png", f"{still}-2.png", film, f"{film}-2"])
    assert sorted(p.name for p in (folder / film).iterdir()) == ["00007.png", "00008.png"]
