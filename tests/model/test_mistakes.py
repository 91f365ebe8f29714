"""Wrong choices and half downloads: the sentence names the mistake and the cure."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
SHARDS = sorted(path.name for path in (GOLDEN / "huggingface-sharded").glob("model-*.safetensors"))

POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\n"
    "size 1280883512\n"
)
PAGE = '<!doctype html>\n<html class="">\n<head><title>gpt2-xl</title></head><body>' + "x" * 3000


@pytest.fixture
def whole(tmp_path) -> Path:
    """A sound checkpoint in one file."""
    target = tmp_path / "whole"
    target.mkdir()
    for name in ("config.json", WEIGHTS):
        shutil.copy(GOLDEN / "huggingface-tied" / name, target)
    return target


@pytest.fixture
def sharded(tmp_path) -> Path:
    """A sound checkpoint in shards, with its tokenizer."""
    target = tmp_path / "sharded"
    target.mkdir()
    for path in (GOLDEN / "huggingface-sharded").iterdir():
        shutil.copy(path, target)
    return target


def complaint(source: Path | str) -> str:
    """The message of opening and of reading a prompt; one sentence that names the file first."""
    with pytest.raises(model.CheckpointError) as caught:
        model.load(source).read_prompt("a")
    message = str(caught.value)
    assert len(message) <= 600
    assert message.count("; ") == 1  # the mistake; then the cure
    assert not re.search(r"\d(,\d{3}){3}", message)  # a length that a parser made of other bytes
    return message


def link(path: Path, target: str) -> None:
    try:
        path.symlink_to(target)
    except OSError:
        pytest.skip("this system makes no links")


# Shards


@pytest.mark.parametrize("gone", [[], SHARDS[1:2], SHARDS[:-1], SHARDS[1:]], ids=len)
def test_shards_without_their_index_say_that_the_index_is_missing(sharded, gone):
    (sharded / INDEX).unlink()
    for name in gone:
        (sharded / name).unlink()
    message = complaint(sharded)
    assert message.startswith(f"{sharded}: has ")
    assert f"not {INDEX}" in message
    assert "download it" in message
    assert ("the other shards" in message) == bool(gone)
    assert f"{4 - len(gone)} of 4 shards" in message or not gone


@pytest.mark.parametrize("shard", SHARDS)
@pytest.mark.parametrize("beside", ["all", "no index", "no configuration", "nothing"])
def test_a_shard_that_was_chosen_is_called_one_of_several(sharded, shard, beside):
    for path in sharded.iterdir():
        if (
            (beside == "nothing" and path.name != shard)
            or (beside == "no index" and path.name == INDEX)
            or (beside == "no configuration" and path.name == "config.json")
        ):
            path.unlink()
    message = complaint(sharded / shard)
    assert f"{shard}: is shard {SHARDS.index(shard) + 1} of 4" in message
    assert "choose its folder" in message


def test_a_single_shard_of_one_is_a_whole_checkpoint(whole):
    (whole / WEIGHTS).rename(whole / "model-00001-of-00001.safetensors")
    assert model.load(whole).has_weights
    assert model.load(whole / "model-00001-of-00001.safetensors").has_weights


def test_several_missing_shards_are_counted(sharded):
    for name in SHARDS[1:]:
        (sharded / name).unlink()
    message = complaint(sharded)
    assert "has 1 of the 4 shards" in message
    assert SHARDS[1] in message


# Files that stand for others


@pytest.mark.parametrize("name", [WEIGHTS, "config.json"])
def test_a_pointer_of_git_lfs_is_called_one(whole, name):
    (whole / name).write_text(POINTER)
    for source in (whole, whole / WEIGHTS):
        message = complaint(source)
        assert message.startswith(f"{whole / name}: is a Git LFS pointer")
        assert "git lfs pull" in message
        assert "download the file itself" in message


@pytest.mark.parametrize("name", [SHARDS[2], INDEX, "config.json", "vocab.json", "merges.txt"])
@pytest.mark.parametrize(("text", "kind"), [(POINTER, "Git LFS pointer"), (PAGE, "web page")])
def test_what_was_saved_in_place_of_a_file_is_named(sharded, name, text, kind):
    (sharded / name).write_text(text)
    assert complaint(sharded).startswith(f"{sharded / name}: is a {kind}")


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("config.json", b'{\n  "activation_function": "gelu_new",\n  "n_layer": 48\n}\n', "JSON"),
        ("vocab.json", b'{"!": 0, "a": 1}', "JSON"),
        ("tokenizer.json", b"{}", "JSON"),
        ("merges.txt", "#version: 0.2\nĠ t\nĠ a\n".encode(), "'#version: 0.2'"),
        ("README.md", b"# GPT-2\n\n" + "Ĝ".encode() * 5000, "'# GPT-2'"),
        ("note", b"hi", "'hi'"),
        ("model.gguf", b"GGUF\3\0\0\0" + bytes(range(256)), "GGUF"),
        ("tf_model.h5", b"\x89HDF\r\n\x1a\n" + bytes(range(256)), "HDF5"),
        ("gpt2-xl.zip", b"PK\3\4\x14\0\0\0" + bytes(range(256)), "zip"),
        ("gpt2-xl.tar.gz", b"\x1f\x8b\x08\0" + bytes(range(256)), "gzip"),
        ("flax_model.msgpack", b"\xde\0\x02\x81" + bytes(range(200, 256)), ""),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), ""),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_another_file_that_was_chosen_is_called_no_safetensors_file(tmp_path, name, content, kind):
    (tmp_path / name).write_bytes(content)
    message = complaint(tmp_path / name)
    assert message.startswith(f"{tmp_path / name}: is ")
    assert kind in message
    assert "not a safetensors file" in message
    assert "choose a checkpoint's folder" in message


@pytest.mark.parametrize(
    "answer", [b"Entry not found", b'{"error":"Repository not found"}', b"<?xml?><Error/>"]
)
def test_a_servers_answer_in_place_of_weights_is_shown(whole, answer):
    (whole / WEIGHTS).write_bytes(answer)
    message = complaint(whole)
    assert "not a safetensors file; download it again" in message
    assert "JSON" in message or answer.decode() in message


# Half downloads


@pytest.mark.parametrize("left", [0, 5, 8, 9, 500, 9000, -1])
def test_a_download_that_broke_off_is_called_not_whole(whole, left):
    data = (whole / WEIGHTS).read_bytes()
    (whole / WEIGHTS).write_bytes(data[:left])
    message = complaint(whole)
    assert message.endswith("; download it again")
    assert "is empty" in message if left == 0 else "not whole" in message
    if left in (9000, -1):
        assert f"{len(data[:left]):,} of {len(data):,} bytes" in message


@pytest.mark.parametrize("size", [8, 4096, 2**20])
def test_a_file_that_a_download_has_only_made_room_for_is_not_finished(whole, size):
    (whole / WEIGHTS).write_bytes(bytes(size))
    message = complaint(whole)
    assert "begins with zeros" in message
    assert "not finished" in message


@pytest.mark.parametrize("name", ["config.json", INDEX])
def test_an_empty_file_is_called_empty(sharded, name):
    (sharded / name).write_bytes(b"")
    assert complaint(sharded).startswith(f"{sharded / name}: is empty; download")


@pytest.mark.parametrize("ending", [".crdownload", ".part", ".download", ".incomplete", ".aria2"])
@pytest.mark.parametrize("name", [WEIGHTS, SHARDS[1]])
def test_a_download_that_goes_on_is_named(whole, sharded, name, ending):
    folder = whole if name == WEIGHTS else sharded
    (folder / name).rename(folder / f"{name}{ending}")
    message = complaint(folder)
    assert message.startswith(f"{folder / name}{ending}: is a download that was not finished")


def test_a_download_of_hugging_faces_tool_that_goes_on_is_named(whole):
    (whole / WEIGHTS).unlink()
    cache = whole / ".cache" / "huggingface" / "download"
    cache.mkdir(parents=True)
    (cache / "4d7a.incomplete").write_bytes(b"")
    assert "4d7a.incomplete: is a download that was not finished" in complaint(whole)


def test_a_configuration_alone_asks_for_the_weights(whole):
    (whole / WEIGHTS).unlink()
    message = complaint(whole)
    assert "has config.json but no weights" in message
    assert f"download {WEIGHTS}" in message


@pytest.mark.parametrize("name", ["tf_model.h5", "rust_model.ot", "model.onnx", "gpt2.Q8_0.gguf"])
def test_weights_in_another_format_are_named(whole, name):
    (whole / WEIGHTS).rename(whole / name)
    message = complaint(whole)
    assert f"only as {name}, which is not read" in message
    assert f"download {WEIGHTS}" in message


def test_a_missing_tensor_may_mean_that_the_checkpoint_is_not_whole(whole):
    config = json.loads((whole / "config.json").read_text())
    (whole / "config.json").write_text(json.dumps({**config, "n_layer": 48}))
    message = complaint(whole)
    assert "h.2.ln_1.weight is missing" in message
    assert "check that the checkpoint is whole, and that the configuration" in message


# Paths


def test_the_folder_above_a_checkpoint_names_it(tmp_path, whole):
    assert f"but {whole.name} in it is; choose that one" in complaint(tmp_path)
    shutil.copytree(whole, tmp_path / "another")
    message = complaint(tmp_path)
    assert "has 2 checkpoints' folders in it, such as another" in message


def test_the_root_of_hugging_faces_cache_names_the_snapshot(tmp_path):
    root = tmp_path / "hub" / "models--openai-community--gpt2-xl"
    snapshot = root / "snapshots" / "15ea56dee5df4983c59b2538573817e1667135e2"
    snapshot.mkdir(parents=True)
    (root / "blobs").mkdir()
    for name in ("config.json", WEIGHTS):
        shutil.copy(GOLDEN / "huggingface-tied" / name, root / "blobs" / name[:4])
        link(snapshot / name, f"../../blobs/{name[:4]}")
    assert model.load(snapshot).has_weights
    for folder in (root.parent, root, snapshot.parent):
        assert f"but {snapshot.relative_to(folder)} in it is" in complaint(folder)
    (root / "blobs" / WEIGHTS[:4]).unlink()
    message = complaint(snapshot)
    assert message.startswith(f"{snapshot / WEIGHTS}: is a link to a file that does not exist")


@pytest.mark.parametrize("name", [INDEX, SHARDS[1], "config.json", "vocab.json"])
def test_a_link_to_nowhere_is_not_taken_for_a_file_that_is_not_there(sharded, name):
    (sharded / name).unlink()
    link(sharded / name, "../nowhere")
    message = complaint(sharded)
    assert message.startswith(f"{sharded / name}: is a link to a file that does not exist")


@pytest.mark.parametrize("around", ['"{}"', "'{}'", " {}", "{}\n"])
def test_a_path_in_quotation_marks_says_to_remove_them(whole, around):
    assert "remove them" in complaint(around.format(whole))


@pytest.mark.parametrize(
    "address", ["https://huggingface.co/openai-community/gpt2-xl", "hf://gpt2", "file:///gpt2"]
)
def test_an_address_is_called_one(address):
    message = complaint(address)
    assert message.startswith(f"{address}: is an address")
    assert "download the checkpoint" in message


@pytest.mark.parametrize("name", ["openai-community/gpt2-xl", "gpt2-medium", "GPT2-XL"])
def test_the_name_of_a_model_says_that_it_has_to_be_downloaded(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = complaint(name)
    assert "gpt2-xl, gpt3" in message
    assert "downloaded" in message


def test_a_tilde_asks_for_the_whole_path():
    assert "write the whole path" in complaint("~/models/gpt2-xl")


def test_files_that_only_look_unfinished_do_not_matter_where_weights_are(whole):
    (whole / "notes.part").write_bytes(b"")
    (whole / f"{WEIGHTS}.part").write_bytes(b"")
    assert model.load(whole).has_weights


def test_a_file_larger_than_its_tensors_is_not_called_half_of_one(whole):
    save_file({"wte.weight": np.ones((4, 4), np.float32)}, whole / WEIGHTS)
    with (whole / WEIGHTS).open("ab") as file:
        file.write(b"more")
    message = complaint(whole)
    assert "not whole" not in message
    assert "its tensors end elsewhere" in message
