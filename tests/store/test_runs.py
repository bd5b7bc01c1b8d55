"""Every index of a run is recorded once, with no problem stored twice, however often it is sent."""

import pytest
from sqlalchemy.exc import IntegrityError

from data.errors import UserError
from data.store import Drawn, Run, RunProgress, Store
from tests.store.factory import make_draws, make_task, table_rows


def test_a_commit_reports_tasks_and_reasons(store: Store) -> None:
    store.begin_run("run", {"seed": 0})
    drawn = make_draws(0, 20)
    recorded = store.commit("run", drawn)
    # 6 and 13 repeat the problems of 0 and 7; 4, 9, 14 and 19 were rejected by their author.
    expected = [Drawn(d.index, None, "duplicate") if d.index in (6, 13) else d for d in drawn]
    assert recorded == expected
    assert store.run_progress("run") == RunProgress(
        20, 14, {"duplicate": 2, "leak": 2, "not_unique": 2}
    )
    assert store.count() == 14


def test_sending_the_same_indices_again_changes_nothing(store: Store, url: str) -> None:
    store.begin_run("run", {"seed": 0})
    once = store.commit("run", make_draws(0, 20))
    rows = table_rows(url)
    store.begin_run("run", {"seed": 0})
    assert store.commit("run", make_draws(0, 20)) == once
    assert table_rows(url) == rows


def test_a_recorded_index_keeps_its_first_result(store: Store) -> None:
    store.begin_run("run", {})
    first = [Drawn(0, make_task(0), ""), Drawn(1, None, "leak")]
    store.commit("run", first)
    second = [Drawn(0, None, "leak"), Drawn(1, make_task(1), ""), Drawn(2, make_task(2), "")]
    assert store.commit("run", second) == [*first, second[2]]
    assert store.count() == 2


def test_overlapping_commits_join_without_a_gap(store: Store, url: str) -> None:
    store.begin_run("run", {})
    for first, stop in ((0, 10), (5, 15), (0, 20)):
        store.commit("run", make_draws(first, stop))
    assert sorted(row[1] for row in table_rows(url)["draws"]) == list(range(20))


def test_a_gap_is_a_mistake_of_ours_and_stores_nothing(store: Store, url: str) -> None:
    store.begin_run("run", {})
    before = table_rows(url)
    with pytest.raises(AssertionError, match="goes on at 0, not with \\[1, 2\\]"):
        store.commit("run", make_draws(1, 3))
    with pytest.raises(AssertionError, match="never begun"):
        store.commit("other", make_draws(0, 3))
    assert table_rows(url) == before


@pytest.mark.parametrize(
    "drawn", [Drawn(0, None, ""), Drawn(0, make_task(0), "leak")], ids=["neither", "both"]
)
def test_a_draw_has_a_task_or_a_reason(store: Store, url: str, drawn: Drawn) -> None:
    store.begin_run("run", {})
    before = table_rows(url)
    with pytest.raises(IntegrityError, match="ck_draws_outcome"):
        store.commit("run", [drawn])
    assert table_rows(url) == before


def test_another_run_gets_no_problem_twice(store: Store) -> None:
    for run_id in ("a", "b"):
        store.begin_run(run_id, {"run": run_id})
    reworded = make_task(0, fingerprint="village-0", words="Please.")
    store.commit("a", [Drawn(0, make_task(0), "")])
    assert make_task(0).id != reworded.id
    recorded = store.commit("b", [Drawn(0, make_task(0), ""), Drawn(1, reworded, "")])
    assert recorded == [Drawn(0, None, "duplicate"), Drawn(1, None, "duplicate")]
    assert store.count() == 1


def test_an_empty_commit_is_nothing(store: Store, url: str) -> None:
    store.begin_run("run", {})
    before = table_rows(url)
    assert store.commit("run", []) == []
    assert table_rows(url) == before


def test_one_run_id_stands_for_one_request(store: Store) -> None:
    store.begin_run("run", {"seed": 0, "options": {"depth": 2}})
    store.begin_run("run", {"options": {"depth": 2}, "seed": 0})
    with pytest.raises(UserError, match='run \'run\' was begun as .*"seed":0.*asked .*"seed":1'):
        store.begin_run("run", {"seed": 1, "options": {"depth": 2}})


def test_runs_are_listed_with_request_and_progress(store: Store) -> None:
    store.begin_run("b", {"n": 3})
    store.begin_run("a", {"n": None})
    store.commit("b", make_draws(0, 5))
    assert store.runs() == [
        Run("a", {"n": None}, RunProgress(0, 0, {})),
        Run("b", {"n": 3}, RunProgress(5, 4, {"leak": 1})),
    ]
    assert store.run_progress("c") == RunProgress(0, 0, {})
