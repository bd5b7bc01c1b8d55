"""Domain files from disk: YAML as data, never code. Errors name the path in the file."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from envs.general.spec import DomainSpec, SpecError

MAX_FILE_BYTES = 200_000


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):  # type: ignore[misc]
    """A safe loader that refuses a key given twice, and reads no word as a truth value or number
    but true, false and plain digits."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {key.value!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        made: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return made


# "on" and "off" are words here, and "08:30" is a time, not 510 in base 60.
_REDONE = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _REDONE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_REDONE[0], re.compile("^(true|false)$"), ["t", "f"])
_Loader.add_implicit_resolver(_REDONE[1], re.compile(r"^-?\d+$"), list("-0123456789"))


def _refuse_aliases(text: str) -> None:
    """Aliases can blow a small file up."""
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.events.AliasEvent):
            mark: Any = event.start_mark
            raise yaml.constructor.ConstructorError(None, None, "aliases are not allowed", mark)


def read_spec(path: Path) -> DomainSpec:
    """The domain in the file at `path`. Raises `SpecError`."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise SpecError(path.name, [f"is {size} bytes; a domain has at most {MAX_FILE_BYTES}"])
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(path.name, [f"cannot be read as UTF-8 text: {error}"]) from error
    return parse_spec(text, path.name)


def parse_spec(text: str, source: str) -> DomainSpec:
    """The domain that `text` describes; `source` names it in errors."""
    try:
        _refuse_aliases(text)
        raw = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        raise SpecError(source, [_yaml_problem(error)]) from error
    except RecursionError as error:
        raise SpecError(source, ["is nested too deeply"]) from error
    if not isinstance(raw, dict):
        raise SpecError(source, ["is no mapping; a domain starts with `name: ...`"])
    try:
        return DomainSpec.model_validate(raw)
    except ValidationError as error:
        raise SpecError(source, [_problem(dict(item)) for item in error.errors()]) from error


def _yaml_problem(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = getattr(error, "problem", None) or str(error)
    parsed = mark and not isinstance(error, yaml.constructor.ConstructorError)
    hint = "; put texts with a comma, colon or brace in double quotes" if parsed else ""
    return f"{where}{said}{hint}"


def _problem(error: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = "is not known here; see docs/adding-a-domain.md for what may stand here"
    elif error["type"] == "missing":
        said = "is missing"
    return f"{path or 'file'}: {said}"
