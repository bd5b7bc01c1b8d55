"""The scripted baseline of search tasks: no model, no hidden knowledge, a limited number of calls.

It reads the question as far as it can, follows its clues (`trail`), and answers from the page that
bears out most of them. Where the clues lead nowhere it falls back on words in common (`overlap`).
"""

from collections.abc import Generator

from pydantic import JsonValue

from data.hashing import canonical_json
from data.task import PublicTask, Role, ToolCall
from data.trajectory import Observation
from envs.base import Baseline
from envs.search.asking import Ask, Form
from envs.search.facts import Kind, Link
from envs.search.overlap import Overlap
from envs.search.question import Question, read_question
from envs.search.trail import MAX_CALLS, Finding, Page, Trail

__all__ = ["MAX_CALLS", "greedy"]

MAX_EVIDENCE = 5
MAX_LIST = 10


def greedy(task: PublicTask) -> Baseline:
    """Solves within `MAX_CALLS` calls; deterministic."""
    text = _question(task)
    question, trail = read_question(text), Trail()
    found = yield from trail.find(question)
    if not found:
        rest = Overlap.of(text, trail.calls_left)
        yield from rest.solve(text)
        return _final(*rest.answer(text))
    answer = yield from _answer(question, found, trail)
    read = [finding.page.id for finding in found] + list(trail.pages)
    return _final(answer, list(dict.fromkeys(read)))


def _answer(
    question: Question, found: list[Finding], trail: Trail
) -> Generator[ToolCall, Observation, JsonValue]:
    ask, top = question.ask, found[0].score
    fitting = [finding.page for finding in found if finding.score == top]
    page = _best(ask, fitting)
    match ask.form:
        case Form.LIST:
            return [one.title for one in fitting[:MAX_LIST]]
        case Form.VALUE if ask.field in page.facts.values:
            return _plain(page.facts.values[ask.field])
        case Form.COUNT if ask.role:
            return len(page.facts.links.get(ask.role, ()))
        case Form.DIFFERENCE if ask.field:
            other = yield from trail.look_up(Link(ask.other), Kind.FILM)
            here = page.facts.values.get(ask.field, 0)
            there = other.facts.values.get(ask.field, 0) if other else 0
            return _plain(abs(here - there))
    return page.title


def _best(ask: Ask, pages: list[Page]) -> Page:
    """The extreme page where the question wants one, else the first."""
    field = ask.best
    known = [page for page in pages if field and field in page.facts.values]
    if field is None or not known:
        return pages[0]
    return (max if ask.most else min)(known, key=lambda page: page.facts.values[field])


def _plain(value: float) -> JsonValue:
    return int(value) if value == int(value) else value


def _final(answer: JsonValue, evidence: list[str]) -> str:
    return canonical_json({"answer": answer, "evidence": evidence[:MAX_EVIDENCE]})


def _question(task: PublicTask) -> str:
    """The last user message without paragraphs that only explain the form of the answer."""
    content = [message.content for message in task.prompt if message.role is Role.USER][-1]
    paragraphs = [part for part in content.split("\n\n") if '"evidence"' not in part]
    return "\n\n".join(paragraphs) or content
