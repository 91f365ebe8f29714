"""Byte-level BPE tokenizers to test with, and the reference's ids for a thousand strings.

`make_golden.py` calls this. The real vocabulary of GPT-2 cannot be shipped with the tests; those
trained here have the same alphabet and the same rules, and a vocabulary of their own. Its text is
Python's own documentation, so another version of Python (3.11 wrote the files) gives another
vocabulary.
"""

from __future__ import annotations

import json
import pydoc_data.topics
import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2TokenizerFast

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "model" / "tokenizer"
END_OF_TEXT = "<|endoftext|>"
N_STRINGS = 1000

# A few lines in other scripts, so that merges join the bytes of their letters.
SCRIPTS = (
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
    "いろはにほへと ちりぬるを 我が世誰ぞ 常ならむ。",
    "天地玄黄,宇宙洪荒。日月盈昃,辰宿列张。",
    "다람쥐 헌 쳇바퀴에 타고파.",
    "نص حكيم له سر قاطع وذو شأن عظيم",
    "דג סקרן שט בים מאוכזב ולפתע מצא חברה",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा",
    "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich.",
    "Voix ambiguë d’un cœur qui, au zéphyr, préfère les jattes de kiwis — naïve façade.",
    "🙂 👩‍👩‍👧‍👦 🏳️‍🌈 🇩🇪 👍🏽 ✨ 🧠",
)
CODE = (
    "def forward(self, x):\n    return self.c_proj(F.gelu(self.c_fc(x)))\n",
    "for (int i = 0; i < n; ++i) {\n\tsum += a[i] * b[i];\n}\r\n",
    "SELECT name, COUNT(*) FROM tokens WHERE id >= 50257 GROUP BY name;",
    '{"n_layer": 12, "n_head": 12, "activation_function": "gelu_new"}',
    "<p class='a'>1 &lt; 2</p><!-- x -->",
)
# Strings that tokenizers stumble over.
CORNERS = (
    "", " ", "  ", "\n", "\n\n", "\t", "\r", "\r\n", " \n ", "a ", " a", "  a  b   c    ",
    END_OF_TEXT, f" {END_OF_TEXT}", f"a{END_OF_TEXT}b", f"{END_OF_TEXT * 3}", f"{END_OF_TEXT} \n",
    "<|endoftext", "<|ENDOFTEXT|>", "<| endoftext |>", "<|pad|>", "[CLS] [SEP] <s> </s> <unk>",
    "\0", "\x01\x02\x1b[0m", "\x7f\x80\x9f", "\u00a0", "\u00ad", "\u200b\u200d\ufeff",
    "\u2028\u2029",
    "e\u0301 é", "\u0301", "ﬁ ﬂ ½ ² Ⅷ", "İıſß", "\ufffd", "\uffff", "\U0010ffff", "\ud7ff\ue000",
    "don't we'll I'm you've he'd it's they're DON'T I'LL", "'s'S ''s", "’s",
    "0 1 12 123 1234 12345678901234567890", "3.14159 -1e-5 0xFF 1_000", "٣ ४ 五 Ⅳ", "a1b2c3",
    "...!!!???", "---===***", "a" * 300, " " * 100, "ab" * 64, "Ġ Ċ ĉ Â Ã",
)  # fmt: skip


def train(n_vocab: int) -> Tokenizer:
    """A byte-level BPE as GPT-2's, `<|endoftext|>` being its last token."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=n_vocab - 1,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    prose = [pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics)]
    tokenizer.train_from_iterator([*prose, *(20 * SCRIPTS), *(20 * CODE)], trainer)
    raw = json.loads(tokenizer.to_str())
    raw["model"]["vocab"][END_OF_TEXT] = len(raw["model"]["vocab"])
    return Tokenizer.from_str(json.dumps(raw))


def save_pair(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `vocab.json` and `merges.txt`, as GPT-2 was published."""
    tokenizer.model.save(str(folder))


def save_whole(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json` and its configuration, as transformers does."""
    save_pair(tokenizer, folder)
    reference(folder).save_pretrained(folder)
    for name in ("vocab.json", "merges.txt"):
        (folder / name).unlink()


def reference(folder: Path) -> GPT2TokenizerFast:
    """The reference implementation, reading a folder."""
    return GPT2TokenizerFast.from_pretrained(folder)


def strings() -> list[str]:
    """A thousand different strings: corners, samples, and seeded mixtures of all kinds."""
    rng = random.Random(0)  # noqa: S311 - it only has to be the same every time
    words = " ".join(pydoc_data.topics.topics["exceptions"].split())
    ranges = ((0, 0x250), (0x370, 0x600), (0x900, 0xE80), (0x2000, 0x2700), (0x3040, 0x30FF),
              (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF), (0, 0x20))  # fmt: skip

    def piece() -> str:
        kind = rng.randrange(7)
        if kind == 0:
            start = rng.randrange(len(words))
            return words[start : start + rng.randint(1, 30)]
        if kind == 1:
            low, high = rng.choice(ranges)
            return "".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 8)))
        if kind == 2:
            text = rng.choice(SCRIPTS + CODE)
            start = rng.randrange(len(text))
            return text[start : start + rng.randint(1, 20)]
        if kind == 3:
            return rng.choice(CORNERS)
        if kind == 4:
            return str(rng.randrange(10 ** rng.randint(1, 12)))
        if kind == 5:
            return rng.choice((" ", "\n", "\t", "  ", "\r\n", "\u3000")) * rng.randint(1, 4)
        return rng.choice(("'s", "'ll", END_OF_TEXT, "_", "--", "://", "é", "ñ", "🙂"))

    found = dict.fromkeys((*CORNERS, *SCRIPTS, *CODE))
    while len(found) < N_STRINGS:
        found["".join(piece() for _ in range(rng.randint(1, 5)))] = None
    return list(found)


def main(folder: Path = FOLDER) -> None:
    """Write a tokenizer in both forms, and `strings.json`: each string with its ids."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = train(2000)
    save_whole(tokenizer, folder)
    save_pair(tokenizer, folder)
    (folder / "tokenizer_config.json").unlink()
    whole = folder / "tokenizer.json"
    whole.write_text(
        json.dumps(json.loads(whole.read_text(encoding="utf-8")), ensure_ascii=False),
        encoding="utf-8",
    )
    read = reference(folder)
    rows = [[text, read(text)["input_ids"]] for text in strings()]
    lines = (json.dumps(row, separators=(",", ":")) for row in rows)
    (folder / "strings.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
