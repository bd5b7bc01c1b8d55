"""Writes a bug up as a person would report it: what was run, what came of it, what should have come.

Every sentence follows from something that was run, or is quoted from the project. A statement that
an LLM has rephrased passes the same `check`.
"""

import ast
import re
from collections.abc import Sequence
from difflib import unified_diff
from random import Random

from data.record import Record
from data.task import Language
from synth.code.bug import Bug, Labels
from synth.code.statement.evidence import (
    NO_REPRODUCTION,
    Evidence,
    Outcome,
    Reproduction,
    called_names,
)
from synth.code.statement.leak import leaks
from synth.code.statement.reading import reading
from synth.code.statement.records import borne_out, facts
from synth.code.statement.symptom import Sort, Symptom, symptom
from synth.code.statement.wording import Words, words

MAX_INLINE_CHARS = 60
MAX_BLOCK_LINES = 30
MAX_BLOCK_CHARS = 1_500
MIN_DIFF_LINES = 6
DRAFTS = 6
"""Texts that are tried; another choice of words may not give anything away."""
SHOWN_DIGITS = 12
"""Of a commit that stands for a version."""
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Statement(Record):
    title: str
    body: str
    script: str
    """The first reproduction, which the body shows."""
    expected: str
    """What it prints on the fixed tree; the error's last line where one should end it."""
    actual: str

    @property
    def text(self) -> str:
        return f"# {self.title}\n\n{self.body}"


def write(
    bug: Bug, labels: Labels, evidence: Evidence | str, language: Language, rng: Random
) -> Statement | str:
    """A statement, or in one word why there is none."""
    if isinstance(evidence, str):
        return evidence
    evidence = telling(evidence, bug)
    reason = NO_REPRODUCTION
    for _ in range(DRAFTS):
        statement = _draft(bug, evidence, words(language), rng)
        problems = check(statement, bug, evidence)
        if not problems:
            return statement
        reason = problems[0].partition(":")[0]
    return reason


def telling(evidence: Evidence, bug: Bug) -> Evidence:
    """With those reproductions alone that say more than the ones before them.

    An injected change is shown well by one call; a real fix may mend several things.
    """
    single = bug.story.sort == "injected" and len(bug.story.operators) == 1
    kept: list[Reproduction] = []
    known: set[tuple[object, ...]] = set()
    for each in evidence.reproductions:
        seen = symptom(each)
        call = seen.call.rpartition(".")[2]
        same: set[tuple[object, ...]] = {(seen.sort, call, seen.expected, seen.actual)}
        if single:
            same = {(seen.sort, call, seen.item, seen.other), (seen.sort, call, seen.options)}
        hidden = bool(kept) and re.search(r"(?<![\w\"'])_(?!_)\w+\(", each.script)
        if not same & known and not hidden:
            kept.append(each)
        known |= same
    return evidence.model_copy(update={"reproductions": tuple(kept)})


def check(statement: Statement, bug: Bug, evidence: Evidence) -> tuple[str, ...]:
    """What is wrong with a statement, whoever wrote it; each starts with one word and a colon."""
    found = [f"leak: {leak}" for leak in leaks(statement.text, bug, evidence.shown)]
    for each in evidence.reproductions[:1]:
        if each.script.strip() not in statement.body:
            found.append("incomplete: the reproduction is not in the text")
        for side in (each.fixed, each.buggy):
            missing = [line for line in _must_say(side) if line not in statement.body]
            if missing:
                found.append(f"incomplete: it does not say {missing[0]!r}")
    return tuple(found)


def _must_say(side: Outcome) -> list[str]:
    """Lines that a reader needs; of a long output its beginning."""
    if side.error == "hang":
        return []
    text = side.last_line if side.error else side.out
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return [line[:MAX_INLINE_CHARS] for line in lines[:3]]


def _draft(bug: Bug, evidence: Evidence, say: Words, rng: Random) -> Statement:
    first = evidence.reproductions[0]
    seen = symptom(first)
    layout = rng.choice((_plain, _plain, _headed, _headed, _terse))
    body = layout(bug, evidence, say, rng)
    return Statement(
        title=say.title(seen, rng),
        body=body,
        script=first.script,
        expected=_shown(first.fixed),
        actual=_shown(first.buggy),
    )


def _shown(side: Outcome) -> str:
    if side.error == "hang":
        return "hang"
    return side.out + side.last_line


