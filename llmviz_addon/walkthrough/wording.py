"""The wording of captions: facts that choose between texts, and values for names in braces.

Every number and every token in a caption comes from here, and so from the run or from the
configuration, never from the script.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ..counting import counted
from ..languages import in_digits
from .companions import Companion, rounded
from .measures import TEMPERATURES, Measures
from .run import Run, elide, quote

if TYPE_CHECKING:
    from ..anatomy import Anatomy
    from ..model import Config

Words = Mapping[str, Any]
"""The words and forms for numbers of a language, see `languages.Language.numbers`."""

FACTS = (
    "appended",
    "appended_more",
    "full",
    "sorted",
    "layers",
    "heads",
    "bias",
    "earlier",
    "measured",
    "told",
    "untold",
    "small",
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
context is full; the result is the prompt, sorted; there are several layers; layers have several
heads; linear maps have biases; the prompt has several tokens; the run brings the numbers that
captions quote of the position that a chapter follows; the numbers of any cell are at hand; they
are not; the model is not larger than `LARGE`; no token was appended;
tokens were drawn; they were drawn only from the most probable ones; there is one layer only; tokens
are parts of a text; the vocabulary is larger than `SMALL`; the model is larger than `LARGE`; its
layers stand in one tower; it has numbers; it has only a shape; other models stand in the scene;
more than one does."""

LARGE = 20_000
"""Cells along a model's longest side up to which a view of all of it still shows single cells."""

COUNTS = ("channel", "head_channel", "neuron", "neurons_lit")
NUMBERS = (
    "mean",
    "std",
    "query",
    "best_score",
    "row_max",
    "row_sum",
    "neuron_before",
    "neuron_after",
    "low_before",
    "low_after",
    "logit",
)
ADDED = ("embedding_token", "embedding_position", "embedding_sum")
"""Measures that captions quote as counts, as numbers, and as two numbers with their sum."""

PLACES = ("channel", "head_channel", "neuron", "best_key")

SMALL = 10
"""Tokens of a vocabulary up to which all probabilities can be taken in at a glance."""


def facts(
    anatomy: Anatomy, run: Run | None, companions: Sequence[Companion] = (), *, told: bool = False
) -> frozenset[str]:
    """Those of `FACTS` that hold; `run` is None for a model without numbers.

    `told` is True if the numbers of any cell are at hand.
    """
    several = anatomy.config.n_layer > 1
    holds = {
        "layers": several,
        "one_layer": not several,
        "heads": anatomy.config.n_head > 1,
        "bias": anatomy.config.bias,
        "large_vocabulary": anatomy.config.n_vocab > SMALL,
        "large": is_large(anatomy),
        "tower": anatomy.layout.tower,
        "small": not is_large(anatomy),
        "told": told and run is not None,
        "untold": not told or run is None,
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
        "earlier": run.n_prompt > 1,
        "measured": len(run.measures) > 0,
        "full": run.n_tokens == anatomy.config.n_ctx,
        "sorted": run.n_appended > 0 and run.predicted == sorted(run.prompt_ids),
        "words": run.texts is not None,
    }


def heading(config: Config, model: str, say: Callable[[str], str] = str) -> tuple[str, ...]:
    """A model's title, and lines on what it has, which `say` puts into a language."""
    sizes = (
        (config.n_layer, "layer"),
        (config.n_head, "head"),
        (config.n_embd, "channel"),
    )
    return (
        elide(model),
        say(counted(config.n_parameters, "parameter")),
        " · ".join(say(counted(count, noun)) for count, noun in sizes),
    )


def is_large(anatomy: Anatomy) -> bool:
    """True if the fact ``"large"`` holds: a side is longer than `LARGE` cells."""
    least, greatest = anatomy.bounds()
    return max(b - a for a, b in zip(least, greatest, strict=True)) > LARGE


def values(anatomy: Anatomy, run: Run | None, words: Words, model: str = "") -> dict[str, str]:
    """Values for the names in a caption's braces.

    Parameters
    ----------
    model
        The title of a model that has no run.
    words
        The language's words for numbers, and ``colors`` of weights, activations and aggregates.
    """
    if run is None:
        return in_figures(_sizes(anatomy, model, words), words)
    return in_figures({**_sizes(anatomy, run.model, words), **_told(run, words)}, words)


