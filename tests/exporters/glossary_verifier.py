"""Judges glossary tasks: right name, and its entry was opened. Becomes `verifiers.search`."""

import json
from typing import Any

from data.task import Task
from data.trajectory import Trajectory, Verdict, VerdictCheck


def verify(task: Task, trajectory: Trajectory) -> Verdict:
    spec: Any = task.hidden.verifier["answer"]
    state: Any = trajectory.state
    try:
        answer = json.loads(trajectory.answer)["answer"]
    except (json.JSONDecodeError, KeyError, TypeError):
        answer = None
    checks = (
        VerdictCheck(name="answer", passed=answer in spec["names"]),
        VerdictCheck(name="evidence", passed=spec["evidence"] in state["opened"]),
    )
    return Verdict(score=float(all(check.passed for check in checks)), checks=checks)
