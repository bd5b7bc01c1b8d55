"""What a search task's certificate is made of, derived anew from its sources."""

from collections.abc import Iterator
from heapq import nsmallest

from pydantic import ValidationError

from data.errors import TaskError
from data.hashing import canonical_json
from data.record import Record
from data.sources.base import ValueKind
from data.task import JsonObject, Script, Task, content_id
from data.trajectory import Trajectory
from synth.parts import Finding, Parts, Variant
from synth.request import Rejection, Request
from synth.search.audit import audit
from synth.search.author import generate
from synth.search.evidence import FactKey
from synth.search.kb import KnowledgeBase
from synth.search.library import Library, open_library
from synth.search.query import Answer, Entities, Node, Query, nodes, without_each_clue
from synth.search.reply import accepted_answer, reference, spellings
from synth.search.route import answer_message, named_in, retrace

MAX_NEAR_MISSES = 40
"""Near misses that are judged for each task; every clue has its share."""
MIN_MUTANTS = 5
"""Wrong answers that are judged where there are that many; any of the type fill the list."""


class Proof(Record):
    """`task.hidden.proof` of a search task."""

    query: Query
    evidence: tuple[FactKey, ...]
    history: tuple[tuple[str, int], ...]


def parts(task: Task) -> Parts:
    """See `synth.parts`; raises `TaskError` if the stored proof does not parse."""
    try:
        proof = Proof.model_validate(task.hidden.proof)
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskError(f"{task.id}: the stored proof is altered: {first['msg']}") from error
    sources = task.provenance.options.get("sources")
    assert isinstance(sources, list)
    library = open_library(tuple(map(str, sources)))
    prover = _Prover(task, proof, library)
    return Parts(
        regenerated=prover.regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets(),
        retrace=prover.retrace,
        alternatives=prover.alternatives(),
        mutants=prover.mutants(),
        cheats=prover.cheats(),
    )


