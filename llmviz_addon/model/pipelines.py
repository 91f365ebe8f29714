"""From a tokenizer's files to a tokenizer that works, as transformers reads them.

The reference is `AutoTokenizer` of transformers 5. It has two ways to read a folder, and
`tokenizer_class` names one. A `GPT2Tokenizer`, the default, takes the vocabulary, the merges and
the tokens around the text from `tokenizer.json`, or the first two from `vocab.json` and
`merges.txt`, and does the rest as GPT-2 does. A `PreTrainedTokenizerFast`, the default beside a
`config.json` of nanoGPT and the like, does everything that `tokenizer.json` says.

Versions 4 do both a little differently. Where they would follow other parts of a `tokenizer.json`
than version 5 does, the folder is refused, since nobody can know which of the two the model was
trained with. Where files contradict each other about added tokens, version 5 decides.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .added_tokens import SETTINGS_NAME, AddedTokens, read_added_tokens, text_of
from .errors import CheckpointError, ModelError
from .folders import CONFIG_NAME, is_there, short
from .safetensors_file import read_file, read_json

if TYPE_CHECKING:
    from tokenizers import Tokenizer as Library

VOCABULARY_NAME, MERGES_NAME = "vocab.json", "merges.txt"

# The one special token in GPT-2's vocabulary.
END_OF_TEXT = "<|endoftext|>"
# Roles that GPT-2's class gives it where the folder names no other token.
_NAMED = dict.fromkeys(("unk_token", "bos_token", "eos_token"), END_OF_TEXT)

# Names of the two classes. The second has had several; only version 5 knows the last two.
_GPT2 = ("GPT2Tokenizer", "GPT2TokenizerFast")
_WHOLE = ("PreTrainedTokenizerFast", "PreTrainedTokenizer", "TokenizersBackend", "PythonBackend")
_ONLY_NEW = ("TokenizersBackend", "PythonBackend")
# Settings that are arguments of a class rather than facts about a tokenizer; nobody saves them.
_ARGUMENTS = ("vocab", "merges", "post_processor", "tokenizer_object", "init_inputs")
# Vocabularies of other kinds, which the reference would read in place of the pair.
_OTHERS = ("tekken.json", "tokenizer.model", "tiktoken.model")
_CURE = "download the tokenizer again, or remove it to type token ids"
_FOLLOW = (
    "if the model was trained with that, write PreTrainedTokenizerFast as tokenizer_class into "
    f"{SETTINGS_NAME}"
)


def read_library(files: tuple[Path, ...]) -> Library:
    """The tokenizer in `tokenizer.json`, or in `vocab.json` and `merges.txt`, and around them.

    `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` in the same folder
    are read, too. Truncation, padding and the random dropping of merges are left out: they are for
    training and batches, and the reference does not truncate or pad a prompt either.

    Raises
    ------
    CheckpointError
        If a file is not sound, or versions of the reference read it differently.
    """
    with refusing(files, "is not a sound tokenizer"):
        return _Reader(files).read()


@contextmanager
def refusing(files: tuple[Path, ...], what: str) -> Iterator[None]:
    """Turn anything that the library raises over a tokenizer's files into a `CheckpointError`."""
    try:
        yield
    except ModelError:
        raise
    except BaseException as error:
        # The library raises no narrower class than Exception. Where it did not foresee a mistake,
        # it panics, since it is written in Rust, and a panic is not even an Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        names = " and ".join(map(str, files))
        raise CheckpointError(f"{names}: {what} ({error}); {_CURE}") from error


