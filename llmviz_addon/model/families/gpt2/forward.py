"""The forward pass of GPT-2, which keeps everything that it computes.

Radford et al. 2019: learned positions, layer norm before attention and before the MLP, and a
residual stream that both add to. Everything is float32, as in the reference implementation.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import numpy as np

from ...config import Config
from ...functions import ACTIVATIONS, all_finite, layer_norm, softmax
from ...products import THREADS, product, stacked
from ...weights import Room, Weights
from .activations import Activations, Array, Norm
from .blocks import QKV

# Work is counted in multiply-adds. A step has at most _STEP of them, about a tenth of a second on a
# common machine; reading a number, or putting it through a function, counts as _TOUCH. So a product
# reads at most 64 MB of float32 at a time, and converted weights take no more memory than that.
_STEP = 2**31
_TOUCH = 2**7

# Overflow is found by checking results, and reported with the block's name, which says more than
# numpy's warning.
_quietly = np.errstate(over="ignore", invalid="ignore", divide="ignore")


class Computation:
    """A sequence on its way through the network, some positions at a time.

    Each call of `advance` computes the next positions from the tokens given, reading every
    weight once, and the keys and values of the positions before.

    Parameters
    ----------
    config, weights
        The model.
    n_tokens : int
        T, the length that the sequence will have; at most `n_ctx`.

    Attributes
    ----------
    activations : Activations
        The results; rows up to `n_done` are computed.
    n_done : int
        Number of positions that are computed.
    """

    def __init__(self, config: Config, weights: Weights, n_tokens: int) -> None:
        self.config, self.weights = config, weights
        self.activations = Activations(config, n_tokens)
        self.n_done = 0
        self._room = Room()

    def advance(self, ids: Sequence[int]) -> Iterator[int]:
        """Compute the next positions, one for each of the valid token ids given.

        Yields
        ------
        int
            Number of layers that are done: after each layer, and after each step of about a tenth
            of a second within a layer or within the logits, which follow the last layer.

        Raises
        ------
        CheckpointError
            If a weight that takes part is not finite, or the numbers overflow.
        """
        with ThreadPoolExecutor(THREADS) as self._pool:
            yield from self._pass(ids)

    def _pass(self, ids: Sequence[int]) -> Iterator[int]:
        rows = slice(self.n_done, self.n_done + len(ids))
        x = self._embed(rows, ids)
        for layer, made in enumerate(self.activations.layers):
            middle = made.attention_residual[rows]
            halves = chain(self._attention(layer, rows, x), self._mlp(layer, rows, middle))
            yield from _paced(halves, layer)
            x = made.mlp_residual[rows]
            yield layer + 1
        yield from _paced(self._predict(rows, x), self.config.n_layer)
        self.n_done = rows.stop

    # The parts of a pass are generators that yield the cost of the work ahead of them. The work
    # itself is in functions under `_quietly`, because numpy's warnings would stay off in the caller
    # if a generator yielded from within `with np.errstate`.

    @_quietly
    def _embed(self, rows: slice, ids: Sequence[int]) -> Array:
        made = self.activations
        made.tokens[rows] = ids
        tokens = self.weights.rows("wte", made.tokens[rows])
        x = np.add(tokens, self.weights.rows("wpe", rows), out=made.embedding[rows])
        return self._finite("embedding", x, "wte", "wpe")

    def _attention(self, layer: int, rows: slice, x: Array) -> Iterator[int]:
        block, name, made = f"layer{layer}", f"h.{layer}", self.activations.layers[layer]
        normed = self._norm(f"{block}.ln_1", f"{name}.ln_1", x, made.ln_1, rows)
        yield from self._linear(f"{name}.attn.c_attn", normed, made.qkv[rows])
        if not all_finite(made.qkv[rows]):
            self._refuse_heads(layer, rows)
        n_head, per_score = self.config.n_head, 2 * self.config.d_head + _TOUCH
        for heads, cost in _cut(n_head, n_head * len(x) * rows.stop * per_score):
            yield cost
            self._attend(layer, rows, heads)
        projected = made.attention_output[rows]
        yield from self._linear(f"{name}.attn.c_proj", made.outputs[rows], projected)
        self._finite(f"{block}.attention_output", projected, *_parts(f"{name}.attn.c_proj"))
        self._add(f"{block}.attention_residual", x, projected, made.attention_residual[rows])

    @_quietly
    def _attend(self, layer: int, rows: slice, heads: slice) -> None:
        block, made = f"layer{layer}", self.activations.layers[layer]
        queries, keys, values = (part[heads] for part in made.heads(self.config.n_head))
        seen = slice(0, rows.stop)
        # One product a head, several heads in one call: (head, t, d_head) by (head, d_head, T).
        scores = made.scores[heads, rows, seen]
        stacked(queries[:, rows], keys[:, seen].swapaxes(1, 2), scores, self._pool)
        scores *= np.float32(self.config.d_head**-0.5)
        self._finite_heads(block, "attention_scores", scores, heads)
        future = np.arange(rows.start, rows.stop)[:, None] < np.arange(rows.stop)
        scores[:, future] = -np.inf
        made.scores[heads, rows, rows.stop :] = -np.inf
        attention = made.attention[heads, rows, seen]
        made.largest[heads, rows], made.total[heads, rows], _ = softmax(scores, out=attention)
        outputs = made.outputs.reshape(len(made.outputs), self.config.n_head, -1).swapaxes(0, 1)
        stacked(attention, values[:, seen], outputs[heads, rows], self._pool)
        self._finite_heads(block, "output", outputs[heads, rows], heads)

    def _mlp(self, layer: int, rows: slice, x: Array) -> Iterator[int]:
        block, name, made = f"layer{layer}", f"h.{layer}.mlp", self.activations.layers[layer]
        normed = self._norm(f"{block}.ln_2", f"h.{layer}.ln_2", x, made.ln_2, rows)
        hidden, active, result = made.mlp[rows], made.mlp_activation[rows], made.mlp_result[rows]
        yield from self._linear(f"{name}.c_fc", normed, hidden)
        self._finite(f"{block}.mlp", hidden, *_parts(f"{name}.c_fc"))
        for some, cost in _cut(len(x), hidden.size * _TOUCH):
            yield cost
            self._activate(hidden[some], active[some])
        self._finite(f"{block}.mlp_activation", active)
        yield from self._linear(f"{name}.c_proj", active, result)
        self._finite(f"{block}.mlp_result", result, *_parts(f"{name}.c_proj"))
        self._add(f"{block}.mlp_residual", x, result, made.mlp_residual[rows])

    def _predict(self, rows: slice, x: Array) -> Iterator[int]:
        made = self.activations
        logits = made.logits[rows]
        normed = self._norm("ln_f", "ln_f", x, made.ln_f, rows)
        yield from self._product("lm_head", 0, normed, logits)
        self._finite("logits", logits, "lm_head")
        for some, cost in _cut(len(x), logits.size * _TOUCH):
            yield cost
            self._share(slice(rows.start + some.start, rows.start + some.stop))

    @_quietly
    def _share(self, rows: slice) -> None:
        made = self.activations
        shares = made.probabilities[rows]
        made.logits_max[rows], made.logits_sum[rows], _ = softmax(made.logits[rows], out=shares)

    @_quietly
    def _activate(self, hidden: Array, active: Array) -> None:
        active[...] = ACTIVATIONS[self.config.activation](hidden)

    @_quietly
    def _add(self, block: str, x: Array, y: Array, out: Array) -> None:
        self._finite(block, np.add(x, y, out=out))

    @_quietly
    def _norm(self, block: str, name: str, x: Array, made: Norm, rows: slice) -> Array:
        weight = self.weights.whole(f"{name}.weight")
        bias = self.weights.whole(f"{name}.bias") if self.config.bias else None
        mean, std, result = layer_norm(x, weight, bias, self.config.norm_eps)
        made.mean[rows], made.std[rows], made.result[rows] = mean, std, result
        self._finite(f"{block}.mean", mean)
        self._finite(f"{block}.std", std)
        return self._finite(block, made.result[rows], *_parts(name))

    def _linear(self, name: str, x: Array, out: Array) -> Iterator[int]:
        yield from self._product(f"{name}.weight", 1, x, out)
        if self.config.bias:
            self._bias(name, out)

    def _product(self, name: str, axis: int, x: Array, out: Array) -> Iterator[int]:
        """Multiply x by a weight, whose outputs are along `axis`, a piece of it at a time."""
        shape = self.weights.shape(name)
        for outputs, cost in _cut(shape[axis], math.prod(shape) * max(len(x), _TOUCH)):
            yield cost
            self._multiply(name, axis, outputs, x, out)

    def _multiply(self, name: str, axis: int, outputs: slice, x: Array, out: Array) -> None:
        piece = self.weights.piece(name, axis, outputs, self._room)
        product(x, piece if axis else piece.T, out[:, outputs], self._pool)

    @_quietly
    def _bias(self, name: str, out: Array) -> None:
        out += self.weights.whole(f"{name}.bias")

    def _finite(self, block: str, array: Array, *names: str) -> Array:
        """Return an array that is finite; else raise, naming a damaged weight or the block."""
        if not all_finite(array):
            self.weights.refuse(block, names)
        return array

    def _finite_heads(self, block: str, part: str, array: Array, heads: slice) -> None:
        """Raise if an array of several heads, (head, ...), is not finite, naming the head."""
        if not all_finite(array):
            head = next(i for i, one in enumerate(array, heads.start) if not all_finite(one))
            self.weights.refuse(f"{block}.head{head}.{part}", ())

    def _refuse_heads(self, layer: int, rows: slice) -> None:
        """Name the first head whose queries, keys or values are not finite."""
        parts = self.activations.layers[layer].heads(self.config.n_head)
        block = next(
            f"layer{layer}.head{head}.{kind}"
            for head in range(self.config.n_head)
            for kind, part in zip(QKV, parts, strict=True)
            if not all_finite(part[head, rows])
        )
        self.weights.refuse(block, _parts(f"h.{layer}.attn.c_attn"))


def _cut(length: int, cost: int) -> Iterator[tuple[slice, int]]:
    """Slices of a length, each of which fits a step, and the cost of each; `cost` is the total."""
    n_slices = max(1, min(length, -(-cost // _STEP)))
    for number in range(n_slices):
        part = slice(length * number // n_slices, length * (number + 1) // n_slices)
        yield part, cost // n_slices


def _paced(costs: Iterable[int], layer: int) -> Iterator[int]:
    """Run work that yields the cost of each part before it, and yield before a step gets long."""
    spent = 0
    for cost in costs:
        if spent and spent + cost > _STEP:
            yield layer
            spent = 0
        spent += cost


def _parts(name: str) -> tuple[str, str]:
    return f"{name}.weight", f"{name}.bias"