def _plain(bug: Bug, evidence: Evidence, say: Words, rng: Random) -> str:
    """Paragraphs without headings."""
    parts: list[str] = []
    known = _facts(bug, evidence, say, rng)
    for number, each in enumerate(evidence.reproductions):
        seen = symptom(each)
        parts.append(
            _other(parts, seen, evidence, say, rng)
            if number
            else _opening(seen, bug, known, say, rng)
        )
        parts += [_fenced(each.script, reading(each.language).FENCE), *_ends(each, seen, say, rng)]
        parts += _reasons(each, evidence, say, rng) if not number else []
    environment = say.environment(bug.origin.project, _version(bug), evidence.runtime, rng)
    parts.insert(0 if rng.random() < 0.15 else len(parts), environment)
    return _joined(parts)


def _headed(bug: Bug, evidence: Evidence, say: Words, rng: Random) -> str:
    """As the form of a tracker asks for it."""
    heads = {key: rng.choice(forms) for key, forms in say.HEADINGS.items()}
    mark = rng.choice(("##", "###", "**"))

    def head(key: str) -> str:
        return f"**{heads[key]}**" if mark == "**" else f"{mark} {heads[key]}"

    first, *others = evidence.reproductions
    seen = symptom(first)
    known = _facts(bug, evidence, say, rng)
    good, bad = _value(first.fixed), _value(first.buggy)
    parts = [known] if known else []
    parts += [head("steps"), _fenced(first.script, reading(first.language).FENCE)]
    parts += [head("actual"), *_actual(first, seen, bad, say, rng)]
    parts += [head("expected"), *_expected(first, seen, good, say, rng)]
    notes = _reasons(first, evidence, say, rng)
    if notes:
        parts += [head("notes"), *notes] if rng.random() < 0.6 else notes
    for number, each in enumerate(others):
        parts += [
            "" if number else head("more"),
            _other(parts, symptom(each), evidence, say, rng),
            _fenced(each.script, reading(each.language).FENCE),
        ]
        parts += _ends(each, symptom(each), say, rng)
    environment = say.environment(bug.origin.project, _version(bug), evidence.runtime, rng)
    # The heading has said what the line is.
    parts += [head("environment"), re.sub(r"^(环境：|版本：|Version: )", "", environment)]
    return _joined(parts)


def _terse(bug: Bug, evidence: Evidence, say: Words, rng: Random) -> str:
    """As a maintainer notes it: scripts and what they print."""
    parts: list[str] = []
    for number, each in enumerate(evidence.reproductions):
        if number:
            parts.append(_other(parts, symptom(each), evidence, say, rng))
        parts.append(_fenced(each.script, reading(each.language).FENCE))
        parts += _ends(each, symptom(each), say, rng)
    parts.append(say.environment(bug.origin.project, _version(bug), evidence.runtime, rng))
    return _joined(parts)


def _opening(seen: Symptom, bug: Bug, known: str, say: Words, rng: Random) -> str:
    lead = say.lead(seen, bug.origin.project, rng)
    return f"{known}{say.JOIN}{lead}" if known else lead


def _other(parts: Sequence[str], seen: Symptom, evidence: Evidence, say: Words, rng: Random) -> str:
    """What comes before a further script; not in the same words twice, nor "f, too" after f."""
    texts = [say.more(seen, rng) for _ in range(8)]
    same = seen.call == symptom(evidence.reproductions[0]).call
    fresh = [text for text in texts if text not in parts and not (same and "`" in text)]
    return fresh[0] if fresh else texts[0]


def _facts(bug: Bug, evidence: Evidence, say: Words, rng: Random) -> str:
    """What the project's records say of the bug, where the first reproduction bears it out."""
    first = evidence.reproductions[0]
    seen = symptom(first)
    for fact in facts(bug.story):
        said = say.known(fact, rng)
        if said and borne_out(fact, seen.sort, first) and not leaks(said, bug, evidence.shown):
            return said
    return ""


def _ends(each: Reproduction, seen: Symptom, say: Words, rng: Random) -> list[str]:
    """What the script does, and what it should do."""
    good, bad = _value(each.fixed), _value(each.buggy)
    detail = say.detail(seen, rng)
    if good and bad and rng.random() < 0.5:
        text = say.both(seen, good, bad, rng)
        return [f"{text}{say.JOIN}{detail}" if detail and rng.random() < 0.5 else text]
    difference = _difference(each)
    if difference and rng.random() < 0.7:
        return [
            *_actual(each, seen, bad, say, rng),
            say.difference(rng),
            difference,
            *([detail] if detail else []),
        ]
    ends = [*_actual(each, seen, bad, say, rng), *_expected(each, seen, good, say, rng)]
    return [*ends, detail] if detail and rng.random() < 0.6 else ends


