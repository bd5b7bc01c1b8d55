"""A witness with wrong tries in it, where a reader could not have known better.

A page often lists several things that fit what is known so far. The witness goes straight to the
right one; here those that stand before it on the page are looked at first, each of which its own
page rules out. Where one of them is not ruled out so, or too many stand there, the witness is left to
guess, and `guessed` says so.
"""

from collections.abc import Iterator

from data.task import Script, Task, ToolCall
from data.trajectory import Trajectory
from envs.search.world import Page
from synth.search.library import open_library
from synth.search.proof import Proof
from synth.search.query import Category, Count, Offset, Range
from synth.search.telling.known import Known
from synth.search.telling.trace import Tie

MAX_TRIES = 4
"""Wrong tries in one attempt."""
MAX_CALLS = 14
"""Of an attempt with tries in it, so that it fits the window of a small model."""
TOP_K = 10


def rehearse(task: Task, trajectory: Trajectory) -> Script:
    """The calls of `trajectory`, a run of the task's witness, with wrong tries before some."""
    known = _nothing_known(task)
    calls: list[ToolCall] = []
    turns = [turn for turn in trajectory.turns if turn.calls]
    way = {str(turn.calls[0].arguments.get("doc_id")) for turn in turns}
    left = max(0, min(MAX_TRIES, (MAX_CALLS - len(turns)) // 2))
    for number, turn in enumerate(turns):
        (call,), (observation,) = turn.calls, turn.observations
        if call.name == "search":
            target = str(turns[number + 1].calls[0].arguments.get("doc_id", ""))
            wrong = _before(known, target, way)[: left + 1]
            if len(wrong) <= left:
                calls += [call for other in wrong for call in _try(known, other)]
                way.update(wrong)
                left -= len(wrong)
        calls.append(call)
        known.observe(call, observation.text)
    return Script(calls=tuple(calls), answer=task.hidden.witness.answer)


def guessed(task: Task, trajectory: Trajectory) -> frozenset[int]:
    """Numbers of the turns of `trajectory` that take one of several for no reason a reader has.

    `trajectory` is a run of the task's witness, or of what `rehearse` has made of it.
    """
    known = _nothing_known(task)
    turns = [turn for turn in trajectory.turns if turn.calls]
    calls = [turn.calls[0] for turn in turns]
    wrong = wrong_tries(task, calls)
    found = set()
    for number, (call, turn) in enumerate(zip(calls, turns, strict=True)):
        if call.name == "search":
            target = str(calls[number + 1].arguments.get("doc_id", ""))
            unread = list(_unread(known, wrong.get(number, target)))
            if target in unread[1:]:
                found.add(number)
        known.observe(call, turn.observations[0].text)
    return frozenset(found)


def _nothing_known(task: Task) -> Known:
    sources = task.provenance.options.get("sources")
    assert isinstance(sources, list)
    library = open_library(tuple(map(str, sources)))
    return Known(library, Proof.model_validate(task.hidden.proof).query)


def _unread(known: Known, target: str) -> Iterator[str]:
    """What could be the target and was not read, in the order of the page that lists it."""
    rivals = known.rivals(target, next(reversed(known.read), ""))
    return (entity for entity in rivals if entity not in known.read)


def _before(known: Known, target: str, way: set[str]) -> list[str]:
    """What stands before `target`, if each of it can be ruled out."""
    unread = list(_unread(known, target))
    before = unread[: unread.index(target)] if target in unread else []
    return before if all(_refuted(known, e, target, way) for e in before) else []


def _try(known: Known, entity: str) -> tuple[ToolCall, ToolCall]:
    name = known.kb.entities[entity].name
    search = ToolCall(name="search", arguments={"query": name})
    return search, ToolCall(name="open", arguments={"doc_id": entity})


def _refuted(known: Known, entity: str, target: str, way: set[str]) -> bool:
    """Whether the first page about a thing is found by its name and rules it out."""
    wrong, page = known.misfit(entity, target), known.library.world.page(entity, 1)
    if entity in way or wrong is None or page is None or not _shows(known, entity, wrong, page):
        return False
    return known.library.rank(known.kb.entities[entity].name, (entity,), TOP_K) is not None


def _shows(known: Known, entity: str, wrong: Tie, page: Page) -> bool:
    """Whether the first page about a thing is enough to see that it fails a clue."""
    if isinstance(wrong.clue, Count):
        return page.num_pages == 1
    assert isinstance(wrong.clue, Range | Category | Offset)
    return bool(known.stated_in(page.text, entity, wrong.clue.relation))


def wrong_tries(task: Task, calls: list[ToolCall]) -> dict[int, str]:
    """Of the calls that are not the witness's, what each was tried in place of, by number."""
    way = list(task.hidden.witness.calls)
    found: dict[int, str] = {}
    for number, call in enumerate(calls):
        if way and call == way[0]:
            way.pop(0)
        else:
            ahead = (c for c in way if c.name == "open")
            found[number] = next((str(c.arguments["doc_id"]) for c in ahead), "")
    return found
