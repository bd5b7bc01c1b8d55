"""The certificate of a general task is made by its family."""

from collections.abc import Callable

from data.errors import TaskError
from data.task import Task, content_id
from synth.general.author import generate
from synth.general.transact.proof import transact_parts
from synth.general.trip.proof import trip_parts
from synth.parts import Parts
from synth.request import Rejection, Request


def _plan_parts(task: Task, regenerated: Callable[[], str]) -> Parts:
    # The solver loads slowly, and only certificates of plans need it.
    from synth.general.plan.proof import plan_parts

    return plan_parts(task, regenerated)


FAMILIES = {"transact": transact_parts, "plan": _plan_parts, "trip": trip_parts}


def parts(task: Task) -> Parts:
    """See `synth.parts`; raises `TaskError` if the stored proof does not parse."""
    family = task.hidden.proof.get("family")
    if family not in FAMILIES:
        known = ", ".join(FAMILIES)
        raise TaskError(f"{task.id}: the proof is of family {family!r}; families are {known}")

    def regenerated() -> str:
        made = task.provenance
        request = Request(
            kind=task.kind,
            seed=made.seed,
            language=task.language,
            author=made.author,
            options=made.options,
        )
        body = generate(request, made.index)
        return f"rejected: {body.reason}" if isinstance(body, Rejection) else content_id(body)

    return FAMILIES[str(family)](task, regenerated)
