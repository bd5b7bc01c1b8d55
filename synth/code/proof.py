"""What a code task's certificate is made of, derived anew from its sources.

The task is drafted again from its provenance, runs included; the stored task must be what that
gives. Other ways to the fix, near misses and cheats are played through the tools, and few of them
end in a state that has to be graded on its own.
"""

from collections.abc import Iterator
from functools import cached_property

from data.errors import SourceError, TaskError
from data.hashing import content_hash, derive_rng
from data.task import Script, Task, ToolCall, content_id
from data.trajectory import Trajectory
from envs.code.spec import Files
from envs.code.tree import Tree
from envs.code.trees import agent_tree
from synth.code import author, near
from synth.code.cheats import Target
from synth.code.conditions import CONDITIONS
from synth.code.draft import Rejected
from synth.code.leaks import secrets
from synth.code.moves import SUBMIT, bash, edited, patched
from synth.code.tongues import tongue
from synth.parts import Finding, Parts, Variant
from synth.request import Request

MAX_MISSES = 1
"""Near misses that have to be graded, beside those that change nothing that counts."""
REMARKED = 4
"""One task in so many has the fix judged once more as another text; it costs a whole grading."""
NUM_CHEATS = 3
"""Of the library, in rotation; the tests play all of it."""


def parts(task: Task) -> Parts:
    """See `synth.parts`."""
    prover = _Prover(task)
    return Parts(
        regenerated=prover.regenerated,
        complete=prover.complete,
        shortcut=prover.shortcut,
        secrets=prover.secrets,
        retrace=prover.retrace,
        alternatives=prover.alternatives(),
        mutants=prover.mutants(),
        cheats=prover.cheats(),
        reading=prover.reading,
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
        self.said = task.hidden.witness.answer
        self.turn = int(content_hash(task.fingerprint)[:8], 16)

    @cached_property
    def draft(self) -> author.Draft:
        try:
            return author.draft(self.request, self.task.provenance.index)
        except (Rejected, SourceError) as reason:
            raise TaskError(f"{self.task.id}: now rejected: {reason}") from reason

    @cached_property
    def tree(self) -> Tree:
        """As the agent finds it."""
        return agent_tree(self.draft.parameters)

    @property
    def gold(self) -> Files:
        return self.draft.bug.gold

    def regenerated(self) -> str:
        return content_id(author.body(self.request, self.task.provenance.index, self.draft))

    def complete(self) -> Finding:
        """The labels are of three runs a side; what is stored is what they say."""
        draft, hidden = self.draft, self.task.hidden
        if hidden.reference != {"files": dict(self.gold)}:
            return Finding("another_fix", {})
        if draft.spec.model_dump(mode="json") != hidden.verifier:
            return Finding("verifier_altered", {})
        labels = draft.labels
        evidence = {
            "runs": 2 * len(CONDITIONS),
            "fail_to_pass": len(labels.fail_to_pass),
            "pass_to_pass": len(labels.pass_to_pass),
            "pass_to_fail": 0,
            "flaky": len(labels.flaky),
        }
        return Finding("", dict(evidence))

    def shortcut(self) -> Finding:
        """What is too easy was refused while drafting."""
        return Finding("", dict(self.draft.measures))

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        draft = self.draft
        return secrets(self.tree, self.gold, draft.labels.fail_to_pass, draft.bug.modules)

    @cached_property
    def reading(self) -> tuple[ToolCall, ...]:
        first = next(iter(self.gold))
        view = ToolCall(name="view", arguments={"path": first})
        return (bash("git log --oneline; git status --short"), view, SUBMIT)

    def retrace(self, trajectory: Trajectory) -> Finding:
        """No call of the witness fails, and what it leaves is the fix and nothing else."""
        failed = [
            observation.text.strip().splitlines()[-1][:200]
            for turn in trajectory.turns
            for observation in turn.observations
            if observation.error
        ]
        if not failed and trajectory.state != {"files": dict(self.gold)}:
            failed = ["it leaves another state than the fix"]
        return Finding(failed[0] if failed else "", {"changed": len(self.gold)})

    def alternatives(self) -> Iterator[Variant]:
        gold = edited(self.tree, self.gold)
        yield self._variant("as a patch", patched(self.tree, self.gold))
        notes = "mkdir -p notes && echo 'see the issue' > notes/fix.txt && git stash list"
        yield self._variant("with notes beside it", (bash(notes), *gold))
        yield self._variant("committed", (*gold, bash("git commit -qam 'Fix the issue'")))
        if self.turn % REMARKED == 0:
            remarked = near.remarked(self.gold)
            yield self._variant("with a remark", edited(self.tree, remarked))

    def mutants(self) -> Iterator[Variant]:
        found = near.unchanged(self.draft.bug, self.tree)
        yield self._variant("only remarks", edited(self.tree, found))
        yield self._variant(
            "fixed and undone", (*patched(self.tree, self.gold), bash("git checkout -q ."))
        )
        yield self._variant("its module deleted", edited(self.tree, dict.fromkeys(self.gold)))
        rng = derive_rng(self.task.fingerprint, "near misses")
        misses = near.misses(self.draft.bug, self.draft.labels, rng)
        for _, (label, files) in zip(range(MAX_MISSES), misses, strict=False):
            yield self._variant(label, edited(self.tree, files))

    def cheats(self) -> Iterator[Variant]:
        target = Target(self.draft.bug, self.tree, self.draft.told.script)
        library = tongue(self.draft.bug.toolchain).CHEATS
        for at in range(NUM_CHEATS):
            cheat = library[(self.turn + at) % len(library)]
            files = edited(self.tree, cheat.files(target)) if cheat.files else ()
            calls = cheat.calls(target) if cheat.calls else ()
            yield self._variant(cheat.name, (*calls, *files))

    def _variant(self, label: str, calls: tuple[ToolCall, ...]) -> Variant:
        return Variant(label, Script(calls=(*calls, SUBMIT), answer=self.said))
