"""A picture is saved whole under the name that was announced, or not at all, and a sentence says
why.

No model is needed for that.
"""

from __future__ import annotations

import errno
import itertools
import os
import sys
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.scene.pictures import files, films, naming, taking

from . import pictures

# Among others, characters that Blender would read as a frame's number, a variable or a slash, or
# would drop.
ODD = "a #3 {fps} {x %04d \"b\" 'c' \\ 漢字 é 🙂 .."


@pytest.fixture
def scene() -> bpy.types.Scene:
    """A scene whose pictures take no time."""
    made = bpy.context.scene
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    made.collection.objects.link(camera)
    made.camera = camera
    made.render.engine = "CYCLES"
    made.cycles.samples, made.cycles.use_denoising = 1, False
    made.render.resolution_x, made.render.resolution_y = 16, 10
    made.render.use_file_extension = False
    return made


def _take(scene: bpy.types.Scene, path: Path, overwrite: bool = False) -> files.Pictures:
    made = files.Pictures()
    with files.written(path, "png", made, overwrite) as part:
        taking.take(scene, part)
    return made


def _write(path: Path, data: bytes, overwrite: bool = False) -> files.Pictures:
    made = files.Pictures()
    with files.written(path, "png", made, overwrite) as part:
        part.write_bytes(data)
    return made


def _refused(match: str):
    return pytest.raises(scene_room.RenderError, match=match)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_picture_has_the_very_name_and_folder_that_were_said(scene, tmp_path):
    where = files.folder(tmp_path / ODD)
    path = where / f"{ODD}.png"
    assert _take(scene, path) == [path]
    assert pictures.size_of(path) == (16, 10)
    assert [found.name for found in tmp_path.rglob("*")] == [ODD, path.name]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("folder", ["f{fps}", "back\\slash", "/".join(10 * [100 * "d"])])
def test_a_picture_is_in_a_folder_whose_path_blender_would_misread(scene, tmp_path, folder):
    path = files.folder(tmp_path / folder) / "p.png"
    assert _take(scene, path) == [path]
    assert [found for found in tmp_path.rglob("*") if found.is_file()] == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_an_mp4_film_has_the_very_name_that_was_said(scene, tmp_path):
    frames = [tmp_path / f"{number}.png" for number in (1, 2, 3)]
    for number, frame in enumerate(frames):
        frame.write_bytes(pictures.png(32, 18, 40 + 80 * number))
    scenes = list(bpy.data.scenes)
    path, made = tmp_path / "film #3 {x}.mp4", files.Pictures()
    with files.written(path, "mp4", made, False) as part:
        films._put_together(scene, frames, (32, 18), part)
    assert made == [path] and sorted(p.suffix for p in tmp_path.iterdir()) == [".mp4"] + 3 * [
        ".png"
    ]
    assert list(bpy.data.scenes) == scenes
    clip = bpy.data.movieclips.load(str(path))
    assert clip.frame_duration == 3 and tuple(clip.size) == (32, 18)


def test_a_scene_that_is_not_the_windows_is_taken_at_its_own_frame(scene, tmp_path):
    other = scene.copy()
    scene.frame_set(3)
    other.frame_set(7)
    seen = []
    bpy.app.handlers.render_pre.append(lambda taken, *_: seen.append(taken.frame_current))
    try:
        _take(other, tmp_path / "p.png")
    finally:
        bpy.app.handlers.render_pre.clear()
    assert seen == [7] and other.frame_current == 7 and scene.frame_current == 3


def test_what_blender_reports_is_told_of_the_file_that_was_asked_for(scene, tmp_path):
    scene.camera = None
    with _refused("no camera") as caught:
        _take(scene, tmp_path / "p.png")
    text = str(caught.value)
    assert str(tmp_path / "p.png") in text and "Error" not in text and "\n" not in text
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit that Linux has")
def test_a_picture_that_did_not_fit_is_removed_and_the_true_reason_said(scene, tmp_path):
    import resource

    scene.render.resolution_x = scene.render.resolution_y = 128
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.compression = 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16_384, limits[1]))
    try:
        with _refused(os.strerror(errno.EFBIG)):
            _take(scene, tmp_path / "p.png")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.iterdir())


