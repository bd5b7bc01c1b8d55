"""Search tasks from end to end, on a small corpus: sound, repeatable, and proved anew on demand."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from agents.fleet import Here
from agents.policies import scripted
from agents.rollout import rollout
from data.certificate import CheckName
from data.exporters import export
from data.store import Drawn, Store
from data.task import Message, Role, Script, Task, TaskBody, TaskKind, content_id
from data.trajectory import Outcome, Trajectory
from envs.search import world
from synth.certify import Certifier, recertify
from synth.funnel import Crew, Drawer, Summary, local_crew, synthesise
from synth.replay import Replayer
from synth.request import Request, kind_module
from synth.search import prepare
from tests import harbour
from verifiers import verify

ROOT = Path(__file__).resolve().parent.parent.parent
NUM_TASKS = 20


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path_factory.getbasetemp() / "worlds"))


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return harbour.write(tmp_path / "harbour.jsonl")


def make(store: Store, corpus: Path, seed: int = 0, wanted: int = NUM_TASKS) -> Summary:
    request = ask(corpus, seed)
    return synthesise(request, wanted, store, lambda: local_crew(request, workers=1))


def ask(corpus: Path, seed: int = 0) -> Request:
    options = prepare({"sources": [f"jsonl:{corpus}"]})
    return Request(kind=TaskKind.SEARCH, seed=seed, options=options)


@pytest.fixture
def store(tmp_path: Path, corpus: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'tasks.db'}") as opened:
        make(opened, corpus)
        yield opened


def test_a_task_that_the_store_has_already_leaves_no_gap(store: Store, corpus: Path) -> None:
    known = next(iter(store.tasks()))
    drawer = Drawer()

    def draw(request: Request, start: int, stop: int) -> list[Drawn]:
        drawn = drawer.draw(request, start, stop)
        return [Drawn(0, known, ""), *drawn[1:]] if start == 0 else drawn

    try:
        crew = Crew(Here(), draw)
        summary = synthesise(ask(corpus, seed=5), 4, store, lambda: nullcontext(crew))
    finally:
        drawer.close()
    assert summary.rejected["duplicate"] >= 1
    assert (summary.accepted, len(list(store.tasks()))) == (4, NUM_TASKS + 4)


async def test_the_oracle_scores_one_and_doing_nothing_scores_zero(store: Store) -> None:
    tasks = list(store.tasks())
    assert len(tasks) == NUM_TASKS
    for policy, score in (("oracle", 1.0), ("noop", 0.0), ("random", 0.0)):
        summary = await rollout(tasks, scripted(policy), store)
        assert summary.num_scored == NUM_TASKS
        assert summary.total_score == score * NUM_TASKS


def test_every_task_carries_every_check_with_what_it_found(store: Store) -> None:
    for task in store.tasks():
        assert task.certificate is not None
        found = {check.name: check for check in task.certificate.checks}
        assert set(found) == set(CheckName)
        assert all(check.passed and check.evidence for check in found.values())
        assert (
            found[CheckName.COMPLETE].evidence["by_sets"]
            == found[CheckName.COMPLETE].evidence["by_sql"]
        )
        judged = [CheckName.NOOP, CheckName.MUTANTS, CheckName.CHEATS, CheckName.ALTERNATIVES]
        assert all(int(str(found[name].evidence["judged"])) >= 3 for name in judged)


def test_the_folder_of_a_corpus_decides_nothing(tmp_path: Path, corpus: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    moved = harbour.write(tmp_path / "elsewhere" / corpus.name)
    drafts = [
        [kind_module("search").generate(ask(path), index) for index in range(30)]
        for path in (corpus, moved)
    ]
    asked = [[t.prompt if isinstance(t, TaskBody) else t for t in made] for made in drafts]
    assert asked[0] == asked[1]
    assert any(isinstance(task, TaskBody) for task in drafts[0])


def test_nothing_hidden_is_in_the_public_part(store: Store) -> None:
    for task in store.tasks():
        public = task.public().model_dump_json()
        assert '"hidden"' not in public
        reference = task.hidden.reference
        for name in [reference] if isinstance(reference, str) else []:
            assert name not in public


def test_two_runs_under_other_hash_seeds_export_the_same_bytes(
    tmp_path: Path, corpus: Path
) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.kinds.test_search import make\n"
        "from data.exporters import export; from data.store import Store\n"
        "corpus, folder = map(Path, sys.argv[1:])\n"
        "with Store.open(f'sqlite:///{folder}/t.db') as store:\n"
        "    make(store, corpus); export(store.tasks(), 'jsonl', folder / 'out')\n"
    )
    written = []
    for seed in ("1", "2"):
        folder = tmp_path / seed
        folder.mkdir()
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", code, str(corpus), str(folder)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=120)
        out = folder / "out"
        written.append({p.relative_to(out): p.read_bytes() for p in out.rglob("*") if p.is_file()})
    assert written[0] == written[1]
    assert written[0]


def test_workers_change_nothing_and_a_second_run_adds_nothing(tmp_path: Path, corpus: Path) -> None:
    made = []
    for workers in (1, 2):
        request = ask(corpus, seed=5)
        with Store.open(f"sqlite:///{tmp_path / f'{workers}.db'}") as opened:
            for wanted in (6, 6, 15):
                last = synthesise(
                    request, wanted, opened, lambda r=request, w=workers: local_crew(r, w)
                )
                assert last.accepted == wanted
            again = synthesise(request, 15, opened, lambda r=request: local_crew(r, 1))
            assert again.drawn == 0
            made.append((opened.task_ids(), last.attempted, last.rejected))
    assert made[0] == made[1]


def test_no_two_tasks_ask_the_same(store: Store, corpus: Path) -> None:
    make(store, corpus, seed=1)
    questions = [task.prompt[-1].content for task in store.tasks()]
    assert len(set(questions)) == len(questions) == 2 * NUM_TASKS


def evidence_of(task: Task) -> list[dict[str, object]]:
    evidence = task.hidden.proof["evidence"]
    assert isinstance(evidence, list)
    return [fact for fact in evidence if isinstance(fact, dict)]


def without_fact(path: Path, fact: dict[str, object]) -> None:
    """Deletes one fact from the corpus: from the facts of its document and from the text."""
    documents = harbour.lines()
    (document,) = [d for d in documents if d["id"] == fact["subject"]]
    relation = str(fact["relation"]).split(".")[1]
    facts = document["facts"]
    assert isinstance(facts, list)
    (gone,) = [
        f
        for f in facts
        if f["relation"] == relation and f.get("to", f.get("value")) == fact["object"]
    ]
    facts.remove(gone)
    said = str(gone.get("stated", gone.get("value")))
    document["text"] = str(document["text"]).replace(said, "something")
    document["facts"] = [
        f for f in facts if str(f.get("stated", f.get("value"))) in str(document["text"])
    ]
    harbour.write(path, documents)


def test_deleting_a_fact_of_the_evidence_fails_that_task(store: Store, corpus: Path) -> None:
    ids = store.task_ids()
    assert all(not proved.failures for proved in recertify(store, ids))
    victim = store.task(ids[0])
    without_fact(corpus, evidence_of(victim)[0])
    failed = {proved.task_id: {c.name for c in proved.failures} for proved in recertify(store, ids)}
    assert failed[victim.id] & {CheckName.COMPLETE, CheckName.WITNESS}
    # Others only say that their corpus is not the one they were made from.
    assert {CheckName.STABLE} in failed.values() or len(ids) == 1
    assert all(CheckName.STABLE in names for names in failed.values())
    harbour.write(corpus)
    assert all(not proved.failures for proved in recertify(store, ids))


def test_editing_one_number_of_the_evidence_fails_that_task(store: Store, corpus: Path) -> None:
    victims = [
        (task, fact)
        for task in store.tasks()
        for fact in evidence_of(task)
        if fact["relation"] in ("ship.length", "ship.year_built", "captain.birth_year")
    ]
    task, fact = victims[0]
    documents = harbour.lines()
    (document,) = [d for d in documents if d["id"] == fact["subject"]]
    relation = str(fact["relation"]).split(".")[1]
    facts = document["facts"]
    assert isinstance(facts, list)
    (number,) = [f for f in facts if f["relation"] == relation]
    new = int(number["value"]) + 400
    document["text"] = str(document["text"]).replace(str(number["value"]), str(new))
    number.update(value=new, stated=str(number["stated"]).replace(str(number["value"]), str(new)))
    harbour.write(corpus, documents)
    (proved,) = recertify(store, [task.id])
    assert {c.name for c in proved.failures} & {CheckName.COMPLETE, CheckName.WITNESS}


async def test_a_changed_corpus_makes_attempts_invalid_not_wrong(
    store: Store, corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tasks = list(store.tasks(limit=2))
    harbour.write(corpus, harbour.lines(seed=1))
    monkeypatch.setenv("PALAESTRA_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(world, "_opened", type(world._opened)())
    summary = await rollout(tasks, scripted("oracle"), store)
    assert (summary.num_invalid, summary.num_scored) == (2, 0)
    attempts = list(store.attempts(policy="oracle"))
    assert {attempt.outcome for attempt in attempts} == {Outcome.INVALID}
    assert all("corpus" in attempt.fault for attempt in attempts)


def changed(task: Task, **fields: object) -> Task:
    """`task` with other fields and the id that belongs to them."""
    kept = {name: getattr(task, name) for name in TaskBody.model_fields}
    return Task.of(TaskBody(**{**kept, **fields}))  # type: ignore[arg-type]


@pytest.fixture
def certifier() -> Iterator[Certifier]:
    with Replayer() as replayer:
        yield Certifier(replayer)


def failing(certifier: Certifier, task: Task) -> set[CheckName]:
    return {check.name for check in certifier.certify(task, every_check=True).failures}


def play(certifier: Certifier, task: Task, script: Script) -> Trajectory:
    return certifier.replayer.run(task.public(), script).trajectory


def some_task(store: Store) -> Task:
    """A task whose answer is one name."""
    return next(t for t in store.tasks() if isinstance(t.hidden.reference, str))


def test_a_task_altered_in_the_store_no_longer_matches_its_id(
    store: Store, certifier: Certifier
) -> None:
    task = some_task(store)
    forged = task.model_copy(update={"licence": "none"})
    assert content_id(forged) != forged.id
    assert CheckName.STABLE in failing(certifier, forged)


def test_another_reference_answer_is_caught_by_counting(store: Store, certifier: Certifier) -> None:
    task = some_task(store)
    hidden = task.hidden.model_copy(update={"reference": "Nobody Atall"})
    assert CheckName.COMPLETE in failing(certifier, changed(task, hidden=hidden))


def test_an_answer_in_the_prompt_is_a_leak(store: Store, certifier: Certifier) -> None:
    task = some_task(store)
    hint = Message(role=Role.SYSTEM, content=f"Hint: {str(task.hidden.reference).upper()}!")
    assert CheckName.LEAK in failing(certifier, changed(task, prompt=(hint, *task.prompt)))


def test_a_witness_that_knows_too_much_is_refused(store: Store, certifier: Certifier) -> None:
    task = some_task(store)
    witness = task.hidden.witness
    opens = tuple(call for call in witness.calls if call.name == "open")
    hidden = task.hidden.model_copy(update={"witness": Script(calls=opens, answer=witness.answer)})
    assert CheckName.WITNESS in failing(certifier, changed(task, hidden=hidden))


def test_a_lenient_verifier_is_caught_by_near_misses(store: Store, certifier: Certifier) -> None:
    task = some_task(store)
    verifier = task.hidden.verifier
    assert isinstance(verifier, dict)
    rivals = [line["title"] for line in harbour.lines()]
    lenient = json.loads(json.dumps(verifier))
    lenient["answer"]["names"] += rivals
    hidden = task.hidden.model_copy(update={"verifier": lenient})
    altered = changed(task, hidden=hidden)
    assert CheckName.COMPLETE in failing(certifier, altered)
    parts = kind_module(TaskKind.SEARCH).parts(altered)
    scores = [verify(altered, play(certifier, altered, mutant.script)) for mutant in parts.mutants]
    assert any(verdict.score == 1.0 for verdict in scores)


def test_an_export_of_the_store_holds_every_task(store: Store, tmp_path: Path) -> None:
    manifest = export(store.tasks(), "jsonl", tmp_path / "out")
    assert manifest.tasks == NUM_TASKS
    rows = [
        json.loads(line)
        for path in sorted((tmp_path / "out" / "public").glob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert {row["task"]["id"] for row in rows} == set(store.task_ids())
