"""The tokenizer, between the text that a person types and the token ids that a network reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from .errors import ConfigError, PromptError


class Tokenizer:
    """One token per letter where the vocabulary is known, else token ids as numbers.

    `words.WordTokenizer` is the one that checkpoints bring.

    Parameters
    ----------
    n_vocab : int
        Size of the vocabulary.
    vocabulary : sequence of str, optional
        The letter of each id, one character each and all different. Without it, as for a
        checkpoint that brings no tokenizer, text is token ids separated by spaces.

    Attributes
    ----------
    unit : str
        The parts of a prompt: `"letters"`, `"words"` or `"ids"`.

    Raises
    ------
    ConfigError
        If the vocabulary is not `n_vocab` different characters.
    """

    def __init__(self, n_vocab: int, vocabulary: Sequence[str] | None = None) -> None:
        self.n_vocab = n_vocab
        self.vocabulary = None if vocabulary is None else tuple(vocabulary)
        self.unit: Literal["letters", "words", "ids"] = "letters" if vocabulary else "ids"
        self._ids: dict[str, int] = {}
        if self.vocabulary is None:
            return
        for letter in self.vocabulary:
            if not isinstance(letter, str) or len(letter) != 1 or letter in self._ids:
                raise ConfigError(f"vocabulary has {letter!r}; each must be a character of its own")
            self._ids[letter] = len(self._ids)
        if len(self._ids) != n_vocab:
            raise ConfigError(
                f"vocabulary has {len(self._ids)} letters and n_vocab is {n_vocab}; "
                "each id needs one letter"
            )

    def encode(self, text: str) -> list[int]:
        """Token ids of a text.

        Raises
        ------
        PromptError
            If a letter is not in the vocabulary, or a word is not an id.
        """
        if self.vocabulary is None:
            return [self._number(word) for word in text.split()]
        for place, letter in enumerate(text, 1):
            if letter not in self._ids:
                raise PromptError(
                    f"Letter {place} of the prompt is {letter!r}; "
                    f"this model knows only {self._listing()}"
                )
        return [self._ids[letter] for letter in text]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; the inverse of `encode`."""
        return ("" if self.vocabulary else " ").join(self.label(i) for i in ids)

    def label(self, token: int) -> str:
        """One token as it is written on screen: its letter, or its id.

        Raises
        ------
        PromptError
            If the vocabulary has no such id.
        """
        self._check(token)
        return self.vocabulary[token] if self.vocabulary else str(int(token))

    def _check(self, token: int) -> None:
        if not 0 <= token < self.n_vocab:
            raise PromptError(f"Token {token} is not in the vocabulary, 0 to {self.n_vocab - 1}")

    def _number(self, word: str) -> int:
        # The length is checked first, because int() raises for very long numbers.
        if word.isascii() and word.isdigit() and len(word) < 12 and int(word) < self.n_vocab:
            return int(word)
        shown = word if len(word) <= 20 else word[:20] + "..."
        raise PromptError(
            f"{shown!r} is not a token id; this model has no tokenizer here, so type numbers "
            f"from 0 to {self.n_vocab - 1} separated by spaces"
        )

    def _listing(self) -> str:
        letters = self.vocabulary or ()
        return ", ".join(letters) if len(letters) <= 30 else f"{len(letters)} other characters"
