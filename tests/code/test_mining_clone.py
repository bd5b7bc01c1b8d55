"""Clones are read, never run: hostile configuration, odd trees, missing objects, trees by commit."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from data.errors import SourceError, TaskError
from envs.code import clone as clone_module
from envs.code.clone import Clone
from envs.code.origins.git import commit_tree
from envs.code.spec import Origin
from envs.code.tree import tree_hash
from envs.code.trees import origin_tree
from synth.code.mining.download import cloned
from tests.code.mining_repository import History

FILES = {
    "pyproject.toml": '[project]\nname = "tally"\nversion = "1.0"\n',
    "src/tally/__init__.py": "",
    "tests/test_counts.py": "def test_nothing():\n    pass\n",
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def working_copy(tmp_path: Path) -> Path:
    """A clone with its files, as a user has one."""
    bare = history().written(tmp_path / "bare.git")
    _git(tmp_path, "clone", "-q", str(bare), "copy")
    return tmp_path / "copy"


def history() -> History:
    history = History()
    history.commit("Begin", FILES)
    history.commit("Say more", {"README.md": "Tally\n"})
    return history


def _git(folder: Path, *arguments: str) -> None:
    names = {
        f"GIT_{who}_{what}": "ada@example.org"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **names}
    subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        check=True,
        timeout=60,
        capture_output=True,
    )


def test_nothing_that_a_hostile_repository_names_is_run(tmp_path: Path) -> None:
    copy = working_copy(tmp_path)
    proof = tmp_path / "run"
    trap = tmp_path / "trap"
    trap.write_text(f'#!/bin/sh\necho "$0 $@" >> {proof}\ncat\n')
    trap.chmod(0o755)
    (copy / ".git" / "config").write_text(
        f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {trap}\n\tpager = {trap}\n\teditor = {trap}\n"
        f"\tsshCommand = {trap}\n\talternateRefsCommand = {trap}\n\thooksPath = {tmp_path}/hooks\n"
        f"\tattributesFile = {tmp_path}/attributes\n\tworktree = /\n"
        f'[diff]\n\texternal = {trap}\n[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n'
        f'[filter "x"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n\trequired = true\n'
        f'[remote "origin"]\n\turl = ext::{trap}\n\tpromisor = true\n\tuploadpack = {trap}\n'
        f"[alias]\n\tlog = !{trap}\n\tls-tree = !{trap}\n\tcat-file = !{trap}\n[log]\n\tshowSignature = true\n"
        f"[gpg]\n\tprogram = {trap}\n[include]\n\tpath = {tmp_path}/more\n[extensions]\n\tpartialClone = origin\n"
    )
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for folder in (hooks, copy / ".git" / "hooks"):
        folder.mkdir(exist_ok=True)
        for name in (
            "post-checkout",
            "pre-commit",
            "reference-transaction",
            "fsmonitor-watchman",
            "post-index-change",
        ):
            shutil.copy(trap, folder / name)
    for attributes in (
        copy / ".gitattributes",
        copy / ".git" / "info" / "attributes",
        tmp_path / "attributes",
    ):
        attributes.parent.mkdir(exist_ok=True)
        attributes.write_text("* filter=x diff=x\n")
    _bait_is_real(copy, proof, trap)
    with Clone(copy) as clone:
        tree = clone.tree(clone.head)
        assert clone.dirty() == (".gitattributes",)
        assert len(clone.run("log", "-p", "--format=%H", clone.head)) > 100
        clone.name()
    assert sorted(tree) == sorted([*FILES, "README.md"])
    assert not proof.exists()


def _bait_is_real(copy: Path, proof: Path, trap: Path) -> None:
    """A plain call of git in the same folder does run the trap."""
    subprocess.run(
        ["git", "-c", "core.worktree=", "status"],
        cwd=copy,
        capture_output=True,
        timeout=60,
        check=False,
    )
    subprocess.run(
        ["git", "diff", "HEAD~1", "HEAD"], cwd=copy, capture_output=True, timeout=60, check=False
    )
    assert proof.exists()
    proof.unlink()


def test_replaced_and_grafted_commits_are_read_as_they_are(tmp_path: Path) -> None:
    copy = working_copy(tmp_path)
    with Clone(copy) as clone:
        head, honest = clone.head, clone.tree(clone.head)
        first = clone.commit(clone.run("rev-list", "--max-parents=0", head).decode().strip())
    _git(copy, "replace", head, first)
    (copy / ".git" / "info").mkdir(exist_ok=True)
    (copy / ".git" / "info" / "grafts").write_text(f"{head}\n")
    with Clone(copy) as clone:
        assert clone.tree(head) == honest
        assert clone.run("rev-list", "--count", head).strip() == b"2"


def test_links_submodules_and_odd_paths_are_left_out(tmp_path: Path) -> None:
    history = History()
    history.commit(
        "Begin",
        {
            **FILES,
            "link": "/etc/passwd",
            "inner": "1" * 40,
            b"caf\xe9.txt": "x",
            "run.sh": "#!/bin/sh\n",
        }
        | {"a/__pycache__/x.pyc": "x", "naïve.txt": "y"},
        modes={"link": "120000", "inner": "160000", "run.sh": "100755"},
    )
    with Clone(history.written(tmp_path / "odd.git")) as clone:
        tree = clone.tree(clone.head)
    assert sorted(tree) == sorted([*FILES, "naïve.txt", "run.sh"])
    assert [path for path, file in tree.items() if file.executable] == ["run.sh"]


@pytest.mark.parametrize(
    "name", ["bare", "copy", "worktree", "packed", "sha256", "tag", "detached"]
)
def test_every_layout_of_a_clone_is_read(tmp_path: Path, name: str) -> None:
    copy = working_copy(tmp_path)
    with Clone(copy) as clone:
        head = clone.head
    place, revision = copy, "HEAD"
    if name == "bare":
        place = tmp_path / "bare.git"
    elif name == "worktree":
        _git(copy, "worktree", "add", "-q", str(tmp_path / "linked"), "-b", "other")
        place = tmp_path / "linked"
    elif name == "packed":
        _git(copy, "gc", "-q")
        _git(copy, "pack-refs", "--all")
    elif name == "tag":
        _git(copy, "tag", "-a", "v1.0", "-m", "One")
        _git(copy, "pack-refs", "--all")
        revision = "v1.0"
    elif name == "detached":
        _git(copy, "checkout", "-q", head)
    elif name == "sha256":
        place = tmp_path / "long"
        _git(tmp_path, "init", "-q", "--object-format=sha256", str(place))
        for path, text in {**FILES, "README.md": "Tally\n"}.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text)
        _git(place, "add", ".")
        _git(place, "commit", "-q", "-m", "Begin")
    with Clone(place) as clone:
        commit = clone.commit(revision)
        assert (commit == head) == (name != "sha256")
        assert sorted(clone.tree(commit)) == sorted([*FILES, "README.md"])
        assert clone.dirty() == ()


def test_what_is_not_committed_is_named(tmp_path: Path) -> None:
    copy = working_copy(tmp_path)
    (copy / "README.md").write_text("Other\n")
    (copy / "new.txt").write_text("New\n")
    (copy / "src" / "tally" / "__init__.py").unlink()
    with Clone(copy) as clone:
        assert clone.dirty() == ("README.md", "new.txt", "src/tally/__init__.py")
        assert clone.tree(clone.head)["README.md"].content == b"Tally\n"


def test_a_missing_object_is_one_clear_line(tmp_path: Path) -> None:
    bare = history().written(tmp_path / "bare.git")
    with Clone(bare) as clone:
        blob = clone.entries(clone.head)[0].blob
    loose = bare / "objects" / blob[:2] / blob[2:]
    loose.chmod(loose.stat().st_mode | stat.S_IWUSR)
    loose.unlink()
    with Clone(bare) as clone, pytest.raises(SourceError, match=f"{blob[:12]} is missing"):
        clone.tree(clone.head)


@pytest.mark.parametrize("begun", [False, True], ids=["plain folder", "no commit"])
def test_what_is_no_repository_is_refused_in_one_line(tmp_path: Path, begun: bool) -> None:
    if begun:
        _git(tmp_path, "init", "-q")
    with pytest.raises(SourceError, match="no git repository|no commit 'HEAD'"):
        Clone(tmp_path)


@pytest.mark.parametrize(
    "revision", ["0" * 40, "--upload-pack=x", "../../HEAD", "nowhere", "main^{tree}"]
)
def test_what_is_no_commit_is_refused(tmp_path: Path, revision: str) -> None:
    with Clone(history().written(tmp_path / "bare.git")) as clone, pytest.raises(SourceError):
        clone.commit(revision)


def test_output_and_time_of_git_have_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Clone(history().written(tmp_path / "bare.git")) as clone:
        with pytest.raises(SourceError, match="did not end within"):
            clone.run("cat-file", "--batch", stdin=b"x\n" * 2_000_000, timeout_s=0.01)
        monkeypatch.setattr(clone_module, "MAX_OUTPUT_BYTES", 10)
        with pytest.raises(SourceError, match="wrote more than"):
            clone.run("log", "-p", clone.head)


def test_the_tree_of_an_origin_comes_from_its_clone_and_is_checked(
    tmp_path: Path, cache: Path
) -> None:
    bare = history().written(tmp_path / "bare.git")
    with Clone(bare) as clone:
        head, tree = clone.head, commit_tree(clone, clone.head)
    sha256 = tree_hash(tree)
    origin = Origin(source="git", project="tally", version=head, archive=str(bare), sha256=sha256)
    assert origin_tree(origin, sha256) == tree
    with pytest.raises(TaskError, match="not what it was"):
        origin_tree(origin, "0" * 64)


def test_a_clone_that_has_moved_is_found_in_a_named_folder(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = history()
    moved.commit("Move", {"moved.txt": str(tmp_path)})
    bare = moved.written(tmp_path / "bare.git")
    with Clone(bare) as clone:
        tree = commit_tree(clone, clone.head)
        origin = Origin(
            source="git",
            project="tally",
            version=clone.head,
            archive="/gone/bare.git",
            sha256="0" * 64,
        )
    with pytest.raises(TaskError, match="PALAESTRA_CLONES"):
        origin_tree(origin, tree_hash(tree))
    monkeypatch.setenv("PALAESTRA_CLONES", f"/nowhere:{tmp_path}")
    assert origin_tree(origin, tree_hash(tree)) == tree


def test_a_clone_is_made_once_and_whole(tmp_path: Path) -> None:
    bare = history().written(tmp_path / "bare.git")
    target = tmp_path / "clones" / "tally.git"
    assert cloned(str(bare), target)
    assert not cloned("/nowhere", target)
    with Clone(target) as clone, Clone(bare) as other:
        assert clone.tree(clone.head) == other.tree(other.head)
    assert [path.name for path in target.parent.iterdir()] == ["tally.git"]


def test_a_clone_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="git cannot clone"):
        cloned(str(tmp_path / "missing"), tmp_path / "clones" / "x.git")
    assert list((tmp_path / "clones").iterdir()) == []
