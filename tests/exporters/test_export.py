"""What every target must do: admit only proved tasks, give the same bytes, replace as a whole."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from data.certificate import CheckName
from data.errors import UserError
from data.exporters import export, targets
from data.exporters.base import read_manifest
from data.hashing import file_hash
from data.task import Message, Role, Split, Task
from tests.exporters.factory import body, certificate, certified, tasks

TARGETS = targets()
ROOT = Path(__file__).parents[2]

SLOW_EXPORT = """
import sys
from pathlib import Path
from data.exporters import export
from tests.exporters.factory import tasks

def stalled():
    for number, task in enumerate(tasks(600)):
        if number == 500:
            print("in the middle", flush=True)
            sys.stdin.read()
        yield task

export(stalled(), sys.argv[1], Path(sys.argv[2]))
"""

PEAK_MEMORY = """
import resource, sys
from pathlib import Path
from data.exporters import export
from tests.exporters.factory import certified, body

# Ids are hashes, so a stream in id order is made of a sorted list of numbers, not of held tasks.
def stream(count):
    order = sorted(range(count), key=lambda index: certified(body(index)).id)
    return (certified(body(index)) for index in order)

def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

export(stream(1_000), sys.argv[1], Path(sys.argv[2]))
before = peak_mib()
export(stream(int(sys.argv[3])), sys.argv[1], Path(sys.argv[2]))
print(peak_mib() - before)
"""


def bytes_of(directory: Path) -> dict[str, str]:
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): file_hash(path) for path in files}


def entries(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("target", TARGETS)
def test_two_runs_write_the_same_bytes(target: str, tmp_path: Path) -> None:
    some = tasks(300)
    first = export(iter(some), target, tmp_path / "a")
    second = export(iter(some), target, tmp_path / "b")
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert first == second


@pytest.mark.parametrize("target", TARGETS)
def test_the_manifest_counts_and_hashes_what_is_there(target: str, tmp_path: Path) -> None:
    some = tasks(40)
    manifest = export(iter(some), target, tmp_path / "out")
    assert manifest == read_manifest(tmp_path / "out")
    assert manifest.tasks == 40
    assert manifest.splits == {"test": 10, "train": 20, "val": 10}
    assert manifest.languages == {"en": 32, "zh": 8}
    assert manifest.levels == {str(level): 8 for level in range(1, 6)}
    assert manifest.licences == {"CC0-1.0": 40}
    assert [source.name for source in manifest.sources] == ["glossary"]
    found = bytes_of(tmp_path / "out")
    assert {file.path: file.sha256 for file in manifest.files} == {
        name: digest for name, digest in found.items() if name != "manifest.json"
    }


@pytest.mark.parametrize("target", TARGETS)
def test_a_split_without_tasks_gets_no_file(target: str, tmp_path: Path) -> None:
    manifest = export([certified(body(1, split=Split.VAL))], target, tmp_path / "out")
    assert {Path(f.path).stem for f in manifest.files if f.rows is not None} == {"val"}


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_of_the_clock_or_the_machine_is_in_the_manifest(
    target: str, tmp_path: Path
) -> None:
    export(tasks(4), target, tmp_path / "out")
    text = (tmp_path / "out" / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert set(json.loads(text)) == {
        *("exporter", "format", "format_version", "tool_version", "tasks", "kinds", "languages"),
        *("splits", "levels", "licences", "sources", "files"),
    }


def altered(task: Task) -> Task:
    return task.model_copy(update={"licence": "CC-BY-4.0"})


def uncertified(task: Task) -> Task:
    return task.model_copy(update={"certificate": None})


def failed(task: Task) -> Task:
    return task.certified(certificate(task.id, failed=CheckName.LEAK))


def with_the_certificate_of_another(task: Task) -> Task:
    return task.certified(certificate("search-00000000000000000000"))


def unlicensed(_: Task) -> Task:
    return certified(body(7, licence=" "))


def with_the_answer_in_the_question(_: Task) -> Task:
    return certified(body(7, question="Is it Term7x or another?"))


def with_the_verifier_in_the_prompt(task: Task) -> Task:
    spec = '{"evidence":"e7","names":["Term7x"],"type":"entity"}'
    leaky = Message(role=Role.SYSTEM, content=f"Graded by {spec}.")
    return certified(body(7).model_copy(update={"prompt": (leaky, *task.prompt)}))


def of_unknown_kind(task: Task) -> Task:
    return task.model_copy(update={"kind": "serch"})


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (altered, "does not match its id"),
        (uncertified, "no certificate"),
        (failed, r"did not pass \(leak\)"),
        (with_the_certificate_of_another, "certificate is that of"),
        (unlicensed, "licence"),
        (with_the_answer_in_the_question, "reference answer"),
        (with_the_verifier_in_the_prompt, "verifier's specification"),
        (of_unknown_kind, "unknown kind 'serch'; kinds are general, search"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_an_unfit_task_is_named_and_nothing_is_written(
    spoil: Callable[[Task], Task], why: str, tmp_path: Path
) -> None:
    bad = spoil(certified(body(7)))
    good = [task for task in tasks(6) if task.id < bad.id]
    with pytest.raises(UserError, match=why) as caught:
        export([*good, bad], "jsonl", tmp_path / "out")
    assert bad.id in str(caught.value)
    assert entries(tmp_path) == []


def test_an_unfit_task_leaves_the_earlier_export_as_it_was(tmp_path: Path) -> None:
    export(tasks(5), "verl", tmp_path / "out")
    before = bytes_of(tmp_path / "out")
    some = tasks(9)
    with pytest.raises(UserError, match="no certificate"):
        export([*some[:-1], uncertified(some[-1])], "verl", tmp_path / "out")
    assert bytes_of(tmp_path / "out") == before
    assert entries(tmp_path) == ["out"]


def test_tasks_out_of_order_or_twice_are_refused(tmp_path: Path) -> None:
    some = tasks(5)
    with pytest.raises(UserError, match=f"{some[0].id} comes after {some[4].id}"):
        export(reversed([some[0], some[4]]), "jsonl", tmp_path / "out")
    with pytest.raises(UserError, match=f"{some[2].id} comes twice"):
        export([*some[:3], *some[2:]], "jsonl", tmp_path / "out")


def test_no_task_at_all_is_an_error_and_not_an_empty_export(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no task to export"):
        export([], "jsonl", tmp_path / "out")
    assert entries(tmp_path) == []


def test_an_unknown_target_names_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no export format 'ver'; .*jsonl, trl, verl.*'verl'"):
        export(tasks(1), "ver", tmp_path / "out")
    with pytest.raises(UserError, match="no export format 'base'"):
        export(tasks(1), "base", tmp_path / "out")


def test_a_directory_that_is_no_export_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("three years")
    with pytest.raises(UserError, match="not an export of ours"):
        export(tasks(2), "jsonl", tmp_path / "out")
    assert (tmp_path / "out" / "thesis.txt").read_text() == "three years"


def test_a_file_added_to_an_export_is_never_deleted_with_it(tmp_path: Path) -> None:
    export(tasks(2), "jsonl", tmp_path / "out")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match=r"holds notes\.txt"):
        export(tasks(3), "jsonl", tmp_path / "out")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_an_earlier_export_is_replaced_whole_even_by_another_format(tmp_path: Path) -> None:
    export(tasks(5), "jsonl", tmp_path / "out")
    manifest = export(tasks(3), "verl", tmp_path / "out")
    assert read_manifest(tmp_path / "out") == manifest
    assert not (tmp_path / "out" / "public").exists()
    assert entries(tmp_path) == ["out"]


def stalled_export(target: str, out: Path) -> subprocess.Popen[str]:
    """An export in another process, stopped after 500 of its 600 tasks."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_EXPORT, target, str(out)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in the middle\n"
    return process


