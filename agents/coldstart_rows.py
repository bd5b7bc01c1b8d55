"""Attempts as training samples: messages, the rendered text, and which of it the model is to learn.

An attempt whose view was cut, or that a user spoke in, gives one sample for each stretch that the
model saw as one text: what was dropped from view is not in a later sample. Turns that an earlier
stretch has already taught, and those whose calls failed, are context and carry no loss.
"""

from collections.abc import Collection, Iterator, Sequence

from agents import wire
from agents.coldstart import Style
from agents.context_window import conversation_at
from agents.dsml import Assistant, from_conversation, parse, segments
from agents.dsml.guard import is_safe
from agents.loop import opening
from data.exporters.sft import Sample, Span
from data.task import JsonObject, Message, Task
from data.trajectory import Trajectory, Turn


class Unteachable(Exception):
    """An attempt that gives no sample; the message is a short machine word."""


def samples(
    task: Task,
    trajectory: Trajectory,
    style: Style,
    origin: JsonObject,
    prompt: Sequence[Message] | None = None,
    shown_only: Collection[int] = (),
) -> Iterator[Sample]:
    """The samples of an attempt, in order. `prompt` None is the task's own.

    Turns numbered in `shown_only` carry no loss.

    Raises `Unteachable` if some text of the model's cannot be written in the encoding.
    """
    begun = opening(task.prompt if prompt is None else prompt, trajectory.first)
    turns = trajectory.turns
    if not all(is_safe(text) for turn in turns for text in (turn.content, turn.reasoning)):
        raise Unteachable("special_tokens")
    ends = sorted({edit.at for edit in trajectory.edits if edit.at} | _answered(turns))
    for start, end in zip([0, *ends], [*ends, len(turns)], strict=True):
        if start < end:
            shown = [*conversation_at(begun, turns, trajectory.edits, end - 1), turns[end - 1]]
            taught = {id(turns[n]) for n in range(start, end) if n not in shown_only}
            yield _sample(task, shown, taught, style, origin)


def _answered(turns: Sequence[Turn]) -> set[int]:
    """Numbers of the turns before which the user has spoken."""
    return {number for number, turn in enumerate(turns, start=1) if turn.user}


def _sample(
    task: Task,
    shown: Sequence[Message | Turn],
    taught: set[int],
    style: Style,
    origin: JsonObject,
) -> Sample:
    thinking = style is not Style.TOOLS
    encoded = from_conversation(shown, task.tools)
    learns = iter(_learns(item, taught) for item in shown if isinstance(item, Turn))
    lossy = {i: next(learns) for i, m in enumerate(encoded) if isinstance(m, Assistant)}
    text, spans = "", []
    for segment in segments(encoded, thinking):
        if segment.by_model and lossy[segment.number]:
            reply = encoded[segment.number]
            assert isinstance(reply, Assistant)
            read = parse(segment.text, thinking)
            assert (read.content, read.calls) == (reply.content, _nameless(reply)), "reads back"
            spans.append(Span(start=len(text), end=len(text) + len(segment.text)))
        text += segment.text
    return Sample(
        task=task,
        style=style.value,
        messages=wire.messages(shown, "reasoning_content" if thinking else ""),
        tools=wire.tools(task.tools),
        text=text,
        loss_spans=tuple(spans),
        origin=origin,
    )


def _learns(turn: Turn, taught: set[int]) -> bool:
    return id(turn) in taught and not any(seen.error for seen in turn.observations)


def _nameless(reply: Assistant) -> tuple[object, ...]:
    """The calls without their ids, which the text does not carry."""
    return tuple(call.model_copy(update={"id": ""}) for call in reply.calls)
