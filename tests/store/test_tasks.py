"""Tasks and certificates come back as they went in, in one order, and broken ones are named."""

import json
from hashlib import sha256

import pytest

from data.certificate import CheckName
from data.errors import TaskError, UserError
from data.store import Drawn, Store
from data.store.store import TASKS_PER_READ
from data.task import Language, Split, TaskKind
from tests.store.factory import edit, fill, make_certificate, make_task, table_rows


def test_a_task_comes_back_equal_with_its_certificate(store: Store) -> None:
    task = make_task(1)
    fill(store, [task])
    assert store.task(task.id) == task
    assert list(store.tasks()) == [task]


def test_types_inside_free_json_survive(store: Store) -> None:
    task = make_task(3)
    fill(store, [task])
    reference = store.task(task.id).hidden.reference
    assert json.dumps(reference) == '["river-3", 3, 1.0, null]'


def test_the_stored_text_is_what_the_id_is_the_hash_of(store: Store, url: str) -> None:
    task = make_task(1)
    fill(store, [task])
    ((*_, body, _domain),) = table_rows(url)["tasks"]
    assert task.id == f"search-{sha256(body.encode()).hexdigest()[:20]}"


def test_tasks_stream_in_order_of_id_across_chunks(store: Store) -> None:
    tasks = [make_task(number) for number in range(TASKS_PER_READ + 3)]
    fill(store, tasks)
    ids = [task.id for task in store.tasks()]
    assert ids == sorted(task.id for task in tasks) == store.task_ids()
    assert [task.id for task in store.tasks(limit=TASKS_PER_READ + 1)] == ids[:-2]


def test_tasks_added_while_reading_do_not_disturb_the_order(store: Store) -> None:
    first, *others = [make_task(number) for number in range(TASKS_PER_READ + 50)]
    fill(store, others)
    reading = store.tasks()
    ids = [next(reading).id]
    store.commit("run", [Drawn(len(others), first, "")])
    ids += [task.id for task in reading]
    assert ids == sorted(set(ids))
    assert set(ids) >= {task.id for task in others}


def test_filters_narrow_every_listing_alike(store: Store) -> None:
    tasks = [
        make_task(number, split=split, language=language)
        for number, (split, language) in enumerate((s, w) for s in Split for w in Language)
    ]
    fill(store, tasks)
    for task in tasks:
        asked = (TaskKind.SEARCH, task.split, task.language)
        assert list(store.tasks(*asked)) == [task]
        assert store.task_ids(*asked) == [task.id]
        assert store.count(*asked) == 1
    assert store.count(split=Split.VAL) == len(Language)
    assert store.count(TaskKind.SEARCH) == len(tasks)
    assert list(store.tasks(limit=0)) == []


def test_an_unknown_id_names_the_closest_and_the_count(store: Store) -> None:
    tasks = [make_task(number) for number in range(200)]
    fill(store, tasks)
    wanted = tasks[77].id
    for asked in (wanted[:-4], wanted[:-1] + "-", wanted.removeprefix("search-")):
        with pytest.raises(UserError, match=f"no task '{asked}'; closest of 200 tasks: {wanted}"):
            store.task(asked)


def test_an_empty_store_says_so_instead_of_naming_ids(store: Store) -> None:
    with pytest.raises(UserError, match="'search-1': the store holds no tasks yet"):
        store.task("search-1")


def test_a_wildcard_is_no_match_for_every_id(store: Store) -> None:
    fill(store, [make_task(1)])
    with pytest.raises(UserError, match="no task '%'"):
        store.task("%")


def test_an_edited_task_is_given_out_as_it_stands(store: Store, url: str) -> None:
    task = make_task(1)
    fill(store, [task])
    edit(url, "UPDATE tasks SET body = replace(body, 'Lhotka 1', 'Lhotka 2')")
    found = store.task(task.id)
    assert found.hidden.witness.answer == "Lhotka 2"
    assert found.id == task.id


@pytest.mark.parametrize("body", ["", "{", '{"kind":"search"}', "null"])
def test_a_task_that_no_longer_parses_is_named(store: Store, url: str, body: str) -> None:
    broken, sound = sorted([make_task(1), make_task(2)], key=lambda task: task.id)
    fill(store, [broken, sound])
    edit(url, "UPDATE tasks SET body = :body WHERE id = :id", body=body, id=broken.id)
    with pytest.raises(TaskError, match=f"task {broken.id}: its stored text no longer parses"):
        store.task(broken.id)
    with pytest.raises(TaskError, match=broken.id):
        list(store.tasks())
    assert store.task_ids() == [broken.id, sound.id]
    assert store.task(sound.id) == sound


def test_a_certificate_that_no_longer_parses_is_named(store: Store, url: str) -> None:
    task = make_task(1)
    fill(store, [task])
    edit(url, "UPDATE certificates SET body = '{}'")
    with pytest.raises(TaskError, match=task.id):
        store.task(task.id)


def test_a_new_certificate_replaces_the_old_one(store: Store) -> None:
    task = make_task(1)
    fill(store, [task])
    failed = make_certificate(task, version="2", failing=CheckName.LEAK)
    store.set_certificate(failed)
    assert store.task(task.id) == task.certified(failed)


def test_a_task_may_wait_for_its_certificate(store: Store) -> None:
    task = make_task(1)
    assert task.certificate is not None
    fill(store, [task.model_copy(update={"certificate": None})])
    assert store.task(task.id).certificate is None
    store.set_certificate(task.certificate)
    assert store.task(task.id) == task


def test_a_certificate_of_an_unknown_task_is_refused(store: Store) -> None:
    with pytest.raises(UserError, match="no task 'search-"):
        store.set_certificate(make_certificate(make_task(1)))


def test_the_beginning_of_an_id_finds_its_task_and_nothing_else_does(store: Store) -> None:
    tasks = [make_task(number) for number in range(40)]
    fill(store, tasks)
    for task in tasks[:5]:
        short = next(n for n in range(8, 40) if sum(t.id[:n] == task.id[:n] for t in tasks) == 1)
        assert store.match(task.id) == task.id
        assert store.match(task.id[:short]) == task.id
        assert store.match(task.id[:short].removeprefix("search-")) == task.id
    for name, said in {"search-": "several tasks fit", "%": "no task '%'", "_": "no task"}.items():
        with pytest.raises(UserError, match=said):
            store.match(name)
