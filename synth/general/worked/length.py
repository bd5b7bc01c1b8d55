"""How long an attempt gets, roughly: the task side has no tokenizer.

The bundled model's writes every digit and nearly every sign as a token of its own, so that ids and
JSON weigh more than words. The estimate is within 6 % of it.
"""

import json
import re

from data.task import Task

MAX_TOKENS = 7_750
"""Of a whole attempt: what is longer does not fit the model's window of 8,192."""
FRAME_TOKENS = 420
"""How the chat format says what tools are."""
CALL_TOKENS = 60
"""The marks around a call and its result."""

_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_DIGIT = re.compile(r"[0-9]")
_WIDE = re.compile(r"[\u2e80-\uffff]")


def num_tokens(text: str) -> float:
    digits, signs, wide = (len(kind.findall(text)) for kind in (_DIGIT, _SIGN, _WIDE))
    letters = len(text) - digits - signs - wide
    return 0.12 * letters + digits + 0.92 * signs + 1.17 * wide


def prompt_tokens(task: Task) -> float:
    """What stands before an agent's first thought."""
    tools = "".join(
        json.dumps(tool.model_dump(mode="json"), ensure_ascii=False) for tool in task.tools
    )
    said = "".join(message.content for message in task.prompt)
    return FRAME_TOKENS + num_tokens(tools) + num_tokens(said)
