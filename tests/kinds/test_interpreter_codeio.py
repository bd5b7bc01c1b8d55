"""Problems with reference programs: only what runs alike twice, in a sandbox, becomes a task."""

import gzip
import importlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.errors import SourceError
from data.hashing import derive_rng
from data.task import Language, Task, TaskBody, TaskKind
from synth.certify import Certifier
from synth.interpreter import author, codeio, prepare
from synth.interpreter.draft import Draft, Rejected
from synth.replay import Replayer
from synth.request import Request
from verifiers.answers import matches

GENERATOR = "def generate_inputs(rng):\n    return {'n': rng.randint(5, 10**6)}"
SQUARES = "def main_solution(n):\n    return {'square': n * n, 'half': n / 2}"
BAD = {
    "not_deterministic": "def main_solution(n):\n    return hash(str(n))",
    "program_fails": "def main_solution(n):\n    return n / 0",
    "long_result": "def main_solution(n):\n    return [n] * 10 * 10 * 10",
    "degenerate": "def main_solution(n):\n    return n > 3",
    "hidden_same": "def main_solution(n):\n    return 4",
    "changing_keys": "def main_solution(n):\n    return {str(n): 1}",
}


def entry(program: str) -> dict[str, object]:
    form = "Input:\n  `n` (int): a number.\n\nOutput:\n  `return` (dict): its `square` and `half`."
    about = "Given a whole number, what are its square and its half?"
    return {
        "task_description": about,
        "input_output_spec": form,
        "code_sample": program,
        "input_generator": GENERATOR,
        "clarity": 8,
    }


def install(folder: Path, *programs: str) -> None:
    """A package of the same name and layout, with problems of ours."""
    data = folder / "reasoning_gym" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").write_text("raise ImportError('never imported')")
    lines = [json.dumps(entry(program)) for program in programs]
    (data / "codeio.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    about = folder / "reasoning_gym-0.1.25.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: reasoning-gym\nVersion: 0.1.25\n")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    for cached in (codeio.problems, codeio._source_hash):
        cached.cache_clear()
    yield
    for cached in (codeio.problems, codeio._source_hash):
        cached.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    return tmp_path


def drafted(language: Language = Language.EN) -> Draft:
    return codeio.draft(derive_rng("codeio", 1), language, 1)


def test_a_source_that_is_not_installed_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    importlib.invalidate_caches()
    with pytest.raises(SourceError, match="pip install --no-deps reasoning-gym=="):
        prepare({"sources": ["codeio"]})


def test_results_are_those_of_the_reference_on_every_edition(package: Path) -> None:
    install(package, SQUARES)
    made = drafted()
    assert isinstance(made.shown.value, list)
    square, half = made.shown.value
    assert isinstance(half, float)
    assert square == (half * 2) ** 2
    (hidden,) = made.hidden
    assert not matches(made.spec(hidden.value), made.shown.value)
    assert "`square`, `half`" in made.form
    assert made.sources[0].version == "0.1.25"
    assert drafted().fingerprint == made.fingerprint


@pytest.mark.parametrize("reason", list(BAD))
def test_programs_that_decide_nothing_are_no_tasks(package: Path, reason: str) -> None:
    install(package, BAD[reason])
    with pytest.raises(Rejected, match=reason):
        drafted()


def test_a_program_without_an_end_is_stopped(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(package, "def main_solution(n):\n    while True: pass")
    monkeypatch.setattr(codeio, "RUN_S", 0.3)
    with pytest.raises(Rejected, match="program_fails"):
        drafted()


def test_programs_with_numbers_that_nobody_tells_are_left_out(package: Path) -> None:
    install(
        package,
        "def main_solution(n):\n    return n * 9.81",
        "def main_solution(n):\n    return round(n / 2)",
        "import os\ndef main_solution(n):\n    return os.getpid()",
        SQUARES,
        SQUARES,
    )
    # The texts are the same, so the first that may be asked stands for all.
    assert [problem.number for problem in codeio.problems()] == [3]


def test_nothing_of_a_program_runs_here(package: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    install(package, f"from pathlib import Path\nPath({str(mark)!r}).touch()\n{SQUARES}")
    with pytest.raises(Rejected, match="program_fails"):
        drafted()
    assert not mark.exists()


def test_a_problem_is_certified_in_both_languages(package: Path) -> None:
    install(package, SQUARES)
    with Replayer() as replayer:
        for language in Language:
            options = prepare({"sources": ["codeio"], "difficulty": 1})
            request = Request(kind=TaskKind.INTERPRETER, seed=1, language=language, options=options)
            body = author.generate(request, 0)
            assert isinstance(body, TaskBody)
            assert "main_solution" not in body.model_dump_json(include={"prompt", "env"})
            assert not Certifier(replayer).certify(Task.of(body), every_check=True).failures
