"""The English sentences that the code says to people, found in its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "llmviz_addon"

HOLE = "◇"
"""Stands for what a sentence is filled in with."""

# Modules whose words nobody reads in a window: the command line, node trees, names in files, and
# pages that are written for the terminal.
SILENT = (
    "cli.py",
    "arguments.py",
    "__main__.py",
    "scene/style/",
    "scene/names.py",
    "scene/attributes.py",
    "scene/compat.py",
    "scene/drawn/images.py",
    "walkthrough/storyboard.py",
    "anatomy/picks.py",
    "sentences.py",
)

# Errors that only code which is wrong can meet.
INTERNAL = (
    "ValueError",
    "KeyError",
    "TypeError",
    "IndexError",
    "AnatomyError",
    "ArgumentTypeError",
)

# Functions that write for the terminal, or answer in one go what others answer in steps.
TERMINAL = ("describe", "compile")

_SENTENCE = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,}")


def sentences() -> Iterator[tuple[str, str]]:
    """Pairs of a place in the source and a sentence or a part of one, with holes."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).as_posix()
        if not module.startswith(SILENT):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for line, said in _said(tree):
                yield f"{module}:{line}", said


def _said(tree: ast.Module) -> Iterator[tuple[int, str]]:
    passed = {id(node) for each in ast.walk(tree) for node in _not_said(each)}
    for node in ast.walk(tree):
        if id(node) in passed:
            continue
        said = ""
        if isinstance(node, ast.JoinedStr):
            said = "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            said = node.value
        if _SENTENCE.search(said.replace(HOLE, "")):
            yield node.lineno, said


def _not_said(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings, parts of f-strings, and what internal errors say."""
    if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
        yield from (each.value for each in node.body if isinstance(each, ast.Expr))
    if isinstance(node, ast.JoinedStr):
        yield from node.values
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("__doc__"):
        yield node.value
    if isinstance(node, ast.FunctionDef) and node.name in TERMINAL:
        yield from ast.walk(node)
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        error = ast.unparse(node.exc.func).rpartition(".")[2]
        yield from ast.walk(node.exc) if error in INTERNAL else ()
