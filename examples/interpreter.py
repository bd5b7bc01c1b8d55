"""Makes four certified interpreter tasks, solves them by their witnesses, exports them.

python -m examples.interpreter [folder]
"""

import asyncio
import sys
from pathlib import Path

from agents.policies import scripted
from agents.rollout import rollout
from data.exporters import export
from data.store import Store
from data.task import TaskKind
from synth.funnel import local_crew, synthesise
from synth.interpreter import prepare
from synth.request import Request


def main(folder: Path) -> None:
    options = prepare({"sources": ["bokeh", "mendeleev", "puzzles"], "difficulty": 3})
    request = Request(kind=TaskKind.INTERPRETER, seed=7, options=options)
    with Store.open(f"sqlite:///{folder / 'example.db'}") as store:
        summary = synthesise(request, 4, store, lambda: local_crew(request, workers=1))
        print(f"{summary.accepted} tasks from {summary.attempted} drafts: {summary.rejected}")
        tasks = list(store.tasks(kind=TaskKind.INTERPRETER))
        print(f"\n{tasks[0].prompt[-1].content}\n")
        for policy in ("oracle", "greedy"):
            played = asyncio.run(rollout(tasks, scripted(policy), store))
            print(f"{policy} scores {played.total_score:g} of {played.num_scored}")
        manifest = export(tasks, "jsonl", folder / "example-jsonl")
        print(f"exported {manifest.tasks} tasks to {folder / 'example-jsonl'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("runs"))
