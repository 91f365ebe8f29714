"""Settings that a configuration leaves open: assumptions are reported, and can be overruled."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
WEIGHTS = "model.safetensors"


@pytest.fixture
def folder(tmp_path):
    """Copies a sound checkpoint, with another configuration."""

    def copy(case: str, **changes: object) -> Path:
        target = tmp_path / case
        target.mkdir(exist_ok=True)
        shutil.copy(GOLDEN / case / WEIGHTS, target)
        config = {**json.loads((GOLDEN / case / "config.json").read_text()), **changes}
        config = {key: value for key, value in config.items() if value is not None}
        (target / "config.json").write_text(json.dumps(config))
        return target

    return copy


@pytest.mark.parametrize("case", ["huggingface-tied", "huggingface-saved", "huggingface-sharded"])
def test_nothing_is_assumed_where_the_configuration_says_it_all(case):
    assert model.load(GOLDEN / case).assumptions == ()
    assert model.load("nano-gpt").assumptions == model.load("gpt3").assumptions == ()


# By the history of model.py in nanoGPT: `new_gelu`, GPT-2's form, until pull request 274 of June
# 2023 put `nn.GELU()` in its place; `bias` is a setting since the end of January 2023.
@pytest.mark.parametrize(
    ("case", "changes", "form", "other"),
    [
        ("nanogpt", {}, "exact", "gelu_new"),
        ("nanogpt-bias", {}, "exact", "gelu_new"),
        ("nanogpt-bias", {"bias": None}, "tanh", "gelu"),
        ("mingpt", {}, "tanh", "gelu"),
        ("huggingface-tied", {"activation_function": None}, "tanh", "gelu"),
    ],
)
def test_the_form_of_gelu_that_was_assumed_is_said_and_how_to_have_the_other(
    folder, case, changes, form, other
):
    source = folder(case, **changes)
    loaded = model.load(source)
    (said,) = loaded.assumptions
    assert f"GELU in its {form} form was assumed, since config.json does not name it" in said
    assert f'"activation_function": "{other}" there' in said
    assert loaded.config.activation == {"exact": "gelu", "tanh": "gelu_tanh"}[form]
    # Writing the setting that the message names has the effect that it promises.
    config = json.loads((source / "config.json").read_text())
    inner = config.get("model", config)
    inner["activation_function"] = other
    (source / "config.json").write_text(json.dumps(config))
    chosen = model.load(source)
    assert chosen.assumptions == ()
    assert {chosen.config.activation, loaded.config.activation} == {"gelu", "gelu_tanh"}


def test_an_early_nanogpt_computes_what_gpt2_does_once_that_is_said(folder):
    # With the tanh form, biases and a tied head it is GPT-2, so its numbers must be those of the
    # same checkpoint in Hugging Face's form, which other tests compare with the reference.
    tensors = load_file(GOLDEN / "nanogpt-bias" / WEIGHTS)
    linear = ("c_attn.weight", "c_proj.weight", "c_fc.weight")
    turned = {n: np.ascontiguousarray(t.T) if n.endswith(linear) else t for n, t in tensors.items()}
    same = folder("huggingface-tied")
    save_file(turned, same / WEIGHTS)
    said = json.loads((GOLDEN / "nanogpt-bias" / "config.json").read_text())
    sizes = {key: said[key] for key in ("n_layer", "n_head", "n_embd", "vocab_size")}
    config = {"model_type": "gpt2", "activation_function": "gelu_new", **sizes}
    (same / "config.json").write_text(json.dumps(config))
    early = model.load(folder("nanogpt-bias"), activation="gelu_new")
    assert early.assumptions == ()
    ids = [1, 2, 0]
    np.testing.assert_allclose(
        early.forward(ids).logits, model.load(same).forward(ids).logits, atol=5e-6
    )
    assumed = model.load(GOLDEN / "nanogpt-bias").forward(ids).logits
    assert np.abs(early.forward(ids).logits - assumed).max() > 1e-5


def test_what_is_chosen_does_not_overrule_what_the_configuration_says(folder):
    source = folder("huggingface-tied", activation_function="gelu_new")
    assert model.load(source, activation="gelu_pytorch_tanh").config.activation == "gelu_tanh"
    with pytest.raises(model.ConfigError, match="'gelu_new', and 'gelu' was asked for"):
        model.load(source, activation="gelu")
    with pytest.raises(model.ConfigError, match="'mish'"):
        model.load(folder("nanogpt"), activation="mish")


def test_the_arguments_of_a_nanogpt_checkpoint_are_read_as_they_are(folder):
    source = folder("nanogpt")
    arguments = json.loads((source / "config.json").read_text())
    text = json.dumps({"model_args": arguments, "iter_num": 5000, "best_val_loss": 1.47})
    (source / "config.json").write_text(text)
    assert model.load(source).config == model.load(GOLDEN / "nanogpt").config


def test_what_is_assumed_without_a_configuration_is_said(tmp_path, write_hollow):
    sizes = {"n_layer": 1, "n_embd": 768, "n_positions": 8, "vocab_size": 16}
    write_hollow(tmp_path / WEIGHTS, **sizes)
    heads, activation = model.load(tmp_path).assumptions
    assert "12 heads were assumed, as OpenAI's GPT-2 of 768 channels has them" in heads
    assert '"n_head" in a config.json beside the weights' in heads
    assert "GELU in its tanh form was assumed, since there is no config.json" in activation
    # A configuration with nothing but the settings that the messages ask for is enough.
    said = {"n_head": 24, "activation_function": "gelu"}
    (tmp_path / "config.json").write_text(json.dumps(said))
    loaded = model.load(tmp_path)
    assert (loaded.config.n_head, loaded.config.activation, loaded.assumptions) == (24, "gelu", ())


def test_a_lone_head_is_taken_for_the_embedding_only_with_a_word_about_it(tmp_path, write_hollow):
    sizes = {"n_layer": 1, "n_embd": 768, "n_positions": 8, "vocab_size": 16}
    write_hollow(tmp_path / WEIGHTS, **sizes)
    tensors = load_file(tmp_path / WEIGHTS)
    tensors["lm_head.weight"] = tensors.pop("wte.weight")
    save_file(tensors, tmp_path / WEIGHTS)
    loaded = model.load(tmp_path)
    assert loaded.config.tied
    assert any("lm_head.weight was taken for the token embedding" in s for s in loaded.assumptions)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_configuration_in_the_encodings_of_windows_is_read(folder, encoding):
    source = folder("huggingface-tied")
    text = (source / "config.json").read_text().replace("\n", "\r\n")
    (source / "config.json").write_bytes(text.encode(encoding))
    assert model.load(source).config == model.load(GOLDEN / "huggingface-tied").config


def test_other_json_of_a_checkpoint_is_read_in_those_encodings_too(tmp_path):
    source = shutil.copytree(GOLDEN / "huggingface-sharded", tmp_path / "m")
    index = source / "model.safetensors.index.json"
    index.write_bytes(index.read_text().encode("utf-16"))
    assert model.load(source).config == model.load(GOLDEN / "huggingface-sharded").config
