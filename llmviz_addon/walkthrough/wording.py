"""The wording of captions: facts that choose between texts, and values for names in braces.

Every number and every token in a caption comes from here, and so from the run or from the
configuration, never from the script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..counting import plural
from .companions import Companion, rounded
from .run import Run, elide, quote

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Config

FACTS = (
    "appended",
    "appended_more",
    "full",
    "sorted",
    "layers",
    "no_appended",
    "drawn",
    "top_k",
    "one_layer",
    "words",
    "large_vocabulary",
    "large",
    "tower",
    "numbers",
    "shape",
    "companions",
    "companions_more",
)
"""Facts that a script may ask for. In this order: tokens were appended; more than one was; the
context is full; the result is the prompt, sorted; there are several layers; no token was appended;
tokens were drawn; they were drawn only from the most probable ones; there is one layer only; tokens
are parts of a text; the vocabulary is larger than `SMALL`; the model is larger than `LARGE`; its
layers stand in one tower; it has numbers; it has only a shape; other models stand in the scene;
more than one does."""

LARGE = 20_000
"""Cells along a model's longest side up to which a view of all of it still shows single cells."""

SMALL = 10
"""Tokens of a vocabulary up to which all probabilities can be taken in at a glance."""


def facts(
    anatomy: Anatomy, run: Run | None, companions: Sequence[Companion] = ()
) -> frozenset[str]:
    """Those of `FACTS` that hold; `run` is None for a model without numbers."""
    several = anatomy.config.n_layer > 1
    holds = {
        "layers": several,
        "one_layer": not several,
        "large_vocabulary": anatomy.config.n_vocab > SMALL,
        "large": is_large(anatomy),
        "tower": anatomy.layout.tower,
        "numbers": run is not None,
        "shape": run is None,
        "companions": len(companions) > 0,
        "companions_more": len(companions) > 1,
        **({} if run is None else _run_facts(anatomy, run)),
    }
    return frozenset(name for name in FACTS if holds.get(name))


def _run_facts(anatomy: Anatomy, run: Run) -> dict[str, bool]:
    return {
        "appended": run.n_appended > 0,
        "no_appended": run.n_appended == 0,
        "appended_more": run.n_appended > 1,
        "drawn": len(run.chances) > 0,
        "top_k": len(run.chances) > 0 and 0 < run.sampling.top_k < anatomy.config.n_vocab,
        "full": run.n_tokens == anatomy.config.n_ctx,
        "sorted": run.n_appended > 0 and run.predicted == sorted(run.prompt_ids),
        "words": run.texts is not None,
    }


def heading(config: Config, model: str) -> tuple[str, ...]:
    """A model's title, and lines on what it has."""
    sizes = (
        (config.n_layer, "layer"),
        (config.n_head, "head"),
        (config.n_embd, "channel"),
    )
    return (
        elide(model),
        f"{config.n_parameters:,} {plural(config.n_parameters, 'parameter')}",
        " · ".join(f"{count:,} {plural(count, noun)}" for count, noun in sizes),
    )


def is_large(anatomy: Anatomy) -> bool:
    """True if the fact ``"large"`` holds: a side is longer than `LARGE` cells."""
    least, greatest = anatomy.bounds()
    return max(b - a for a, b in zip(least, greatest, strict=True)) > LARGE


def values(
    anatomy: Anatomy, run: Run | None, words: Mapping[str, Sequence[str]], model: str = ""
) -> dict[str, str]:
    """Values for the names in a caption's braces.

    Parameters
    ----------
    model
        The title of a model that has no run.
    words
        The language's ``ordinals`` (first, second ...) with the ``suffixes`` of further ones,
        ``numbers`` (one, two ...), ``scales`` (million, billion ...) and ``colors`` of
        weights, activations and aggregates.
    """
    if run is None:
        return _sizes(anatomy, model, words)
    return {**_sizes(anatomy, run.model, words), **_told(run, words)}


