"""Other models of the scene: their places, and the values that captions quote of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..languages import in_digits
from .run import elide

if TYPE_CHECKING:
    from ..anatomy.label import Bounds
    from ..model import Config


@dataclass(frozen=True)
class Companion:
    """A model that stands beside the film's own.

    Attributes
    ----------
    id, title
        Its name in the scene, and in captions.
    config
        Its architecture.
    bounds
        Least and greatest corner of its box, in cells of the film's own anatomy.
    """

    id: str
    title: str
    config: Config
    bounds: Bounds


def in_order(companions: Iterable[Companion]) -> tuple[Companion, ...]:
    """Companions in order of size, the smallest first."""
    return tuple(sorted(companions, key=lambda companion: companion.config.n_parameters))


def told(companion: Companion, own: Config, words: Mapping[str, Any]) -> dict[str, str]:
    """Values of a companion for the names in a caption's braces.

    Parameters
    ----------
    own
        The architecture of the film's own model.
    words
        The language's words for numbers.
    """
    config = companion.config
    return {
        "companion_title": elide(companion.title),
        "companion_parameters": in_digits(f"{config.n_parameters:,}", words),
        "companion_context": in_digits(f"{config.n_ctx:,}", words),
        "companion_multiplications": rounded(config.multiplications(config.n_ctx), words),
        "times": rounded(config.n_parameters / own.n_parameters, words),
    }


def rounded(number: float, words: Mapping[str, Any]) -> str:
    """A number to three significant digits, with a word for its magnitude where there is one.

    `words` are a language's words for numbers. Whole numbers below a thousand stay as they are.
    """
    # Rounded first: 999,999 is 1 million.
    number = float(f"{number:.3g}")
    step, first = words["scale_step"], words["scale_first"]
    digits = len(f"{number:.0f}")
    if digits <= first:
        return in_digits(f"{number:,.0f}" if number >= 100 else f"{number:g}", words)
    place = min(len(words["scales"]) - 1, (digits - 1 - first) // step)
    scaled = float(f"{number / 10 ** (first + step * place):.3g}")
    return f"{in_digits(f'{scaled:,g}', words)}{words['scale_space']}{words['scales'][place]}"
