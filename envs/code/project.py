"""What a Python source tree says of itself: where its packages and tests lie, what they need.

Read from files that every source distribution has (`PKG-INFO`, `pyproject.toml`); nothing of the
tree is run, so nothing has to be built. Trees with extension modules are refused: they would.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from data.errors import SourceError
from data.record import Record
from envs.code.tree import Tree

ROOTS = ("src", "lib", "")
"""Where packages lie, relative to the tree, most telling first."""
TEST_GROUPS = ("test", "tests", "testing", "dev", "develop", "check")
_COMPILED = (".c", ".cc", ".cpp", ".pyx", ".pxd", ".rs", ".f90")
_TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test|tests?)\.py$")
_TEST_FOLDER = re.compile(r"(^|/)(tests?|testing|unittests?)/")
_CONFIGURATION = re.compile(
    r"(^|/)(conftest\.py|pytest\.ini|\.?pytest\.toml|tox\.ini|setup\.cfg|pyproject\.toml|noxfile\.py"
    r"|sitecustomize\.py|usercustomize\.py|[^/]*\.pth|[^/]*\.egg-info/.*|PKG-INFO)$"
)
_IMPORT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)|import[ \t]+([A-Za-z_][\w., \t]*))", re.MULTILINE
)
_NOT_SOURCE = frozenset({"docs", "doc", "examples", "benchmarks", "benchmark", "scripts", "tools"})
_IMPORTED_AS = {
    "attrs": "attr",
    "beautifulsoup4": "bs4",
    "pillow": "PIL",
    "python-dateutil": "dateutil",
    "pyyaml": "yaml",
    "setuptools": "pkg_resources",
}
"""Where the name of an import cannot be told from the distribution's."""
_REPORTING = frozenset(
    f"pytest-{name}"
    for name in ("cov", "xdist", "benchmark", "codspeed", "ruff", "black", "flake8", "randomly")
    + ("checkdocs", "enabler", "mypy", "sugar", "html", "timeout", "rerunfailures", "pylint")
)
"""Plugins that change how tests are run or reported, not what they mean."""


class Project(Record):
    name: str
    version: str
    root: str
    """Folder that has to be on the import path; '' for the tree itself."""
    sources: tuple[str, ...]
    """Paths of the modules that tasks may change, tests left out."""
    tests: tuple[str, ...]
    """Paths of the test modules."""
    requirements: tuple[str, ...]
    test_requirements: tuple[str, ...]


def is_test(path: str) -> bool:
    """Whether `path` belongs to the tests, with their data and helpers."""
    return bool(_TEST_FILE.search(path) or _TEST_FOLDER.search(path))


def is_configuration(path: str) -> bool:
    """Whether `path` decides how tests are found, run or reported."""
    return bool(_CONFIGURATION.search(path))


def describe(tree: Tree) -> Project:
    """Raises `SourceError` with the reason why `tree` is of no use to us."""
    if "PKG-INFO" not in tree:
        raise SourceError("no_metadata: it has no PKG-INFO")
    raw, _ = parse_email(tree["PKG-INFO"].content)
    name, version = raw.get("name", ""), raw.get("version", "")
    compiled = sorted(p for p in tree if p.endswith(_COMPILED) and not is_test(p))
    if compiled:
        raise SourceError(f"compiled: it has extension modules, e.g. {compiled[0]}")
    root, sources = _sources(tree)
    if not sources:
        raise SourceError("no_sources: it has no Python package that we can find")
    tests = tuple(p for p in sorted(tree) if _TEST_FILE.search(p) and p.endswith(".py"))
    if not tests:
        raise SourceError("no_tests: it ships no tests")
    plain, extra = _requirements(tree, raw.get("requires_dist", []) or _built(tree))
    return Project(
        name=name,
        version=version,
        root=root,
        sources=sources,
        tests=tests,
        requirements=plain,
        test_requirements=extra,
    )


