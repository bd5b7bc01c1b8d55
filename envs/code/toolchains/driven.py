"""Plans for languages whose tests a driver runs: build, run, and one report of what runners said.

The driver (`envs.code.inside.palaestra_driver`) is plain Python in the sandbox. It tells the results of
a command when that has ended, and only what the driver says counts. What the command itself makes of
its results is its own claim: what a false one needs is for the verifier to find out.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from data.errors import EnvironmentFault
from envs.code.toolchains.base import STREAM_FD, Plan, RunRequest
from envs.sandbox.view import environment, python

FOLDER = "/tmp/palaestra"
REPORTS = "/tmp/reports"
"""Where runners write theirs."""
REPORT = f"{FOLDER}/report.xml"
HOME = "/tmp/home"
CLOCK = "/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1"
"""Stops the clock of programs that ask the C library for it; Debian's package libfaketime."""
MOMENT_S = 1_750_000_000
"""Unix time that `days` are counted from."""
INSTALL = "python scripts/toolchains.py install"


class Command(NamedTuple):
    """A command of a job; `form`, `source` and `module` are for those whose results count."""

    argv: tuple[str, ...]
    form: str = ""
    """A reader of the driver."""
    source: str = ""
    module: str = ""
    cwd: str = ""
    """Relative to the working copy."""


def plan(
    request: RunRequest,
    setup: Sequence[Command],
    runs: Sequence[Command],
    env: Mapping[str, str],
    *,
    links: Mapping[str, str] | None = None,
    put: Mapping[str, str] | None = None,
    clock: bool = True,
) -> Plan:
    """Runs `setup`, then `runs`, in the working copy; `clock` says whether it can be stopped.

    `links` are made in the working copy: path -> target; `put` are texts to write below `FOLDER`.
    """
    order = request.seed if request.order is None else request.order
    variables = {**environment(), "HOME": HOME, "CI": "1", "NO_COLOR": "1", **env}
    stopped = _clock(request.days) if clock else {}
    job = {
        "links": dict(links or {}),
        "setup": [_described(command, variables) for command in setup],
        "runs": [_described(command, {**variables, **stopped}) for command in runs],
        "ids": request.ids,
        "seed": order,
        "report": REPORT,
        "stream": STREAM_FD,
    }
    texts = {"driver.py": _driver(), **(put or {})}
    return Plan(
        (python(), "-B", "-s", f"{FOLDER}/driver.py"),
        {},
        json.dumps(job).encode(),
        files={
            **{f"{FOLDER}/{name}": text.encode() for name, text in texts.items()},
            # Folders that programs want to find.
            f"{REPORTS}/.here": b"",
            f"{HOME}/.here": b"",
        },
        report=REPORT,
        streamed=True,
    )


def program(argv: Sequence[str], env: Mapping[str, str], put: Mapping[str, str]) -> Plan:
    """A script outside the framework, alone in the working copy."""
    return Plan(
        tuple(argv),
        {**environment(), "HOME": HOME, "NO_COLOR": "1", **env},
        files={f"{FOLDER}/{name}": text.encode() for name, text in put.items()},
    )


def needs(programs: Mapping[str, str]) -> None:
    """Raises `EnvironmentFault` where a program is missing; `programs` gives Debian's package."""
    for name, package in programs.items():
        present = Path(name).exists() if name.startswith("/") else shutil.which(name)
        if not present:
            raise EnvironmentFault(f"{name} is not installed (package {package}): run '{INSTALL}'")


def _described(command: Command, env: Mapping[str, str]) -> dict[str, object]:
    return {**command._asdict(), "env": dict(env)}


@cache
def _driver() -> str:
    return files("envs.code.inside").joinpath("palaestra_driver.py").read_text()


def _clock(days: int) -> dict[str, str]:
    """Variables that stop the clock; nothing where the library is missing or the clock may run."""
    found = [path for arch in ("x86_64", "aarch64") if Path(path := CLOCK.format(arch)).exists()]
    if not days or not found:
        return {}
    return {
        "LD_PRELOAD": found[0],
        "FAKETIME": f"@{MOMENT_S + days * 86_400}",
        "FAKETIME_FMT": "%s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
