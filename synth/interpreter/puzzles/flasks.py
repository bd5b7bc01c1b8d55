"""Chemical formulas and masses, with real atomic weights: a stack against expansion."""

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


@lru_cache(maxsize=1)
def _weights() -> dict[str, float]:
    table = source_table("mendeleev:elements")
    pairs = zip(table.column("symbol"), table.column("atomic_weight"), strict=True)
    return {str(symbol): float(str(weight)) for symbol, weight in pairs if weight is not None}


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


def flasks_by_stack(data, rules):
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


def flasks_by_expansion(data, rules):
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
    molar = {f["formula"]: sum(weights[s] for s in symbols(f["formula"])) for f in data["flasks"]}
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
        flasks = [
            {"formula": r["formula"], "grams": float(r["grams"])} for r in csv.DictReader(file)
        ]
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


PUZZLE = Puzzle(
    "flasks",
    _flask_rules,
    _flasks,
    _tell_flasks,
    flasks_by_stack,
    flasks_by_expansion,
    _near_flasks,
    form=_flask_form,
    parts=_flask_parts,
    files=_flask_files,
    read=read_flasks,
    sources=_chemistry,
)
