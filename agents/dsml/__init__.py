"""The chat encoding of DeepSeek-V3.2: conversations as one text, and replies read back from it.

Written from the rules of the published encoding and tested against its published vectors. Where
the official encoder fails or writes what it cannot read again, `encoding` and `guard` say what
happens here instead.
"""

from agents.dsml.conversation import from_conversation
from agents.dsml.encoding import Segment, encode, segments
from agents.dsml.guard import guarded
from agents.dsml.messages import Assistant, Developer, System, ToolResult, User
from agents.dsml.parsing import FormatError, Parsed, StreamParser, parse

__all__ = [
    "Assistant",
    "Developer",
    "FormatError",
    "Parsed",
    "Segment",
    "StreamParser",
    "System",
    "ToolResult",
    "User",
    "encode",
    "from_conversation",
    "guarded",
    "parse",
    "segments",
]
