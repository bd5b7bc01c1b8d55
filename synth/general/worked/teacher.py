"""The worked attempt of a task, by its family."""

from data.task import Task
from synth.general.worked.desk import Untaught
from synth.general.worked.errand import work_errand
from synth.general.worked.planner import work_plan
from synth.parts import Worked

FAMILIES = {"transact": work_errand, "plan": work_plan}


def work(task: Task) -> Worked | str | None:
    """The worked attempt; a short word that says why where there is none that is worth showing.

    None for families that have no teacher.
    """
    family = str(task.hidden.proof.get("family"))
    if family not in FAMILIES:
        return None
    try:
        return FAMILIES[family](task)
    except Untaught as why:
        return str(why)