def test_less_than_a_whole_file_never_gets_the_name(tmp_path):
    path, whole = tmp_path / "p.png", pictures.png()
    path.write_bytes(b"mine")
    for data in (b"", whole[:8], whole[:-1], whole[:-12], b"text"):
        with _refused("only a part"):
            _write(path, data, overwrite=True)
    with _refused("stopped"), files.written(path, "png", files.Pictures(), True):
        pass

    def stop(part: Path) -> None:
        part.write_bytes(whole)
        raise KeyboardInterrupt

    with (
        pytest.raises(KeyboardInterrupt),
        files.written(path, "png", files.Pictures(), True) as part,
    ):
        stop(part)
    assert path.read_bytes() == b"mine" and list(tmp_path.iterdir()) == [path]


def test_an_mp4_file_is_whole_only_with_its_index(tmp_path):
    def box(name: bytes, length: int) -> bytes:
        return (8 + length).to_bytes(4, "big") + name + bytes(length)

    film, parts = tmp_path / "f.mp4", [box(b"ftyp", 8), box(b"mdat", 100), box(b"moov", 20)]
    film.write_bytes(b"".join(parts))
    assert files.is_whole(film)
    for cut in (b"".join(parts[:2]), b"".join(parts)[:-1], b"".join(parts)[:60], b""):
        film.write_bytes(cut)
        assert not files.is_whole(film)


def test_a_picture_that_is_there_is_replaced_only_if_asked(tmp_path):
    path = tmp_path / "p.png"
    assert _write(path, pictures.png(4)) == [path]
    assert _write(path, pictures.png(5)) == [tmp_path / "p-2.png"]
    numbered = _write(path, pictures.png(6))
    assert numbered == [tmp_path / "p-3.png"] and numbered.replaced == 0
    replaced = _write(path, pictures.png(7), overwrite=True)
    assert replaced == [path] and replaced.replaced == 1
    sizes = {p.name: pictures.size_of(p)[0] for p in tmp_path.iterdir()}
    assert sizes == {"p.png": 7, "p-2.png": 5, "p-3.png": 6}


def test_a_picture_comes_whole_from_another_disk(monkeypatch, tmp_path):
    replace, calls = Path.replace, itertools.count()

    def on_another_disk(self: Path, target: Path) -> Path:
        if next(calls) == 0:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", on_another_disk)
    assert _write(tmp_path / "p.png", pictures.png()) == [tmp_path / "p.png"]
    assert [p.name for p in tmp_path.iterdir()] == ["p.png"]


def test_what_may_not_be_replaced_is_refused_before_it_is_rendered(monkeypatch, tmp_path):
    (tmp_path / "folder.png").mkdir()
    files.check(tmp_path / "folder.png", overwrite=False)
    with _refused("is a folder"):
        files.check(tmp_path / "folder.png", overwrite=True)
    kept = tmp_path / "kept.png"
    kept.touch()
    monkeypatch.setattr(os, "access", lambda *_: False)
    with _refused("write-protected"):
        files.check(kept, overwrite=True)
    with _refused("denied"):
        _write(kept, pictures.png(), overwrite=True)
    assert kept.read_bytes() == b""


def test_a_name_that_the_system_does_not_take_is_refused_before_it_is_rendered(tmp_path):
    with _refused("too long"):
        files.check(tmp_path / f"{300 * 'x'}.mp4", overwrite=False)
    (tmp_path / "file").touch()
    with _refused(f"{tmp_path}.*file"):
        files.folder(tmp_path / "file" / "below")
    with _refused("not saved"):
        files.folder("//stills")
    for none in ("", "a\0b"):
        with _refused("no path"):
            files.folder(none)