def _sizes(anatomy: Anatomy, model: str, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Values that follow from the architecture."""
    config = anatomy.config
    weight, activation, aggregate = words["colors"]
    sizes = ("n_layer", "n_head", "n_embd", "n_ctx", "n_vocab", "d_head", "d_ff", "n_parameters")
    return {
        **{size: f"{getattr(config, size):,}" for size in sizes},
        "layers": _number(config.n_layer, words["numbers"]),
        "heads": _number(config.n_head, words["numbers"]),
        "later_layers": _number(config.n_layer - 1, words["numbers"]),
        "last_layer": str(config.n_layer - 1),
        "multiplications": rounded(config.multiplications(config.n_ctx), words["scales"]),
        "model": elide(model),
        "weight_color": weight,
        "activation_color": activation,
        "aggregate_color": aggregate,
    }


def _told(run: Run, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Values that follow from the run."""
    predicted = run.predicted
    written = [run.write(ids) for ids in (run.prompt_ids, run.ids[run.n_prompt :], predicted)]
    # Letters in the order of their numbers; words as they stand in the prompt.
    ids = sorted(set(run.prompt_ids))[:3]
    if run.texts is not None:
        written = [quote(text) for text in run.texts]
        ids = list(dict.fromkeys(run.prompt_ids))[:3]
    prompt, appended, result = written
    # A space that does not break keeps each probability in one line with its token.
    guesses = run.candidates[run.n_prompt - 1]
    return {
        "prompt": prompt,
        "appended": appended,
        "result": result,
        "letter": run.name(predicted[0]),
        "final_letter": run.name(predicted[-1]),
        "token_ids": ", ".join(f"{run.name(token)} is {token}" for token in ids),
        "probability": probability(run.token_probabilities[run.n_prompt - 1]),
        "final_probability": probability(run.token_probabilities[-1]),
        "guesses": ", ".join(
            f"{run.name(c.token)}\u00a0{probability(c.probability)}" for c in guesses
        ),
        "tokens": _number(run.n_prompt, words["numbers"]),
        "sequence_tokens": _number(run.n_tokens, words["numbers"]),
        "last_ordinal": _ordinal(run.n_prompt, words),
        "next_ordinal": _ordinal(run.n_prompt + 1, words),
        **_drawn(run),
    }


def _drawn(run: Run) -> dict[str, str]:
    """Values that tell how tokens were drawn; none where the most probable ones were taken."""
    if not run.chances:
        return {}
    return {
        "chance": percentage(run.chances[0]),
        "temperature": f"{run.sampling.temperature:g}",
        "top_k": f"{run.sampling.top_k:,}",
        "seed": f"{run.sampling.seed}",
    }


def probability(p: float, *, short: bool = False) -> str:
    """A probability as text: never as 1 or 0, which no softmax gives.

    Three decimals in a sentence (``0.970``, ``more than 0.999``); two and no zero before them
    where it must be `short` (``.97``, ``> .99``, ``< .01``).
    """
    if short:
        if p > 0.99:
            return "> .99"
        return "< .01" if p < 5e-3 else f"{p:.2f}".removeprefix("0")
    if p > 1 - 5e-4:
        return "more than 0.999"
    return "less than 0.001" if p < 5e-4 else f"{p:.3f}"


def percentage(p: float, *, short: bool = False) -> str:
    """The chance of a draw as text: in whole percent, and never as 0 or 100 %.

    ``23\u00a0%``, ``more than 99\u00a0%``; where it must be `short`, ``23 %`` and ``> 99 %``.
    """
    space, more, less = (" ", ">", "<") if short else ("\u00a0", "more than", "less than")
    if p >= 0.995:
        return f"{more} 99{space}%"
    return f"{less} 1{space}%" if p < 5e-3 else f"{100 * p:.0f}{space}%"


def _number(n: int, numbers: Sequence[str]) -> str:
    return numbers[n - 1] if 1 <= n <= len(numbers) else f"{n:,}"


def _ordinal(n: int, words: Mapping[str, Sequence[str]]) -> str:
    """An ordinal in words while there are any, then in digits: 61st, 62nd, 63rd, 64th."""
    if n <= len(words["ordinals"]):
        return words["ordinals"][n - 1]
    suffixes = words["suffixes"]
    last = 0 if n // 10 % 10 == 1 else n % 10
    return f"{n:,}{suffixes[last if last < len(suffixes) else 0]}"
