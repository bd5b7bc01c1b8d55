"""Patches apply where they fit and nowhere else; a patch series gives one bug a patch."""

import difflib
import hashlib
import io
import lzma
import shutil
import tarfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from data.errors import SourceError
from envs.code import trees
from envs.code.origins import debian as origin
from envs.code.tree import File
from synth.code import debian, fixes
from synth.code.fixes import miner
from synth.code.patches import fields, parse, patched, references
from synth.code.series import package_of
from tests.code.index import archive

OLD = {
    "scales/__init__.py": "",
    "scales/weigh.py": "def total(weights):\n    return sum(weights[1:])\n\n\n"
    "def mean(weights):\n    return sum(weights)\n\n\ndef heaviest(weights):\n    return max(weights)\n",
    "tests/test_weigh.py": "from scales import weigh\n\n\n"
    "def test_heaviest():\n    assert weigh.heaviest([1, 2]) == 2\n",
    "docs/conf.py": "theme = 1\n",
}
CODE, TESTS, DOCS = "scales/weigh.py", "tests/test_weigh.py", "docs/conf.py"


def diff(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    found = ""
    for path in sorted({*before, *after}):
        left, right = before.get(path, ""), after.get(path, "")
        names = f"a/{path}" if path in before else "/dev/null", f"b/{path}"
        found += "".join(
            difflib.unified_diff(left.splitlines(True), right.splitlines(True), *names)
        )
    return found


def changed(files: Mapping[str, str], path: str, old: str, new: str) -> dict[str, str]:
    assert old in files[path]
    return {**files, path: files[path].replace(old, new)}


def tree(files: Mapping[str, str]) -> dict[str, File]:
    return {path: File(content=text.encode()) for path, text in files.items()}


def test_a_patch_makes_what_it_was_made_from() -> None:
    new = {**changed(OLD, CODE, "[1:]", ""), "scales/new.py": "x = 1\n"}
    patch = parse("fix.patch", f"Description: fix\n---\n{diff(OLD, new)}")
    assert patched(tree(OLD), patch) == {CODE: new[CODE], "scales/new.py": "x = 1\n"}
    moved = changed(OLD, CODE, "def total", "import math\nimport os\n\n\ndef total")
    text = patched(tree(moved), patch)[CODE] or ""
    assert text == moved[CODE].replace("[1:]", "")


def test_line_ends_of_the_file_stay() -> None:
    patch = parse("fix.patch", diff(OLD, changed(OLD, CODE, "[1:]", "")))
    windows = {CODE: OLD[CODE].replace("\n", "\r\n")}
    assert patched(tree(windows), patch)[CODE] == windows[CODE].replace("[1:]", "")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("--- a/../../etc/x\n+++ b/../../etc/x\n@@ -0,0 +1 @@\n+x\n", "leaves its tree"),
        ("--- /dev/null\n+++ b//etc/x\n@@ -0,0 +1 @@\n+x\n", "leaves its tree"),
        ("--- a/scales/weigh.py\n+++ b/scales/weigh.py\n@@ -1 +1 @@\n-nowhere\n+x\n", "not apply"),
        ("--- a/scales/weigh.py\n+++ b/scales/weigh.py\n@@ -1,9 +1,9 @@\n def\n", "is cut"),
        ("x" * (2 << 20), "characters"),
    ],
)
def test_a_patch_that_leaves_its_tree_or_does_not_fit_is_refused(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        patched(tree(OLD), parse("bad.patch", text))


def test_headers_are_read_in_both_forms() -> None:
    plain = "Description: Totals miss one\n The first weight was lost.\nBug-Debian: #7\n"
    assert fields(plain)["description"] == "Totals miss one\nThe first weight was lost."
    mail = "From: A <a@b.c>\nSubject: [PATCH 1/2] Totals miss\n one\n\nThe first is lost.\n---\n x"
    assert fields(mail)["description"] == "Totals miss one\n\nThe first is lost."
    assert list(references("cve-2024-0001, CVE-2024-0001 and GHSA-aaaa-bbbb-cccc")) == [
        "CVE-2024-0001",
        "GHSA-AAAA-BBBB-CCCC",
    ]


def test_a_title_that_says_nothing_is_none() -> None:
    def told(header: str) -> tuple[str, str]:
        story = debian.story(parse("CVE-2024-0001.patch", header))
        return story.title, story.text

    assert told("Description: Fix CVE-2024-0001\n") == ("", "")
    assert told("Subject: Merge commit from fork\n\nAdd a limit.\n---\n") == ("", "Add a limit.")
    assert told("Description: Fix totals\n") == ("Fix totals", "Fix totals")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source package in a repository on this machine, which apt is told of."""
    if shutil.which("apt-get") is None:
        pytest.skip("apt-get is not installed")
    fixed = changed(OLD, CODE, "[1:]", "")
    fixed = changed(fixed, TESTS, "def test_heaviest", TOTAL + "def test_heaviest")
    themed = changed(fixed, DOCS, "1", "2")
    named = changed(themed, CODE, "def mean", "def median(weights):\n    pass\n\n\ndef mean")
    named = changed(named, TESTS, "def test_heaviest", MEDIAN + "def test_heaviest")
    meant = changed(named, CODE, "    return sum(weights)\n\n\ndef h", MEAN + "\n\n\ndef h")
    meant = changed(meant, TESTS, "def test_heaviest", TESTED_MEAN + "def test_heaviest")
    series = {
        "total.patch": "Description: Totals miss the first weight\nBug-Debian: #7\n---\n"
        + diff(OLD, fixed),
        "theme.patch": diff(fixed, themed),
        "median.patch": diff(themed, named),
        "CVE-2024-0001.patch": "Subject: [PATCH] Means are sums\n\nDivide.\n---\n"
        + diff(named, meant),
        "broken.patch": diff({CODE: "nothing\n"}, {CODE: "something\n"}),
    }
    repository = tmp_path / "repository"
    repository.mkdir()
    contents = {
        "scales_1.0.orig.tar.xz": lzma.compress(archive("scales", "1.0", OLD)),
        "scales_1.0-2.debian.tar.xz": packaging(series),
    }
    sums = "".join(f" {hashlib.sha256(c).hexdigest()} {len(c)} {n}\n" for n, c in contents.items())
    head = "Format: 3.0 (quilt)\nSource: scales\nBinary: scales\nVersion: 1.0-2\n"
    contents["scales_1.0-2.dsc"] = f"{head}Checksums-Sha256:\n{sums}".encode()
    for name, content in contents.items():
        (repository / name).write_bytes(content)
    description = contents["scales_1.0-2.dsc"]
    sums += f" {hashlib.sha256(description).hexdigest()} {len(description)} scales_1.0-2.dsc\n"
    (repository / "Sources").write_text(
        f"Package: scales\nBinary: scales\nVersion: 1.0-2\nDirectory: .\nChecksums-Sha256:\n{sums}\n"
    )
    parts = tmp_path / "etc" / "sources.list.d"
    parts.mkdir(parents=True)
    (parts / "here.list").write_text(f"deb [trusted=yes] copy:{repository} ./\n")
    monkeypatch.setattr(origin, "SOURCES", tmp_path / "etc")
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trees, "_held", trees._Held(trees.MAX_HELD_BYTES))
    package_of.cache_clear()
    return repository


TOTAL = "def test_total():\n    assert weigh.total([1, 2]) == 3\n\n\n"
MEDIAN = "def test_median():\n    assert weigh.median([]) is None\n\n\n"
MEAN = "    return sum(weights) / len(weights)"
TESTED_MEAN = "def test_mean():\n    assert weigh.mean([1, 3]) == 2\n\n\n"


def packaging(series: Mapping[str, str]) -> bytes:
    """The archive of a package's own files, its patches among them."""
    files = {f"debian/patches/{name}": text for name, text in series.items()}
    files["debian/patches/series"] = "# All of them.\n" + "".join(
        f"{name} -p1\n" for name in series
    )
    files["debian/changelog"] = (
        "scales (1.0-2) unstable; urgency=medium\n\n  * Fixes.\n\n"
        " -- A <a@b.c>  Mon, 06 May 2024 10:00:00 +0200\n"
    )
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as out:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            out.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def test_each_patch_with_tests_is_a_bug_in_the_state_of_its_series(
    package: Path, tmp_path: Path
) -> None:
    reports: Counter[str] = Counter()

    def report(reason: str) -> None:
        reports[reason.partition(":")[0]] += 1

    found = list(debian.debian_bugs("scales", miner.Runner(), report))
    assert [entry.patch for entry in found] == ["total.patch", "CVE-2024-0001.patch"]
    assert reports == {"new_api": 1}
    total, mean = (fixes.rebuilt(miner.verify(entry)) for entry in found)
    assert total.buggy == {}
    assert "def median" in (mean.buggy[CODE] or "")
    assert set(mean.gold) == {CODE}
    assert MEAN in (mean.gold[CODE] or "")
    assert (total.story.title, total.story.links) == ("Totals miss the first weight", ("#7",))
    assert (mean.story.title, mean.story.links) == ("Means are sums", ("CVE-2024-0001",))

    place = tmp_path / "catalogue.jsonl"
    fixes.write(found, place)
    assert [fixes.rebuilt(entry) for entry in fixes.read(place.read_text())] == [mean, total]


def test_an_archive_that_is_not_what_it_was_is_refused(package: Path) -> None:
    found = origin.download("scales")
    assert {name.partition("_")[2] for name in found} == {
        "1.0.orig.tar.xz",
        "1.0-2.debian.tar.xz",
        "1.0-2.dsc",
    }
    with pytest.raises(SourceError, match="not in the archive"):
        origin.archive("scales", "1.0-2", "scales_1.0.orig.tar.xz", "0" * 64)
    with pytest.raises(SourceError, match="no file name"):
        origin.archive("scales", "1.0-2", "../x", "0" * 64)
    with pytest.raises(SourceError, match="no source package"):
        origin.download("--option")
    with pytest.raises(SourceError, match="cannot be had"):
        origin.download("unknown-package")
