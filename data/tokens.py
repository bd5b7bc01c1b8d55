"""Token-true attempts: what the model read and wrote, as the ids that it read and wrote.

Every request renders the whole conversation anew, so the prompt of a turn must begin with the
prompt and the reply of the turn before, id for id. Where it does not (a template that drops
reasoning, text that is tokenised in another way), the tokens on record are not those that one
training sequence would have, and the attempt has no token-true rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import NamedTuple

from data.trajectory import TokenRecord, Trajectory, Turn


class Drift(Exception):
    """Why an attempt is not token-true: the turn, the place in its prompt, and what is there."""


class Span(NamedTuple):
    """The tokens [start, stop) of a segment that the model wrote in turn `turn`."""

    turn: int
    start: int
    stop: int


@dataclass
class Segment:
    """A stretch of an attempt that is one sequence; the lists have one entry a token."""

    ids: list[int] = field(default_factory=list)
    mask: list[int] = field(default_factory=list)
    """1 where the model wrote the token, 0 where it read it."""
    logprobs: list[float] = field(default_factory=list)
    """Of the tokens the model wrote; 0 for the others."""
    spans: list[Span] = field(default_factory=list)

    def extend(self, number: int, tokens: TokenRecord) -> None:
        """Adds turn `number`, whose prompt begins with all that is here."""
        read = tokens.prompt_ids[len(self.ids) :]
        start = len(tokens.prompt_ids)
        self.ids += [*read, *tokens.completion_ids]
        self.mask += [0] * len(read) + [1] * len(tokens.completion_ids)
        self.logprobs += [*[0.0] * len(read), *tokens.completion_logprobs]
        self.spans.append(Span(number, start, len(self.ids)))


def segments(trajectory: Trajectory) -> Iterator[Segment]:
    """The sequences of an attempt, in order; one, unless its view was cut on the way.

    A cut by a context manager begins a new one, as does what a user says if it changes what came
    before. Raises `Drift` at any other break, and where the endpoint gave no tokens.
    """
    cuts = {edit.at for edit in trajectory.edits}
    segment = Segment()
    for number, turn in enumerate(trajectory.turns):
        tokens = _tokens(number, turn)
        place = _first_difference(segment.ids, tokens.prompt_ids)
        if place is not None:
            if not (number in cuts or (number and trajectory.turns[number - 1].user)):
                raise Drift(_told(number, place, segment, tokens))
            yield segment
            segment = Segment()
        segment.extend(number, tokens)
    if segment.ids:
        yield segment


def _tokens(number: int, turn: Turn) -> TokenRecord:
    tokens = turn.tokens
    if tokens is None:
        raise Drift(f"turn {number} has no token ids; roll out with --tokens, on vLLM or the like")
    lengths = len(tokens.completion_ids), len(tokens.completion_logprobs)
    if lengths[0] != lengths[1]:
        raise Drift(f"turn {number} has {lengths[0]} tokens with {lengths[1]} log-probabilities")
    if any(not isfinite(value) or value > 0 for value in tokens.completion_logprobs):
        raise Drift(f"turn {number} has a log-probability that is above 0 or not finite")
    if min((*tokens.prompt_ids, *tokens.completion_ids), default=0) < 0:
        raise Drift(f"turn {number} has a negative token id")
    return tokens


def _first_difference(ids: Sequence[int], prompt: Sequence[int]) -> int | None:
    """Where `prompt` leaves `ids`; None if it begins with all of them."""
    if list(prompt[: len(ids)]) == list(ids):
        return None
    pairs = zip(ids, prompt, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(ids), len(prompt)))


def _told(number: int, place: int, before: Segment, tokens: TokenRecord) -> str:
    inside = next((s.turn for s in before.spans if s.start <= place < s.stop), None)
    where = "what was read" if inside is None else f"the reply of turn {inside}"
    if place >= len(tokens.prompt_ids):
        what = f"ends where {where} goes on"
    else:
        what = f"has {tokens.prompt_ids[place]} where {where} had {before.ids[place]}"
    why = "rendered otherwise" if inside is None else "left out, or tokenised otherwise"
    return f"the prompt of turn {number} {what}, at token {place}: {why} by the chat template"
