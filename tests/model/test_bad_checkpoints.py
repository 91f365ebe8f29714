"""Checkpoints that are broken, hostile or of another kind: one clear sentence for each."""

from __future__ import annotations

import json
import os
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden" / "huggingface-tied"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
C_FC = "transformer.h.1.mlp.c_fc.weight"


@pytest.fixture
def folder(tmp_path) -> Path:
    """A sound checkpoint to spoil."""
    target = tmp_path / "checkpoint"
    target.mkdir()
    for name in ("config.json", WEIGHTS):
        (target / name).write_bytes((GOLDEN / name).read_bytes())
    return target


def complaint(source: Path | str, error: type[model.ModelError] = model.CheckpointError) -> str:
    """The message of loading and computing; one sentence, at small cost."""
    tracemalloc.start()
    try:
        with pytest.raises(error) as caught:
            model.load(source).forward([0, 1, 2])
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert 20 < len(message) <= 600
    assert "\n" not in message
    return message


def change_config(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def change_tensors(folder: Path, **changes: np.ndarray | None) -> None:
    tensors = {**load_file(folder / WEIGHTS), **changes}
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    save_file(kept, folder / WEIGHTS)


def change_header(folder: Path, edit) -> None:
    """Rewrite the header, leaving the data as it is."""
    data = (folder / WEIGHTS).read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    text = edit(header)
    text = json.dumps(header if text is None else text).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


# Files that are not whole, or not what they seem


@pytest.mark.parametrize("size", [0, 1, 7, 8, 100, 5000, -1, -1000])
def test_a_truncated_file_is_refused(folder, size):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(data[:size])
    assert WEIGHTS in complaint(folder)


@pytest.mark.parametrize("claim", [2**63, 2**64 - 1, 2**40, 10**8, 10**6])
def test_a_header_of_absurd_size_is_refused(folder, claim):
    data = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", claim) + data[8:])
    assert f"{claim:,} bytes" in complaint(folder)


def test_a_huge_file_with_a_huge_header_is_not_read(folder):
    with (folder / WEIGHTS).open("wb") as file:
        file.write(struct.pack("<Q", 2**32))
        file.truncate(2**33)  # a hole: takes no room on disk
    assert "header" in complaint(folder)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"not json at all",
        b"[]",
        b"null",
        b"\xff\xfe\xfd",
        b"[" * 50_000,
        b'{"a":' * 20_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b'{"a": 1}',
        b'{"a": {}, "a": {}}',
        b'{"__metadata__": {"format": 3}}',
        b'{"__metadata__": "pt"}',
    ],
    ids=range(12),
)
def test_a_header_that_is_no_table_of_tensors_is_refused(folder, header):
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header)
    assert WEIGHTS in complaint(folder)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("dtype", "F31"),
        ("dtype", None),
        ("dtype", ["F32"]),
        ("shape", [2**62, 2**62]),
        ("shape", [-16, -64]),
        ("shape", [16.0, 64.0]),
        ("shape", [1] * 100),
        ("shape", "16"),
        ("shape", [True]),
        ("shape", None),
        ("data_offsets", [0, 2**63]),
        ("data_offsets", [-4, 4092]),
        ("data_offsets", [4096, 0]),
        ("data_offsets", [0]),
        ("data_offsets", [0.0, 4096.0]),
        ("data_offsets", 4096),
        ("data_offsets", [10**400, 10**400]),
    ],
    ids=str,
)
def test_an_impossible_entry_is_refused_by_the_tensors_name(folder, key, value):
    change_header(folder, lambda header: header[C_FC].update({key: value}))
    assert C_FC in complaint(folder)


def test_overlapping_tensors_are_refused(folder):
    def overlap(header):
        other = next(n for n, e in header.items() if n != C_FC and e.get("shape") == [16, 64])
        header[C_FC]["data_offsets"] = header[other]["data_offsets"]

    change_header(folder, overlap)
    assert "overlaps" in complaint(folder)


def test_data_that_belongs_to_no_tensor_is_refused(folder):
    with (folder / WEIGHTS).open("ab") as file:
        file.write(b"extra")
    assert "its tensors end" in complaint(folder)
    change_header(folder, lambda header: {n: e for n, e in header.items() if n != C_FC})
    assert "hole" in complaint(folder)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "ckpt.pt", "model.ckpt", "model.pth"])
def test_pickles_are_never_opened(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"PK\x03\x04 whatever torch.save writes")
    assert "pickle" in complaint(path)
    assert "pickle" in complaint(tmp_path)


def test_a_pickle_with_another_name_is_recognized(folder):
    for start in (b"PK\x03\x04" + b"\0\0\x08\x08", b"\x80\x02ccollections\n"):
        (folder / WEIGHTS).write_bytes(start + b"rest")
        assert "pickle" in complaint(folder)


