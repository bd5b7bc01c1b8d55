"""The search baseline: what it reads in questions and pages, and that it keeps within its budget."""

import json
from collections.abc import Callable
from functools import partial
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from data.sources.base import Document
from data.task import EnvSpec, Language, Message, PublicTask, Role, TaskKind, ToolCall
from data.trajectory import Observation
from envs.search import TOOLS, VERSION, greedy
from envs.search.amounts import Bounds, read_amount, read_period
from envs.search.cache import open_index
from envs.search.facts import Field, Kind, read_facts
from envs.search.facts import Role as Credit
from envs.search.greedy import MAX_CALLS
from envs.search.question import read_question
from envs.search.world import World

PAGES = {
    "Amber Road": "Amber Road is a drama and war film released in 1974 and directed by Ada Moss. "
    "It was written by Ben Ode and Cy Rhee. The cast includes Dora Vane and Eli Fox.\n\n"
    "Hill Films produced it in France. It runs for 95 minutes, in French.",
    "Blue Hour": "Blue Hour is a 1981 comedy film written and directed by Ben Ode. Its cast is "
    "made up of Dora Vane, Finn Gale and Ada Moss.\n\nIt was produced in Italy by Hill Films. "
    "Of 20 reviews by critics, 60% are positive.",
    "Clear Sky": "Clear Sky is a 1990 comedy film directed by Cy Rhee. Finn Gale appears in the "
    "film.\n\nIt won 2 Oscars.",
    "Ada Moss": "Ada Moss is credited on two films released between 1974 and 1981, as director "
    "and cast member.\n\nAda Moss directed Amber Road (1974).\n\nAda Moss appeared in Blue Hour "
    "(1981).",
    "Ben Ode": "Between 1974 and 1981, Ben Ode was credited on two films, as director and "
    "writer.\n\nCredits as director: Blue Hour (1981).\n\nCredits as writer: Amber Road (1974) "
    "and Blue Hour (1981).",
    "Cy Rhee": "The credits of Cy Rhee cover two films, from 1974 to 1990, as director and "
    "writer.\n\nAs a director, Cy Rhee made Clear Sky (1990).\n\nAs a writer, Cy Rhee worked on "
    "Amber Road (1974).",
    "Dora Vane": "Dora Vane is credited on two films released between 1974 and 1981, always in "
    "the cast.\n\nDora Vane appeared in Amber Road (1974) and Blue Hour (1981).",
    "Eli Fox": "Eli Fox appeared in Amber Road (1974).",
    "Finn Gale": "The credits of Finn Gale cover two films, from 1981 to 1990, always in the "
    "cast.\n\nCredits in the cast: Blue Hour (1981) and Clear Sky (1990).",
    "Hill Films": "The production company Hill Films is credited on two films released between "
    "1974 and 1981.\n\nIts films are Amber Road (1974) and Blue Hour (1981).",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    documents = [Document(f"d-{n}", title, text) for n, (title, text) in enumerate(PAGES.items())]
    return World(open_index(tmp_path_factory.mktemp("films"), "cd" * 32, lambda: documents))


def asked(question: str) -> PublicTask:
    spec = {"sources": ["elements"], "corpus_sha256": "cd" * 32}
    return PublicTask(
        id="search-0",
        kind=TaskKind.SEARCH,
        language=Language.EN,
        prompt=(Message(role=Role.USER, content=question),),
        tools=TOOLS,
        env=EnvSpec.model_validate({"name": "search", "version": VERSION, "parameters": spec}),
    )


def shown(world: World, call: ToolCall) -> Observation:
    """What the search tools show, for the two calls that the baseline makes."""
    if call.name == "open":
        page = world.page(str(call.arguments["doc_id"]), 1)
        assert page
        return Observation(text=f"{page.title}\n[{page.doc_id}] page 1 of 1\n\n{page.text}")
    hits = world.search(str(call.arguments["query"]), 50)
    lines = [f"{n}. [{h.doc_id}] {h.title}\n   {h.snippet}" for n, h in enumerate(hits, 1)]
    return Observation(text="\n".join(lines) or "No document holds any of these words.")


def play(
    question: str, show: Callable[[ToolCall], Observation]
) -> tuple[JsonValue, list[str], list[ToolCall]]:
    """The answer, the evidence, and all calls."""
    solver, calls = greedy(asked(question)), list[ToolCall]()
    try:
        call = next(solver)
        while True:
            calls.append(call)
            call = solver.send(show(call))
    except StopIteration as stop:
        reply = json.loads(stop.value)
        return reply["answer"], reply["evidence"], calls


def solve(world: World, question: str) -> tuple[JsonValue, list[str], list[ToolCall]]:
    return play(question, partial(shown, world))


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Which film released before 1980 has Dora Vane in the cast?", "Amber Road"),
        ('Who has the initials F. G. and appears in "Blue Hour"?', "Finn Gale"),
        (
            "I'm looking for a film. It features someone who directed \"Clear Sky\", "
            "or was written by Ben Ode and has Eli Fox in its cast list.",
            "Amber Road",
        ),
        ('Name the comedy that was directed by someone who wrote "Amber Road" '
         "and features Dora Vane.", "Blue Hour"),
        ("Someone acted in a film that was directed by Cy Rhee. Who is it?", "Finn Gale"),
        ("A film was directed by Ada Moss. How long is it, in minutes?", 95),
        ('Who has a part in "Clear Sky"? In how many films does this person appear?', 2),
        ("A film credits the direction to Cy Rhee. How many years apart were the film and "
         '"Blue Hour" released?', 9),
        ("Make a list of every film that matches this description. The film features Dora Vane. "
         "Name all of them.", ["Amber Road", "Blue Hour"]),
        ("哪部1980年之后上映的影片有 Dora Vane 参演？", "Blue Hour"),
        ("有一位影人，姓名首字母依次为 F. G.，出演了《Blue Hour》。此人是谁？", "Finn Gale"),
        ("我想找出一部影片。该片由一位编写过《Amber Road》的人执导，"
         "并且有 Dora Vane 出演。这是哪部影片？", "Blue Hour"),
        ("哪部影片由 Ada Moss 执导？该片的片长是多少分钟？", 95),
    ],
)  # fmt: skip
def test_clues_lead_to_the_answer_and_to_read_evidence(
    world: World, question: str, answer: JsonValue
) -> None:
    found, evidence, calls = solve(world, question)
    assert found == answer
    opened = {call.arguments["doc_id"] for call in calls if call.name == "open"}
    assert evidence
    assert set(evidence) <= opened


