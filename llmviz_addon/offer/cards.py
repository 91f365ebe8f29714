"""Cards: a model's description, read from its files, and a reader for its prompts.

Panels draw many times a second, so cards are kept, and their files are looked at again only every
few seconds. No tensor is read.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..bounded import Bounded
from ..counting import counted
from . import estimates

if TYPE_CHECKING:
    from ..detail import Estimate
    from ..model import Config, Model

# Seconds for which a checkpoint's files are not looked at again.
FRESH = 2.0

# Most cards that are kept, and most prompts that each keeps as it read them.
_MOST_KEPT = 16

# Most files of a folder that are watched for changes, and bytes below which settings are compared
# by their content.
_MOST_FILES, _SMALL = 1000, 100_000

FILMED = 64
"""Most tokens of a prompt, and most that are appended to it, for which a walkthrough is made; with
more, a model is built all the same."""

# Presets whose weights were never published, so that no checkpoint can bring them.
_UNPUBLISHED = ("gpt3",)

# The prompt to begin with for a model that reads words and proposes none.
_WORDS = "The quick brown fox"

# The same for a model that reads token ids.
_ID = "0"

# Files in the folder of a checkpoint in Hugging Face's format, as a panel lists them.
_FILES = ("config.json", "model.safetensors", "tokenizer.json, or", "vocab.json, merges.txt")


@dataclass(frozen=True)
class Card:
    """A model's description for people.

    Attributes
    ----------
    title : str
        Its name; empty where there is no such model.
    summary : str
        One line on what a preset is or does; empty for a checkpoint.
    facts : tuple of str
        Parameters, shape and context, a line each.
    problem : str
        The reason why it cannot be built, as a sentence for people; empty where it can.
    note : str
        For a model without numbers, a sentence that says so and how to get them; else empty.
    files : tuple of str
        The files that the note speaks of, a line each.
    proposal : str
        A prompt to begin with; empty for a model without numbers.
    reader : Model or None
        The model without its weights, to read prompts with.
    has_numbers : bool
        True if there are weights, so that it computes.
    assumptions : tuple of str
        A sentence on each setting that the configuration leaves open and that was assumed.
    asks_activation : bool
        True if the configuration leaves the activation open, so that one may be chosen.
    """

    title: str
    summary: str = ""
    facts: tuple[str, ...] = ()
    problem: str = ""
    note: str = ""
    files: tuple[str, ...] = ()
    proposal: str = ""
    reader: Model | None = None
    has_numbers: bool = False
    assumptions: tuple[str, ...] = ()
    asks_activation: bool = False
    _readings: Bounded[str, tuple[Sequence[int], str]] = field(
        default_factory=lambda: Bounded(_MOST_KEPT), compare=False, repr=False
    )

    def read(self, prompt: str) -> tuple[Sequence[int], str]:
        """The token ids of a prompt, and the problem with it (empty where there is none).

        A model without numbers reads nothing, and takes every prompt for right.
        """
        if self.reader is None or not self.has_numbers:
            return (), ""
        if prompt not in self._readings:
            self._readings[prompt] = _tokens(self.reader, prompt)
        return self._readings[prompt]

    def why_no_prompt(self) -> str:
        """The reason why a model that can be built reads no prompt; empty where it reads one."""
        if self.problem or self.has_numbers or self.reader is None:
            return ""
        said = "Without numbers, no prompt is read"
        if not self.files:
            return said
        return f"{said}; with them, up to {self.reader.config.n_ctx:,} tokens"

    def words(self, ids: Sequence[int]) -> tuple[str, ...]:
        """The tokens as text, one by one; empty where they are letters or ids, as typed."""
        if self.reader is None or self.reader.tokenizer.unit != "words":
            return ()
        return tuple(self.reader.tokenizer.label(token) for token in ids)


def parameters(config: Config) -> str:
    """The number of parameters, like "85,584 parameters"."""
    return counted(config.n_parameters, "parameter")


def shape(config: Config) -> str:
    """Layers, heads and channels, like "3 layers × 3 heads × 48 channels"."""
    sides = ((config.n_layer, "layer"), (config.n_head, "head"), (config.n_embd, "channel"))
    return " × ".join(counted(n, noun) for n, noun in sides)


def sizes(config: Config) -> str:
    """Context and vocabulary, like "Context of 11, vocabulary of 3"."""
    return f"Context of {config.n_ctx:,}, vocabulary of {config.n_vocab:,}"


def describe(model: Model, found: Estimate, appends: str = "") -> str:
    """A model and the size of its drawing, as lines of text for the command line.

    `appends` is the sentence on the tokens that it will append to its prompt.
    """
    config = model.config
    head = config.n_head_parameters
    size = estimates.size(model.n_bytes)
    numbers = f"yes, {size} on disk" if model.has_weights else "no, architecture only"
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
        ("Numbers", numbers),
        (
            "One token",
            f"{config.multiplications(config.n_ctx):,} multiplications in a full context",
        ),
        *estimates.rows(found),
    ]
    if appends:
        rows.append(("Generation", appends))
    if model.unused:
        rows.append(("Not needed", ", ".join(model.unused)))
    rows += [("Assumed", said) for said in model.assumptions]
    width = max(len(name) for name, _ in rows)
    return "\n".join([model.title, *(f"  {name:<{width}}  {value}" for name, value in rows), ""])


def prompt_of(model: Model) -> str:
    """A prompt to begin with; empty for a model without numbers, which reads none."""
    if not model.has_weights:
        return ""
    return model.prompt or (_WORDS if model.tokenizer.unit == "words" else _ID)


def shape_only(preset_id: str) -> str:
    """The note on a model that comes without its numbers; files are listed after a colon."""
    if preset_id in _UNPUBLISHED:
        return "Shape only: its weights were never published"
    return "Shape only. To see its numbers, choose Checkpoint above, and a folder with these files:"


def card(source: str, activation: str = "") -> Card:
    """The card of a preset's id or a checkpoint's path.

    It does not raise for a model that cannot be built: the card's `problem` says why.
    `activation` is the one that was chosen for a model whose configuration leaves it open.
    """
    now, key = time.monotonic(), (source, activation)
    kept = _kept.get(key)
    if kept is not None:
        read_at, mark, found = kept
        if now - read_at < FRESH:
            return found
        if mark == _mark(source):
            _kept[key] = (now, mark, found)
            return found
    mark, found = _mark(source), _read(source, activation)
    _kept[key] = (now, mark, found)
    return found


def preset_ids() -> tuple[str, ...]:
    """Ids of the presets, the smallest model first; none where a preset's file is broken."""
    from ..model import ModelError, presets

    try:
        return tuple(preset.id for preset in presets())
    except ModelError:
        return ()


