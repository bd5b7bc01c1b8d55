"""Canaries in test files of JavaScript and TypeScript; see `verifiers.code.canaries`.

A copy has the test's title with one word more. What is altered is what a passing test surely claims:
another literal to compare with, the opposite, or, where nothing plain is found, all claims at once.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import NamedTuple

from tree_sitter import Node

from envs.code.junit import MAX_ID_CHARS
from verifiers.code.alteration import others
from verifiers.code.canaries import WORDS, Copied, Place
from verifiers.code.ecmascript import BLOCKS, EQUAL, OPPOSITES, Suite, TestCall

_EQUAL_TO = re.compile(r"\.(toBe|toEqual|toStrictEqual|equals?|eql?|eq)\s*$")
_NUMBER = re.compile(r"\d+(\.\d+)?")


class _Edit(NamedTuple):
    """Bytes [start, end) become `text`."""

    start: int
    end: int
    text: str


def by_place(texts: Mapping[str, str], ids: Iterable[str]) -> dict[Place, list[str]]:
    """See `verifiers.code.canaries.Forms`."""
    ids = tuple(ids)
    found: dict[Place, list[str]] = {}
    for path, text in texts.items():
        suite = _suite(text, path)
        for test, names in suite.by_id(path, ids).items() if suite else ():
            found.setdefault(Place(path, test.titles), []).extend(names)
    return found


def renamed(place: Place, name: str, function: str) -> str:
    """Ids end with the title, and titles of copies begin as the test's own."""
    return name + _word(function, place.names[-1])


def with_copies(text: str, place: Place, num_altered: int, rng: Random) -> Copied | None:
    """See `verifiers.code.canaries.Forms`."""
    suite = _suite(text, place.module)
    test = suite.named(place.names) if suite else None
    if suite is None or test is None or not _fit(suite, test):
        return None
    statement = test.call.parent
    assert statement is not None
    base = statement.start_byte
    source = suite.source(statement)
    changes = [[], *_altered(suite, test, num_altered, rng)]
    if num_altered and len(changes) == 1:
        return None
    counts = [1 + rng.randrange(2) for _ in changes]
    bodies = [change for change, count in zip(changes, counts, strict=True) for _ in range(count)]
    own = place.names[-1]
    names = [own]
    while len(names) < len(bodies):
        names.append(_fresh(suite, own, names, rng))
    rng.shuffle(names)
    at = test.title.end_byte - 1
    versions = [
        _applied(source, base, [*edits, _Edit(at, at, _word(name, own))])
        for edits, name in zip(bodies, names, strict=True)
    ]
    rng.shuffle(versions)
    data = suite.data
    indent = data[:base].decode().rpartition("\n")[2]
    between = f"\n\n{indent if not indent.strip() else ''}"
    made = data[:base] + between.join(versions).encode() + data[statement.end_byte :]
    return Copied(made.decode(), names[0], names[1 : counts[0]], names[counts[0] :])


def _suite(text: str, path: str) -> Suite | None:
    try:
        return Suite(text, path)
    except SyntaxError:
        return None


def _fit(suite: Suite, test: TestCall) -> bool:
    """Whether a copy can stand beside the test, and is judged as the test is."""
    statement = test.call.parent
    if statement is None or statement.type != "expression_statement":
        return False
    block = statement.parent
    if block is None or block.type not in BLOCKS:
        return False
    around = suite.source(block) if block.type != "program" else ""
    options = suite.data[test.title.end_byte : test.body.start_byte].decode()
    planned = re.search(r"\.plan\s*\(", around.partition(suite.source(statement))[0])
    return not planned and not re.search(r"skip|todo|only|retry|fails", options)


def _word(name: str, own: str) -> str:
    """What a copy's title has more than the test's."""
    return name[len(own) - 1 : -1]


def _fresh(suite: Suite, own: str, taken: list[str], rng: Random) -> str:
    """A title with a word of the others more, that is nowhere in the file."""
    titles = " ".join(test.titles[-1][1:-1] for test in suite.tests)
    words = sorted({w for w in re.findall(r"[a-z]+", titles) if 2 < len(w) < 12}) + list(WORDS)
    text = suite.data.decode()
    for _ in range(100):
        found = f"{own[:-1]} {rng.choice(words)}{own[-1]}"
        if found not in text and found not in taken and len(found) < MAX_ID_CHARS // 2:
            return found
    return f"{own[:-1]} {rng.randrange(10, 10_000)}{own[-1]}"


