"""A person at a terminal in the place of the agent: the same world, tools and verdict.

The person may also look at the question and at the tools, and leave without an answer. Where lines
come from and how text is shown is for the caller; nothing here prints.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum

import verifiers
from agents.loop import Limits, shown
from agents.shorthand import read_call, words
from data.errors import UserError
from data.hashing import canonical_json
from data.task import PublicTask, Role, Task, ToolCall, ToolSpec
from data.trajectory import Attempt, Outcome, StopReason, Trajectory, Turn
from envs.base import Environment, kind_module, open_env

POLICY = "person"
COMMANDS = {
    "question": "the question again",
    "tools": "the tools and their arguments",
    "submit": "your final answer: submit ANSWER [ids], or submit and the whole message as JSON",
    "help": "this list",
    "quit": "leave without an answer; nothing is stored",
}


class Tone(StrEnum):
    """What a piece of text is, for whoever shows it."""

    QUESTION = "question"
    CALL = "call"
    OBSERVATION = "observation"
    ERROR = "error"
    NOTE = "note"


Ask = Callable[[], Awaitable[str | None]]
"""The next line; None when there are no more."""
Show = Callable[[str, Tone], None]


async def play(task: Task, number: int, ask: Ask, show: Show) -> Attempt | None:
    """The person's attempt as number `number`, judged; None if they left without an answer."""
    public, turns, started = task.public(), list[Turn](), time.monotonic()
    show(question(public), Tone.QUESTION)
    async with open_env(public) as (env, first):
        if first.text:
            show(first.text, Tone.OBSERVATION)
        show("help lists the commands; tools describes the tools", Tone.NOTE)
        answer = await _Session(public, env, ask, show, turns).run()
        if answer is None:
            return None
        trajectory = Trajectory(
            task_id=task.id,
            turns=(*turns, Turn(content=answer)),
            answer=answer,
            stop=StopReason.ANSWERED,
            state=env.state(),
            first=first.text,
        )
    return Attempt(
        task_id=task.id,
        policy=POLICY,
        attempt=number,
        outcome=Outcome.SCORED,
        trajectory=trajectory,
        verdict=verifiers.verify(task, trajectory),
        seconds=time.monotonic() - started,
    )


@dataclass
class _Session:
    task: PublicTask
    env: Environment
    ask: Ask
    show: Show
    turns: list[Turn]
    limits: Limits = field(default_factory=Limits)

    async def run(self) -> str | None:
        """Follows commands until one of them submits; the final message, None without one."""
        while (line := await self.ask()) is not None:
            command, _, rest = line.strip().partition(" ")
            match command:
                case "":
                    continue
                case "quit":
                    return None
                case "submit" if rest.strip():
                    return self._message(rest.strip())
                case _:
                    await self._follow(command, line)
        return None

    async def _follow(self, command: str, line: str) -> None:
        match command:
            case "submit":
                self.show(f"submit needs an answer; it is {COMMANDS['submit']}", Tone.ERROR)
            case "question":
                self.show(question(self.task), Tone.QUESTION)
            case "tools":
                self.show("\n".join(map(described, self.task.tools)), Tone.NOTE)
            case "help":
                self.show(_help(self.task), Tone.NOTE)
            case _:
                await self._call(line)

    async def _call(self, line: str) -> None:
        try:
            call = read_call(line, self.task.tools)
        except UserError as error:
            self.show(str(error), Tone.ERROR)
            return
        self.show(written(call), Tone.CALL)
        observation = shown(await self.env.call(call), self.limits)
        self.turns.append(Turn(calls=(call,), observations=(observation,)))
        self.show(observation.text, Tone.ERROR if observation.error else Tone.OBSERVATION)

    def _message(self, text: str) -> str:
        if text.startswith("{"):
            return text
        spoken = [word.whole for word in words(text)]
        return kind_module(self.task.kind).final_message(spoken, self.env.state())


def question(task: PublicTask) -> str:
    """What the agent is asked, without the system's rules."""
    return "\n\n".join(m.content for m in task.prompt if m.role is Role.USER)


def written(call: ToolCall) -> str:
    """The call in one line, as it was understood."""
    arguments = (f"{name}={canonical_json(value)}" for name, value in call.arguments.items())
    return f"{call.name}({', '.join(arguments)})"


def described(tool: ToolSpec) -> str:
    """A tool with its arguments, one a line."""
    properties, required = tool.parameters.get("properties"), tool.parameters.get("required")
    assert isinstance(properties, dict), tool.name
    lines = [f"{tool.name}: {tool.description}"]
    for name, schema in properties.items():
        assert isinstance(schema, dict), name
        optional = "" if isinstance(required, list) and name in required else ", optional"
        kind, about = schema.get("type", "any"), schema.get("description", "")
        lines.append(f"  {name} ({kind}{optional}): {about}")
    return "\n".join(lines)


def _help(task: PublicTask) -> str:
    rules = [m.content for m in task.prompt if m.role is Role.SYSTEM]
    rows = [f"  {name:10} {about}" for name, about in COMMANDS.items()]
    tools = ", ".join(tool.name for tool in task.tools)
    calls = (
        f"Tools are called by name: {tools}. Arguments come in order or as name=value; quote words "
        'that belong together: find f-123 "some words", or give all of them as one JSON object.'
    )
    return "\n".join([*rules, "", "Commands:", *rows, calls])
