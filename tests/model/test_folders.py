"""Folders as they are on people's disks: the hub's cache, a training run's, variants, others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model
from llmviz_addon.model.paths import title_of

GOLDEN = Path(__file__).parent / "golden"
TIED = GOLDEN / "huggingface-tied"
SHARDED = GOLDEN / "huggingface-sharded"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
REVISION = "607a30d783dfa663caf39e06633721c8d4cfcd7e"
IDS = [3, 1, 4, 1, 5]


def copy(folder: Path, source: Path = TIED) -> Path:
    """A sound checkpoint."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.name not in ("trace.safetensors", "prompt.txt"):
            shutil.copy(path, folder)
    return folder


def touch(folder: Path, *names: str) -> Path:
    """Make files of which only the names matter."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"PK\x03\x04")
    return folder


def complaint(source: Path) -> str:
    with pytest.raises(model.CheckpointError) as caught:
        model.load(source)
    message = str(caught.value)
    assert 20 < len(message) <= 600
    assert message.startswith(f"{source}: ")
    assert message.count("; ") == 1  # the mistake; then the cure
    return message


def same(source: Path, wanted: Path = TIED) -> None:
    np.testing.assert_array_equal(
        model.load(source).forward(IDS).logits, model.load(wanted).forward(IDS).logits
    )


# Hugging Face's cache


def cached(root: Path, repository: str, within: str, source: Path = TIED) -> Path:
    """A checkpoint as `snapshot_download` leaves it: links into `blobs`."""
    home = root / "hub" / f"models--{repository.replace('/', '--')}"
    snapshot = home / "snapshots" / REVISION / within
    copy(home / "blobs", source)
    snapshot.mkdir(parents=True)
    up = Path(*[".."] * (2 + len(Path(within).parts)))
    for blob in (home / "blobs").iterdir():
        try:
            (snapshot / blob.name).symlink_to(up / "blobs" / blob.name)
        except OSError:
            pytest.skip("this system makes no links")
    return snapshot


@pytest.mark.parametrize("within", ["", "step-100", "runs/small"])
@pytest.mark.parametrize("source", [TIED, SHARDED], ids=["whole", "sharded"])
def test_the_hubs_cache_is_read_in_subfolders_too(tmp_path, within, source):
    same(cached(tmp_path, "openai-community/gpt2", within, source), source)


def test_a_subfolder_of_the_cache_may_not_lead_elsewhere(tmp_path):
    snapshot = cached(tmp_path, "gpt2", "sub")
    copy(tmp_path / "elsewhere")
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").symlink_to(tmp_path / "elsewhere" / "config.json")
    with pytest.raises(model.CheckpointError, match="leads out of its folder"):
        model.load(snapshot)


@pytest.mark.parametrize(
    ("repository", "within", "title"),
    [
        ("gpt2", "", "gpt2"),
        ("openai-community/gpt2", "", "gpt2"),
        ("openai-community/gpt2-xl", "", "gpt2-xl"),
        (
            "stanford-crfm/alias-gpt2-small-x21",
            "checkpoint-500",
            "alias-gpt2-small-x21/checkpoint-500",
        ),
        ("me/experiments", "small/model", "experiments/small"),
    ],
)
def test_a_model_of_the_cache_is_called_after_its_repository(tmp_path, repository, within, title):
    snapshot = cached(tmp_path, repository, within)
    assert model.load(snapshot).title == title
    assert model.load(snapshot / WEIGHTS).title == title


# A folder's own name, and names that any model could have


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("gpt2-finance", "gpt2-finance"),
        ("gpt2-finance/checkpoint-500", "gpt2-finance/checkpoint-500"),
        ("gpt2-finance/output/checkpoint-500", "gpt2-finance/checkpoint-500"),
        ("gpt2-finance/model", "gpt2-finance"),
        ("gpt2-finance/final", "gpt2-finance/final"),
        ("gpt2-finance/final_model", "gpt2-finance/final_model"),
        ("gpt2-finance/out", "gpt2-finance"),
        ("shakespeare/ckpt", "shakespeare"),
        ("shakespeare/step_2000", "shakespeare/step_2000"),
        (f"gpt2-finance/{REVISION}", "gpt2-finance"),
        ("a.b c", "a.b c"),
    ],
)
def test_a_model_is_called_as_people_call_it(tmp_path, monkeypatch, path, title):
    folder = copy(tmp_path / path)
    assert model.load(folder).title == title
    assert model.load(folder / WEIGHTS).title == title
    monkeypatch.chdir(folder)
    assert model.load(".").title == title


def test_a_file_with_a_name_of_its_own_is_called_so(tmp_path):
    folder = copy(tmp_path / "gpt2-finance")
    (folder / WEIGHTS).rename(folder / "gpt2-v2.safetensors")
    assert model.load(folder / "gpt2-v2.safetensors").title == "gpt2-v2"
    (folder / "gpt2-v2.safetensors").rename(folder / "model.fp16.safetensors")
    assert model.load(folder / "model.fp16.safetensors").title == "gpt2-finance"


@pytest.mark.parametrize("shelf", [("home", "ann"), ("Users", "ann"), ("root",), ("tmp",)])
def test_a_model_is_not_called_after_a_person_or_a_drive(shelf):
    assert title_of(Path("/", *shelf, "model")) == "model"
    assert title_of(Path("/", *shelf, "checkpoint-500")) == "checkpoint-500"


# Folders of a training run

TRAINER = (
    *("optimizer.pt", "scheduler.pt", "scaler.pt", "rng_state.pth", "rng_state_0.pth"),
    *("training_args.bin", "trainer_state.json"),
)
ACCELERATE = ("optimizer.bin", "scheduler.bin", "random_states_0.pkl", "sampler.bin")


@pytest.mark.parametrize("beside", [TRAINER, ACCELERATE])
def test_what_training_keeps_beside_the_weights_does_not_matter(tmp_path, beside):
    same(touch(copy(tmp_path / "checkpoint-500"), *beside))


@pytest.mark.parametrize("beside", [TRAINER, ACCELERATE])
def test_of_pickles_the_one_that_has_the_weights_is_named(tmp_path, beside):
    shutil.copy(TIED / "config.json", tmp_path)
    message = complaint(touch(tmp_path, *beside, "pytorch_model.bin"))
    assert "has its weights only as pytorch_model.bin, a pickle" in message
    assert "save_pretrained" in message
    (tmp_path / "pytorch_model.bin").rename(tmp_path / "ckpt.pt")
    message = complaint(tmp_path)
    assert "has its weights only as ckpt.pt, a pickle" in message
    assert "safetensors.torch.save_model" in message


@pytest.mark.parametrize("beside", [TRAINER, ACCELERATE])
def test_a_folder_of_nothing_else_has_no_weights(tmp_path, beside):
    message = complaint(touch(tmp_path, *beside))
    assert "only what a training run keeps beside the weights" in message
    assert WEIGHTS in message


@pytest.mark.parametrize("name", [*TRAINER[:-1], *ACCELERATE])
def test_such_a_file_that_was_chosen_is_not_taken_for_weights(tmp_path, name):
    message = complaint(touch(tmp_path, name) / name)
    assert "is what a training run keeps beside the weights" in message


def test_a_run_names_its_latest_checkpoint(tmp_path):
    for step in (500, 1000, 1500, 2000):
        touch(copy(tmp_path / f"checkpoint-{step}"), *TRAINER)
    touch(tmp_path, *TRAINER)
    message = complaint(tmp_path)
    assert "has 4 checkpoints' folders in it, such as checkpoint-2000; choose one" in message


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "adapter_config.json", "model.fp16.safetensors"]
)
def test_a_run_names_its_checkpoints_whatever_their_format(tmp_path, name):
    for step in (500, 1000):
        touch(tmp_path / f"checkpoint-{step}", *TRAINER, name)
    assert "such as checkpoint-1000" in complaint(tmp_path)


def test_pieces_of_deepspeed_say_how_they_become_whole(tmp_path):
    shutil.copy(TIED / "config.json", tmp_path)
    touch(tmp_path, *TRAINER, "zero_to_fp32.py", "latest")
    pieces = touch(
        tmp_path / "global_step500",
        "bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt",
        "zero_pp_rank_0_mp_rank_00_model_states.pt",
    )
    for folder in (tmp_path, pieces):
        assert "zero_to_fp32.py" in complaint(folder)


def test_pieces_of_fsdp_say_how_they_become_whole(tmp_path):
    shutil.copy(TIED / "config.json", tmp_path)
    touch(tmp_path, *TRAINER, "pytorch_model_fsdp_0/__0_0.distcp", "pytorch_model_fsdp_0/.metadata")
    assert "accelerate merge-weights on pytorch_model_fsdp_0" in complaint(tmp_path)


# Formats that are not read


@pytest.mark.parametrize("name", ["model.onnx", "decoder_model.onnx", "onnx/model.onnx"])
def test_a_graph_of_onnx_is_named_and_where_it_came_from_asked_for(tmp_path, name):
    shutil.copy(TIED / "config.json", tmp_path)
    message = complaint(touch(tmp_path, name))
    assert f"only as {name}, which is not read" in message
    assert "the checkpoint that it was exported from" in message


# Adapters


# Configurations that PEFT 0.21 and mlx-lm write, cut to the settings that matter.
@pytest.mark.parametrize(
    ("config", "kind", "base"),
    [
        (
            {"peft_type": "LORA", "base_model_name_or_path": "openai-community/gpt2", "r": 8},
            "LoRA",
            "openai-community/gpt2",
        ),
        ({"peft_type": "LORA", "base_model_name_or_path": None}, "LoRA", "does not name"),
        ({"peft_type": "IA3", "base_model_name_or_path": "gpt2"}, "IA3", "gpt2"),
        ({"fine_tune_type": "lora", "model": "mlx-community/gpt2"}, "LoRA", "mlx-community/gpt2"),
    ],
)
@pytest.mark.parametrize("weights", ["adapter_model.safetensors", "adapter_model.bin"])
def test_an_adapter_names_its_base_model_and_asks_to_be_merged(
    tmp_path, config, kind, base, weights
):
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    save_file({"x.lora_A.weight": np.ones((2, 2), np.float32)}, tmp_path / weights)
    touch(tmp_path, *TRAINER)
    sources = [tmp_path] if weights.endswith(".bin") else [tmp_path, tmp_path / weights]
    for source in sources:
        message = complaint(source)
        assert f"is a {kind} adapter for " in message
        assert base in message
        assert "merge_and_unload()" in message


def test_a_prompt_that_was_tuned_asks_for_its_base_model(tmp_path):
    config = {"peft_type": "PROMPT_TUNING", "base_model_name_or_path": "gpt2"}
    (tmp_path / "adapter_config.json").write_text(json.dumps(config))
    message = complaint(tmp_path)
    assert "is a PROMPT_TUNING adapter for gpt2" in message
    assert "choose that model's folder" in message


def test_a_merged_model_may_keep_its_adapters_configuration(tmp_path):
    copy(tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    same(tmp_path)


# Variants, as `save_pretrained(variant="fp16")` writes them


def variant(folder: Path, name: str) -> Path:
    """The shards of a checkpoint under a variant's names."""
    copy(folder, SHARDED)
    text = (folder / INDEX).read_text()
    for path in sorted(folder.glob("model-*.safetensors")):
        renamed = path.name.replace("model-", f"model.{name}-")
        text = text.replace(path.name, renamed)
        path.rename(folder / renamed)
    (folder / f"model.safetensors.index.{name}.json").write_text(text)
    (folder / INDEX).unlink()
    return folder