def _altered(suite: Suite, test: TestCall, count: int, rng: Random) -> list[list[_Edit]]:
    """Up to `count` different ways to make the test fail; all at the same place."""
    if not count:
        return []
    straight = list(_straight(suite, test.body))
    literals = [node for claim in straight for node in _compared(suite, claim)]
    if literals:
        node = rng.choice(literals)
        return [
            [_Edit(*node.byte_range, text)] for text in _other_literals(suite, node, count, rng)
        ]
    opposites = [found for claim in straight if (found := list(_opposites(suite, claim)))]
    if opposites:
        chosen = rng.choice(opposites)
        return [[edit] for edit in rng.sample(chosen, min(count, len(chosen)))]
    turned = [
        found for claim in suite.claims(test.body) if (found := list(_opposites(suite, claim)))
    ]
    if turned:
        return [[rng.choice(found) for found in turned]]
    if test.body.type != "statement_block":
        return []
    word = rng.choice([*WORDS])
    claim = f"\n  if ({word!r}.length !== {len(word) + 1}) throw new Error({word!r});"
    at = test.body.start_byte + 1
    return [[_Edit(at, at, claim)]]


def _straight(suite: Suite, body: Node) -> Iterator[Node]:
    """Claims of statements that run whenever the last of them does."""
    if body.type != "statement_block":
        yield from ([body] if suite.sort(body) else [])
        return
    for statement in body.named_children:
        if statement.type == "return_statement":
            return
        if statement.type == "expression_statement" and statement.named_children:
            inner = statement.named_children[0]
            inner = inner.named_children[0] if inner.type == "await_expression" else inner
            if suite.sort(inner):
                yield inner


def _compared(suite: Suite, claim: Node) -> list[Node]:
    """Constants that can be changed in a literal which the claim says something equals."""
    given = claim.child_by_field_name("arguments")
    called = claim.child_by_field_name("function")
    if given is None or called is None or called.type != "member_expression":
        return []
    arguments = [n for n in given.named_children if n.type != "comment"]
    name = called.child_by_field_name("property")
    if suite.sort(claim) in ("expect", "should"):
        chain = suite.source(called)
        if not _EQUAL_TO.search(chain) or re.search(r"\bnot\b", chain):
            return []
        sides = arguments[:1]
    elif name is not None and suite.source(name) in EQUAL:
        sides = arguments[:2]
    else:
        return []
    literals = [side for side in sides if _is_literal(side)]
    if len(literals) != 1:
        return []
    return [n for n in _constants(literals[0]) if _other_literals(suite, n, 1, Random(0))]


def _is_literal(node: Node) -> bool:
    if node.type in ("number", "string", "true", "false", "null", "undefined"):
        return True
    if node.type in ("array", "object"):
        return all(map(_is_literal, node.named_children))
    if node.type == "pair":
        value = node.child_by_field_name("value")
        return value is not None and _is_literal(value)
    return node.type == "comment"


def _constants(node: Node) -> Iterator[Node]:
    if node.type in ("number", "true", "false", "string_fragment"):
        yield node
    elif node.type == "pair":
        value = node.child_by_field_name("value")
        yield from _constants(value) if value is not None else ()
    else:
        for child in node.named_children:
            yield from _constants(child)


def _other_literals(suite: Suite, node: Node, count: int, rng: Random) -> list[str]:
    text = suite.source(node)
    if node.type in ("true", "false"):
        return ["false" if text == "true" else "true"]
    if node.type == "number":
        if not _NUMBER.fullmatch(text):
            return []
        value = float(text) if "." in text else int(text)
        return [repr(other) for other in others(value, count, rng)][:count]
    return [str(other) for other in others(text, count, rng)][:count]


def _opposites(suite: Suite, claim: Node) -> Iterator[_Edit]:
    """The opposite of a claim, and that what is equal to something is that inside of something."""
    sort = suite.sort(claim)
    if sort in ("expect", "should"):
        yield from _negated(suite, claim, sort)
        return
    given = claim.child_by_field_name("arguments")
    arguments = given.named_children if given is not None else []
    if sort == "fail" or not arguments:
        return
    called = claim.child_by_field_name("function")
    name = called.child_by_field_name("property") if called is not None else None
    if sort not in OPPOSITES:
        first = arguments[0]
        yield _Edit(*first.byte_range, f"!({suite.source(first)})")
        return
    if name is not None:
        yield _Edit(*name.byte_range, OPPOSITES[sort])
    if sort in EQUAL and len(arguments) > 1:
        second = arguments[1]
        yield _Edit(*second.byte_range, f"{{ is: {suite.source(second)} }}")


def _negated(suite: Suite, claim: Node, sort: str) -> Iterator[_Edit]:
    text = suite.data[claim.start_byte : claim.end_byte]
    if sort == "expect":
        call = suite.expected(claim)
        at = call.end_byte - claim.start_byte if call is not None else 0
    else:
        at = text.find(b".should") + len(b".should")
    said = re.match(rb"((?:\.(?:to|be|should))*)\.not\b", text[at:])
    start = claim.start_byte + at
    if said:
        yield _Edit(start + len(said[1]), start + said.end(), "")
    elif at > 0:
        yield _Edit(start, start, ".not")


def _applied(source: str, base: int, edits: Iterable[_Edit]) -> str:
    data = source.encode()
    for edit in sorted(edits, reverse=True):
        data = data[: edit.start - base] + edit.text.encode() + data[edit.end - base :]
    return data.decode()
