"""Every string that crosses Python, attributes, properties and node trees, spelled once.

What a film moves is spelled in `walkthrough.targets`.
"""

from __future__ import annotations

from .. import anatomy
from ..walkthrough import targets

# Attributes of a block's mesh, one value per cell.
VALUE = "value"
COLUMN = "column"
ROW = "row"
ORDER = "order"
STATE = "state"
TINT = "tint"

# What `STATE` says of a cell.
STATE_EMPTY = 0
STATE_NUMBER = 1

# Attributes of a slab's mesh, one value per brick; see `detail.Bricks`.
SIZE = "size"
EXTENT = "extent"
FIRST = "first"
TEXEL = "texel"

# Attributes of the cell meshes that are instanced.
CELL_CO = "cell_co"
CELL_COLOR = "cell_color"

# Attribute of a flat mesh: how transparent it is, vertex by vertex.
CLEAR = "clear"

# Custom properties of a block's object that the material reads and that the film animates.
PROGRESS = targets.PROGRESS
HIGHLIGHT = targets.HIGHLIGHT
OPACITY = targets.OPACITY
FOCUS_COLUMN = targets.FOCUS_COLUMN

# Custom properties of a block's object that stay as built.
BLOCK = "llmviz_block"
TITLE = "llmviz_title"
DRAWN_AS = "llmviz_drawn_as"
EXACTNESS = "llmviz_values"
KIND = "kind"
GAIN = "gain"

# Kind, wake and gain, for the material: of the object, or of each cell where several blocks share
# one. The wake is how far behind the progress cells still light up.
TRAITS = "traits"

# The gain of each of the blocks that share an object.
GAINS = "llmviz_gains"

# Of a slab, the gains by which the bytes of its blocks were written: what a person sets as its gain
# says nothing of them.
PAGE_GAINS = "llmviz_page_gains"

# Property of the anchor: the height of the floor, in metres below it.
FLOOR = "llmviz_floor"

# Of the anchor, the model's box in metres from it; of the root, the model's parameters.
BOX = "llmviz_box"
PARAMETERS = "llmviz_parameters"

# Of cubes that stand in place of a slab's cells: the bundle's name. Of the slab: what is open.
WINDOW_OF = "llmviz_window_of"
WINDOWS = "llmviz_windows"

# Marks on datablocks of ours.
# What a label or an object of arrows belongs to: the name of a block, or a section's target.
LABEL_OF = "llmviz_label_of"
ARROWS_OF = "llmviz_arrows_of"

# Which position of a strip an object belongs to, as a target: "strip:input:3".
STRIP = "llmviz_strip"

# Who the film calls by name: the camera, a token that flies, a caption.
ACTOR = "llmviz_actor"
CAPTION_OF = "llmviz_caption_of"

OURS = "llmviz"
VERSION = "llmviz_version"
ROLE = "llmviz_role"

# Which model something belongs to, what it is in it, and what we wrote on it last: see
# `standing.Standing` and `standing.ledger`.
MODEL = "llmviz_model"
KEY = "llmviz_key"
WRITTEN = "llmviz_written"

# Of a root collection: the keys of all that was made, by group. Of what the film moves: its curves.
MADE = "llmviz_made"
CURVES = "llmviz_curves"
# Of a root collection: the action of its film.
ACTION = "llmviz_action"

# Of a page's material: the number of the page. Of a root: before the names of its shared parts.
PAGE = "llmviz_page"
KIT = "llmviz_kit"

# The roles of a root collection: of a model that is complete, and of one that is being drawn.
COMPLETE, UNFINISHED = "model", "unfinished model"

# The kinds of a block, by the number that the material reads.
KINDS = anatomy.KINDS

# Node groups and materials read as text of the interface.
GROUP_CELLS = "LLM Cells"
GROUP_CELL_COLOR = "LLM Cell Color"
GROUP_REPEATS = "LLM Repeats"
GROUP_PIECES = "LLM Pieces"
GROUP_SLABS = "LLM Slabs"
GROUP_SLAB_CELLS = "LLM Slab Cells"
# Modifiers by which a block is drawn have the names of their groups.
WAYS_OF_DRAWING = (GROUP_CELLS, GROUP_SLABS)
MATERIAL_CELL = "LLM Cell"
MATERIAL_SLAB = "LLM Slab"
MATERIAL_LABEL = "LLM Label"
MATERIAL_ARROW = "LLM Arrow"
MATERIAL_TILE = "LLM Tile"
MATERIAL_BACKDROP = "LLM Backdrop"
