"""Rules about the source that no linter knows.

- No tracked text file names a folder of one developer's machine.
- The package imports nothing that opens a network connection (the extension asks for no such
  permission) and nothing that executes what it reads, as pickle does.
- Code, presets and prose are in American spelling, as all words on screen are.
- A docstring begins with the thing itself ("Number of cells"), not with "What", "How" or "Whether".
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "llmviz_addon"

MACHINE_PATH = re.compile(r"(?<![\w.])/(home|root|work|Users)/\w|[A-Z]:\\Users\\")

NETWORK = {
    *("aiohttp", "asyncio", "ftplib", "http", "httpx", "imaplib", "poplib", "requests", "smtplib"),
    *("socket", "socketserver", "ssl", "urllib", "urllib3", "webbrowser", "xmlrpc"),
}
EXECUTES_DATA = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve", "torch"}

BRITISH = re.compile(
    r"colour|grey|behaviour|neighbour|favour|artefact|licence|catalogue"
    r"|centr(?:e|ed|es|ing)\b|\b(?:centi|kilo|milli)?metres?\b|analys(?:e|ed|ing)\b"
    r"|(?:general|initial|maxim|minim|normal|optim|organ|recogn|summar|visual)is(?:e|ing|ation)"
    r"|(?:bevel|cancel|label|model|travel)l(?:ed|er|ing)",
    re.IGNORECASE,
)
# Names that others have given: by Blender, and by `concurrent.futures`.
SPELLED_BY_OTHERS = ("CANCELLED", ".cancelled(")
WITH_WORDS = {".py", ".toml", ".md"}

ROUNDABOUT = ("What ", "How ", "Whether ")

# Files that the last two rules pass over: this one names the words, the others have some left. Take
# a path out once it has none.
PASSED_OVER = ("tools/check_source.py",)


def tracked_files() -> list[Path]:
    """Everything that is in the repository or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def machine_paths(path: Path) -> list[str]:
    """Complaints about lines that name a machine's own folders."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    return [
        f"{path.relative_to(ROOT)}:{number}: a path of one machine: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]


def imports(tree: ast.AST) -> list[tuple[int, str]]:
    """Line and top-level name of every absolute import."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name.split(".")[0]) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append((node.lineno, node.module.split(".")[0]))
    return found


def forbidden_imports(path: Path) -> list[str]:
    """Complaints about imports that the package does without."""
    complaints = []
    for line, name in imports(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.relative_to(ROOT)}:{line}: imports {name}"
        if name in NETWORK:
            complaints.append(f"{where}, and the extension uses no network")
        if name in EXECUTES_DATA:
            complaints.append(f"{where}, which can execute what it reads")
    return complaints


def british_words(path: Path) -> list[str]:
    """Complaints about lines with a word in British spelling."""
    complaints = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        ours = line
        for name in SPELLED_BY_OTHERS:
            ours = ours.replace(name, "")
        if found := BRITISH.search(ours):
            where = f"{path.relative_to(ROOT)}:{number}"
            complaints.append(f"{where}: {found[0]!r} is British; write it the American way")
    return complaints


def roundabout_docstrings(path: Path) -> list[str]:
    """Complaints about docstrings, those of attributes included, that begin with a question."""
    return [
        f"{path.relative_to(ROOT)}:{node.lineno}: the docstring begins with "
        f"{node.value.value.split()[0]!r}; begin with the thing itself"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
        and node.value.value.startswith(ROUNDABOUT)
    ]


def main() -> int:
    """Print all complaints; 1 if there are any."""
    complaints: list[str] = []
    for path in tracked_files():
        complaints += machine_paths(path)
        if path.relative_to(ROOT).as_posix().startswith(PASSED_OVER):
            continue
        if path.suffix in WITH_WORDS:
            complaints += british_words(path)
        if path.suffix == ".py":
            complaints += roundabout_docstrings(path)
    for path in sorted(PACKAGE.rglob("*.py")):
        complaints += forbidden_imports(path)
    print("\n".join(complaints) or "source rules kept")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
