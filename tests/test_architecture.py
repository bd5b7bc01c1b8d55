"""The shape of the repository: kinds fill their slots, layers stay light, our names are ours."""

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

from data.task import TaskKind

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("synth", "agents", "verifiers", "envs", "data")
SLOTS = {
    "envs": {"Env", "greedy", "final_message", "diagnose"},
    "verifiers": {"verify"},
    "synth": {"VERSION", "AUTHORS", "catalogue", "prepare", "warm", "generate", "parts"},
}
MAX_LINES = 400


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("layer", list(SLOTS))
def test_every_kind_fills_every_slot(kind: TaskKind, layer: str) -> None:
    module = import_module(f"{layer}.{kind}")
    assert SLOTS[layer] <= set(dir(module))


@pytest.mark.parametrize("kind", list(TaskKind))
def test_every_kind_has_its_tests_and_its_example(kind: TaskKind) -> None:
    assert list((ROOT / "tests" / "kinds").glob(f"test_{kind}*.py"))
    assert (ROOT / "examples" / f"{kind}.py").is_file()


@pytest.mark.parametrize("package", PACKAGES)
def test_our_packages_are_not_shadowed_by_an_installed_one(package: str) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).parent == ROOT / package
    assert set(packages_distributions().get(package, ["palaestra"])) == {"palaestra"}


def test_kind_free_layers_never_ask_for_the_kind() -> None:
    for layer in ("agents", "data"):
        for path in (ROOT / layer).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                    named = node.value.id == "TaskKind" and node.attr.isupper()
                    assert not named, f"{path.name}:{node.lineno} names a kind"


@pytest.mark.parametrize("heavy", ["torch", "triton", "vllm", "ray", "matplotlib", "tantivy"])
def test_help_loads_nothing_heavy(heavy: str) -> None:
    code = (
        "import sys, runpy; sys.argv = ['cli.py', '--help']\n"
        "try: runpy.run_path('cli.py', run_name='__main__')\n"
        f"except SystemExit: print({heavy!r} in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, timeout=60)
    assert done.stderr.decode().strip().endswith("False")


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_does_nothing(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {package}"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0
    loaded = done.stderr.decode()
    assert not any(name in loaded for name in ("sqlalchemy", "aiohttp", "pyarrow", "tantivy"))


def test_no_module_outgrows_the_limit() -> None:
    sizes = {
        path.relative_to(ROOT): len(path.read_text().splitlines())
        for package in (*PACKAGES, "model", "kernels")
        for path in (ROOT / package).rglob("*.py")
    }
    assert {path: size for path, size in sizes.items() if size > MAX_LINES} == {}
