"""Byte-level BPE, GPT-2's way between text and tokens, read from a checkpoint's folder.

The `tokenizers` library does the work: it is what the reference implementation runs on, so ids
are the same. It is imported, and a tokenizer's files are read, when a prompt is first encoded or
a token first written, so that opening a checkpoint waits for neither. `pipelines.py` interprets the
files, and `added_tokens.py` finds the tokens beside the vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import CheckpointError, PromptError
from .pipelines import read_library, refusing
from .tokenizer import SIGNS, SPACE, Tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library

# Most letters of a label, as many as fit on a tile.
_LONGEST_LABEL = 16


class WordTokenizer(Tokenizer):
    """GPT-2's tokenizer, or another byte-level BPE.

    It makes the same tokens of a text as the reference does, with tokens around them where the
    folder asks for these (`add_bos_token`, or a template in `tokenizer.json`). A special token
    such as `<|endoftext|>` can be typed.

    Parameters
    ----------
    n_vocab : int
        Size of the model's vocabulary. The tokenizer's may be smaller, where an embedding was
        padded to a round number, or larger, where tokens were added and never trained: then
        only prompts that contain one of those are refused.
    files : (Path,) or (Path, Path)
        `tokenizer.json`, or `vocab.json` and `merges.txt`. They and the files beside them are
        read when they are first needed: `encode`, `decode` and `label` raise `CheckpointError` if
        one is not sound.
    """

    def __init__(self, n_vocab: int, files: tuple[Path, ...]) -> None:
        super().__init__(n_vocab)
        self.files = files
        self.unit, self.is_text = "words", True

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, the same as those of the reference implementation.

        Raises
        ------
        PromptError
            If the text holds half of a surrogate pair, which is no character, or a token that the
            model has no embedding for.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PromptError(
                f"Letter {error.start + 1} of the prompt is {text[error.start]!r}, which is half "
                "a character; type it again"
            ) from error
        library = self._library
        with refusing(self.files, "cannot read this prompt"):
            ids = list(library.encode(text).ids)
        beyond = next((token for token in ids if token >= self.n_vocab), None)
        if beyond is not None:
            raise PromptError(
                f"The prompt contains {self._spelled(beyond)}, which is token {beyond} of "
                f"{self.files[0].name}, and the model knows 0 to {self.n_vocab - 1}; leave it "
                "out, or use the tokenizer that this checkpoint was trained with"
            )
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, with � for each part of a character that is not whole.

        Ids that a padded vocabulary has no token for give no text.
        """
        for token in ids:
            self._check(token)
        library = self._library
        with refusing(self.files, "cannot write these tokens"):
            return str(library.decode(list(ids), skip_special_tokens=False))

    def label(self, token: int) -> str:
        """One token as it is written on screen, in at most 16 letters.

        A space at either end is `·`, a new line `⏎`, a tab `⇥`. Other characters that cannot be
        printed appear as their UTF-8 bytes, `‹0D›`, and so does a part of a character, `‹E2 80›`.
        An id that a padded vocabulary has no token for is `#50300`.

        Raises
        ------
        PromptError
            If the vocabulary has no such id.
        """
        self._check(token)
        return self._spelled(token)

    def _spelled(self, token: int) -> str:
        spelled = self._library.id_to_token(int(token))
        if spelled is None:
            return f"#{token}"
        text = _write(_bytes(spelled) if token not in self._added else spelled.encode())
        return text if len(text) <= _LONGEST_LABEL else text[: _LONGEST_LABEL - 1] + "…"

    @cached_property
    def _added(self) -> frozenset[int]:
        """Ids of tokens that are spelled in plain text."""
        return frozenset(self._library.get_added_tokens_decoder())

    @cached_property
    def _library(self) -> Library:
        library = read_library(self.files)
        if not library.get_vocab_size(with_added_tokens=False):
            raise CheckpointError(
                f"{self.files[0]}: has no tokens; download the tokenizer again, or remove it to "
                "type token ids"
            )
        return library


@cache
def _byte_of() -> dict[str, int]:
    """The byte that each letter of a byte-level vocabulary stands for.

    Notes
    -----
    As GPT-2's `encoder.py` has it: printable letters of Latin-1 stand for their own byte, and
    the other bytes, in order, have the letters from U+0100 on.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in printable)
    return {chr(byte): byte for byte in printable} | {
        chr(0x100 + i): byte for i, byte in enumerate(others)
    }


def _bytes(spelled: str) -> bytes:
    """The bytes of a token as the vocabulary spells it; its own where it is not byte-level."""
    table = _byte_of()
    if all(letter in table for letter in spelled):
        return bytes(table[letter] for letter in spelled)
    return spelled.encode("utf-8", "surrogatepass")


def _write(data: bytes) -> str:
    """Bytes as text that can be printed."""
    text = data.decode("utf-8", "surrogateescape")
    inner = text.strip(" ")
    before = SPACE * (len(text) - len(text.lstrip(" ")))
    if not inner:
        return before or "‹›"
    written = ""
    for printable, letters in groupby(
        inner, lambda letter: letter.isprintable() or letter in SIGNS
    ):
        run = "".join(letters)
        if printable:
            written += "".join(SIGNS.get(letter, letter) for letter in run)
        else:
            written += f"‹{run.encode('utf-8', 'surrogateescape').hex(' ').upper()}›"
    return before + written + SPACE * (len(text) - len(text.rstrip(" ")))
