"""The architecture of a model, in the terms of papers and checkpoints, checked when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .errors import ConfigError
from .functions import ACTIVATIONS

NORMS = ("layer_norm",)
POSITIONS = ("learned",)

# Far beyond any model there is, and small enough that sizes computed from them do not overflow and
# loops over them end soon, whatever a damaged configuration says.
MAX_SIZE = 2**24
MAX_LAYERS = 4096


@dataclass(frozen=True, kw_only=True)
class Config:
    """A model's architecture.

    Parameters
    ----------
    model_type : str
        The family, as checkpoints name it: `"gpt2"`.
    n_layer, n_head, n_embd, n_ctx, n_vocab : int
        Layers, query heads, channels of the residual stream, context length, vocabulary.
    n_kv_head : int, optional
        Key and value heads; as many as query heads unless given.
    d_head : int, optional
        Channels of one head; `n_embd / n_head` unless given.
    d_ff : int, optional
        Neurons of the MLP; `4 n_embd` unless given.
    norm, norm_eps : str, float
        The kind of normalization, and the number added to the variance before the root.
    activation : str
        A key of `functions.ACTIVATIONS`.
    position : str
        The way in which positions reach the network: `"learned"` embeddings.
    tied : bool
        True if the head that makes logits is the token embedding itself.
    bias : bool
        True if linear layers and norms add a bias.

    Raises
    ------
    ConfigError
        If the sizes are not possible or a setting is not known.
    """

    model_type: str = "gpt2"
    n_layer: int
    n_head: int
    n_embd: int
    n_ctx: int
    n_vocab: int
    n_kv_head: int = 0
    d_head: int = 0
    d_ff: int = 0
    norm: str = "layer_norm"
    norm_eps: float = 1e-5
    activation: str = "gelu_tanh"
    position: str = "learned"
    tied: bool = True
    bias: bool = True

    def __post_init__(self) -> None:
        for name in ("n_layer", "n_head", "n_embd", "n_ctx", "n_vocab"):
            self._check_size(name, 1)
        for name in ("n_kv_head", "d_head", "d_ff"):
            self._check_size(name, 0)
        self._fill_in()
        for name, known in (
            ("norm", NORMS),
            ("position", POSITIONS),
            ("activation", tuple(ACTIVATIONS)),
        ):
            value = getattr(self, name)
            if value not in known:
                raise ConfigError(f"{name} is {value!r}; this version knows {', '.join(known)}")
        for name in ("tied", "bias"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be true or false")
        eps = self.norm_eps
        if isinstance(eps, bool) or not isinstance(eps, int | float) or not 0 < eps < math.inf:
            raise ConfigError(f"norm_eps is {eps!r}; it must be a small positive number")

    def _check_size(self, name: str, least: int) -> None:
        value = getattr(self, name)
        most = MAX_LAYERS if name == "n_layer" else MAX_SIZE
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ConfigError(f"{name} is {value!r}; it must be a whole number from 1 to {most:,}")

    def _fill_in(self) -> None:
        """Give the sizes left at 0 their usual value, and check that the heads divide."""
        if not self.d_head and self.n_embd % self.n_head:
            raise ConfigError(
                f"n_embd is {self.n_embd} and n_head is {self.n_head}; "
                "the channels must divide evenly among the heads"
            )
        usual = {
            "n_kv_head": self.n_head,
            "d_head": self.n_embd // self.n_head,
            "d_ff": 4 * self.n_embd,
        }
        for name, value in usual.items():
            if not getattr(self, name):
                object.__setattr__(self, name, value)
        if self.n_head % self.n_kv_head:
            raise ConfigError(
                f"n_head is {self.n_head} and n_kv_head is {self.n_kv_head}; "
                "every key/value head must serve equally many query heads"
            )

    @property
    def n_parameters(self) -> int:
        """Numbers in the weights, without an untied head (as minGPT and most papers count)."""
        width, attention = self.n_embd, self.n_head * self.d_head
        keys_values = 2 * self.n_kv_head * self.d_head
        bias = int(self.bias)
        norm = width * (1 + bias)
        projections = width * (attention + keys_values) + attention * width
        projection_biases = bias * (attention + keys_values + width)
        mlp = 2 * width * self.d_ff + bias * (self.d_ff + width)
        layer = 2 * norm + projections + projection_biases + mlp
        return (self.n_vocab + self.n_ctx) * width + self.n_layer * layer + norm

    @property
    def n_head_parameters(self) -> int:
        """Numbers in a head of its own, which makes logits; 0 where it is tied to `wte`."""
        return 0 if self.tied else self.n_vocab * self.n_embd

    def multiplications(self, n_positions: int) -> int:
        """Number of multiplications that one more token costs.

        Parameters
        ----------
        n_positions : int
            Number of positions that the token attends to, itself included; those before it are
            computed already.

        Returns
        -------
        int
            The multiplications of the matrix products. Every number of every weight matrix is
            used once: 12 n_embd² in a usual layer, and n_vocab n_embd in the head that makes
            logits. Every layer also multiplies the query with each position's key and the
            attention with each position's value: 2 n_positions n_embd in all.

        Notes
        -----
        This is half of the floating-point operations as they are usually counted, which have
        an addition for each multiplication. Looking up embeddings multiplies nothing; norms,
        the activation, softmax and scaling are left out, less than a hundredth for a GPT-2.

        Raises
        ------
        ConfigError
            If the context does not have so many positions.
        """
        if not 1 <= n_positions <= self.n_ctx:
            raise ConfigError(
                f"n_positions is {n_positions}; the context has 1 to {self.n_ctx:,} positions"
            )
        attention, keys_values = self.n_head * self.d_head, 2 * self.n_kv_head * self.d_head
        projections = self.n_embd * (attention + keys_values) + attention * self.n_embd
        layer = projections + 2 * self.n_embd * self.d_ff + 2 * n_positions * attention
        return self.n_layer * layer + self.n_vocab * self.n_embd
