"""Any training set from the store: of tasks, or of the attempts at them."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from data import exporters
from data.errors import UserError
from data.exporters.base import Manifest
from data.exporters.rl_offline import Group, export_groups
from data.selection import LeftOut, Selection, select
from data.store import Store
from data.task import TaskKind
from synth.sft import ORACLE, export_sft


def write(
    store: Store, selection: Selection, target: str, out: Path, left_out: LeftOut
) -> Manifest:
    """Writes what `selection` takes to the directory `out`, in the format `target`.

    What is left out is counted in `left_out`. Raises `UserError` for an unknown format, where there
    is nothing to write, and for a directory that is not an export of ours.
    """
    match target:
        case exporters.SFT:
            policy = selection.policy or ORACLE
            return export_sft(
                store, selection, out, policy, left_out=left_out, reasons=left_out.attempts
            )
        case exporters.RL_OFFLINE:
            return export_groups(groups(store, selection, left_out), out, left_out.drifted)
        case _:
            return exporters.export(select(store, selection, left_out), target, out)


def groups(store: Store, selection: Selection, left_out: LeftOut) -> Iterator[Group]:
    """The complete groups of the selection's policy, in order of task id.

    Without a policy there must be one that has complete groups; raises `UserError` if not.
    """
    policy = selection.policy or _only_policy(store, selection.kind)
    sizes: dict[TaskKind, dict[str, int]] = {}
    for task in select(store, selection, left_out):
        if task.kind not in sizes:
            sizes[task.kind] = store.groups(policy, task.kind)
        size = sizes[task.kind].get(task.id, 0)
        if not size:
            left_out.unplayed += 1
            continue
        # In order of their numbers, and none is missing before `size`.
        yield Group(task, tuple(islice(store.attempts(policy=policy, task_id=task.id), size)))


def _only_policy(store: Store, kind: TaskKind | None) -> str:
    found = sorted({rate.policy for rate in store.pass_rates(kind)})
    if len(found) != 1:
        known = ", ".join(found) or "none"
        raise UserError(f"rl_offline takes the attempts of one --policy; those with any: {known}")
    return found[0]
