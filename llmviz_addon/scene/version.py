"""The versions that node groups, files and models are stamped with."""

VERSION = "0.1.0"

DRAWING = 2
"""The way in which models are drawn.

A model that was drawn in another way is drawn anew at its next build, with all that a person has
changed: 1 had text objects, 2 has words as meshes.
"""
