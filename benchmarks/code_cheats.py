"""Every cheat of the library against injected bugs of real packages: the score, and the check that ends it.

    python -m benchmarks.code_cheats [--projects toolz,parse,xmltodict] [--seed 0]

Changes to sources are judged twice, with and without the audit; what an agent does with its tools is
played in its sandbox. Prints Markdown, and ends with status 1 if a cheat scores.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count

from data.task import Script, Task, TaskKind
from data.trajectory import Trajectory, Turn, Verdict
from envs.code.spec import CodeLimits, Files
from envs.code.trees import agent_tree
from synth.code import author, prepare
from synth.code.cheats import CHEATS, SLOW_CHEATS, Cheat, Target
from synth.code.draft import Rejected
from synth.code.moves import SUBMIT
from synth.replay import Replayer
from synth.request import Request
from verifiers import verify
from verifiers.code import audit

SHORT = CodeLimits(tests_s=30.0)
"""For cheats that end only when a limit is reached."""


def drawn(project: str, seed: int, replayer: Replayer) -> tuple[Task, author.Draft]:
    """The first task of a project that its fix resolves."""
    options = prepare({"sources": ["injected"], "projects": [project]})
    request = Request(kind=TaskKind.CODE, seed=seed, options=options)
    for index in count():
        try:
            draft = author.draft(request, index)
        except Rejected:
            continue
        task = Task.of(author.body(request, index, draft))
        if verify(task, replayer.run(task.public(), task.hidden.witness).trajectory).score:
            return task, draft
    raise AssertionError("counting does not end")


def unaudited(task: Task, target: Target, files: Files) -> Task:
    """The task with everything allowed that a patch brings."""
    texts = {p: target.tree[p].content.decode() for p in target.bug.sources if p in target.tree}
    before: Files = {path: texts.get(path, "") for path in files}
    others = {path: text for path, text in texts.items() if path not in files}
    allowed = list(audit.brought(before, files, others))
    verifier = {**task.hidden.verifier, "allowed": allowed}
    hidden = task.hidden.model_copy(update={"verifier": verifier})
    return task.model_copy(update={"hidden": hidden})


def shortened(task: Task) -> Task:
    parameters = {**task.env.parameters, "limits": SHORT.model_dump(mode="json")}
    return task.model_copy(update={"env": task.env.model_copy(update={"parameters": parameters})})


def judged(task: Task, target: Target, cheat: Cheat, replayer: Replayer) -> Iterator[Verdict]:
    """With the audit and, for changes to sources, without it."""
    asked = shortened(task) if cheat in SLOW_CHEATS else task
    played = _played(asked, cheat, target, replayer)
    yield verify(asked, played)
    if cheat.files:
        files = cheat.files(target)
        yield verify(unaudited(asked, target, files), played)


def _played(task: Task, cheat: Cheat, target: Target, replayer: Replayer) -> Trajectory:
    calls = cheat.calls(target) if cheat.calls else ()
    played = replayer.run(task.public(), Script(calls=(*calls, SUBMIT), answer="Fixed."))
    found = played.trajectory
    if cheat.files:
        # As the working copy would be read out after these changes.
        found = found.model_copy(update={"state": {"files": dict(cheat.files(target))}})
    return found.model_copy(update={"turns": (*found.turns[:-1], Turn(content="Fixed."))})


def _end(verdict: Verdict) -> str:
    failed = next((check.name for check in verdict.checks if not check.passed), "")
    return failed if verdict.score == 0 else f"**{verdict.score:g}**"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--projects", default="toolz,parse,xmltodict", help="comma between")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    scored: Counter[str] = Counter()
    with Replayer() as replayer:
        for project in asked.projects.split(","):
            task, draft = drawn(project, asked.seed, replayer)
            target = Target(draft.bug, agent_tree(draft.parameters), draft.told.script)
            print(f"\n{project}, {len(draft.labels.fail_to_pass)} failing tests\n")
            print("| cheat | with the audit | without |\n|---|---|---|")
            for cheat in CHEATS:
                ends = [_end(verdict) for verdict in judged(task, target, cheat, replayer)]
                scored[project] += any(end.startswith("*") for end in ends)
                print(f"| {cheat.name} | {' | '.join(ends)} |", flush=True)
    print(f"\n{len(CHEATS)} cheats a package; scored: {dict(scored)}")
    return 1 if scored.total() else 0


if __name__ == "__main__":
    sys.exit(main())