def is_proposed(prompt: str) -> bool:
    """True if a prompt is empty or one that a model begins with, so that nobody typed it."""
    from ..model import presets

    own = {preset.prompt for preset in presets()} if preset_ids() else set()
    return prompt in {"", _WORDS, _ID, *own}


# By source and activation: the time at which the files were last looked at, their mark then, and
# the card.
_kept: Bounded[tuple[str, str], tuple[float, object, Card]] = Bounded(_MOST_KEPT)


def _mark(source: str) -> object:
    """The state of a checkpoint's files: it differs when a file that a card depends on changes.

    Settings are compared by their content, since a copy may have the size and time of the original.
    """
    path = Path(source)
    try:
        folder = path if path.is_dir() else path.parent
        files = sorted(folder.iterdir()) if path.exists() else []
        return tuple((f.name, _state(f)) for f in files[:_MOST_FILES])
    except (OSError, ValueError):
        return None


def _state(path: Path) -> object:
    state = path.stat()
    if path.suffix in (".json", ".txt") and state.st_size < _SMALL and path.is_file():
        return path.read_bytes()
    return state.st_ino, state.st_size, state.st_mtime_ns, state.st_ctime_ns


def _read(source: str, activation: str) -> Card:
    from ..model import ModelError, load, presets

    if not source.strip():
        return Card("", problem="Choose a checkpoint: a model's folder or its .safetensors file")
    try:
        model = load(source, activation)
    except ModelError as error:
        return Card("", problem=str(error))
    config = model.config
    return Card(
        title=model.title,
        summary=next((preset.summary for preset in presets() if preset.id == source), ""),
        facts=(parameters(config), shape(config), sizes(config)),
        note="" if model.has_weights else shape_only(model.id),
        files=() if model.has_weights or model.id in _UNPUBLISHED else _FILES,
        # The card is kept for a while; without the weights it keeps no file open.
        reader=replace(model, weights=None),
        proposal=prompt_of(model),
        has_numbers=model.has_weights,
        assumptions=model.assumptions,
        asks_activation=any("activation_function" in said for said in model.assumptions),
    )


def _tokens(reader: Model, prompt: str) -> tuple[Sequence[int], str]:
    from ..model import ModelError

    try:
        return reader.read_prompt(prompt), ""
    except ModelError as error:
        return (), str(error)
