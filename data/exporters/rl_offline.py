"""RL-offline: `<split>.parquet`, a token-true sequence a row, with its mask and its reward.

`input_ids`, `loss_mask` (1 where the model wrote the token) and `logprobs` (of those tokens, as they
were sampled; 0 elsewhere) have one entry a token; `spans` are the `[turn, start, stop)` of what each
turn wrote. `reward` is the score of the attempt, `group_rewards` those of all attempts of its group
in order, this one at `attempt`. An attempt whose view was cut gives `num_segments` rows with one
reward. Only scored attempts of complete groups come here, and only groups that are token-true as a
whole: an advantage over a part of a group would be biased.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from data.errors import UserError
from data.exporters import RL_OFFLINE, written
from data.exporters.base import Manifest, Tally, about, admitted
from data.hashing import canonical_json
from data.parquet import SplitWriter
from data.task import Task
from data.tokens import Drift, Segment, segments
from data.trajectory import Attempt

FORMAT_VERSION = "1"

SCHEMA = pa.schema(
    [
        ("task_id", pa.string()),
        ("policy", pa.string()),
        ("attempt", pa.int32()),
        ("segment", pa.int32()),
        ("num_segments", pa.int32()),
        ("kind", pa.string()),
        ("domain", pa.string()),
        ("language", pa.string()),
        ("split", pa.string()),
        ("level", pa.int32()),
        ("input_ids", pa.list_(pa.int32())),
        ("loss_mask", pa.list_(pa.int8())),
        ("logprobs", pa.list_(pa.float32())),
        ("spans", pa.list_(pa.list_(pa.int32()))),
        ("reward", pa.float64()),
        ("group_rewards", pa.list_(pa.float64())),
        ("stop", pa.string()),
        ("settings", pa.string()),
        ("licence", pa.string()),
        ("content_hash", pa.string()),
        ("provenance", pa.string()),
        ("certificate", pa.string()),
    ]
)


@dataclass(frozen=True)
class Group:
    """The attempts of one policy at one task, complete and in order from the first."""

    task: Task
    attempts: tuple[Attempt, ...]

    @property
    def rewards(self) -> list[float]:
        return [_reward(attempt) for attempt in self.attempts]


def export_groups(groups: Iterable[Group], out: Path, drifts: list[str]) -> Manifest:
    """Writes the rows of `groups`, which come in order of task id, to the directory `out`.

    A group with an attempt that is not token-true is left out, with one line in `drifts`. An earlier
    export of ours at `out` is replaced as a whole; see `data.exporters.export`.
    """

    def fill(directory: Path, tally: Tally) -> Counter[str]:
        with SplitWriter(directory, SCHEMA) as rows:
            for group in _true(groups, drifts):
                tasks = list(admitted([group.task], tally))
                for row in group_rows(group) if tasks else ():
                    rows.add(group.task.split, row)
        return rows.rows

    try:
        return written(RL_OFFLINE, FORMAT_VERSION, out, fill)
    except UserError as error:
        if drifts:
            raise UserError(f"{error}; {len(drifts)} groups are not token-true") from error
        raise


def _true(groups: Iterable[Group], drifts: list[str]) -> Iterator[Group]:
    """The groups that are token-true, one a task."""
    previous = ""
    for group in groups:
        if group.task.id <= previous:
            raise UserError(f"task {group.task.id} comes after {previous}; one policy at a time")
        try:
            for attempt in group.attempts:
                _ = _segments(attempt)
        except Drift as drift:
            told = f"task {group.task.id} attempt {attempt.attempt} is not token-true: {drift}"
            drifts.append(told)
            continue
        previous = group.task.id
        yield group


def group_rows(group: Group) -> Iterator[dict[str, Any]]:
    """The rows of a group; raises `Drift` if an attempt of it is not token-true."""
    rewards = group.rewards
    for attempt in group.attempts:
        found = _segments(attempt)
        for number, segment in enumerate(found):
            yield {
                **_facts(group.task),
                "policy": attempt.policy,
                "attempt": attempt.attempt,
                "segment": number,
                "num_segments": len(found),
                "input_ids": segment.ids,
                "loss_mask": segment.mask,
                "logprobs": segment.logprobs,
                "spans": [list(span) for span in segment.spans],
                "reward": _reward(attempt),
                "group_rewards": rewards,
                "stop": attempt.trajectory.stop.value if attempt.trajectory else "",
                "settings": canonical_json(attempt.settings),
            }


def _segments(attempt: Attempt) -> list[Segment]:
    assert attempt.trajectory, "a scored attempt has one"
    found = list(segments(attempt.trajectory))
    if not found:
        raise Drift("it has no turns")
    return found


def _reward(attempt: Attempt) -> float:
    assert attempt.verdict, "only scored attempts are in a complete group"
    return attempt.verdict.score


def _facts(task: Task) -> dict[str, Any]:
    facts = about(task)
    return {
        "task_id": task.id,
        "kind": task.kind.value,
        "domain": task.domain,
        "language": task.language.value,
        "split": task.split.value,
        "level": facts["level"],
        "licence": facts["licence"],
        "content_hash": facts["content_hash"],
        "provenance": canonical_json(facts["provenance"]),
        "certificate": canonical_json(facts["certificate"]),
    }
