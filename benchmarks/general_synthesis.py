"""Rate of certified general tasks, every check on, from an empty store.

    python -m benchmarks.general_synthesis [--n 4417] [--workers 2] [--lang en] [--db URL]

Counts the environments of what was accepted by their signature: schema graph, tool surface and
policy set.
"""

import argparse
import resource
import tempfile
from collections import Counter
from pathlib import Path

from data.store import Store
from data.task import Language, TaskKind
from envs.general.env import signature_of
from synth.funnel import local_crew, synthesise
from synth.general import prepare
from synth.request import Request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=4417)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--lang", default="en")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", help="plan or transact; both if left out")
    parser.add_argument("--db", default="", help="keeps the tasks there; else they are thrown away")
    asked = parser.parse_args()
    options = prepare({"family": asked.family} if asked.family else {})
    request = Request(
        kind=TaskKind.GENERAL, seed=asked.seed, language=Language(asked.lang), options=options
    )
    with tempfile.TemporaryDirectory() as folder:
        url = asked.db or f"sqlite:///{Path(folder) / 'bench.db'}"
        with Store.open(url) as store:
            done = synthesise(request, asked.n, store, lambda: local_crew(request, asked.workers))
            signatures: set[str] = set()
            domains: Counter[str] = Counter()
            for task in store.tasks(kind=TaskKind.GENERAL):
                signatures.add(signature_of(task.public()))
                domains[str(task.env.parameters["domain"])] += 1
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = used.ru_utime + used.ru_stime
    own_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"accepted            {done.accepted} of {done.attempted} drafts")
    print(f"environments        {len(signatures)} in {len(domains)} domains")
    print(f"wall                {done.seconds:.1f} s")
    print(f"rate                {done.accepted / done.seconds:.1f} tasks/s")
    print(f"CPU of the workers  {cpu_s / done.accepted * 1000:.1f} ms a task")
    print(f"largest process     {max(own_mib, used.ru_maxrss / 1024):.0f} MiB")
    for reason, number in sorted(done.rejected.items(), key=lambda item: -item[1]):
        print(f"  {reason:<24}{number:>8}{number / done.attempted:>8.1%}")


if __name__ == "__main__":
    main()
