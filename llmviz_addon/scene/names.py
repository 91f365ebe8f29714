"""Every string that crosses Python, attributes, properties and node trees, spelled once.

Targets and properties that a film moves are spelled in `walkthrough.targets`.
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

# Values of `STATE`: the cell has no number, or it has one.
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

# Attributes of a mesh of bars: the levels of three states each; and the property of the object that
# says which state it is in.
LEVELS = ("levels0", "levels1", "levels2")
STEP = "step"

# Attributes of a flat mesh, one value per vertex: transparency, 0 to 1; and what is added to the
# object's kind, where parts of the mesh have different colors.
CLEAR = "clear"
TONE = "tone"

# Attribute of a ribbon's vertices: cells from its source, and -1 to 1 from one edge to the other.
FLOW = "flow"

# Attributes of the slots of a counter: the power of ten of a digit, or one of these.
POWER = "power"
SIGN, POINT = 100, 50

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

# Kind, wake and gain, as the material reads them: from the object, or from each cell where several
# blocks share an object. The wake is the part of the progress for which a cell that was just
# computed still lights up.
TRAITS = "traits"

# The gain of each of the blocks that share an object.
GAINS = "llmviz_gains"

# Of a slab, the gains by which the bytes of its blocks were written. A person may set another gain
# on the object, which leaves the bytes as they are.
PAGE_GAINS = "llmviz_page_gains"

# Property of the anchor: the height of the floor, in meters below it.
FLOOR = "llmviz_floor"

# Of the anchor, the box of all of the model in meters from it, and that of its blocks alone; of the
# root, the model's parameters.
BOX = "llmviz_box"
BODY = "llmviz_body"
PARAMETERS = "llmviz_parameters"

# Of cubes that stand in place of a slab's cells: the bundle's name. Of the slab: its open windows.
WINDOW_OF = "llmviz_window_of"
WINDOWS = "llmviz_windows"

# Of an object of words, and of its mesh: the words. Of the mesh: how they are set. A person may
# change the object's; the mesh tells which words are drawn.
TEXT = "llmviz_text"
SETTING = "llmviz_setting"
# Of an object of words: the English words that it says in the model's language. Then, of one that
# says the noun of a number beside it alone: True.
SAYS = "llmviz_says"
NOUN = "llmviz_noun"

# Of an object of a pin: its cell, as it is written. Of its card, and of the tokens along an axis:
# the words; and of the card, its height in points.
PIN_OF = "llmviz_pin_of"
WORDS = "llmviz_words"
HEIGHT = "llmviz_height"

# Of the object of a table: the block whose numbers it has.
TABLE_OF = "llmviz_table_of"

# Marks on datablocks of ours.
# Of a label or an object of arrows: the name of its block, or its section's target.
LABEL_OF = "llmviz_label_of"
ARROWS_OF = "llmviz_arrows_of"
# Of an object of arrows: the block that they lead to, whose film they follow.
LEADS_TO = "llmviz_leads_to"

# Of an object of a strip: its position, as a target, "strip:input:3".
STRIP = "llmviz_strip"

# Of the same: a digest of what is drawn there.
SHOWS = "llmviz_shows"

# Of actors (the camera, a token that flies) and of captions: the name that the film has for them.
ACTOR = "llmviz_actor"
# Of an actor that is a part of a block: the name of the block's bundle.
PART_OF = "llmviz_part_of"
CAPTION_OF = "llmviz_caption_of"

# Of the shade behind a caption: the caption's beat. Of the titles of a shot: their beat.
SHADE_OF = "llmviz_shade_of"
TITLES_OF = "llmviz_titles_of"
# Of a mesh of titles: a digest of what it shows.
LETTERING = "llmviz_lettering"
# The group of a model's axes of attention; the keys of their objects are "axes:" and a block.
AXES = "axes"

OURS = "llmviz"
VERSION = "llmviz_version"
DRAWING = "llmviz_drawing"
ROLE = "llmviz_role"

# Of everything in a model: the model's id, a key that is its own within the model, and the values
# that we wrote on it last. See `standing.Standing` and `standing.ledger`.
MODEL = "llmviz_model"
KEY = "llmviz_key"
WRITTEN = "llmviz_written"
WRITTEN_GAIN = "llmviz_written_gain"

# Of a root collection: the keys of everything that was made, by group. Of an owner of the film's
# curves: these curves.
MADE = "llmviz_made"
CURVES = "llmviz_curves"
# Of a root collection: the action of its film.
ACTION = "llmviz_action"

# Of a page's material: the number of the page. Of a root collection: the beginning of the names of
# its shared parts.
PAGE = "llmviz_page"
KIT = "llmviz_kit"

# Of a root collection: an id of the build that wrote the numbers which it shows.
BUILD = "llmviz_build"

# Roles of a root collection: the model is complete, or still being drawn.
COMPLETE, UNFINISHED = "model", "unfinished model"

# Of the ground of a look.
GROUND = "llmviz_ground"
# On what renders show, and views only while they show the film.
BACKDROP = "llmviz_backdrop"

# The kinds of a block, by the number that the material reads.
KINDS = anatomy.KINDS

# Names of node groups and materials, which people see in the interface.
GROUP_CELLS = "LLM Cells"
GROUP_CELL_COLOR = "LLM Cell Color"
GROUP_REPEATS = "LLM Repeats"
GROUP_SLABS = "LLM Slabs"
GROUP_COUNTER = "LLM Counter"
GROUP_SLAB_CELLS = "LLM Slab Cells"
# Names of the modifiers that draw something, which are those of their groups. The last one drew the
# positions of strips in earlier versions.
WAYS_OF_DRAWING = (GROUP_CELLS, GROUP_SLABS, GROUP_COUNTER, "LLM Pieces")
MATERIAL_CELL = "LLM Cell"
MATERIAL_BODY = "LLM Body"
MATERIAL_BARS = "LLM Bars"
MATERIAL_SLAB = "LLM Slab"
MATERIAL_LABEL = "LLM Label"
MATERIAL_ARROW = "LLM Arrow"
MATERIAL_TILE = "LLM Tile"
MATERIAL_GROUND = "LLM Ground"
GROUP_PICTURE = "LLM Picture"
MATERIAL_PIN = "LLM Pin"
