"""What to pack under a weight limit: every choice against CP-SAT."""

from random import Random

from data.task import Language
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say

_WORDS = """
tent stove rope camera drone radio tripod axe lamp kettle tarp sledge piano globe clock vase mirror lute
"""


def _pack_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("value", "spare", "count")),
        "num": 9 + level,
        "bonus": rng.choice((0, 10, 15, 25)),
    }


def _pack(rng: Random, rules: Rules) -> Data:
    names = rng.sample(
        _WORDS.split(),
        rules["num"],
    )
    kilos = [rng.randint(3, 30) for _ in names]
    items = [
        {"item": name, "kg": kg, "value": rng.randint(10, 99)}
        for name, kg in zip(names, kilos, strict=True)
    ]
    pairs = rng.sample([(a, b) for a in names for b in names if a < b], 6)
    return {
        "capacity": round(sum(kilos) * rng.uniform(0.4, 0.6)),
        "items": items,
        "apart": [list(pair) for pair in pairs[:4]],
        "sets": [list(pair) for pair in pairs[4:]],
    }


def pack_by_enumeration(data, rules):
    import numpy as np

    names = [item["item"] for item in data["items"]]
    bits = (np.arange(1 << len(names))[:, None] >> np.arange(len(names))) & 1
    has = {name: bits[:, n].astype(bool) for n, name in enumerate(names)}
    kg = bits @ np.array([item["kg"] for item in data["items"]])
    value = bits @ np.array([item["value"] for item in data["items"]])
    fine = kg <= data["capacity"]
    for a, b in data["apart"]:
        fine &= ~(has[a] & has[b])
    for a, b in data["sets"]:
        value = value + rules["bonus"] * (has[a] & has[b])
    if rules["ask"] == "count":
        return int(bits.sum(axis=1)[fine].max())
    best = value[fine].max()
    if rules["ask"] == "value":
        return int(best)
    return int(data["capacity"] - kg[fine & (value == best)].min())


def pack_by_solver(data, rules):
    from ortools.sat.python import cp_model

    def solved(goal, floor=None):
        model = cp_model.CpModel()
        take = {item["item"]: model.new_bool_var(item["item"]) for item in data["items"]}
        kg = sum(item["kg"] * take[item["item"]] for item in data["items"])
        value = sum(item["value"] * take[item["item"]] for item in data["items"])
        model.add(kg <= data["capacity"])
        for a, b in data["apart"]:
            model.add_bool_or([take[a].negated(), take[b].negated()])
        for a, b in data["sets"]:
            both = model.new_bool_var("")
            model.add_min_equality(both, [take[a], take[b]])
            value += rules["bonus"] * both
        if floor is not None:
            model.add(value == floor)
        model.maximize({"value": value, "light": -kg, "count": sum(take.values())}[goal])
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        if solver.solve(model) != cp_model.OPTIMAL:
            return None
        return round(solver.objective_value)

    if rules["ask"] == "count":
        return solved("count")
    best = solved("value")
    return best if rules["ask"] == "value" else data["capacity"] + solved("light", best)


def _tell_pack(rules: Rules, language: Language) -> str:
    bonus = rules["bonus"]
    more_en = (
        f" For each pair under `sets` of which both are taken, the total value rises by {bonus}."
        if bonus
        else " The pairs under `sets` play no part."
    )
    more_zh = (
        f"`sets` 中的每一对若都带上，总价值增加{bonus}。" if bonus else "`sets` 在本题中不起作用。"
    )
    setting = say(
        language,
        "An expedition packs one sledge from the things in `problem.json`. Together they may weigh "
        "at most `capacity` kilograms, and of each pair listed under `apart` at most one may come "
        f"along.{more_en}",
        "一支探险队从 `problem.json` 所列物品中挑选装上雪橇。总重不得超过 `capacity` 千克；"
        f"`apart` 中的每一对至多带一件。{more_zh}",
    )
    question = {
        "value": say(language, "What is the highest total value?", "总价值最高是多少？"),
        "spare": say(
            language,
            "Among all choices of the highest total value take the lightest. How many kilograms of "
            "capacity does it leave unused?",
            "在总价值最高的各种选法中取最轻的一种，它还剩多少千克的载重没有用上？",
        ),
        "count": say(
            language,
            "Value aside, what is the largest number of things that can come along?",
            "不论价值，最多能带上多少件物品？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_pack(rules: Rules) -> list[tuple[str, Rules]]:
    found = [
        (ask, rules | {"ask": ask}) for ask in ("value", "spare", "count") if ask != rules["ask"]
    ]
    if rules["ask"] != "count":
        found.append(("other bonus", rules | {"bonus": rules["bonus"] + 30}))
    return found


PUZZLE = Puzzle(
    "sledge",
    _pack_rules,
    _pack,
    _tell_pack,
    pack_by_enumeration,
    pack_by_solver,
    _near_pack,
    portable=False,
)
