"""Items of menus that are made when Blender asks for them, kept alive for it."""

from __future__ import annotations

# Blender keeps pointers to the strings of dynamic items without owning them.
_handed_out: dict[str, list[tuple]] = {}


def keep(name: str, items: list[tuple]) -> list[tuple]:
    """The items for the menu of this name, the same list as before where they are the same."""
    if _handed_out.get(name) != items:
        _handed_out[name] = items
    return _handed_out[name]
