"""Rate of certified tasks from injected bugs, every check on; and yields by operator and package.

    python -m benchmarks.code_injection [--n 40] [--workers 2] [--projects toolz,parse]
    python -m benchmarks.code_injection --n 0 --yields 4 [--tsv synth/code/yields.tsv]

CPU counts every process; it is split where this process may make a group of version 1 that counts it
(root, as a rule). Projects are prepared before the clock starts.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from data.errors import PalaestraError
from data.store import Store
from data.task import TaskKind
from synth.code import prepare
from synth.code.draft import Rejected
from synth.code.inject import put
from synth.code.intake import pinned, prepare_pinned
from synth.code.sites import Ground
from synth.funnel import Progress, local_crew, synthesise
from synth.request import Request

GROUPS = Path("/sys/fs/cgroup/cpuacct")
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def counted() -> Iterator[Path | None]:
    """A group that this process and all that it starts belong to; None where there can be none."""
    group = GROUPS / f"palaestra-bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        yield None
        return
    try:
        yield group
    finally:
        (GROUPS / "cgroup.procs").write_text(str(os.getpid()))
        with suppress(OSError):
            group.rmdir()


def cpu_s(group: Path | None) -> tuple[float, float]:
    """CPU seconds of everything, and of this process with its workers alone."""
    own = sum(_ticks(pid) for pid in _workers()) / TICKS
    total = int((group / "cpuacct.usage").read_text()) / 1e9 if group else own
    return total, own


def _workers() -> list[int]:
    """This process and its forks, which have its command line."""
    mine = Path("/proc/self/cmdline").read_bytes()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cmdline").read_bytes() == mine:
                found.append(int(entry.name))
    return found


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def yields(projects: list[str], num_sites: int, tsv: str) -> None:
    """The first verdict on some places of every operator: Markdown, operators by packages.

    Totals go to the file `tsv`, if it has a name; `synth.code.inject` draws operators by them.
    """
    kept: Counter[tuple[str, str]] = Counter()
    tried: Counter[tuple[str, str]] = Counter()
    reasons: Counter[str] = Counter()
    operators: set[str] = set()
    for project in projects:
        ground = Ground(prepare_pinned(project))
        for operator, sites in ground.sites.items():
            operators.add(operator)
            for site in Random(0).sample(sites, min(num_sites, len(sites))):
                tried[operator, project] += 1
                try:
                    put(ground, [site])
                    kept[operator, project] += 1
                except Rejected as reason:
                    reasons[str(reason)] += 1
    print(f"| operator | {' | '.join(projects)} | all |\n|---{'|---' * (len(projects) + 1)}|")
    for operator in sorted(operators):
        row = [f"{kept[operator, p]}/{tried[operator, p]}" for p in projects]
        num = sum(kept[operator, p] for p in projects), sum(tried[operator, p] for p in projects)
        print(f"| {operator} | {' | '.join(row)} | {num[0]}/{num[1]} = {num[0] / num[1]:.0%} |")
    print(f"\nkept {kept.total()} of {tried.total()}; refused: {dict(reasons.most_common())}\n")
    if tsv:
        lines = [
            f"{name}\t{sum(tried[name, p] for p in projects)}\t{sum(kept[name, p] for p in projects)}"
            for name in sorted(operators)
        ]
        Path(tsv).write_text("\n".join(["operator\ttried\tkept", *lines, ""]))


def rate(projects: list[str], num_tasks: int, workers: int, seed: int) -> None:
    options = prepare({"sources": ["injected"], "projects": list(projects)})
    request = Request(kind=TaskKind.CODE, seed=seed, options=options)
    marks: list[tuple[float, int, tuple[float, float]]] = []
    with tempfile.TemporaryDirectory() as folder, counted() as group:

        def mark(progress: Progress) -> None:
            marks.append((time.monotonic(), progress.accepted, cpu_s(group)))

        started, before = time.monotonic(), cpu_s(group)
        with Store.open(f"sqlite:///{Path(folder) / 'bench.db'}") as store:
            done = synthesise(request, num_tasks, store, lambda: local_crew(request, workers), mark)
            shown = Counter(task.provenance.sources[0].name for task in store.tasks())
        wall = time.monotonic() - started
        total, own = (marks[-2] if len(marks) > 1 else marks[-1])[2]
    print(f"accepted            {done.accepted} of {done.attempted} drafts, {dict(shown)}")
    print(f"wall                {wall:.0f} s, {done.accepted / wall:.2f} tasks/s")
    print(f"CPU of all          {(total - before[0]) / max(1, done.accepted):.1f} s a task")
    print(f"CPU of our process  {(own - before[1]) / max(1, done.accepted):.1f} s a task")
    for reason, number in sorted(done.rejected.items(), key=lambda item: -item[1]):
        print(f"  {reason:<28}{number:>8}{number / done.attempted:>8.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--projects", default="", help="comma between; default: all that there are")
    parser.add_argument("--yields", type=int, default=0, help="places of an operator in a package")
    parser.add_argument("--tsv", default="", help="where totals of the yields go")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    projects = []
    for project in asked.projects.split(",") if asked.projects else pinned():
        try:
            prepare_pinned(project)
            projects.append(project)
        except PalaestraError as error:
            print(f"{project}: {error}")
    if asked.yields:
        yields(projects, asked.yields, asked.tsv)
    if asked.n:
        rate(projects, asked.n, asked.workers, asked.seed)


if __name__ == "__main__":
    main()
