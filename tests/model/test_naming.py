"""Tensors by whatever names programs give them, and heads that are the embedding or only nearly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
IDS = [3, 1, 4, 1, 5]


def saved(folder: Path, tensors: dict, config: dict, **metadata: str) -> Path:
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / "model.safetensors", metadata or None)
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def case(name: str) -> tuple[dict, dict]:
    """Tensors, under names as `save_pretrained` writes them, and configuration."""
    tensors = load_file(GOLDEN / name / "model.safetensors")
    return tensors, json.loads((GOLDEN / name / "config.json").read_text())


def logits(source: Path) -> np.ndarray:
    return model.load(source).forward(IDS).logits


def without(config: dict, *keys: str) -> dict:
    return {key: value for key, value in config.items() if key not in keys}


# Wrappers and trainers

TIED = GOLDEN / "huggingface-tied"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("transformer.", "_fsdp_wrapped_module.transformer._fsdp_wrapped_module."),
        ("transformer.h.1.", "transformer.h.1._checkpoint_wrapped_module."),
        ("transformer.h.0.", "transformer.h.0._fsdp_wrapped_module._checkpoint_wrapped_module."),
        (".attn.", ".attn._orig_mod."),
        (".weight", "._orig_mod.weight"),
        ("transformer.", "_module.transformer."),
        (".mlp.", "._module.mlp."),
        ("transformer.", "_forward_module.model.transformer."),
        ("transformer.", "module._orig_mod.model.transformer."),
        ("transformer.", "model."),
        ("transformer.", "model.transformer."),
        ("transformer.", "base_model.model.transformer."),
        ("transformer.", "pretrained_model.transformer."),
        ("transformer.", "state_dict.net.gpt.transformer."),
        ("transformer.", "module.transformer.module."),
    ],
)
def test_wrappers_and_trainers_are_read_through_wherever_they_stand(tmp_path, old, new):
    tensors, config = case("huggingface-tied")
    renamed = {name.replace(old, new): tensor for name, tensor in tensors.items()}
    assert renamed.keys() != tensors.keys()
    folder = saved(tmp_path / "m", renamed, config)
    np.testing.assert_array_equal(logits(folder), logits(TIED))
    assert model.load(folder).unused == ()


def test_what_a_trainer_keeps_beside_the_model_is_left_out_and_listed(tmp_path):
    # As TRL's AutoModelForCausalLMWithValueHead names its tensors.
    tensors, config = case("huggingface-tied")
    trained = {f"pretrained_model.{name}": tensor for name, tensor in tensors.items()}
    trained["pretrained_model.lm_head.weight"] = tensors["transformer.wte.weight"]
    trained["v_head.summary.weight"] = np.ones((1, config["n_embd"]), np.float32)
    loaded = model.load(saved(tmp_path / "m", trained, config))
    assert loaded.unused == ("v_head.summary.weight",)
    np.testing.assert_array_equal(loaded.forward(IDS).logits, logits(TIED))


def test_a_head_outside_of_what_is_wrapped_is_the_head(tmp_path):
    tensors, config = case("huggingface-tied")
    wrapped = {f"gpt.{name}": tensor for name, tensor in tensors.items()}
    wrapped["lm_head.weight"] = tensors["transformer.wte.weight"][::-1].copy()
    loaded = model.load(saved(tmp_path / "m", wrapped, without(config, "tie_word_embeddings")))
    assert not loaded.config.tied
    np.testing.assert_array_equal(loaded.weights["lm_head"], wrapped["lm_head.weight"])


def test_two_models_in_one_file_are_not_mixed(tmp_path):
    tensors, config = case("huggingface-tied")
    both = {f"{who}.{n}": t for who in ("policy", "reference") for n, t in tensors.items()}
    with pytest.raises(model.CheckpointError, match=r"2 models in it.*policy.*reference"):
        model.load(saved(tmp_path / "m", both, config))


def test_a_part_of_a_model_that_is_wrapped_names_what_is_missing(tmp_path):
    tensors, config = case("huggingface-tied")
    part = {f"model.{n}": t for n, t in tensors.items() if "h.1.mlp.c_fc" not in n}
    with pytest.raises(model.CheckpointError, match=r"h\.1\.mlp\.c_fc\.weight is missing"):
        model.load(saved(tmp_path / "m", part, config))


# Tied weights, saved once

# Names that safetensors 0.8's `save_model` writes for a GPT2LMHeadModel, and for one that is
# `model` in another module: the tensor under the name that comes first, and the other in the
# metadata.
ALIASES = [
    ("lm_head.weight", {"transformer.wte.weight": "lm_head.weight"}),
    ("model.lm_head.weight", {"model.transformer.wte.weight": "model.lm_head.weight"}),
    ("_orig_mod.lm_head.weight", {"_orig_mod.transformer.wte.weight": "_orig_mod.lm_head.weight"}),
    ("transformer.wte.weight", {"lm_head.weight": "transformer.wte.weight"}),
]


@pytest.mark.parametrize(("kept", "metadata"), ALIASES, ids=lambda value: str(value)[:24])
@pytest.mark.parametrize("said", [True, None], ids=["said", "silent"])
def test_a_matrix_with_two_names_may_be_saved_under_either(tmp_path, kept, metadata, said):
    tensors, config = case("huggingface-tied")
    outer = kept.removesuffix("lm_head.weight").removesuffix("transformer.wte.weight")
    once = {f"{outer}{n}": t for n, t in tensors.items() if n != "transformer.wte.weight"}
    once[kept] = tensors["transformer.wte.weight"]
    config = {**without(config, "tie_word_embeddings", "vocab_size"), "tie_word_embeddings": said}
    for name, told in (("with", metadata), ("without", {})):
        loaded = model.load(saved(tmp_path / name, once, config, **told))
        assert loaded.config.tied
        assert not loaded.assumptions
        np.testing.assert_array_equal(loaded.forward(IDS).logits, logits(TIED))
        assert np.shares_memory(loaded.weights["wte"], loaded.weights["lm_head"])


def test_a_nanogpt_that_was_saved_once_is_whole(tmp_path):
    tensors, config = case("nanogpt")
    once = {n: t for n, t in tensors.items() if not n.endswith("wte.weight")}
    loaded = model.load(saved(tmp_path / "m", once, config))
    assert loaded.config.tied
    np.testing.assert_array_equal(loaded.forward(IDS).logits, logits(GOLDEN / "nanogpt"))


def test_only_the_file_itself_can_say_that_a_model_which_ties_nothing_is_tied(tmp_path):
    tensors, config = case("mingpt")
    wte = next(name for name in tensors if name.endswith("wte.weight"))
    once = {name: tensor for name, tensor in tensors.items() if name != wte}
    with pytest.raises(model.CheckpointError, match=r"wte\.weight is missing"):
        model.load(saved(tmp_path / "lost", once, config))
    head = next(name for name in tensors if name.endswith("lm_head.weight"))
    assert model.load(saved(tmp_path / "said", once, config, **{wte: head})).config.tied
    untied = case("huggingface-untied-bare")[1]
    with pytest.raises(model.CheckpointError, match=r"wte\.weight is missing"):
        model.load(saved(tmp_path / "untied", once_untied(), untied))


def once_untied() -> dict:
    tensors, _ = case("huggingface-untied-bare")
    return {name: tensor for name, tensor in tensors.items() if not name.endswith("wte.weight")}


def test_metadata_that_is_about_no_tensor_changes_nothing(tmp_path):
    tensors, config = case("huggingface-tied")
    odd = {"format": "pt", "wte": "7", "lm_head.weight": "nothing", "x": "transformer.wte.weight"}
    folder = saved(tmp_path / "m", tensors, config, **odd)
    np.testing.assert_array_equal(logits(folder), logits(TIED))
    assert model.load(folder).unused == ()


# A head that is nearly the embedding


@pytest.mark.parametrize("row", [0, 1, 777, 778, 4095])
def test_a_head_that_differs_in_one_number_is_not_tied(tmp_path, write_large, row):
    folder = write_large(tmp_path / "m", lambda head: head.__setitem__((row, 5), 0.5))
    loaded = model.load(folder)
    assert not loaded.config.tied
    assert loaded.weights["lm_head"][row, 5] == 0.5
    assert loaded.config.n_head_parameters == 4096 * 64
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}))
    with pytest.raises(model.ConfigError, match="tie_word_embeddings"):
        model.load(folder)


def test_a_head_that_differs_in_none_is_tied(tmp_path, write_large):
    assert model.load(write_large(tmp_path / "m", lambda head: None)).config.tied


@pytest.fixture
def write_large():
    """Writes a GPT-2 of a wide vocabulary, whose head is its embedding but for a change."""

    def write(folder: Path, change) -> Path:
        width, rng = 64, np.random.default_rng(0)
        shapes = {"wte.weight": (4096, width), "wpe.weight": (4, width)}
        for norm in ("h.0.ln_1", "h.0.ln_2", "ln_f"):
            shapes |= {f"{norm}.weight": (width,)}
        shapes |= {
            "h.0.attn.c_attn.weight": (width, 3 * width),
            "h.0.attn.c_proj.weight": (width, width),
            "h.0.mlp.c_fc.weight": (width, 4 * width),
            "h.0.mlp.c_proj.weight": (4 * width, width),
        }
        tensors = {n: rng.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
        tensors["lm_head.weight"] = tensors["wte.weight"].copy()
        change(tensors["lm_head.weight"])
        return saved(folder, tensors, {"model_type": "gpt2", "n_head": 2})

    return write
