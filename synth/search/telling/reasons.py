"""One reason for each turn of a witness: what the last page showed, and why the next call is made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from data.errors import TaskError
from data.hashing import derive_rng
from data.task import Language, Task, ToolCall
from data.trajectory import Trajectory
from synth.search.library import open_library
from synth.search.proof import Proof
from synth.search.query import (
    Category,
    Clue,
    Count,
    Difference,
    Entities,
    Offset,
    Range,
    Value,
)
from synth.search.telling.chinese import CHINESE
from synth.search.telling.english import ENGLISH
from synth.search.telling.known import Known
from synth.search.telling.occasion import Occasion
from synth.search.telling.phrases import PHRASES, Phrases
from synth.search.telling.rehearsal import wrong_tries
from synth.search.telling.trace import Tie, towards

LINES = {Language.EN: ENGLISH, Language.ZH: CHINESE}
HIT = re.compile(r"^(\d+)\. \[(.+?)\] (.*)$", re.MULTILINE)
MAX_FINDINGS = 3
"""Clues that one page is said to settle; the rest is left for the summing up."""
MAX_SHOWN = 4
"""Candidates that are named."""
MAX_SUMMED = 4
MAX_TRANSLATED = 2


def explain(task: Task, trajectory: Trajectory) -> tuple[str, ...]:
    """Why each turn of `trajectory`, a run of the task's witness, is made.

    Raises `TaskError` if the trajectory opens no documents of the task's world.
    """
    sources = task.provenance.options.get("sources")
    assert isinstance(sources, list)
    library = open_library(tuple(map(str, sources)))
    rng = derive_rng("telling", task.id)
    phrases = PHRASES[task.language](library.names, rng)
    known = Known(library, Proof.model_validate(task.hidden.proof).query)
    story = Story(task, known, phrases, rng)
    return tuple(story.tell(trajectory))


@dataclass
class Story:
    """What is known so far, and the words for it."""

    task: Task
    known: Known
    phrases: Phrases
    rng: Random
    settled: set[tuple[str, str]] = field(default_factory=set)
    """Entity and clue (as JSON) of what has been said to hold."""
    translated: int = 0
    """How often it was said that the documents have another name."""
    used: list[str] = field(default_factory=list)
    """The newest lines, which are not repeated at once."""

    def tell(self, trajectory: Trajectory) -> Iterator[str]:
        calls = [turn.calls[0] for turn in trajectory.turns if turn.calls]
        wrong = wrong_tries(self.task, calls)
        for number, call in enumerate(calls):
            last = calls[number - 1] if number else None
            target = self._target(calls[number:])
            sentences = list(self._findings(last)) if last else [self._opening()]
            if rejected := wrong.get(number - 1):
                sentences += self._rejected(calls[number - 1], rejected, target)
            if call.name == "search" and not rejected and (right := wrong.get(number)):
                sentences += self._tried(target, right, last)
            elif call.name == "search" and not rejected:
                sentences += self._why_search(call, target, last)
            elif call.name != "search":
                sentences += self._why_open(call, last)
            yield self._joined(sentences)
            self.known.observe(call, trajectory.turns[number].observations[0].text)
        yield self._joined([*self._findings(calls[-1] if calls else None), *self._conclusion()])

    def _tried(self, wrong: str, right: str, last: ToolCall | None) -> Iterator[str]:
        """A try that fails, made in the place of `right` for the reason that holds for both."""
        page = str(last.arguments["doc_id"]) if last else ""
        if tie := self.known.tied(right, up=True, page=page):
            yield self._why_candidate(tie, right, shown=wrong)
        elif tie := self.known.tied(right, up=False, page=page):
            yield self._why_check(tie, right, shown=wrong)

    def _rejected(self, opened: ToolCall, right: str, target: str) -> Iterator[str]:
        """What ruled the last try out, and what is taken next."""
        if opened.name != "open":
            return
        wrong = str(opened.arguments["doc_id"])
        failed = self.known.misfit(wrong, right)
        assert failed, "a wrong try is ruled out by its page"
        reached = next((entity for entity in failed.reached if entity in self.known.read), "")
        clue = towards(failed, reached, self.known.kb) if reached else failed.clue
        kind = self.known.kb.entities[right].type
        slots = {"d": self.phrases.described(kind, clue), "x": self.phrases.name(wrong)}
        if isinstance(clue, Count):
            number = len(self.known.kb.neighbours(wrong, clue.step))
            many = self.phrases.many(self.known.kb.end_type(clue.step), number)
            yield self._say(Occasion.REJECT_COUNT, m=many, **slots)
        else:
            assert isinstance(clue, Range | Category | Offset)
            yield self._say(Occasion.REJECT, q=self.known.quoted(wrong, clue.relation), **slots)
        yield self._say(Occasion.AGAIN, x=self.phrases.name(target))

    def _target(self, ahead: list[ToolCall]) -> str:
        """The document that the calls ahead are about."""
        target = next((str(c.arguments["doc_id"]) for c in ahead if c.name == "open"), "")
        if target not in self.known.kb.entities:
            raise TaskError(f"{self.task.id}: its witness opens {target!r}, which is no known page")
        return target

    def _say(self, occasion: Occasion, **slots: object) -> str:
        lines = LINES[self.task.language][occasion]
        fresh = [line for line in lines if line not in self.used] or list(lines)
        line = self.rng.choice(fresh)
        self.used = [*self.used, line][-12:]
        text = re.sub(r"\{(\w+)\}", lambda slot: str(slots[slot[1]]), line)
        return text[:1].upper() + text[1:] if self.task.language is Language.EN else text

    def _joined(self, sentences: list[str]) -> str:
        between = "" if self.task.language is Language.ZH else " "
        return self.phrases.tidied(between.join(filter(None, sentences)))

    # What is known at the start ------------------------------------------------------------------

    def _opening(self) -> str:
        names = [self.phrases.name(entity) for entity in self.known.named]
        names = list(dict.fromkeys([*names, *self.known.hints]))
        if not names:
            return self._say(Occasion.NO_NAMES)
        occasion = Occasion.SEVERAL_NAMES if len(names) > 1 else Occasion.ONE_NAME
        return self._say(occasion, names=self.phrases.listed(names), n=len(names))

    def _listed(self, entities: tuple[str, ...]) -> str:
        return self.phrases.listed([self.phrases.name(entity) for entity in entities])

    # Why a search is made ------------------------------------------------------------------------

    def _why_search(self, call: ToolCall, target: str, last: ToolCall | None) -> Iterator[str]:
        query, name = str(call.arguments["query"]), self.known.kb.entities[target].name
        page = str(last.arguments["doc_id"]) if last else ""
        if target in self.known.named:
            yield self._why_named(target)
        elif not query.startswith(name) or not self.known.mentioned(target):
            yield self._why_unnamed(query, target, page)
        elif tie := self.known.tied(target, up=True, page=page):
            yield self._why_candidate(tie, target)
        elif tie := self.known.tied(target, up=False, page=page):
            yield self._why_check(tie, target)
        elif clue := self.known.by_fact(target):
            x = self.phrases.name(target)
            yield self._say(Occasion.TIED, x=x, s=self.phrases.fits(target, [clue]))
        else:
            yield self._say(Occasion.NEXT_FACT, x=self.phrases.name(target))
        yield from self._how_searched(call, query, name, target)

    def _why_named(self, target: str) -> str:
        x = self.phrases.name(target)
        tie = next((tie for tie in self.known.ties if target in tie.reached), None)
        if tie is None:
            return self._say(Occasion.NEXT_FACT, x=x)
        if isinstance(tie.clue, Offset):
            return self._say(Occasion.OWN_FIGURE, x=x)
        clue = towards(tie, target, self.known.kb)
        described = self.phrases.described(self.known.kb.entities[tie.entity].type, clue)
        described = described.replace(x, self.phrases.this(target))
        if self.known.read:
            return self._say(Occasion.ANOTHER_LEAD, x=x, d=described)
        occasion = Occasion.START if len(self.known.named) > 1 else Occasion.START_THERE
        return self._say(occasion, x=x, d=described)

    def _why_candidate(self, tie: Tie, target: str, shown: str = "") -> str:
        """The target is described by a clue that leads to a page that was read.

        `shown` stands for it where it is another that is tried first.
        """
        page = self.known.page_of(tie)
        clue, x = towards(tie, page, self.known.kb), self.phrases.name(shown or target)
        kind = self.known.kb.entities[target].type
        known = self.known.candidates(tie, target)
        if len(known.listed) <= 1:
            self.settled.add((target, tie.clue.model_dump_json()))
            return self._say(Occasion.ONLY_ONE, s=self.phrases.fits(target, [clue]), x=x)
        slots: dict[str, object] = {"x": x, "n": len(known.listed), "k": len(known.fitting)}
        slots["m"] = self.phrases.many(kind, max(2, len(known.listed)))
        slots["d"] = self.phrases.described(kind, clue)
        slots["names"] = self._listed(known.fitting)
        few = len(known.fitting) <= MAX_SHOWN
        if known.shared and few:
            slots.update(f=self.phrases.name(page), g=self.phrases.name(known.shared))
            alone = len(known.fitting) == 1
            return self._say(Occasion.ON_BOTH if alone else Occasion.ON_BOTH_TRY, **slots)
        if known.filter and len(known.fitting) == 1:
            return self._say(Occasion.ONE_FITS, **slots, p=self.phrases.only(kind, known.filter))
        if known.filter and few:
            return self._say(Occasion.SOME_FIT, **slots)
        if not shown and (same := self.known.same_tie(tie, target, page)):
            return self._say(Occasion.SAME_TIE, **slots, s=self.phrases.fits(target, [same]))
        slots["m"] = self.phrases.many(kind, max(2, len(known.fitting)))
        in_turn = self._is_next(known.fitting, shown or target)
        return self._say(Occasion.IN_TURN if in_turn else Occasion.TRY_ONE, **slots)

    def _is_next(self, fitting: tuple[str, ...], entity: str) -> bool:
        """Whether a thing stands first among those that were not read yet."""
        return next((e for e in fitting if e not in self.known.read), "") == entity

    def _why_check(self, tie: Tie, target: str, shown: str = "") -> str:
        """Something that was read has to be tied to a thing like the target; `shown` as above."""
        clause, x = self.phrases.fits(tie.entity, [tie.clue]), self.phrases.name(shown or target)
        known = self.known.listed(tie, target)
        if known.filter and 1 < len(known.fitting) <= MAX_SHOWN:
            names = self._listed(known.fitting)
            return self._say(Occasion.CHECK_SOME, s=clause, x=x, names=names)
        left = [entity for entity in known.fitting if entity not in self.known.read]
        if len(left) > 1 and self._is_next(known.fitting, shown or target):
            return self._say(Occasion.CHECK_IN_TURN, s=clause, x=x, n=len(left))
        return self._say(Occasion.CHECK, s=clause, x=x)

    def _why_unnamed(self, query: str, target: str, page: str) -> str:
        """The target's name has not been seen: only what the question says of it is known."""
        kind = self.known.kb.entities[target].type
        for tie in self.known.ties:
            clue = tie.clue
            if tie.entity == target and isinstance(clue, Category) and clue.value in query:
                return self._say(Occasion.UNNAMED, d=self.phrases.described(kind, clue), q=query)
        if tie_up := self.known.tied(target, up=True, page=page):
            near = towards(tie_up, self.known.page_of(tie_up), self.known.kb)
            described = self.phrases.described(kind, near)
            return self._say(Occasion.UNNAMED, d=described, q=query)
        if tie_down := self.known.tied(target, up=False, page=page):
            clause = self.phrases.fits(tie_down.entity, [tie_down.clue])
            return self._say(Occasion.UNNAMED_CHECK, s=clause, q=query)
        if by_fact := self.known.by_fact(target):
            described = self.phrases.described(kind, by_fact)
            return self._say(Occasion.UNNAMED, d=described, q=query)
        return self._say(Occasion.UNNAMED_PLAIN, q=query)

    def _how_searched(self, call: ToolCall, query: str, name: str, target: str) -> Iterator[str]:
        type_ = self.known.kb.entities[target].type
        if query.startswith(f"{name} "):
            yield self._say(Occasion.ADD_TYPE, t=type_)
        elif query == name and name.lower() not in self.phrases.name(target).lower():
            self.translated += 1
            if self.translated <= MAX_TRANSLATED:
                yield self._say(Occasion.ENGLISH_NAME, q=query)
        if "top_k" in call.arguments:
            yield self._say(Occasion.MORE_RESULTS, n=call.arguments["top_k"])

    # Why a page is opened ------------------------------------------------------------------------

    def _why_open(self, call: ToolCall, last: ToolCall | None) -> Iterator[str]:
        page = str(call.arguments["doc_id"])
        if page in self.known.read:
            yield self._say(Occasion.NEXT_PAGE, n=call.arguments.get("page", 1))
            return
        rank = next((int(hit[1]) for hit in HIT.finditer(self.known.seen[-1]) if hit[2] == page), 1)
        query = str(last.arguments.get("query", "")) if last else ""
        known = query.startswith(self.known.kb.entities[page].name)
        occasion = Occasion.TOP_HIT if rank == 1 else Occasion.LOWER_HIT
        occasion = occasion if known else Occasion.LIKELY_HIT
        yield self._say(occasion, x=self.phrases.name(page), id=page, n=rank)

    # What a page has shown -----------------------------------------------------------------------

    def _findings(self, last: ToolCall | None) -> Iterator[str]:
        """The clues that the page just read settles."""
        page = str(last.arguments["doc_id"]) if last and last.name == "open" else ""
        found = (line for tie in self.known.ties for line in self._settled_by(tie, page))
        for _, line in zip(range(MAX_FINDINGS), found, strict=False):
            yield line

    def _settled_by(self, tie: Tie, page: str) -> Iterator[str]:
        key = (tie.entity, tie.clue.model_dump_json())
        if key in self.settled or page not in (tie.entity, *tie.reached):
            return
        line = self._settles(tie)
        if line:
            self.settled.add(key)
            yield line

    def _settles(self, tie: Tie) -> str:
        clue, entity = tie.clue, tie.entity
        if isinstance(clue, Range | Category):
            quoted = self.known.quoted(
                entity, clue.relation, clue.value if isinstance(clue, Category) else None
            )
            clause = self.phrases.fits(entity, [clue])
            return self._say(Occasion.STATED, q=quoted, s=clause) if quoted else ""
        if isinstance(clue, Offset) and tie.reached:
            (other,) = tie.reached[:1]
            mine = self.known.quoted(entity, clue.relation)
            theirs = self.known.quoted(other, clue.other)
            clause = self.phrases.fits(entity, [towards(tie, other, self.known.kb)])
            slots = {"q": mine, "o": theirs, "y": self.phrases.name(other), "s": clause}
            return self._say(Occasion.AGAINST, **slots) if mine and theirs else ""
        if isinstance(clue, Count) and entity in self.known.read and not clue.node.clues:
            return self._say(Occasion.TALLY, s=self.phrases.fits(entity, [clue]))
        return ""

    # The answer ----------------------------------------------------------------------------------

    def _conclusion(self) -> Iterator[str]:
        answer = self.task.hidden.reference
        if isinstance(answer, list):
            yield self._say(Occasion.ALL_OF_THEM, names=self.phrases.listed(list(map(str, answer))))
        elif len(self.known.subjects) == 1:
            yield self._answer(self.known.subjects[0])
        yield self._say(Occasion.CITE)

    def _answer(self, subject: str) -> str:
        ask, answer = self.known.query.ask, self.task.hidden.reference
        if isinstance(ask, Difference):
            (other,) = self.known.library.sets.members(ask.node)
            pair = self.known.quoted(subject, ask.relation), self.known.quoted(other, ask.other)
            if all(pair):
                return self._say(Occasion.DIFFERENCE, q=pair[0], o=pair[1], a=answer)
        summed = self._summary(subject)
        if not summed:
            return ""
        if isinstance(ask, Entities):
            return self._say(Occasion.ALL_FITS, s=summed, a=self.phrases.name(subject))
        quoted = self.known.quoted(subject, ask.relation) if isinstance(ask, Value) else ""
        occasion = Occasion.VALUE if quoted else Occasion.FIGURE
        return self._say(occasion, s=summed, a=answer, q=quoted)

    def _summary(self, subject: str) -> str:
        """What has been found of the subject, each other thing by its name."""
        clues: list[Clue] = []
        for tie in self.known.ties:
            if tie.entity != subject:
                continue
            reached = next((entity for entity in tie.reached if entity in self.known.read), "")
            clue = towards(tie, reached, self.known.kb) if reached else tie.clue
            if clue not in clues:
                clues.append(clue)
        if not clues:
            return ""
        return self.phrases.fits(subject, clues[:MAX_SUMMED])
