"""Tables of TOML that are read strictly: whatever is misspelled, missing or left over is named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .errors import AuthoringError
from .framing import Margins
from .wording import FACTS


class Table:
    """A table of TOML that remembers which keys were read, and where it stands."""

    def __init__(self, values: Mapping[str, Any], where: str) -> None:
        self.values = values
        self.where = where
        self.used: set[str] = set()

    def _get(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        self.used.add(key)
        if key not in self.values:
            raise AuthoringError(f"{self.where} lacks {key!r} ({what}).")
        value = self.values[key]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be {what}.")
        return value

    def text(self, key: str) -> str:
        value: str = self._get(key, str, "a text")
        return value

    def number(self, key: str, default: float, least: float = 0.0) -> float:
        if key not in self.values:
            return default
        value = float(self._get(key, (int, float), "a number"))
        if not value >= least:
            raise AuthoringError(f"{self.where}: {key} is {value:g}; it must be {least:g} or more.")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where the key is missing."""
        self.used.add(key)
        value = self.values.get(key, False)
        if not isinstance(value, bool):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be true or false.")
        return value

    def margins(self, key: str, default: Margins) -> Margins:
        """Margins, where each side may be left out."""
        if key not in self.values:
            return default
        table = self.table(key)
        sides = {
            side: table.number(side, getattr(default, side))
            for side in ("left", "right", "top", "bottom")
        }
        table.done()
        try:
            return Margins(**sides)
        except ValueError as error:
            raise AuthoringError(f"{table.where}: {error}") from error

    def strings(self, key: str) -> list[str]:
        value: list[str] = self._get(key, list, "a list of texts")
        if not all(isinstance(item, str) for item in value):
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be a list of texts.")
        return value

    def choice(self, key: str, among: Sequence[str]) -> str:
        value = self.text(key)
        if value not in among:
            raise AuthoringError(f"{self.where}: {key} is {value!r}; it must be one of {among}.")
        return value

    def facts(self, key: str) -> frozenset[str]:
        """Facts that must hold; none where the key is missing."""
        names = self.strings(key) if key in self.values else []
        for name in names:
            if name not in FACTS:
                raise AuthoringError(
                    f"{self.where}: {key} has {name!r}; facts are {', '.join(FACTS)}."
                )
        return frozenset(names)

    def table(self, key: str) -> Table:
        return Table(self._get(key, dict, "a table"), f"{self.where}, {key}")

    def variant(self, key: str, *without: str) -> Table:
        """The table at a key, with this table's values for all keys that it lacks.

        The key itself and those in `without` are not filled in.
        """
        own = self.table(key)
        rest = {name: v for name, v in self.values.items() if name not in (key, *without)}
        return Table({**rest, **own.values}, own.where)

    def tables(self, key: str, *, required: bool = True) -> list[Table]:
        if not required and key not in self.values:
            return []
        found: list[Any] = self._get(key, list, "a list of tables")
        for item in found:
            if not isinstance(item, dict):
                raise AuthoringError(f"{self.where}: {key} has {item!r}; it must hold tables.")
        return [Table(item, f"{self.where}, {key} {i}") for i, item in enumerate(found, 1)]

    def done(self) -> None:
        """Raise if a key was never read: it is misspelled, or belongs to a beat that is gone."""
        for key in self.values:
            if key not in self.used:
                similar = ", ".join(sorted(self.used))
                raise AuthoringError(f"{self.where} has an unknown key {key!r}; known: {similar}.")