def test_the_shards_of_a_variant_are_read(tmp_path):
    folder = variant(tmp_path / "m", "fp16")
    same(folder, SHARDED)
    same(folder / "model.safetensors.index.fp16.json", SHARDED)
    (folder / "model.safetensors.index.fp16.json").unlink()
    message = complaint(folder)
    assert "all 4 shards but not model.safetensors.index.fp16.json" in message


def test_a_variant_in_one_file_is_read_and_the_model_itself_comes_first(tmp_path):
    copy(tmp_path)
    (tmp_path / WEIGHTS).rename(tmp_path / "model.bf16.safetensors")
    (tmp_path / "extra.safetensors").write_bytes(b"")
    same(tmp_path)
    other = {n: t * 2 for n, t in load_file(tmp_path / "model.bf16.safetensors").items()}
    save_file(other, tmp_path / "model.fp16.safetensors")
    message = complaint(tmp_path)
    assert "bf16 and fp16" in message
    assert "model.bf16.safetensors" in message
    same(tmp_path / "model.bf16.safetensors")
    shutil.copy(TIED / WEIGHTS, tmp_path)
    same(tmp_path)


def test_an_index_that_was_chosen_stands_for_its_folder(tmp_path):
    same(copy(tmp_path / "m", SHARDED) / INDEX, SHARDED)
    assert model.load(tmp_path / "m" / INDEX).title == "m"