def test_two_slashes_are_the_folder_of_the_open_file(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    assert files.folder("//stills") == tmp_path / "stills"


@pytest.mark.parametrize(
    "name", ["a:b.mp4", "a?.png", "a.", "a ", "con", "NUL.png", "com1.mp4", "a\nb", 'a"b', "a|b"]
)
def test_windows_is_not_given_a_name_that_it_takes_for_another(name):
    assert not files.fits_windows(name)
    assert files.fits_windows("film #3 {x} 'ü' 漢.mp4") and files.fits_windows("console.png")


def test_a_folder_is_probed_without_touching_what_is_there(tmp_path):
    mine = tmp_path / ".llmviz"
    mine.write_text("mine")
    files.folder(tmp_path)
    assert mine.read_text() == "mine" and list(tmp_path.iterdir()) == [mine]


def _model(prompt: str, look: str = "dark", title: str = "nano-gpt", numbers: bool = True, **more):
    """A model with the attributes that names of files are made from."""
    recipe = scene_room.Recipe("nano-gpt", prompt, look, **more)
    return SimpleNamespace(recipe=recipe, title=title, run=object() if numbers else None)


def _named(prompt: str, *look: str, **more: object) -> str:
    return naming.still_name(_model(prompt, *look, **more), "cells", (1920, 1080))


def test_a_name_tells_model_prompt_look_still_and_size():
    assert _named("CBABBC") == "nano-gpt_CBABBC_dark_cells_1920x1080.png"
    assert _named("15 2 7", "light") == "nano-gpt_15-2-7_light_cells_1920x1080.png"
    assert "_dark-safe_" in _named("A", accessible=True)
    assert _named("The cat sat").startswith("nano-gpt_The-cat-sat-")
    assert _named("A", title='My "GPT": v1/2').startswith("My-GPT-v1-2_A_")


def test_a_name_tells_how_tokens_were_appended_where_it_is_not_as_usual():
    def part(**more: object) -> str:
        return _named("ABC", **more).removeprefix("nano-gpt_ABC_").partition("dark_")[0]

    assert part() == part(seed=4) == part(temperature=2.0, top_k=1) == ""
    assert part(max_new_tokens=9) == "n9_"
    assert part(temperature=0.8, seed=7) == "t0-8-s7_"
    assert part(max_new_tokens=12, temperature=0.8, top_k=40, seed=7) == "n12-t0-8-k40-s7_"
    long = [part(temperature=1.23456, top_k=12345, seed=seed) for seed in range(2**31 - 9, 2**31)]
    assert len(set(long)) == 9 and all(len(name) < 22 for name in long)


def test_a_model_without_numbers_has_no_prompt_in_its_names():
    model = _model("ABC", title="GPT-3", numbers=False, temperature=2.0)
    assert naming.still_name(model, "model", (64, 36)) == "GPT-3_dark_model_64x36.png"
    assert naming.film_name(model, (64, 36), "PNG") == "GPT-3_dark_film_64x36"
    assert naming.film_name(model, (64, 36), "MP4") == "GPT-3_dark_film_64x36.mp4"


PROMPTS = (
    *("CBABBC", "cbabbc", "Cbabbc", "A B", "A-B", "A_B", "A/B", "A  B", " A B", "a b", "A\nB"),
    *(
        "",
        " ",
        "/",
        "..",
        "漢字",
        "漢 字",
        "नमस्ते",
        "नमसत",
        "é",
        "e\u0301",
        "É",
        "🙂",
        "🙃",
        '"',
        "con",
    ),
    *(500 * "A", 501 * "A", 200 * "漢", "x" * 39 + " y", "x" * 39 + " z"),
)


def test_two_prompts_never_have_one_name():
    """Also where the file system ignores case or composes accents."""
    made = [_named(prompt) for prompt in PROMPTS]
    assert len({unicodedata.normalize("NFC", name).casefold() for name in made}) == len(PROMPTS)


def test_a_name_is_one_that_every_file_system_takes():
    for prompt in PROMPTS:
        name = _named(prompt, title=100 * "漢")
        assert len(name.encode()) <= 240 and files.fits_windows(name)
        assert all(c in "_-." or unicodedata.category(c)[0] in "LMN" for c in name), name
