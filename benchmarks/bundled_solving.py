"""Pass rates of the bundled model, or of another checkpoint, on stored tasks.

    python -m benchmarks.bundled_solving DB [DB ...] [--folder CHECKPOINT] [--device cuda]

Serves the model through vLLM, lets it attempt the tasks of copies of the databases with
`cli.py rollout`, and prints its rate a kind and level. The copies, with all attempts in them, are
left in `--out`; a second run goes on where the first one ended. Other options go to `model.serve`.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from agents.bundled import serving
from agents.named import BUNDLED
from data.store import Store
from data.task import TaskKind
from synth.report import by_level

ROOT = Path(__file__).resolve().parents[1]


def kinds_in(db: Path) -> list[TaskKind]:
    with Store.open(f"sqlite:///{db.resolve()}") as store:
        return [kind for kind in TaskKind if store.task_ids(kind=kind, limit=1)]


def roll_out(kind: TaskKind, db: Path, url: str, given: argparse.Namespace) -> None:
    command = [
        sys.executable,
        "cli.py",
        "rollout",
        "--kind",
        kind,
        "--model",
        url,
        "--name",
        BUNDLED,
    ]
    command += [
        "--db",
        f"sqlite:///{db.resolve()}",
        "--k",
        str(given.k),
        "--concurrency",
        str(given.concurrency),
    ]
    command += ["--temperature", str(given.temperature), "--max-tokens", str(given.max_tokens)]
    command += ["--seed", str(given.seed)]
    command += ["--n", str(given.tasks)] if given.tasks else []
    try:
        subprocess.run(
            command, cwd=ROOT, timeout=given.minutes * 60, check=False, stdout=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        print(f"{kind}: stopped after {given.minutes:g} minutes", flush=True)


def report(kind: TaskKind, db: Path, folder: str, seconds: float) -> None:
    with Store.open(f"sqlite:///{db.resolve()}") as store:
        for rate in by_level(store.pass_rates(kind)):
            line = {"folder": folder, "db": db.stem, "kind": kind, "seconds": round(seconds, 1)}
            print(json.dumps({**line, **rate.model_dump(mode="json")}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("db", nargs="+", type=Path)
    parser.add_argument("--folder", type=Path, help="a checkpoint in place of the bundled model")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--python", type=Path, help="the Python that has vLLM")
    parser.add_argument("--out", type=Path, default=ROOT / "runs/solving")
    parser.add_argument("--tasks", type=int, help="at most so many tasks of a kind")
    parser.add_argument("--k", type=int, default=1)
    parser.add_argument(
        "--concurrency", type=int, default=96, help="attempts at a time, of each kind"
    )
    parser.add_argument("--temperature", type=float, default=0.0)
    parser.add_argument("--max-tokens", type=int, default=1024)
    parser.add_argument("--minutes", type=float, default=30.0, help="for one kind of one database")
    parser.add_argument("--seed", type=int, default=0)
    given, extra = parser.parse_known_args()
    given.out.mkdir(parents=True, exist_ok=True)
    options = ["--device", given.device, *extra]
    options += ["--folder", str(given.folder.resolve())] if given.folder else []
    begun = time.monotonic()
    with serving(options, given.python, given.out / "server.log") as url:
        print(f"served after {time.monotonic() - begun:.0f} s", flush=True)
        parts = []
        for source in given.db:
            copy = given.out / source.name
            if not copy.exists():
                shutil.copyfile(source, copy)
            parts += [(kind, copy) for kind in kinds_in(copy)]

        def solve(part: tuple[TaskKind, Path]) -> None:
            begun = time.monotonic()
            roll_out(*part, url, given)
            report(*part, given.folder.name if given.folder else BUNDLED, time.monotonic() - begun)

        # At once, so that the server always has enough to do.
        with ThreadPoolExecutor(max(1, len(parts))) as pool:
            list(pool.map(solve, parts))


if __name__ == "__main__":
    main()
