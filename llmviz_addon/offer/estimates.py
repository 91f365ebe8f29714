"""Estimates of a model's drawing: cells, file size, the memory it takes, and the memory at hand.

Planning GPT-3 takes most of a second, and panels draw many times in one, so the latest estimates
are kept.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..bounded import Bounded
from ..errors import Problem

if TYPE_CHECKING:
    from ..detail import Estimate, Plan
    from ..model import Config

_KILO = 1_000

# Heads, of all layers together, up to which a plan takes hundredths of a second.
_QUICK = 500

# The latest estimates, by the arguments of `estimate`.
_found: Bounded[tuple, Estimate] = Bounded(16)


class MemoryShortageError(Problem):
    """A model that will not fit into memory; the message is one sentence for people."""


def is_slow(*question: Any) -> bool:
    """True if `estimate` takes longer for these arguments than a panel may take to draw."""
    config = question[0]
    return config.n_layer * config.n_head > _QUICK and question not in _found


def estimate(
    config: Config,
    n_prompt: int,
    max_new_tokens: int,
    full_context: bool,
    cubes: int,
    slabs: int,
) -> Estimate:
    """The size of a model's drawing: cells, file and memory.

    Parameters
    ----------
    config
        Its architecture.
    n_prompt
        Tokens of the prompt; 0 for a model that has no numbers.
    max_new_tokens
        Tokens that are appended to it, if the context has room for them.
    full_context
        True to draw all of the context.
    cubes, slabs
        The budget: cells as cubes, and megabytes of slab values.
    """
    question = config, n_prompt, max_new_tokens, full_context, cubes, slabs
    if question not in _found:
        _found[question] = plan_of(*question).estimate
    return _found[question]


def plan_of(
    config: Config,
    n_prompt: int,
    max_new_tokens: int,
    full_context: bool,
    cubes: int,
    slabs: int,
) -> Plan:
    """The plan of a model's drawing, as it is before a person has arranged anything."""
    from .. import detail

    computed = detail.n_computed(config, n_prompt, max_new_tokens)
    budget = detail.Budget(cubes, slabs)
    return detail.plan(config, computed, full_context=full_context, budget=budget)


def rows(found: Estimate) -> tuple[tuple[str, str], ...]:
    """An estimate as names and values for people; rows that would say 0 are left out."""
    cells = (("Cubes", found.cubes), ("Slabs", found.slabs), ("Shape Only", found.shapes))
    return (
        *((name, f"{count:,} cells") for name, count in cells if count),
        ("File", f"about {size(found.file_bytes)}"),
        ("Memory", f"about {size(found.memory_bytes)}"),
        *([("Rendering", f"about {size(found.render_bytes)}")] if found.render_bytes else ()),
    )


def only_cubes(found: Estimate) -> bool:
    """True if every cell is drawn as a cube, as in small models."""
    return bool(found.cubes) and not found.slabs and not found.shapes


def size(n_bytes: float) -> str:
    """A number of bytes for people, like "138 MB", in thousands as disks are sold."""
    for unit in ("bytes", "KB", "MB"):
        if round(n_bytes) < _KILO:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= _KILO
    return f"{n_bytes:,.1f} GB"


def why_no_memory(title: str, needed: Estimate, available: int | None) -> str:
    """The sentence on a model that memory is too short for; empty if it fits or nothing is known.

    Parameters
    ----------
    title
        The model's name.
    needed
        The estimate. It does not count the checkpoint itself, which the system reads from the disk
        piece by piece, dropping pieces that it has no room for.
    available
        Bytes of memory that other programs leave; None where the system does not say.
    """
    if available is None or needed.memory_bytes <= available:
        return ""
    cures = ["close other programs"]
    # A cure is named only where it would free a good part of what is needed.
    if 3 * needed.trace_bytes > needed.memory_bytes:
        cures.append("use a shorter prompt")
    if 3 * needed.drawn_bytes > needed.memory_bytes:
        cures.append("lower Cubes and Slab Memory under Detail")
    return (
        f"{title} needs about {size(needed.memory_bytes)} of memory to build and "
        f"{size(available)} are free; {' or '.join(cures)}"
    )


def check_memory(title: str, needed: Estimate) -> None:
    """Refuse a model that does not fit into the memory that is available now.

    Raises
    ------
    MemoryShortageError
        With the sentence of `why_no_memory`.
    """
    if reason := why_no_memory(title, needed, available_memory()):
        raise MemoryShortageError(reason)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX, as Windows' sysinfoapi.h declares it."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "available", "page", "free_page")),
        *((name, ctypes.c_uint64) for name in ("virtual", "free_virtual", "free_extended")),
    )


def available_memory() -> int | None:
    """Bytes that can be had without swapping; None where the system does not say."""
    if sys.platform == "win32":
        status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
        found = ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return int(status.available) if found else None
    try:
        return available_in(Path("/proc/meminfo").read_text("ascii"))
    except (OSError, ValueError):
        return None


def available_in(meminfo: str) -> int | None:
    """Bytes that Linux's `/proc/meminfo` calls available; None where it does not say."""
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        amount, _, unit = rest.strip().partition(" ")
        if name == "MemAvailable" and amount.isdigit() and unit == "kB":
            return int(amount) * 1024
    return None
