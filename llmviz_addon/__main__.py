"""`python -m llmviz_addon`: the command line from a checkout, with Blender as a Python module."""

from __future__ import annotations

import os
import sys

from .cli import main

if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # With bpy 4.5 the interpreter's own farewell can hang; all has been written by now.
    os._exit(code)
