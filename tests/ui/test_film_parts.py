"""Parts of a film, its quality, and the time that it takes, as the Render panel offers them."""

from __future__ import annotations

import json
import struct
from itertools import pairwise

import bpy
import pytest

from llmviz_addon import scene as scene_room
from llmviz_addon.counting import lasting
from llmviz_addon.scene.pictures import films
from llmviz_addon.scene.pictures.filming import Filming
from llmviz_addon.ui import state
from tests.scene import pictures

# The boxes of a film of nothing.
_MP4 = b"".join(struct.pack(">I4s", 8, name) for name in (b"ftyp", b"mdat", b"moov"))


def test_chapters_and_beats_tell_their_frames_without_gaps(own_model):
    scene = bpy.context.scene
    found = scene_room.chapters(state.root_of(scene))
    assert found[0].frame == scene.frame_start and found[-1].last == scene.frame_end
    for chapter, following in pairwise(found):
        assert chapter.last == following.frame - 1
    for chapter in found:
        assert (chapter.beats[0].frame, chapter.beats[-1].last) == (chapter.frame, chapter.last)
        for beat, following in pairwise(chapter.beats):
            assert beat.last == following.frame - 1 >= beat.frame


def test_a_beat_is_rendered_from_its_first_frame_to_its_last_as_one_named_file(
    own_model, settings, monkeypatch, tmp_path
):
    scene, seen = bpy.context.scene, []
    pictures.stand_in(monkeypatch, lambda scene: seen.append(scene.frame_current))
    monkeypatch.setattr(films, "_put_together", lambda *args: args[-1].write_bytes(_MP4))
    settings.folder, settings.quality = str(tmp_path), "DRAFT"
    root = state.root_of(scene)
    # A short beat, since preparing a frame takes its time.
    noted = json.loads(root["llmviz_chapters"])
    noted[0]["beats"][0]["last"] = noted[0]["beats"][0]["frame"] + 4
    root["llmviz_chapters"] = json.dumps(noted)
    beat = scene_room.chapters(root)[0].beats[0]
    scene.frame_set(beat.frame + 3)
    assert state.playing(scene) == (beat.id.partition(".")[0], beat.id)
    assert bpy.ops.llmviz.render_part(part=beat.id) == {"FINISHED"}
    assert seen == list(range(beat.frame, beat.last + 1))
    (film,) = tmp_path.glob("*.mp4")
    assert {path.suffix for path in tmp_path.iterdir()} == {".mp4", ".srt", ".vtt"}
    assert film.name == f"nano-gpt_CBABBC_dark_{beat.id.replace('.', '-')}_960x540.mp4"
    with pytest.raises(RuntimeError, match="no chapter or beat 'nothing'"):
        bpy.ops.llmviz.render_part(part="nothing")


def test_a_draft_is_smaller_with_fewer_samples_and_a_final_picture_has_more(own_model, settings):
    settings.quality, settings.size, settings.samples = "GOOD", "PORTRAIT", 0
    how = settings.how()
    assert (how["size"], how["engine"], how["samples"]) == ((1080, 1920), "AUTO", None)
    proposed = int(scene_room.looks.load(settings.look).render["samples"])
    settings.quality = "DRAFT"
    assert settings.how()["size"] == (540, 960)
    assert 0 < settings.how()["samples"] < proposed
    settings.quality = "FINAL"
    assert settings.how()["size"] == (1080, 1920)
    assert settings.how()["samples"] == 4 * proposed
    settings.samples = 7
    assert settings.how()["samples"] == 7, "samples that somebody sets count"


def test_the_time_of_a_frame_is_known_once_one_was_rendered_with_the_same_settings(
    own_model, settings, monkeypatch
):
    written = []
    pictures.stand_in(monkeypatch)
    monkeypatch.setattr(
        "llmviz_addon.scene.pictures.taking.take", lambda _scene, part: written.append(part)
    )
    scene = bpy.context.scene
    settings.quality, settings.samples = "GOOD", 3
    assert Filming(scene, **settings.how()).seconds() is None
    assert bpy.ops.llmviz.time_frame() == {"FINISHED"}
    assert written == [None], "a frame that is only timed is not written"
    assert Filming(scene, **settings.how()).seconds() > 0
    settings.samples = 4
    assert Filming(scene, **settings.how()).seconds() is None


def test_a_frame_takes_as_long_as_it_is_until_the_next_is_done(own_model, settings, monkeypatch):
    pictures.stand_in(monkeypatch)
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])

    def take(_scene, _part):
        now[0] += 2.0

    monkeypatch.setattr("llmviz_addon.scene.pictures.taking.take", take)
    settings.samples = 7
    filming = Filming(bpy.context.scene, **settings.how())
    for frame in range(30):
        filming.frame(frame, None)
        # A window draws the scene anew between two frames.
        now[0] += 1.0
    assert 2.9 < filming.seconds() <= 3.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.42, "0.4 s"), (12.2, "12 s"), (170, "3 min"), (3600, "1 h"), (52_800, "14 h 40 min")],
)
def test_spans_of_time_are_told_in_words(seconds, words):
    assert lasting(seconds) == words
