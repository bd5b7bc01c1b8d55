"""What one model step of a rollout costs in CPU time, against an endpoint that answers at once.

    python -m benchmarks.rollout_overhead [--episodes 1000] [--in-flight 1,64,256]
                                          [--rivals PYTHON] [--only NAME,...]

An episode is ten tool calls and a final message, so eleven model steps. Each line is one process of
its own, measured with getrusage from after its imports to the end of the last episode. Ours is the
whole of a rollout: validated calls, trajectory records, a verdict, every attempt in SQLite. With
--rivals, other clients and frameworks that the interpreter PYTHON has are measured beside it, with
the same endpoint and tool: `pip install openai httpx openai-agents smolagents[openai] aiohttp`.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agents.attempt import Setup
from agents.llm import connect
from agents.policies import ModelPolicy
from agents.rollout import rollout
from benchmarks.shelves import make_task, opened, verify
from benchmarks.stub_endpoint import NUM_CALLS
from data.store import Drawn, Store

ROOT = Path(__file__).resolve().parent.parent
OURS = "palaestra rollout"
RIVALS = ("aiohttp", "httpx", "openai", "openai-agents", "smolagents")
STEPS = NUM_CALLS + 1


async def ours(url: str, episodes: int, in_flight: int, folder: Path) -> tuple[float, float]:
    """CPU seconds of the episodes and their mean score."""
    tasks = [make_task(number) for number in range(episodes)]
    with Store.open(f"sqlite:///{folder / 'rollouts.db'}") as store:
        store.begin_run("shelves", {})
        store.commit("shelves", [Drawn(number, task, "") for number, task in enumerate(tasks)])
        async with connect(url, "stub", api_key="") as model:
            before = cpu_s()
            done = await rollout(
                store.tasks(),
                ModelPolicy(model),
                store,
                concurrency=in_flight,
                setup=Setup(opener=opened, verifier=verify),
            )
            spent = cpu_s() - before
    assert done.num_scored == episodes, done
    return spent, done.mean_score


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def report(name: str, in_flight: int, episodes: int, spent: float) -> str:
    """The line a measured process prints."""
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    step_ms = 1000 * spent / (episodes * STEPS)
    return json.dumps(
        {"name": name, "in_flight": in_flight, "step_ms": step_ms, "peak_mib": peak_mib}
    )


@contextmanager
def endpoint(module: str = "benchmarks.stub_endpoint", *options: str) -> Iterator[str]:
    """The stub in a process of its own; the URL of its API."""
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as stub:
        assert stub.stdout is not None
        assert stub.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(stub.stdout.readline())}/v1"
        finally:
            stub.stdin.close()


def measure(python: str, name: str, url: str, episodes: int, in_flight: int) -> dict[str, float]:
    """One line of the table, from a process of its own."""
    script = ["-m", "benchmarks.rollout_overhead", "--child"] if name == OURS else []
    # By its path: with our folders importable, openai-agents would find the wrong `agents`.
    script = script or [str(ROOT / "benchmarks" / "rollout_rivals.py"), name]
    done = subprocess.run(
        [python, *script, url, str(episodes), str(in_flight)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode:
        raise SystemExit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def child(url: str, episodes: int, in_flight: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        spent, score = asyncio.run(ours(url, episodes, in_flight, Path(folder)))
    assert score == 1.0, score
    print(report(OURS, in_flight, episodes, spent))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--episodes", type=int, default=1000)
    parser.add_argument("--in-flight", default="1,64,256")
    parser.add_argument("--rivals", metavar="PYTHON", help="interpreter that has other clients")
    parser.add_argument("--only", help="some of the rivals")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], int(asked.child[1]), int(asked.child[2]))
        return
    rivals = (asked.only.split(",") if asked.only else RIVALS) if asked.rivals else ()
    print(f"{'loop':20} {'in flight':>9} {'CPU ms/step':>12} {'peak MiB':>9}")
    with endpoint() as url:
        for name in (OURS, *rivals):
            python = sys.executable if name == OURS else asked.rivals
            for in_flight in map(int, asked.in_flight.split(",")):
                found = measure(python, name, url, asked.episodes, in_flight)
                line = f"{name:20} {in_flight:9} {found['step_ms']:12.3f} {found['peak_mib']:9.0f}"
                print(line, flush=True)


if __name__ == "__main__":
    main()
