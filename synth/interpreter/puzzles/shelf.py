"""A library's shelf of recent books: the shelf itself against distances between requests."""

from collections.abc import Mapping
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form


def _shelf_rules(rng: Random, level: int) -> Rules:
    return {
        "percent": rng.choice((40, 50, 60, 65)),
        "requests": 150 + 100 * level,
        "books": 14 + 4 * level,
        "ask": rng.choice(("fifo", "busiest")),
    }


def _shelf(rng: Random, rules: Rules) -> Data:
    books = [f"B{n:02d}" for n in range(1, rules["books"] + 1)]
    weights = [1 / (n + 1) ** rng.uniform(0.5, 0.9) for n in range(len(books))]
    return rng.choices(books, weights, k=rules["requests"])


def shelf_in_order(data, rules):
    from collections import Counter, OrderedDict

    def run(size, refresh):
        shelf, hits, out = OrderedDict(), 0, Counter()
        for book in data:
            if book in shelf:
                hits += 1
                if refresh:
                    shelf.move_to_end(book)
            else:
                if len(shelf) == size:
                    out[shelf.popitem(last=False)[0]] += 1
                shelf[book] = True
        return hits, out

    size = 1
    while 100 * run(size, True)[0] < rules["percent"] * len(data):
        size += 1
        if size > len(set(data)):
            return None
    if rules["ask"] == "fifo":
        return [size, run(size, False)[0]]
    out = run(size, True)[1].most_common(2)
    if len(out) < 2 or out[0][1] == out[1][1]:
        return None
    return [size, out[0][0]]


def shelf_by_distance(data, rules):
    """A book is still there if fewer than `size` others were asked for since."""
    last, distances = {}, []
    for n, book in enumerate(data):
        if book in last:
            distances.append(len(set(data[last[book] + 1 : n])))
        last[book] = n
    size = 1
    while 100 * sum(d < size for d in distances) < rules["percent"] * len(data):
        size += 1
        if size > len(set(data)):
            return None
    if rules["ask"] == "fifo":
        queue, hits = [], 0
        for book in data:
            if book in queue:
                hits += 1
            else:
                queue = [*queue, book][-size:]
        return [size, hits]
    gone = {}
    for book in set(data):
        places = [n for n, other in enumerate(data) if other == book]
        spans = [data[a + 1 : b] for a, b in zip(places, [*places[1:], len(data)], strict=False)]
        gone[book] = sum(len(set(span)) >= size for span in spans)
    best = sorted(gone.items(), key=lambda one: -one[1])
    return None if best[0][1] == best[1][1] else [size, best[0][0]]


def _shelf_files(data: Data) -> Mapping[str, str]:
    return {"requests.txt": "\n".join(data) + "\n"}


def read_requests() -> Any:
    with open("requests.txt") as file:  # noqa: PTH123
        return file.read().split()


def _tell_shelf(rules: Rules, language: Language) -> str:
    percent = rules["percent"]
    setting = say(
        language,
        "A library keeps a few books on a shelf at the desk. `requests.txt` lists, one a line, which "
        "book was asked for. A book that stands on the shelf is a hit. Any other is fetched and put "
        "there; if the shelf is full, the book that has gone longest without being asked for goes "
        "back first. The shelf is empty at the start.",
        "图书馆在柜台的架子上放几本书。`requests.txt` 每行是一次借阅请求的书号。若书在架上，就算命中；"
        "否则取来放上架，架满时先撤走最久没有被请求的那一本。开始时架子是空的。",
    )
    first = say(
        language,
        f"What is the smallest shelf (in books) for which at least {percent}% of all requests are "
        "hits? ",
        f"要使至少{percent}%的请求命中，架子最少要能放几本？",
    )
    second = {
        "fifo": say(
            language,
            "And with a shelf of that size, how many hits would there be if instead the book that "
            "was put there longest ago always went back first?",
            "若架子就是这么大，但改为总是撤走最早放上架的那一本，命中多少次？",
        ),
        "busiest": say(
            language,
            "And which book is sent back from a shelf of that size most often?",
            "架子就是这么大时，哪一本被撤走的次数最多？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{first}{second}"


def _near_shelf(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("more hits wanted", rules | {"percent": rules["percent"] + 5}),
        ("fewer hits wanted", rules | {"percent": rules["percent"] - 8}),
    ]


def _shelf_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if rules["ask"] == "fifo":
        return ("size", "hits") if language is Language.EN else ("大小", "命中次数")
    return ("size", "book") if language is Language.EN else ("大小", "书号")


def _pair(rules: Rules) -> Form:
    return Form.PAIR


PUZZLE = Puzzle(
    "shelf",
    _shelf_rules,
    _shelf,
    _tell_shelf,
    shelf_in_order,
    shelf_by_distance,
    _near_shelf,
    form=_pair,
    parts=_shelf_parts,
    files=_shelf_files,
    read=read_requests,
    stateful=True,
)
