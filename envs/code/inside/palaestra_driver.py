"""Builds a tree and runs its tests, in a sandbox, and writes one JUnit report of what all runners said.

Standard library only: it runs where nothing of ours is. It reads a job from stdin, as JSON:

    links    path in the tree -> what it links to
    setup    commands that must succeed, or there is no report: {argv, cwd, env}
    runs     commands whose results count: {argv, cwd, env, form, source, module}
    ids      tests to report; null for all
    seed     of the order of `runs`; 0 keeps it
    report   where the report goes
    stream   descriptor of a socket that is told each result as its command ends; null for none

What commands leave running is ended before their results are read, and nothing of this process can be
read or written by them; so a result comes from its own command and from none before it.

A run's `form` names a reader below, `source` the file or folder that it reads ('' is the command's
output). Names of tests are made stable: no path of this machine, no durations, none twice.
"""

import ctypes
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

MAX_OUTPUT_BYTES = 1 << 24
SHOWN_CHARS = 2_000
SHOWN_COMMAND = 300
MESSAGE_CHARS = 2_000
MAX_ID_CHARS = 500
NO_BUILD = 2
"""What is told instead of results where a tree does not build."""
_SET_DUMPABLE, _SET_SUBREAPER = 4, 36
"""Of prctl(2)."""
_DURATION = re.compile(r"\s*\(\s*\d+(\.\d+)?\s*(ms|s|us|µs)\s*\)|\s*# time=\S+")
_BAD = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAP = re.compile(r"(not )?ok\b *\d* *-? *(.*)")
_TAP_SUMMARY = re.compile(
    r"(tests|pass|fail|skip|todo|suites|cancelled|skipped|duration_ms) +\d|ok$"
)


class Case(NamedTuple):
    """One test. An empty `classname` says that the module `name` could not be run."""

    classname: str
    name: str
    status: str = "passed"
    message: str = ""
    seconds: float = 0.0


class Said(NamedTuple):
    """What a command left behind."""

    status: int
    output: str
    module: str
    source: Path | None


def junit(said: Said) -> Iterator[Case]:
    """Reports of runners that name the class of a test."""
    for path in _reports(said.source, ".xml"):
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            yield _junit_case(case, _prefixed(said.module, case.get("classname", "")))


def suites(said: Said) -> Iterator[Case]:
    """Reports whose classes say nothing, and whose suites nest."""

    def walk(node: ElementTree.Element, path: tuple[str, ...]) -> Iterator[Case]:
        for child in node:
            if child.tag == "testsuite":
                yield from walk(child, (*path, child.get("name", "")))
            elif child.tag == "testcase":
                yield _junit_case(child, " > ".join(filter(None, path)))

    for path in _reports(said.source, ".xml"):
        yield from walk(ElementTree.parse(path).getroot(), (said.module,))


def _junit_case(case: ElementTree.Element, classname: str) -> Case:
    status, message = "passed", ""
    for tag, word in (("error", "error"), ("failure", "failed"), ("skipped", "skipped")):
        child = case.find(tag)
        if child is not None:
            parts = (child.get("message") or "", child.text or "")
            status, message = word, "\n".join(dict.fromkeys(filter(None, parts)))
            break
    if case.get("status") in ("disabled", "notrun"):
        status = "skipped"
    return Case(classname, case.get("name", ""), status, message, _number(case.get("time")))


def go(said: Said) -> Iterator[Case]:
    """`go test -json`. A package that does not compile has no tests and says so in its output."""
    words = {"pass": "passed", "fail": "failed", "skip": "skipped"}
    printed: dict[tuple[str, str], list[str]] = {}
    for line in said.output.splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        key = (str(event.get("Package", "")), str(event.get("Test", "")))
        action = event.get("Action")
        if action == "output":
            printed.setdefault(key, []).append(str(event.get("Output", "")))
        elif action in words and key[1]:
            message = "".join(printed.get(key, ())) if action == "fail" else ""
            yield Case(*key, words[action], message, _number(event.get("Elapsed")))
        elif action == "fail" and "failed]" in "".join(printed.get(key, ())):
            yield Case("", key[0], "error", said.output)


def jest(said: Said) -> Iterator[Case]:
    words = {"passed": "passed", "failed": "failed"}
    for path in _reports(said.source, ".json"):
        for file in json.loads(path.read_text())["testResults"]:
            module = str(file["name"])
            if not file["assertionResults"] and file.get("status") == "failed":
                yield Case("", module, "error", str(file.get("message", "")))
            for test in file["assertionResults"]:
                classname = " > ".join([module, *test["ancestorTitles"]])
                status = words.get(test["status"], "skipped")
                message = "\n".join(test.get("failureMessages") or ())
                seconds = _number(test.get("duration")) / 1000
                yield Case(classname, str(test["title"]), status, message, seconds)