class _Reader:
    def __init__(self, files: tuple[Path, ...]) -> None:
        self.files = files
        self.folder = files[0].parent
        self.source = self.folder / SETTINGS_NAME
        self.settings = (
            read_json(self.source, plain=True) if is_there(self.source, self.folder) else {}
        )
        strange = [name for name in _ARGUMENTS if self.settings.get(name)]
        if strange:
            raise self._unsettled(f"has {strange[0]}, which is no setting of a saved tokenizer")

    def read(self) -> Library:
        kind = self._class()
        if self.settings.get("fast_tokenizer_files"):
            raise self._unsettled(
                "chooses among files for several versions of transformers (fast_tokenizer_files)"
            )
        if len(self.files) > 1:
            return self._from_pair(kind)
        whole = _sound_file(self.files[0])
        return self._as_gpt2(whole) if kind in _GPT2 else self._as_it_says(whole, kind)

    def _class(self) -> str:
        """The name of the class that reads this folder."""
        code = self.settings.get("auto_map")
        if isinstance(code, dict):
            code = code.get("AutoTokenizer")
        if code:
            raise self._unsettled("names a tokenizer of the folder's own code, which is never run")
        named, source = self.settings.get("tokenizer_class"), self.source
        if not named:
            named, source = self._meant(), self.folder / CONFIG_NAME
        if named not in (*_GPT2, *_WHOLE):
            raise CheckpointError(
                f"{source}: names a {short(str(named))[:60]} as tokenizer_class, and only "
                f"{_GPT2[0]} and {_WHOLE[0]} can be read; remove the tokenizer to type token ids"
            )
        return str(named)

    def _meant(self) -> Any:
        """The class where the tokenizer's own settings name none."""
        source = self.folder / CONFIG_NAME
        if not is_there(source, self.folder):
            return _GPT2[0]
        config = read_json(source)
        # The reference knows no model for the configuration of another program, such as nanoGPT's,
        # and then follows tokenizer.json; only a pair of files is always GPT-2's.
        known = config.get("model_type") == "gpt2" or len(self.files) > 1
        return config.get("tokenizer_class") or (_GPT2 if known else _WHOLE)[0]

    def _setting(self, name: str) -> bool:
        value = self.settings.get(name, False)
        if not isinstance(value, bool):
            raise self._unsettled(f"has {short(repr(value))[:60]} as {name}, not true or false")
        return value

    # The two ways

    def _from_pair(self, kind: str) -> Library:
        other = next((name for name in _OTHERS if (self.folder / name).is_file()), None)
        if kind not in _GPT2:
            raise self._unsettled(f"names a {kind}, which is read from a tokenizer.json only")
        if other is not None:
            raise CheckpointError(
                f"{self.folder}: has {other} beside {self.files[0].name}, and only one of them "
                "can be the tokenizer; remove the other"
            )
        library = self._gpt2(_vocabulary(self.files[0]), read_merges(self.files[1]))
        added = self._add(library, None, _NAMED)
        self._surround(library, added)
        return library

    def _as_gpt2(self, whole: dict[str, Any]) -> Library:
        """A tokenizer as GPT-2's, with a `tokenizer.json`'s vocabulary and tokens around text."""
        from tokenizers import Tokenizer as Library

        bpe = whole["model"]
        if not isinstance(bpe.get("vocab"), dict) or not isinstance(bpe["merges"], list):
            raise self._refusal("has no vocabulary and merges")
        deviation = _deviation(whole)
        if deviation is not None:
            raise CheckpointError(
                f"{self.files[0]}: has {deviation}, which a {_GPT2[0]} follows in transformers 4 "
                f"and not in 5; {_FOLLOW}"
            )
        merges = [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in bpe["merges"]]
        library = self._gpt2(bpe["vocab"], merges)
        self._add(library, whole, _NAMED)
        empty = {**whole, "model": {"type": "BPE", "vocab": {}, "merges": []}, "added_tokens": []}
        around = Library.from_str(json.dumps(empty)).post_processor
        if around is not None:
            library.post_processor = around
        return library

    def _as_it_says(self, whole: dict[str, Any], kind: str) -> Library:
        """A tokenizer that does everything as its `tokenizer.json` says."""
        from tokenizers import Tokenizer as Library

        first = whole.get("pre_tokenizer")
        spaced = first.get("add_prefix_space") if isinstance(first, dict) else None
        setting = self.settings.get("add_prefix_space", False)
        differs = isinstance(setting, bool) and spaced is not None and spaced != setting
        if differs and kind not in _ONLY_NEW:
            raise CheckpointError(
                f"{self.files[0]}: has {_json(spaced)} as add_prefix_space, and {SETTINGS_NAME} "
                f"has {_json(setting)} or nothing, and versions of transformers differ in which "
                "they follow; write what the model was trained with into both"
            )
        library = Library.from_str(json.dumps(whole))
        padding = whole.get("padding")
        pad = padding.get("pad_token") if isinstance(padding, dict) else None
        library.no_padding()
        self._add(library, whole, {"pad_token": pad})
        return library

    # Their parts

    def _gpt2(self, vocabulary: dict[str, int], merges: list[Any]) -> Library:
        from tokenizers import Tokenizer as Library
        from tokenizers import decoders, models, pre_tokenizers

        library = Library(
            models.BPE(vocabulary, merges, continuing_subword_prefix="", end_of_word_suffix="")
        )
        spaced = self._setting("add_prefix_space")
        library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=spaced)
        library.decoder = decoders.ByteLevel()
        return library

    def _add(
        self, library: Library, whole: dict[str, Any] | None, defaults: Mapping[str, str | None]
    ) -> AddedTokens:
        added = read_added_tokens(self.folder, self.settings, whole, defaults)
        added.add_to(library)
        library.encode_special_tokens = self._setting("split_special_tokens")
        return added

    def _surround(self, library: Library, added: AddedTokens) -> None:
        """Put the tokens around the text that the settings ask for."""
        from tokenizers import processors

        around: dict[str, str] = {}
        for end in ("bos", "eos"):
            token = added.roles[f"{end}_token"]
            if self.settings.get(f"add_{end}_token") and token is not None:
                around[end] = text_of(token)
        if around:
            single = [around.get("bos"), "$A", around.get("eos")]
            library.post_processor = processors.TemplateProcessing(
                single=" ".join(f"{part}:0" for part in single if part is not None),
                special_tokens=[(text, library.token_to_id(text)) for text in around.values()],
            )

    def _refusal(self, what: str) -> CheckpointError:
        return CheckpointError(f"{' and '.join(map(str, self.files))}: {what}; {_CURE}")

    def _unsettled(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.source}: {what}; {_CURE}")


