"""Gestures that take a cell's sum apart: its terms come out of their blocks and run together.

Every number that is shown is the model's own, or follows from the cells that are shown beside it;
the running sum is right at every frame, since it changes at the moment at which a term arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import AuthoringError
from ..running import Running, running
from ..stage import Moment, Stage
from .base import Gesture
from .base import Words as Texts
from .exploding import Board, Exploded, bring
from .fronting import before_layer
from .summing_phases import PER_STEP, PHASES, PLAY, SECONDS

Floats = NDArray[np.float64]

FEW = 16
"""Terms that are shown one by one where there are too many to show all."""


@dataclass(frozen=True, kw_only=True)
class _Exploding(Gesture):
    """The base of gestures that take a sum apart."""

    subject: str
    phase: Texts = PHASES
    most: int = 48
    """Terms up to which all are shown one by one."""
    name: str = ""

    @property
    def known_as(self) -> str:
        """The name of what it brings onto the stage."""
        return self.name or self.verb

    def natural(self, run: object) -> float:
        """The sum of its phases."""
        del run
        return sum(SECONDS[phase] for phase in self._phases) + PER_STEP * ("land" in self._phases)

    @property
    def _phases(self) -> tuple[str, ...]:
        for phase in self.phase:
            if phase not in PHASES:
                raise AuthoringError(
                    f"{self.verb} has the phase {phase!r}; there are {', '.join(PHASES)}."
                )
        return self.phase

    def place(self, stage: Stage, moment: Moment) -> Mapping[str, np.ndarray]:
        """The plane of the terms and of the numbers."""
        found = self._found(stage, moment)
        if found is None:
            # Nothing is shown, but a shot needs a place: that of the cell itself.
            cells = stage.cells(self.subject, moment)
            return {self.known_as: stage.selection.places(cells)}
        across = np.array([found.board.width / 2 + 0.6, 0.0, found.board.height / 2 + 0.6])
        return {self.known_as: np.stack([found.middle - across, found.middle + across])}

    def _found(self, stage: Stage, moment: Moment) -> Exploded | None:
        """The sum that is to be shown; None where numbers are not known."""
        cells = stage.cells(self.subject, moment)
        try:
            told = running(stage, cells)
        except AuthoringError as error:
            raise AuthoringError(f"{moment.id}, {self.verb}: {error}") from error
        if told is None:
            return None
        count = len(told) if len(told) <= self.most else FEW
        if count < len(told):
            told = _reordered(told, count)
        board = Board(count, told.paired)
        return Exploded(cells, told, board, before_layer(stage, cells))

    def play(self, stage: Stage, moment: Moment) -> None:
        """Play the phases, one after the other, each as long as it naturally is to the others."""
        phases = self._phases
        if phases[0] == "out" or self.known_as not in stage.things:
            found = self._found(stage, moment)
            if found is None:
                stage.lack(self.known_as)
                return
            thing = stage.bring(self.known_as, moment)
            thing.told = found
            bring(stage, thing, found, moment)
        thing = stage.things[self.known_as]
        assert isinstance(thing.told, Exploded)
        found = thing.told
        steps = len(found.sum.steps)
        lengths = [SECONDS[phase] + PER_STEP * steps * (phase == "land") for phase in phases]
        if not found.sum.paired:
            lengths = [
                0.0 if phase == "pair" else length / (4 if phase == "multiply" else 1)
                for phase, length in zip(phases, lengths, strict=True)
            ]
        times = moment.start + moment.seconds * np.cumsum([0.0, *lengths]) / sum(lengths)
        for phase, start, end in zip(phases, times[:-1].tolist(), times[1:].tolist(), strict=True):
            if end > start:
                PLAY[phase](stage, thing, found, replace(moment, start=start, end=end))


@dataclass(frozen=True, kw_only=True)
class DotProduct(_Exploding):
    """Take one cell's dot product apart: pairs come out, are multiplied, and run together."""

    verb = "dot_product"


@dataclass(frozen=True, kw_only=True)
class Sum(_Exploding):
    """Take one cell's sum apart: its terms come out and run together."""

    verb = "sum"


def _reordered(told: Running, count: int) -> Running:
    """A sum whose largest terms come first, in their order; the others follow in theirs."""
    largest = np.sort(np.argsort(-np.abs(told.terms), kind="stable")[:count])
    order = np.concatenate([largest, np.setdiff1d(np.arange(len(told)), largest)])
    terms = told.terms[order]
    maximum = not np.allclose(told.sums, np.cumsum(told.terms))
    return replace(
        told,
        factors=tuple(factor.picked(order.tolist()) for factor in told.factors),
        terms=terms,
        sums=np.maximum.accumulate(terms) if maximum else np.cumsum(terms),
    )
