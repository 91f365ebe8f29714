"""The tool Inspect Cell in a real Blender window, over each kind of block of models of each size.

Needs what `test_window` needs. LLMVIZ_WALK=1 walks over all kinds of the larger models, too.
Screenshots stay in `build/gui/`; the times are in the log.
"""

from __future__ import annotations

import pytest

from tests.gui.conftest import PICTURES, Play
from tests.scene import checkpoints

MODELS = ("nano-gpt", "checkpoint", "gpt3")


@pytest.fixture(scope="module")
def walked(play: Play, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Cells that the tool showed; the checkpoint has so many blocks that layers share objects."""
    folder = tmp_path_factory.mktemp("checkpoint") / "model"
    checkpoints.save(folder, n_layer=12, n_head=2, n_embd=48, vocab_size=1000)
    return play("walk.py", str(folder))


@pytest.mark.parametrize("model", MODELS)
def test_over_each_kind_of_block_the_card_is_about_the_cell_that_is_seen(
    walked: dict[str, object], model: str
) -> None:
    cells = walked[model]["cells"]
    assert [shown for _, _, shown, _ in cells] == [wanted for _, wanted, _, _ in cells]
    assert len(cells) == 50 or (model != "nano-gpt" and len(cells) >= 10)


@pytest.mark.parametrize("model", MODELS)
def test_each_card_names_its_cell_and_says_its_number_or_why_there_is_none(
    walked: dict[str, object], model: str
) -> None:
    for role, _, _, (title, place, value, *_) in walked[model]["cells"]:
        assert title and place, role
        if model == "gpt3":
            assert value.startswith("No number: GPT-3 is here as its shape only")
        else:
            assert float(value.split(",")[0].replace("−", "-")) is not None, role


@pytest.mark.parametrize("model", MODELS)
def test_pointing_changes_neither_the_file_nor_what_is_selected_or_can_be_undone(
    walked: dict[str, object], model: str
) -> None:
    assert walked[model]["changed"] == []


def test_disabling_the_extension_while_the_tool_is_on_leaves_nothing(
    walked: dict[str, object],
) -> None:
    was_on, tool, *left = walked["disabled"]
    assert was_on and tool == "builtin.select_box"
    assert left == [True, 0, []]


def test_in_every_view_the_card_is_about_the_cell_that_is_seen(walked: dict[str, object]) -> None:
    """With and without perspective and through cameras, of a model that somebody moved."""
    assert [shown for _, _, shown in walked["views"]] == [cell for _, cell, _ in walked["views"]]
    assert {kind for kind, _, _ in walked["views"]} == {"PERSP", "ORTHO", "CAMERA", "ORTHO CAMERA"}


@pytest.mark.parametrize("model", MODELS)
def test_the_card_is_there_sooner_than_a_redraw_and_no_view_is_drawn_for_it(
    walked: dict[str, object], model: str
) -> None:
    """Of the wait nearly all is Blender's without a graphics card."""
    assert set(walked[model]["times"]) == {"mlp", "mlp_weight", "logits"}
    for role, times in walked[model]["times"].items():
        assert times["processor"] < times["idle redraw"] / 2, (role, times)
        assert times["wait"] < times["idle redraw"], (role, times)
        # Blender may smooth the edges of the view meanwhile, but does not for each move.
        assert times["views"] < times["moves"] / 2, (role, times)


@pytest.mark.parametrize("model", MODELS)
def test_the_window_was_drawn_with_each_card(walked: dict[str, object], model: str) -> None:
    pictures = list(PICTURES.glob(f"hover-{model}-*.png"))
    assert len(pictures) >= len(walked[model]["cells"])
    assert all(picture.stat().st_size > 20_000 for picture in pictures)
