"""Tensors that are no plain weights: the message names their program and the cure.

Names, dtypes and shapes are those that the programs write: AutoGPTQ and AutoAWQ of a layer of
16 by 48 in 4 bits, bitsandbytes, mlx-lm, PEFT 0.21, FSDP, and DeepSpeed with ZeRO-3.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden" / "huggingface-tied"
WEIGHTS = "model.safetensors"
LAYER = "transformer.h.0.attn.c_attn"


@pytest.fixture
def folder(tmp_path) -> Path:
    for name in ("config.json", WEIGHTS):
        shutil.copy(GOLDEN / name, tmp_path)
    return tmp_path


def configure(folder: Path, **changes: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def replace(folder: Path, tensors: dict, gone: str = f"{LAYER}.weight") -> None:
    kept = {n: t for n, t in load_file(folder / WEIGHTS).items() if n != gone}
    save_file({**kept, **tensors}, folder / WEIGHTS)


def complaint(source: Path) -> str:
    with pytest.raises(model.ModelError) as caught:
        model.load(source)
    message = str(caught.value)
    assert 20 < len(message) <= 600
    assert message.count("; ") == 1  # the mistake; then the cure
    return message


@pytest.mark.parametrize(
    ("key", "said", "named"),
    [
        (
            "quantization_config",
            {"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": False},
            "quantized with GPTQ to 4 bits",
        ),
        (
            "quantization_config",
            {"quant_method": "awq", "bits": 4, "version": "gemm", "zero_point": True},
            "quantized with AWQ to 4 bits",
        ),
        (
            "quantization_config",
            {"quant_method": "bitsandbytes", "load_in_4bit": True, "load_in_8bit": False},
            "quantized with bitsandbytes to 4 bits",
        ),
        (
            "quantization_config",
            {"load_in_8bit": True, "llm_int8_threshold": 6.0},
            "quantized with bitsandbytes to 8 bits",
        ),
        ("quantization", {"group_size": 64, "bits": 4}, "quantized with MLX to 4 bits"),
        (
            "quantization_config",
            {"group_size": 64, "bits": 8, "mode": "affine"},
            "quantized with MLX to 8 bits",
        ),
        ("quantization_config", {"quant_method": "torchao"}, "quantized with torchao"),
        ("quantization_config", {"bits": 4}, "quantized to 4 bits"),
        ("quantization_config", "int8", "quantized, and"),
    ],
)
def test_a_configuration_that_says_so_is_called_quantized(folder, key, said, named):
    configure(folder, **{key: said})
    message = complaint(folder)
    assert message.startswith(f"{folder / 'config.json'}: says in {key}")
    assert named in message
    assert "unquantized copy" in message


@pytest.mark.parametrize("key", ["quantization_config", "quantization"])
@pytest.mark.parametrize("nothing", [None, {}])
def test_a_configuration_that_says_nothing_of_it_is_not(folder, key, nothing):
    configure(folder, **{key: nothing})
    assert model.load(folder).has_weights


INT32, BYTES = np.int32, np.uint8
QUANTIZED = {
    "GPTQ": {
        "qweight": np.ones((2, 48), INT32),
        "qzeros": np.ones((1, 6), INT32),
        "scales": np.ones((1, 48), np.float16),
        "g_idx": np.ones(16, INT32),
    },
    "AWQ": {
        "qweight": np.ones((16, 6), INT32),
        "qzeros": np.ones((1, 6), INT32),
        "scales": np.ones((1, 48), np.float16),
    },
    "bitsandbytes": {
        "weight": np.ones((384, 1), BYTES),
        "weight.absmax": np.ones(12, np.float32),
        "weight.quant_map": np.ones(16, np.float32),
        "weight.quant_state.bitsandbytes__nf4": np.ones(80, BYTES),
    },
    "bitsandbytes ": {
        "weight": np.ones((48, 16), np.int8),
        "SCB": np.ones(48, np.float32),
        "weight_format": np.ones((), BYTES),
    },
    "MLX": {
        "weight": np.ones((48, 2), np.uint32),
        "scales": np.ones((48, 1), np.float16),
        "biases": np.ones((48, 1), np.float16),
    },
}


@pytest.mark.parametrize("method", QUANTIZED)
@pytest.mark.parametrize("configured", [True, False])
def test_quantized_tensors_are_known_by_their_names(folder, method, configured):
    replace(folder, {f"{LAYER}.{part}": tensor for part, tensor in QUANTIZED[method].items()})
    if not configured:
        (folder / "config.json").unlink()
    for source in (folder, folder / WEIGHTS):
        message = complaint(source)
        assert f"{WEIGHTS}: is quantized with {method.strip()}, as tensor {LAYER}." in message
        assert "unquantized copy" in message


def test_another_family_is_refused_as_that_even_where_it_is_quantized(folder):
    configure(folder, model_type="llama", quantization_config={"quant_method": "gptq", "bits": 4})
    assert "'llama', which is not supported" in complaint(folder)


def test_integers_without_an_explanation_are_refused_before_anything_is_computed(folder):
    replace(folder, {f"{LAYER}.weight": np.ones((16, 48), np.int8)})
    assert f"{LAYER}.weight is stored as I8; save" in complaint(folder)


# Pieces that training leaves

LORA = {
    f"base_model.model.{LAYER}.lora_A.weight": np.ones((2, 16), np.float32),
    f"base_model.model.{LAYER}.lora_B.weight": np.ones((48, 2), np.float32),
}
UNMERGED = {
    f"{LAYER}.base_layer.weight": np.ones((16, 48), np.float32),
    f"{LAYER}.lora_A.default.weight": np.ones((2, 16), np.float32),
    f"{LAYER}.lora_B.default.weight": np.ones((48, 2), np.float32),
}


def test_an_adapter_that_is_not_merged_is_not_taken_for_the_model(folder):
    replace(folder, UNMERGED)
    message = complaint(folder)
    assert "adapter that is not merged" in message
    assert "merge_and_unload" in message


def test_a_file_of_an_adapter_that_was_chosen_says_what_it_is(tmp_path):
    path = tmp_path / "adapter_model.safetensors"
    save_file(LORA, path)
    message = complaint(path)
    assert message.startswith(f"{path}: ")
    assert "adapter" in message
    assert "merge_and_unload" in message


@pytest.mark.parametrize("all_of_them", [True, False])
@pytest.mark.parametrize("configured", [True, False])
def test_what_zero_3_leaves_is_called_so(folder, all_of_them, configured):
    tensors = load_file(folder / WEIGHTS)
    some = tensors if all_of_them else [f"{LAYER}.weight"]
    save_file({**tensors, **dict.fromkeys(some, np.zeros(0, np.float32))}, folder / WEIGHTS)
    if not configured:
        (folder / "config.json").unlink()
    message = complaint(folder)
    assert "is empty, as DeepSpeed's ZeRO-3 leaves" in message
    assert "stage3_gather_16bit_weights_on_model_save" in message
    assert "zero_to_fp32.py" in message


def test_flattened_parameters_are_called_so(folder):
    save_file({"_fsdp_wrapped_module._flat_param": np.ones(512, np.float32)}, folder / WEIGHTS)
    message = complaint(folder)
    assert "FSDP has flattened" in message
    assert "FULL_STATE_DICT" in message
