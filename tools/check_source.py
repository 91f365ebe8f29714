"""Rules about the source that no linter knows.

- No tracked text file names a folder of one developer's machine.
- The package imports nothing that opens a network connection (the extension asks for no such
  permission) and nothing that executes what it reads, as pickle does.
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


def main() -> int:
    """Print all complaints; 1 if there are any."""
    complaints = [complaint for path in tracked_files() for complaint in machine_paths(path)]
    for path in sorted(PACKAGE.rglob("*.py")):
        complaints += forbidden_imports(path)
    print("\n".join(complaints) or "source rules kept")
    return int(bool(complaints))


if __name__ == "__main__":
    sys.exit(main())