def in_figures(told: Mapping[str, str], words: Words) -> dict[str, str]:
    """Values for captions, with those that are numbers written as the language writes them."""
    return {name: in_digits(value, words) for name, value in told.items()}


def _sizes(anatomy: Anatomy, model: str, words: Words) -> dict[str, str]:
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
        "multiplications": rounded(config.multiplications(config.n_ctx), words),
        "model": elide(model),
        "weight_color": weight,
        "activation_color": activation,
        "aggregate_color": aggregate,
    }


def _told(run: Run, words: Words) -> dict[str, str]:
    """Values that follow from the run."""
    predicted = run.predicted
    written = [run.write(ids) for ids in (run.prompt_ids, run.ids[run.n_prompt :], predicted)]
    # Letters in the order of their numbers; words as they stand in the prompt.
    ids = sorted(set(run.prompt_ids))[:3]
    if run.texts is not None:
        written = [quote(text, words["quotes"]) for text in run.texts]
        ids = list(dict.fromkeys(run.prompt_ids))[:2]
    prompt, appended, result = written
    comma, quotes = words["comma"], words["quotes"]
    indices = [words["token_id"].format(token=run.name(t, quotes), id=t) for t in ids]
    # A space that does not break keeps each probability in one line with its token.
    guesses = [
        f"{run.name(c.token, quotes)}\u00a0{probability(c.probability, words)}"
        for c in run.candidates[run.n_prompt - 1]
    ]
    return {
        "prompt": prompt,
        "appended": appended,
        "result": result,
        "letter": run.name(predicted[0], quotes),
        "final_letter": run.name(predicted[-1], quotes),
        "token_ids": comma.join(indices),
        "probability": probability(run.token_probabilities[run.n_prompt - 1], words),
        "final_probability": probability(run.token_probabilities[-1], words),
        "guesses": comma.join(guesses),
        "tokens": _number(run.n_prompt, words["numbers"]),
        "sequence_tokens": _number(run.n_tokens, words["numbers"]),
        "last_ordinal": _ordinal(run.n_prompt, words),
        "next_ordinal": _ordinal(run.n_prompt + 1, words),
        **_drawn(run, words),
    }


def followed(run: Run, layer: int, position: int, words: Words) -> dict[str, str]:
    """Values of the position that a chapter follows, from what the run measured there."""
    token = run.ids[position]
    quotes = words["quotes"]
    told = {"token": run.name(token, quotes), "token_id": f"{token:,}", "keys": f"{position + 1:,}"}
    measures = run.measures.get(position)
    if measures is None:
        return told
    sizes = {name: f"{int(measures[name]):,}" for name in COUNTS}
    numbers = {name: figure(measures[name]) for name in NUMBERS}
    numbers |= dict(zip(ADDED, added(*(measures[name] for name in ADDED)), strict=True))
    shares = {
        f"share_{name}": probability(measures[f"share_at:{temperature:g}"], words)
        for name, temperature in zip(("cold", "even", "hot"), TEMPERATURES, strict=True)
    }
    temperatures = dict(zip(("cold", "even", "hot"), (f"{t:g}" for t in TEMPERATURES), strict=True))
    measured = told | sizes | numbers | shares | temperatures | _lengths(measures, layer)
    named = {
        "best_key": run.name(run.ids[int(measures["best_key"])], quotes),
        "best_weight": probability(measures["best_weight"], words),
        "best_token": run.name(int(measures["best_token"]), quotes),
    }
    return in_figures(measured, words) | named


def places(run: Run, position: int) -> dict[str, int]:
    """Measures that say where something is, for names in selectors."""
    measures = run.measures.get(position, {})
    found = {name: int(measures[name]) for name in PLACES if name in measures}
    if measures:
        most, least = _extremes(measures)
        found |= {"most_layer": most, "least_layer": least}
    return found


def _extremes(measures: Measures) -> tuple[int, int]:
    """The layers that add most and least to the stream."""
    added = [value for name, value in measures.items() if name.startswith("added:")]
    return added.index(max(added)), added.index(min(added))


