"""Where the bundled model lies on this machine: assembled once from what is installed and shipped.

The repository holds only what training changed (`model/bundled_delta`, see `model.delta`); the rest
comes with the base's package. The result is an ordinary checkpoint folder.
"""

import os
import shutil
import tempfile
from pathlib import Path

from data.hashing import content_hash
from model.base import NEEDED_MIB, PACKAGE_VERSION, SHA256, check_memory, find

DELTA = Path(__file__).parent / "bundled_delta"
"""What training changed; without it the model is the base, converted and untrained."""
HOME = "PALAESTRA_MODELS"
"""Environment variable: where assembled models are kept."""
DEFAULT_HOME = Path("runs/models")
FORMAT = 1
"""Counts changes of the conversion that make older folders useless."""


def ensure(home: Path | None = None) -> Path:
    """The checkpoint folder, assembled if it is not there; safe against a kill and a second process.

    Takes about fifteen seconds the first time. Raises `UserError` for what is missing or altered.
    """
    home = home or Path(os.environ.get(HOME) or DEFAULT_HOME)
    folder = home / f"bundled-{identity()}"
    if folder.is_dir():
        return folder
    find()
    check_memory(NEEDED_MIB)
    home.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".assembling-", dir=home))
    try:
        assemble(unfinished, DELTA if DELTA.is_dir() else None)
        try:
            unfinished.rename(folder)
        except OSError:
            # Another process was faster; its folder has the same bytes.
            if not folder.is_dir():
                raise
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def identity() -> str:
    """Twelve hex digits that change with the base, the delta and the conversion."""
    from model.delta import read_manifest

    manifest = read_manifest(DELTA) if DELTA.is_dir() else None
    delta = manifest.model_dump(mode="json") if manifest else None
    return content_hash([FORMAT, PACKAGE_VERSION, SHA256, delta])[:12]


def assemble(folder: Path, delta: Path | None) -> None:
    """Writes the checkpoint folder of the base with `delta`; None: converted and untrained."""
    from model.absorb import absorb
    from model.base import read, write_tokenizer
    from model.convert import save
    from model.delta import apply_delta, read_manifest
    from model.markers import SHOWN, renamed

    source = renamed(read())
    model = absorb(source, read_manifest(delta).index_topk if delta else None)
    if delta:
        apply_delta(model, delta)
    save(model, folder)
    write_tokenizer(source, folder, SHOWN.values())
