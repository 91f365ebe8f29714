"""The tokenizer, between the text that a person types and the token ids that a network reads."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from .errors import ConfigError, PromptError

SPACE = "·"
"""The sign for a space at either end of a label."""

SIGNS = {"\n": "⏎", "\t": "⇥"}
"""The signs for other characters that nobody could see in a label."""

# Letters of a vocabulary up to which a message lists them one by one.
_FEW = 30


class Tokenizer:
    """One token per letter where the vocabulary is known, else token ids as numbers.

    A letter that is not in the vocabulary is read as its plain or its other form where that one
    is: wide as narrow, as Japanese keyboards type them, and a capital as a small letter, or the
    other way round in a vocabulary of capitals.

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
    is_text : bool
        True if the tokens make up text with spaces, which a sentence has to quote.

    Raises
    ------
    ConfigError
        If the vocabulary is not `n_vocab` different characters.
    """

    def __init__(self, n_vocab: int, vocabulary: Sequence[str] | None = None) -> None:
        self.n_vocab = n_vocab
        self.vocabulary = None if vocabulary is None else tuple(vocabulary)
        self.unit: Literal["letters", "words", "ids"] = "letters" if vocabulary else "ids"
        self.is_text = vocabulary is not None and " " in vocabulary
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
        return [self._letter(letter, place) for place, letter in enumerate(text, 1)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids; the inverse of `encode`, in the vocabulary's own letters."""
        for token in ids:
            self._check(token)
        if self.vocabulary is None:
            return " ".join(str(int(token)) for token in ids)
        return "".join(self.vocabulary[token] for token in ids)

    def label(self, token: int) -> str:
        """One token as it is written on screen: its letter, or its id.

        A space is `·`, a new line `⏎`, a tab `⇥`.

        Raises
        ------
        PromptError
            If the vocabulary has no such id.
        """
        text = self.decode([token])
        return SPACE if text == " " else SIGNS.get(text, text)

    def _check(self, token: int) -> None:
        if not 0 <= token < self.n_vocab:
            raise PromptError(f"Token {token} is not in the vocabulary, 0 to {self.n_vocab - 1}")

    def _letter(self, letter: str, place: int) -> int:
        """The id of the letter at a place of the prompt, or of its plain or other form."""
        for form in (letter, unicodedata.normalize("NFKC", letter)):
            for written in (form, form.lower(), form.upper()):
                if written in self._ids:
                    return self._ids[written]
        raise PromptError(
            f"Letter {place} of the prompt is {letter!r}; this model knows only {self._listing()}"
        )

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
        """The letters of the vocabulary; of many, runs of the alphabet and all other signs."""
        letters = self.vocabulary or ()
        if len(letters) <= _FEW:
            return ", ".join(letters)
        alphabets = sorted(letter for letter in letters if letter.isalnum())
        signs = sorted(letter for letter in letters if not (letter.isalnum() or letter.isspace()))
        # Neighbors in Unicode differ from their own place in the list by the same amount.
        runs = (
            [letter for _, letter in run]
            for _, run in groupby(enumerate(alphabets), lambda pair: ord(pair[1]) - pair[0])
        )
        listed = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(run) for run in runs]
        return ", ".join(listed) + (f" and {' '.join(signs)}" if signs else "")
