"""Every check of the source, one after the other; all of them run even when one fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable

CHECKS = {
    "ruff check": [PYTHON, "-m", "ruff", "check", "."],
    "ruff format": [PYTHON, "-m", "ruff", "format", "--check", "."],
    "import-linter": [
        PYTHON,
        "-c",
        "from importlinter.cli import lint_imports_command as lint; lint()",
        "--no-logo",
        "--cache-dir",
        "build/import-linter-cache",
    ],
    "mypy": [PYTHON, "-m", "mypy"],
    "source rules": [PYTHON, "tools/check_source.py"],
}


def main() -> int:
    """Run the checks and print one line about each."""
    results = {}
    for name, command in CHECKS.items():
        print(f"--- {name}", flush=True)
        results[name] = subprocess.run(command, cwd=ROOT, check=False).returncode
    print("--- lint summary")
    for name, status in results.items():
        print(f"{name:14} {'failed' if status else 'passed'}")
    return int(any(results.values()))


if __name__ == "__main__":
    sys.exit(main())
