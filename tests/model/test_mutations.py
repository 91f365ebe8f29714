"""Random damage to a sound checkpoint: it computes finite numbers or says what is wrong.

Never another exception, never a crash, and never much memory.
"""

from __future__ import annotations

import json
import random
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from llmviz_addon import model

GOLDEN = Path(__file__).parent / "golden"
CASES = ["huggingface-untied-bare", "mingpt", "bfloat16"]
ROUNDS = 120
IDS = [0, 1, 2]


def flip_header(data: bytearray, rng: random.Random) -> None:
    length = struct.unpack("<Q", data[:8])[0]
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(8, 8 + length)] ^= 1 << rng.randrange(8)


def flip_length(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(8)] ^= 1 << rng.randrange(8)


def flip_data(data: bytearray, rng: random.Random) -> None:
    start = 8 + struct.unpack("<Q", data[:8])[0]
    for _ in range(rng.randint(1, 64)):
        data[rng.randrange(start, len(data))] ^= 1 << rng.randrange(8)


def truncate(data: bytearray, rng: random.Random) -> None:
    del data[rng.randrange(len(data)) :]


def extend(data: bytearray, rng: random.Random) -> None:
    data += rng.randbytes(rng.randint(1, 5000))


def remove_inside(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 100)]


def change_digits(data: bytearray, rng: random.Random) -> None:
    """Change digits of the header: shapes, offsets, dtypes and layer numbers."""
    length = struct.unpack("<Q", data[:8])[0]
    digits = [i for i in range(8, 8 + length) if chr(data[i]).isdigit()]
    for i in rng.sample(digits, rng.randint(1, 3)):
        data[i] = ord(rng.choice("0123456789"))


def shuffle_entries(data: bytearray, rng: random.Random) -> None:
    """Shuffle the header's entries: it is sound by itself, but describes other tensors."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    names = [name for name in header if name != "__metadata__"]
    one, two = rng.sample(names, 2)
    header[one], header[two] = header[two], header[one]
    text = json.dumps(header).encode()
    data[: 8 + length] = struct.pack("<Q", len(text)) + text


MUTATIONS = [
    flip_header, flip_length, flip_data, truncate, extend, remove_inside, change_digits,
    shuffle_entries,
]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_file_computes_finite_numbers_or_says_what_is_wrong(case, tmp_path):
    rng = random.Random(case)
    sound = (GOLDEN / case / "model.safetensors").read_bytes()
    (tmp_path / "config.json").write_bytes((GOLDEN / case / "config.json").read_bytes())
    outcomes = {"computed": 0, "refused": 0}
    for i in range(ROUNDS):
        data = bytearray(sound)
        MUTATIONS[i % len(MUTATIONS)](data, rng)
        # A new file each time, since a file that changes while it is mapped is another case.
        path = tmp_path / f"{i}.safetensors"
        path.write_bytes(data)
        outcomes[outcome(path)] += 1
    assert min(outcomes.values()) > 0


@pytest.mark.parametrize("case", CASES)
def test_a_damaged_configuration_computes_or_says_what_is_wrong(case, tmp_path):
    rng = random.Random(case)
    sound = (GOLDEN / case / "config.json").read_bytes()
    path = tmp_path / "model.safetensors"
    path.write_bytes((GOLDEN / case / "model.safetensors").read_bytes())
    for _ in range(ROUNDS):
        data = bytearray(sound)
        for _ in range(rng.randint(1, 3)):
            data[rng.randrange(len(data))] = rng.choice(b'0123456789"{}[],:-.etrufalsn ')
        (tmp_path / "config.json").write_bytes(data)
        outcome(path)


def outcome(path: Path) -> str:
    tracemalloc.start()
    try:
        logits = model.load(path).forward(IDS).logits
    except model.ModelError:
        return "refused"
    else:
        assert np.isfinite(logits).all()
        return "computed"
    finally:
        assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        tracemalloc.stop()
