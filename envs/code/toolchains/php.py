"""PHP packages: PHPUnit of the distribution, its own JUnit log, classes found as composer.json says.

Packages that need others are taken where they carry them in `vendor/`; composer's registry is not
asked. The interpreter reads no configuration of this machine.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from data.errors import SourceError
from envs.code.layout import Layout, checked, sources_of, text_of
from envs.code.spec import REPOSITORY, Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import FOLDER, REPORTS, Command, needs, plan, program
from envs.code.tree import Tree

PROGRAMS = {"php": "php-cli", "phpunit": "phpunit"}
EXTENSIONS = ("dom", "mbstring", "tokenizer", "xml", "xmlwriter", "ctype", "iconv", "simplexml")
"""What PHPUnit and most packages want; json and pcre are built in."""
_BUILT_IN = frozenset({"json", "pcre", "spl", "reflection", "hash", "date", "filter", "standard"})
_CASE = re.compile(r"\bclass\s+\w+\s+extends\s+\\?[\w\\]*TestCase\b")
_LOADER = """<?php
spl_autoload_register(function (string $class): void {{
    $prefixes = json_decode({prefixes}, true);
    foreach ($prefixes as $prefix => $folders) {{
        if ($prefix !== '' && strncmp($class, $prefix, strlen($prefix)) !== 0) continue;
        $rest = strtr(substr($class, strlen($prefix)), '\\\\', '/');
        foreach ($folders as $folder) {{
            $path = "{root}/$folder/$rest.php";
            if (is_file($path)) {{ require_once $path; return; }}
        }}
    }}
}});
foreach (json_decode({files}, true) as $file) require_once "{root}/$file";
"""


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
    return checked(
        Layout(
            toolchain=Toolchain(name="php", command="phpunit"),
            framework="phpunit",
            sources=sources_of(tree, [".php"]),
            tests=tuple(tests),
        )
    )


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    needs(PROGRAMS)
    return {}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return {}


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """One process a test file; a broken one does not keep the others from running."""
    order = request.seed if request.order is None else request.order
    shuffle = ("--order-by=random", f"--random-order-seed={order}") if order else ()
    runs = [
        Command(
            (
                *(
                    "php",
                    *_options(),
                    "/usr/bin/phpunit",
                    "--no-configuration",
                    "--do-not-cache-result",
                ),
                *("--bootstrap", f"{FOLDER}/loader.php", *shuffle),
                *("--log-junit", f"{REPORTS}/{number}.xml", module),
            ),
            form="junit",
            source=f"{REPORTS}/{number}.xml",
            module="",
        )
        for number, module in enumerate(request.modules)
    ]
    return plan(request, [], runs, {}, put={"loader.php": loader(request.tree)})


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """The package's classes load as they do in its tests."""
    argv = [
        "php",
        *_options(),
        "-d",
        f"auto_prepend_file={FOLDER}/loader.php",
        f"{FOLDER}/script.php",
    ]
    return program(argv, {}, {"script.php": request.script, "loader.php": loader(request.tree)})


def loader(tree: Tree) -> str:
    """What composer would write as vendor/autoload.php."""
    if "vendor/autoload.php" in tree:
        return f"<?php require_once '{REPOSITORY}/vendor/autoload.php';\n"
    settings = _settings(tree) or {}
    prefixes: dict[str, list[str]] = {}
    files: list[str] = []
    for group in ("autoload", "autoload-dev"):
        rules = settings.get(group, {})
        for prefix, folders in {**rules.get("psr-0", {}), **rules.get("psr-4", {})}.items():
            several = folders if isinstance(folders, list) else [folders]
            prefixes.setdefault(prefix, []).extend(folder.rstrip("/") for folder in several)
        files += rules.get("files", [])
        files += sorted(p for place in rules.get("classmap", []) for p in _below(tree, place))
    return _LOADER.format(
        prefixes=_quoted(json.dumps(prefixes)), files=_quoted(json.dumps(files)), root=REPOSITORY
    )


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


def _below(tree: Tree, place: str) -> Iterator[str]:
    folder = place.rstrip("/")
    for path in tree:
        inside = PurePosixPath(path).is_relative_to(folder) and path.endswith(".php")
        if inside or path == folder:
            yield path


def _options() -> list[str]:
    """No file of this machine is read; extensions are named one by one."""
    settings = ["memory_limit=1G", "zend.assertions=1", "date.timezone=UTC", "error_reporting=-1"]
    found = [f"extension={name}" for name in EXTENSIONS]
    return ["-n", *(word for text in [*settings, *found] for word in ("-d", text))]


def _quoted(text: str) -> str:
    """As a literal of PHP."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
