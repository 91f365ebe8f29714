"""Added and special tokens of a folder, from the four files that may name them.

Tokens beside the vocabulary may be named in `tokenizer.json`, `tokenizer_config.json`,
`special_tokens_map.json` and `added_tokens.json`. Where these differ, precedence is that of
transformers 5, which is the reference here:

1. `added_tokens_decoder` in `tokenizer_config.json`, where it exists, is the whole list; neither
   the map nor the lists of the other files are read then;
2. without it, `special_tokens_map.json` overrules the roles in the configuration, and the
   list is that of `added_tokens.json`, then that of `tokenizer.json`, which wins where both have
   a token for one id;
3. listed tokens come first, by id; then the roles (`bos_token`, `eos_token` and so on), then
   further special tokens. Each gets its id from the vocabulary or, where that lacks the token, the
   next free id after the last: the ids in the lists only give an order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import CheckpointError
from .folders import is_there, short
from .safetensors_file import read_json

if TYPE_CHECKING:
    from tokenizers import AddedToken
    from tokenizers import Tokenizer as Library

    Token: TypeAlias = str | AddedToken

TOKENIZER_NAME = "tokenizer.json"
SETTINGS_NAME = "tokenizer_config.json"
MAP_NAME, ADDED_NAME = "special_tokens_map.json", "added_tokens.json"

# Names of roles, in the order in which the reference adds their tokens.
_ROLES = (
    *("bos_token", "eos_token", "unk_token", "sep_token"),
    *("pad_token", "cls_token", "mask_token"),
)
_LISTED, _FURTHER, _SPECIFIC = (
    "added_tokens_decoder",
    "extra_special_tokens",
    "model_specific_special_tokens",
)
_FLAGS = ("content", "single_word", "lstrip", "rstrip", "normalized", "special")
# The name of `extra_special_tokens` before transformers 5.
_FURTHER_ONCE = "additional_special_tokens"
_CURE = "download the tokenizer again, or remove it to type token ids"


@dataclass
class AddedTokens:
    """The tokens that a folder adds to its vocabulary.

    Attributes
    ----------
    listed : dict of int to AddedToken
        By the id in the list, which gives the order.
    roles : dict of str to str, AddedToken or None
        `bos_token` and the like, and names of the folder's own.
    further : list of str or AddedToken
        Special tokens without a role.
    """

    listed: dict[int, AddedToken] = field(default_factory=dict)
    roles: dict[str, Token | None] = field(default_factory=dict)
    further: list[Token] = field(default_factory=list)

    def add_to(self, library: Library) -> None:
        """Give a tokenizer the tokens that it lacks, in the reference's order."""
        from tokenizers import AddedToken

        # A listed token that the tokenizer has already is added again, so that the list's flags
        # replace its own.
        adding: list[Token] = [self.listed[i] for i in sorted(self.listed)]
        there = library.get_added_tokens_decoder().values()
        known = {text_of(token) for token in (*there, *adding)}
        for token in (*self.roles.values(), *self.further):
            # Also compared with the tokens added so far: several roles may name the same one.
            if token is not None and text_of(token) not in known and token not in adding:
                adding.append(token)
        spoken = {text_of(token) for token in self.roles.values() if token}
        tokens = []
        for token in adding:
            new = AddedToken(token, special=True) if isinstance(token, str) else token
            if text_of(new) in spoken:
                new.special = True
            tokens.append(new)
        library.add_tokens(tokens)


def text_of(token: Token) -> str:
    """The text of a token."""
    return token if isinstance(token, str) else str(token.content)


