"""Numbers are read where they lie: single ones without the rest, whole blocks as they are drawn."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from llmviz_addon import explain, model
from llmviz_addon.explain import reading

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "model" / "golden"


@pytest.mark.parametrize("chunk", [7, 2**20])
def test_a_whole_block_is_read_as_it_is_drawn(nano, monkeypatch, chunk):
    monkeypatch.setattr(reading, "_CHUNK", chunk)
    for name in ("wte", "tokens", "layer0.head1.attention", "layer1.mlp", "layer2.ln_1.bias"):
        block = nano.anatomy.blocks[name]
        found = nano.reader.read_all(block)
        np.testing.assert_array_equal(found.values, block.cells(nano.trace))
        assert found.exactness == "exact"


@pytest.mark.parametrize(
    "case", [path.name for path in sorted(GOLDEN.iterdir()) if (path / "config.json").exists()]
)
def test_single_weights_are_those_of_the_whole_block_in_every_layout(case):
    loaded = model.load(GOLDEN / case)
    explained = explain.ExplainedModel(loaded, " ".join("0" * 2))
    random = np.random.default_rng(1)
    for block in explained.anatomy.blocks.values():
        columns = random.integers(0, block.columns, 5)
        rows = random.integers(0, block.rows, 5)
        found = explained.reader.read(block, columns, rows).values
        np.testing.assert_array_equal(found, block.cells(explained.trace)[columns, rows])


def test_one_number_of_a_large_file_of_halves_converts_no_others(tmp_path):
    sizes = {"n_layer": 1, "n_head": 2, "n_embd": 64, "n_positions": 8, "vocab_size": 60_000}
    small = load_file(GOLDEN / "huggingface-tied" / "model.safetensors")
    prefix = "transformer." if any(name.startswith("transformer.") for name in small) else ""
    wide, random = sizes["n_embd"], np.random.default_rng(0)
    shapes = {
        "wte.weight": (sizes["vocab_size"], wide),
        "wpe.weight": (8, wide),
        "h.0.attn.c_attn.weight": (wide, 3 * wide),
        "h.0.attn.c_attn.bias": (3 * wide,),
        "h.0.attn.c_proj.weight": (wide, wide),
        "h.0.attn.c_proj.bias": (wide,),
        "h.0.mlp.c_fc.weight": (wide, 4 * wide),
        "h.0.mlp.c_fc.bias": (4 * wide,),
        "h.0.mlp.c_proj.weight": (4 * wide, wide),
        "h.0.mlp.c_proj.bias": (wide,),
        **{
            f"{norm}.{part}": (wide,)
            for norm in ("h.0.ln_1", "h.0.ln_2", "ln_f")
            for part in ("weight", "bias")
        },
    }
    tensors = {
        prefix + name: random.normal(size=shape).astype(np.float16)
        for name, shape in shapes.items()
    }
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "gpt2", **sizes}))
    found = explain.load(tmp_path, "1 2 3")
    found.explain("wte", 59_999, 63)
    tracemalloc.start()
    try:
        answer = found.explain("wte", 59_999, 63)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.value == float(tensors[f"{prefix}wte.weight"][59_999, 63])
    assert peak < 2**20, "the whole embedding takes 15 MB"


def test_the_guide_shows_what_is_printed(nano):
    guide = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = guide.split("print(found)\n```\n\n```\n")[1].split("\n```")[0]
    assert shown == str(nano.explain("layer0.head1.attention", column=1, row=3))
