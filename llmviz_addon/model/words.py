"""Byte-level BPE, GPT-2's way between text and tokens, read from a checkpoint's folder.

The `tokenizers` library does the work: it is what the reference implementation runs on, so ids
are the same. It is imported, and a tokenizer's files are read, when a prompt is first encoded or
a token first written; opening a checkpoint waits for neither.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, cached_property
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CheckpointError, ModelError, PromptError
from .safetensors_file import read_file, read_json
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library

TOKENIZER_NAME = "tokenizer.json"
VOCABULARY_NAME, MERGES_NAME = "vocab.json", "merges.txt"
# Beside the pair, and of interest for one setting only.
SETTINGS_NAME = "tokenizer_config.json"

# The one token that GPT-2's vocabulary has for its meaning instead of its letters.
END_OF_TEXT = "<|endoftext|>"

# Letters of a label, beyond which it is cut short: what fits on a tile.
_LONGEST_LABEL = 16
_SIGNS = {"\n": "⏎", "\t": "⇥"}
_CURE = "download the tokenizer again, or remove it to type token ids"


class WordTokenizer(Tokenizer):
    """GPT-2's tokenizer, or another byte-level BPE.

    Text becomes exactly the tokens of what was typed. What a `tokenizer.json` says about
    truncation, padding and tokens around the text (post-processing) is for training and batches
    and is not followed; a special token such as `<|endoftext|>` can be typed.

    Parameters
    ----------
    n_vocab : int
        Size of the model's vocabulary. The tokenizer's may be smaller, where an embedding was
        padded to a round number.
    files : (Path,) or (Path, Path)
        `tokenizer.json`, or `vocab.json` and `merges.txt`. None is read before it is needed:
        `encode`, `decode` and `label` raise `CheckpointError` where a file is not sound or does
        not fit the model.
    """

    def __init__(self, n_vocab: int, files: tuple[Path, ...]) -> None:
        super().__init__(n_vocab)
        self.files = files
        self.unit = "words"

    def encode(self, text: str) -> list[int]:
        """Token ids of a text, the same as those of the reference implementation.

        Raises
        ------
        PromptError
            Where the text holds half of a surrogate pair, which is no character.
        """
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise PromptError(
                f"Letter {error.start + 1} of the prompt is {text[error.start]!r}, which is half "
                "a character; type it again"
            ) from error
        library = self._library
        try:
            return list(library.encode(text, add_special_tokens=False).ids)
        except Exception as error:  # the library knows no narrower class
            raise self._refusal(f"cannot read this prompt ({error})") from error

    def decode(self, ids: Sequence[int]) -> str:
        """The text of token ids, with � for what is only a part of a character.

        Ids that a padded vocabulary has no token for give no text.
        """
        for token in ids:
            self._check(token)
        return str(self._library.decode(list(ids), skip_special_tokens=False))

    def label(self, token: int) -> str:
        """How one token is written on screen, in at most 16 letters.

        A space at either end is `·`, a new line `⏎`, a tab `⇥`. What cannot be printed is
        written as its UTF-8 bytes, `‹0D›`, and so is part of a character, `‹E2 80›`. An id that
        a padded vocabulary has no token for is `#50300`.

        Raises
        ------
        PromptError
            Where the vocabulary has no such id.
        """
        self._check(token)
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
        read = self._from_one_file if len(self.files) == 1 else self._from_two_files
        try:
            library = read()
            largest = max(library.get_vocab(with_added_tokens=True).values(), default=-1)
        except ModelError:
            raise
        except Exception as error:  # the library knows no narrower class
            raise self._refusal(f"is not a sound tokenizer ({error})") from error
        if largest < 0:
            raise self._refusal("has no tokens")
        if largest >= self.n_vocab:
            raise CheckpointError(
                f"{self.files[0]}: has token {largest}, and the model's vocabulary is 0 to "
                f"{self.n_vocab - 1}; use the tokenizer that this checkpoint was trained with"
            )
        return library

    def _from_one_file(self) -> Library:
        from tokenizers import Tokenizer as Library

        raw = read_json(self.files[0])
        bpe = raw.get("model")
        # Files of the library's first years do not name the type.
        if not isinstance(bpe, dict) or bpe.get("type", "BPE") != "BPE" or "merges" not in bpe:
            kind = bpe.get("type") if isinstance(bpe, dict) else None
            raise self._refusal(f"holds {_named(kind)}, and only byte-level BPE can be read")
        if not any(_is_byte_level(raw.get(part)) for part in ("pre_tokenizer", "decoder")):
            raise self._refusal("holds a BPE of letters, and only byte-level BPE can be read")
        raw |= {"truncation": None, "padding": None, "post_processor": None}
        bpe["dropout"] = None  # of merges, at random, for training
        return Library.from_str(json.dumps(raw))

    def _from_two_files(self) -> Library:
        from tokenizers import AddedToken, decoders, models, pre_tokenizers
        from tokenizers import Tokenizer as Library

        vocabulary, merges = read_json(self.files[0]), self._read_merges()
        settings = self.files[0].with_name(SETTINGS_NAME)
        spaced = settings.is_file() and read_json(settings).get("add_prefix_space") is True
        library = Library(models.BPE(vocabulary, merges))
        library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
        library.decoder = decoders.ByteLevel()
        if END_OF_TEXT in vocabulary:
            library.add_special_tokens([AddedToken(END_OF_TEXT, normalized=False)])
        return library

    def _read_merges(self) -> list[tuple[str, str]]:
        """The pairs of a `merges.txt`, in the order in which they are merged."""
        path = self.files[1]
        try:
            lines = read_file(path).decode().split("\n")
        except UnicodeDecodeError as error:
            raise CheckpointError(f"{path}: is not text ({error.reason}); {_CURE}") from error
        pairs = []
        for number, line in enumerate(lines, 1):
            line = line.removesuffix("\r")
            if not line or line.startswith("#version"):
                continue
            first, space, second = line.partition(" ")
            if not (first and space and second) or " " in second:
                raise CheckpointError(
                    f"{path}: line {number} is {line[:40]!r}, two tokens with a space between "
                    f"were expected; {_CURE}"
                )
            pairs.append((first, second))
        return pairs

    def _refusal(self, what: str) -> CheckpointError:
        return CheckpointError(f"{' and '.join(map(str, self.files))}: {what}; {_CURE}")


def _named(kind: Any) -> str:
    return f"a tokenizer of type {kind[:40]}" if isinstance(kind, str) else "no BPE"


def _is_byte_level(part: Any, depth: int = 0) -> bool:
    """Whether a step of a tokenizer, or one in a sequence of steps, is the byte-level one."""
    if not isinstance(part, dict) or depth > 4:
        return False
    steps = [step for value in part.values() if isinstance(value, list) for step in value]
    return part.get("type") == "ByteLevel" or any(_is_byte_level(s, depth + 1) for s in steps)


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
    before = "·" * (len(text) - len(text.lstrip(" ")))
    if not inner:
        return before or "‹›"
    written = ""
    for printable, letters in groupby(
        inner, lambda letter: letter.isprintable() or letter in _SIGNS
    ):
        run = "".join(letters)
        if printable:
            written += "".join(_SIGNS.get(letter, letter) for letter in run)
        else:
            written += f"‹{run.encode('utf-8', 'surrogateescape').hex(' ').upper()}›"
    return before + written + "·" * (len(text) - len(text.rstrip(" ")))