def read_added_tokens(
    folder: Path,
    settings: dict[str, Any],
    whole: dict[str, Any] | None,
    defaults: Mapping[str, str | None],
) -> AddedTokens:
    """The added and special tokens that a folder's files name.

    Parameters
    ----------
    folder : Path
        The folder of `special_tokens_map.json` and `added_tokens.json`.
    settings : dict
        The content of `tokenizer_config.json`; empty where there is none.
    whole : dict or None
        The content of `tokenizer.json`, where the vocabulary comes from there.
    defaults : dict of str to str
        Tokens for roles that the folder does not name, by the tokenizer's class.

    Raises
    ------
    CheckpointError
        If an entry is not a token, or not under an id.
    """
    source = folder / SETTINGS_NAME
    said = dict(settings)
    if _FURTHER_ONCE in said and not said.get(_FURTHER):
        said[_FURTHER] = said.pop(_FURTHER_ONCE)
    own = {key: said.pop(key) for key in list(said) if _names_a_token(key, said[key])}
    if isinstance(said.get(_FURTHER), dict):
        own |= said.pop(_FURTHER)
    if own:
        said[_SPECIFIC] = own
    entries: list[tuple[int, AddedToken]] = []
    # Files of settings by key, where these do not come from the configuration.
    sources: dict[str, Path] = {}
    if _LISTED in said:
        entries = _decoder(said[_LISTED], source)
    else:
        if is_there(folder / MAP_NAME, folder):
            mapped = read_json(folder / MAP_NAME, plain=True)
            _overrule(said, mapped, folder / MAP_NAME)
            sources = dict.fromkeys(mapped, folder / MAP_NAME)
        if is_there(folder / ADDED_NAME, folder):
            entries += _by_id(read_json(folder / ADDED_NAME, plain=True), said, folder / ADDED_NAME)
        if whole is not None:
            entries += _list(whole.get("added_tokens"), folder / TOKENIZER_NAME)
    result = AddedTokens(listed=dict(entries))
    # A token's flags in a list count more than those in a role, even where the list's id went to
    # another token, so all entries are looked through and not only those that were kept.
    described = {text_of(token): token for _, token in entries}
    _assign(result, _revived(said, source), described, lambda key: sources.get(key, source))
    for role, token in defaults.items():
        if role not in said:
            result.roles[role] = token
    return result


def _overrule(said: dict[str, Any], entries: dict[str, Any], source: Path) -> None:
    """Replace settings of the configuration by the entries of a `special_tokens_map.json`."""
    for key, value in entries.items():
        if key != _FURTHER:
            marked = isinstance(value, dict)
            said[key] = _token({**value, "special": True}, source) if marked else value
        elif isinstance(value, list):
            tokens = said.get(_FURTHER) or []
            if not isinstance(tokens, list):
                raise _refusal(source, f"and {SETTINGS_NAME} name {_FURTHER} in different ways")
            said[_FURTHER] = tokens = list(tokens)
            for entry in value:
                if isinstance(entry, dict) and "special" in entry:
                    raise _refusal(source, f"says twice whether {_shown(entry)} is special")
                marked = isinstance(entry, dict)
                token = _token({**entry, "special": True}, source) if marked else entry
                if token not in tokens:
                    tokens.append(token)
        else:
            said[_FURTHER] = value
    if isinstance(said.get(_FURTHER), dict):
        said[_SPECIFIC] = {**(said.get(_SPECIFIC) or {}), **said.pop(_FURTHER)}


def _assign(
    result: AddedTokens,
    said: dict[str, Any],
    described: dict[str, AddedToken],
    source: Callable[[str], Path],
) -> None:
    """Sort settings into roles and further tokens; `source` gives the file of each key."""
    named = _FURTHER_ONCE if _FURTHER_ONCE in said and _FURTHER not in said else _FURTHER
    for role in _ROLES:
        token = said.get(role)
        if token is not None:
            token = described.get(text_of(_sound(token, role, source(role))), token)
        result.roles[role] = token
    own = {key: value for key, value in said.items() if _names_a_token(key, value)}
    specific = {} if said.get(_SPECIFIC) is None else said[_SPECIFIC]
    further = [] if said.get(named) is None else said[named]
    if not isinstance(specific, dict):
        raise _refusal(
            source(_SPECIFIC), f"has {_shown(specific)} as {_SPECIFIC}, not tokens by name"
        )
    if not isinstance(further, list):
        raise _refusal(source(named), f"has {_shown(further)} as {named}, not a list of tokens")
    for key, token in {**own, **specific}.items():
        result.roles[key] = _sound(token, key, source(key))
    result.further = [_sound(token, "a special token", source(named)) for token in further]