def killed(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)


def test_a_killed_export_leaves_the_old_one_and_no_rubbish_after_the_next(tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(tasks(5), "verl", out)
    before = bytes_of(out)
    killed(stalled_export("verl", out))
    assert bytes_of(out) == before
    assert entries(tmp_path) == [".out.partial", "out"]
    export(tasks(6), "verl", out)
    assert entries(tmp_path) == ["out"]
    export(tasks(6), "verl", tmp_path / "undisturbed")
    assert bytes_of(out) == bytes_of(tmp_path / "undisturbed")


def test_two_exports_to_one_place_do_not_mix(tmp_path: Path) -> None:
    process = stalled_export("jsonl", tmp_path / "out")
    try:
        with pytest.raises(UserError, match="another process is writing"):
            export(tasks(2), "jsonl", tmp_path / "out")
    finally:
        process.communicate(timeout=60)
    manifest = read_manifest(tmp_path / "out")
    assert manifest is not None
    assert manifest.tasks == 600


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_tasks(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PEAK_MEMORY, "verl", str(tmp_path / "out"), "20000"]
    grown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    # 20,000 tasks held at once would be over 200 MiB.
    assert float(grown.stdout) < 40


@pytest.mark.parametrize(
    "question", ["Which term7x-like entry is it?", "Is it Term7xy?", "Search what was the term."]
)
def test_words_that_only_resemble_the_answer_are_no_leak(question: str, tmp_path: Path) -> None:
    assert export([certified(body(7, question=question))], "jsonl", tmp_path / "out").tasks == 1