@pytest.mark.parametrize("source", ["", "no-such-model", "x" * 5000, "a\0b"])
def test_what_does_not_exist_is_refused_with_the_presets_there_are(source, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    message = complaint(source)
    assert "nano-gpt" in message or "cannot be read" in message


def test_an_empty_folder_is_refused(tmp_path):
    assert WEIGHTS in complaint(tmp_path)


def test_a_folder_of_unrelated_files_asks_which(folder):
    (folder / WEIGHTS).rename(folder / "a.safetensors")
    (folder / "b.safetensors").write_bytes((folder / "a.safetensors").read_bytes())
    assert "choose one" in complaint(folder)


# Shards


@pytest.fixture
def sharded(folder) -> Path:
    tensors = load_file(folder / WEIGHTS)
    (folder / WEIGHTS).rename(folder / "one.safetensors")
    index = {"weight_map": dict.fromkeys(tensors, "one.safetensors")}
    (folder / INDEX).write_text(json.dumps(index))
    model.load(folder).forward([0])
    return folder


def place(folder: Path, shard: object) -> None:
    index = json.loads((folder / INDEX).read_text())
    index["weight_map"][C_FC] = shard
    (folder / INDEX).write_text(json.dumps(index))


@pytest.mark.parametrize(
    "shard",
    [
        "../outside.safetensors",
        "..",
        ".",
        "",
        "sub/one.safetensors",
        "..\\outside.safetensors",
        "C:outside.safetensors",
        "ABSOLUTE",
        "a\0b",
        "x" * 1000,
        None,
        7,
        ["one.safetensors"],
    ],
    ids=str,
)
def test_an_index_that_points_out_of_its_folder_is_refused(sharded, shard):
    outside = sharded.parent / "outside.safetensors"
    outside.write_bytes((sharded / "one.safetensors").read_bytes())
    place(sharded, str(outside) if shard == "ABSOLUTE" else shard)
    message = complaint(sharded)
    assert INDEX in message
    assert C_FC in message


@pytest.mark.parametrize("name", [WEIGHTS, INDEX, "config.json", "one.safetensors"])
def test_a_link_that_leads_out_of_the_folder_is_refused(sharded, name):
    if name == WEIGHTS:
        (sharded / "one.safetensors").rename(sharded / name)
    outside = sharded.parent / "outside"
    (sharded / name).rename(outside)
    try:
        (sharded / name).symlink_to(outside)
    except OSError:
        pytest.skip("this system makes no links")
    message = complaint(sharded)
    assert name in message
    assert "link" in message


def test_a_missing_shard_is_named(sharded):
    place(sharded, "two.safetensors")
    assert "two.safetensors" in complaint(sharded)


def test_a_shard_without_its_tensor_is_named(sharded):
    index = json.loads((sharded / INDEX).read_text())
    index["weight_map"]["transformer.h.9.ln_1.weight"] = "one.safetensors"
    (sharded / INDEX).write_text(json.dumps(index))
    assert "transformer.h.9.ln_1.weight" in complaint(sharded)


@pytest.mark.parametrize("text", ["{}", "[]", '{"weight_map": []}', '{"weight_map": {}}', "nope"])
def test_an_index_without_places_is_refused(sharded, text):
    (sharded / INDEX).write_text(text)
    assert INDEX in complaint(sharded)


# Tensors


@pytest.mark.parametrize("name", sorted(load_file(GOLDEN / WEIGHTS)))
def test_a_missing_tensor_is_named(folder, name):
    change_tensors(folder, **{name: None})
    assert name.removeprefix("transformer.") in complaint(folder, model.ModelError)


@pytest.mark.parametrize("name", sorted(load_file(GOLDEN / WEIGHTS)))
def test_a_misshapen_tensor_is_named_with_what_was_expected(folder, name):
    tensor = load_file(folder / WEIGHTS)[name]
    change_tensors(folder, **{name: np.concatenate([tensor, tensor])})
    message = complaint(folder)
    assert str(tensor.shape) in message
    assert name in message


def test_a_single_transposed_tensor_is_misshapen(folder):
    tensor = load_file(folder / WEIGHTS)[C_FC]
    change_tensors(folder, **{C_FC: np.ascontiguousarray(tensor.T)})
    message = complaint(folder)
    assert "(64, 16)" in message
    assert "(16, 64)" in message


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["transformer.wte.weight", "transformer.ln_f.bias", C_FC])
def test_a_number_that_is_none_is_found_before_it_is_used(folder, name, value):
    tensor = load_file(folder / WEIGHTS)[name].copy()
    tensor.flat[7] = value
    change_tensors(folder, **{name: tensor})
    assert name in complaint(folder)
    with pytest.raises(model.CheckpointError, match="NaN or infinity"):
        model.load(folder).weights[name.removeprefix("transformer.").replace("wte.weight", "wte")]


def test_numbers_that_overflow_are_refused_by_the_block(folder):
    tensor = load_file(folder / WEIGHTS)[C_FC]
    change_tensors(folder, **{C_FC: np.full_like(tensor, 1e38)})
    assert "layer1.mlp" in complaint(folder)


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.bool_])
def test_weights_that_are_not_floats_are_refused(folder, dtype):
    tensor = load_file(folder / WEIGHTS)[C_FC]
    change_tensors(folder, **{C_FC: tensor.astype(dtype)})
    message = complaint(folder)
    assert C_FC in message
    assert "F32" in message


