"""One network in every layout that programs save it in: the same logits from all of them."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
IDS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture(params=["huggingface-tied", "huggingface-untied-bare"])
def network(request) -> tuple[dict, dict]:
    """Configuration and tensors, under the names without any prefix."""
    folder = GOLDEN / request.param
    tensors = load_file(folder / "model.safetensors")
    bare = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
    return json.loads((folder / "config.json").read_text()), bare


def save(folder: Path, config: dict | None, tensors: dict) -> Path:
    folder.mkdir(exist_ok=True)
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(contiguous, folder / "model.safetensors")
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder


def prefixed(tensors: dict, prefix: str) -> dict:
    head = prefix.removesuffix("transformer.")
    return {
        (head if name.startswith("lm_head") else prefix) + name: tensor
        for name, tensor in tensors.items()
    }


def transposed(tensors: dict) -> dict:
    linear = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    return {name: t.T if name.endswith(linear) else t for name, t in tensors.items()}


def logits(source: Path, n: int = 7) -> np.ndarray:
    return model.load(source).forward(IDS[:n]).logits


@pytest.fixture
def wanted(network, tmp_path) -> np.ndarray:
    return logits(save(tmp_path / "wanted", *network))


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "transformer.",
        "_orig_mod.transformer.",
        "module.transformer.",
        "module._orig_mod.transformer.",
        "_orig_mod.module.",
    ],
)
@pytest.mark.parametrize("linear", [False, True], ids=["conv1d", "linear"])
def test_every_prefix_and_both_orientations_give_the_same_logits(
    network, wanted, tmp_path, prefix, linear
):
    config, tensors = network
    tensors = prefixed(transposed(tensors) if linear else tensors, prefix)
    # A transposed matrix is multiplied in another order, so the last bits may differ.
    np.testing.assert_allclose(logits(save(tmp_path / "m", config, tensors)), wanted, atol=5e-6)


def test_mask_buffers_are_skipped(network, wanted, tmp_path):
    config, tensors = network
    for layer in range(config["n_layer"]):
        tensors[f"h.{layer}.attn.bias"] = np.ones((1, 1, 12, 12), np.uint8)
        tensors[f"h.{layer}.attn.masked_bias"] = np.float32(-1e4)
    np.testing.assert_array_equal(logits(save(tmp_path / "m", config, tensors)), wanted)


def test_a_tied_head_may_be_saved_twice(network, tmp_path):
    config, tensors = network
    tensors.pop("lm_head.weight", None)
    tied = dict(config, tie_word_embeddings=True)
    once = logits(save(tmp_path / "once", tied, tensors))
    twice = {**tensors, "lm_head.weight": tensors["wte.weight"]}
    np.testing.assert_array_equal(logits(save(tmp_path / "twice", tied, twice)), once)
    silent = {key: value for key, value in tied.items() if key != "tie_word_embeddings"}
    loaded = model.load(save(tmp_path / "silent", silent, twice))
    assert loaded.config.tied
    np.testing.assert_array_equal(loaded.forward(IDS[:7]).logits, once)


def test_a_silent_configuration_with_another_head_is_untied(network, tmp_path):
    config, tensors = network
    head = np.roll(tensors["wte.weight"], 1, axis=0)
    tensors["lm_head.weight"] = head
    del config["tie_word_embeddings"]
    loaded = model.load(save(tmp_path / "m", config, tensors))
    assert not loaded.config.tied
    trace = loaded.forward(IDS[:7])
    np.testing.assert_allclose(trace.logits, trace["ln_f"] @ head.T, atol=1e-6)
    np.testing.assert_array_equal(trace["lm_head"], head)


def test_absent_biases_compute_as_zeros_and_have_no_blocks(network, tmp_path):
    config, tensors = network
    zeros = {n: t * 0 if n.endswith(".bias") else t for n, t in tensors.items()}
    absent = {n: t for n, t in tensors.items() if not n.endswith(".bias")}
    wanted = logits(save(tmp_path / "zeros", config, zeros))
    loaded = model.load(save(tmp_path / "absent", config, absent))
    assert not loaded.config.bias
    trace = loaded.forward(IDS[:7])
    np.testing.assert_allclose(trace.logits, wanted, atol=1e-6)
    assert not any("bias" in name for name in trace)


@pytest.mark.parametrize("dtype", ["F16", "BF16", "F64"])
def test_other_precisions_are_read_as_they_are(network, tmp_path, dtype):
    config, tensors = network
    config = dict(config, torch_dtype=dtype.lower())
    rounded = {name: in_precision(tensor, dtype) for name, tensor in tensors.items()}
    wanted = logits(save(tmp_path / "wanted", config, {n: r[0] for n, r in rounded.items()}))
    folder = save(tmp_path / "m", config, {})
    write_raw(folder / "model.safetensors", dtype, {n: r[1] for n, r in rounded.items()})
    np.testing.assert_array_equal(logits(folder), wanted)


def in_precision(tensor: np.ndarray, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """The float32 values that a precision can hold, and the array that stores them in it."""
    if dtype == "BF16":
        stored = (tensor.view(np.uint32) >> 16).astype(np.uint16)
        return (stored.astype(np.uint32) << 16).view(np.float32), stored
    stored = tensor.astype({"F16": np.float16, "F64": np.float64}[dtype])
    return stored.astype(np.float32), stored


def write_raw(path: Path, dtype: str, tensors: dict) -> None:
    """A safetensors file by the letter of its specification, with an odd header length."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        begin, data = len(data), data + np.ascontiguousarray(tensor).tobytes()
        header[name] = {
            "dtype": dtype,
            "shape": tensor.shape,
            "data_offsets": [begin, len(data)],
        }
    text = json.dumps(header).encode()
    text += b" " * (1 + len(text) % 2)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def test_data_at_odd_addresses_is_read_correctly(network, wanted, tmp_path):
    config, tensors = network
    folder = save(tmp_path / "m", config, {})
    write_raw(folder / "model.safetensors", "F32", tensors)
    np.testing.assert_allclose(logits(folder), wanted, atol=1e-6)


