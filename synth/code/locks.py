"""Toolchains of projects as of a date, each resolved once on this machine."""

from datetime import datetime

from data.errors import SourceError, UserError
from data.hashing import content_hash
from data.staging import staged
from envs.code.cache import cache_root
from envs.code.dependencies import PYTHON
from envs.code.project import Project
from envs.code.spec import Toolchain
from synth.code.intake import toolchain_of

FILE = "toolchain.json"


def locked(project: Project, before: datetime) -> Toolchain:
    """What `toolchain_of` gives, kept; raises `SourceError` as it does."""
    key = content_hash([PYTHON, project.model_dump(mode="json"), before.isoformat()])
    folder = cache_root() / "locks" / key[:32]
    try:
        return Toolchain.model_validate_json((folder / FILE).read_bytes())
    except (FileNotFoundError, ValueError):
        made = toolchain_of(project, before)
    try:
        with staged(folder) as aside:
            (aside / FILE).write_text(made.model_dump_json())
    except SourceError:
        raise
    except (UserError, OSError):
        # Another process keeps the same, or nobody can: it is resolved again when it is needed.
        return made
    return made
