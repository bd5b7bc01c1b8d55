"""Trains, measures or ships the bundled model.

    python -m model.train warmup --text runs/text --minutes 9
    python -m model.train sparse --text runs/text --minutes 9
    python -m model.train sft --rows runs/sft --minutes 9
    python -m model.train ship --stage sft

The same command again goes on where the last one stopped; exit code 3 says that it must.
"""

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from data.errors import UserError
from model.base import write_tokenizer
from model.bundled import DELTA
from model.markers import SHOWN
from model.train.batches import Source, row_source, text_source
from model.train.loop import Run
from model.train.stages import ORDER, RECIPES, Prepared, prepare, ship

UNFINISHED = 3
SAVE_EVERY = 50


def train(given: argparse.Namespace) -> int:
    """0 for a complete stage, `UNFINISHED` for one that needs another job."""
    device = given.device
    dtype = torch.bfloat16 if device == "cuda" else torch.float32
    prepared = prepare(given.what, given.runs, device, dtype)
    recipe = RECIPES[given.what]
    folder = given.runs / given.what
    folder.mkdir(parents=True, exist_ok=True)
    run = Run(prepared.model, _source(given, prepared), recipe, folder)
    signals: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: signals.append(n))
    complete = run.run(given.minutes * 60, SAVE_EVERY, lambda: bool(signals))
    return 0 if complete else UNFINISHED


def _source(given: argparse.Namespace, prepared: Prepared) -> Source:
    folder = given.runs / "tokenizer"
    write_tokenizer(prepared.source, folder, SHOWN.values())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if given.what == "sft":
        if given.rows is None:
            raise UserError("stage sft needs --rows, the folder of an export with --format sft")
        return row_source(tokenizer, given.rows)
    if not given.text:
        raise UserError(f"stage {given.what} needs --text, files or folders of plain text")
    return text_source(tokenizer, given.text, prepared.source.config["bos_token_id"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 and one line for what a user can mend."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(
        prog="model.train", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=(*ORDER, "ship"))
    parser.add_argument("--runs", type=Path, default=Path("runs/train"), help="checkpoints, logs")
    parser.add_argument("--text", type=Path, action="append", help="may be given several times")
    parser.add_argument("--rows", type=Path, help="an export with --format sft")
    parser.add_argument("--minutes", type=float, default=9.0)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cuda")
    parser.add_argument("--stage", choices=ORDER, default=ORDER[-1], help="what is shipped")
    parser.add_argument(
        "--rank", type=int, help="of the shipped changes of matrices; default: full"
    )
    given = parser.parse_args(arguments)
    try:
        if given.what == "ship":
            manifest = ship(given.stage, given.runs, DELTA, given.rank)
            logging.info("%s files in %s", len(manifest.shards), DELTA)
            return 0
        return train(given)
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
