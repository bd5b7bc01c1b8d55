"""A context manager of your own, with what it cut on record: python -m examples.custom_context"""

import asyncio

from agents.chat import ChatModel, Reply
from agents.context import Context
from agents.context_window import View, Window
from agents.loop import Limits, run
from agents.scripted import ScriptedModel
from data.task import ToolCall
from examples.custom_environment import TASK, World

KEPT = 3


async def newest(window: Window, model: ChatModel) -> View:
    """Keeps the newest turns and tells the model how many are gone."""
    gone = len(window.turns) - KEPT
    return View(kept=window.visible[-KEPT:], note=f"{gone} earlier guesses are not shown.")


async def main() -> None:
    guesses = [ToolCall(name="guess", arguments={"number": number}) for number in range(1, 38)]
    model = ScriptedModel([*(Reply(calls=(call,)) for call in guesses), Reply(content="37")])
    context, world = Context("newest-3", window_tokens=800, choose=newest), World()
    first = await world.reset(TASK)
    played = await run(TASK, world, first, model, Limits(), context=context)
    shown = [len(request.conversation) for request in model.requests]
    print(f"{len(played.turns)} turns on record, at most {max(shown)} messages and turns in view")
    for edit in played.edits:
        print(f"before turn {edit.at}: kept {edit.kept}, note {edit.note!r}")


if __name__ == "__main__":
    asyncio.run(main())
