"""Rate of certified search tasks, every check on, from an empty store.

    python -m benchmarks.search_synthesis [--n 2000] [--workers 2] [--lang en] [--db URL]

The first column of the report leaves out loading the corpus; the steady rate also leaves out the
first tenth, in which every worker fills its caches.
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from data.store import Store
from data.task import Language, TaskKind
from synth.funnel import Progress, local_crew, synthesise
from synth.request import Request
from synth.search import prepare


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--db", default="", help="keeps the tasks there; else they are thrown away")
    asked = parser.parse_args()
    request = Request(
        kind=TaskKind.SEARCH,
        seed=asked.seed,
        language=Language(asked.lang),
        options=prepare({}),
    )
    marks: list[tuple[float, int]] = []

    def mark(progress: Progress) -> None:
        marks.append((time.monotonic(), progress.accepted))

    with tempfile.TemporaryDirectory() as folder:
        url = asked.db or f"sqlite:///{Path(folder) / 'bench.db'}"
        with Store.open(url) as store:
            done = synthesise(
                request, asked.n, store, lambda: local_crew(request, asked.workers), mark
            )
    warm = [at for at in marks if at[1] >= asked.n / 10]
    steady = (warm[-1][1] - warm[0][1]) / (warm[-1][0] - warm[0][0])
    drawn_s = marks[-1][0] - marks[0][0]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    own_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"accepted            {done.accepted} of {done.attempted} drafts")
    print(f"wall                {done.seconds:.1f} s, of which drawing {drawn_s:.1f} s")
    print(f"rate                {done.accepted / drawn_s:.1f} tasks/s; steady {steady:.1f} tasks/s")
    print(f"CPU of the workers  {cpu_s / done.accepted * 1000:.1f} ms a task")
    print(f"largest process     {max(own_mib, used.ru_maxrss / 1024):.0f} MiB")
    for reason, number in sorted(done.rejected.items(), key=lambda item: -item[1]):
        print(f"  {reason:<24}{number:>8}{number / done.attempted:>8.1%}")


if __name__ == "__main__":
    main()
