"""Chemistry with real atomic data, and calendars: parsers, distributions, rules of opening days."""

from collections.abc import Mapping
from functools import lru_cache
from random import Random
from typing import Any

from data.task import Language, Source
from envs.interpreter.files.tables import source_hash, source_table, source_version
from synth.interpreter.licences import licence
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, as_json, say
from synth.interpreter.shapes.asked import Form

GROUPS = ("OH", "NO3", "SO4", "CO3", "PO4", "NH4", "CH3", "C2H3O2", "CN", "MnO4")
METALS = ("Na", "K", "Ca", "Mg", "Fe", "Cu", "Zn", "Al", "Ba", "Ag", "Cr", "Ni", "Sr", "Pb", "Co")
MIXED = ("Cl", "Br", "Si", "S", "Mg", "Cu", "Ga", "Ni", "Zn", "Ge", "B", "Fe", "K")
"""Elements with several isotopes that occur in nature."""


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    table = source_table("mendeleev:elements")
    pairs = zip(table.column("symbol"), table.column("atomic_weight"), strict=True)
    return {str(symbol): float(str(weight)) for symbol, weight in pairs if weight is not None}


@lru_cache(maxsize=1)
def _isotopes() -> dict[str, list[tuple[int, float]]]:
    """Mass numbers and abundances, as fractions, of the natural isotopes of each element."""
    table = source_table("mendeleev:isotopes")
    found: dict[str, list[tuple[int, float]]] = {}
    for nuclide, number, abundance in zip(
        table.column("nuclide"), table.column("mass_number"), table.column("abundance"), strict=True
    ):
        if isinstance(abundance, int | float) and abundance > 0:
            symbol = str(nuclide).partition("-")[0]
            found.setdefault(symbol, []).append((int(str(number)), float(abundance) / 100))
    return found


def _chemistry() -> tuple[Source, ...]:
    return tuple(
        Source(
            name=name,
            version=source_version(name),
            licence=licence(name),
            sha256=source_hash(name),
        )
        for name in ("mendeleev:elements", "mendeleev:isotopes")
    )


def _flask_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("mass", "share", "atoms", "heaviest")),
        "element": rng.choice(("O", "O", "N", "H", "C", "S")),
        "num": 4 + 2 * level,
        "water": level > 2,
    }


def _formula(rng: Random, water: bool) -> str:
    metal, group = rng.choice(METALS), rng.choice(GROUPS)
    count = rng.randint(1, 3)
    grouped = f"({group}){count}" if count > 1 else group
    text = f"{metal}{rng.choice(('', '', '2'))}{grouped}"
    if rng.random() < 0.3:
        text = f"{metal}({group}({rng.choice(GROUPS)}){rng.randint(2, 3)}){rng.randint(1, 2)}"
    return f"{text}*{rng.randint(2, 10)}H2O" if water and rng.random() < 0.5 else text


def _flasks(rng: Random, rules: Rules) -> Data:
    formulas: list[str] = []
    while len(formulas) < rules["num"]:
        formula = _formula(rng, rules["water"])
        if formula not in formulas:
            formulas.append(formula)
    rows = [{"formula": f, "grams": round(rng.uniform(0.5, 80), 2)} for f in formulas]
    symbols = sorted({*METALS, "H", "C", "N", "O", "P", "S", "Mn"})
    return {"flasks": rows, "weights": {s: _weights()[s] for s in symbols}}


