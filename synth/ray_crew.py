"""The funnel's hands on a Ray cluster: one remote task a chunk, tried again when a worker dies.

The checkout travels to the nodes. What does not: the packages it needs, the files of a user's own
sources (same path on every node), and the cache of worlds, which each node keeps at the same path.
"""

import os
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from data.errors import EnvironmentFault, UserError
from data.store import Drawn
from synth.funnel import AHEAD, Crew, draw
from synth.request import Request, kind_module

LOCAL = "local"
"""In the place of an address: a cluster of this machine alone, which ends with the run."""
MAX_RETRIES = 3
"""Of a chunk whose worker died; what a chunk itself raises is not tried again."""
ROOT = Path(__file__).resolve().parent.parent
CONNECT_LIMIT_S = 5.0
LEFT_HERE = ["runs/", ".venv/", ".git/", "tests/", "benchmarks/", "**/__pycache__/"]


@contextmanager
def ray_crew(request: Request, address: str) -> Iterator[tuple[Crew, int]]:
    """Workers on the cluster at `address`; raises `UserError` if there is none, or no Ray here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if find_spec("ray") is None:
        raise UserError("--ray needs the package ray: pip install -e '.[ray]', or use --workers")
    ray: Any = import_module("ray")
    _reach(address)
    # The index is built once, before every worker asks for it.
    kind_module(request.kind).warm(request)
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
        num_workers = max(1, int(ray.cluster_resources().get("CPU", 1)))
        yield _Cluster(ray), num_workers * AHEAD
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
        self._errors = ray.exceptions
        self._draw = ray.remote(num_cpus=1, max_retries=MAX_RETRIES)(draw)

    def submit(self, request: Request, start: int, stop: int) -> "Future[list[Drawn]]":
        result: Future[list[Drawn]] = Future()

        def settle(done: "Future[list[Drawn]]") -> None:
            try:
                result.set_result(done.result())
            except self._errors.RayTaskError as error:
                result.set_exception(error.cause)
            except self._errors.RayError as error:
                reason = str(error).strip().splitlines()[0]
                died = (
                    f"indices {start} to {stop - 1} failed on {MAX_RETRIES + 1} workers: {reason}"
                )
                result.set_exception(EnvironmentFault(died))

        self._draw.remote(request, start, stop).future().add_done_callback(settle)
        return result
