"""What is known of trees, kept beside them between processes, by a hash of all that it depends on."""

import logging
from collections.abc import Callable
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from data.errors import UserError
from data.hashing import content_hash
from data.record import Record
from data.staging import staged
from envs.code.cache import cache_root
from envs.code.spec import Origin
from envs.code.trees import origin_tree

log = logging.getLogger(__name__)

FILE = "prepared.json"


class _Known(Record):
    origin: Origin
    tree_sha256: str


Known = TypeVar("Known", bound=Record)


def remembered(model: type[Known], key: JsonValue, build: Callable[[], Known]) -> Known:
    """What an earlier process found out, else what `build` gives; raises what that raises.

    A `model` has an `origin` and a `tree_sha256`, whose tree is there afterwards.
    """
    folder = cache_root() / "prepared" / content_hash(key)[:32]
    try:
        text = (folder / FILE).read_bytes()
        found = model.model_validate_json(text)
        tree = _Known.model_validate(found.model_dump(include=set(_Known.model_fields)))
        origin_tree(tree.origin, tree.tree_sha256)
        return found
    except FileNotFoundError:
        pass
    except ValidationError:
        log.warning("%s cannot be read; it is made again", folder)
    made = build()
    try:
        with staged(folder) as aside:
            (aside / FILE).write_text(made.model_dump_json())
    except (UserError, OSError) as error:
        # Somebody else writes the same, or nobody can: then it has to be found out again.
        log.info("%s is not kept: %s", folder, error)
    return made
