"""The search world: what it finds and shows, its limits, its cache, its verdicts, its baseline."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.errors import EnvironmentFault, SourceError, TaskError
from data.hashing import content_hash
from data.sources.base import Document
from data.sources.corpus import Corpus, load_corpus
from data.task import (
    Author,
    Difficulty,
    EnvSpec,
    Hidden,
    JsonObject,
    Language,
    Message,
    Provenance,
    PublicTask,
    Role,
    Script,
    Split,
    Task,
    TaskBody,
    TaskKind,
    ToolCall,
)  # fmt: skip
from data.trajectory import Observation, StopReason, Trajectory, VerdictCheck
from envs.base import open_env
from envs.search import TOOLS, VERSION, Env, greedy
from envs.search.cache import FORMAT, MANIFEST, open_index
from envs.search.env import MAX_OBSERVATION_CHARS
from envs.search.greedy import MAX_CALLS
from envs.search.pages import MAX_MATCHES, PAGE_CHARS, SNIPPET_CHARS, cut, find, snippet
from envs.search.words import fold_aligned, page_words, query_terms
from envs.search.world import World, build_world, open_world
from verifiers import verify

SHA = "ab" * 32
ROOT = Path(__file__).parents[2]

LONG = "\n".join(
    f"Line {n}: the quick fox met Zoë Müller. It was fun, said No. {n}." for n in range(400)
)
DOCUMENTS = (
    Document("f-1", "Amarcord", "Amarcord is a 1973 comedy film directed by Federico Fellini."),
    Document("f-2", "City of Women", "City of Women is a 1980 film directed by Federico Fellini."),
    Document("f-3", "The The", "A documentary film on a band."),
    Document("f-4", "卧虎藏龙", "《卧虎藏龙》是李安执导的武侠电影，2000年上映。"),
    Document("l-1", "Long", LONG),
    Document("n-1", "River", "The river is 1,250 km long; Ōshima's Jean-Luc rows there."),
    Document("p-1", "Federico Fellini", "Federico Fellini directed Amarcord (1973)."),
    Document("p-2", "Lina Wertmüller", "Lina Wertmüller wrote Seven Beauties (1975)."),
    *(Document(f"t-{n}", f"Twin {n}", "Identical twins on every page.") for n in range(60)),
)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALAESTRA_CACHE", str(tmp_path_factory.mktemp("worlds")))
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(open_index(tmp_path_factory.mktemp("small"), SHA, lambda: DOCUMENTS))


@pytest.fixture(scope="module")
def elements() -> Corpus:
    return load_corpus(("elements",))


def public(
    corpus_sha256: str, question: str = "?", changes: dict[str, object] | None = None
) -> PublicTask:
    spec = {"sources": ["elements"], "corpus_sha256": corpus_sha256}
    env: dict[str, object] = {"name": "search", "version": VERSION, "parameters": spec}
    return PublicTask(
        id="search-0",
        kind=TaskKind.SEARCH,
        language=Language.EN,
        prompt=(Message(role=Role.USER, content=question),),
        tools=TOOLS,
        env=EnvSpec.model_validate(env | (changes or {})),
    )


def titles(world: World, query: str, top_k: int = 3) -> list[str]:
    return [hit.title for hit in world.search(query, top_k)]


# Finding


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("Amarcord", "Amarcord"),
        ("lina wertmuller", "Lina Wertmüller"),
        ("LINA WERTMÜLLER'S", "Lina Wertmüller"),
        ("Wertmu\u0308ller", "Lina Wertmüller"),
        ("Ｌｉｎａ", "Lina Wertmüller"),
        ("1250 km", "River"),
        ("oshima jean luc", "River"),
        ("李安的电影", "卧虎藏龙"),
        ("藏", "卧虎藏龙"),
        ("documentaries about bands", "The The"),
    ],
)
def test_a_page_is_found_however_its_words_are_written(
    world: World, query: str, title: str
) -> None:
    assert titles(world, query)[0] == title


def test_equal_scores_come_in_the_order_of_ids_at_every_cut(world: World) -> None:
    ids = sorted(f"t-{n}" for n in range(60))
    for top_k in (1, 7, 50):
        assert [hit.doc_id for hit in world.search("identical twins", top_k)] == ids[:top_k]


def test_rank_is_the_place_of_the_best_of_several_documents(world: World) -> None:
    order = [hit.doc_id for hit in world.search("federico fellini amarcord", 3)]
    assert world.rank("federico fellini amarcord", order[1:], 10) == 2
    assert world.rank("federico fellini amarcord", ["p-2", "no such id"], 10) is None
    assert world.rank("identical twins", [sorted(f"t-{n}" for n in range(60))[9]], 9) is None


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    text=st.text(max_size=300)
    | st.text('"()[]{}:^~*+-\\/AND OR NOT title\x00\ud800😀', max_size=80)
)
def test_no_text_is_an_error_as_query_pattern_or_id(world: World, text: str) -> None:
    for hit in world.search(text, 5):
        hit.snippet.encode()
    assert world.document(text) is None or text in {document.id for document in DOCUMENTS}
    if text:
        world.find("l-1", text)


def test_operators_of_query_languages_are_plain_words(world: World) -> None:
    assert titles(world, 'title:Amarcord AND NOT (fellini OR "x y"~2)')[0] == "Amarcord"
    assert query_terms("AND OR") == ["and", "or"]


def test_a_very_long_query_keeps_its_rare_words(tmp_path: Path) -> None:
    common = " ".join(f"word{n}" for n in range(200))
    documents = [Document(name, name, common) for name in ("a", "b")]
    documents.append(Document("c", "c", "needle"))
    long = World(open_index(tmp_path, SHA, lambda: documents))
    assert [hit.doc_id for hit in long.search(f"{common} needle", 9)] == ["a", "b", "c"]


@given(st.text(max_size=200))
def test_words_and_folding_never_fail_and_folding_keeps_places(text: str) -> None:
    page_words(text).encode()
    assert len(fold_aligned(text)) == len(text)


# Showing


@settings(max_examples=60)
@given(st.text(alphabet="ab .\n。é", max_size=400), st.integers(5, 60))
def test_pages_join_to_the_text_and_keep_their_size(text: str, size: int) -> None:
    pages = cut(text, size)
    assert "".join(pages) == text
    assert all(0 < len(page) <= size for page in pages) or pages == ("",)


def test_pages_end_at_the_ends_of_lines_or_sentences() -> None:
    assert all(page.endswith("\n") for page in cut(LONG)[:-1])
    assert all(page.endswith(". ") for page in cut(LONG.replace("\n", " "))[:-1])


def test_a_snippet_shows_the_rarest_words_of_the_query(world: World) -> None:
    (hit,) = [hit for hit in world.search("quick fox said no 388", 5) if hit.doc_id == "l-1"]
    assert "388" in hit.snippet
    assert len(hit.snippet) <= SNIPPET_CHARS + len("...  ...")
    assert "\n" not in hit.snippet


def test_a_snippet_without_a_match_is_the_beginning() -> None:
    assert snippet(LONG, LONG.lower(), []).startswith("Line 0:")


def test_find_ignores_case_and_accents_and_tells_the_page() -> None:
    pages = cut(LONG)
    found = find(LONG, fold_aligned(LONG), pages, "ZOE MULLER")
    assert found.total == 400
    assert len(found.shown) == MAX_MATCHES
    (only,) = find(LONG, fold_aligned(LONG), pages, "line 399:").shown
    assert only.page == len(pages)
    assert "Line 399:" in only.text


def test_find_is_literal(world: World) -> None:
    matches = world.find("l-1", ".*")
    assert matches is not None
    assert matches.total == 0


# The environment


async def play(task: PublicTask, *calls: tuple[str, JsonObject]) -> tuple[list[Observation], Env]:
    env = Env()
    await env.reset(task)
    seen = [await env.call(ToolCall(name=name, arguments=args)) for name, args in calls]
    return seen, env


async def test_an_episode_records_what_was_shown_and_what_was_opened(elements: Corpus) -> None:
    iron = next(document for document in elements.documents if document.title == "Iron")
    build_world(elements)
    (found, page, again), env = await play(
        public(elements.sha256),
        ("search", {"query": "iron ore", "top_k": 2}),
        ("open", {"doc_id": iron.id}),
        ("open", {"doc_id": iron.id, "page": 1}),
    )
    assert f"[{iron.id}] Iron\n" in found.text
    assert page.text.endswith(iron.text)
    assert again == page
    state = env.state()
    assert isinstance(state, dict)
    assert state["opened"] == [iron.id]
    assert state["shown"] == [line.split("]")[0][4:] for line in found.text.split("\n")[::2]]


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("search", {}, "missing argument 'query'"),
        ("search", {"query": "x", "top_k": 51}, "maximum 50"),
        ("search", {"query": "x", "top_k": True}, "type integer"),
        ("search", {"query": "x" * 10_001}, "maxLength 10000"),
        ("open", {"doc_id": "nope"}, "no document 'nope'"),
        ("open", {"doc_id": "\ud800"}, "no document '\\ud800'"),
        ("open", {"doc_id": "../../etc/passwd"}, "no document"),
        ("find", {"doc_id": "nope", "pattern": "x"}, "no document"),
        ("find", {"doc_id": "nope", "pattern": " "}, "find: pattern"),
        ("fetch", {"url": "http://example.org"}, "tools are search, open, find"),
    ],
)
async def test_a_wrong_call_is_told_to_the_agent(
    elements: Corpus, name: str, arguments: JsonObject, says: str
) -> None:
    build_world(elements)
    (seen,), env = await play(public(elements.sha256), (name, arguments))
    assert seen.error
    assert says in seen.text
    assert env.state() == {"opened": [], "shown": []}


async def test_a_page_past_the_end_is_an_error_that_tells_the_number_of_pages(
    elements: Corpus,
) -> None:
    build_world(elements)
    doc_id = elements.documents[0].id
    (seen,), env = await play(public(elements.sha256), ("open", {"doc_id": doc_id, "page": 99}))
    assert seen.error
    assert "has only 1 page." in seen.text
    assert env.state() == {"opened": [], "shown": []}


def test_every_observation_is_bounded_and_cuts_are_visible() -> None:
    worst = "W" * 300
    documents = [
        Document("d" * 195 + f"{n:05}", worst, ("pattern " + "x" * 70 + " ") * 200)
        for n in range(60)
    ]
    corpus = Corpus(infos=(), relations={}, entities={}, facts=[], documents=documents)
    build_world(corpus)
    calls: tuple[tuple[str, JsonObject], ...] = (
        ("search", {"query": "pattern", "top_k": 50}),
        ("open", {"doc_id": documents[0].id}),
        ("find", {"doc_id": documents[0].id, "pattern": "x" * 70}),
    )
    listed, page, found = asyncio.run(play(public(corpus.sha256), *calls))[0]
    assert max(len(seen.text) for seen in (listed, page, found)) <= MAX_OBSERVATION_CHARS
    assert page.truncated
    assert page.text.endswith("[continues on page 2 of 4]")
    assert found.truncated
    assert (
        f"200 matches in document {documents[0].id}, the first {MAX_MATCHES} are shown"
        in found.text
    )
    assert len(page.text) > PAGE_CHARS / 2


async def test_resetting_forgets_the_last_episode(elements: Corpus) -> None:
    build_world(elements)
    _, env = await play(public(elements.sha256), ("search", {"query": "iron"}))
    await env.reset(public(elements.sha256))
    assert env.state() == {"opened": [], "shown": []}
    await env.close()
    await env.close()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"version": "0"}, "version 0"),
        ({"parameters": {"sources": ["elements"]}}, "corpus_sha256"),
        ({"parameters": {"sources": ["elements"], "corpus_sha256": "../x"}}, "corpus_sha256"),
        ({"parameters": {"sources": [], "corpus_sha256": SHA}}, "sources"),
        ({"parameters": {"sources": ["elements"], "corpus_sha256": SHA}}, "now give"),
    ],
    ids=["version", "no hash", "bad hash", "no sources", "another corpus"],
)
async def test_a_task_whose_world_cannot_be_rebuilt_is_refused(
    changes: dict[str, object], says: str
) -> None:
    with pytest.raises(TaskError, match=says):
        async with open_env(public(SHA, changes=changes)):
            pass


def test_an_unknown_source_is_the_sources_error() -> None:
    with pytest.raises(SourceError, match="nowhere"):
        open_world(("nowhere",), "cd" * 32)


def test_opening_builds_the_world_of_the_named_sources(elements: Corpus) -> None:
    assert open_world(("elements",), elements.sha256).num_documents == 118


# The cache


def no_documents() -> list[Document]:
    raise AssertionError("a good index is not built again")


@pytest.mark.parametrize(
    "damage", ["truncated", "flipped", "missing", "manifest", "format", "foreign"]
)
def test_a_damaged_index_is_reported_once_and_built_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    open_index(tmp_path, SHA, lambda: DOCUMENTS)
    (directory,) = tmp_path.glob("search-*")
    store = max(directory.glob("*.store"))
    content = store.read_bytes()
    manifest = json.loads((directory / MANIFEST).read_text())
    match damage:
        case "truncated":
            store.write_bytes(content[:-10])
        case "flipped":
            store.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        case "missing":
            store.unlink()
        case "manifest":
            (directory / MANIFEST).write_text('{"format": 1')
        case "format":
            (directory / MANIFEST).write_text(json.dumps(manifest | {"format": FORMAT - 1}))
        case "foreign":
            (directory / MANIFEST).write_text(json.dumps(manifest | {"corpus_sha256": "0" * 64}))
    caplog.clear()
    assert open_index(tmp_path, SHA, lambda: DOCUMENTS).num_documents == len(DOCUMENTS)
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "building it again" in warning.getMessage()
    assert open_index(tmp_path, SHA, no_documents).num_documents == len(DOCUMENTS)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []


def test_a_file_where_the_index_belongs_is_replaced(tmp_path: Path) -> None:
    (tmp_path / f"search-{SHA[:32]}").write_text("not ours")
    assert open_index(tmp_path, SHA, lambda: DOCUMENTS).num_documents == len(DOCUMENTS)


def test_an_index_that_is_open_outlives_its_replacement(tmp_path: Path) -> None:
    world = World(open_index(tmp_path, SHA, lambda: DOCUMENTS))
    (tmp_path / f"search-{SHA[:32]}" / MANIFEST).unlink()
    open_index(tmp_path, SHA, lambda: DOCUMENTS[:3])
    assert titles(world, "wertmüller")[0] == "Lina Wertmüller"


_BUILDER = """
import sys
from pathlib import Path
from data.sources.base import Document
from envs.search.cache import open_index

