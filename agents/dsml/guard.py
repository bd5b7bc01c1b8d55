"""Text from outside that looks like markup, and argument names and values that would break a tag.

The official encoder writes all text as it is: a web page that holds `<｜User｜>` opens a user message
there, and a string argument that holds a closing tag cannot be read back. Here the first is broken
apart, and the second is written as JSON with escapes, which the official parser reads as well.
"""

import json
import re

from pydantic import JsonValue

from agents.dsml.markup import DSML

SPECIAL = re.compile(r"<(?=/?(?:｜|think>))")
"""Where a special token begins: `<｜...`, `</｜...`, `<think>`, `</think>`."""
ESCAPE = re.compile(r"\\u([0-9a-f]{4})")
UNSAFE_NAME = re.compile(r'["\n｜]|\\u|</?think>')


def guarded(text: str) -> str:
    """`text` with a space inside whatever would be read as a special token."""
    return SPECIAL.sub("< ", text) if "<" in text else text


def is_safe(text: str) -> bool:
    """Whether no tokenizer or parser takes part of `text` for markup."""
    return SPECIAL.search(text) is None and DSML not in text


def written_value(value: JsonValue) -> tuple[bool, str]:
    """Whether the value is written raw (`string="true"`), and how it is written."""
    if isinstance(value, str) and is_safe(value):
        return True, value
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if not is_safe(text):
        text = text.replace("<", "\\u003c").replace("｜", "\\uff5c")
    return False, text


def written_name(name: str) -> str:
    r"""`name` with `\uXXXX` for whatever would end it early; nearly always `name` itself."""
    if UNSAFE_NAME.search(name) is None:
        return name
    return re.sub(r'["\n<｜\\]', lambda found: f"\\u{ord(found[0]):04x}", name)


def read_name(written: str) -> str:
    """The inverse of `written_name`."""
    if "\\u" not in written:
        return written
    return ESCAPE.sub(lambda found: chr(int(found[1], 16)), written)
