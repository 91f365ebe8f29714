"""Uses: where a cell goes, the inverse of where the formulas say that cells come from.

Every formula whose operands name a block is one of its users. Which these are follows from the
names that the formulas of each role refer to; no role is listed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .block import Block, BlockSpec, OperandSpec
from .formula import Formula, Operand

STREAM = "{stream}"


@dataclass(frozen=True, slots=True)
class User:
    """A formula that a block's cells go into, as one of its operands."""

    formula: Formula
    operand: Operand


@dataclass(frozen=True, slots=True)
class _Role:
    """The blocks of one role: an operand that they have, and whether they are in layers, heads."""

    spec: BlockSpec
    operand: OperandSpec
    in_layer: bool
    in_head: bool


class Users:
    """The users of every block of a network.

    Parameters
    ----------
    blocks
        Name to block.
    """

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self._blocks = blocks
        # By the role that an operand's name ends in; empty for the stream, of several roles.
        self._reading: dict[str, list[_Role]] = {}
        for block in {id(block.spec): block for block in blocks.values()}.values():
            formula = block.spec.formula
            for operand in dict.fromkeys(formula.operands if formula else ()):
                role = _Role(block.spec, operand, block.layer is not None, block.head is not None)
                self._reading.setdefault(operand.block.rpartition("}")[2], []).append(role)

    def of(self, block: Block) -> list[User]:
        """The formulas that read a block's cells, in the order of computation within a layer."""
        found = []
        for role in (*self._reading.get("", ()), *self._reading.get(block.role, ())):
            for name in _names(role, block):
                target = self._blocks.get(name)
                formula = None if target is None else target.formula
                if formula is None:
                    continue
                found += [
                    User(formula, operand)
                    for operand in formula.operands
                    if operand.block == block.name and operand.part == role.operand.part
                ]
        return found


def _names(role: _Role, block: Block) -> Iterator[str]:
    """Names of the blocks of a role that may have `block` as their operand."""
    named, config = role.operand.block, block.spec.config
    if not role.in_layer:
        yield role.spec.role
        return
    layers: Iterable[int]
    if named == STREAM:
        layers = (0,) if block.layer is None else (block.layer + 1,)
    else:
        layers = range(config.n_layer) if "{" not in named else (block.layer or 0,)
    for layer in layers:
        if not role.in_head:
            yield f"layer{layer}.{role.spec.role}"
            continue
        heads = (block.head or 0,) if "{head}" in named else range(config.n_head)
        yield from (f"layer{layer}.head{head}.{role.spec.role}" for head in heads)
