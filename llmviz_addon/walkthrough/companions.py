"""Other models of the scene: their places, and the values that captions quote of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

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


def told(companion: Companion, own: Config, words: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Values of a companion for the names in a caption's braces.

    Parameters
    ----------
    own
        The architecture of the film's own model.
    words
        The language's ``scales``: million, billion, trillion.
    """
    config = companion.config
    return {
        "companion_title": elide(companion.title),
        "companion_parameters": f"{config.n_parameters:,}",
        "companion_context": f"{config.n_ctx:,}",
        "companion_multiplications": rounded(config.multiplications(config.n_ctx), words["scales"]),
        "times": rounded(config.n_parameters / own.n_parameters, words["scales"]),
    }


def rounded(number: float, scales: Sequence[str]) -> str:
    """A number to three significant digits, with a word for its magnitude from a million on.

    Whole numbers below a thousand stay as they are.
    """
    # Rounded first: 999,999 is 1 million.
    number = float(f"{number:.3g}")
    if number < 1e6:
        return f"{number:,.0f}" if number >= 100 else f"{number:g}"
    power = min(len(scales), int(len(f"{number:.0f}") - 1) // 3 - 1)
    return f"{float(f'{number / 1000 ** (power + 1):.3g}'):,g}\u00a0{scales[power - 1]}"
