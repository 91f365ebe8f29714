"""A sign of life from inside a test, for whoever stops suites that fall silent."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

# pytest's own, which holds back what tests print: conftest.py says.
capture: Any = None


def tell() -> None:
    """Print a dot: a test of many examples does so for each, to be told from one that hangs."""
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        sys.stdout.write(".")
        sys.stdout.flush()
