"""What an errand's certificate is made of, derived anew from its domain file."""

from collections.abc import Callable

from pydantic import ValidationError

from data.errors import TaskError
from data.hashing import canonical_json, derive_rng
from data.task import JsonObject, Task
from data.trajectory import Trajectory
from envs.general.compiler import Compiled
from envs.general.env import open_compiled
from envs.general.kinds import Kind
from envs.general.surface import Op
from synth.general.transact.author import measures, right_answer
from synth.general.transact.clues import evaluators
from synth.general.transact.goals import Played, outcome, play
from synth.general.transact.model import Errand
from synth.general.transact.variants import Variants
from synth.parts import Finding, Parts
from verifiers.general.transact import NEW, transact_spec


def transact_parts(task: Task, regenerated: Callable[[], str]) -> Parts:
    """See `synth.parts`. Raises `TaskError` if the stored proof does not parse."""
    try:
        errand = Errand.model_validate(task.hidden.proof.get("errand"))
    except ValidationError as error:
        first = error.errors()[0]
        raise TaskError(f"{task.id}: the stored proof is altered: {first['msg']}") from error
    world = open_compiled(task.public())
    try:
        played = play(world, errand.goals)
    except KeyError as error:
        raise TaskError(f"{task.id}: the stored proof is altered: no {error}") from error
    if played is None:
        raise TaskError(f"{task.id}: the stored proof is altered: its goals cannot be done")
    prover = _Prover(task, errand, world, played)
    variants = Variants(task, errand, world, played, derive_rng(task.id, "variants"))
    return Parts(
        regenerated=regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets(),
        retrace=prover.retrace,
        alternatives=variants.alternatives(),
        mutants=variants.mutants(),
        cheats=variants.cheats(),
    )


class _Prover:
    def __init__(self, task: Task, errand: Errand, world: Compiled, played: Played) -> None:
        self.task = task
        self.errand = errand
        self.world = world
        self.played = played

    def complete(self) -> Finding:
        """Every clue means one row, by words and by SQL, and the goals lead to what is expected."""
        view, sql = evaluators(self.world)
        clues = self.errand.clues()
        for clue in clues:
            text = view.called(clue.table).get(clue.row_id)
            if text is None:
                return Finding("gone", {"table": clue.table})
            by_words, by_sql = view.matches(clue, text), sql.matches(clue)
            evidence: JsonObject = {"by_words": len(by_words), "by_sql": len(by_sql)}
            if sorted(by_words) != sorted(by_sql):
                return Finding("evaluators_disagree", evidence)
            if by_words != [clue.row_id]:
                return Finding("not_the_only_row", evidence)
        spec = transact_spec(self.task)
        expected = sorted(
            (c.table, c.row_id, canonical_json(_plain(c.after, c.row_id))) for c in spec.expected
        )
        born = {change.row_id for change in self.played.final if change.before is None}
        found = sorted(
            (table, row_id, _without(born, after))
            for table, row_id, after in map(outcome, self.played.final)
        )
        if expected != found:
            return Finding("another_outcome", {"expected": len(expected), "found": len(found)})
        if self.played.broken:
            return Finding("breaks_a_rule", {"rules": list(self.played.broken)})
        answer = right_answer(self.world, self.errand)
        if answer != self.task.hidden.reference or answer.get("answer") != spec.answer:
            return Finding("another_answer", {})
        return self._declined({"clues": len(clues), "outcomes": 1, "changes": len(found)})

    def _declined(self, evidence: JsonObject) -> Finding:
        """What is to be declined breaks a rule, at first and in the end."""
        for goal in self.errand.declined:
            for before in ((), self.errand.goals):
                tried = play(self.world, (*before, goal))
                if tried is not None and not tried.broken:
                    return Finding("may_be_done", {"action": goal.action})
        return Finding("", evidence)

    def shortcut(self) -> Finding:
        """The stored measures hold, and nobody can act without having looked."""
        found = measures(self.world, self.errand, self.task.hidden.witness)
        if found != self.task.difficulty.measures:
            return Finding("other_measures", dict(found))
        return Finding("", dict(found))

    def secrets(self) -> tuple[str, ...]:
        keyed = {name for name, table in self.world.domain.tables.items() if table.key}
        ids = {clue.row_id for clue in self.errand.clues() if clue.table not in keyed}
        new = {change.row_id for change in self.played.final if change.before is None}
        return (canonical_json(self.task.hidden.verifier), *sorted(ids | new))

    def retrace(self, trajectory: Trajectory) -> Finding:
        """Every id that a call names stood in the request or in an earlier observation."""
        seen = "\n".join(message.content for message in self.task.prompt)
        reads = {tool.tool.name: tool for tool in self.world.reads}
        acted = 0
        for turn in trajectory.turns:
            for call, observation in zip(turn.calls, turn.observations, strict=True):
                for name in self._ids(call.name):
                    value = call.arguments.get(name)
                    if value is not None and str(value) not in seen:
                        return Finding("id from nowhere", {"call": call.name, "argument": name})
                acted += call.name not in reads
                seen += "\n" + observation.text
        return Finding("", {"reads": len(trajectory.turns) - 1 - acted, "writes": acted})

    def _ids(self, name: str) -> list[str]:
        """Arguments of a tool that are ids of rows."""
        tool = self.world.reader.tools.get(name)
        refs: list[str] = []
        if tool is None:
            action = self.world.domain.actions[name]
            return [
                given
                for arg in action.args.values()
                if arg.type.kind is Kind.REF
                for given in (arg.name, f"{arg.name}_id")
            ]
        table = self.world.domain.tables.get(tool.table)
        if table is not None and tool.op in (Op.GET, Op.FIELDS):
            refs = [table.key or f"{table.name}_id"]
        if table is not None and tool.op in (Op.LIST, Op.SEARCH):
            refs = [given for c in table.refs for given in (c.name, f"{c.name}_id")]
        return refs


def _plain(
    after: dict[str, str | int | float | bool | None] | None, row_id: str
) -> JsonObject | None:
    if after is None:
        return None
    return {name: value for name, value in after.items() if row_id or name != "id"}


def _without(born: set[str], after: str) -> str:
    """A row's canonical text with ids of new rows replaced."""
    for row_id in born:
        after = after.replace(canonical_json(row_id), canonical_json(NEW))
    return after
