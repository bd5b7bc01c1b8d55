"""Source trees are found by their hash, fetched where they are not kept, and never believed."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from data.errors import EnvironmentFault, TaskError
from envs.code import trees
from envs.code.spec import Files, Origin, Parameters, Toolchain
from envs.code.tree import File, packed, tree_hash, unpacked
from envs.code.trees import agent_tree, keep_tree, laid_over, origin_tree

TREE = {
    "run.sh": File(content=b"#!/bin/sh\n", executable=True),
    "scales/__init__.py": File(content=b""),
    "scales/weigh.py": File(content="# \u96ea\n".encode()),
    "tests/data.bin": File(content=bytes(range(256))),
}
ARCHIVE = "scales-1.2.tar"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trees, "_held", trees._Held(trees.MAX_HELD_BYTES))
    return tmp_path / "cache"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Origin]:
    """A package index with one archive; what it takes to have that."""
    page = tmp_path / "index" / "scales"
    page.mkdir(parents=True)
    content = packed({f"scales-1.2/{path}": file for path, file in TREE.items()})
    (page / ARCHIVE).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    (page / "index.html").write_text(f'<a href="{ARCHIVE}#sha256={sha256}">{ARCHIVE}</a>')
    handler = functools.partial(Quiet, directory=str(page.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
        yield Origin(
            source="sdist", project="scales", version="1.2", archive=ARCHIVE, sha256=sha256
        )
        server.shutdown()


def forget() -> None:
    """What this process holds in memory."""
    trees._held = trees._Held(trees.MAX_HELD_BYTES)


def test_a_packed_tree_is_the_same_when_unpacked() -> None:
    assert unpacked(packed(TREE)) == TREE
    alone = {"scales/weigh.py": TREE["scales/weigh.py"]}
    assert unpacked(packed(alone)) == alone


def test_a_tree_is_fetched_once_and_then_found(
    index: Origin, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert origin_tree(index, tree_hash(TREE)) == TREE
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:1/")
    forget()
    assert origin_tree(index, tree_hash(TREE)) == TREE
    assert origin_tree(index, tree_hash(TREE)) is origin_tree(index, tree_hash(TREE))


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "no tar"])
def test_a_damaged_tree_is_fetched_again(index: Origin, cache: Path, damage: str) -> None:
    origin_tree(index, tree_hash(TREE))
    (kept,) = cache.glob("trees/*/tree.tar")
    whole = kept.read_bytes()
    other = packed({**TREE, "run.sh": File(content=b"rm -rf /")})
    kept.write_bytes(
        {"cut": whole[:700], "other": other, "empty": b"", "no tar": b"x" * 999}[damage]
    )
    forget()
    assert origin_tree(index, tree_hash(TREE)) == TREE
    assert kept.read_bytes() == whole


def test_a_source_that_changed_or_is_gone_makes_the_task_invalid(
    index: Origin, cache: Path
) -> None:
    with pytest.raises(TaskError, match="scales 1.2 is not what it was"):
        origin_tree(index, "0" * 64)
    for change, reason in (
        ({"sha256": "1" * 64}, "not in the package index"),
        ({"project": "no-such-project", "sha256": "1" * 64}, "no project"),
        ({"source": "nowhere"}, "no source 'nowhere'"),
        ({"archive": "../../scales.tar"}, "no file name"),
    ):
        with pytest.raises(TaskError, match=reason):
            origin_tree(index.model_copy(update=change), "0" * 64)
    assert not list(cache.glob("trees/tree-*"))


def test_a_cache_that_cannot_be_written_is_one_clear_fault(
    index: Origin, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match=r"cannot keep a source tree .* PALAESTRA_CACHE"):
        keep_tree(TREE)


def keep_some(number: int) -> str:
    return keep_tree({**TREE, "number": File(content=b"%d" % (number % 2))})


def test_processes_keep_the_same_tree_at_the_same_time(cache: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        found = list(pool.map(keep_some, range(24)))
    assert len(set(found)) == 2
    assert sorted(path.name for path in (cache / "trees").iterdir()) == sorted(
        f"tree-{sha256[:32]}" for sha256 in set(found)
    )


def test_the_agent_gets_the_tree_without_what_is_removed_and_with_what_lies_over_it() -> None:
    sha256 = keep_tree(TREE)
    overlay: Files = {"run.sh": "#!/bin/bash\n", "scales/new.py": "\u96ea", "tests/data.bin": None}
    parameters = Parameters(
        origin=Origin(source="sdist", project="p", version="1", archive="a", sha256="0" * 64),
        tree_sha256=sha256,
        toolchain=Toolchain(command="pytest"),
        sources=("scales/",),
        removed=("scales/weigh.py", "absent"),
        overlay=overlay,
    )
    found = agent_tree(parameters)
    assert list(found) == ["run.sh", "scales/__init__.py", "scales/new.py"]
    assert found["run.sh"] == File(content=b"#!/bin/bash\n", executable=True)
    assert found["scales/new.py"] == File(content="\u96ea".encode())
    assert laid_over(TREE, {}) == TREE


def test_memory_holds_the_trees_used_last_up_to_a_size() -> None:
    held = trees._Held(1000)
    for name in "abc":
        held.put(name, {name: File(content=b"x" * 400)})
        held.get("a")
    assert [name for name in "abc" if held.get(name)] == ["a", "c"]
    held.put("huge", {"huge": File(content=b"x" * 2000)})
    assert held.get("huge") is None
