"""Records to rows and back. Reading is lenient on purpose: a row that somebody edited is given out
as it stands, so that a certificate's check can say so; only one that no longer parses is refused.
"""

import json
import re

from pydantic import JsonValue, ValidationError

from data.certificate import Certificate
from data.errors import TaskError
from data.hashing import canonical_json
from data.task import Task, TaskBody
from data.trajectory import Attempt

BODY_FIELDS = set(TaskBody.model_fields)
LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def task_values(task: Task) -> dict[str, JsonValue]:
    """The columns of `task` in `tasks`."""
    return {
        "id": task.id,
        "kind": task.kind.value,
        "language": task.language.value,
        "split": task.split.value,
        "level": task.difficulty.level,
        "fingerprint": task.fingerprint,
        "generator": task.provenance.generator,
        "domain": task.domain,
        "body": canonical_json(task.model_dump(mode="json", include=BODY_FIELDS)),
    }


def certificate_values(certificate: Certificate) -> dict[str, JsonValue]:
    """The columns of `certificate` in `certificates`."""
    return {
        "task_id": certificate.task_id,
        "version": certificate.version,
        "passed": certificate.passed,
        "body": canonical_json(certificate.model_dump(mode="json")),
    }


def parse_task(task_id: str, body: str, certificate: str | None) -> Task:
    """The stored task; raises `TaskError` if its texts are no longer a task and a certificate."""
    try:
        return Task(
            id=task_id,
            certificate=None if certificate is None else parse_certificate(certificate),
            **dict(TaskBody.model_validate_json(body)),
        )
    except ValidationError as error:
        raise TaskError(
            f"task {task_id}: its stored text no longer parses ({_first(error)}); make it again"
        ) from error


def parse_certificate(body: str) -> Certificate:
    return Certificate.model_validate_json(body)


def attempt_values(attempt: Attempt) -> dict[str, JsonValue]:
    """The columns of `attempt` in `attempts`."""
    return {
        "task_id": attempt.task_id,
        "policy": attempt.policy,
        "attempt": attempt.attempt,
        "outcome": attempt.outcome.value,
        "score": None if attempt.verdict is None else attempt.verdict.score,
        "body": _encodable(canonical_json(attempt.model_dump(mode="json"))),
    }


def parse_attempt(task_id: str, policy: str, attempt: int, body: str) -> Attempt:
    """The stored attempt; raises `TaskError` if its text is no longer one."""
    try:
        # Not pydantic's own parser: it refuses the lone surrogates that models do write.
        return Attempt.model_validate(json.loads(body))
    except (ValidationError, json.JSONDecodeError) as error:
        raise TaskError(
            f"task {task_id}: attempt {attempt} by {policy} no longer parses ({_first(error)})"
        ) from error


def _encodable(text: str) -> str:
    """JSON `text` with half characters written as escapes, which UTF-8 can hold."""
    return LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _first(error: ValidationError | json.JSONDecodeError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    return f"{place}: {first['msg']}" if place else first["msg"]
