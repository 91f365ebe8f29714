"""The level of detail of each block (cubes, a slab or a shape), and the images that hold values.

A model like GPT-2 has more cells than a scene can hold as objects. This room decides, without
Blender, which blocks share an object (`bundles`), in which of the three ways each is drawn
(`budget`), where a slab's values stand in images (`pages`), how numbers become bytes (`levels`),
when each cell is computed (`order`) and which boxes are drawn (`bricks`).
"""

from __future__ import annotations

from .bricks import Bricks, Rect, bricks, cut
from .budget import EXACTNESS, Budget, BudgetError, Estimate, Way, choose, estimate
from .bundles import Bundle, bundle
from .order import order_of, orders
from .pages import Layout, Placement, lay_out
from .plan import Plan, n_computed, plan, plan_steps

__all__ = [
    "EXACTNESS",
    "Bricks",
    "Budget",
    "BudgetError",
    "Bundle",
    "Estimate",
    "Layout",
    "Placement",
    "Plan",
    "Rect",
    "Way",
    "bricks",
    "bundle",
    "choose",
    "cut",
    "estimate",
    "lay_out",
    "n_computed",
    "order_of",
    "orders",
    "plan",
    "plan_steps",
]
