"""A witness with wrong tries in it, where a reader could not have known better.

A page often lists several things that fit what is known so far. The witness goes straight to the
right one; here it looks at another first, whose own page then rules it out.
"""

from collections.abc import Iterator

from data.hashing import derive_rng
from data.task import Script, Task, ToolCall
from data.trajectory import Trajectory
from envs.search.world import Page
from synth.search.library import open_library
from synth.search.proof import Proof
from synth.search.query import Category, Count, Offset, Range
from synth.search.telling.known import Known
from synth.search.telling.trace import Tie

MAX_TRIES = 2
"""Wrong tries in one attempt."""
MAX_CONSIDERED = 8
"""Candidates that are looked at for one that its page rules out."""
SHARE = 0.7
"""Of the places where a wrong try is possible, those where one is made."""
TOP_K = 10


def rehearse(task: Task, trajectory: Trajectory) -> Script:
    """The calls of `trajectory`, a run of the task's witness, with wrong tries before some."""
    sources = task.provenance.options.get("sources")
    assert isinstance(sources, list)
    library = open_library(tuple(map(str, sources)))
    known = Known(library, Proof.model_validate(task.hidden.proof).query)
    rng = derive_rng("rehearsal", task.id)
    calls: list[ToolCall] = []
    turns = [turn for turn in trajectory.turns if turn.calls]
    targets = set[str]()
    way = {str(turn.calls[0].arguments.get("doc_id")) for turn in turns}
    left = MAX_TRIES
    for number, turn in enumerate(turns):
        (call,), (observation,) = turn.calls, turn.observations
        if call.name == "search" and left:
            target = str(turns[number + 1].calls[0].arguments.get("doc_id", ""))
            others = list(_others(known, target, way)) if target not in targets else []
            if others and rng.random() < SHARE:
                wrong = rng.choice(others)
                name = known.kb.entities[wrong].name
                calls.append(ToolCall(name="search", arguments={"query": name}))
                calls.append(ToolCall(name="open", arguments={"doc_id": wrong}))
                way.add(wrong)
                left -= 1
            targets.add(target)
        calls.append(call)
        known.observe(call, observation.text)
    return Script(calls=tuple(calls), answer=task.hidden.witness.answer)


def _others(known: Known, target: str, way: set[str]) -> Iterator[str]:
    """What could be meant in place of `target`, and is ruled out by the first page about it."""
    tie = known.tied(target, up=True, page=next(reversed(known.read), ""))
    if tie is None or target in known.named or not known.mentioned(target):
        return
    if known.same_tie(tie, target, known.page_of(tie)):
        return
    fitting = [e for e in known.candidates(tie, target).fitting if e not in way]
    for entity in fitting[:MAX_CONSIDERED]:
        wrong, page = known.misfit(entity, target), known.library.world.page(entity, 1)
        if wrong is None or page is None or not _shows(known, entity, wrong, page):
            continue
        if known.library.rank(known.kb.entities[entity].name, (entity,), TOP_K) is not None:
            yield entity


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
