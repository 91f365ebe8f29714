"""Digests: the same for the same tensors, whatever a file's name, size or time."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
TIED = GOLDEN / "huggingface-tied"
WEIGHTS = "model.safetensors"
C_FC = "transformer.h.1.mlp.c_fc.weight"


@pytest.fixture
def folder(tmp_path) -> Path:
    target = tmp_path / "m"
    target.mkdir()
    shutil.copy(TIED / "config.json", target)
    save_file(load_file(TIED / WEIGHTS), target / WEIGHTS)
    return target


def disguised(folder: Path, tensors: dict) -> None:
    """Write other tensors, and leave the file's name, size and time as they were."""
    path = folder / WEIGHTS
    before = path.stat()
    save_file(tensors, path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize("name", sorted(load_file(TIED / WEIGHTS)))
def test_one_bit_makes_another_model_whatever_the_file_looks_like(folder, name):
    before = model.load(folder).digest()
    tensors = load_file(folder / WEIGHTS)
    tensors[name].view(np.uint32).flat[-1] ^= 1
    disguised(folder, tensors)
    assert model.load(folder).digest() != before


def test_tensors_that_change_places_make_another_model(folder):
    before = model.load(folder).digest()
    tensors = load_file(folder / WEIGHTS)
    names = ("transformer.h.0.ln_1.weight", "transformer.h.1.ln_1.weight")
    tensors[names[0]], tensors[names[1]] = tensors[names[1]] + 0, tensors[names[0]] + 0
    disguised(folder, tensors)
    assert model.load(folder).digest() != before


def test_a_checkpoint_that_was_moved_touched_or_sharded_is_the_same(folder, tmp_path):
    wanted = model.load(folder).digest()
    moved = folder.rename(tmp_path / "elsewhere")
    (moved / WEIGHTS).rename(moved / "gpt2.safetensors")
    os.utime(moved / "gpt2.safetensors", ns=(0, 0))
    assert model.load(moved).digest() == wanted
    tensors = load_file(moved / "gpt2.safetensors")
    (moved / "gpt2.safetensors").unlink()
    places = {name: f"part-{i % 3}.safetensors" for i, name in enumerate(sorted(tensors))}
    for file in set(places.values()):
        save_file({n: tensors[n] for n, at in places.items() if at == file}, moved / file)
    (moved / "model.safetensors.index.json").write_text(json.dumps({"weight_map": places}))
    assert model.load(moved).digest() == wanted


def test_only_the_blocks_that_are_asked_for_matter(folder):
    blocks = ["layer0.head1.q_weight", "layer0.head0.v_bias", "wte"]
    further = "layer1.mlp_weight"
    before = model.load(folder)
    wanted = before.digest(blocks)
    others = {before.digest([further]), before.digest([*blocks, further]), wanted}
    del before  # it holds the file open
    tensors = load_file(folder / WEIGHTS)
    tensors[C_FC] += 1
    disguised(folder, tensors)
    after = model.load(folder)
    assert after.digest(reversed(blocks)) == wanted
    assert not {after.digest([further]), after.digest([*blocks, further])} & others


def test_a_tensor_is_read_once_for_all_digests_of_a_model(folder):
    loaded = model.load(folder)
    assert list(loaded.digest_steps(["wte", "layer0.head1.q_weight"]))
    assert not list(loaded.digest_steps(["layer0.head0.k_weight"]))  # in the same tensor
    assert list(loaded.digest_steps())
    assert not list(loaded.digest_steps())


def test_a_dtype_of_its_own_makes_another_model():
    plain, halved = (model.load(GOLDEN / case) for case in ("huggingface-tied", "float16"))
    assert plain.digest(["wte"]) != halved.digest(["wte"])


def test_a_model_without_numbers_has_no_digest():
    assert model.load("gpt3").digest() == ""
    assert len(model.load("nano-gpt").digest()) == 32


def test_it_goes_in_steps_of_at_most_64_megabytes(tmp_path, write_hollow):
    sizes = {"n_layer": 2, "n_embd": 1024, "n_positions": 1024, "vocab_size": 50257}
    write_hollow(tmp_path / WEIGHTS, **sizes)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", "n_head": 16, **sizes}))
    loaded = model.load(tmp_path)
    steps = list(loaded.digest_steps())
    assert len(steps) >= loaded.n_bytes / 2**26
    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] < fractions[-1] < 1
    assert all(label for _, label in steps)
    stopped = model.load(tmp_path).digest_steps()
    next(stopped)
    stopped.close()


def test_a_file_that_shrinks_meanwhile_is_named(folder):
    loaded = model.load(folder)
    loaded.weights["wpe"]
    try:
        os.truncate(folder / WEIGHTS, 4096)
    except OSError:
        pytest.skip("this system keeps files that are mapped")
    with pytest.raises(model.CheckpointError, match="has changed its size"):
        loaded.digest()


def test_another_header_of_the_same_size_and_time_is_noticed_before_numbers_are_read(folder):
    loaded = model.load(folder)
    path = folder / WEIGHTS
    before, data = path.stat(), path.read_bytes()
    one, other = b"h.0.ln_1.weight", b"h.0.ln_2.weight"
    swapped = data.replace(one, b"h.0.ln_X.weight").replace(other, one)
    path.write_bytes(swapped.replace(b"h.0.ln_X.weight", other))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(model.CheckpointError, match="has changed its content"):
        loaded.weights["wte"]