def test_the_same_question_gives_the_same_calls(world: World) -> None:
    question = 'Who appears in "Blue Hour"? They wrote a film that features Eli Fox.'
    assert solve(world, question) == solve(world, question)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [*PAGES, '"Blue Hour"', "《Amber Road》", "film", "someone who", "wrote", "features",
             "was directed by", "a", "has", "as director", "between 1970 and 1980", "initials A. B.",
             "at least two", "films", ".", "?", ",", "and", "不", "由", "有一位", "的人", "执导",
             "影片中，有一部", "《", "<1>", "{7}", "20世纪70年代"]
        ),
        max_size=25,
    ).map(" ".join)
    | st.text(max_size=80)
)  # fmt: skip
def test_no_question_breaks_it_or_its_budget(world: World, question: str) -> None:
    _, evidence, calls = solve(world, question)
    assert len(calls) <= MAX_CALLS
    assert len(evidence) <= 5


def test_a_world_that_shows_nothing_gets_an_empty_answer_within_the_budget() -> None:
    question = 'Who acted in "X", "Y" and a film that features Z Zed?'
    answer, evidence, calls = play(question, lambda _: Observation(text="Nothing.", error=True))
    assert (answer, evidence) == ("", [])
    assert len(calls) <= MAX_CALLS


@pytest.mark.parametrize(
    ("phrase", "bounds"),
    [
        ("between 39 and 56", (39, 56)),
        ("no less than 20% and no more than 23%", (20, 23)),
        ("at most two", (-inf, 2)),
        ("eleven or more", (11, inf)),
        ("不少于11部", (11, inf)),
        ("有两部或三部", (2, 3)),
    ],
)
def test_amounts_are_read_with_both_ends(phrase: str, bounds: tuple[float, float]) -> None:
    assert read_amount(phrase) == Bounds(*bounds)


@pytest.mark.parametrize(
    ("phrase", "bounds"),
    [
        ("after 1955 but before 1970", (1956, 1969)),
        ("in or after 1986 but no later than 1993", (1986, 1993)),
        ("1970s", (1970, 1979)),
        ("no earlier than 1979", (1979, inf)),
        ("before 1980", (-inf, 1979)),
        ("1973年之后、1978年之前", (1974, 1977)),
        ("20世纪80年代", (1980, 1989)),
        ("1979年及以后", (1979, inf)),
    ],
)
def test_periods_are_read_with_both_ends(phrase: str, bounds: tuple[float, float]) -> None:
    assert read_period(phrase) == Bounds(*bounds)


def test_a_clue_belongs_to_the_thing_it_describes() -> None:
    root = read_question(
        "Which film released in the 1980s has Raoul Levy in its cast list? One of the people who "
        "directed it appears in a comedy that features someone with the initials K. T."
    ).root
    levy, director = root.edges
    assert (root.kind, levy.role, levy.target) == (Kind.FILM, Credit.ACT, "Raoul Levy")
    assert [test.bounds for test in root.tests] == [Bounds(1980, 1989)]
    assert not isinstance(director.target, str)
    (comedy,) = director.target.edges
    assert not isinstance(comedy.target, str)
    (player,) = comedy.target.edges
    assert not isinstance(player.target, str)
    assert (director.role, comedy.role, player.role) == (Credit.DIRECT, Credit.ACT, Credit.ACT)
    assert [test.word for test in comedy.target.tests + player.target.tests] == ["comedy", "KT"]


def test_a_page_gives_its_credits_and_numbers_whatever_its_title_holds() -> None:
    text = (
        "Released in 1972, What's Up, Doc? 2001 is a comedy film directed by David E. Ray. Al Bo "
        "and Cy Jr. wrote the script. The cast includes Di Do.\n\nAl Co. produced it in Peru. It "
        "won 2 Oscars. It has a Metascore of 30 out of 100."
    )
    facts = read_facts("What's Up, Doc? 2001", text)
    names = {role: [link.name for link in links] for role, links in facts.links.items()}
    assert names[Credit.DIRECT] == ["David E. Ray"]
    assert names[Credit.ACT] == ["Di Do"]
    assert facts.values == {Field.YEAR: 1972, Field.OSCARS: 2, Field.METASCORE: 30}
