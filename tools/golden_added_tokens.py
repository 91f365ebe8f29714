"""Folders whose tokenizers are described in several files, and the reference's ids for each.

    golden_added_tokens.py PYTHON4

Run it with a Python that has transformers 5 (5.24.0 wrote the file); PYTHON4 is one that has
transformers 4 (4.57.6). The first gives the ids. The second tells if versions 4 read a
folder alike, otherwise, or not at all. The file, `folders.json`, has the changes that each folder
makes to one small tokenizer, and `null` for ids where the reference refuses.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "model" / "golden"
OUT = GOLDEN.parent / "tokenizer" / "folders.json"
END = "<|endoftext|>"

Files = dict[str, Any]

# Special tokens alone, at both ends, in the middle, side by side, and with space around them.
TEXTS = (
    "",
    "the end",
    " the\n",
    f"{END}the end{END}",
    f"the{END} end",
    "<x>the end<x>",
    "the <x> end <y>",
    "the<x>end",
    "<x><y><x>  <y> ",
    "<X> theta é e\u0301",
    "a, b . Don't  12\t34",
)


def base() -> tuple[dict[str, int], str, Files]:
    """The vocabulary and merges of a tokenizer of 310 tokens, and its `tokenizer.json`."""
    pair, whole = GOLDEN / "huggingface-sharded", GOLDEN / "huggingface-saved" / "tokenizer.json"
    return (
        json.loads((pair / "vocab.json").read_text("utf-8")),
        (pair / "merges.txt").read_text("utf-8"),
        json.loads(whole.read_text("utf-8")),
    )


def write(files: Files, folder: Path) -> None:
    """Write a folder: text as it is, and JSON with the base where it says "base"."""
    vocabulary, merges, whole = base()
    for name, content in files.items():
        if name == "tokenizer.json" and isinstance(content, dict):
            model = {**whole["model"], **content.get("model", {})}
            added = {**whole, **content, "model": model}
            content = {key: value for key, value in added.items() if value != "absent"}
        elif name == "vocab.json" and isinstance(content, dict):
            content = {**vocabulary, **content}
            content = {token: place for token, place in content.items() if place != "absent"}
        elif name == "config.json":
            content = {key: value for key, value in content.items() if value != "absent"}
        elif name == "merges.txt" and content == "base":
            content = merges
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / name).write_bytes(text.encode())


# Places in which a folder may name a token, and entries for them


def token(text: str, **flags: bool) -> Files:
    """A token as `added_tokens_decoder` has it."""
    plain = dict.fromkeys(("lstrip", "rstrip", "single_word", "normalized", "special"), False)
    return {"content": text, **plain, **flags}


END_ADDED = {"id": 309, **token(END, special=True)}


def in_file(text: str, place: int, **flags: bool) -> Files:
    return {"tokenizer.json": {"added_tokens": [END_ADDED, {"id": place, **token(text, **flags)}]}}


def in_decoder(text: str, place: int, **flags: bool) -> Files:
    listed = {"309": token(END, special=True), str(place): token(text, **flags)}
    return {"tokenizer_config.json": {"added_tokens_decoder": listed}}


def in_added(text: str, place: int, **_: bool) -> Files:
    return {"added_tokens.json": {text: place}}


def in_map(text: str, _: int, **flags: bool) -> Files:
    return {"special_tokens_map.json": {"pad_token": token(text, **flags) if flags else text}}


def in_map_further(text: str, _: int, **__: bool) -> Files:
    return {"special_tokens_map.json": {"additional_special_tokens": [text]}}


def as_role(text: str, _: int, **flags: bool) -> Files:
    marked = {**token(text, **flags), "__type": "AddedToken"}
    return {"tokenizer_config.json": {"cls_token": marked if flags else text}}


def as_own_role(text: str, _: int, **__: bool) -> Files:
    return {"tokenizer_config.json": {"image_token": text}}


def as_further(text: str, _: int, **__: bool) -> Files:
    return {"tokenizer_config.json": {"additional_special_tokens": [text]}}


def as_extra(text: str, _: int, **flags: bool) -> Files:
    marked = {**token(text, **flags), "__type": "AddedToken"}
    return {"tokenizer_config.json": {"extra_special_tokens": [marked if flags else text]}}


PLACES = (
    *(in_file, in_decoder, in_added, in_map, in_map_further),
    *(as_role, as_own_role, as_further, as_extra),
)
PAIR: Files = {"vocab.json": {}, "merges.txt": "base"}
WHOLE: Files = {"tokenizer.json": {}}
FORMS = {"pair": PAIR, "whole": WHOLE}


def joined(*parts: Files) -> Files:
    """Several folders in one; a file that two of them have gets the settings of both."""
    result: Files = {}
    for name, content in (item for part in parts for item in part.items()):
        before = result.get(name)
        both = isinstance(before, dict) and isinstance(content, dict)
        result[name] = {**before, **content} if both else content
    return result


def config(**settings: Any) -> Files:
    return {"tokenizer_config.json": settings}


def cases() -> dict[str, Files]:
    """All folders, by name."""
    found: dict[str, Files] = {}
    for form, files in FORMS.items():
        places = [place for place in PLACES if form == "whole" or place is not in_file]
        for one in places:
            name = f"{form}, {one.__name__}"
            found[name] = joined(files, one("<x>", 310))
            found[f"{name}, in the vocabulary"] = joined(files, one("the", 309))
            found[f"{name}, far away"] = joined(files, one("<x>", 999))
            for flag in ("lstrip", "rstrip", "single_word", "normalized", "special"):
                if one in (in_file, in_decoder, in_map, as_role, as_extra):
                    found[f"{name}, {flag}"] = joined(files, one("<x>", 310, **{flag: True}))
        for one, other in itertools.combinations(places, 2):
            name = f"{form}, {one.__name__} and {other.__name__}"
            found[f"{name} agree"] = joined(files, one("<x>", 310), other("<x>", 310))
            found[f"{name} contradict"] = joined(
                files, one("<x>", 310, lstrip=True), other("<x>", 311, rstrip=True)
            )
            found[f"{name} differ"] = joined(files, one("<y>", 311), other("<x>", 310))
        found |= settings(form, files) | mistakes(form, files)
    found |= pairs() | pipelines()
    found["whole, class in config.json"] = {
        "config.json": {"tokenizer_class": "PreTrainedTokenizerFast"},
        "tokenizer.json": {"normalizer": {"type": "Lowercase"}},
    }
    gpt2 = {"config.json": {"model_type": "gpt2"}}
    return {name: joined(gpt2, files) for name, files in found.items()}


CLASSES = (
    *(None, "GPT2Tokenizer", "GPT2TokenizerFast"),
    *("PreTrainedTokenizerFast", "TokenizersBackend", "CodeGenTokenizer"),
)
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
DIGITS = {"type": "Digits", "individual_digits": True}
AROUND = {
    "type": "TemplateProcessing",
    "single": [
        {"SpecialToken": {"id": END, "type_id": 0}},
        {"Sequence": {"id": "A", "type_id": 0}},
        {"SpecialToken": {"id": END, "type_id": 0}},
    ],
    "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
    "special_tokens": {END: {"id": END, "ids": [309], "tokens": [END]}},
}
PADDING = {
    "strategy": {"Fixed": 20},
    "direction": "Left",
    "pad_to_multiple_of": None,
    "pad_id": 0,
    "pad_type_id": 0,
    "pad_token": "<x>",
}
TRUNCATION = {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0}
STEPS: dict[str, Files] = {
    "NFC": {"normalizer": {"type": "NFC"}},
    "lower case": {"normalizer": {"type": "Lowercase"}},
    "two steps": {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [DIGITS, BYTES]}},
    "no regex": {"pre_tokenizer": {**BYTES, "use_regex": False}},
    "nothing of a regex": {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False,
                                             "trim_offsets": True}},
    "ignore_merges": {"model": {"ignore_merges": True, "merges": []}},
    "byte_fallback": {"model": {"byte_fallback": True}},
    "unk": {"model": {"unk_token": END}},
    "around": {"post_processor": AROUND},
    "nothing around": {"post_processor": None},
    "padding": {"padding": PADDING},
    "truncation": {"truncation": TRUNCATION},
}  # fmt: skip


def settings(form: str, files: Files) -> dict[str, Files]:
    """Everything but added tokens."""
    found: dict[str, Files] = {f"{form}, alone": files}
    for setting in (True, False, None, "true"):
        found[f"{form}, add_prefix_space {setting}"] = joined(
            files, config(add_prefix_space=setting)
        )
        found[f"{form}, split_special_tokens {setting}"] = joined(
            files, config(split_special_tokens=setting)
        )
    for ends in (("bos",), ("eos",), ("bos", "eos")):
        asked = {f"add_{end}_token": True for end in ends}
        named = {f"{end}_token": f"<{end}>" for end in ends}
        name = f"{form}, {' and '.join(ends)} asked for"
        found[name] = joined(files, config(**asked))
        found[f"{name} and named"] = joined(files, config(**asked, **named))
        found[f"{name} and denied"] = joined(files, config(**asked, **dict.fromkeys(named)))
    for name in ("unk_token", "bos_token", "eos_token"):
        found[f"{form}, {name} renamed"] = joined(files, config(**{name: "<x>"}))
    found[f"{form}, further by name"] = joined(files, config(extra_special_tokens={"a": "<x>"}))
    found[f"{form}, clean up"] = joined(files, config(clean_up_tokenization_spaces=True))
    return found


def mistakes(form: str, files: Files) -> dict[str, Files]:
    """Folders with entries and files that are not sound."""
    found: dict[str, Files] = {}
    for name, value in {
        "a number": 3, "a list": ["<x>"], "no name": None, "unmarked": token("<x>"), "empty": "",
    }.items():  # fmt: skip
        found[f"{form}, role is {name}"] = joined(files, config(pad_token=value))
        found[f"{form}, further are {name}"] = joined(files, config(extra_special_tokens=value))
        found[f"{form}, decoder is {name}"] = joined(files, config(added_tokens_decoder=value))
    for name, value in {"1": "<x>", "a": token("<x>"), "2": {"content": 3}}.items():
        found[f"{form}, decoder has {name}"] = joined(
            files, config(added_tokens_decoder={name: value})
        )
    for name in ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
        for what, text in {"no JSON": "{", "a list": "[]", "a mark": "\ufeff{}"}.items():
            found[f"{form}, {name} is {what}"] = joined(files, {name: text})
    return found


def pairs() -> dict[str, Files]:
    """Folders that are only possible with `vocab.json` and `merges.txt`."""
    merges = base()[1]
    without = {**PAIR, "vocab.json": {END: "absent"}}
    nobody = dict.fromkeys(("unk_token", "bos_token", "eos_token"))
    return {
        "pair, no end of text": without,
        "pair, no end of text and no roles": joined(without, config(**nobody)),
        "pair, CRLF": {**PAIR, "merges.txt": merges.replace("\n", "\r\n")},
        "pair, no version": {**PAIR, "merges.txt": merges.partition("\n")[2]},
        "pair, a blank line": {**PAIR, "merges.txt": merges + "\n"},
        "pair, a mark": {**PAIR, "merges.txt": "\ufeff" + merges},
        "pair, PreTrainedTokenizerFast": joined(
            PAIR, config(tokenizer_class="PreTrainedTokenizerFast")
        ),
        "pair, of nanoGPT": {**PAIR, "config.json": {"model_type": "absent", "n_embd": 4}},
    }


def pipelines() -> dict[str, Files]:
    """Folders that are only possible with a `tokenizer.json`, for each class that reads one."""
    found: dict[str, Files] = {}
    foreign = {"config.json": {"model_type": "absent", "n_embd": 4}}
    for name in CLASSES:
        for spaced in (True, False):
            for setting in ({}, {"add_prefix_space": True}, {"add_prefix_space": False}):
                said = "silence" if not setting else str(setting["add_prefix_space"])
                found[f"whole, {name}, space {spaced}, config {said}"] = joined(
                    {"tokenizer.json": {"pre_tokenizer": {**BYTES, "add_prefix_space": spaced}}},
                    config(tokenizer_class=name, **setting) if name else config(**setting),
                )
        for what, changes in STEPS.items():
            found[f"whole, {name}, {what}"] = joined(
                {"tokenizer.json": changes}, config(tokenizer_class=name) if name else {}
            )
    for what, changes in STEPS.items():
        found[f"whole, of nanoGPT, {what}"] = joined(foreign, {"tokenizer.json": changes})
    for spaced in (True, False):
        found[f"whole, of nanoGPT, space {spaced}"] = joined(
            foreign, {"tokenizer.json": {"pre_tokenizer": {**BYTES, "add_prefix_space": spaced}}}
        )
    found["whole, no added_tokens"] = {"tokenizer.json": {"added_tokens": "absent"}}
    found["whole, added_tokens by name"] = {"tokenizer.json": {"added_tokens": {"<x>": 310}}}
    found["whole, an added token without id"] = {"tokenizer.json": {"added_tokens": [token("<x>")]}}
    found["whole, merges as lines"] = {
        "tokenizer.json": {"model": {"merges": base()[1].splitlines()[1:]}}
    }
    return found


# The answers of a version of the reference


def answer(files: Files) -> dict[str, Any]:
    """Ids of all texts, None where the folder is refused, and the texts that decode differently."""
    from transformers import AutoTokenizer, GPT2TokenizerFast

    # For the configuration of another program AutoTokenizer knows no model, and then it needs a
    # tokenizer.json.
    foreign = files["config.json"]["model_type"] == "absent" and "tokenizer.json" not in files
    kind = GPT2TokenizerFast if foreign else AutoTokenizer
    with tempfile.TemporaryDirectory() as folder:
        write(files, Path(folder))
        try:
            reference = kind.from_pretrained(folder)
            rows = [reference(text)["input_ids"] for text in TEXTS]
            said = [reference.decode(row) for row in rows]
        except (Exception, SystemExit):  # noqa: BLE001 - it raises whatever it stumbles over
            return {"ids": None}
    changed = {i: text for i, text in enumerate(said) if text != TEXTS[i]}
    return {"ids": rows, "decoded": changed}


def main() -> None:
    """Write the file, or, asked by another run of this script, the ids of this version."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    import transformers

    transformers.logging.set_verbosity_error()
    if sys.argv[1] == "--ids":
        Path(sys.argv[2]).write_text(
            json.dumps([answer(files)["ids"] for files in cases().values()])
        )
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ids.json"
        command = [sys.argv[1], __file__, "--ids", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        older = json.loads(path.read_text())
    rows = []
    for (name, files), before in zip(cases().items(), older, strict=True):
        now = answer(files)
        versions4 = "refused" if before is None else "alike"
        if before not in (None, now["ids"]):
            versions4 = "otherwise"
        row = {"name": name, "versions4": versions4, "files": files, **now}
        rows.append(json.dumps(row, separators=(",", ":"), ensure_ascii=True))
    head = json.dumps({"texts": TEXTS}, separators=(",", ":"))[:-1]
    OUT.write_text(head + ',"folders":[\n' + ",\n".join(rows) + "\n]}\n")


if __name__ == "__main__":
    main()
