"""What a build would write into a source tree from a repository, read from its files without a build.

A release carries `PKG-INFO`, and a module with its version where that comes from tags; a commit does
not. Both are made here from `pyproject.toml` (PEP 621, Poetry, Flit, Hatch), `setup.cfg` or `setup.py`,
parsed as text. Versions that only a build could tell are taken from the changelog.
"""

import ast
import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from envs.code.tree import File, Tree

UNKNOWN_VERSION = "0"
_WRITTEN = re.compile(
    r"^(?:__version__|VERSION|version)\s*(?::[^=\n]+)?=\s*['\"]([^'\"\n]+)['\"]", re.MULTILINE
)
_VERSION_FILE = re.compile(
    r"^(?:src/|lib/)?(?:[^/]+/)?(?:__init__|__about__|__version__|_version|version|about)\.py$"
)
_CHANGES = re.compile(
    r"^(?:docs?/)?(?:change(?:s|log)|history|news|releases?)\b[^/]*$", re.IGNORECASE
)
_HEADING = re.compile(r"^\W*(?:version|release)?\W*v?(\d+\.\d+(?:\.\d+)?)\b", re.I | re.MULTILINE)
_CARET = re.compile(r"\^\s*(\d+(?:\.\d+)*)")
_TILDE = re.compile(r"~\s*(\d+(?:\.\d+)*)")
_MAX_READ = 1 << 20
Table = Mapping[str, Any]


class Metadata(NamedTuple):
    name: str
    version: str
    requires: tuple[str, ...]
    """As `Requires-Dist` has them, those of extras with a marker."""


