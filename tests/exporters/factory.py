"""Certified search tasks about a small glossary, as many as a test wants."""

from data.certificate import Certificate, CheckName, CheckResult
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

SYSTEM = 'Search the glossary. Reply with one JSON object: {"answer": ...}.'

TOOLS = (
    ToolSpec(
        name="search",
        description="Finds entries whose text holds every word of the query.",
        parameters={
            "type": "object",
            "properties": {
                "query": {"type": "string", "description": "Words to look for.", "minLength": 1},
                "top_k": {"type": "integer", "minimum": 1, "maximum": 5, "default": 3},
            },
            "required": ["query"],
            "additionalProperties": False,
        },
    ),
    ToolSpec(
        name="open",
        description="Shows an entry.",
        parameters={
            "type": "object",
            "properties": {"doc_id": {"type": "string", "description": "Id of the entry."}},
            "required": ["doc_id"],
            "additionalProperties": False,
        },
    ),
)


def body(
    index: int,
    *,
    split: Split = Split.TRAIN,
    question: str = "",
    licence: str = "CC0-1.0",
    tools: tuple[ToolSpec, ...] = TOOLS,
) -> TaskBody:
    """The task whose answer is the term numbered `index`."""
    return TaskBody(
        kind=TaskKind.SEARCH,
        language=Language.ZH if index % 5 == 0 else Language.EN,
        split=split,
        prompt=(
            Message(role=Role.SYSTEM, content=SYSTEM),
            Message(role=Role.USER, content=question or f"Which entry has the number {index}?"),
        ),
        tools=tools,
        env=EnvSpec(name="search", version="1", parameters={"corpus": "glossary"}),
        hidden=Hidden(
            verifier={
                "answer": {"type": "entity", "names": [f"Term{index}x"], "evidence": f"e{index}"}
            },
            reference={"type": "entity", "names": [f"Term{index}x", f"Der Begriff {index}x"]},
            witness=Script(
                calls=(ToolCall(name="open", arguments={"doc_id": f"e{index}"}),),
                answer=f'{{"answer": "Term{index}x"}}',
            ),
            proof={"query": {"entry": index}},
        ),
        difficulty=Difficulty(level=1 + index % 5, measures={"calls": 1.0}),
        provenance=Provenance(
            author=Author.PROGRAM,
            generator="glossary",
            generator_version="1",
            seed=0,
            index=index,
            options={"depth": 1} if index % 2 else {"breadth": [1, 2]},
            sources=(Source(name="glossary", version="1", licence=licence, sha256="0" * 64),),
        ),
        licence=licence,
        fingerprint=f"glossary/{index}",
    )


def certificate(task_id: str, *, failed: CheckName | None = None) -> Certificate:
    checks = tuple(CheckResult(name=name, passed=name is not failed) for name in CheckName)
    return Certificate(task_id=task_id, version="1", checks=checks)


def certified(task_body: TaskBody) -> Task:
    task = Task.of(task_body)
    return task.certified(certificate(task.id))


def tasks(count: int) -> list[Task]:
    """`count` certified tasks in id order, over all splits."""
    splits = (Split.TRAIN, Split.TRAIN, Split.VAL, Split.TEST)
    made = (certified(body(index, split=splits[index % 4])) for index in range(count))
    return sorted(made, key=lambda task: task.id)
