"""A sign of life from inside a test, for the runner that stops suites which fall silent."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

# pytest's capture manager, which holds back the output of tests; conftest.py sets it.
capture: Any = None


def tell() -> None:
    """Print a dot. A test of many examples does so for each, so that it is not taken to hang."""
    with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
        sys.stdout.write(".")
        sys.stdout.flush()
