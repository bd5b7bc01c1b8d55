"""A fleet on a Ray cluster: one remote task a unit, tried again when its worker or node dies.

The checkout travels to the nodes. What does not: the packages it needs, the files of a user's own
sources (same path on every node), and the cache of worlds, which each node keeps at the same path.
"""

import os
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agents.fleet import Fleet, R, U, WorkerLost
from data.errors import UserError

LOCAL = "local"
"""In the place of an address: a cluster of this machine alone, which ends with the run."""
MAX_RETRIES = 1
"""Of a unit whose worker died; what the work itself raises is not tried again."""
ROOT = Path(__file__).resolve().parent.parent
CONNECT_LIMIT_S = 5.0
LEFT_HERE = ["runs/", ".venv/", ".git/", "tests/", "benchmarks/", "**/__pycache__/"]


@contextmanager
def ray_fleet(address: str) -> Iterator[Fleet]:
    """Workers on the cluster at `address`; raises `UserError` if there is none, or no Ray here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if find_spec("ray") is None:
        raise UserError("--ray needs the package ray: pip install -e '.[ray]', or use --workers")
    ray: Any = import_module("ray")
    _reach(address)
    try:
        ray.init(
            address=address,
            runtime_env=_environment(address),
            log_to_driver=False,
            logging_level="error",
            **({"include_dashboard": False} if address == LOCAL else {}),
        )
    except (ConnectionError, ValueError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0]
        raise UserError(f"no Ray cluster at {address!r}: {reason}") from error
    try:
        yield _Cluster(ray)
    finally:
        ray.shutdown()


def _reach(address: str) -> None:
    """Raises `UserError` at once where nobody listens; Ray itself would try for many minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        if address not in (LOCAL, "auto"):
            raise UserError(f"no Ray address {address!r}; it is {LOCAL}, auto or HOST:PORT")
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_LIMIT_S).close()
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"no Ray cluster at {address!r}: {error}") from error


def _environment(address: str) -> dict[str, Any]:
    """What a worker starts with: our code, and the place of the worlds as an absolute path."""
    cache = str(Path(os.environ.get("PALAESTRA_CACHE") or "runs/worlds").resolve())
    if address == LOCAL:
        return {"env_vars": {"PALAESTRA_CACHE": cache, "PYTHONPATH": str(ROOT)}}
    return {
        "env_vars": {"PALAESTRA_CACHE": cache},
        "working_dir": str(ROOT),
        "excludes": LEFT_HERE,
    }


class _Cluster:
    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._errors = ray.exceptions
        self._play = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(_play)

    @property
    def num_workers(self) -> int:
        # Asked for anew each time: nodes come and go.
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    def submit(self, work: Callable[[U], R], unit: U) -> "Future[R]":
        result: Future[R] = Future()

        def settle(done: "Future[R]") -> None:
            try:
                result.set_result(done.result())
            except self._errors.RayTaskError as error:
                result.set_exception(error.cause)
            except self._errors.RayError as error:
                reason = str(error).strip().splitlines()[0]
                result.set_exception(WorkerLost(reason))

        self._play.remote(work, unit).future().add_done_callback(settle)
        return result

    def wait(self, futures: Sequence["Future[Any]"]) -> None:
        wait(futures, return_when=FIRST_COMPLETED)


def _play(work: Callable[[U], R], unit: U) -> R:
    return work(unit)
