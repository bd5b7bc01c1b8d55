"""Made-up but valid records, and a look at the tables that goes past the store."""

from typing import Any

from sqlalchemy import MetaData, create_engine, select, text

from data.certificate import Certificate, CheckName, CheckResult
from data.store import Drawn, Store
from data.store.database import parse_url
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    Language,
    Message,
    Provenance,
    Role,
    Script,
    Source,
    Split,
    Task,
    TaskBody,
    TaskKind,
    ToolCall,
    ToolSpec,
)
from data.trajectory import Attempt, Observation, Outcome, StopReason, Trajectory, Turn, Verdict

OPEN = ToolSpec(
    name="open",
    description="Shows a page of a document.",
    parameters={
        "type": "object",
        "properties": {"doc_id": {"type": "string"}, "page": {"type": "integer", "minimum": 1}},
        "required": ["doc_id"],
        "additionalProperties": False,
    },
)


def make_task(
    number: int,
    *,
    split: Split = Split.TRAIN,
    language: Language = Language.EN,
    level: int = 2,
    fingerprint: str = "",
    words: str = "",
    domain: str = "",
) -> Task:
    """A certified task about village `number`; same arguments, same task."""
    village = f"Dolní Lhota {number}"
    body = TaskBody(
        kind=TaskKind.SEARCH,
        language=language,
        split=split,
        prompt=(
            Message(role=Role.USER, content=f"Which river runs by {village}? 哪条河? {words}"),
        ),
        tools=(OPEN,),
        env=EnvSpec(name="search", version="1", parameters={"index": "villages", "top_k": 10}),
        hidden=Hidden(
            verifier={"type": "entity", "aliases": ["Lhotka"], "tolerance": 0.5},
            reference=[f"river-{number}", number, 1.0, None],
            witness=Script(
                calls=(ToolCall(name="open", arguments={"doc_id": f"village-{number}"}),),
                answer=f"Lhotka {number}",
            ),
            proof={"root": {"type": "river", "clues": [number]}},
        ),
        difficulty=Difficulty(level=level, measures={"num_calls": 2, "selectivity": 1 / 3}),
        provenance=Provenance(
            author=Author.PROGRAM,
            generator="villages",
            generator_version="1",
            seed=0,
            index=number,
            options={"domain": domain} if domain else {},
            sources=(Source(name="villages", version="1", licence="CC0-1.0", sha256="0" * 64),),
        ),
        licence="CC0-1.0",
        fingerprint=fingerprint or f"village-{number}",
    )
    task = Task.of(body)
    return task.certified(make_certificate(task))


def make_certificate(
    task: Task, version: str = "1", failing: CheckName | None = None
) -> Certificate:
    checks = tuple(
        CheckResult(
            name=name,
            passed=name is not failing,
            reason="found again" if name is failing else "",
            evidence={"num_runs": 3},
        )
        for name in CheckName
    )
    return Certificate(task_id=task.id, version=version, checks=checks)


def make_attempt(
    task: Task,
    number: int = 0,
    *,
    policy: str = "oracle",
    outcome: Outcome = Outcome.SCORED,
    score: float = 1.0,
    text: str = "The Lhotka runs by.",
) -> Attempt:
    scored = outcome is Outcome.SCORED
    turn = Turn(
        calls=(ToolCall(name="open", arguments={"doc_id": text}),),
        observations=(Observation(text=text),),
    )
    return Attempt(
        task_id=task.id,
        policy=policy,
        attempt=number,
        outcome=outcome,
        trajectory=Trajectory(
            task_id=task.id, turns=(turn,), answer="Lhotka", stop=StopReason.ANSWERED
        ),
        verdict=Verdict(score=score, checks=()) if scored else None,
        fault="" if scored else "the sandbox was lost",
        seconds=0.25,
    )


def make_draws(first: int, stop: int) -> list[Drawn]:
    """Indices first..stop-1 of a run: every fifth is rejected, every seventh repeats a problem."""
    return [_draw(index) for index in range(first, stop)]


def _draw(index: int) -> Drawn:
    if index % 5 == 4:
        return Drawn(index, None, "not_unique" if index % 2 else "leak")
    if index % 7 == 6:
        return Drawn(index, make_task(index, fingerprint=f"village-{index - 6}"), "")
    return Drawn(index, make_task(index), "")


def fill(store: Store, tasks: list[Task]) -> None:
    """Stores `tasks` as the indices of a run `run`."""
    store.begin_run("run", {"n": len(tasks)})
    store.commit("run", [Drawn(index, task, "") for index, task in enumerate(tasks)])


def edit(url: str, statement: str, **values: str) -> None:
    """Changes one row behind the store's back."""
    engine = create_engine(parse_url(url))
    try:
        with engine.begin() as connection:
            assert connection.execute(text(statement), values).rowcount == 1
    finally:
        engine.dispose()


def table_rows(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, sorted: what the database holds, whatever the order of writing."""
    engine = create_engine(parse_url(url))
    try:
        tables = MetaData()
        tables.reflect(engine)
        with engine.connect() as connection:
            return {
                name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
                for name, table in sorted(tables.tables.items())
            }
    finally:
        engine.dispose()
