"""A film is the frames that were asked for, in files of their own; it can stop after each."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.pictures import taking

from . import helpers, pictures

TINY = (32, 18)


@pytest.fixture(scope="module", autouse=True)
def clean_scene():
    """One build for all tests; pictures show few of its cells, to save time."""
    root = helpers.open_built()
    for obj in helpers.block_objects():
        obj.hide_render = not obj["llmviz_block"].startswith(("tokens", "embedding"))
    return root


def _film(path: Path, *frames: int, **options: object):
    work = scene_room.film_steps(bpy.context.scene, path, *frames, TINY, "CYCLES", 1, **options)
    return scene_room.run(work)


def _refused(match: str):
    return pytest.raises(scene_room.RenderError, match=match)


def _here(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(("form", "name"), [("PNG", "frames"), ("MP4", "film #3.mp4")])
def test_a_film_is_numbered_pictures_or_the_one_file_that_was_named(tmp_path, form, name):
    before = helpers.census(content=False)
    made = _film(tmp_path / name, 100, 101, form=form)
    assert not helpers.difference(before, helpers.census(content=False))
    subtitles = ["film #3.srt", "film #3.vtt"] if form == "MP4" else []
    assert _here(tmp_path) == sorted([name, *subtitles])
    if form == "PNG":
        assert made == [tmp_path / name / "00100.png", tmp_path / name / "00101.png"]
        assert all(pictures.size_of(path) == TINY for path in made)
    else:
        assert made == [tmp_path / name]
        clip = bpy.data.movieclips.load(str(made[0]))
        assert clip.frame_duration == 2 and tuple(clip.size) == TINY
        scene = bpy.context.scene
        assert clip.fps == pytest.approx(scene.render.fps / scene.render.fps_base)
        bpy.data.movieclips.remove(clip)


def test_a_film_is_seen_through_its_own_camera(monkeypatch, tmp_path):
    scene, seen = bpy.context.scene, []
    pictures.stand_in(monkeypatch, lambda scene: seen.append((scene.camera, scene.frame_current)))
    film = scene.camera
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    scene.collection.objects.link(own)
    for before in (None, own):
        scene.camera = before
        _film(tmp_path, 3, 3)
        assert scene.camera == before
    scene.camera = film
    bpy.data.objects.remove(own)
    assert seen == [(film, 3), (film, 3)]


def test_frames_of_an_earlier_film_stay_unless_they_are_to_be_replaced(monkeypatch, tmp_path):
    pictures.stand_in(monkeypatch)
    folder = tmp_path / "v1.0"
    assert _film(folder, 1, 3)[0] == folder / "00001.png"
    assert _film(folder, 4, 5)[0] == folder / "00004.png", "a film goes on in its folder"
    assert _film(folder, 5, 6)[0] == tmp_path / "v1.0-2" / "00005.png"
    again = _film(folder, 5, 6, overwrite=True)
    assert again[0] == folder / "00005.png" and again.replaced == 1
    assert len(_here(folder)) == 6 and len(_here(tmp_path / "v1.0-2")) == 2


def test_frames_sort_by_name_however_many_there_are(monkeypatch, tmp_path):
    pictures.stand_in(monkeypatch)
    made = _film(tmp_path, 99_999, 100_000)
    assert [path.name for path in made] == ["099999.png", "100000.png"]


def test_frames_and_sizes_that_cannot_be_get_a_sentence(tmp_path):
    scene = bpy.context.scene
    for frames, match in (((20, 10), "20 to 10"), ((-10, 5), "-10"), ((1, 9_999_999), "1048574")):
        with _refused(match):
            _film(tmp_path, *frames)
    for size, better in (((65, 37), "66 × 38"), ((4, 36), "16 × 36")):
        with _refused(better):
            scene_room.run(scene_room.film_steps(scene, tmp_path / "f.mp4", size=size, form="MP4"))
    with _refused("'GIF'"):
        _film(tmp_path, form="GIF")
    assert not _here(tmp_path)


def test_a_film_that_is_stopped_or_fails_leaves_whole_files_only(monkeypatch, tmp_path):
    before, (folder, film) = helpers.census(content=False), (tmp_path / "f", tmp_path / "f.mp4")
    pictures.stand_in(monkeypatch)
    for path, form in ((folder, "PNG"), (film, "MP4")):
        steps = scene_room.film_steps(bpy.context.scene, path, 1, 9, TINY, form=form)
        told = [next(steps)[0] for _ in range(4)]
        assert told == sorted(told) and told[0] < told[-1] < 0.5
        steps.close()
    assert _here(tmp_path) == ["f"] and _here(folder) == ["00001.png", "00002.png", "00003.png"]

    def fail(*_args, **_options):
        raise RuntimeError("Error: The sky fell")

    monkeypatch.setattr(taking, "take", fail)
    for path, form in ((folder, "PNG"), (film, "MP4")):
        with _refused("The sky fell") as caught:
            _film(path, 8, 9, form=form)
        assert str(path) in str(caught.value) and ".llmviz" not in str(caught.value)
    assert len(_here(folder)) == 3 and _here(tmp_path) == ["f"]
    assert not helpers.difference(before, helpers.census(content=False))


def test_a_film_without_its_camera_says_what_to_do(clean_scene, tmp_path):
    camera = bpy.context.scene.camera
    actor = camera.pop("llmviz_actor")
    try:
        with _refused("build the model again"):
            _film(tmp_path, 1, 1)
    finally:
        camera["llmviz_actor"] = actor
