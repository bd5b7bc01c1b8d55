"""Source trees are taken from archives without harm, and say what they need."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from data.errors import SourceError
from envs.code.project import describe, is_configuration, is_test
from envs.code.tree import File, Tree, packed, read_folder, tree_hash, unpack

METADATA = """Metadata-Version: 2.1
Name: scales
Version: 1.2
Requires-Dist: attrs>=21
Requires-Dist: pytz; python_version < "3"
Requires-Dist: hypothesis; extra == "test"
Requires-Dist: sphinx; extra == "test"
Requires-Dist: pytest-mock; extra == "test"
Requires-Dist: pytest-xdist; extra == "test"
"""
FILES = {
    "PKG-INFO": METADATA,
    "pyproject.toml": '[dependency-groups]\ntest = ["pyyaml>=6", "tox"]\n',
    "src/scales/__init__.py": "from scales.weigh import weigh\n",
    "src/scales/weigh.py": "import attr\ndef weigh(x): return x\n",
    "tests/test_weigh.py": "import yaml, hypothesis\n",
    "tests/conftest.py": "",
    "docs/conf.py": "import sphinx\n",
}


def tree(**extra: str) -> dict[str, File]:
    return {p: File(content=t.encode()) for p, t in {**FILES, **extra}.items()}


def archive(folder: Path, files: Tree) -> Path:
    path = folder / "scales-1.2.tar"
    path.write_bytes(packed({f"scales-1.2/{p}": f for p, f in files.items()}))
    return path


def test_an_archive_is_the_tree_it_was_made_from(tmp_path: Path) -> None:
    made = {**tree(), "run.sh": File(content=b"#!/bin/sh\n", executable=True)}
    found = unpack(archive(tmp_path, made))
    assert found == dict(sorted(made.items()))
    assert packed(found) == packed(dict(reversed(found.items())))
    for name, file in made.items():
        place = tmp_path / "tree" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.content)
        place.chmod(0o755 if file.executable else 0o644)
    assert tree_hash(read_folder(tmp_path / "tree")) == tree_hash(made)


def test_what_leaves_a_tree_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "evil.tar"
    with tarfile.open(path, "w") as out:
        for name in ("top/fine.py", "top/../../evil.py", "/etc/evil", "top/.git/config"):
            member = tarfile.TarInfo(name)
            member.size = 1
            out.addfile(member, io.BytesIO(b"x"))
        link = tarfile.TarInfo("top/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        out.addfile(link)
    assert list(unpack(path)) == ["fine.py"]
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as zipped:
        zipped.writestr("top/fine.py", "x")
        info = zipfile.ZipInfo("top/link.py")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        zipped.writestr(info, "/etc/passwd")
    assert list(unpack(tmp_path / "evil.zip")) == ["fine.py"]


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.tar.gz"
    path.write_text("no archive")
    with pytest.raises(SourceError, match="notes.tar.gz is no readable archive"):
        unpack(path)


def test_a_tree_says_where_things_lie_and_what_its_tests_really_use() -> None:
    project = describe(tree())
    assert (project.name, project.version, project.root) == ("scales", "1.2", "src")
    assert project.sources == ("src/scales/__init__.py", "src/scales/weigh.py")
    assert project.tests == ("tests/test_weigh.py",)
    assert project.requirements == ("attrs>=21",)
    assert project.test_requirements == ("hypothesis", "pytest-mock", "pyyaml>=6")


@pytest.mark.parametrize(
    ("without", "extra", "reason"),
    [
        ("PKG-INFO", {}, "no_metadata"),
        ("tests/test_weigh.py", {}, "no_tests"),
        ("", {"src/scales/fast.c": ""}, "compiled: .*fast.c"),
        ("src/scales/__init__.py", {"src/scales/weigh.py": ""}, "no_sources"),
    ],
)
def test_a_tree_of_no_use_says_why(without: str, extra: dict[str, str], reason: str) -> None:
    given = {path: file for path, file in tree(**extra).items() if path != without}
    with pytest.raises(SourceError, match=reason):
        describe(given)


def test_tests_and_their_configuration_are_told_from_sources() -> None:
    assert is_test("pkg/tests/data/x.json")
    assert is_test("test_x.py")
    assert not is_test("pkg/testing_tools.py")
    assert is_configuration("a/conftest.py")
    assert is_configuration("setup.cfg")
    assert not is_configuration("pkg/config.py")


def test_requirements_are_found_where_old_build_tools_left_them() -> None:
    lines = 'attrs>=21\n\n[:python_version < "3"]\npytz\n\n[test]\npyyaml\nsphinx\n'
    metadata = "Metadata-Version: 2.1\nName: scales\nVersion: 1.2\n"
    extra = {"PKG-INFO": metadata, "src/scales.egg-info/requires.txt": lines, "pyproject.toml": ""}
    project = describe(tree(**extra))
    assert project.requirements == ("attrs>=21",)
    assert project.test_requirements == ("pyyaml",)
