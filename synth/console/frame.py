"""What every command shares: its options, errors in one line, records and tables on stdout."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

import click

from data.errors import PalaestraError, UserError

if TYPE_CHECKING:
    from data.store import Store

DEFAULT_DB = "sqlite:///runs/palaestra.db"
INTERRUPTED = 130
PIPED_WIDTH = 120
"""Characters a line where no terminal says how wide it is."""
OURS = ("cli", "synth", "agents", "verifiers", "envs", "data", "model", "kernels")

Command = TypeVar("Command", bound=Callable[..., Any])

COUNT = click.IntRange(min=1)
SHARE = click.FloatRange(0, 1)


class Commands(click.Group):
    """Turns whatever we raise on purpose into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        _log_to_stderr()
        try:
            return super().invoke(ctx)
        except PalaestraError as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] in OURS:
                raise
            line = f"the package {error.name} is not installed here; make demo installs it"
            raise click.ClickException(line) from error
        except KeyboardInterrupt:
            click.echo("Interrupted; run the same command again to go on.", err=True)
            ctx.exit(INTERRUPTED)


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(self.format(record), err=True)


def _log_to_stderr() -> None:
    root = logging.getLogger()
    if not any(isinstance(handler, _Echo) for handler in root.handlers):
        root.addHandler(_Echo())


def word(set_name: str) -> Callable[[click.Context, click.Parameter, str | None], StrEnum | None]:
    """Reads an option as a member of the enumeration `set_name` of `data.task`."""

    def read(_ctx: click.Context, param: click.Parameter, value: str | None) -> StrEnum | None:
        if value is None:
            return None
        # Not at the top: it takes longer than all of --help.
        from data import task

        known: type[StrEnum] = getattr(task, set_name)
        if value not in set(known):
            raise UserError(f"no {param.name} {value!r}; known are {', '.join(known)}")
        return known(value)

    return read


def kind_option(*, required: bool = False) -> Callable[[Command], Command]:
    about = "Which kind of tasks." if required else "Only tasks of this kind."
    read = word("TaskKind")
    return click.option("--kind", metavar="KIND", required=required, callback=read, help=about)


def word_option(
    name: str, set_name: str, about: str, default: str | None = None
) -> Callable[[Command], Command]:
    """An option whose values are the members of an enumeration of `data.task`."""
    read, known = word(set_name), default is not None
    return click.option(name, callback=read, default=default, show_default=known, help=about)


def shared(command: Command) -> Command:
    """The options that every command has."""
    as_json = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
    db = click.option(
        "--db",
        metavar="URL",
        envvar="PALAESTRA_DB",
        default=DEFAULT_DB,
        show_default=True,
        show_envvar=True,
        help="Database of tasks and attempts.",
    )
    return db(as_json(command))


def version(ctx: click.Context, _param: click.Parameter, asked: bool) -> None:
    """What `--version` does."""
    if asked:
        from data.exporters.base import tool_version

        click.echo(f"palaestra {tool_version()}")
        ctx.exit()


@contextmanager
def open_store(url: str) -> "Iterator[Store]":
    from data.store import Store

    with Store.open(url) as store:
        yield store


def emit(record: Mapping[str, Any]) -> None:
    click.echo(json.dumps(record, ensure_ascii=False))


def show(*things: Any) -> None:
    """Rich renderables, or lines of text, on stdout."""
    from rich.console import Console

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    for thing in things:
        console.print(thing, markup=False, soft_wrap=isinstance(thing, str))


def note(line: str) -> None:
    click.echo(line, err=True)