def _actual(each: Reproduction, seen: Symptom, value: str, say: Words, rng: Random) -> list[str]:
    if _is_silent(each.buggy):
        return [say.silent(bool(each.buggy.out), expected=False)]
    said = say.actual(seen, value, rng)
    if value or seen.sort is Sort.HANG:
        return [said]
    return [said, _fenced(_ending(each, each.buggy), "")]


def _expected(each: Reproduction, seen: Symptom, value: str, say: Words, rng: Random) -> list[str]:
    if _is_silent(each.fixed):
        return [say.silent(bool(each.fixed.out), expected=True)]
    said = say.expected(seen, value, rng)
    return [said] if value else [said, _fenced(_ending(None, each.fixed), "")]


def _is_silent(side: Outcome) -> bool:
    """Whether there is no output to show, nor an error."""
    return not side.out.strip("\n") and not side.error


def _value(side: Outcome) -> str:
    """What was printed, if it fits into a sentence."""
    text = side.out.rstrip("\n")
    fits = len(text) <= MAX_INLINE_CHARS and "\n" not in text and "`" not in text
    return text if fits and text.strip() == text and not side.error else ""


def _ending(each: Reproduction | None, side: Outcome) -> str:
    """The output, cut in the middle if it is long, and the trace as far as it is the user's."""
    out = _cut(side.out.rstrip("\n"))
    if not side.error or side.error == "hang":
        return out
    frames = reading(each.language).trace(each.script, side.lines) if each else []
    return "\n".join([*([out] if out else []), *frames, _cut(side.last_line)])


def _cut(text: str) -> str:
    lines = text.split("\n")
    if len(lines) > MAX_BLOCK_LINES:
        lines = [*lines[: MAX_BLOCK_LINES - 6], "...", *lines[-5:]]
    text = "\n".join(lines)
    if len(text) > MAX_BLOCK_CHARS:
        text = f"{text[: MAX_BLOCK_CHARS - 200]} ... {text[-180:]}"
    return text


def _difference(each: Reproduction) -> str:
    """A diff of long outputs; empty where they are better shown whole."""
    good, bad = each.fixed.out.splitlines(), each.buggy.out.splitlines()
    if each.fixed.error or each.buggy.error or min(len(good), len(bad)) < MIN_DIFF_LINES:
        return ""
    lines = list(unified_diff(good, bad, lineterm="", n=2))[2:]
    lines = [line for line in lines if not line.startswith("@@")]
    changed = [line for line in lines if line[0] in "+-"]
    if len(lines) > MAX_BLOCK_LINES or not changed:
        return ""
    return _fenced("\n".join(lines), "diff")


def _reasons(each: Reproduction, evidence: Evidence, say: Words, rng: Random) -> list[str]:
    """Why the expectation is right: a neighbour that works, what the documentation says."""
    found: list[str] = []
    if each.contrast and rng.random() < 0.85:
        apart = _apart(each.contrast.script, each.script)
        value = each.contrast.out.rstrip("\n")
        fits = "\n" not in value and "`" not in value and len(value) <= MAX_INLINE_CHARS + 20
        if apart and fits and "\n" not in apart[0] and "`" not in apart[0]:
            found.append(_contrasted(apart, value, say, rng))
    named = called_names(each.script) if evidence.docs else []
    documented = [name for name in named if name in evidence.docs]
    if documented and rng.random() < 0.5:
        text = evidence.docs[documented[0]]
        if 20 <= len(text) <= 240:
            found.append(say.documented(documented[0], text, rng))
    rng.shuffle(found)
    return found


def _apart(one: str, other: str) -> tuple[str, bool] | None:
    """The statement of `one` that `other` does not have, and whether it is the last."""
    theirs = {ast.dump(node) for node in ast.parse(other).body}
    body = ast.parse(one).body
    fresh = [node for node in body if ast.dump(node) not in theirs]
    fresh = [node for node in fresh if not isinstance(node, ast.Import | ast.ImportFrom)]
    if len(fresh) != 1:
        return None
    return ast.get_source_segment(one, fresh[0]) or "", fresh[0] is body[-1]


def _contrasted(apart: tuple[str, bool], value: str, say: Words, rng: Random) -> str:
    text, last = apart
    if last:
        text = text.removeprefix("print(").removesuffix(")")
        if text.startswith("repr("):
            text = text.removeprefix("repr(").removesuffix(")")
    return say.works(text, value, last, rng)


def _fenced(text: str, language: str) -> str:
    fence = "```" if "```" not in text else "````"
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _version(bug: Bug) -> str:
    """As people write it: of a commit its first digits."""
    whole = bug.origin.version
    return whole[:SHOWN_DIGITS] if _COMMIT.fullmatch(whole) else whole
