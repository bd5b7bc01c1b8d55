"""Rate of certified interpreter tasks, every check on, from an empty store.

    python -m benchmarks.interpreter_synthesis [--n 400] [--workers 2] [--lang en] [--db URL]

CPU counts every process: workers, kernels, sandboxes. The first column leaves out loading tables.
"""

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from data.store import Store
from data.task import Language, TaskKind
from synth.funnel import Progress, local_crew, synthesise
from synth.interpreter import prepare
from synth.request import Request

_TICKS = os.sysconf("SC_CLK_TCK")


def tree_cpu_s() -> float:
    """CPU seconds of this process, its living descendants, and all that they waited for."""
    stats: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            stats[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    mine, before = {os.getpid()}, 0
    while len(mine) > before:
        before = len(mine)
        mine |= {pid for pid, (parent, _) in stats.items() if parent in mine}
    return sum(stats[pid][1] for pid in mine if pid in stats) / _TICKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--db", default="", help="keeps the tasks there; else they are thrown away")
    asked = parser.parse_args()
    request = Request(
        kind=TaskKind.INTERPRETER,
        seed=asked.seed,
        language=Language(asked.lang),
        options=prepare({}),
    )
    marks: list[tuple[float, int, float]] = []

    def mark(progress: Progress) -> None:
        marks.append((time.monotonic(), progress.accepted, tree_cpu_s()))

    with tempfile.TemporaryDirectory() as folder:
        url = asked.db or f"sqlite:///{Path(folder) / 'bench.db'}"
        with Store.open(url) as store:
            done = synthesise(
                request, asked.n, store, lambda: local_crew(request, asked.workers), mark
            )
    drawn_s, made = marks[-1][0] - marks[0][0], marks[-1][1] - marks[0][1]
    cpu_s = marks[-2][2] - marks[0][2]
    between = marks[-2][1] - marks[0][1]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"accepted            {done.accepted} of {done.attempted} drafts")
    print(f"wall                {done.seconds:.1f} s, of which drawing {drawn_s:.1f} s")
    print(f"rate                {made / drawn_s:.2f} tasks/s")
    print(f"CPU of all          {cpu_s / max(1, between) * 1000:.0f} ms a task")
    print(f"largest process     {peak:.0f} MiB")
    for reason, number in sorted(done.rejected.items(), key=lambda item: -item[1]):
        print(f"  {reason:<28}{number:>8}{number / done.attempted:>8.1%}")


if __name__ == "__main__":
    main()