def as_released(tree: Tree) -> dict[str, File]:
    """`tree` with what a build would add for Python; itself where nothing is missing or known."""
    found = dict(tree)
    settings = _toml(tree, "pyproject.toml")
    metadata = None if "PKG-INFO" in tree else _metadata(tree, settings)
    if metadata is None:
        return found
    lines = ["Metadata-Version: 2.1", f"Name: {metadata.name}", f"Version: {metadata.version}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in metadata.requires]
    file = File(content=("\n".join(lines) + "\n").encode())
    folder = re.sub(r"[-_.]+", "_", metadata.name)
    root = next((root for root in ("src/", "lib/") if _has_package(tree, root)), "")
    for path in ("PKG-INFO", f"{root}{folder}.egg-info/PKG-INFO"):
        found.setdefault(path, file)
    for path in _version_files(settings):
        if path.endswith(".py") and ".." not in path and not path.startswith("/"):
            text = f'__version__ = version = "{metadata.version}"\n'
            text += f"__version_tuple__ = version_tuple = {_tuple(metadata.version)}\n"
            found.setdefault(path, File(content=text.encode()))
    return dict(sorted(found.items()))


def _metadata(tree: Tree, settings: Table) -> Metadata | None:
    project = _table(settings, "project")
    poetry = _table(settings, "tool", "poetry")
    if project.get("name"):
        return _of_project(tree, settings, project)
    if poetry.get("name"):
        version = _checked(poetry.get("version")) or _guessed_version(tree, [])
        return _named(poetry["name"], version, _poetry_requires(poetry))
    flit = _table(settings, "tool", "flit", "metadata")
    if flit.get("module"):
        module = str(flit["module"])
        version = _guessed_version(tree, [f"{module}/__init__.py", f"{module}.py"])
        name = flit.get("dist-name") or module
        return _named(name, version, _requirements(flit.get("requires"), ""))
    return _of_setup(tree)


def _of_project(tree: Tree, settings: Table, project: Table) -> Metadata | None:
    """PEP 621; what is declared `dynamic` is looked for where the common builders look."""
    dynamic = _table(settings, "tool", "setuptools", "dynamic")
    hints = [str(_table(settings, "tool", "hatch", "version").get("path", ""))]
    hints += [str(_table(settings, "tool", "pdm", "version").get("path", ""))]
    attribute = _table(dynamic, "version").get("attr")
    hints += _modules(attribute) if isinstance(attribute, str) else []
    version = _checked(project.get("version")) or _guessed_version(tree, hints)
    requires = list(_requirements(project.get("dependencies"), ""))
    for group, entries in _table(project, "optional-dependencies").items():
        requires += _requirements(entries, group)
    files = _table(dynamic, "dependencies").get("file", [])
    for path in [files] if isinstance(files, str) else files:
        requires += _requirements(_text(tree, str(path)).splitlines(), "")
    if not requires and "poetry" in _table(settings, "tool"):
        requires += _poetry_requires(_table(settings, "tool", "poetry"))
    return _named(project["name"], version, requires)


def _of_setup(tree: Tree) -> Metadata | None:
    """`setup.cfg` first; what it does not say may stand in the call of `setup` in `setup.py`."""
    config = configparser.RawConfigParser()
    try:
        config.read_string(_text(tree, "setup.cfg"))
    except configparser.Error:
        config = configparser.RawConfigParser()
    call = _setup_call(_text(tree, "setup.py"))
    name = config.get("metadata", "name", fallback="") or call.get("name", "")
    stated = config.get("metadata", "version", fallback="")
    attribute = stated.removeprefix("attr:").strip() if stated.startswith("attr:") else ""
    version = _checked(stated) or _checked(call.get("version"))
    requires = list(_requirements(_listed(config, "options", "install_requires"), ""))
    requires += _requirements(call.get("install_requires"), "")
    if not requires and "install_requires" in call:
        requires += _requirements(_text(tree, "requirements.txt").splitlines(), "")
    if config.has_section("options.extras_require"):
        for group in config.options("options.extras_require"):
            requires += _requirements(_listed(config, "options.extras_require", group), group)
    extras = call.get("extras_require")
    for group, entries in (extras if isinstance(extras, dict) else {}).items():
        requires += _requirements(entries, str(group))
    requires += _requirements(call.get("tests_require"), "tests")
    return _named(name, version or _guessed_version(tree, _modules(attribute)), requires)


def _named(name: object, version: str, requires: Iterable[str]) -> Metadata | None:
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        return None
    return Metadata(name, version, tuple(dict.fromkeys(requires)))


def _requirements(entries: object, extra: str) -> Iterator[str]:
    """Those of `entries` that are requirements, with the marker of their extra."""
    texts = [entries] if isinstance(entries, str) else entries
    for text in texts if isinstance(texts, list | tuple) else []:
        try:
            requirement = Requirement(str(text).partition(" #")[0].strip())
        except InvalidRequirement:
            continue
        if extra:
            own = f"({requirement.marker}) and " if requirement.marker else ""
            extra = re.sub(r"[^\w.-]+", "-", extra)
            requirement.marker = Marker(f'{own}extra == "{extra}"')
        yield str(requirement)


def _poetry_requires(poetry: Table) -> list[str]:
    """Poetry's own notation; test groups are read by `project`, which needs no versions."""
    found = []
    for name, entry in _table(poetry, "dependencies").items():
        table = entry if isinstance(entry, dict) else {"version": entry}
        if name == "python" or table.get("optional") or not isinstance(table.get("version"), str):
            continue
        extras = table.get("extras")
        suffix = f"[{','.join(map(str, extras))}]" if isinstance(extras, list) else ""
        marker = f" ; {table['markers']}" if isinstance(table.get("markers"), str) else ""
        found.append(f"{name}{suffix}{_specifier(table['version'])}{marker}")
    return list(_requirements(found, ""))


def _specifier(text: str) -> str:
    """PEP 440 for `^1.2`, `~1.2`, `1.2` and `*`."""
    text = _CARET.sub(lambda found: _bounded(found[1], caret=True), text)
    text = _TILDE.sub(lambda found: _bounded(found[1], caret=False), text)
    parts = [part.strip() for part in text.split(",") if part.strip() not in ("", "*")]
    return ",".join(f"=={part}" if part[0].isdigit() else part for part in parts)


def _bounded(version: str, caret: bool) -> str:
    numbers = [int(part) for part in version.split(".")]
    first = next((at for at, number in enumerate(numbers) if number), len(numbers) - 1)
    at = first if caret else min(1, len(numbers) - 1)
    above = [*numbers[:at], numbers[at] + 1]
    return f">={version},<{'.'.join(map(str, above))}"


def _setup_call(source: str) -> dict[str, Any]:
    """The keyword arguments of `setup(...)` that are literals, or names of literals."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    names: dict[str, ast.expr] = {}
    for line in module.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
            names[line.targets[0].id] = line.value
    found: dict[str, Any] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "setup":
            for keyword in node.keywords:
                value = keyword.value
                value = names.get(value.id, value) if isinstance(value, ast.Name) else value
                found[keyword.arg or ""] = _literal(value)
    return found


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None


def _guessed_version(tree: Tree, hints: Iterable[str]) -> str:
    """The version that a module states; else the newest in the changelog."""
    own = [root + hint for hint in hints if hint for root in ("", "src/", "lib/")]
    others = sorted((path for path in tree if _VERSION_FILE.match(path)), key=lambda p: (len(p), p))
    for path in [*own, *others]:
        for found in _WRITTEN.finditer(_text(tree, path)):
            if version := _checked(found[1]):
                return version
    for path in ("VERSION", "VERSION.txt", *sorted(filter(_CHANGES.match, tree))):
        heading = _HEADING.search(_text(tree, path))
        if heading and (version := _checked(heading[1])):
            return version
    return UNKNOWN_VERSION


def _version_files(settings: Table) -> list[str]:
    """Modules that are only there after a build from a clone with tags."""
    scm = _table(settings, "tool", "setuptools_scm")
    hatch = _table(settings, "tool", "hatch", "build", "hooks", "vcs")
    found = [scm.get("write_to"), scm.get("version_file"), hatch.get("version-file")]
    return [path for path in found if isinstance(path, str)]


def _modules(attribute: str) -> list[str]:
    """Where `package.module.NAME` may be written down."""
    folder = "/".join(attribute.split(".")[:-1])
    return [f"{folder}.py", f"{folder}/__init__.py"] if folder else []


def _checked(version: object) -> str:
    try:
        return str(Version(version)) if isinstance(version, str) else ""
    except InvalidVersion:
        return ""


def _tuple(version: str) -> tuple[int, ...]:
    return Version(version).release


def _has_package(tree: Tree, root: str) -> bool:
    return any(path.startswith(root) and path.endswith(".py") for path in tree)


def _listed(config: configparser.RawConfigParser, section: str, option: str) -> list[str]:
    return config.get(section, option, fallback="").splitlines()


def _text(tree: Tree, path: str) -> str:
    file = tree.get(path)
    return file.content[:_MAX_READ].decode(errors="replace") if file else ""


def _toml(tree: Tree, path: str) -> Table:
    try:
        return tomllib.loads(_text(tree, path))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _table(settings: Any, *keys: str) -> Table:
    """The table at `keys`; an empty one where something else, or nothing, is there."""
    for key in keys:
        settings = settings.get(key, {}) if isinstance(settings, dict) else {}
    return settings if isinstance(settings, dict) else {}
