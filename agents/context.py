"""What becomes of a conversation that outgrows the model's window (arXiv 2512.02556, section 4.4).

When what is shown fills more than `trigger` of the window, a manager decides which turns stay in
view. Dropped turns stay in the record. A manager that leaves too much loses the oldest turns of it
as well; where even that makes no room the attempt ends with `context_limit`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from math import ceil

from agents.chat import ChatModel, FinishReason
from agents.context_window import View, Window
from data.errors import UserError
from data.task import Language, Message, Role

Choose = Callable[[Window, ChatModel], Awaitable[View]]
"""Which of `window.visible` stay in view, and what note stands for the rest."""

DISCARDED_SHARE = 0.75
NUM_SAMPLES = 4
MAX_NOTE_SHARE = 0.25
"""Of the window; a longer summary is cut."""

SUMMARY_REQUEST = {
    Language.EN: (
        "The space for this conversation is nearly used up, and what happened so far will be "
        "removed. Write a summary to go on from: what the task is about, what was found and where "
        "(names, numbers, ids as they were given), what was tried without result, and what "
        "remains to be done. Call no tools."
    ),
    Language.ZH: (
        "本次对话的篇幅即将用完，此前的过程都会被移除。请写一份可以据以继续的摘要：任务要求什么，"
        "已经查到什么、出自何处（名称、数字、编号照原样写），哪些尝试没有结果，还剩下什么要做。"
        "不要调用工具。"
    ),
}
SUMMARY_NOTE = {
    Language.EN: "Your earlier work on this was removed to make room. Your own summary of it:\n\n",
    Language.ZH: "为腾出篇幅，你此前的过程已被移除。以下是你自己写的摘要：\n\n",
}


@dataclass(frozen=True)
class Context:
    """A context manager with the size of the window it keeps to."""

    name: str
    window_tokens: int
    """In the model's own tokens; 0 if unknown, then only the endpoint can say that it is full."""
    choose: Choose | None = None
    """None if nothing is ever dropped."""
    trigger: float = 0.8
    num_samples: int = 1
    """Independent samples of which the one with the fewest steps is taken."""

    @property
    def label(self) -> str:
        """How it stands in the name of a policy; empty if it changes nothing."""
        return f"context={self.name}/{self.window_tokens}" if self.window_tokens else ""

    async def fit(self, window: Window, model: ChatModel, full: bool = False) -> bool:
        """Whether the model can go on, after an edit if it takes one.

        `full` says that the endpoint has refused the conversation as it is.
        """
        if self.choose is None or not self.window_tokens:
            return not full and (
                not self.window_tokens or window.num_tokens() <= self.window_tokens
            )
        budget = round(self.trigger * self.window_tokens)
        if not full and window.num_tokens() <= budget:
            return True
        if not window.visible:
            return False
        view = self._bounded(await self.choose(window, model), window)
        if len(view.kept) == len(window.visible):
            view = view._replace(kept=view.kept[1:])
        while view.kept and window.tokens_with(view) > budget:
            view = view._replace(kept=view.kept[1:])
        window.apply(view)
        return window.num_tokens() <= budget

    def _bounded(self, view: View, window: Window) -> View:
        most = MAX_NOTE_SHARE * self.window_tokens
        size = window.estimate(view.note)
        if size <= most:
            return view
        return view._replace(note=view.note[: int(len(view.note) * most / size)])


NONE = Context("none", 0)


async def discard_all(window: Window, model: ChatModel) -> View:
    """Drops the whole tool history."""
    gone = set(window.droppable)
    return View(kept=tuple(number for number in window.visible if number not in gone))


async def discard_75(window: Window, model: ChatModel) -> View:
    """Drops the first three quarters of the tool history."""
    tools = window.droppable
    gone = set(tools[: ceil(DISCARDED_SHARE * len(tools))])
    return View(kept=tuple(number for number in window.visible if number not in gone))


async def summary(window: Window, model: ChatModel) -> View:
    """Drops everything for a summary that the model itself writes; an empty one is left out."""
    request = Message(role=Role.USER, content=SUMMARY_REQUEST[window.language])
    reply = await model.complete([*window.conversation(), request], ())
    lost = reply.finish_reason is FinishReason.OVERFLOW or not reply.content.strip()
    note = "" if lost else SUMMARY_NOTE[window.language] + reply.content.strip()
    return View(note=note, usage=reply.usage, seconds=reply.seconds)


CONTEXTS = {
    "none": NONE,
    "summary": Context("summary", 0, summary),
    "discard-75": Context("discard-75", 0, discard_75),
    "discard-all": Context("discard-all", 0, discard_all),
    "parallel-fewest-step": Context("parallel-fewest-step", 0, num_samples=NUM_SAMPLES),
}


def context_named(name: str, window_tokens: int = 0) -> Context:
    """The context manager called `name` for a window of that size.

    Raises `UserError` for an unknown name, and where a size is needed and none is given.
    """
    if name not in CONTEXTS:
        known = ", ".join(CONTEXTS)
        raise UserError(f"no context manager {name!r}; context managers are {known}")
    if window_tokens <= 0 and name != "none":
        raise UserError(
            f"context manager {name!r} needs the size of the model's window in tokens, "
            "e.g. --window 131072"
        )
    return replace(CONTEXTS[name], window_tokens=max(0, window_tokens))
