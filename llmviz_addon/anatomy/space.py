"""The geometry of a network of the GPT-2 family: the place of everything in it.

Measured in cells; x right, y away from the viewer, and depth *d* counted downward here (z = -d).
The residual stream runs down the middle. Each layer's work stands to its left: next to it the
layer norms, then a column of vectors (q, attention scores, head outputs), then the weights. Heads
stack away from the viewer, the first one in front, each with its queries in front of its keys
in front of its values. What is added (a bias) stands between the weights and the result, so that
a row reads like its formula. Proportions follow Brendan Bycroft's *LLM Visualization* (MIT).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..model import Config

LAYERS_PER_COLUMN = 12

ROOMY_HEADS = 16
"""Up to so many heads stand as far apart as looks best; more share the depth that these take."""

Corner = tuple[float, float, float]
"""Left edge x, center y, and the depth d of the upper edge."""


@dataclass(frozen=True)
class Space:
    """The places of all roles, relative to their layer, and of all layers.

    Attributes
    ----------
    sizes
        Number of cells along each dimension: T (positions drawn), P (positions of the context),
        C, A, F and V.
    n_layer, n_head
        Number of layers, and of heads in each.
    margin
        The unit of white space, which titles are sized by: 8 cells, or what lets them be read in
        a view of a whole layer of a large model.
    """

    sizes: dict[str, int]
    n_layer: int
    n_head: int
    margin: float

    @classmethod
    def of(cls, config: Config, n_tokens: int) -> Space:
        """The space of a configuration, drawn with so many positions."""
        sizes = {
            "T": n_tokens,
            "P": config.n_ctx,
            "C": config.n_embd,
            "A": config.d_head,
            "F": config.d_ff,
            "V": config.n_vocab,
        }
        margin = max(8.0, config.n_embd / 10, n_tokens / 8)
        return cls(sizes, config.n_layer, config.n_head, margin)

    @property
    def title_size(self) -> float:
        """Font size of block titles."""
        return 0.35 * self.margin

    @property
    def row_gap(self) -> float:
        """Distance between two rows of aggregates: room for the names at their left."""
        return 3 * self.margin / 8 - 2

    @property
    def header(self) -> float:
        """Height of the two aggregate rows over a layer norm, with the gap below them."""
        return 2 + self.row_gap + 0.5 * self.margin

    @property
    def layer_gap(self) -> float:
        """Distance between layers: room for the heads in the back, which show above those in front.

        Where there are several columns, the stream passes over the top of a column in this room.
        """
        return 4 * self.margin + self._river_width

    @property
    def slot(self) -> float:
        """Width kept for a block with a column for each position; at least its title's width."""
        return max(self.sizes["T"], self.margin)

    @cached_property
    def depth_step(self) -> float:
        """Distance between the planes of a head's queries, keys and values."""
        return (self.margin + self.sizes["C"] / 16) * self._crowding

    @cached_property
    def head_pitch(self) -> float:
        """Distance between heads: the gap between two is wider than between the planes of one."""
        rest = (3 * self.margin + self.sizes["C"] / 16) * self._crowding
        return 3.0 + 2 * self.depth_step + rest

    @property
    def _crowding(self) -> float:
        return min(1.0, ROOMY_HEADS / self.n_head)

    @cached_property
    def ribbon(self) -> float:
        """Width of a thin arrow: a cell in a small model, enough to be seen in a large one."""
        t = self.sizes["T"]
        return max(min(1.0, t / 12), self.sizes["C"] / 80, t / 48)

    @cached_property
    def strand(self) -> float:
        """Width of a thin arrow along the stream, several of which run side by side in it."""
        return min(self.sizes["T"] / 12, self.ribbon)

    @cached_property
    def head_ribbon(self) -> float:
        """Width of a thin arrow at the edge of a head's vectors, where two arrive."""
        return min(self.ribbon, self.sizes["A"] / 12)

    @cached_property
    def river(self) -> tuple[float, float]:
        """Left and right edge of the stream between columns, counted from the stream's middle.

        It is seen from far away there, as a whole, so it is about as wide as the blocks that it
        runs between.
        """
        return -5.5 * self.strand, 0.45 * self.sizes["T"]

    @property
    def _river_width(self) -> float:
        """Room for the stream from column to column, none where there is only one."""
        left, right = self.river
        return right - left if self.n_layer > LAYERS_PER_COLUMN else 0.0

    @cached_property
    def left_of_stream(self) -> float:
        """Right edge of the blocks next to the residual stream."""
        return -self.sizes["T"] / 2 - self.margin

    @cached_property
    def vectors(self) -> float:
        """Right edge of the column of vectors, and of the MLP."""
        return self.left_of_stream - self.slot - 3 * self.margin - 2

    @cached_property
    def embedding(self) -> dict[str, Corner]:
        """Embedding roles, from d = 0 at the tokens."""
        size, m = self.sizes, self.margin
        top = 1 + 1.25 * m
        middle = -size["T"] / 2
        return {
            "tokens": (middle, 0.0, 0.0),
            "wte": (self.left_of_stream - size["V"], 0.0, top),
            "wpe": (-middle + 3.5 * m, 0.0, top),
            "embedding": (middle, 0.0, top),
        }

    def _layer_norm(self, name: str, right: float, weights: float, top: float) -> dict[str, Corner]:
        """The five blocks of a layer norm, from the upper edge of the mean."""
        t, m = self.sizes["T"], self.margin
        return {
            f"{name}.mean": (right - t, 0.0, top),
            f"{name}.std": (right - t, 0.0, top + 1 + self.row_gap),
            f"{name}.weight": (weights - 1, 0.0, top + self.header),
            f"{name}.bias": (weights - m - 2, 0.0, top + self.header),
            name: (right - t, 0.0, top + self.header),
        }

    @cached_property
    def head(self) -> dict[str, Corner]:
        """Head roles, from the layer's top and the plane of the head's queries."""
        size, m, right = self.sizes, self.margin, self.vectors
        t, a = size["T"], size["A"]
        post = right - self.slot - m
        top = self.header
        # Low enough that the weights of the head in front do not hide the scores when the heads
        # are seen from slightly above.
        scores = top + a + 1.75 * m
        output = scores + t + m
        places = {}
        for step, letter in enumerate("qkv"):
            y = step * self.depth_step
            places[letter] = (right - t, y, top)
            places[f"{letter}_bias"] = (post - 1, y, top)
            places[f"{letter}_weight"] = (post - 1 - m - size["C"], y, top)
        y = self.depth_step
        return places | {
            "attention_scores": (right - t, y, scores),
            "attention_max": (post - 1, y, scores),
            "attention_sum": (post - m - 2, y, scores),
            "attention": (post - 2 * m - 2 - t, y, scores),
            "output": (right - t, y, output),
        }

    @cached_property
    def layer(self) -> dict[str, Corner]:
        """Layer roles outside of heads, from the layer's top."""
        size, m, right = self.sizes, self.margin, self.vectors
        t, c, f = size["T"], size["C"], size["F"]
        beside = self.left_of_stream
        middle = -t / 2
        post = right - self.slot - m
        attended = self.head["output"][2] + size["A"]
        added = max(attended + 1.75 * m, self.header + c + m)
        second = added + c + m
        weights = second + self.header
        bias = weights + c + 0.5 * m
        hidden = bias + 1 + m
        activated = hidden + t + m
        result = activated + t + m
        return {
            **self._layer_norm("ln_1", beside, beside - self.slot - m, 0.0),
            "projection_weight": (post - 1 - m - c, 0.0, added),
            "projection_bias": (post - 1, 0.0, added),
            "attention_output": (right - t, 0.0, added),
            "attention_residual": (middle, 0.0, added),
            **self._layer_norm("ln_2", beside, beside - self.slot - m, second),
            "mlp_weight": (right - f, 0.0, weights),
            "mlp_bias": (right - f, 0.0, bias),
            "mlp": (right - f, 0.0, hidden),
            "mlp_activation": (right - f, 0.0, activated),
            "mlp_projection_weight": (right - f, 0.0, result),
            "mlp_projection_bias": (right + m, 0.0, result),
            "mlp_result": (beside - t, 0.0, result),
            "mlp_residual": (middle, 0.0, result),
        }

    @cached_property
    def output(self) -> dict[str, Corner]:
        """Output roles, from the upper edge of the final mean."""
        size, m = self.sizes, self.margin
        middle = -size["T"] / 2
        weights = middle - m
        logits = self.header + size["C"] + 1.5 * m
        aggregates = logits + size["V"] + m
        return {
            **self._layer_norm("ln_f", -middle, weights, 0.0),
            "lm_head": (weights - size["C"], 0.0, logits),
            "logits": (middle, 0.0, logits),
            "logits_max": (middle, 0.0, aggregates),
            "logits_sum": (middle, 0.0, aggregates + 1 + self.row_gap),
            "probabilities": (middle, 0.0, aggregates + 2 + self.row_gap + m),
        }

    @cached_property
    def layer_height(self) -> float:
        """From a layer's top to the next one's."""
        return self.layer["mlp_residual"][2] + self.sizes["C"] + self.layer_gap

    @cached_property
    def layers_top(self) -> float:
        """Depth of the first layer of every column."""
        return self.embedding["embedding"][2] + self.sizes["C"] + self.layer_gap

    @cached_property
    def column_left(self) -> float:
        """Left edge of a column of layers."""
        return min(x for x, _, _ in (*self.layer.values(), *self.head.values()))

    @cached_property
    def column_right(self) -> float:
        """Right edge of a column of layers, titles included."""
        return self.sizes["T"] / 2 + 4 * self.margin

    @cached_property
    def column_pitch(self) -> float:
        """Distance between columns of layers."""
        return self.column_right - self.column_left + 4 * self.margin + self._river_width

    @cached_property
    def lane(self) -> tuple[float, float, float]:
        """The way from column to column of a strand in the middle of the stream.

        Returns
        -------
        tuple of float
            Distance below a column's last residual at which it turns; x between the columns at
            which it runs up, from the column that it leaves; height above the next layer at which
            it turns. All in cells.
        """
        left, right = self.river
        m = self.margin
        return m + right, self.column_right + 2 * m + right, 1.75 * m - left

    def layer_offset(self, layer: int) -> Corner:
        """The place of a layer's top: x of its residual stream, y, d."""
        column, place = divmod(layer, LAYERS_PER_COLUMN)
        return (column * self.column_pitch, 0.0, self.layers_top + place * self.layer_height)

    @cached_property
    def output_offset(self) -> Corner:
        """The place of the output, under the last layer: x of the stream, y, d."""
        x, y, top = self.layer_offset(self.n_layer - 1)
        return (x, y, top + self.layer_height)
