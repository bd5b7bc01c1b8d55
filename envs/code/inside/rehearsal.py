"""Runs the framework once over tests of our own, so that what it loads late is there to be forked.

A program of the provider without a `main`: it runs when the nursery starts, and leaves nothing but
loaded modules and filled caches.
"""

import io
import logging
import os
import shutil
import sys
import tempfile
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import pytest

_MODULE = """\
import unittest
import pytest

@pytest.fixture
def number(tmp_path, monkeypatch, capsys):
    return 1

@pytest.mark.parametrize("other", [1, 2])
def test_number(number, other):
    assert number == other

def test_raises():
    with pytest.raises(ValueError, match="x"):
        raise ValueError("x")

class TestCase(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(1, 2)
"""


def rehearse() -> None:
    """Whatever the run changes in this process is put back."""
    folder = Path(tempfile.mkdtemp())
    before = sys.path[:], sys.argv[:], dict(os.environ), Path.cwd()
    handlers = logging.root.handlers[:]
    try:
        (folder / "test_rehearsal.py").write_text(_MODULE)
        arguments = ["-q", "--tb=no", "--assert=plain", "-p", "no:cacheprovider"]
        arguments += ["--rootdir", str(folder), f"--junitxml={folder / 'report.xml'}"]
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            pytest.main([*arguments, f"--basetemp={folder / 'temporary'}", str(folder)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        sys.path[:], sys.argv[:] = before[0], before[1]
        os.environ.clear()
        os.environ.update(before[2])
        os.chdir(before[3])
        logging.root.handlers[:] = handlers
        sys.modules.pop("test_rehearsal", None)


rehearse()
