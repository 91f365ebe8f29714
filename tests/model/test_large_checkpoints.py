"""Flaws of checkpoints of several files and of gigabytes: one clear sentence each."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden" / "huggingface-sharded"
INDEX = "model.safetensors.index.json"
SHARDS = sorted(path.name for path in GOLDEN.glob("model-*.safetensors"))
IDS = [3, 1, 4]


@pytest.fixture
def folder(tmp_path) -> Path:
    """A sound checkpoint of several shards, made by `save_pretrained`, to spoil."""
    target = tmp_path / "checkpoint"
    target.mkdir()
    for path in GOLDEN.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


def complaint(source: Path, error: type[model.ModelError] = model.CheckpointError) -> str:
    """The message of loading and computing; one sentence."""
    with pytest.raises(error) as caught:
        model.load(source).forward(IDS)
    message = str(caught.value)
    assert 20 < len(message) <= 600
    assert "\n" not in message
    return message


# Shards


@pytest.mark.parametrize("shard", SHARDS)
def test_a_missing_shard_is_named_with_the_cure(folder, shard):
    (folder / shard).unlink()
    message = complaint(folder)
    assert f"{shard}: is missing" in message
    assert "download" in message


@pytest.mark.parametrize("shard", SHARDS)
@pytest.mark.parametrize("left", [0, 7, 1000, -4])
def test_a_truncated_shard_is_named(folder, shard, left):
    data = (folder / shard).read_bytes()
    (folder / shard).write_bytes(data[:left])
    assert shard in complaint(folder)


def test_two_shards_in_each_others_place_are_named(folder):
    one, two = (folder / shard for shard in SHARDS[:2])
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    message = complaint(folder)
    assert any(f"{shard}: lacks tensor" in message for shard in SHARDS[:2])


def test_an_index_that_places_a_tensor_twice_is_refused(folder):
    text = (folder / INDEX).read_text()
    name = "transformer.wte.weight"
    again = f'"{name}": "{SHARDS[-1]}", "{name}":'
    (folder / INDEX).write_text(text.replace(f'"{name}":', again))
    assert f"{name!r} occurs twice" in complaint(folder)


def test_a_tensor_under_two_names_in_two_shards_is_refused(folder):
    index = json.loads((folder / INDEX).read_text())
    shard = folder / SHARDS[-1]
    tensors = {
        **load_file(shard),
        "wte.weight": load_file(folder / SHARDS[0])["transformer.wte.weight"],
    }
    save_file(tensors, shard)
    index["weight_map"]["wte.weight"] = shard.name
    (folder / INDEX).write_text(json.dumps(index))
    message = complaint(folder)
    assert "wte.weight" in message
    assert "both" in message


def test_a_damaged_number_in_a_shard_is_named_with_its_file_and_place(folder):
    shard, name = SHARDS[-1], "transformer.h.1.mlp.c_proj.weight"
    tensors = load_file(folder / shard)
    tensors[name][17, 5] = np.nan
    save_file(tensors, folder / shard)
    message = complaint(folder)
    assert f"{shard}: tensor {name} holds NaN or infinity at [17, 5]" in message


@pytest.mark.parametrize(
    "name", sorted(load_file(GOLDEN.parent / "huggingface-tied" / "model.safetensors"))
)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_pass_finds_a_damaged_number_wherever_it_is(tmp_path, name, value):
    # The numbers are read once, without a search beforehand, so a flaw shows in the results.
    source = GOLDEN.parent / "huggingface-tied"
    tensors = load_file(source / "model.safetensors")
    place = (2, *(0,) * (tensors[name].ndim - 1))  # a row that the prompt reads, of embeddings, too
    tensors[name][place] = value
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    with pytest.raises(model.CheckpointError) as caught:
        model.load(tmp_path).forward([0, 1, 2])
    where = ", ".join(map(str, place))
    assert f"tensor {name} holds NaN or infinity at [{where}]" in str(caught.value)


def test_a_damaged_number_that_no_pass_reads_is_found_when_it_is_to_be_seen(tmp_path):
    source = GOLDEN.parent / "huggingface-untied-bare"
    tensors = load_file(source / "model.safetensors")
    tensors["wte.weight"][19, 3] = np.nan
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    trace = model.load(tmp_path).forward([0, 1, 2])
    np.testing.assert_array_equal(trace.logits, model.load(source).forward([0, 1, 2]).logits)
    with pytest.raises(
        model.CheckpointError, match=r"wte.weight holds NaN or infinity at \[19, 3\]"
    ):
        trace["wte"]


# Another model than the configuration says


def llama(width: int = 16) -> dict[str, np.ndarray]:
    """The tensors of one layer as Llama names and stores them."""
    square = np.ones((width, width), np.float32)
    layer = {f"self_attn.{part}_proj.weight": square for part in "qkvo"}
    layer |= {f"mlp.{part}_proj.weight": square for part in ("gate", "up", "down")}
    layer |= {f"{name}_layernorm.weight": square[0] for name in ("input", "post_attention")}
    tensors = {f"model.layers.0.{name}": tensor for name, tensor in layer.items()}
    return {"model.embed_tokens.weight": square, "model.norm.weight": square[0], **tensors}


def test_a_llama_is_refused_by_its_model_type(tmp_path):
    save_file(llama(), tmp_path / "model.safetensors")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 4, "vocab_size": 16}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama", **sizes}))
    message = complaint(tmp_path, model.ConfigError)
    assert "'llama'" in message
    assert "GPT-2" in message


def test_a_llama_without_a_configuration_is_refused_by_its_tensors(tmp_path):
    save_file(llama(), tmp_path / "model.safetensors")
    message = complaint(tmp_path, model.ConfigError)
    assert "wte.weight" in message
    assert "model.embed_tokens.weight" in message


def test_a_llama_beside_gpt2s_configuration_is_refused(folder):
    (folder / INDEX).unlink()
    save_file(llama(), folder / "model.safetensors")
    assert "wte.weight is missing" in complaint(folder)


RELEASED = {  # n_layer, n_head, n_embd
    "gpt2": (12, 12, 768),
    "gpt2-medium": (24, 16, 1024),
    "gpt2-xl": (48, 25, 1600),
}


def sizes_of(name: str) -> dict[str, int]:
    n_layer, _, n_embd = RELEASED[name]
    return {"n_layer": n_layer, "n_embd": n_embd, "n_positions": 1024, "vocab_size": 50257}


def write_config(folder: Path, name: str, **changes: int) -> None:
    config = {"model_type": "gpt2", "n_head": RELEASED[name][1], **sizes_of(name), **changes}
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(("said", "held"), [("gpt2", "gpt2-medium"), ("gpt2-xl", "gpt2")])
def test_another_size_than_the_configuration_says_is_refused_by_a_shape(
    tmp_path, write_hollow, said, held
):
    write_hollow(tmp_path / "model.safetensors", **sizes_of(held))
    write_config(tmp_path, said)
    message = complaint(tmp_path)
    assert f"(50257, {RELEASED[held][2]})" in message
    assert f"(50257, {RELEASED[said][2]}) was expected" in message
    assert "configuration" in message


@pytest.mark.parametrize(("n_layer", "named"), [(11, "h.11."), (13, "h.12.")])
def test_another_number_of_layers_than_the_configuration_says_is_refused(
    tmp_path, write_hollow, n_layer, named
):
    write_hollow(tmp_path / "model.safetensors", **sizes_of("gpt2"))
    write_config(tmp_path, "gpt2", n_layer=n_layer)
    assert named in complaint(tmp_path)


def test_bytes_and_files_are_known_without_reading_a_number(folder, tmp_path, write_hollow):
    loaded = model.load(folder)
    assert loaded.files == tuple(folder / shard for shard in SHARDS)
    assert loaded.n_bytes == 4 * loaded.config.n_parameters  # float32, the head tied
    write_hollow(tmp_path / "model.safetensors", **sizes_of("gpt2"))
    released = model.load(tmp_path)
    assert released.config.n_parameters == 124_439_808
    assert released.n_bytes == 4 * 124_439_808
    assert model.load("gpt3").n_bytes == 0
    assert model.load("gpt3").files == ()


# Files that change under our hands


def test_a_file_that_vanishes_before_it_is_read_is_named(folder):
    loaded = model.load(folder)
    (folder / SHARDS[2]).unlink()
    with pytest.raises(model.CheckpointError, match=f"{SHARDS[2]}: can no longer be read"):
        loaded.forward(IDS)


def test_a_file_that_vanishes_after_it_was_mapped_is_still_there(folder):
    loaded = model.load(folder)
    before = loaded.forward(IDS).logits
    for shard in SHARDS:
        try:
            (folder / shard).unlink()
        except PermissionError:
            pytest.skip("this system keeps files that are mapped")
    np.testing.assert_array_equal(loaded.forward(IDS).logits, before)


@pytest.mark.parametrize("touched", [False, True], ids=["before", "after"])
def test_a_file_that_shrinks_is_refused_and_does_not_end_the_process(folder, touched):
    loaded = model.load(folder)
    if touched:
        loaded.forward(IDS)
    try:
        os.truncate(folder / SHARDS[1], 4096)
    except OSError:
        pytest.skip("this system keeps files that are mapped")
    with pytest.raises(model.CheckpointError, match=f"{SHARDS[1]}: has changed its size"):
        loaded.forward(IDS)


def test_a_file_that_was_replaced_by_one_of_the_same_size_is_refused(folder):
    loaded = model.load(folder)
    data = (folder / SHARDS[0]).read_bytes()
    (folder / SHARDS[0]).write_bytes(data)
    os.utime(folder / SHARDS[0], ns=(0, 0))
    with pytest.raises(model.CheckpointError, match=f"{SHARDS[0]}: has changed its content"):
        loaded.forward(IDS)
