"""Commands that give out what is stored: export, stats."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from synth.console.frame import (
    SHARE,
    emit,
    kind_option,
    note,
    open_store,
    shared,
    show,
    word_option,
)

if TYPE_CHECKING:
    from data.task import Split, TaskKind


@click.command()
@click.option("--format", "target", required=True, help="jsonl, verl, trl, sft or rl_offline.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@kind_option()
@word_option("--split", "Split", "train, val or test; without it, all three.")
@click.option("--min-pass", type=SHARE, help="Lowest pass rate of the tasks to take.")
@click.option("--max-pass", type=SHARE, help="Highest pass rate of the tasks to take.")
@click.option(
    "--policy",
    default="",
    help="Whose pass rate; without it, all models and greedy. For sft and rl_offline, whose attempts.",
)
@shared
def export(
    target: str,
    out: Path,
    kind: "TaskKind | None",
    split: "Split | None",
    min_pass: float | None,
    max_pass: float | None,
    policy: str,
    db: str,
    as_json: bool,
) -> None:
    """Write the certified tasks, or attempts at them, as a training set.

    jsonl, verl and trl hold tasks; sft holds attempts with the full score, those of the oracle with
    reasons; rl_offline holds whole groups of attempts, token by token.

    Example: cli.py export --format verl --out runs/verl --min-pass 0.1 --max-pass 0.9
    """
    from data.selection import LeftOut, Selection
    from synth.console.tables import manifest_table
    from synth.training import write

    selection = Selection(kind, split, min_pass, max_pass, policy)
    left_out = LeftOut()
    with open_store(db) as store:
        try:
            manifest = write(store, selection, target, out, left_out)
        finally:
            for line in left_out.lines():
                note(line)
    written = {"out": str(out), **manifest.model_dump(mode="json")}
    emit(written) if as_json else show(manifest_table(manifest, out))


@click.command()
@kind_option()
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Picture to write.")
@shared
def stats(kind: "TaskKind | None", plot: Path | None, db: str, as_json: bool) -> None:
    """Funnel, rejection reasons, difficulty and pass rates.

    Example: cli.py stats --kind search --plot runs/search.png
    """
    from synth.console.tables import report_tables
    from synth.report import report

    with open_store(db) as store:
        found = report(store, kind)
    if plot:
        from synth.plot import draw

        draw(found, plot)
        note(f"wrote {plot}")
    emit(found.summary()) if as_json else show(*report_tables(found))