def _lengths(measures: Measures, layer: int) -> dict[str, str]:
    """Values of the stream's column: its length, and how much each layer adds to it."""
    layers = sum(name.startswith("added:") for name in measures)
    most, least = _extremes(measures)
    return {
        "stream_before": figure(measures[f"stream:{layer}"]),
        "attention_added": figure(measures[f"attention_added:{layer}"]),
        "mlp_added": figure(measures[f"mlp_added:{layer}"]),
        "stream_first": figure(measures["stream:0"]),
        "stream_last": figure(measures[f"stream:{layers}"]),
        "most_layer": str(most),
        "most_added": figure(measures[f"added:{most}"]),
        "least_layer": str(least),
        "least_added": figure(measures[f"added:{least}"]),
    }


def _drawn(run: Run, words: Words) -> dict[str, str]:
    """Values that tell how tokens were drawn; none where the most probable ones were taken."""
    if not run.chances:
        return {}
    return {
        "chance": percentage(run.chances[0], words),
        "temperature": f"{run.sampling.temperature:g}",
        "top_k": f"{run.sampling.top_k:,}",
        "seed": f"{run.sampling.seed}",
    }


def probability(p: float, words: Words | None = None) -> str:
    """A probability as text: never as 1 or 0, which no softmax gives.

    Three decimals in a sentence (``0.970``, ``more than 0.999``) with a language's `words` for
    numbers; without, two and no zero before them (``.97``, ``> .99``, ``< .01``).
    """
    if words is None:
        if p > 0.99:
            return "> .99"
        return "< .01" if p < 5e-3 else f"{p:.2f}".removeprefix("0")
    if p > 1 - 5e-4:
        return str(words["more"]).format(in_digits("0.999", words))
    if p < 5e-4:
        return str(words["less"]).format(in_digits("0.001", words))
    return in_digits(f"{p:.3f}", words)


def percentage(p: float, words: Words | None = None) -> str:
    """The chance of a draw as text: in whole percent, and never as 0 or 100 %.

    ``23\u00a0%``, ``more than 99\u00a0%`` with a language's `words` for numbers; without,
    ``23 %`` and ``> 99 %``.
    """
    short = {"more": "> {}", "less": "< {}", "percent": "{} %"}
    words = short if words is None else words
    if p >= 0.995:
        return str(words["more"]).format(words["percent"].format(99))
    if p < 5e-3:
        return str(words["less"]).format(words["percent"].format(1))
    return str(words["percent"]).format(f"{100 * p:.0f}")


def figure(value: float) -> str:
    """A number of the model for a sentence: two decimals, or as many as its first digits need."""
    if not value:
        return "0"
    decimals = _decimals(value)
    written = f"{value:.1e}".replace("e-0", "e-") if decimals is None else f"{value:.{decimals}f}"
    return written.replace("-", "\u2212")


def _decimals(value: float) -> int | None:
    """Decimals of a number other than 0 in a sentence; None for one too small for decimals."""
    first = math.floor(math.log10(abs(value)))
    if first < -4:
        return None
    decimals = 2 if first in (-1, 0) else 1 - first
    return max(0, decimals if first < 1 else 2 - first)


def added(one: float, other: float, total: float) -> tuple[str, ...]:
    """Two numbers and their sum for a sentence, so many decimals of each that they add up as they
    are written, too.
    """
    values = one, other, total
    needed = [_decimals(value) if value else 0 for value in values]
    known = [decimals for decimals in needed if decimals is not None]
    if len(known) < len(values):
        return tuple(map(figure, values))
    for decimals in range(max(known), max(known) + 3):
        written = [f"{value:.{decimals}f}" for value in values]
        first, second, last = map(Decimal, written)
        if first + second == last:
            break
    return tuple(text.replace("-", "\u2212") for text in written)


def _number(n: int, numbers: Sequence[str]) -> str:
    return numbers[n - 1] if 1 <= n <= len(numbers) else f"{n:,}"


def _ordinal(n: int, words: Words) -> str:
    """An ordinal in words while there are any, then in digits: 61st, 62nd, 63rd, 64th."""
    if n <= len(words["ordinals"]):
        return words["ordinals"][n - 1]
    suffixes = words["suffixes"]
    last = 0 if n // 10 % 10 == 1 else n % 10
    return f"{n:,}{suffixes[last if last < len(suffixes) else 0]}"
