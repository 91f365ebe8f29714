"""Weights that are large are read a piece at a time: the same numbers, in short steps."""

from __future__ import annotations

import json
import os
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import model
from llmviz_addon.model import Weights
from llmviz_addon.model.families.gpt2 import forward

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(
    folder.name for folder in GOLDEN.iterdir() if (folder / "trace.safetensors").exists()
)
WEIGHTS = "model.safetensors"
# The cost that multiplying by one number of a weight counts as, in passes of few positions.
READ = forward._TOUCH


@pytest.fixture
def small_steps(monkeypatch):
    """Let a step have room for a hundred numbers of a weight."""
    monkeypatch.setattr(forward, "_STEP", 100 * READ)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("small_steps")
def test_a_pass_in_pieces_agrees_with_transformers(case):
    golden = load_file(GOLDEN / case / "trace.safetensors")
    trace = model.load(GOLDEN / case).forward(golden["tokens"].tolist())
    for name, wanted in golden.items():
        np.testing.assert_allclose(trace[name], wanted, rtol=1e-5, atol=1e-5, err_msg=name)


@pytest.mark.usefixtures("small_steps")
def test_no_step_reads_more_than_it_has_room_for(monkeypatch):
    read: list[int] = []
    piece = Weights.piece

    def counting(*arguments):
        found = piece(*arguments)
        read.append(found.size)
        return found

    monkeypatch.setattr(Weights, "piece", counting)
    steps = model.load(GOLDEN / "nanogpt").complete_steps([1, 2, 3], 2)
    fractions, total = [], 0
    for fraction, _ in steps:
        assert sum(read) <= 100 or len(read) == 1  # a single output may need more
        fractions.append(fraction)
        total += sum(read)
        read.clear()
    assert fractions == sorted(fractions)
    assert len(fractions) > total // 100


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16"])
def test_the_logits_of_gpt2_xl_take_several_steps_and_little_memory(tmp_path, write_hollow, dtype):
    sizes = {"n_layer": 1, "n_embd": 1600, "n_positions": 1024, "vocab_size": 50257}
    write_hollow(tmp_path / WEIGHTS, dtype=dtype, **sizes)
    (tmp_path / "config.json").write_text(
        json.dumps({"model_type": "gpt2", "n_head": 25, "tie_word_embeddings": True, **sizes})
    )
    steps = model.load(tmp_path).complete_steps([1, 2], 0)
    labels = []
    tracemalloc.start()
    try:
        for _, label in steps:
            labels.append(label)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert labels[0] == "Computing the prompt"
    # Its 80 million numbers, 16 million at a time.
    assert labels.count("Computing the prompt, layer 1 of 1") >= 5
    assert peak < 72 * 2**20


@pytest.mark.parametrize("n_tokens", [1, 6])
def test_a_file_of_halves_computes_what_its_numbers_do_in_float32(tmp_path, n_tokens):
    source = GOLDEN / "float16"
    tensors = load_file(source / WEIGHTS)
    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype(np.float16)}
    wide = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    save_file(wide, tmp_path / WEIGHTS)
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    ids = list(range(n_tokens))
    halves, floats = model.load(source).forward(ids), model.load(tmp_path).forward(ids)
    for name in halves:
        np.testing.assert_array_equal(halves[name], floats[name], err_msg=name)


@pytest.mark.usefixtures("small_steps")
def test_a_file_that_shrinks_between_two_pieces_is_refused(tmp_path):
    for name in ("config.json", WEIGHTS):
        (tmp_path / name).write_bytes((GOLDEN / "huggingface-tied" / name).read_bytes())
    steps = model.load(tmp_path).complete_steps([0, 1], 0)
    for _ in range(7):
        _, label = next(steps)
    assert label.endswith("layer 0 of 2")  # in the midst of the first
    try:
        os.truncate(tmp_path / WEIGHTS, 4096)
    except OSError:
        pytest.skip("this system keeps files that are mapped")
    with pytest.raises(model.CheckpointError, match="changed its size"):
        list(steps)


@pytest.mark.usefixtures("small_steps")
def test_steps_within_a_layer_leave_numpys_warnings_as_they_were():
    before = np.geterr()
    for _ in model.load(GOLDEN / "mingpt").complete_steps([0, 1], 1):
        assert np.geterr() == before


@pytest.mark.usefixtures("small_steps")
def test_a_damaged_number_in_a_piece_is_named_with_its_place(tmp_path):
    source = GOLDEN / "huggingface-tied"
    tensors = load_file(source / WEIGHTS)
    tensors["transformer.h.1.mlp.c_fc.weight"][3, 61] = np.nan
    save_file(tensors, tmp_path / WEIGHTS)
    (tmp_path / "config.json").write_bytes((source / "config.json").read_bytes())
    with pytest.raises(
        model.CheckpointError, match=r"c_fc.weight holds NaN or infinity at \[3, 61"
    ):
        model.load(tmp_path).forward([0, 1, 2])