def documents():
    print("built")
    return [Document(f"d{n}", f"t{n}", f"w{n} v{n * 7} " * 50) for n in range(2000)]

assert open_index(Path(sys.argv[1]), sys.argv[2], documents).num_documents == 2000
"""


def test_of_processes_that_build_at_once_only_one_builds(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _BUILDER, str(tmp_path), SHA]
    builders = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    printed = [builder.communicate(timeout=60)[0] for builder in builders]
    assert [builder.returncode for builder in builders] == [0, 0, 0]
    assert sorted(printed) == ["", "", "built\n"]


_KILLED = """
import sys
from pathlib import Path
from data.sources.base import Document
from envs.search.cache import open_index

def documents():
    print("building", flush=True)
    yield Document("x", "x", "x")
    sys.stdin.read()

open_index(Path(sys.argv[1]), sys.argv[2], documents)
"""


def test_a_builder_that_is_killed_leaves_nothing_that_is_used(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED, str(tmp_path), SHA]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == b"building\n"
        os.kill(builder.pid, signal.SIGKILL)
    assert list(tmp_path.glob("search-*")) == []
    assert open_index(tmp_path, SHA, lambda: DOCUMENTS).num_documents == len(DOCUMENTS)
    assert list(tmp_path.glob(".*.tmp")) == []


_FULL = """
import resource, sys
from pathlib import Path
from data.errors import EnvironmentFault
from data.sources.base import Document
from envs.search.cache import open_index

