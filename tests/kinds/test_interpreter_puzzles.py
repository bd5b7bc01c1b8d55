"""Families of puzzles: two methods agree on every instance, and the texts say all that matters."""

import json

import pytest

from data.hashing import derive_rng
from data.task import Language
from synth.interpreter.draft import Draft, Rejected, answer_spec
from synth.interpreter.engines import same
from synth.interpreter.puzzles import FAMILIES
from synth.interpreter.puzzles.beacons import beacons_by_congruence
from synth.interpreter.puzzles.chess import chess_game_by_game
from synth.interpreter.puzzles.circle import circle_by_list
from synth.interpreter.puzzles.flasks import flasks_by_stack
from synth.interpreter.puzzles.ledger import ledger_row_by_row
from synth.interpreter.puzzles.puzzle import draft_of, plain
from synth.interpreter.puzzles.stamps import stamps_by_tables
from synth.interpreter.puzzles.stock import stock_by_queue
from verifiers.answers import matches


def drafts(name: str, language: Language, wanted: int, level: int = 2) -> list[Draft]:
    found = []
    for number in range(40):
        try:
            rng = derive_rng("puzzles", name, language, number)
            found.append(draft_of(FAMILIES[name], rng, language, level))
        except Rejected:
            continue
        if len(found) == wanted:
            return found
    raise AssertionError(f"{name} gives {len(found)} of {wanted} drafts")


def test_there_are_families_of_every_sort() -> None:
    stateful = [puzzle for puzzle in FAMILIES.values() if puzzle.stateful]
    assert len(stateful) >= 5
    assert len(FAMILIES) - len(stateful) >= 12


@pytest.mark.parametrize("name", list(FAMILIES))
def test_methods_agree_and_other_data_have_other_answers(name: str) -> None:
    for made in drafts(name, Language.EN, 2):
        (hidden,) = made.hidden
        assert [file.name for file in hidden.files] == [file.name for file in made.shown.files]
        assert not matches(made.spec(hidden.value), made.shown.value)
        assert matches(made.spec(made.shown.value), made.shown.value)
        assert made.shortcut().problem == ""


@pytest.mark.parametrize("name", list(FAMILIES))
def test_texts_are_whole_in_both_languages(name: str) -> None:
    for language in Language:
        (made,) = drafts(name, language, 1)
        assert "{" not in made.text
        assert made.form.startswith("`answer`")
        names = [file.name for file in made.shown.files]
        assert any(file in made.text for file in names)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in made.text)
        assert chinese is (language is Language.ZH)


@pytest.mark.parametrize("name", list(FAMILIES))
def test_rules_are_program_text_and_data_are_files(name: str) -> None:
    (made,) = drafts(name, Language.EN, 1)
    first, second = made.witness
    compile(first, "first", "exec")
    compile(second, "second", "exec")
    json.dumps(made.notes)
    assert "def " in first
    assert second.endswith("answer")


def test_methods_that_disagree_are_no_task() -> None:
    puzzle = FAMILIES["circle"]
    from dataclasses import replace

    wrong = replace(puzzle, check=lambda data, rules: -1)
    with pytest.raises(Rejected, match="methods_disagree"):
        draft_of(wrong, derive_rng("x"), Language.EN, 1)


def test_known_values() -> None:
    beacons = [{"period": 3, "first": 2}, {"period": 5, "first": 3}, {"period": 7, "first": 2}]
    assert beacons_by_congruence(beacons, {"ask": "first"}) == 23
    stamps = {"values": [6, 9, 20], "amount": 41}
    assert stamps_by_tables(stamps, {"ask": "largest"}) == 43
    josephus = {"players": 41, "place": 41}
    assert circle_by_list(josephus, {"ask": "last", "step": 3, "grow": 0}) == 31
    flask = {
        "flasks": [{"formula": "Ca(OH)2", "grams": 74.092}],
        "weights": {"Ca": 40.078, "O": 15.999, "H": 1.008},
    }
    assert same(flasks_by_stack(flask, {"ask": "atoms", "element": "O"}), 2.0, 1e-9)
    first_game = [["A", "B", "1"]]
    champion = chess_game_by_game(first_game, {"k": 20, "ask": "champion"})
    assert champion == ["A", 1510.0]
    moves = [
        {"day": 1, "move": "in", "count": 2, "price": 5.0},
        {"day": 2, "move": "in", "count": 2, "price": 7.0},
        {"day": 4, "move": "out", "count": 3, "price": 0},
    ]
    assert stock_by_queue(moves, {"ask": "cost"}) == [17.0, 7.0]


def test_a_ledger_refuses_overdrafts_and_double_reversals() -> None:
    def row(number: int, kind: str, **more: object) -> dict[str, object]:
        return {"id": number, "kind": kind, "from": "", "to": "", "amount": 0, "ref": 0} | more

    rows = [
        row(1, "deposit", to="A", amount=100),
        row(2, "withdraw", **{"from": "A"}, amount=120),
        row(3, "transfer", **{"from": "A"}, to="B", amount=40),
        row(4, "reverse", ref=3),
        row(5, "reverse", ref=3),
    ]
    rules = {"fee": 5, "floor": 0, "ask": "refused"}
    assert ledger_row_by_row(rows, rules) == [2, 5]


def test_results_of_methods_become_json() -> None:
    import numpy

    assert plain((numpy.int64(3), numpy.float64(0.5), {"b", "a"})) == [3, 0.5, ["a", "b"]]
    assert answer_spec(["a", "b"], ordered=False).type == "list"
    with pytest.raises(Rejected, match="degenerate"):
        answer_spec(0.0)