@pytest.mark.parametrize(
    "name",
    [
        "transformer.h.2.ln_1.weight",
        "transformer.h.x.ln_1.weight",
        "transformer.h.٣.ln_1.weight",
        f"transformer.h.{'9' * 5000}.ln_1.weight",
        "transformer.h.0.attn.q_attn.weight",
        "lm_head.bias",
    ],
    ids=lambda name: name[:40],
)
def test_a_tensor_that_would_change_the_numbers_is_not_ignored(folder, name):
    change_tensors(folder, **{name: np.ones(16, np.float32)})
    assert name[:40] in complaint(folder)
    change_config(folder, n_layer=None)
    complaint(folder)  # also where the tensors themselves tell how many layers there are


def test_two_tensors_of_one_name_are_refused(folder):
    tensors = load_file(folder / WEIGHTS)
    change_tensors(folder, **{C_FC.removeprefix("transformer."): tensors[C_FC]})
    assert C_FC in complaint(folder)


def test_a_checkpoint_without_any_of_our_tensors_is_refused(folder):
    save_file({"model.embed_tokens.weight": np.ones((4, 4), np.float32)}, folder / WEIGHTS)
    assert "wte.weight" in complaint(folder)


def test_a_tensor_with_an_endless_name_is_refused_in_a_short_sentence(folder):
    change_tensors(folder, **{"transformer.h.0.x\n" + "y" * 100_000: np.ones(1, np.float32)})
    complaint(folder)


def test_a_file_that_changes_its_size_after_loading_is_refused(folder):
    loaded = model.load(folder)
    os.truncate(folder / WEIGHTS, 4096)
    with pytest.raises(model.CheckpointError, match="changed its size"):
        loaded.forward([0])


# Configurations


@pytest.mark.parametrize("text", ["", "nope", "[]", "3", '{"n_layer": 2,}', "\0", "[" * 100_000])
def test_a_configuration_that_is_not_json_is_refused(folder, text):
    (folder / "config.json").write_text(text)
    assert "config.json" in complaint(folder)


def test_a_configuration_that_is_not_text_is_refused(folder):
    (folder / "config.json").write_bytes(b"\xff\xfe\x80")
    assert "config.json" in complaint(folder)


@pytest.mark.parametrize("model_type", ["llama", "gpt_neox", "openai-gpt", "", 3, ["gpt2"], {}])
def test_an_unknown_model_type_is_named(folder, model_type):
    change_config(folder, model_type=model_type)
    message = complaint(folder, model.ConfigError)
    assert str(model_type) in message
    assert "GPT-2" in message


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n_head", 3),
        ("n_head", 0),
        ("n_head", None),
        ("n_head", "two"),
        ("n_layer", 10**12),
        ("n_layer", -1),
        ("n_layer", [2]),
        ("layer_norm_epsilon", "tiny"),
        ("layer_norm_epsilon", -1),
        ("activation_function", "mish"),
        ("activation_function", ["gelu"]),
        ("tie_word_embeddings", "yes"),
        ("scale_attn_weights", False),
        ("scale_attn_by_inverse_layer_idx", True),
        ("add_cross_attention", True),
        ("quantization_config", {"bits": 4}),
        ("bias", "no"),
    ],
    ids=str,
)
def test_a_setting_that_is_not_computed_is_refused(folder, key, value):
    change_config(folder, **{key: value})
    assert "config.json" in complaint(folder, model.ConfigError)


@pytest.mark.parametrize(
    ("key", "value"),
    [("vocab_size", 12), ("n_positions", 11), ("n_embd", 8), ("n_inner", 32), ("n_layer", 3)],
)
def test_a_configuration_of_another_size_is_refused(folder, key, value):
    change_config(folder, **{key: value})
    assert WEIGHTS in complaint(folder) or "checkpoint" in complaint(folder)


def test_a_missing_head_of_its_own_is_named(folder):
    change_config(folder, tie_word_embeddings=False)
    assert "lm_head.weight" in complaint(folder)


def test_a_head_that_contradicts_its_configuration_is_refused(folder):
    head = load_file(folder / WEIGHTS)["transformer.wte.weight"][::-1]
    change_tensors(folder, **{"lm_head.weight": np.ascontiguousarray(head)})
    assert "tie_word_embeddings" in complaint(folder, model.ConfigError)


def test_a_file_without_a_configuration_asks_for_the_heads(folder):
    (folder / "config.json").unlink()
    assert "n_head" in complaint(folder, model.ConfigError)


def test_a_linear_file_without_a_configuration_asks_for_the_activation(folder):
    (folder / "config.json").unlink()
    tensors = load_file(folder / WEIGHTS)
    linear = {n: np.ascontiguousarray(t.T) for n, t in tensors.items() if ".h." in n}
    save_file({**tensors, **linear}, folder / WEIGHTS)
    message = complaint(folder, model.ConfigError)
    assert "n_head" in message
