"""What the words at the start of a sentence refer to: "It", "That film", "One of the people ..."."""

import re

from envs.search.facts import Kind, Role
from envs.search.tree import Node

MAX_HEAD = 60
"""Characters of a sentence in which its subject stands."""

_ROOT = re.compile(
    r"I'm after|I'm looking for|I have in mind|in question|[我想]要?找的|要找的|所说的"
)
_SAME = re.compile(
    r"^(?:[Ii]t|[Tt]hey|[Ii]ts|[Tt]heir|The same|This person|它|此人|该[片人]|该?影人)\b|^(?:它|此人|前述)"
)
_NOUNS = (
    (Role.DIRECT, r"director|导演"),
    (Role.WRITE, r"writer|编剧"),
    (Role.ACT, r"actor|performer|cast member|演员"),
    (Role.MAKE, r"(?:production )?company|公司"),
    (Kind.FILM, r"film|comedy|drama|documentary|影片|该片|这部"),
    (Kind.PERSON, r"person|影人|此人"),
)
_REFERENCE = re.compile(r"^(?:[Tt]hat|[Tt]his|[Tt]he|该|这[部位家]|那[部位家])")
_THING = (
    r"(?P<of>it|they|(?:the|this|that)(?: same)? (?:[\w-]+ )??(?:film|comedy|drama|documentary|person"
    r"|director|writer|actor|performer|member|company)(?: I'm after| I'm looking for"
    r"| I have in mind| in question)?)"
)
GROUPS = tuple(
    (role, kind, re.compile(f"[Oo]ne of {pattern}"))
    for role, kind, pattern in (
        (Role.DIRECT, Kind.PERSON, f"the people who directed {_THING}"),
        (Role.WRITE, Kind.PERSON, f"the people who wrote {_THING}"),
        (Role.ACT, Kind.PERSON, f"(?:its|the) cast members(?: of {_THING})?"),
        (Role.MAKE, Kind.COMPANY, f"(?:its|the) production companies(?: of {_THING})?"),
        (Role.ACT, Kind.FILM, f"the films in which {_THING} appears?"),
        (Role.DIRECT, Kind.FILM, f"the films {_THING} directed"),
        (Role.WRITE, Kind.FILM, f"the films {_THING} wrote"),
        (Role.MAKE, Kind.FILM, f"the films {_THING} produced"),
    )
)
"""How a sentence brings in something new as its subject: its role, its kind, and what it is tied to."""


def meant(start: str, root: Node, before: Node, opened: list[Node]) -> Node:
    """What the subject at the start of a sentence means.

    `before` is the subject of the last sentence, `opened` what came up in it besides.
    """
    head = start[:MAX_HEAD]
    if _ROOT.search(head):
        return root
    if not opened or _SAME.search(head) or not _REFERENCE.match(head):
        return before
    for what, noun in _NOUNS:
        if re.match(rf"\w*\s?(?:same )?(?:{noun})", head):
            fitting = [node for node in opened if what in (node.role, node.kind)]
            return fitting[-1] if fitting else before
    return opened[-1]
