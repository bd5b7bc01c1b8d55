"""Trains, measures or ships the bundled model.

    python -m model.train warmup --text runs/text --minutes 9
    python -m model.train sparse --text runs/text --minutes 9
    python -m model.train sft --rows runs/sft --minutes 9
    python -m model.train self --rows runs/solved --minutes 9
    python -m model.train evaluate --stage sft --text runs/text --out runs/measures
    python -m model.train ship --stage sft
    python -m model.train pack --rows runs/sft --out rows.safetensors

The same command again goes on where the last one stopped; exit code 3 says that it must. Texts and
rows may be packed files.
"""

import argparse
import logging
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from pydantic import ValidationError
from tokenizers import Tokenizer

from data.errors import UserError
from model.base import Base, read, write_tokenizer
from model.bundled import DELTA
from model.markers import SHOWN, renamed
from model.train.batches import Source
from model.train.loop import Run
from model.train.packed import row_source, text_source, write_rows, write_text
from model.train.ranks import join
from model.train.recipe import Recipe
from model.train.stages import ON_ROWS, ORDER, RECIPES, prepare, ship

UNFINISHED = 3
OVERRIDES = {
    "steps": int, "batch": int, "micro_tokens": int, "num_tokens": int, "index_topk": int,
    "lr": float, "index_lr": float, "rising": int, "last": float, "seed": int, "index_layers": int,
}  # fmt: skip
"""Fields of a recipe that the command line may change."""


def train(given: argparse.Namespace) -> int:
    """0 for a complete stage, `UNFINISHED` for one that needs another job."""
    device = given.device
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    recipe = _recipe(given)
    ranks = join(device)
    source, model = prepare(given.what, recipe, given.runs, device, cut=given.cut)
    folder = given.runs / given.what
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(model, _data(given, source), recipe, folder, ranks, dtype)
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: signals.append(n))
    complete = run.run(given.minutes * 60, given.save_every, lambda: bool(signals))
    return 0 if complete else UNFINISHED


def _recipe(given: argparse.Namespace) -> Recipe:
    changed = {name: getattr(given, name) for name in OVERRIDES}
    changed = {name: value for name, value in changed.items() if value is not None}
    base = RECIPES[given.what].model_dump()
    try:
        return Recipe.model_validate({**base, **changed})
    except ValidationError as error:
        raise UserError(" ".join(str(error).split())) from error


def _data(given: argparse.Namespace, source: Base) -> Source:
    tokenizer = _tokenizer(source)
    if given.what in ON_ROWS:
        if not given.rows:
            raise UserError(f"stage {given.what} needs --rows, an export with --format sft")
        return row_source(tokenizer, given.rows)
    if not given.text:
        raise UserError(f"stage {given.what} needs --text, files or folders of plain text")
    return text_source(tokenizer, given.text, source.config["bos_token_id"])


def _tokenizer(source: Base) -> Tokenizer:
    with tempfile.TemporaryDirectory() as folder:
        write_tokenizer(source, Path(folder), SHOWN.values())
        return Tokenizer.from_file(str(Path(folder) / "tokenizer.json"))


def pack(given: argparse.Namespace) -> int:
    """Writes a packed file of texts or of rows."""
    if given.out is None or bool(given.text) == bool(given.rows):
        raise UserError("pack needs --out, and either --text or --rows")
    source = renamed(read())
    tokenizer = _tokenizer(source)
    if given.text:
        text = text_source(tokenizer, given.text, source.config["bos_token_id"])
        write_text(text, given.out)
        logging.info("%s tokens in %s", len(text.ids_N), given.out)
        return 0
    rows = row_source(tokenizer, given.rows, given.split).all_rows
    write_rows(rows, given.out)
    num_tokens = sum(row.ids_T.numel() for row in rows)
    num_learnt = sum(int(row.learn_T.sum()) for row in rows)
    logging.info(
        "%s rows, %s tokens, %s learnt, in %s", len(rows), num_tokens, num_learnt, given.out
    )
    return 0


def evaluate(given: argparse.Namespace) -> int:
    """Prints a table and writes `measures.json` and `losses.png`."""
    from model.train.report import report

    if not given.text or given.out is None:
        raise UserError("evaluate needs --text, held-out text, and --out, a folder")
    source = renamed(read())
    tokenizer = _tokenizer(source)
    text = text_source(tokenizer, given.text, source.config["bos_token_id"])
    rows = row_source(tokenizer, given.rows, given.split).all_rows if given.rows else ()
    report(
        given.stage, given.runs, text.ids_N, tokenizer, given.out, given.device,
        rows=rows, delta=given.delta, cut=given.cut,
    )  # fmt: skip
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 and one line for what a user can mend."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    given = _parser().parse_args(arguments)
    try:
        if given.what == "ship":
            manifest = ship(given.stage, given.runs, given.out or DELTA, cut=given.cut)
            logging.info("%s files in %s", len(manifest.shards), given.out or DELTA)
            return 0
        return {"pack": pack, "evaluate": evaluate}.get(given.what, train)(given)
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="model.train", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=(*ORDER, "ship", "evaluate", "pack"))
    parser.add_argument("--runs", type=Path, default=Path("runs/train"), help="checkpoints, logs")
    parser.add_argument("--text", type=Path, action="append", help="may be given several times")
    parser.add_argument("--rows", type=Path, action="append", help="exports with --format sft")
    parser.add_argument("--split", default="train", help="of the exports that are packed")
    parser.add_argument("--out", type=Path, help="what is written")
    parser.add_argument("--delta", type=Path, help="is measured too")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--save-every", type=int, default=500, help="steps")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--stage", choices=ORDER, default=ORDER[-1], help="what is shipped")
    parser.add_argument("--cut", action="store_true", help="stages before need not be complete")
    recipe = parser.add_argument_group("recipe", "fields of model.train.recipe.Recipe")
    for name, kind in OVERRIDES.items():
        recipe.add_argument(f"--{name.replace('_', '-')}", type=kind)
    return parser


if __name__ == "__main__":
    sys.exit(main())