# No file may grow past this, as on a disk that fills up.
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    open_index(Path(sys.argv[1]), sys.argv[2], lambda: [Document("x", "x", "w%d " * 999)] * 1)
    open_index(
        Path(sys.argv[1]),
        sys.argv[2][::-1],
        lambda: [Document(f"d{n}", f"t{n}", f"w{n} v{n * 7}" * 50) for n in range(500)],
    )
except EnvironmentFault as fault:
    print(fault)
"""


def test_a_full_disk_is_a_fault_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FULL, str(tmp_path), SHA]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert "cannot build a search index" in done.stdout
    assert "PALAESTRA_CACHE" in done.stdout
    assert list(tmp_path.glob(f"search-{SHA[::-1][:32]}*")) == []
    assert list(tmp_path.glob(".*.tmp")) == []


def test_a_cache_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match="set PALAESTRA_CACHE"):
        open_index(tmp_path / "file", SHA, lambda: DOCUMENTS)


def test_the_order_of_documents_does_not_change_the_world(tmp_path: Path) -> None:
    one = World(open_index(tmp_path / "one", SHA, lambda: DOCUMENTS))
    two = World(open_index(tmp_path / "two", SHA, lambda: DOCUMENTS[::-1]))
    for query in ("film by federico fellini", "twins", "the quick fox", "电影"):
        assert one.search(query, 50) == two.search(query, 50)


# The verdict


def task(answer: JsonObject, supporting: list[str], env: PublicTask | None = None) -> Task:
    spec: JsonObject = {"answer": answer, "supporting": [*supporting]}
    body = TaskBody(
        kind=TaskKind.SEARCH,
        language=Language.EN,
        split=Split.TRAIN,
        prompt=(Message(role=Role.USER, content="Which film?"),),
        tools=TOOLS,
        env=(env or public(SHA)).env,
        hidden=Hidden(
            verifier=spec, reference="Amarcord", witness=Script(calls=(), answer=""), proof={}
        ),
        difficulty=Difficulty(level=1, measures={}),
        provenance=Provenance(
            author=Author.PROGRAM,
            generator="test",
            generator_version="1",
            seed=0,
            index=0,
            options={},
            sources=(),
        ),  # fmt: skip
        licence="CC0-1.0",
        fingerprint=content_hash(spec),
    )
    return Task.of(body)


FILM = task({"type": "entity", "names": ["Amarcord"]}, ["f-1", "p-1"])


def judged(answer: str, opened: tuple[str, ...] = ("f-1", "x"), of: Task = FILM) -> dict[str, bool]:
    trajectory = Trajectory(
        task_id=of.id,
        turns=(),
        answer=answer,
        stop=StopReason.ANSWERED,
        state={"opened": [*opened], "shown": []},
    )
    verdict = verify(of, trajectory)
    assert verdict.score == float(all(check.passed for check in verdict.checks))
    assert not any(_reveals(check) for check in verdict.checks)
    return {check.name: check.passed for check in verdict.checks}


def _reveals(check: VerdictCheck) -> bool:
    return any(word in check.detail for word in ("Amarcord", "f-1", "p-1"))


def reply(answer: object = "Amarcord", evidence: object = ("f-1",), **more: object) -> str:
    return json.dumps({"answer": answer, "evidence": evidence, **more})


@pytest.mark.parametrize(
    "message",
    [
        reply(),
        f"I read it.\n```json\n{reply()}\n```\nDone {{so far}}.",
        f"{reply()} I repeat: {reply()}",
        reply("  AMARCORD (1973) "),
        reply(evidence=["x", "f-1"]),
    ],
    ids=["bare", "fence", "same twice", "spelling", "all it opened"],
)
def test_the_right_answer_with_a_supporting_document_scores(message: str) -> None:
    assert judged(message) == {"format": True, "answer": True, "evidence": True}


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Amarcord",
        "{" * 5000,
        '{"a":' * 3000,
        "[" * 100_000,
        '["Amarcord", ["f-1"]]',
        reply() + reply("Roma"),
        "[" + reply() + "," + reply("Roma") + "]",
        '{"answer": "Roma", "answer": "Amarcord", "evidence": ["f-1"]}',
        reply(other="Roma"),
        '{"answer": "Amarcord"}',
        '{"answer": NaN, "evidence": ["f-1"]}',
        '{"answer": 1e999, "evidence": ["f-1"]}',
        '{"answer": "Amarcord", "evidence": "f-1"}',
        '{"answer": "Amarcord", "evidence": [1]}',
        '{"answer": "Amarcord", "evidence": [["f-1"]]}',
        reply("x" * 60_000),
    ],
)
def test_a_message_without_exactly_one_answer_fails_its_format(message: str) -> None:
    assert judged(message) == {"format": False, "answer": False, "evidence": False}


@pytest.mark.parametrize(
    "answer",
    [
        "Roma", "Amarcord or Roma", "Amarcord, Roma, City of Women", "The answer is Amarcord", "",
        ["Amarcord"], {"answer": "Amarcord"}, [[["Amarcord"]]], True, None, 0, 10**4000, "x" * 40_000,
    ],
)  # fmt: skip
def test_an_answer_of_any_other_content_or_type_scores_nothing(answer: object) -> None:
    assert judged(reply(answer))["answer"] is False


@pytest.mark.parametrize(
    ("evidence", "opened"),
    [
        ([], ("f-1",)),
        (["f-1", "f-1"], ("f-1",)),
        (["f-1"], ()),
        (["f-1", "p-1"], ("f-1",)),
        (["x"], ("f-1", "x")),
        ([f"x{n}" for n in range(20)] + ["f-1"], (*(f"x{n}" for n in range(20)), "f-1")),
    ],
    ids=["none", "twice", "nothing opened", "one not opened", "not supporting", "too many"],
)
def test_evidence_must_be_read_and_supporting(evidence: list[str], opened: tuple[str, ...]) -> None:
    assert judged(reply(evidence=evidence), opened) == {
        "format": True,
        "answer": True,
        "evidence": False,
    }


def test_an_attempt_that_ended_without_a_message_scores_nothing() -> None:
    trajectory = Trajectory(
        task_id=FILM.id,
        turns=(),
        answer=reply(),
        stop=StopReason.CALL_LIMIT,
        state={"opened": ["f-1"], "shown": []},
    )
    assert verify(FILM, trajectory).score == 0


def test_a_lost_state_is_a_fault_and_a_broken_task_is_refused() -> None:
    trajectory = Trajectory(task_id="x", turns=(), answer="", stop=StopReason.ANSWERED, state=None)
    with pytest.raises(EnvironmentFault, match="no state"):
        verify(FILM, trajectory)
    with pytest.raises(TaskError, match="supporting"):
        verify(task({"type": "entity", "names": ["A"]}, []), trajectory)


# The baseline


async def solve(public_task: PublicTask) -> tuple[str, int, Env]:
    env, calls = Env(), 0
    await env.reset(public_task)
    solver = greedy(public_task)
    try:
        call = next(solver)
        while True:
            calls += 1
            call = solver.send(await env.call(call))
    except StopIteration as stop:
        return stop.value, calls, env


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which element named after Greenland... was first isolated by Marie Curie?", "Radium"),
        ("In which year was Germanium discovered by Clemens Winkler?", "1886"),
        ("哪种元素的名字来自 Scandinavia，由 Lars Nilson 发现？", "Scandium"),
    ],
)
async def test_greedy_answers_one_hop_questions_the_same_way_every_time(
    elements: Corpus, question: str, answer: str
) -> None:
    build_world(elements)
    asked = public(elements.sha256, question)
    text, calls, env = await solve(asked)
    found = json.loads(text)
    assert found["answer"] == answer
    assert calls <= MAX_CALLS
    state = env.state()
    assert isinstance(state, dict)
    assert isinstance(state["opened"], list)
    assert set(found["evidence"]) <= set(state["opened"])
    assert (text, calls) == (await solve(asked))[:2]


@pytest.mark.parametrize("question", ["", "?", "\x00\ud800", "《", "x" * 30_000, "Zzyzx Qwrt 1955"])
async def test_greedy_survives_questions_that_say_nothing(elements: Corpus, question: str) -> None:
    build_world(elements)
    text, calls, _ = await solve(public(elements.sha256, question))
    assert set(json.loads(text)) == {"answer", "evidence"}
    assert calls <= MAX_CALLS
