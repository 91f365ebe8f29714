"""A run: one prompt, the tokens that a model appended to it, and its predictions on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..anatomy.strips import CANDIDATES
from ..model import GREEDY, Sampling
from .choice import USUAL, Choice
from .errors import AuthoringError
from .measures import Measures, measured

if TYPE_CHECKING:
    from ..model import Config, Model, Trace
    from .measures import Arrays

LONGEST = 26
"""Characters up to which a caption quotes a prompt or a title in full; longer ones are elided."""

QUOTES = ("“", "”")

SPACE = "·"
"""The character that stands for a space in labels of tokens."""


class Candidate(NamedTuple):
    """A token that may come next, and its probability."""

    token: int
    probability: float


class Texts(NamedTuple):
    """The prompt, the appended tokens, and all predicted tokens, as a tokenizer spells them."""

    prompt: str
    appended: str
    predicted: str


@dataclass(frozen=True)
class Run:
    """One run of a model: the finished sequence and the predictions on the way.

    Attributes
    ----------
    prompt_ids
        The tokens that the model was given.
    ids
        The finished sequence: the prompt, then the tokens that were appended to it.
    labels
        Tokens as they are written, by id; at least those that occur and those that are candidates.
    candidates
        At each position of the finished sequence the most probable next tokens, the best one
        first: `CANDIDATES`, or fewer where the vocabulary is smaller.
    token_probabilities
        At each position the probability of the token that follows in the sequence; after the last
        one, of the best candidate.
    model
        The model's title.
    texts
        The sequence as text where tokens are parts of it; None where they are bare letters or
        numbers, since their labels spell it.
    sampling
        The choice of the appended tokens.
    chances
        Of each appended token, the chance with which it was drawn; none where the most probable
        one was taken each time.
    choice
        The layer, head and position that chapters follow.
    measures
        Numbers that captions quote, by the position that they are of; see `measures`. None where
        the run was made without a trace.

    Raises
    ------
    AuthoringError
        If the sequence does not begin with its prompt, or there are not as many candidates or
        probabilities as positions, or as many chances as tokens that were drawn.
    """

    prompt_ids: Sequence[int]
    ids: Sequence[int]
    labels: Mapping[int, str]
    candidates: Sequence[Sequence[Candidate]]
    token_probabilities: Sequence[float]
    model: str = "The model"
    texts: Texts | None = None
    sampling: Sampling = GREEDY
    chances: Sequence[float] = ()
    choice: Choice = USUAL
    measures: Mapping[int, Measures] = field(default_factory=dict)

    def __post_init__(self) -> None:
        prompt, ids = list(self.prompt_ids), list(self.ids)
        if not prompt or ids[: len(prompt)] != prompt:
            raise AuthoringError("A run's sequence must begin with its prompt, of a token or more.")
        for count in (len(self.candidates), len(self.token_probabilities)):
            if count != len(ids):
                raise AuthoringError(
                    f"A run of {len(ids)} tokens needs probabilities at as many positions, "
                    f"not {count}."
                )
        wanted = 0 if self.sampling.is_greedy else self.n_appended
        if len(self.chances) != wanted:
            raise AuthoringError(
                f"A run in which {wanted} tokens were drawn needs the chance of each, not "
                f"{len(self.chances)}."
            )

    @classmethod
    def of(
        cls,
        model: Model,
        n_prompt: int,
        trace: Trace,
        sampling: Sampling = GREEDY,
        choice: Choice | None = None,
    ) -> Run:
        """The run of a model whose finished sequence gave a trace.

        `sampling` is the choice of the tokens after the prompt's, `choice` that of what chapters
        follow.

        Raises
        ------
        AuthoringError
            If the model does not have what they shall follow.
        """
        prompt, appended = trace.ids[:n_prompt], trace.ids[n_prompt:]
        run = cls.made(prompt, trace.ids, {}, trace["probabilities"], model.title)
        tokenizer = model.tokenizer
        shown = {*trace.ids, *(c.token for best in run.candidates for c in best)}
        labels = {int(token): tokenizer.label(token) for token in sorted(shown)}
        texts = None
        if tokenizer.is_text:
            texts = Texts(*(tokenizer.decode(ids) for ids in (prompt, appended, run.predicted)))
        chances: tuple[float, ...] = ()
        if not sampling.is_greedy:
            before = trace.logits[n_prompt - 1 : -1]
            chances = tuple(
                float(sampling.distribution(logits)[token])
                for logits, token in zip(before, appended, strict=True)
            )
        run = replace(run, labels=labels, texts=texts, sampling=sampling, chances=chances)
        return run.following(choice or Choice(), model.config, trace)

    def following(self, choice: Choice, config: Config, trace: Arrays) -> Run:
        """The same run, followed at another layer, head or position; `trace` is that of the run.

        Raises
        ------
        AuthoringError
            If the model does not have what is chosen.
        """
        choice.check(config, self.n_prompt)
        positions = choice.positions(self.n_prompt)
        measures = {t: measured(trace, config, choice, t) for t in positions}
        return replace(self, choice=choice, measures=measures)

    @classmethod
    def made(
        cls,
        prompt_ids: Sequence[int],
        ids: Sequence[int],
        labels: Mapping[int, str],
        probabilities: np.ndarray,
        model: str = "The model",
        texts: Texts | None = None,
    ) -> Run:
        """A run from all probabilities; it keeps the largest ones, which the film shows.

        Parameters
        ----------
        probabilities
            (T, n_vocab): at each position of the finished sequence, of every next token.

        Raises
        ------
        AuthoringError
            If these do not fit together.
        """
        candidates = tuple(
            tuple(Candidate(int(token), float(row[token])) for token in most_probable(row))
            for row in probabilities
        )
        following = zip(probabilities, ids[1:], strict=False)
        last = [best[0].probability for best in candidates[-1:]]
        followed = [float(row[token]) for row, token in following] + last
        return cls(
            tuple(map(int, prompt_ids)),
            tuple(map(int, ids)),
            labels,
            candidates,
            tuple(followed),
            model,
            texts,
        )

    def to_json(self) -> str:
        """The run as text, to be kept in a scene; `from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Run:
        """The run that `to_json` wrote."""
        kept: dict[str, Any] = json.loads(text)
        return cls(
            prompt_ids=tuple(kept["prompt_ids"]),
            ids=tuple(kept["ids"]),
            labels={int(token): label for token, label in kept["labels"].items()},
            candidates=tuple(tuple(Candidate(*c) for c in best) for best in kept["candidates"]),
            token_probabilities=tuple(kept["token_probabilities"]),
            model=kept["model"],
            texts=None if kept["texts"] is None else Texts(*kept["texts"]),
            # Runs that were kept before tokens could be drawn say nothing of it.
            sampling=Sampling(**kept.get("sampling", {})),
            chances=tuple(kept.get("chances", ())),
            # Nor what chapters follow.
            choice=Choice(**kept.get("choice", {})),
            measures={int(t): found for t, found in kept.get("measures", {}).items()},
        )

    @property
    def n_prompt(self) -> int:
        """Tokens of the prompt."""
        return len(self.prompt_ids)

    @property
    def n_tokens(self) -> int:
        """Tokens of the finished sequence."""
        return len(self.ids)

    @property
    def n_appended(self) -> int:
        """Tokens that the model added."""
        return self.n_tokens - self.n_prompt

    @property
    def predicted(self) -> list[int]:
        """The tokens that each pass predicted, one for every pass.

        These are the appended tokens, then the most probable token after the last of them.
        """
        return [*self.ids[self.n_prompt :], self.candidates[-1][0].token]

    @property
    def drawn(self) -> dict[int, Candidate]:
        """The tokens that were drawn, and the chance of each, by the position they were drawn at.

        None where the most probable ones were taken.
        """
        appended = zip(self.ids[self.n_prompt :], self.chances, strict=False)
        return {
            position: Candidate(int(token), chance)
            for position, (token, chance) in enumerate(appended, self.n_prompt - 1)
        }

    def above(self, position: int) -> float:
        """The share of a position's gauge above that of the token that follows in the sequence.

        These are the candidates that are more probable; after the last token, none.
        """
        following = self.ids[position + 1 : position + 2]
        tokens = [c.token for c in self.candidates[position]]
        place = tokens.index(following[0]) if following and following[0] in tokens else len(tokens)
        more = self.candidates[position][: place if following else 0]
        return sum(c.probability for c in more)

    @property
    def answer(self) -> str:
        """The appended tokens as text."""
        return self.texts.appended if self.texts else self.write(self.ids[self.n_prompt :])

    def label(self, token: int) -> str:
        """A token as it is written."""
        return self.labels[int(token)]

    def name(self, token: int, quotes: Sequence[str] = QUOTES) -> str:
        """A token in a sentence: its label, quoted without the space before it if it is a word."""
        label = self.label(token)
        if self.texts is None:
            return label
        return f"{quotes[0]}{label.strip(SPACE) or label}{quotes[1]}"

    def write(self, ids: Sequence[int]) -> str:
        """A sequence as its labels: letters join, longer ones stand apart; elided where long."""
        labels = [self.label(token) for token in ids]
        joint = "" if all(len(label) == 1 for label in labels) else " "
        return elide(joint.join(labels))


def most_probable(probabilities: np.ndarray) -> np.ndarray:
    """The `CANDIDATES` most probable tokens of (n_vocab,) probabilities, the best one first.

    Of equally probable ones the one with the lower id comes first. Where the vocabulary is smaller,
    there are fewer.
    """
    count = min(CANDIDATES, len(probabilities))
    least = np.partition(probabilities, -count)[-count]
    found = np.flatnonzero(probabilities >= least)
    best: np.ndarray = found[np.argsort(-probabilities[found], kind="stable")][:count]
    return best


def elide(text: str) -> str:
    """A text, or its beginning and an ellipsis."""
    return text if len(text) <= LONGEST else text[: LONGEST - 2].rstrip() + " …"


def quote(text: str, quotes: Sequence[str] = QUOTES) -> str:
    """A text in quotation marks and in one line; where it is long, its first whole words."""
    line = " ".join(text.split())
    if len(line) > LONGEST:
        words = line[: LONGEST - 1].rpartition(" ")[0]
        line = f"{words or line[: LONGEST - 2]} …"
    return f"{quotes[0]}{line}{quotes[1]}"