# Lists


def _decoder(entries: Any, source: Path) -> list[tuple[int, AddedToken]]:
    if not isinstance(entries, dict):
        raise _refusal(source, f"has {_shown(entries)} as {_LISTED}, not tokens by id")
    result = []
    for key, entry in entries.items():
        try:
            place = int(key)
        except ValueError as error:
            raise _refusal(source, f"lists a token under {_shown(key)}, not an id") from error
        result.append((place, _token(entry, source)))
    return result


def _by_id(
    entries: dict[str, Any], said: dict[str, Any], source: Path
) -> list[tuple[int, AddedToken]]:
    """The tokens of an `added_tokens.json`; special are those that the configuration names."""
    from tokenizers import AddedToken

    # Only names and tokens count. A role that the configuration describes as a table of flags is
    # not a token at this point, and the reference passes over it here, too.
    roles = [said.get(role) for role in _ROLES]
    further = said.get(_FURTHER) or []
    known = (*roles, *further) if isinstance(further, list) else roles
    names = {text_of(token) for token in known if isinstance(token, str | AddedToken)}
    result = []
    for text, place in entries.items():
        _check_place(place, source)
        special = text in names
        result.append((place, AddedToken(text, normalized=not special, special=special)))
    return result


def _list(entries: Any, source: Path) -> list[tuple[int, AddedToken]]:
    """The `added_tokens` of a `tokenizer.json`."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise _refusal(source, f"has {_shown(entries)} as added_tokens, not a list of tokens")
    result = []
    for entry in entries:
        flags = dict(entry)
        place = flags.pop("id", None)
        _check_place(place, source)
        result.append((place, _token(flags, source)))
    return result


def _check_place(place: Any, source: Path) -> None:
    if not isinstance(place, int) or isinstance(place, bool):
        raise _refusal(source, f"lists a token under {_shown(place)}, not an id")


# One token


def _names_a_token(key: str, value: Any) -> bool:
    """True if a setting is a special token under a name of the folder's own."""
    from tokenizers import AddedToken

    return key.endswith("_token") and key not in _ROLES and isinstance(value, str | AddedToken)


def _token(entry: Any, source: Path) -> AddedToken:
    from tokenizers import AddedToken

    unlike = _refusal(
        source, f"has {_shown(entry)} where content and flags of a token were expected"
    )
    if not isinstance(entry, dict) or not isinstance(entry.get("content"), str):
        raise unlike
    try:
        # Only flags are passed on, because the library prints a complaint about any other name.
        return AddedToken(**{key: entry[key] for key in entry if key in _FLAGS})
    except (TypeError, ValueError) as error:
        raise unlike from error


def _revived(value: Any, source: Path) -> Any:
    """A value of the configuration in which tables that are marked as tokens have become tokens."""
    if isinstance(value, dict):
        if value.get("__type") == "AddedToken":
            return _token({key: v for key, v in value.items() if key != "__type"}, source)
        return {key: _revived(v, source) for key, v in value.items()}
    return [_revived(v, source) for v in value] if isinstance(value, list) else value


def _sound(token: Any, what: str, source: Path) -> Token:
    from tokenizers import AddedToken

    if isinstance(token, str | AddedToken):
        return token
    raise _refusal(source, f"has {_shown(token)} as {short(what)}, which is no token")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


def _refusal(source: Path, what: str) -> CheckpointError:
    return CheckpointError(f"{source}: {what}; {_CURE}")
