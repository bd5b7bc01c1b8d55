"""Go modules: `go test -json`, without network and with a build cache of the run's own.

Modules that need others are taken where they carry them in `vendor/`; no module proxy is asked.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from data.errors import EnvironmentFault, SourceError
from envs.code.layout import Layout, checked, sources_of, text_of
from envs.code.spec import Toolchain
from envs.code.toolchains.base import Plan, RunRequest
from envs.code.toolchains.driven import FOLDER, Command, needs, plan, program
from envs.code.tree import Tree

PROGRAMS = {"go": "golang-go", "gcc": "gcc"}
ROOT = Path("/usr/lib/go")
_GO = re.compile(r"^go\s+(\d+)\.(\d+)", re.MULTILINE)
_REQUIRED = re.compile(r"^\s*(?:require\s+)?([\w.-]+\.[\w.-]+/\S+)\s+v\S+", re.MULTILINE)
_ENVIRONMENT = {
    "GOPROXY": "off",
    "GOFLAGS": "-buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOCACHE": "/tmp/go-cache",
    "GOPATH": "/tmp/go",
    "GOMAXPROCS": "2",
    # The distribution's own archives of the standard library are built with cgo; without it all of
    # them would be compiled anew in every run.
    "CGO_ENABLED": "1",
}


def describe(tree: Tree) -> Layout | None:
    """None for what is no Go module; raises `SourceError` for one that we cannot run."""
    if "go.mod" not in tree:
        return None
    settings = text_of(tree, "go.mod")
    required = _REQUIRED.findall(settings)
    if required and "vendor/modules.txt" not in tree:
        raise SourceError(f"dependencies: it needs {required[0]} and carries no vendor folder")
    wanted = _GO.search(settings)
    if wanted and (int(wanted[1]), int(wanted[2])) > version():
        raise SourceError(f"go_version: it needs Go {wanted[1]}.{wanted[2]}")
    tests = (p for p in sorted(tree) if p.endswith("_test.go") and not p.startswith("vendor/"))
    return checked(
        Layout(
            toolchain=Toolchain(name="go", command="go test ./..."),
            framework="go test",
            sources=sources_of(tree, [".go"]),
            tests=tuple(tests),
        )
    )


def version() -> tuple[int, int]:
    """Of the Go that is installed; raises `EnvironmentFault` if none is."""
    needs(PROGRAMS)
    try:
        found = re.match(r"go(\d+)\.(\d+)", (ROOT / "VERSION").read_text())
    except OSError as error:
        raise EnvironmentFault(f"{ROOT} holds no Go: install Debian's golang-go") from error
    assert found is not None
    return int(found[1]), int(found[2])


def mounts(toolchain: Toolchain) -> Mapping[str, Path]:
    needs(PROGRAMS)
    return {}


def variables(toolchain: Toolchain, mounts: Mapping[str, Path]) -> Mapping[str, str]:
    return _ENVIRONMENT


def tests(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """One command for all packages: those of the test files of `request.modules`."""
    folders = {PurePosixPath(module).parent.as_posix() for module in request.modules}
    packages = [f"./{folder}" if folder != "." else "." for folder in sorted(folders)]
    order = request.seed if request.order is None else request.order
    shuffle = [f"-shuffle={order}"] if order else []
    chosen = [f"-run=^({'|'.join(_functions(request.ids))})$"] if request.ids else []
    argv = ["go", "test", "-json", "-vet=off", "-count=1", *shuffle, *chosen, *packages]
    build = Command(("go", "build", "./..."))
    return plan(request, [build], [Command(tuple(argv), form="go")], _ENVIRONMENT, clock=False)


def script(request: RunRequest, mounts: Mapping[str, Path]) -> Plan:
    """A `package main` that imports the tree's module, run from inside the tree."""
    overlay = f'{{"Replace": {{"./palaestra_script/main.go": "{FOLDER}/main.go"}}}}'
    argv = ["go", "run", f"-overlay={FOLDER}/overlay.json", "./palaestra_script"]
    return program(argv, _ENVIRONMENT, {"main.go": request.script, "overlay.json": overlay})


def _functions(ids: tuple[str, ...]) -> list[str]:
    """Test functions of `ids`, subtests with the function that they belong to."""
    return sorted({re.escape(name.partition("::")[2].partition("/")[0]) for name in ids})
