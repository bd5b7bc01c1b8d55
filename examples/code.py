"""Makes a certified code task from a repository, solves it by its witness, exports it.

python -m examples.code [folder]
"""

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

from agents.policies import scripted
from agents.rollout import rollout
from data.exporters import export
from data.store import Store
from data.task import TaskKind
from synth.code import prepare
from synth.funnel import local_crew, synthesise
from synth.request import Request

LEDGER = Path(__file__).parent / "ledger"
DATED = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-05T12:00:00Z")
"""The same commit gives the same tasks."""


def main(folder: Path) -> None:
    place = shutil.copytree(LEDGER, folder / "ledger", dirs_exist_ok=True)
    identity = "-c user.name=Ada -c user.email=ada@example.org"
    for command in ("init -q", "add -A", f"{identity} commit -qm Ledger"):
        subprocess.run(
            ["git", *command.split()], cwd=place, check=True, env={**os.environ, **DATED}
        )
    options = prepare({"sources": [f"repo:{place}"]})
    request = Request(kind=TaskKind.CODE, seed=7, options=options)
    with Store.open(f"sqlite:///{folder / 'example.db'}") as store:
        summary = synthesise(request, 1, store, lambda: local_crew(request, workers=1))
        print(f"{summary.accepted} tasks from {summary.attempted} drafts: {summary.rejected}")
        tasks = list(store.tasks(kind=TaskKind.CODE))
        print(f"\n{tasks[0].prompt[-1].content}\n")
        for policy in ("oracle", "noop"):
            played = asyncio.run(rollout(tasks, scripted(policy), store))
            print(f"{policy} scores {played.total_score:g} of {played.num_scored}")
        manifest = export(tasks, "jsonl", folder / "example-jsonl")
        print(f"exported {manifest.tasks} tasks to {folder / 'example-jsonl'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs"))