def _sources(tree: Tree) -> tuple[str, tuple[str, ...]]:
    for root in ROOTS:
        prefix = f"{root}/" if root else ""
        packages = {
            path[len(prefix) :].partition("/")[0]
            for path in tree
            if path.startswith(prefix)
            and path[len(prefix) :].count("/") == 1
            and path.endswith("/__init__.py")
        }
        modules = [
            path
            for path in sorted(tree)
            if path.startswith(prefix)
            and path.endswith(".py")
            and _is_source(path, prefix, packages)
        ]
        if modules:
            return root, tuple(modules)
    return "", ()


def _is_source(path: str, prefix: str, packages: set[str]) -> bool:
    inner = path[len(prefix) :]
    top = PurePosixPath(inner).parts[0]
    if is_test(path) or is_configuration(path) or top in _NOT_SOURCE:
        return False
    return top in packages or ("/" not in inner and inner not in ("setup.py", "conftest.py"))


def _requirements(tree: Tree, requires: list[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the packages need; and of all that is declared for tests, what the tests really use."""
    plain: dict[str, str] = {}
    extra: dict[str, str] = {}
    for requirement in _parsed(requires):
        for group in ("", *TEST_GROUPS):
            if requirement.marker is None or requirement.marker.evaluate({"extra": group}):
                into = extra if group else plain
                into.setdefault(canonicalize_name(requirement.name), _bare(requirement))
                break
    for requirement in _parsed(_declared(tree)):
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            extra.setdefault(canonicalize_name(requirement.name), _bare(requirement))
    imported = _imported(tree)
    used = (name for name in sorted(extra) if name not in plain and _is_used(name, imported))
    return tuple(plain[name] for name in sorted(plain)), tuple(extra[name] for name in used)


def _is_used(name: str, imported: set[str]) -> bool:
    if name.startswith("pytest-"):
        return name not in _REPORTING
    guess = name.replace("-", "_")
    names = {guess, guess.removeprefix("python_"), _IMPORTED_AS.get(name, guess)}
    return bool(names & imported)


def _imported(tree: Tree) -> set[str]:
    """Top-level names that modules and tests import; documentation and tools do not count."""
    found: set[str] = set()
    for path, file in tree.items():
        if path.endswith(".py") and PurePosixPath(path).parts[0] not in _NOT_SOURCE:
            for one, several in _IMPORT.findall(file.content):
                names = [one] if one else several.split(b",")
                found |= {name.split()[0].split(b".")[0].decode() for name in names if name.strip()}
    return found


def _bare(requirement: Requirement) -> str:
    """Without its marker, which has been evaluated."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _parsed(texts: list[str]) -> Iterator[Requirement]:
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if requirement.url is None:
            yield requirement


def _built(tree: Tree) -> list[str]:
    """Requirements as setuptools writes them beside `PKG-INFO`, which old versions leave empty."""
    path = next((p for p in sorted(tree) if p.endswith(".egg-info/requires.txt")), "")
    found: list[str] = []
    extra = marker = ""
    for line in tree[path].content.decode(errors="replace").splitlines() if path else ():
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
        elif line.strip():
            wanted = [f"({marker})"] if marker else []
            wanted += [f'extra == "{extra}"'] if extra else []
            found.append(f"{line}; {' and '.join(wanted)}" if wanted else line)
    return found


def _declared(tree: Tree) -> list[str]:
    """Test requirements outside the metadata: dependency groups, tool tables, requirement files."""
    found: list[str] = []
    settings: dict[str, Any] = {}
    if "pyproject.toml" in tree:
        try:
            settings = tomllib.loads(tree["pyproject.toml"].content.decode())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            settings = {}
    for group, entries in settings.get("dependency-groups", {}).items():
        if group in TEST_GROUPS:
            found += [entry for entry in entries if isinstance(entry, str)]
    poetry = settings.get("tool", {}).get("poetry", {})
    groups = [poetry.get("dev-dependencies", {})]
    groups += [g.get("dependencies", {}) for g in poetry.get("group", {}).values()]
    found += [name for group in groups for name in group if name != "python"]
    for path in sorted(tree):
        name = PurePosixPath(path).name
        if re.fullmatch(r"(requirements[-_.])?(tests?|dev)([-_.]requirements)?\.(txt|in)", name):
            lines = tree[path].content.decode(errors="replace").splitlines()
            found += [line.partition(" #")[0].strip() for line in lines if line[:1].isalpha()]
    return found
