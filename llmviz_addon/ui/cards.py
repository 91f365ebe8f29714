"""What people are told of a model before it is built, and whether a prompt fits it.

Panels draw many times a second, so what a checkpoint's files say is kept for a moment. Nothing
here knows Blender, and no tensor is read. The model room is imported on first use, so that Blender
does not wait for numpy when it starts.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import Config, Model

# Seconds for which files are taken to be as they were.
FRESH = 2.0
_MOST_KEPT = 16


@dataclass(frozen=True)
class Card:
    """What there is to say of a model.

    Attributes
    ----------
    title : str
        Its name; empty where there is no such model.
    facts : tuple of str
        Parameters, shape and context, a line each.
    problem : str
        Why it cannot be built, as a sentence for people; empty where it can.
    reader : Model or None
        The model without its weights, to read prompts with.
    """

    title: str
    facts: tuple[str, ...] = ()
    problem: str = ""
    reader: Model | None = None

    def read(self, prompt: str) -> tuple[Sequence[int], str]:
        """The token ids of a prompt, and what is wrong with it (empty where nothing is)."""
        from ..model import ModelError

        if self.reader is None:
            return (), ""
        try:
            return self.reader.read_prompt(prompt), ""
        except ModelError as error:
            return (), str(error)


def parameters(config: Config) -> str:
    """How many parameters, like "85,584 parameters"."""
    return f"{config.n_parameters:,} parameters"


def shape(config: Config) -> str:
    """Layers, heads and channels, like "3 layers × 3 heads × 48 channels"."""
    counted = ((config.n_layer, "layer"), (config.n_head, "head"), (config.n_embd, "channel"))
    return " × ".join(f"{n:,} {word}{'s' * (n != 1)}" for n, word in counted)


def sizes(config: Config) -> str:
    """Context and vocabulary, like "Context of 11, vocabulary of 3"."""
    return f"Context of {config.n_ctx:,}, vocabulary of {config.n_vocab:,}"


def describe(model: Model) -> str:
    """All there is to say of a model, as lines of text."""
    config = model.config
    head = config.n_head_parameters
    rows = [
        ("Parameters", f"{config.n_parameters:,}"),
        ("Output head", f"{head:,} parameters of its own" if head else "the token embedding"),
        ("Layers", f"{config.n_layer:,}"),
        ("Heads", f"{config.n_head:,} a layer, {config.d_head:,} channels each"),
        ("Channels", f"{config.n_embd:,}"),
        ("MLP", f"{config.d_ff:,} neurons, {config.activation}"),
        ("Context", f"{config.n_ctx:,} tokens"),
        ("Vocabulary", f"{config.n_vocab:,} tokens"),
        ("Biases", "yes" if config.bias else "no"),
        ("Numbers", "yes" if model.has_weights else "no, architecture only"),
    ]
    if model.unused:
        rows.append(("Not needed", ", ".join(model.unused)))
    width = max(len(name) for name, _ in rows)
    return "\n".join([model.title, *(f"  {name:<{width}}  {value}" for name, value in rows), ""])


def weights_missing(title: str) -> str:
    """Why a model that comes as architecture only cannot be built, and which files change that."""
    return (
        f"{title} comes without its numbers; to build it, choose Checkpoint and a folder "
        "that has its config.json and model.safetensors"
    )


def card(source: str) -> Card:
    """The card of a preset's id or a checkpoint's path; never raises for what is wrong with it."""
    now = time.monotonic()
    kept = _kept.get(source)
    if kept is not None:
        read_at, mark, found = kept
        if now - read_at < FRESH:
            return found
        if mark == _mark(source):
            _kept[source] = (now, mark, found)
            return found
    while len(_kept) >= _MOST_KEPT:
        del _kept[next(iter(_kept))]
    mark, found = _mark(source), _read(source)
    _kept[source] = (now, mark, found)
    return found


def preset_ids() -> tuple[str, ...]:
    """Ids of the presets, the smallest model first; none where a preset's file is broken."""
    from ..model import ModelError, presets

    try:
        return tuple(preset.id for preset in presets())
    except ModelError:
        return ()


def starting_prompt(source: str) -> str:
    """The prompt that a preset proposes; empty for others."""
    from ..model import presets

    if source not in preset_ids():
        return ""
    return next(preset.prompt for preset in presets() if preset.id == source)


# When it was read, what the files looked like then, and the card, by source.
_kept: dict[str, tuple[float, object, Card]] = {}


def _mark(source: str) -> object:
    """What changes when the files of a checkpoint do."""
    path = Path(source)
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        return tuple((f.name, f.stat().st_mtime_ns, f.stat().st_size) for f in files[:1000])
    except (OSError, ValueError):
        return None


def _read(source: str) -> Card:
    from ..model import ModelError, load

    if not source.strip():
        return Card("", problem="Choose a checkpoint: a model's folder or its .safetensors file")
    try:
        model = load(source)
    except ModelError as error:
        return Card("", problem=str(error))
    config = model.config
    return Card(
        title=model.title,
        facts=(parameters(config), shape(config), sizes(config)),
        problem="" if model.has_weights else weights_missing(model.title),
        # Without its weights, so that no file stays open.
        reader=replace(model, weights=None),
    )
