"""Print what a language lacks, as TOML to fill in: ``python tools/lacking.py fr``.

Phrases and nouns are those of English; titles, labels, tooltips and messages, whose English is in
the code, are those of all other languages.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from llmviz_addon import languages  # noqa: E402


def read(name: str) -> dict[str, Any]:
    """The tables of a language's file; none where there is no such file."""
    path = languages.FOLDER / name
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def lacking(code: str, ending: str) -> dict[str, dict[str, Any]]:
    """Words that one language lacks and others have, by table, in English."""
    own, found = read(f"{code}{ending}"), dict[str, dict[str, Any]]()
    for other in languages.available():
        for table, words in read(f"{other}{ending}").items():
            known = own.get(table, {})
            if other == code or not isinstance(words, dict):
                continue
            for key, value in words.items():
                english = value if other == languages.ENGLISH else key
                if key not in known:
                    found.setdefault(table, {}).setdefault(key, english)
    found.pop("numbers", None)
    return found


def written(tables: dict[str, dict[str, Any]]) -> str:
    """Tables as TOML."""
    lines = []
    for table, words in tables.items():
        lines += [f"[{table}]", *(f"{_key(key)} = {_value(words[key])}" for key in words), ""]
    return "\n".join(lines)


def _key(key: str) -> str:
    return key if key.isidentifier() and key.isascii() else json.dumps(key, ensure_ascii=False)


def _value(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def main() -> None:
    """Print the tables of both files of the language that is named."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for ending in (".toml", ".interface.toml"):
        tables = lacking(sys.argv[1], ending)
        count = sum(map(len, tables.values()))
        sys.stdout.write(f"# {sys.argv[1]}{ending} lacks {count}\n{written(tables)}\n")


if __name__ == "__main__":
    main()