def tap(said: Said) -> Iterator[Case]:
    """Test Anything Protocol: tape's tests are comments over assertions, others are one line each."""
    section = ""
    ends: dict[str, str] = {}
    messages: dict[str, list[str]] = {}
    for line in said.output.splitlines():
        if line.startswith("# ") and not line.startswith("# Subtest"):
            text = line[2:].strip()
            section = section if _TAP_SUMMARY.match(text) else text
        elif found := _TAP.match(line):
            text, _, directive = found[2].partition(" # ")
            name = section or text.strip() or f"test {len(ends) + 1}"
            ends[name] = _worse(ends.get(name), _tap_status(bool(found[1]), directive))
            if ends[name] == "failed":
                messages.setdefault(name, []).append(text)
        elif section in messages:
            messages[section].append(line)
    if said.status and "failed" not in ends.values() and (section or ends):
        # It ended before its tests did; the one that ran last is the one to blame.
        ends[section or next(reversed(ends))] = "error"
    for name, status in ends.items():
        yield Case(said.module, name, status, "\n".join(messages.get(name, ())))


def _tap_status(failed: bool, directive: str) -> str:
    if directive.upper().startswith(("SKIP", "TODO")):
        return "skipped"
    return "failed" if failed else "passed"


def _worse(first: str | None, second: str) -> str:
    """The end of a test with several assertions."""
    order = ("skipped", "passed", "failed")
    return max(first or second, second, key=order.index)


_AUTOMAKE = {"PASS": "passed", "XFAIL": "passed", "SKIP": "skipped", "ERROR": "error"}
_TOLD = re.compile(r"^(PASS|FAIL|XFAIL|XPASS|SKIP|ERROR): (\S+)", re.MULTILINE)


def trs(said: Said) -> Iterator[Case]:
    """What automake's drivers note of each test program; older ones only say it."""
    notes = _reports(said.source, ".trs")
    for path in notes:
        log = path.with_suffix(".log")
        printed = log.read_text(errors="replace") if log.is_file() else ""
        module = path.with_suffix("").relative_to(said.source or path.parent).as_posix()
        for line in path.read_text(errors="replace").splitlines():
            if line.startswith(":test-result:"):
                word, _, name = line.removeprefix(":test-result:").strip().partition(" ")
                status = _AUTOMAKE.get(word, "failed")
                message = "" if status == "passed" else printed
                yield Case(module, name.strip() or "main", status, message)
    for word, name in _TOLD.findall(said.output) if not notes else ():
        yield Case(name, "main", _AUTOMAKE.get(word, "failed"))


def status(said: Said) -> Iterator[Case]:
    """A program is one test: it passes if it ends with 0; what it says by TAP counts as well."""
    if re.search(r"^(1\.\.\d+|TAP version)", said.output, re.MULTILINE):
        yield from tap(said)
    else:
        yield Case(said.module, "main", "failed" if said.status else "passed", said.output)


def native(said: Said) -> Iterator[Case]:
    """The best of what test programs of C and C++ say: their own reports, then CTest's, then TAP."""
    own = Path("/tmp/reports")
    if _reports(own, ".xml"):
        yield from junit(said._replace(source=own, module=""))
    elif said.source is not None:
        yield from (case._replace(classname="ctest") for case in junit(said))
    else:
        yield from status(said)


FORMS: dict[str, Callable[[Said], Iterator[Case]]] = {
    form.__name__: form for form in (junit, suites, go, jest, tap, trs, status, native)
}


def _reports(source: Path | None, suffix: str) -> list[Path]:
    if source is None or not source.exists():
        return []
    return sorted(source.rglob(f"*{suffix}")) if source.is_dir() else [source]


def _prefixed(module: str, classname: str) -> str:
    return " > ".join(part for part in (module, classname) if part)


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def stable(text: str, root: str) -> str:
    """A name without this machine's paths and without durations, on one line."""
    text = _DURATION.sub("", text.replace(f"{root}/", "").replace(root, "."))
    return " ".join(_BAD.sub(" ", text).split())


def numbered(cases: Iterable[Case], root: str) -> Iterator[Case]:
    """`cases` with stable names, the second of the same name as `name (2)`."""
    seen: dict[tuple[str, str], int] = {}
    for case in cases:
        key = (stable(case.classname, root), stable(case.name, root))
        number = seen[key] = seen.get(key, 0) + 1
        if key[0] or number == 1:
            name = key[1] if number == 1 else f"{key[1]} ({number})"
            yield case._replace(classname=key[0], name=name)