def test_a_sharded_checkpoint_is_one_model(network, wanted, tmp_path):
    config, tensors = network
    folder = save(tmp_path / "m", config, {})
    (folder / "model.safetensors").unlink()
    places = {}
    for i, (name, tensor) in enumerate(tensors.items()):
        places[name] = f"model-0000{i % 3 + 1}-of-00003.safetensors"
        tensors[name] = np.ascontiguousarray(tensor)
    for file in set(places.values()):
        save_file({n: t for n, t in tensors.items() if places[n] == file}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    np.testing.assert_array_equal(logits(folder), wanted)


def test_a_single_file_finds_the_configuration_beside_it(network, wanted, tmp_path):
    folder = save(tmp_path / "m", *network)
    renamed = folder / "weights.safetensors"
    (folder / "model.safetensors").rename(renamed)
    np.testing.assert_array_equal(logits(renamed), wanted)
    np.testing.assert_array_equal(logits(folder), wanted)
    np.testing.assert_array_equal(model.load(str(renamed)).forward(IDS[:7]).logits, wanted)


def test_a_folder_of_the_hugging_face_cache_is_read_through_its_links(network, wanted, tmp_path):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0123abc"
    snapshot.mkdir(parents=True)
    save(blobs, *network)
    for file in blobs.iterdir():
        try:
            (snapshot / file.name).symlink_to(Path("..", "..", "blobs", file.name))
        except OSError:
            pytest.skip("this system makes no links")
    np.testing.assert_array_equal(logits(snapshot), wanted)


def test_a_classifier_on_top_is_left_out_and_listed(network, wanted, tmp_path):
    config, tensors = network
    tensors["score.weight"] = np.ones((2, config["n_embd"]), np.float32)
    loaded = model.load(save(tmp_path / "m", config, tensors))
    assert loaded.unused == ("score.weight",)
    np.testing.assert_array_equal(loaded.forward(IDS[:7]).logits, wanted)


@pytest.mark.parametrize(
    ("changes", "activation"),
    [
        ({"activation_function": "gelu"}, "gelu"),
        ({"activation_function": "gelu_pytorch_tanh"}, "gelu_tanh"),
        ({"activation_function": "gelu_fast"}, "gelu_tanh"),
        ({"activation_function": "silu"}, "silu"),
        ({"activation_function": None}, "gelu_tanh"),
        ({"bias": True, "dropout": 0.0, "activation_function": None}, "gelu"),
        ({"model_type": "gpt-mini", "activation_function": None}, "gelu_tanh"),
        ({"model_type": None, "embd_pdrop": 0.1, "activation_function": None}, "gelu_tanh"),
    ],
    ids=str,
)
def test_the_activation_is_the_one_that_the_program_meant(network, tmp_path, changes, activation):
    config, tensors = network
    if "bias" in changes or changes.get("model_type", "gpt2") != "gpt2":
        config["block_size"] = config.pop("n_positions")
    loaded = model.load(save(tmp_path / "m", {**config, **changes}, tensors))
    assert loaded.config.activation == activation


def test_a_named_size_of_mingpt_needs_no_numbers(tmp_path):
    tensors = load_file(Path(__file__).parents[2] / "presets" / "models" / "nano-gpt.safetensors")
    config = {"model": {"model_type": "gpt-nano", "block_size": 11, "vocab_size": 3}}
    loaded = model.load(save(tmp_path / "m", config, tensors))
    np.testing.assert_array_equal(
        loaded.forward([2, 1, 0]).logits, model.load("nano-gpt").forward([2, 1, 0]).logits
    )


def test_a_released_size_is_recognized_without_a_configuration(tmp_path):
    loaded = model.load(save_gpt2_layer(tmp_path / "gpt2.safetensors"))
    assert (loaded.config.n_head, loaded.config.d_head, loaded.config.n_layer) == (12, 64, 1)


def save_gpt2_layer(path: Path) -> Path:
    """One layer of GPT-2's width, with a small vocabulary and context."""
    width = 768
    shapes = {"wte.weight": (3, width), "wpe.weight": (2, width)}
    for norm in ("h.0.ln_1", "h.0.ln_2", "ln_f"):
        shapes |= {f"{norm}.weight": (width,), f"{norm}.bias": (width,)}
    for name, n_in, n_out in (
        ("attn.c_attn", 1, 3),
        ("attn.c_proj", 1, 1),
        ("mlp.c_fc", 1, 4),
        ("mlp.c_proj", 4, 1),
    ):
        shapes[f"h.0.{name}.weight"] = (n_in * width, n_out * width)
        shapes[f"h.0.{name}.bias"] = (n_out * width,)
    save_file({n: np.zeros(s, np.float16) for n, s in shapes.items()}, path)
    return path
