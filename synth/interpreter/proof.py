"""What an interpreter task's certificate is made of, derived anew from its sources.

The task is drafted again from its provenance; the stored task must be what that gives. Near misses
are computed by the engines and judged as final messages behind the witness's cells; what only a
kernel can show (other programs, hard-coded answers, tampering) is run in kernels.
"""

from collections.abc import Iterator
from functools import cached_property

from pydantic import JsonValue

from data.errors import SourceError, TaskError
from data.hashing import canonical_json, content_hash
from data.task import Script, Task, content_id
from data.trajectory import Trajectory
from synth.interpreter import author
from synth.interpreter.charts import fakes
from synth.interpreter.cheats import tampering
from synth.interpreter.draft import Draft, Rejected, secrets
from synth.parts import Finding, Parts, Variant
from synth.request import Request
from verifiers.answers import AnswerSpec, matches
from verifiers.interpreter import InterpreterSpec

MAX_NEAR = 24
"""Near misses that are judged for each task."""


def parts(task: Task) -> Parts:
    """See `synth.parts`; raises `TaskError` if the stored verifier does not parse."""
    prover = _Prover(task)
    return Parts(
        regenerated=prover.regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets(),
        retrace=_retrace,
        alternatives=prover.alternatives(),
        mutants=prover.mutants(),
        cheats=prover.cheats(),
    )


class _Prover:
    def __init__(self, task: Task) -> None:
        self.task = task
        made = task.provenance
        self.request = Request(
            kind=task.kind,
            seed=made.seed,
            language=task.language,
            author=made.author,
            options=made.options,
        )

    @cached_property
    def draft(self) -> Draft:
        try:
            return author.draft(self.request, self.task.provenance.index)
        except (Rejected, SourceError) as reason:
            raise TaskError(f"{self.task.id}: now rejected: {reason}") from reason

    @cached_property
    def spec(self) -> AnswerSpec:
        return InterpreterSpec.model_validate(self.task.hidden.verifier).answer

    def regenerated(self) -> str:
        return content_id(author.body(self.request, self.task.provenance.index, self.draft))

    def complete(self) -> Finding:
        """The engines (or methods) agreed while drafting; what is stored is what they gave."""
        draft, hidden = self.draft, self.task.hidden
        if author.reported(draft) != hidden.reference:
            return Finding("another_answer", {})
        fresh = author.body(self.request, self.task.provenance.index, draft).hidden.verifier
        if fresh != hidden.verifier:
            return Finding("verifier_altered", {})
        if not matches(draft.spec(draft.shown.value), draft.shown.value):
            return Finding("unmatched_reference", {})
        for edition in draft.hidden:
            if matches(draft.spec(edition.value), draft.shown.value):
                return Finding("same_on_hidden_data", {})
        return Finding("", {**draft.evidence, "answers": 1})

    def shortcut(self) -> Finding:
        problem, evidence = self.draft.shortcut()
        return Finding(problem, {**evidence, **self.draft.measures})

    def secrets(self) -> tuple[str, ...]:
        values = [e.value for e in (self.draft.shown, *self.draft.hidden)]
        if self.draft.figure is not None:
            # Only what the marks measure: years and edges of bins are given.
            values = [row[-1] for rows in values if isinstance(rows, list) for row in rows]  # type: ignore[index]
        return tuple(dict.fromkeys(text for value in values for text in secrets(value)))

    def alternatives(self) -> Iterator[Variant]:
        right, calls = self.task.hidden.reference, self.task.hidden.witness.calls
        for label, cells in self.draft.others:
            yield Variant(label, Script(calls=author.calls(cells), answer=author.message(right)))
        for label, text in _spellings(right):
            yield Variant(label, Script(calls=calls, answer=text))

    def mutants(self) -> Iterator[Variant]:
        right, calls = self.task.hidden.reference, self.task.hidden.witness.calls
        for label, cells in self.draft.near_cells():
            yield Variant(label, Script(calls=author.calls(cells), answer=author.message(right)))
        seen: set[str] = set()
        for label, value in [*self.draft.near(), *_bent(right)]:
            key = canonical_json(value)
            if key in seen or matches(self.spec, value):
                continue
            seen.add(key)
            if len(seen) > MAX_NEAR:
                return
            yield Variant(label, Script(calls=calls, answer=author.message(value)))

    def cheats(self) -> Iterator[Variant]:
        right, calls = self.task.hidden.reference, self.task.hidden.witness.calls
        said = author.message(right)
        yield Variant("no cells", Script(calls=(), answer=said))
        if self.draft.figure is not None:
            for label, cells in fakes(self.draft.shown.value, self.draft.figure):
                yield Variant(label, Script(calls=author.calls(cells), answer=said))
        yield Variant("two answers", Script(calls=calls, answer=f'{said}\n{{"answer": "other"}}'))
        turn = int(content_hash(self.task.fingerprint)[:8], 16)
        for label, cells in tampering(right, turn):
            yield Variant(label, Script(calls=author.calls(cells), answer=said))


def _retrace(trajectory: Trajectory) -> Finding:
    """No cell of the witness fails."""
    failed = [
        observation.text.strip().splitlines()[-1][:200]
        for turn in trajectory.turns
        for observation in turn.observations
        if observation.error
    ]
    return Finding(failed[0] if failed else "", {"cells": len(trajectory.turns) - 1})


def _spellings(right: JsonValue) -> Iterator[tuple[str, str]]:
    """The right answer written in other ways, each of which must be accepted."""
    said = author.message(right)
    yield "fenced", f"```json\n{said}\n```"
    yield "with words", f"That settles it.\n\n{said}\n"
    match right:
        case bool():
            return
        case int() | float():
            yield "as text", author.message(str(right))
            yield "as float", author.message(float(right))
            if isinstance(right, float):
                yield "six digits", author.message(float(f"{right:.6g}"))
            elif abs(right) >= 10_000:
                yield "thousands", author.message(f"{right:,}")
        case str():
            yield "upper case", author.message(right.upper())
            yield "spaces", author.message(f"  {right} ")
        case list():
            floats = [f"{one:.6g}" if isinstance(one, float) else one for one in right]
            yield "numbers as text", author.message(floats)


def _bent(right: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """Slips of the hand, whatever the question."""
    match right:
        case bool():
            yield "the opposite", not right
        case int():
            yield "one more", right + 1
            yield "one less", right - 1
        case float():
            yield "two digits", float(f"{right:.2g}")
            yield "per mille off", right * 1.001
            yield "other sign", -right
        case str():
            yield "cut short", right[:-1] or "?"
        case list():
            yield "one missing", right[:-1]
            yield "one twice", [*right, right[0]]
            if len(right) > 1:
                for label, value in _bent(right[-1]):
                    yield f"last: {label}", [*right[:-1], value]
