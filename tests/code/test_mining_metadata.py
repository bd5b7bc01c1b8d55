"""What a build would write is read from a commit's own files, in every notation."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from data.errors import SourceError
from envs.code.metadata import as_released
from envs.code.project import describe
from envs.code.tree import File, Tree

BASE = {
    "src/ledger/__init__.py": '__version__ = "1.2"\n\nimport httpx\n',
    "tests/test_sums.py": "import hypothesis\n\n\ndef test_sums():\n    pass\n",
}
PEP_621 = """\
[project]
name = "ledger"
version = "1.2"
dependencies = ["httpx>=0.20; python_version > '3'"]
[project.optional-dependencies]
test = ["hypothesis>=6; python_version > '3'"]
docs = ["sphinx"]
"""
HATCH = """\
[project]
name = "ledger"
dynamic = ["version"]
dependencies = ["httpx>=0.20"]
[project.optional-dependencies]
test = ["hypothesis>=6"]
[tool.hatch.version]
path = "src/ledger/__init__.py"
"""
SETUPTOOLS = """\
[project]
name = "ledger"
dynamic = ["version", "dependencies"]
[project.optional-dependencies]
test = ["hypothesis>=6"]
[tool.setuptools.dynamic]
version = {attr = "ledger.__version__"}
dependencies = {file = ["requirements.txt"]}
"""
POETRY = """\
[tool.poetry]
name = "ledger"
version = "1.2"
[tool.poetry.dependencies]
python = "^3.8"
httpx = ">=0.20"
[tool.poetry.extras]
[tool.poetry.group.test.dependencies]
hypothesis = ">=6"
"""
FLIT = """\
[tool.flit.metadata]
module = "ledger"
requires = ["httpx>=0.20"]
[dependency-groups]
test = ["hypothesis>=6"]
"""
SETUP_CFG = """\
[metadata]
name = ledger
version = attr: ledger.__version__
[options]
install_requires =
    httpx>=0.20
[options.extras_require]
test =
    hypothesis>=6
"""
SETUP_PY = """\
from setuptools import setup
import ledger
REQUIRES = ["httpx>=0.20"]
setup(name="ledger", version=ledger.__version__, install_requires=REQUIRES, extras_require={"test": ["hypothesis>=6"]})
open("/tmp/run-by-setup", "w")
"""


def tree_of(files: dict[str, str]) -> Tree:
    return {path: File(content=text.encode()) for path, text in files.items()}


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": PEP_621},
        {"pyproject.toml": HATCH},
        {
            "pyproject.toml": SETUPTOOLS,
            "requirements.txt": "httpx>=0.20  # for sums\n-r other.txt\n",
        },
        {"pyproject.toml": POETRY},
        {"pyproject.toml": FLIT},
        {"setup.cfg": SETUP_CFG, "setup.py": "from setuptools import setup\n\nsetup()\n"},
        {"setup.py": SETUP_PY},
    ],
    ids=["pep 621", "hatch", "setuptools", "poetry", "flit", "setup.cfg", "setup.py"],
)
def test_every_notation_says_the_same(files: dict[str, str]) -> None:
    project = describe(as_released(tree_of(BASE | files)))
    assert (project.name, project.version, project.root) == ("ledger", "1.2", "src")
    assert project.requirements == ("httpx>=0.20",)
    assert [text.partition(">")[0] for text in project.test_requirements] == ["hypothesis"]


@pytest.mark.parametrize(
    ("poetry", "standard"),
    [
        ("^1.2.3", "httpx<2,>=1.2.3"),
        ("^0.2.3", "httpx<0.3,>=0.2.3"),
        ("^0.0.3", "httpx<0.0.4,>=0.0.3"),
        ("~1.2.3", "httpx<1.3,>=1.2.3"),
        ("~1", "httpx<2,>=1"),
        ("~=1.2", "httpx~=1.2"),
        ("1.2", "httpx==1.2"),
        ("*", "httpx"),
        (">=1,<3", "httpx<3,>=1"),
    ],
)
def test_versions_in_poetrys_notation_are_translated(poetry: str, standard: str) -> None:
    text = f'[tool.poetry]\nname = "ledger"\nversion = "1"\n[tool.poetry.dependencies]\nhttpx = "{poetry}"\n'
    assert describe(as_released(tree_of(BASE | {"pyproject.toml": text}))).requirements == (
        standard,
    )


def test_a_version_that_only_tags_know_is_that_of_the_changelog() -> None:
    text = (
        '[project]\nname = "ledger"\ndynamic = ["version"]\n[tool.hatch.build.hooks.vcs]\n'
        'version-file = "src/ledger/_version.py"\n'
    )
    files = {"src/ledger/__init__.py": "", "tests/test_a.py": "", "pyproject.toml": text}
    tree = as_released(
        tree_of(files | {"CHANGELOG.md": "# Changes\n\n## 4.5.1 (2024-01-01)\n\n## 4.5.0\n"})
    )
    assert describe(tree).version == "4.5.1"
    assert b'"4.5.1"' in tree["src/ledger/_version.py"].content


def test_an_installed_package_can_be_asked_for_its_version(tmp_path: Path) -> None:
    for path, file in as_released(tree_of(BASE | {"pyproject.toml": HATCH})).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(file.content)
    found = importlib.metadata.distributions(path=[str(tmp_path / "src")])
    assert [(one.metadata["Name"], one.version) for one in found] == [("ledger", "1.2")]


def test_a_release_stays_as_it_is() -> None:
    tree = tree_of(
        BASE
        | {"PKG-INFO": "Metadata-Version: 2.1\nName: ledger\nVersion: 9\n", "setup.py": SETUP_PY}
    )
    assert as_released(tree) == tree


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"pyproject.toml": "[project\n"},
        {"pyproject.toml": "project = 7\n[tool]\npoetry = 'x'\n"},
        {"pyproject.toml": "[project]\nname = 7\n"},
        {"pyproject.toml": '[project]\nname = "../../etc"\n'},
        {"setup.py": "setup(name='x'\n"},
        {"setup.cfg": "name = 1\n[[["},
        {"setup.py": "(" * 5000},
    ],
)
def test_what_says_nothing_is_left_as_it_is_and_refused(files: dict[str, str]) -> None:
    tree = tree_of(BASE | files)
    assert as_released(tree) == tree
    with pytest.raises(SourceError, match="no_metadata"):
        describe(as_released(tree))


def test_version_files_stay_inside_the_tree() -> None:
    text = '[project]\nname = "ledger"\nversion = "1"\n[tool.setuptools_scm]\nwrite_to = "../../evil.py"\n'
    assert not any("evil" in path for path in as_released(tree_of(BASE | {"pyproject.toml": text})))


def test_no_code_of_a_tree_is_run(tmp_path: Path) -> None:
    trap = tmp_path / "run"
    source = f"open({str(trap)!r}, 'w')\nfrom setuptools import setup\nsetup(name='ledger', version='1')\n"
    command = (
        "import sys; from envs.code.metadata import as_released; from envs.code.tree import File; "
        + ("print(sorted(as_released({'setup.py': File(content=sys.stdin.buffer.read())})))")
    )
    done = subprocess.run(
        [sys.executable, "-c", command],
        input=source.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"PKG-INFO" in done.stdout
    assert not trap.exists()
