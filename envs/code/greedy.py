"""The scripted baseline of code tasks: runs what the report shows, then changes one line at a time.

It takes the reproduction and the names from the text of the task, looks where those names stand, and
tries the smallest changes of the functions that have them until the reproduction prints what the
report expects. It knows nothing that the report does not say, and gives up on all but Python.
"""

import json
import re
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from data.task import PublicTask, Role, ToolCall
from envs.base import Baseline

TIMEOUT_S = 110
MAX_NAMES = 40
_BLOCK = re.compile(r"^(`{3,})[ \t]*(\w*)[^\n]*\n(.*?)^\1", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_NAME = re.compile(r"[A-Za-z_]\w{2,}")
_EXPECTED = re.compile(r"\bexpect|\bshould|期望|应该|应当|应为|应有|预期", re.IGNORECASE)
_INLINE = re.compile(rf"(?:{_EXPECTED.pattern})[^`\n]{{0,30}}`([^`\n]+)`", re.IGNORECASE)
_PROMPT = re.compile(r"^(>>>|\.\.\.) ?", re.MULTILINE)
_END = "END_OF_ATTEMPT"


class Report(NamedTuple):
    """What the text of a task tells a reader who takes it literally."""

    script: str
    """Code that shows the problem; empty if there is none."""
    expected: str
    """What that should print; empty if nobody says."""
    names: tuple[str, ...]


def greedy(task: PublicTask) -> Baseline:
    """At most three calls; deterministic but for the time that a change is given."""
    text = [message.content for message in task.prompt if message.role is Role.USER][-1]
    report = read(text)
    sources = task.env.parameters.get("sources")
    paths = [path for path in sources if isinstance(path, str)] if isinstance(sources, list) else []
    python = [path for path in paths if path.endswith(".py")]
    if report.names and python:
        words = "|".join(report.names)
        command = f"grep -rnE --include='*.py' 'def ({words})\\b' . | head -40"
        yield ToolCall(name="bash", arguments={"command": command})
    if report.script and python:
        job = {"sources": python, **report._asdict()}
        command = "\n".join(
            [
                f"cat > /tmp/attempt.py <<'{_END}'\n{_attempt()}{_END}",
                f"python3 /tmp/attempt.py <<'{_END}'\n{json.dumps(job)}\n{_END}",
            ]
        )
        yield ToolCall(name="bash", arguments={"command": command, "timeout_s": TIMEOUT_S})
    seen = yield ToolCall(name="submit", arguments={})
    return seen.text.splitlines()[0]


def read(text: str) -> Report:
    """The first block that is Python, what is called expected in a block or a line, names in code."""
    script = expected = ""
    for block in _BLOCK.finditer(text):
        language, content = block[2].lower(), block[3]
        before = text[: block.start()].rstrip().rpartition("\n")[2]
        if not script and (language in ("python", "py", "pycon") or "import " in content):
            script = _plain(content)
        elif not expected and _EXPECTED.search(before):
            expected = content
    if not expected and (inline := _INLINE.search(_BLOCK.sub("", text))):
        expected = inline[1]
    spans = [*_SPAN.findall(text), script]
    names = dict.fromkeys(name for span in spans for name in _NAME.findall(span))
    return Report(script, expected, tuple(names)[:MAX_NAMES])


def _plain(content: str) -> str:
    """Code without the prompts of an interactive session, and without what that printed."""
    if ">>>" not in content:
        return content
    lines = [line for line in content.splitlines(keepends=True) if _PROMPT.match(line)]
    return "".join(_PROMPT.sub("", line) for line in lines)


@cache
def _attempt() -> str:
    return files("envs.code.inside").joinpath("attempt.py").read_text()
