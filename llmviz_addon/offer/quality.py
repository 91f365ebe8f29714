"""Draft, Good and Final: how large a picture is, and how often each of its pixels is sampled."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """Sides and samples of a picture, as multiples of those that size and look ask for."""

    title: str
    use: str
    sides: float
    samples: float


QUALITIES = {
    "DRAFT": Quality("Draft", "Half as wide and high, with a quarter of the samples", 0.5, 0.25),
    "GOOD": Quality("Good", "The size that is set, with the samples that the look proposes", 1, 1),
    "FINAL": Quality("Final", "Four times the samples, and the thorough denoiser", 1, 4),
}


def size_at(quality: str, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height in pixels of a picture at a quality; halves are even, as films need it."""
    sides = QUALITIES[quality].sides
    if sides == 1:
        return size
    width, height = (max(2 * round(sides * side / 2), 2) for side in size)
    return width, height


def samples_at(quality: str, proposed: int) -> int:
    """Samples of a pixel at a quality, for a look that proposes so many."""
    return max(1, round(QUALITIES[quality].samples * proposed))
