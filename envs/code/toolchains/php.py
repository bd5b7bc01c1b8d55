"""PHP packages: PHPUnit of the distribution, its own JUnit log, classes found as composer.json says.

Packages that need others are taken where they carry them in `vendor/`; composer's registry is not
asked. The interpreter reads no settings of this machine.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from data.errors import SourceError
from envs.code.layout import Layout, checked, sources_of, text_of
from envs.code.spec import Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import FOLDER, REPORTS, Command, needs, plan, program
from envs.code.tree import Tree

PROGRAMS = {"php": "php-cli", "phpunit": "phpunit"}
EXTENSIONS = ("dom", "mbstring", "tokenizer", "xml", "xmlwriter", "ctype", "iconv", "simplexml")
"""What PHPUnit and most packages want; `inside/php` loads them, json and pcre are built in."""
_BUILT_IN = frozenset({"json", "pcre", "spl", "reflection", "hash", "date", "filter", "standard"})
_CASE = re.compile(r"\bclass\s+\w+\s+extends\s+\\?[\w\\]*TestCase\b")
PLACE = "/opt/php"
"""Settings, and a file that every program loads first; see `envs.code.inside.php`."""
_ENVIRONMENT = {"PHPRC": PLACE, "PHP_INI_SCAN_DIR": PLACE}


def describe(tree: Tree) -> Layout | None:
    """None for what is no composer package; raises `SourceError` for one that we cannot run."""
    settings = _settings(tree)
    if settings is None:
        return None
    if "vendor/autoload.php" not in tree:
        for name in {**settings.get("require", {}), **settings.get("require-dev", {})}:
            if problem := _problem(name):
                raise SourceError(f"dependencies: it needs {name}{problem}")
    tests = [
        path
        for path in sorted(tree)
        if path.endswith("Test.php")
        and not path.startswith("vendor/")
        and _CASE.search(text_of(tree, path))
    ]
    folder = tests[0].partition("/")[0] if tests else ""
    return checked(
        Layout(
            toolchain=Toolchain(name="php", command=f"phpunit {folder}"),
            framework="phpunit",
            sources=sources_of(tree, [".php"]),
            tests=tuple(tests),
        )
    )


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    needs(PROGRAMS)
    return {PLACE: Path(str(files("envs.code.inside"))) / "php"}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return _ENVIRONMENT


def links(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """One process a test file; a broken one does not keep the others from running."""
    order = request.seed if request.order is None else request.order
    shuffle = ("--order-by=random", f"--random-order-seed={order}") if order else ()
    runs = []
    for number, module in enumerate(request.modules):
        report = f"{REPORTS}/{number}.xml"
        options = ("--no-configuration", "--do-not-cache-result", *shuffle, "--log-junit", report)
        runs.append(Command(("phpunit", *options, module), form="junit", source=report))
    return plan(request, [], runs, _ENVIRONMENT)


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """The package's classes load as they do in its tests."""
    argv = ("php", f"{FOLDER}/script.php")
    return program(argv, _ENVIRONMENT, {"script.php": request.script})


def _settings(tree: Tree) -> dict[str, Any] | None:
    if "composer.json" not in tree:
        return None
    try:
        found = json.loads(text_of(tree, "composer.json"))
    except json.JSONDecodeError as error:
        raise SourceError(f"composer.json is no JSON: {error}") from error
    return found if isinstance(found, dict) else {}


def _problem(name: str) -> str:
    """Why a requirement is not here; empty if it is."""
    if name in ("php", "phpunit/phpunit", "composer-runtime-api") or name.startswith("php-"):
        return ""
    if name.startswith("ext-"):
        known = name.removeprefix("ext-").lower() in {*EXTENSIONS, *_BUILT_IN}
        return "" if known else ", an extension that is not installed"
    return " and carries no vendor folder"
