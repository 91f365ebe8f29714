"""Measure the forward pass of a GPT-2 of the smallest released size against torch's.

    bench_forward.py [TOKENS]    print the table; 64 tokens unless given

A checkpoint of 124,439,808 seeded numbers is written and opened; both sides compute from its file,
with as many threads. Torch's side is a plain forward pass from its own functions, with its fused
attention, and gives nothing but logits. Without torch, which nothing else in development needs, the
rows that compare with it are left out. Files of 16 bits a number are measured against the one of
32. Nothing here passes or fails.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Settings that somebody made for one machine's OpenBLAS would slow down numpy's side only.
for _name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(_name, None)

import numpy as np  # noqa: E402
from bench_checkpoint import N_PARAMETERS, SIZES, write_checkpoint, write_halves  # noqa: E402
from bench_rows import head, megabytes, row, say, take_turns, time_row  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from llmviz_addon import model  # noqa: E402

ROUNDS = 9
APPENDED = 5


def n_threads() -> int:
    """Threads of numpy's BLAS: one for each processor that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def torch_forward(path: Path, ids: list[int]) -> Callable[[], Any]:
    """A function that computes the logits of a sequence in torch."""
    import torch
    from safetensors.torch import load_file
    from torch.nn import functional as fn

    torch.set_num_threads(n_threads())
    held = load_file(path)
    tokens = torch.tensor(ids)
    width, n_head = SIZES["n_embd"], SIZES["n_head"]

    def norm(x: Any, name: str) -> Any:
        return fn.layer_norm(x, (width,), held[f"{name}.weight"], held[f"{name}.bias"], 1e-5)

    def linear(x: Any, name: str) -> Any:
        return torch.addmm(held[f"{name}.bias"], x, held[f"{name}.weight"])

    @torch.no_grad()
    def forward() -> Any:
        x = held["wte.weight"][tokens] + held["wpe.weight"][: len(ids)]
        for layer in range(SIZES["n_layer"]):
            h = f"h.{layer}"
            qkv = linear(norm(x, f"{h}.ln_1"), f"{h}.attn.c_attn").split(width, dim=1)
            q, k, v = (part.view(len(ids), n_head, -1).transpose(0, 1) for part in qkv)
            heads = fn.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
            joined = heads.transpose(0, 1).reshape(len(ids), width)
            x = x + linear(joined, f"{h}.attn.c_proj")
            hidden = linear(norm(x, f"{h}.ln_2"), f"{h}.mlp.c_fc")
            x = x + linear(fn.gelu(hidden, approximate="tanh"), f"{h}.mlp.c_proj")
        return norm(x, "ln_f") @ held["wte.weight"].T

    return forward


def read_header(path: Path) -> bytes:
    """The header of a file, which is the least that opening it has to read."""
    with path.open("rb") as file:
        return file.read(int.from_bytes(file.read(8), "little"))


def measure_forward(loaded: model.Model, path: Path, ids: list[int]) -> None:
    """The rows about a pass over the prompt, against torch where there is torch."""
    try:
        forward = torch_forward(path, ids)
    except ImportError:
        say(
            "  torch is not installed here, so the forward pass has nothing to be measured against."
        )
        return
    turn = take_turns(ROUNDS, lambda: loaded.forward(ids), forward)
    time_row(f"Forward, {len(ids)} tokens", "the same in torch", turn)
    ours, wanted = loaded.forward(ids).logits, forward().numpy()
    worst = float(np.abs(ours - wanted).max() / np.abs(wanted).max())
    row("Logits, largest difference", f"{worst:.1e}", "torch's largest logit", "1", worst)


def measure_halves(loaded: model.Model, path: Path, folder: Path, ids: list[int]) -> None:
    """The rows about files of half the size, whose numbers have to be converted in every pass."""
    for dtype in ("F16", "BF16"):
        halves = model.load(write_halves(path, folder / dtype, dtype).parent)
        for sequence in (ids, ids[:1]):
            turn = take_turns(
                ROUNDS,
                lambda halves=halves, sequence=sequence: halves.forward(sequence),
                lambda sequence=sequence: loaded.forward(sequence),
            )
            what = f"From {dtype}, {len(sequence)} token{'s' * (len(sequence) > 1)}"
            time_row(what, "from F32", turn)
        measure_memory(halves, ids)


def measure_memory(loaded: model.Model, ids: list[int]) -> None:
    """The row about the memory of a pass at its peak, next to the size of its result."""
    tracemalloc.start()
    trace = loaded.forward(ids)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    weights = ("wte", "wpe", "lm_head")
    computed = [n for n in trace if n not in weights and not n.endswith(("weight", "bias"))]
    made = sum(trace[name].nbytes for name in computed)
    row("Memory of a pass, peak", megabytes(most), "its activations", megabytes(made), most / made)


def main(arguments: list[str]) -> int:
    """Print the table."""
    n_tokens = int(arguments[0]) if arguments else 64
    ids = np.random.default_rng(1).integers(0, SIZES["vocab_size"], n_tokens).tolist()
    say(f"\nGPT-2 of {N_PARAMETERS:,} seeded numbers, {n_threads()} threads, medians\n")
    head()
    with tempfile.TemporaryDirectory(prefix="llmviz-bench-") as name:
        folder = Path(name)
        path = write_checkpoint(folder)
        opened = take_turns(ROUNDS, lambda: model.load(folder), lambda: read_header(path))
        time_row(f"Open a file of {megabytes(path.stat().st_size)}", "reading its header", opened)
        loaded = model.load(folder)
        measure_forward(loaded, path, ids)
        grown = take_turns(
            ROUNDS, lambda: loaded.complete(ids, APPENDED), lambda: loaded.forward(ids)
        )
        time_row(f"The same and {APPENDED} more tokens", "the forward pass alone", grown)
        measure_memory(loaded, ids)
        measure_halves(loaded, path, folder, ids)
    say()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
