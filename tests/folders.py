"""Folders of the tests; this module needs no Blender."""

from __future__ import annotations

import tempfile
from pathlib import Path

TESTS = Path(__file__).parent
FAILURES = TESTS.parent / "build" / "test-failures"

# This run's own, which conftest.py removes at the end.
RUN = Path(tempfile.mkdtemp(prefix="llmviz-tests-"))
