"""A small invented corpus with enough facts for questions: lighthouses, their keepers, their towns."""

import json
from pathlib import Path
from random import Random
from typing import Any

TOWNS = (
    "Harrowmouth", "Velm", "Castor Bay", "Oddle", "Quillhaven", "Brask",
    "Tarnsey", "Ulverwick", "Eastrake", "Mottle Sound", "Pellin", "Garth Ness",
)  # fmt: skip
LIGHTS = (
    "Gannet Rock", "Widow's Lamp", "Tall Marrow", "Sable Point", "The Needle", "Drummer's Head",
    "Cold Finger", "Merrow Light", "Ash Skerry", "Long Patience", "Bishop's Oar", "Kettle Reef",
    "The Sentinel", "Fallow Cape", "Pilot's Rest", "Iron Stair", "Hollow Stack", "Fennel Isle",
    "Raven Mole", "Seven Steps", "Grey Apron", "Lantern Hythe", "Salt Chapel", "Osprey Ledge",
)  # fmt: skip
KEEPERS = (
    "Ida Corrin", "Tomas Weft", "Elspeth Marl", "Joss Hallam", "Brida Kesh", "Anselm Pike",
    "Wren Tolliver", "Otto Sand", "Maud Verrill", "Ned Carrow", "Signe Aldous", "Piers Loam",
    "Hester Quay", "Rolf Ambry", "Tilda Fenn", "Cato Brine", "Una Selwick", "Jory Mast",
    "Agnes Thole", "Lorne Deeping", "Vera Holt", "Silas Reed", "Petra Groyne", "Hugh Larboard",
)  # fmt: skip
STONES = ("granite", "basalt", "brick", "limestone")
COASTS = ("north coast", "south coast", "outer islands")
TRADES = ("a cooper", "a sailmaker", "a clockmaker", "a baker", "a surveyor")


def documents() -> list[dict[str, Any]]:
    """Sixty lines of the corpus format, always the same."""
    rng = Random(1863)
    rows = [_town(number, name, rng) for number, name in enumerate(TOWNS)]
    rows += [_keeper(number, name, rng) for number, name in enumerate(KEEPERS)]
    rows += [_light(number, name, rng) for number, name in enumerate(LIGHTS)]
    return rows


def write_corpus(path: Path, extra: tuple[str, ...] = ()) -> Path:
    """The corpus at `path`, with `extra` lines behind it."""
    lines = [json.dumps(row, ensure_ascii=False) for row in documents()]
    path.write_text("\n".join([*lines, *extra]) + "\n", encoding="utf-8")
    return path


def _town(number: int, name: str, rng: Random) -> dict[str, Any]:
    coast, year = rng.choice(COASTS), rng.randrange(1480, 1790)
    people = rng.randrange(300, 9000)
    text = f"{name} is a town on the {coast}. Its charter dates from {year}; {people} people live there."
    facts = [
        {"relation": "coast", "value": coast},
        {"relation": "charter_year", "value": year},
        {"relation": "population", "value": people, "unit": "people"},
    ]
    return _row(f"t{number}", name, "town", text, facts)


def _keeper(number: int, name: str, rng: Random) -> dict[str, Any]:
    home, trade, year = rng.randrange(len(TOWNS)), rng.choice(TRADES), rng.randrange(1801, 1880)
    text = (
        f"{name} was born in {TOWNS[home]} in {year} and worked as {trade} before tending lights."
    )
    facts = [
        {"relation": "birthplace", "to": f"t{home}"},
        {"relation": "birth_year", "value": year},
        {"relation": "trade", "value": trade},
    ]
    return _row(f"k{number}", name, "keeper", text, facts)


def _light(number: int, name: str, rng: Random) -> dict[str, Any]:
    town, year, height = rng.randrange(len(TOWNS)), rng.randrange(1820, 1905), rng.randrange(9, 61)
    stone, keepers = rng.choice(STONES), rng.sample(range(len(KEEPERS)), 3)
    names = [KEEPERS[keeper] for keeper in keepers]
    text = (
        f"{name} is a lighthouse off {TOWNS[town]}, built of {stone} in {year}. Its tower is "
        f"{height} metres tall. Its keepers were {names[0]}, {names[1]} and {names[2]}."
    )
    facts: list[dict[str, Any]] = [
        {"relation": "town", "to": f"t{town}"},
        {"relation": "built_year", "value": year},
        {"relation": "height", "value": height, "unit": "metres"},
        {"relation": "stone", "value": stone},
    ]
    facts += [{"relation": "keeper", "to": f"k{keeper}"} for keeper in keepers]
    return _row(f"l{number}", name, "lighthouse", text, facts)


def _row(
    doc_id: str, title: str, type_: str, text: str, facts: list[dict[str, Any]]
) -> dict[str, Any]:
    return {"id": doc_id, "title": title, "type": type_, "text": text, "facts": facts}
