"""The extension in a real Blender window, under a virtual X server, used with the mouse.

Needs a full Blender, named by the variable LLMVIZ_BLENDER, and Xvfb; LLMVIZ_XVFB names its command
where it is not simply `Xvfb`. Screenshots stay in `build/gui/`.
"""

from __future__ import annotations

import pytest

from tests.gui.conftest import PICTURES, Play

SHOTS = (
    *("1-empty", "2-built", "3-removed", "2-typing", "2-typed"),
    *("4-gpt2", "5-gpt2-built", "6-beside", "7-inspect", "8-opened", "9-picked"),
)


@pytest.fixture(scope="module")
def session(play: Play) -> dict[str, object]:
    """The results of the session in the window."""
    return play("drive.py")


def test_blender_has_no_complaint_about_our_classes(session: dict[str, object]) -> None:
    assert session["complaints"] == []


def test_pressing_build_demo_builds_nano_gpt(session: dict[str, object]) -> None:
    assert session["model"] == "nano-gpt"
    assert session["built"] > 200
    assert session["seen"] == session["built"]


def test_a_build_is_one_undo_step(session: dict[str, object]) -> None:
    assert session["after undo"] == 0
    assert session["after redo"] == session["built"]


def test_the_films_picture_is_wholly_beside_the_sidebar(session: dict[str, object]) -> None:
    assert session["frame"] == [True] * 4


def test_pressing_remove_takes_all_blocks_away(session: dict[str, object]) -> None:
    assert session["after remove"] == 0


def test_a_prompt_is_shown_at_every_key_and_the_film_follows(session: dict[str, object]) -> None:
    """Typed with keys into the field in the sidebar."""
    assert session["typed"] == [[prompt] * 2 for prompt in ("A", "AC", "ACB", "ACBB")]
    assert session["behind while typing"]
    assert session["followed"] == [200, True] and session["told"]


def test_the_times_from_a_key_to_the_view_are_told(session: dict[str, object]) -> None:
    """Their number only: how long they are is the machine's affair, and the log has them."""
    times = session["milliseconds"]
    assert {what: len(each) for what, each in times.items()} == dict.fromkeys(times, 4)


def test_gpt2_picked_without_weights_is_built_as_shapes(session: dict[str, object]) -> None:
    assert session["shapes"] == {"GPT-2": ["shapes"]}


def test_gpt3_is_added_beside_gpt2(session: dict[str, object]) -> None:
    assert session["beside"] == {"GPT-2": ["shapes"], "GPT-3": ["shapes"]}


def test_the_view_turns_to_what_is_built_and_added_and_remove_gives_it_back(
    session: dict[str, object],
) -> None:
    assert session["turned"] == [True, True]
    assert session["view given back"]


def test_esc_stops_a_long_build_and_leaves_the_file_as_it_was(session: dict[str, object]) -> None:
    stopped = session["stopped"]
    alone = {label for label, _ in stopped[:-1]}
    assert len(alone) == len(stopped) - 1, "at different moments"
    assert not any(label == "too late" for label, _ in stopped)
    assert [changed for _, changed in stopped] == [[]] * len(stopped)


def test_a_model_that_stands_is_seen_again_when_another_is_stopped(
    session: dict[str, object],
) -> None:
    assert session["seen beside"] == [session["built"]] * 2


def test_the_cell_that_is_named_is_the_one_under_the_mouse(session: dict[str, object]) -> None:
    """Cubes and slabs, in perspective and through a camera, twelve kilometers from the origin."""
    assert session["ways"] == ["cubes", "slab"] * 2
    pairs = session["pointed at"]
    assert [named for _, named in pairs] == [wanted for wanted, _ in pairs]
    assert len({tuple(wanted) for wanted, _ in pairs}) > 8


def test_esc_and_a_right_click_put_the_eyedropper_away(session: dict[str, object]) -> None:
    for key, modal, block, as_before in session["canceled"]:
        assert (modal, block, as_before) == ([], "", True), key


def test_the_pointer_carries_a_card_whose_keys_walk_and_whose_click_pins(
    session: dict[str, object],
) -> None:
    found = session["inspected"]
    assert found["tool"] == "llmviz.inspect_cell"
    assert found["pointed at"] == ["layer0.mlp", 4, 5]
    right, down, source, back, _ = found["walked"]
    assert (right, down) == (["layer0.mlp", 5, 5], ["layer0.mlp", 5, 6])
    assert source != down and back == down
    assert found["changed by looking"] == []
    assert found["pinned"] == ["layer0.mlp[4, 5]"]
    assert found["left"] == ["builtin.select_box", True]


def test_the_card_comes_sooner_than_the_view_can_be_drawn(session: dict[str, object]) -> None:
    times = session["inspected"]["times"]
    assert times["wait"] < times["idle redraw"]


def test_pressing_open_up_makes_cubes_in_the_selected_slab(session: dict[str, object]) -> None:
    assert session["slabs"] == {"nano-gpt": ["slabs"]}
    assert session["opened"] == {"nano-gpt": ["cubes", "slabs"]}


@pytest.mark.parametrize("name", SHOTS)
def test_the_window_was_drawn(session: dict[str, object], name: str) -> None:
    assert (PICTURES / f"{name}.png").stat().st_size > 20_000, "a black picture is smaller"