def test_what_the_finder_notes_about_a_file_is_not_a_checkpoint(tmp_path):
    copy(tmp_path)
    (tmp_path / WEIGHTS).rename(tmp_path / "gpt2.safetensors")
    (tmp_path / "._gpt2.safetensors").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    same(tmp_path)


# Nothing there


def test_a_path_where_nothing_is_says_how_far_it_leads(tmp_path):
    (tmp_path / "project").mkdir()
    message = complaint(tmp_path / "project" / "models" / "gpt2")
    assert (
        f"no such file or folder, as {tmp_path / 'project'} has nothing called models;" in message
    )
    assert "choose it where it is now" in message
    copy(tmp_path / "project" / "models")
    message = complaint(tmp_path / "project" / "models" / "gpt2.safetensors")
    assert f"{tmp_path / 'project' / 'models'} has nothing called gpt2.safetensors" in message


def test_a_relative_path_is_told_from_a_models_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for source in ("./gpt2", "../gpt2", "gpt2.safetensors"):
        with pytest.raises(model.CheckpointError, match="has nothing called gpt2"):
            model.load(source)


def test_a_path_that_may_not_be_looked_at_is_not_called_missing(tmp_path, monkeypatch):
    hidden, stat = tmp_path / "hidden" / "gpt2", Path.stat

    def forbidding(path: Path, **options: bool) -> object:
        if path == hidden:
            raise PermissionError(13, "Permission denied")
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", forbidding)
    with pytest.raises(model.CheckpointError, match=r"not to be read|cannot be read"):
        model.load(hidden)


def test_a_link_to_a_folder_that_is_gone_is_called_one(tmp_path):
    link = tmp_path / "current"
    try:
        link.symlink_to(tmp_path / "gone")
    except OSError:
        pytest.skip("this system makes no links")
    assert "is a link to a checkpoint that is not there" in complaint(link)


@pytest.mark.skipif("os.name == 'nt'", reason="two slashes begin a server's name there")
def test_blenders_sign_for_the_files_own_folder_is_not_taken_for_a_folder():
    with pytest.raises(model.CheckpointError, match=r"folder of a \.blend file that is not saved"):
        model.load("//models/gpt2-that-is-nowhere")
