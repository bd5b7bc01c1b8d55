"""Domain files from disk: YAML as data, never code. Errors name the path in the file."""

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from envs.general.spec import DomainSpec, SpecError

MAX_FILE_BYTES = 200_000


class _Loader(yaml.SafeLoader):
    """Refuses a key that is given twice and anchors, which can blow a small file up."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

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


# "on" and "off", "yes" and "no" are words here, not truth values.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(true|false)$"), ["t", "f"])
# "08:30" is a time, not 510 in base 60.
for _first in "-+0123456789":
    _Loader.yaml_implicit_resolvers[_first] = [
        (tag, pattern)
        for tag, pattern in _Loader.yaml_implicit_resolvers.get(_first, [])
        if tag != "tag:yaml.org,2002:int"
    ]
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?\d+$"), list("-0123456789"))


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
    hint = "; put texts with a comma, colon or brace in double quotes" if mark else ""
    return f"{where}{said}{hint}"


def _problem(error: dict[str, Any]) -> str:
    path = ".".join(str(part) for part in error["loc"] if part != "[key]")
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = "is not known here; see docs/adding-a-domain.md for what may stand here"
    elif error["type"] == "missing":
        said = "is missing"
    return f"{path or 'file'}: {said}"