def written(cases: Iterable[Case]) -> bytes:
    """The report."""
    tags = {"failed": "failure", "error": "error", "skipped": "skipped"}
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", name="palaestra")
    for case in cases:
        place = {"classname": case.classname, "name": case.name, "time": f"{case.seconds:.6f}"}
        node = ElementTree.SubElement(suite, "testcase", place)
        if case.status in tags:
            message = _BAD.sub(" ", case.message[-MESSAGE_CHARS:])
            ElementTree.SubElement(node, tags[case.status], message=message)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


class Teller:
    """Tells results in the words of `envs.code.stream`; without a descriptor it keeps silent."""

    def __init__(self, stream: int | None) -> None:
        self._socket = None if stream is None else socket.socket(fileno=stream)
        self._number = 0
        if self._socket is not None:
            # From here on a process of the same user cannot look into this one.
            ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)
            ctypes.CDLL(None).prctl(_SET_SUBREAPER, 1, 0, 0, 0)
        self.tell(hello=os.getpid())

    def tell(self, **message: Any) -> None:
        if self._socket is not None:
            self._socket.send(json.dumps({**message, "number": self._number}).encode())
            self._number += 1

    def case(self, case: Case) -> None:
        name = test_id(case)
        self.tell(start=name)
        said = _BAD.sub(" ", case.message[-MESSAGE_CHARS:])
        self.tell(end=name, status=case.status, message=said, seconds=case.seconds)


def test_id(case: Case) -> str:
    """As `envs.code.junit` reads it from the report."""
    whole = f"{case.classname}::{case.name}"
    if len(whole) <= MAX_ID_CHARS:
        return whole
    return f"{whole[: MAX_ID_CHARS - 17]}~{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def end_others() -> None:
    """Ends what has been left running, and what that leaves in turn."""
    while left := _children():
        for number in left:
            try:
                os.kill(number, signal.SIGKILL)
            except ProcessLookupError:
                continue
        for _ in left:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def _children() -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "stat").read_text(errors="replace")
            except OSError:
                continue
            # The name of a program may hold anything, also parentheses.
            if int(text.rpartition(")")[2].split()[1]) == os.getpid():
                found.append(int(entry.name))
    return found


def _run(command: dict[str, Any], root: Path) -> tuple[int, str]:
    """Exit status and output, both streams together, cut at its beginning."""
    with Path("/tmp/palaestra-output").open("w+b") as printed:
        try:
            done = subprocess.run(
                command["argv"],
                cwd=root / command.get("cwd", ""),
                env=command["env"],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            return 127, f"{command['argv'][0]}: {error.strerror}"
        size = printed.seek(0, 2)
        printed.seek(max(0, size - MAX_OUTPUT_BYTES))
        return done.returncode, printed.read().decode(errors="replace")


def _cases(command: dict[str, Any], root: Path) -> Iterator[Case]:
    source = Path(command["source"]) if command.get("source") else None
    if source is not None and not source.is_dir():
        source.unlink(missing_ok=True)
    status, output = _run(command, root)
    end_others()
    said = Said(status, output, command.get("module", ""), source)
    try:
        found = list(FORMS[command["form"]](said))
    except (ValueError, KeyError, TypeError, ElementTree.ParseError) as error:
        found = [Case("", said.module, "error", f"{error!r}\n{output}")]
    if not found and status:
        found = [Case("", said.module or "tests", "error", output)]
    if status:
        sys.stdout.write(output[-SHOWN_CHARS:])
    yield from found


def main(job: dict[str, Any]) -> int:
    root = Path.cwd()
    teller = Teller(job.get("stream"))
    for place, target in job["links"].items():
        if not (root / place).exists():
            (root / place).symlink_to(target)
    for command in job["setup"]:
        status, output = _run(command, root)
        if status:
            sys.stdout.write(f"it does not build: {' '.join(command['argv'])[:SHOWN_COMMAND]}\n")
            sys.stdout.write(output[-SHOWN_CHARS:])
            teller.tell(done=NO_BUILD)
            return 1 if job.get("stream") is None else 0
    runs = list(job["runs"])
    if job["seed"]:
        random.Random(job["seed"]).shuffle(runs)
    wanted = None if job["ids"] is None else set(job["ids"])
    cases = []
    for case in numbered((case for run in runs for case in _cases(run, root)), str(root)):
        if wanted is None or test_id(case) in wanted:
            cases.append(case)
            if case.classname:
                teller.case(case)
    Path(job["report"]).write_bytes(written(cases))
    teller.tell(done=0)
    return 0


if __name__ == "__main__":
    sys.exit(main(json.load(sys.stdin)))
