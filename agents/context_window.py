"""What a model is shown of an attempt, and how much of its window that fills.

Turns leave the view whole, so a call and its result stay or go together; the opening messages and
what the user says later are no part of what can be dropped.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic_core import to_json

from agents.chat import Usage
from data.task import Language, Message, PublicTask, Role
from data.trajectory import ContextEdit, Turn

BYTES_PER_TOKEN = 2.0
"""First guess for text that nobody has counted: few texts of any language take less."""
MESSAGE_TOKENS = 8
"""What a message costs beside its text."""
ENOUGH_TOKENS = 100
"""Below this, what was counted says too little of a tokenizer."""


UNCUT = ContextEdit(at=0)
"""Nothing was cut: all turns are in view."""


class View(NamedTuple):
    """What is to stay: turns by their number, and a note in place of what goes."""

    kept: tuple[int, ...] = ()
    note: str = ""
    usage: Usage = Usage()
    """Of the request that made the note."""
    seconds: float = 0.0


def conversation_at(
    opening: Sequence[Message],
    turns: Sequence[Turn],
    edits: Sequence[ContextEdit],
    number: int,
) -> list[Message | Turn]:
    """What the model was shown before turn `number`: an attempt's record says it exactly."""
    edit = next((edit for edit in reversed(edits) if edit.at <= number), UNCUT)
    kept = set(edit.kept)
    shown: list[Message | Turn] = [*opening]
    if edit.note:
        shown.append(Message(role=Role.USER, content=edit.note))
    for i, turn in enumerate(turns[:number]):
        if i >= edit.at or i in kept:
            shown.append(turn)
        if turn.user:
            shown.append(Message(role=Role.USER, content=turn.user))
    return shown


class Window:
    """The conversation of one attempt. `turns` is the attempt's own list, and grows under it."""

    def __init__(self, task: PublicTask, opening: Sequence[Message], turns: list[Turn]) -> None:
        self.opening = tuple(opening)
        self.turns = turns
        self.edits: list[ContextEdit] = []
        self.seconds = 0.0
        """Spent on making notes."""
        self._task = task
        self._guessed = self._counted = 0.0
        """Tokens of observations by the first guess, and as the endpoint counted them."""
        self._opening_tokens = 0.0
        self._note_tokens = 0.0
        self._costs: list[float] = []

    @property
    def language(self) -> Language:
        return self._task.language

    @property
    def visible(self) -> tuple[int, ...]:
        """Numbers of the turns in view, oldest first."""
        return (*self._edit.kept, *range(self._edit.at, len(self.turns)))

    @property
    def _edit(self) -> ContextEdit:
        return self.edits[-1] if self.edits else UNCUT

    @property
    def droppable(self) -> tuple[int, ...]:
        """Those of them that call tools: the tool history."""
        return tuple(number for number in self.visible if self.turns[number].calls)

    def conversation(self) -> list[Message | Turn]:
        """What the model is shown next."""
        return conversation_at(self.opening, self.turns, self.edits, len(self.turns))

    def num_tokens(self) -> int:
        """Tokens of the conversation: as the endpoint counted them, estimated where it has not."""
        self._measure()
        return self._total(self.visible, self._note_tokens)

    def tokens_with(self, view: View) -> int:
        """`num_tokens` if `view` were applied."""
        self._measure()
        return self._total(view.kept, self.estimate(view.note))

    def estimate(self, text: str) -> float:
        """Tokens of a text that was never sent, by what the model's tokenizer did so far."""
        return self._ratio * _guess(text) if text else 0

    @property
    def _ratio(self) -> float:
        """How far this tokenizer is from the first guess; 1 until enough is counted to tell."""
        return self._counted / self._guessed if self._guessed >= ENOUGH_TOKENS else 1.0

    def apply(self, view: View) -> None:
        """Makes `view` what is shown from here on, and records it."""
        self._measure()
        self._note_tokens = self.estimate(view.note)
        self.seconds += view.seconds
        self.edits.append(
            ContextEdit(
                at=len(self.turns),
                kept=view.kept,
                note=view.note,
                num_prompt_tokens=view.usage.num_prompt_tokens,
                num_completion_tokens=view.usage.num_completion_tokens,
            )
        )

    def _total(self, shown: Sequence[int], note_tokens: float) -> int:
        users = sum(self.estimate(turn.user) for turn in self.turns if turn.user)
        turns = sum(self._costs[number] for number in shown)
        return round(self._opening_tokens + note_tokens + users + turns)

    def _measure(self) -> None:
        """Counts the turns that are new, and corrects older estimates by what is known now."""
        if not self._opening_tokens:
            tools = [tool.model_dump() for tool in self._task.tools]
            text = to_json([[m.content for m in self.opening], tools]).decode()
            self._opening_tokens = self.estimate(text)
        for number in range(len(self._costs), len(self.turns)):
            turn = self.turns[number]
            if turn.num_prompt_tokens:
                self._correct(number, turn.num_prompt_tokens)
            seen = sum(self.estimate(observation.text) for observation in turn.observations)
            said = turn.num_completion_tokens or self.estimate(_said(turn))
            self._costs.append(said + seen)

    def _correct(self, number: int, counted: int) -> None:
        """Spreads what the prompt of turn `number` really took over what it was made of."""
        edit = self._edit
        before = (*edit.kept, *range(edit.at, number))
        estimated = self._total(before, self._note_tokens)
        if number > edit.at:
            last = self.turns[number - 1]
            cost = max(0.0, self._costs[number - 1] + counted - estimated)
            self._costs[number - 1] = cost
            # A message of the user's takes reasoning away, which says nothing of the observations.
            if last.num_completion_tokens and not last.user:
                self._guessed += sum(_guess(observation.text) for observation in last.observations)
                self._counted += max(0.0, cost - last.num_completion_tokens)
        elif not self.edits:
            self._opening_tokens = float(counted)
        else:
            self._note_tokens = max(0.0, self._note_tokens + counted - estimated)


def _guess(text: str) -> float:
    return len(text.encode()) / BYTES_PER_TOKEN + MESSAGE_TOKENS


def _said(turn: Turn) -> str:
    calls = [[call.name, call.arguments] for call in turn.calls]
    return turn.reasoning + turn.content + to_json(calls).decode()
