"""People who always lie or never do: trial of all worlds against masks over them."""

from collections.abc import Callable
from random import Random
from typing import Any

from data.task import Language
from synth.interpreter.draft import Rejected
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

_WORDS = """
Ada Bo Cleo Dov Eve Finn Gus Hana Ivo Jin Kai Lena Mara Nils Olga
"""


def _island_rules(rng: Random, level: int) -> Rules:
    return {"num": 4 + level, "ask": rng.choice(("liars", "liars", "count"))}


def _island(rng: Random, rules: Rules) -> Data:
    for _ in range(40):
        data = _gossip(rng, rules)
        if data["statements"] and island_by_masks(data, rules) is not None:
            return data
    raise Rejected("no_single_world")


def _gossip(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        _WORDS.split(),
        rules["num"],
    )
    honest = {name: rng.random() < 0.5 for name in names}
    said = []
    for name in names:
        for _ in range(5):
            others = [other for other in names if other != name]
            sort = rng.choice(("is", "same", "exactly", "either"))
            a, b = rng.sample(others, 2)
            claim: dict[str, Any]
            if sort == "is":
                claim = {"says": "liar" if rng.random() < 0.5 else "honest", "about": [a]}
            elif sort == "same":
                claim = {"says": "same" if rng.random() < 0.5 else "different", "about": [a, b]}
            elif sort == "either":
                claim = {"says": "a liar among", "about": [a, b]}
            else:
                claim = {"says": "liars in all", "count": rng.randint(1, rules["num"] - 1)}
            if island_claim(claim, honest) == honest[name]:
                said.append({"name": name, **claim})
    return {"people": names, "statements": said}


def island_claim(claim: Data, honest: dict[str, bool]) -> bool:
    """Whether a claim is true; how the people of an instance come to speak."""
    about = [honest[name] for name in claim.get("about", [])]
    tests: dict[str, Callable[[], bool]] = {
        "liar": lambda: not about[0],
        "honest": lambda: about[0],
        "same": lambda: about[0] == about[1],
        "different": lambda: about[0] != about[1],
        "a liar among": lambda: not all(about),
        "liars in all": lambda: sum(not h for h in honest.values()) == claim["count"],
    }
    return tests[claim["says"]]()


def island_by_trial(data, rules):
    from itertools import product

    def holds(claim, honest):
        about = [honest[name] for name in claim.get("about", [])]
        if claim["says"] == "liars in all":
            return sum(not h for h in honest.values()) == claim["count"]
        if claim["says"] == "a liar among":
            return not all(about)
        if claim["says"] in ("same", "different"):
            return (about[0] == about[1]) == (claim["says"] == "same")
        return about[0] == (claim["says"] == "honest")

    people, worlds = data["people"], []
    for truth in product((True, False), repeat=len(people)):
        honest = dict(zip(people, truth, strict=False))
        if all(holds(s, honest) == honest[s["name"]] for s in data["statements"]):
            worlds.append(honest)
    if len(worlds) != 1:
        return None
    liars = sorted(name for name, h in worlds[0].items() if not h)
    return liars if rules["ask"] == "liars" else len(liars)


def island_by_masks(data, rules):
    """All worlds at once, as columns of truth values."""
    import numpy as np

    people = data["people"]
    worlds = np.arange(1 << len(people))
    honest = {name: (worlds >> n & 1).astype(bool) for n, name in enumerate(people)}
    liars = len(people) - sum(h.astype(int) for h in honest.values())
    possible = np.ones(len(worlds), dtype=bool)
    for s in data["statements"]:
        about = [honest[name] for name in s.get("about", [])]
        match s["says"]:
            case "liar":
                true = ~about[0]
            case "honest":
                true = about[0]
            case "same":
                true = about[0] == about[1]
            case "different":
                true = about[0] != about[1]
            case "a liar among":
                true = ~(about[0] & about[1])
            case _:
                true = liars == s["count"]
        possible &= true == honest[s["name"]]
    (left,) = np.nonzero(possible)
    if len(left) != 1:
        return None
    names = sorted(name for name in people if not honest[name][left[0]])
    return names if rules["ask"] == "liars" else len(names)


def _tell_island(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "On an island everybody either always tells the truth or always lies. `problem.json` records "
        "what the `people` said (`statements`): that somebody is a `liar` or `honest`; that two are "
        "of the `same` sort or `different`; that there is `a liar among` two, at least one; or how "
        "many `liars in all` there are among all people listed. Only one assignment fits.",
        "在一座岛上，人人要么永远说真话，要么永远说谎。`problem.json` 记录了 `people` 各自说的话"
        "（`statements`）：某人是 `liar`（说谎者）或 `honest`（诚实）；两人是 `same`（同类）或 `different`"
        "（不同类）；两人中有 `a liar among`（至少一个说谎者）；或名单中总共有多少个说谎者（`liars in all`）。"
        "只有一种情形与全部记录相符。",
    )
    question = {
        "liars": say(language, "Who are the liars?", "说谎者是哪些人？"),
        "count": say(language, "How many liars are there?", "说谎者共有几人？"),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_island(rules: Rules) -> list[tuple[str, Rules]]:
    return []


def _island_form(rules: Rules) -> Form:
    return Form.SET if rules["ask"] == "liars" else Form.INTEGER


PUZZLE = Puzzle(
    "island",
    _island_rules,
    _island,
    _tell_island,
    island_by_trial,
    island_by_masks,
    _near_island,
    form=_island_form,
)
