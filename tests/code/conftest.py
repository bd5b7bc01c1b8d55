"""Keeps the sample project where tasks look for it."""

from pathlib import Path

import pytest

from envs.code.trees import keep_tree
from tests.code.spans import TREE


@pytest.fixture
def kept(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.getbasetemp() / "spans-cache"
    monkeypatch.setenv("PALAESTRA_CACHE", str(folder))
    keep_tree(TREE)
    return folder