class _Prover:
    def __init__(self, task: Task, proof: Proof, library: Library) -> None:
        self.task = task
        self.proof = proof
        self.library = library
        self.kb = library.kb
        self.gone = next(_unknown(proof, self.kb), "")
        """Something the proof speaks of that the corpus no longer knows."""
        self.answer: Answer = () if self.gone else library.sets.answer(proof.query)
        self.near = list(self.near_misses()) if self.answer else []

    def regenerated(self) -> str:
        made = self.task.provenance
        request = Request(
            kind=self.task.kind,
            seed=made.seed,
            language=self.task.language,
            author=made.author,
            options=made.options,
        )
        body = generate(request, made.index)
        return f"rejected: {body.reason}" if isinstance(body, Rejection) else content_id(body)

    def complete(self) -> Finding:
        """Both evaluators count the answers of the stored query over today's facts."""
        query = self.proof.query
        if self.gone:
            return Finding(f"gone: {self.gone}", {})
        by_sets, by_sql = self.answer, self.library.sql.answer(query)
        evidence: JsonObject = {"by_sets": len(by_sets), "by_sql": len(by_sql)}
        if by_sets != by_sql:
            return Finding("evaluators_disagree", evidence)
        if not by_sets:
            return Finding("no_answer", evidence)
        if reference(self.kb, query, by_sets) != self.task.hidden.reference:
            return Finding("another_answer", evidence)
        typed = accepted_answer(self.kb, query, by_sets).model_dump(mode="json")
        stored = self.task.hidden.verifier
        if not isinstance(stored, dict) or stored.get("answer") != typed:
            return Finding("verifier_altered", evidence)
        return Finding("", evidence)

    def shortcut(self) -> Finding:
        subjects = tuple(sorted(self.library.sets.members(self.proof.query.root)))
        question = self.task.prompt[-1].content
        level = self.task.difficulty.level
        report = audit(self.library, self.proof.query, subjects, question, level)
        return Finding(report.problem, dict(report.measures))

    def secrets(self) -> tuple[str, ...]:
        stored = self.task.hidden.verifier
        supporting = stored.get("supporting", []) if isinstance(stored, dict) else []
        assert isinstance(supporting, list)
        names: list[str] = [canonical_json(stored), *map(str, supporting)]
        reference_ = self.task.hidden.reference
        if isinstance(reference_, str | list):
            names += [reference_] if isinstance(reference_, str) else list(map(str, reference_))
        if isinstance(self.proof.query.ask, Entities):
            for entity in self.answer:
                names += self.kb.entities[str(entity)].aliases
        return tuple(names)

    def retrace(self, trajectory: Trajectory) -> Finding:
        if self.gone:
            return Finding(f"gone: {self.gone}", {})
        names = named_in(self.kb, self.proof.query)
        found = retrace(
            self.kb, trajectory, self.proof.evidence, names, self.task.prompt[-1].content
        )
        evidence: JsonObject = {"searches": found.num_queries, "pages": found.num_pages}
        return Finding(found.problem, evidence)

    def _with_answer(self, answer: object) -> Script:
        witness = self.task.hidden.witness
        return Script(calls=witness.calls, answer=answer_message(answer, self._cited()))

    def _cited(self) -> list[str]:
        opened = [
            str(c.arguments["doc_id"]) for c in self.task.hidden.witness.calls if c.name == "open"
        ]
        stored = self.task.hidden.verifier
        assert isinstance(stored, dict)
        supporting = stored["supporting"]
        assert isinstance(supporting, list)
        return sorted(dict.fromkeys(opened), key=lambda page: page not in supporting)

    def alternatives(self) -> Iterator[Variant]:
        for label, text in spellings(self.kb, self.proof.query, self.answer):
            yield Variant(label, self._with_answer(text))
        pages = self._cited()
        plain = self.task.hidden.reference
        calls = self.task.hidden.witness.calls
        fenced = f"Done.\n```json\n{answer_message(plain, pages)}\n```"
        yield Variant("fenced", Script(calls=calls, answer=fenced))
        yield Variant("one citation", Script(calls=calls, answer=answer_message(plain, pages[:1])))
        yield Variant(
            "wasted call", Script(calls=(*calls, calls[0]), answer=answer_message(plain, pages))
        )

    def near_misses(self) -> Iterator[tuple[str, str]]:
        """Entities that satisfy every clue but one, with the path of that clue."""
        members = self.library.sets.members
        right = members(self.proof.query.root)
        trees = list(without_each_clue(self.proof.query.root))
        share = max(1, MAX_NEAR_MISSES // len(trees))
        for less in trees:
            wrong = members(less.node) - right
            for entity in nsmallest(share, wrong, key=self.kb.fame.__getitem__):
                yield less.path, entity

    def mutants(self) -> Iterator[Variant]:
        """Near misses in place of the answer, and the answer in part, in excess or uncited."""
        ask = self.proof.query.ask
        right = self.task.hidden.reference
        seen = {canonical_json(right)}
        for label, entity in self._wrong():
            wrong = self._asked_of(entity)
            if wrong is None or canonical_json(wrong) in seen:
                continue
            seen.add(canonical_json(wrong))
            yield Variant(label, self._with_answer(wrong))
        if isinstance(right, list):
            yield Variant("one item short", self._with_answer(right[1:]))
            yield Variant("one item twice", self._with_answer([*right, right[0]]))
        elif isinstance(right, int | float):
            yield Variant("one more", self._with_answer(right + max(1, abs(right) * 0.02)))
            yield Variant("one less", self._with_answer(right - max(1, abs(right) * 0.02)))
        if not isinstance(ask, Entities):
            (subject,) = self.library.sets.members(self.proof.query.root)
            yield Variant("its subject", self._with_answer(self.kb.entities[subject].name))

    def _wrong(self) -> Iterator[tuple[str, str]]:
        """The near misses, then the best known others of the type while there are too few."""
        for path, entity in self.near:
            yield f"all clues but {path}", entity
        root = self.proof.query.root
        if len(self.near) < MIN_MUTANTS:
            near = {entity for _, entity in self.near} | self.library.sets.members(root)
            others = [entity for entity in self.kb.of_type[root.type] if entity not in near]
            for entity in nsmallest(MIN_MUTANTS, others, key=self.kb.fame.__getitem__):
                yield "another of its type", entity

    def _asked_of(self, entity: str) -> object:
        """The answer if `entity` were the subject; None where it has none."""
        query = self.proof.query
        name = self.kb.entities[entity].name
        if isinstance(query.ask, Entities):
            if len(self.answer) == 1:
                return None if self._same_name(name) else name
            right = self.task.hidden.reference
            assert isinstance(right, list)
            return [*right[1:], name]
        root = Node(type=query.root.type, constant=entity)
        value = self.library.sets.answer(query.model_copy(update={"root": root}))
        return reference(self.kb, query, value) if value else None

    def _same_name(self, name: str) -> bool:
        return name in self.kb.entities[str(self.answer[0])].aliases

    def cheats(self) -> Iterator[Variant]:
        """Hacks that search agents are known to try; generic ones are in `certify`."""
        right, calls = self.task.hidden.reference, self.task.hidden.witness.calls
        pages = self._cited()
        yield Variant("uncited", Script(calls=calls, answer=answer_message(right, [])))
        yield Variant("unread", Script(calls=(), answer=answer_message(right, pages)))
        searches = tuple(call for call in calls if call.name == "search")
        yield Variant(
            "cited from the results", Script(calls=searches, answer=answer_message(right, pages))
        )
        forged = [*pages[:1], "no-such-page"]
        yield Variant("forged citation", Script(calls=calls, answer=answer_message(right, forged)))
        if isinstance(right, str):
            rivals = [self.kb.entities[entity].name for _, entity in self.near] or ["nobody"]
            for label, hedge in (
                ("both", f"{right} or {rivals[0]}"),
                ("list", [right, rivals[0]]),
                ("everything", "; ".join([right, *rivals])),
                ("not it", f"not {rivals[0]} but {right}"),
            ):
                yield Variant(f"hedge: {label}", self._with_answer(hedge))
        twice = answer_message(right, pages) + "\n" + answer_message("another", pages)
        yield Variant("two answers", Script(calls=calls, answer=twice))


def _unknown(proof: Proof, kb: KnowledgeBase) -> Iterator[str]:
    """Relations and entities of the proof that are not in the knowledge base."""
    for fact in proof.evidence:
        if fact.relation not in kb.relations:
            yield fact.relation
        elif fact.subject not in kb.entities:
            yield fact.subject
        elif (
            kb.relations[fact.relation].value is ValueKind.ENTITY and fact.object not in kb.entities
        ):
            yield str(fact.object)
    for node in nodes(proof.query):
        if node.constant and node.constant not in kb.entities:
            yield node.constant
        if node.type not in kb.of_type:
            yield node.type
