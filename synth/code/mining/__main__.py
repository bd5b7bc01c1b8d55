"""`python -m synth.code.mining`: downloads the records of a repository, and looks at what it gives.

The tasks themselves are made by `synth --kind code --source`, from the line that `fetch` ends with.
"""

import json
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from data.errors import PalaestraError
from envs.code.project import Project
from envs.code.spec import Toolchain
from synth.code.bug import Bug
from synth.code.mining.catalogue import Catalogue
from synth.code.mining.client import MAX_WAIT_S, PUBLIC, Client
from synth.code.mining.download import cloned
from synth.code.mining.harvest import Harvest, Progress
from synth.code.mining.records import counted, read_records
from synth.code.mining.source import MinedSource, parse_source, pinned

_TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
_EVERY_S = 2.0
"""Between two lines of progress where stderr is no terminal."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Mine a repository's history for bugs that were really fixed."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)


@main.command()
@click.argument("repository", metavar="OWNER/NAME")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the records [mined/OWNER/NAME]."
)
@click.option(
    "--clone", "clone", type=click.Path(path_type=Path), help="Where the clone is, or shall be."
)
@click.option("--api", default=PUBLIC, show_default=True, help="Base address of the REST API.")
@click.option("--address", help="What to clone, if not what the API says.")
@click.option(
    "--max-wait", default=MAX_WAIT_S, show_default=True, help="Longest single wait, seconds."
)
def fetch(
    repository: str,
    out: Path | None,
    clone: Path | None,
    api: str,
    address: str | None,
    max_wait: float,
) -> None:
    """Download the issues, pull requests and comments of OWNER/NAME; go on where it stopped.

    The token is read from GITHUB_TOKEN or GH_TOKEN; without one the public API allows 60 requests an
    hour. Example: python -m synth.code.mining fetch pallets/click --clone click.git
    """
    folder = out or Path("mined") / repository
    token = next((os.environ[name] for name in _TOKENS if os.environ.get(name)), "")
    with _clear_errors():
        with Client(api, token, max_wait_s=max_wait) as client, _Line() as line:
            records = Harvest(client, repository, folder, lambda p: line.show(_told(p))).run()
        read = read_records([records], repository)
        click.echo(
            ", ".join(f"{count:,} {name}" for name, count in counted(read).items()), err=True
        )
        if clone is None:
            click.echo(str(records))
            return
        site = address or f"https://{_host(api)}/{repository}.git"
        if cloned(site, clone):
            click.echo(f"cloned {site}", err=True)
        click.echo(str(MinedSource("git", clone.resolve(), (records.resolve(),), repository)))


@main.command()
@click.argument("source")
@click.option("--limit", type=click.IntRange(min=1), help="Look at so many changes at most.")
@click.option("--json", "as_json", is_flag=True, help="One bug a line, whole.")
def mine(source: str, limit: int | None, as_json: bool) -> None:
    """Say which changes of SOURCE are bugs, and count why the others are not.

    Nothing is run and no requirement is resolved here. SOURCE is git:PATH[,records=FILE] or repo:PATH.
    """
    with _clear_errors(), _Line() as line:
        catalogue = Catalogue(pinned(parse_source(source)), _unlocked)
        total = min(limit or len(catalogue), len(catalogue))
        reasons: Counter[str] = Counter()
        for number in range(total):
            found = catalogue[number]
            if isinstance(found, Bug):
                reasons["bug"] += 1
                click.echo(found.model_dump_json() if as_json else _summary(found))
            else:
                reasons[found.reason] += 1
            line.show(f"{number + 1:,}/{total:,} changes, {reasons['bug']:,} bugs")
    if as_json:
        click.echo(json.dumps({"changes": total, "reasons": dict(reasons.most_common())}), err=True)
    else:
        click.echo(f"{total:,} changes", err=True)
        for reason, count in reasons.most_common():
            click.echo(f"{count:8,} {reason}", err=True)


def _summary(bug: Bug) -> str:
    lines = sum(len((text or "").splitlines()) for text in bug.tests.values())
    return f"{bug.origin.version[:12]} {', '.join(bug.gold)} ({lines} lines of tests): {bug.story.title}"


def _unlocked(project: Project, before: datetime) -> Toolchain:
    return Toolchain(root=project.root, command="python -m pytest")


def _told(progress: Progress) -> str:
    rate = progress.requests / progress.seconds if progress.seconds else 0.0
    found = ", ".join(f"{kind} {count:,}" for kind, count in sorted(progress.records.items()))
    limits = progress.limits
    left = f", {limits.remaining:,} left this hour" if limits else ""
    same = f", {progress.unchanged:,} pages unchanged" if progress.unchanged else ""
    return f"{progress.stage}: {progress.requests:,} requests ({rate:.1f}/s{left}), {found or 'nothing new'}{same}"


def _host(api: str) -> str:
    """Where the repositories of an API are: its own host, but for the public one."""
    host = api.partition("://")[2].partition("/")[0]
    return "github.com" if api.rstrip("/") == PUBLIC else host


class _Line:
    """Progress on stderr: one line that changes on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown = ""
        self._last = ""
        self._next = 0.0

    def __enter__(self) -> "_Line":
        return self

    def __exit__(self, *_: object) -> None:
        if self._terminal and self._shown:
            click.echo("", err=True)
        elif self._last != self._shown:
            click.echo(self._last, err=True)

    def show(self, text: str) -> None:
        self._last = text
        now = time.monotonic()
        if self._terminal:
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
        elif now < self._next:
            return
        else:
            click.echo(text, err=True)
        self._shown = text
        self._next = now + _EVERY_S


@contextmanager
def _clear_errors() -> Iterator[None]:
    """What goes wrong as one line and exit code 1."""
    try:
        yield
    except PalaestraError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main(prog_name="python -m synth.code.mining")
