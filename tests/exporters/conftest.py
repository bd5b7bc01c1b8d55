"""A checkout as an export meets it: our own servers, and the glossary as the world of its kind."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

SHARED = ("data", "envs/__init__.py", "envs/base.py", "envs/tools.py", "envs/server")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("checkout")
    for name in (*SHARED, "verifiers/__init__.py", "verifiers/stdio.py"):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(ROOT / name)
    shutil.copy(HERE / "glossary_env.py", root / "envs" / "search.py")
    shutil.copy(HERE / "glossary_verifier.py", root / "verifiers" / "search.py")
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    # A script, not a link: a link would lose the packages of the environment it points to.
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return root


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path, str], ModuleType]]:
    """Imports a module of an export as a trainer would; its children and modules end with the test."""
    before = set(sys.modules)

    def load(export: Path, module: str) -> ModuleType:
        monkeypatch.syspath_prepend(str(export))
        return importlib.import_module(module)

    yield load
    for name in sorted(set(sys.modules) - before):
        if name.endswith(".checkout"):
            for child in sys.modules[name]._children.values():
                child.stop()
        if name.split(".")[0] in ("palaestra_verl", "palaestra_trl", "reward"):
            del sys.modules[name]