def flasks_by_stack(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    def atoms(formula):
        total = {}
        for part in formula.split("*"):
            at = 0
            while at < len(part) and part[at].isdigit():
                at += 1
            times = int(part[:at] or 1)
            stack = [{}]
            while at < len(part):
                if part[at] == "(":
                    stack.append({})
                    at += 1
                    continue
                end = at + 1
                if part[at] == ")":
                    group = stack.pop()
                else:
                    while end < len(part) and part[end].islower():
                        end += 1
                    group = {part[at:end]: 1}
                stop = end
                while stop < len(part) and part[stop].isdigit():
                    stop += 1
                count = int(part[end:stop] or 1)
                for symbol, n in group.items():
                    stack[-1][symbol] = stack[-1].get(symbol, 0) + n * count
                at = stop
            for symbol, n in stack[0].items():
                total[symbol] = total.get(symbol, 0) + n * times
        return total

    weights, element = data["weights"], rules["element"]
    rows = []
    for flask in data["flasks"]:
        found = atoms(flask["formula"])
        molar = sum(weights[s] * n for s, n in found.items())
        rows.append((flask, found.get(element, 0), molar))
    if rules["ask"] == "heaviest":
        flask, _, molar = max(rows, key=lambda row: row[2])
        return [flask["formula"], molar]
    moles = sum(flask["grams"] / molar * n for flask, n, molar in rows)
    grams = moles * weights[element]
    if not grams:
        return None
    total = sum(flask["grams"] for flask, _, _ in rows)
    return {"mass": grams, "share": 100 * grams / total, "atoms": moles}[rules["ask"]]


def flasks_by_expansion(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Brackets and numbers are multiplied out until only symbols are left."""
    import re

    def symbols(formula):
        listed = []
        for part in formula.split("*"):
            times, text = re.fullmatch(r"(\d*)(.*)", part).groups()
            text = re.sub(r"([A-Z][a-z]?)(\d+)", lambda m: m[1] * int(m[2]), text)
            while "(" in text:
                text = re.sub(r"\(([A-Za-z]*)\)(\d*)", lambda m: m[1] * int(m[2] or 1), text)
                text = re.sub(r"([A-Z][a-z]?)(\d+)", lambda m: m[1] * int(m[2]), text)
            listed += re.findall(r"[A-Z][a-z]?", text) * int(times or 1)
        return listed

    weights, element = data["weights"], rules["element"]
    molar = {
        f["formula"]: sum(weights[s] for s in symbols(f["formula"])) for f in data["flasks"]
    }
    if rules["ask"] == "heaviest":
        best = max(molar, key=molar.get)
        return [best, molar[best]]
    moles = sum(
        f["grams"] * symbols(f["formula"]).count(element) / molar[f["formula"]]
        for f in data["flasks"]
    )
    if not moles:
        return None
    if rules["ask"] == "atoms":
        return moles
    grams = moles * weights[element]
    if rules["ask"] == "mass":
        return grams
    return 100 * grams / sum(f["grams"] for f in data["flasks"])


def _flask_files(data: Data) -> Mapping[str, str]:
    rows = ["formula,grams", *(f"{f['formula']},{f['grams']}" for f in data["flasks"])]
    weights = as_json(data["weights"])["problem.json"]
    return {"flasks.csv": "\n".join(rows) + "\n", "atomic_weights.json": weights}


def read_flasks() -> Any:
    import csv
    import json

    with open("flasks.csv") as file:  # noqa: PTH123
        flasks = [{"formula": r["formula"], "grams": float(r["grams"])} for r in csv.DictReader(file)]
    with open("atomic_weights.json") as file:  # noqa: PTH123
        return {"flasks": flasks, "weights": json.load(file)}


_ELEMENTS = {
    "O": ("oxygen", "氧"),
    "N": ("nitrogen", "氮"),
    "H": ("hydrogen", "氢"),
    "C": ("carbon", "碳"),
    "S": ("sulphur", "硫"),
}


def _tell_flasks(rules: Rules, language: Language) -> str:
    en, zh = _ELEMENTS[rules["element"]]
    water_en = " `*5H2O` behind a formula adds five molecules of water." if rules["water"] else ""
    water_zh = "化学式后的 `*5H2O` 表示另带五个水分子。" if rules["water"] else ""
    setting = say(
        language,
        "A shelf holds the flasks of `flasks.csv`: the formula of the substance in each (not all of "
        f"them exist) and its mass in grams. `atomic_weights.json` has the atomic weights.{water_en}",
        "架子上放着 `flasks.csv` 所列的烧瓶：各瓶物质的化学式（未必真实存在）及其质量（克）。"
        f"`atomic_weights.json` 给出原子量。{water_zh}",
    )
    question = {
        "mass": say(
            language,
            f"How many grams of {en} do all flasks hold together?",
            f"所有烧瓶合计含有多少克{zh}？",
        ),
        "share": say(
            language,
            f"If everything were tipped together, what percentage of the mass would be {en}?",
            f"若全部倒在一起，{zh}占总质量的百分之几？",
        ),
        "atoms": say(
            language,
            f"How many moles of {en} atoms do all flasks hold together?",
            f"所有烧瓶合计含有多少摩尔{zh}原子？",
        ),
        "heaviest": say(
            language,
            "Which substance has the largest molar mass, and what is it in grams per mole? Give "
            "the formula and the molar mass.",
            "哪种物质的摩尔质量最大，是多少克每摩尔？请给出化学式和摩尔质量。",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_flasks(rules: Rules) -> list[tuple[str, Rules]]:
    asks = ("mass", "share", "atoms", "heaviest")
    return [(ask, rules | {"ask": ask}) for ask in asks if ask != rules["ask"]] + [
        ("another element", rules | {"element": "H" if rules["element"] != "H" else "O"})
    ]


def _flask_form(rules: Rules) -> Form:
    return Form.PAIR if rules["ask"] == "heaviest" else Form.NUMBER


def _flask_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if rules["ask"] != "heaviest":
        return ()
    return ("formula", "molar mass") if language is Language.EN else ("化学式", "摩尔质量")


def _peak_rules(rng: Random, level: int) -> Rules:
    return {
        "ask": rng.choice(("peak", "lightest", "spread")),
        "atoms": 2 + level,
        "kinds": 1 + (level > 1) + (level > 3),
        "percent": rng.choice((1, 2, 5)),
    }


def _peaks(rng: Random, rules: Rules) -> Data:
    symbols = rng.sample(MIXED, rules["kinds"])
    return {
        "molecule": {s: rng.randint(1, rules["atoms"]) + (s == symbols[0]) for s in symbols},
        "isotopes": {
            s: {str(number): share for number, share in _isotopes()[s]} for s in symbols
        },
    }


def peaks_by_convolution(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    chance = {0: 1.0}
    for symbol, count in data["molecule"].items():
        total = sum(data["isotopes"][symbol].values())
        for _ in range(count):
            then = {}
            for mass, p in chance.items():
                for number, share in data["isotopes"][symbol].items():
                    key = mass + int(number)
                    then[key] = then.get(key, 0.0) + p * share / total
            chance = then
    if rules["ask"] == "peak":
        best = max(chance, key=chance.get)
        return [best, 100 * chance[best]]
    if rules["ask"] == "lightest":
        return 100 * chance[min(chance)]
    return sum(p >= rules["percent"] / 100 for p in chance.values())


def peaks_by_multinomial(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """Lists how often each isotope occurs, with multinomial coefficients."""
    from itertools import combinations_with_replacement, product
    from math import factorial, prod

    per_symbol = []
    for symbol, count in data["molecule"].items():
        shares = data["isotopes"][symbol]
        total = sum(shares.values())
        ways = []
        for picked in combinations_with_replacement(sorted(shares), count):
            number = factorial(count) // prod(factorial(picked.count(i)) for i in set(picked))
            ways.append((sum(map(int, picked)), number * prod(shares[i] / total for i in picked)))
        per_symbol.append(ways)
    lines = {}
    for combined in product(*per_symbol):
        mass = sum(m for m, _ in combined)
        lines[mass] = lines.get(mass, 0.0) + prod(p for _, p in combined)
    if rules["ask"] == "peak":
        height, mass = max((p, m) for m, p in lines.items())
        return [mass, 100 * height]
    if rules["ask"] == "lightest":
        return 100 * lines[min(lines)]
    return len([p for p in lines.values() if p >= rules["percent"] / 100])


def _tell_peaks(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        "`problem.json` gives a `molecule` (atoms of each element) and the natural `isotopes` of its "
        "elements (mass number and share of all atoms). If the shares of an element do not add up "
        "to exactly 1, scale them so that they do. The nominal mass of a molecule is the sum of the "
        "mass numbers of its atoms, which are drawn independently.",
        "`problem.json` 给出一个 `molecule`（各元素的原子个数）以及这些元素的天然 `isotopes`（质量数及其占比）。"
        "若某元素的占比之和不恰好为1，请按比例调整为1。分子的标称质量是各原子质量数之和，各原子相互独立。",
    )
    percent = rules["percent"]
    question = {
        "peak": say(
            language,
            "Which nominal mass is the most frequent, and what percentage of the molecules has it?",
            "哪个标称质量最常见？百分之几的分子具有该质量？",
        ),
        "lightest": say(
            language,
            "What percentage of the molecules has the smallest possible nominal mass?",
            "百分之几的分子具有可能的最小标称质量？",
        ),
        "spread": say(
            language,
            f"How many different nominal masses does at least {percent}% of the molecules have?",
            f"至少{percent}%的分子所具有的标称质量有多少个？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_peaks(rules: Rules) -> list[tuple[str, Rules]]:
    asks = ("peak", "lightest", "spread")
    found = [(ask, rules | {"ask": ask}) for ask in asks if ask != rules["ask"]]
    return [*found, ("other threshold", rules | {"percent": rules["percent"] * 2})]


def _peak_form(rules: Rules) -> Form:
    return {"peak": Form.PAIR, "lightest": Form.NUMBER, "spread": Form.INTEGER}[rules["ask"]]


def _peak_parts(rules: Rules, language: Language) -> tuple[str, ...]:
    if rules["ask"] != "peak":
        return ()
    return ("mass", "percentage") if language is Language.EN else ("质量", "百分比")


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ZH_DAYS = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
ORDINALS = ("first", "second", "third", "fourth")


def _museum_rules(rng: Random, level: int) -> Rules:
    return {
        "shut": rng.randrange(5),
        "nth": rng.randint(1, 4),
        "day": rng.randrange(7),
        "ask": rng.choice(("open", "visit", "days")),
        "count": rng.choice((5, 6)),
        "place": rng.choice((50, 100, 150, 200)),
        "years": 1 + level,
    }


def _museum(rng: Random, rules: Rules) -> Data:
    from datetime import date, timedelta

    start = date(rng.randint(1996, 2028), rng.randint(1, 12), rng.randint(1, 28))
    end = start + timedelta(days=365 * rules["years"] + rng.randint(0, 200))
    closed = sorted(
        {start + timedelta(days=rng.randrange((end - start).days)) for _ in range(8)}
    )
    return {
        "from": start.isoformat(),
        "to": end.isoformat(),
        "repairs": [day.isoformat() for day in closed],
    }


def museum_day_by_day(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    from datetime import date, timedelta

    day, end = date.fromisoformat(data["from"]), date.fromisoformat(data["to"])
    opened = []
    while day <= end:
        nth = (day.day - 1) // 7 + 1
        shut = day.weekday() == rules["shut"] or (
            day.weekday() == rules["day"] and nth == rules["nth"]
        )
        if not shut and day.isoformat() not in data["repairs"]:
            opened.append(day)
        day += timedelta(days=1)
    if rules["ask"] == "open":
        return len(opened)
    if rules["ask"] == "visit":
        return opened[rules["place"] - 1].isoformat()
    return sum(day.weekday() == rules["count"] for day in opened)


def museum_by_sets(data: Data, rules: Rules):  # type: ignore[no-untyped-def]
    """All days as numpy dates; closed days are taken away."""
    import numpy as np

    days = np.arange(data["from"], np.datetime64(data["to"]) + 1, dtype="datetime64[D]")
    # 1970-01-01 was a Thursday.
    weekday = (days.astype(int) + 3) % 7
    in_month = (days - days.astype("datetime64[M]")).astype(int)
    shut = weekday == rules["shut"]
    shut |= (weekday == rules["day"]) & (in_month // 7 + 1 == rules["nth"])
    shut |= np.isin(days, np.array(data["repairs"], dtype="datetime64[D]"))
    opened = days[~shut]
    if rules["ask"] == "open":
        return len(opened)
    if rules["ask"] == "visit":
        return str(opened[rules["place"] - 1])
    return int((~shut & (weekday == rules["count"])).sum())


def _tell_museum(rules: Rules, language: Language) -> str:
    setting = say(
        language,
        f"A museum is closed every {DAYS[rules['shut']]}, on the {ORDINALS[rules['nth'] - 1]} "
        f"{DAYS[rules['day']]} of every month, and on the days of `repairs`. `problem.json` has these "
        "and the period in question, `from` and `to`, both included.",
        f"一座博物馆每逢{ZH_DAYS[rules['shut']]}闭馆，每月第{rules['nth']}个{ZH_DAYS[rules['day']]}闭馆，"
        "`repairs` 所列日期也闭馆。`problem.json` 给出这些日期以及所问时段 `from` 至 `to`（首尾均计）。",
    )
    place = rules["place"]
    question = {
        "open": say(
            language,
            "On how many days of the period is it open?",
            "这段时间内它开放多少天？",
        ),
        "visit": say(
            language,
            f"A pensioner visits on every day it is open, from the start of the period. What is the "
            f"date of visit number {place}?",
            f"一位退休老人从时段开始起，每个开放日都来参观。他第{place}次参观是哪一天？",
        ),
        "days": say(
            language,
            f"On how many {DAYS[rules['count']]}s of the period is it open?",
            f"这段时间内有多少个{ZH_DAYS[rules['count']]}开放？",
        ),
    }[rules["ask"]]
    return f"{setting}\n\n{question}"


def _near_museum(rules: Rules) -> list[tuple[str, Rules]]:
    return [
        ("other closing day", rules | {"shut": (rules["shut"] + 1) % 7}),
        ("other week", rules | {"nth": rules["nth"] % 4 + 1}),
        ("no monthly day", rules | {"nth": 9}),
        ("one visit more", rules | {"place": rules["place"] + 1}),
    ]


def _museum_form(rules: Rules) -> Form:
    return Form.DATE if rules["ask"] == "visit" else Form.INTEGER


PUZZLES = (
    Puzzle(
        "flasks", _flask_rules, _flasks, _tell_flasks, flasks_by_stack, flasks_by_expansion,
        _near_flasks, form=_flask_form, parts=_flask_parts, files=_flask_files, read=read_flasks,
        sources=_chemistry,
    ),
    Puzzle(
        "isotopes", _peak_rules, _peaks, _tell_peaks, peaks_by_convolution, peaks_by_multinomial,
        _near_peaks, form=_peak_form, parts=_peak_parts, sources=_chemistry,
    ),
    Puzzle(
        "museum", _museum_rules, _museum, _tell_museum, museum_day_by_day, museum_by_sets,
        _near_museum, form=_museum_form,
    ),
)
