"""Masses of molecules by natural isotopes: convolution against multinomials."""

from functools import lru_cache
from random import Random

from data.task import Language, Source
from envs.interpreter.files.tables import source_hash, source_table, source_version
from synth.interpreter.licences import licence
from synth.interpreter.puzzles.puzzle import Data, Puzzle, Rules, say
from synth.interpreter.shapes.asked import Form

MIXED = ("Cl", "Br", "Si", "S", "Mg", "Cu", "Ga", "Ni", "Zn", "Ge", "B", "Fe", "K")
"""Elements with several isotopes that occur in nature."""


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
        "isotopes": {s: {str(number): share for number, share in _isotopes()[s]} for s in symbols},
    }


def peaks_by_convolution(data, rules):
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


def peaks_by_multinomial(data, rules):
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


PUZZLE = Puzzle(
    "isotopes",
    _peak_rules,
    _peaks,
    _tell_peaks,
    peaks_by_convolution,
    peaks_by_multinomial,
    _near_peaks,
    form=_peak_form,
    parts=_peak_parts,
    sources=_chemistry,
)
