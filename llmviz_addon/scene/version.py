"""The versions that node groups, files and models are stamped with."""

VERSION = "0.1.0"

DRAWING = 3
"""The way in which models are drawn.

A model that was drawn in another way is drawn anew at its next build, with all that a person has
changed: 1 had text objects, 2 words as meshes, 3 has bodies behind cells.
"""