# tokenizer.json


def _sound_file(path: Path) -> dict[str, Any]:
    """The content of a `tokenizer.json` that holds a byte-level BPE."""
    raw = read_json(path, plain=True)
    bpe = raw.get("model")
    # Files from the library's first years do not name the type.
    if not isinstance(bpe, dict) or bpe.get("type", "BPE") != "BPE" or "merges" not in bpe:
        kind = bpe.get("type") if isinstance(bpe, dict) else None
        named = f"a tokenizer of type {kind[:40]}" if isinstance(kind, str) else "no BPE"
        raise CheckpointError(
            f"{path}: holds {named}, and only byte-level BPE can be read; {_CURE}"
        )
    if not any(_is_byte_level(raw.get(part)) for part in ("pre_tokenizer", "decoder")):
        raise CheckpointError(
            f"{path}: holds a BPE of letters, and only byte-level BPE can be read; {_CURE}"
        )
    bpe["dropout"] = None  # drops merges at random, which is for training only
    return raw | {"truncation": None}


def _is_byte_level(part: Any, depth: int = 0) -> bool:
    """True if a step of a tokenizer, or one in a sequence of steps, is the byte-level one."""
    if not isinstance(part, dict) or depth > 4:
        return False
    steps = [step for value in part.values() if isinstance(value, list) for step in value]
    return part.get("type") == "ByteLevel" or any(_is_byte_level(s, depth + 1) for s in steps)


def _deviation(whole: dict[str, Any]) -> str | None:
    """The first difference of a `tokenizer.json` from GPT-2, in a few words; None without one."""
    if whole.get("normalizer") is not None:
        return f"a normalizer{_of_type(whole['normalizer'])}"
    first = whole.get("pre_tokenizer")
    if not isinstance(first, dict) or first.get("type") != "ByteLevel":
        return f"a pre_tokenizer{_of_type(first)}"
    if first.get("use_regex", True) is not True:
        return "a pre_tokenizer without GPT-2's regular expression"
    bpe = whole["model"]
    if bpe.get("ignore_merges"):
        return "ignore_merges"
    marks = (bpe.get("continuing_subword_prefix"), bpe.get("end_of_word_suffix"))
    if any(marks):
        return "marks at the ends of tokens"
    # A token for unknown letters is used only where the vocabulary lacks one of the 256 letters
    # that stand for bytes.
    if bpe.get("unk_token") is not None or bpe.get("byte_fallback"):
        from tokenizers import pre_tokenizers

        if not set(pre_tokenizers.ByteLevel.alphabet()) <= set(bpe["vocab"]):
            return "a token for unknown letters"
    return None


def _of_type(part: Any) -> str:
    kind = part.get("type") if isinstance(part, dict) else None
    return f" of type {kind[:40]}" if isinstance(kind, str) else " other than GPT-2's"


def _json(value: Any) -> str:
    return json.dumps(value)[:60]


# vocab.json and merges.txt


def _vocabulary(path: Path) -> dict[str, int]:
    """The ids of a `vocab.json` by token."""
    vocabulary = read_json(path, plain=True)
    for token, place in vocabulary.items():
        if not isinstance(place, int) or isinstance(place, bool) or not 0 <= place < 2**32:
            raise CheckpointError(
                f"{path}: has {short(repr(place))[:60]} as the id of {short(repr(token))[:60]}; "
                f"{_CURE}"
            )
    return vocabulary


def read_merges(path: Path) -> list[tuple[str, str]]:
    """The pairs of a `merges.txt`, in the order in which they are merged.

    Raises
    ------
    CheckpointError
        If a line is not a pair; the message has its number.
    """
    try:
        text = read_file(path).decode()
    except UnicodeDecodeError as error:
        raise CheckpointError(f"{path}: is not text ({error.reason}); {_CURE}") from error
    if text.startswith("\ufeff"):
        raise CheckpointError(f"{path}: begins with a byte order mark; save it without one")
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    pairs = []
    for number, line in enumerate(lines, 1):
        if line.startswith("#version"):
            continue
        first, space, second = line.removesuffix("\r").partition(" ")
        if not (first and space and second) or " " in second:
            raise CheckpointError(
                f"{path}: line {number} is {line[:40]!r}, two tokens with a space between "
                f"were expected; {_CURE}"
            )
        pairs.append((first, second))
    return pairs
