"""A small made-up corpus of ships, captains and ports: enough facts for questions of every level."""

import json
from pathlib import Path
from random import Random

RIGS = ("barque", "schooner", "brig", "ketch", "cutter")
CARGOES = ("tea", "timber", "copper", "wool", "salt", "sugar", "coal")
COASTS = ("northern", "southern", "eastern", "western")
FIRST = ("Ada", "Bram", "Carla", "Dirk", "Edda", "Finn", "Greta", "Hugo", "Ines", "Jonas")
LAST = ("Alder", "Brook", "Crane", "Drake", "Ember", "Frost", "Grove", "Heath")
SEAS = ("Gull", "Heron", "Petrel", "Tern", "Curlew", "Dunlin", "Avocet", "Osprey", "Puffin")
WORDS = ("Silver", "Morning", "Northern", "Quiet", "Golden", "Merry", "Distant")


def lines(seed: int = 0) -> list[dict[str, object]]:
    """One document a ship, captain and port; every fact is stated in its text."""
    rng = Random(seed)
    ports = [{"id": f"port-{i}", "title": f"{a}{b}"} for i, (a, b) in enumerate(_port_names())]
    captains = [
        {"id": f"captain-{i}", "title": f"{first} {last}"}
        for i, (first, last) in enumerate((f, s) for f in FIRST for s in LAST)
    ]
    ships = [
        {"id": f"ship-{i}", "title": f"{word} {bird}"}
        for i, (word, bird) in enumerate((w, b) for w in WORDS for b in SEAS)
    ]
    commands: dict[str, list[dict[str, str]]] = {c["id"]: [] for c in captains}
    calls: dict[str, list[dict[str, str]]] = {p["id"]: [] for p in ports}
    made = []
    for ship in ships:
        crew = rng.sample(captains, rng.randint(2, 4))
        harbours = rng.sample(ports, rng.randint(1, 3))
        for captain in crew:
            commands[captain["id"]].append(ship)
        for port in harbours:
            calls[port["id"]].append(ship)
        year, length = rng.randint(1850, 1899), rng.randint(21, 68)
        rig, cargo = rng.choice(RIGS), rng.sample(CARGOES, rng.randint(1, 2))
        facts = [
            _literal("year_built", year, str(year)),
            _literal("length", length, f"{length} metres") | {"unit": "metres"},
            _literal("rig", rig),
            *(_literal("cargo", word) for word in cargo),
            *(_link("captain", c) for c in crew),
            *(_link("port", p) for p in harbours),
        ]
        text = (
            f"The {ship['title']} was a {rig} of {length} metres, built in {year}. She carried "
            f"{' and '.join(cargo)}. Her captains were {_names(crew)}. "
            f"She called at {_names(harbours)}."
        )
        made.append({**ship, "type": "ship", "text": text, "facts": facts})
    for captain in captains:
        sailed = commands[captain["id"]]
        home, born = rng.choice(ports), rng.randint(1810, 1870)
        facts = [_literal("birth_year", born, str(born)), _link("home", home)]
        facts += [_link("ship", ship) for ship in sailed]
        text = f"{captain['title']}, a captain born in {born}, lived in {home['title']}."
        if sailed:
            text += f" Ships under this command: {_names(sailed)}."
        made.append({**captain, "type": "captain", "text": text, "facts": facts})
    for port in ports:
        depth, coast = rng.randint(4, 30), rng.choice(COASTS)
        facts = [_literal("depth", depth, f"{depth} fathoms"), _literal("coast", coast)]
        facts += [_link("ship", ship) for ship in calls[port["id"]]]
        text = f"{port['title']} is a port of {depth} fathoms on the {coast} coast."
        if calls[port["id"]]:
            text += f" Ships that called here: {_names(calls[port['id']])}."
        made.append({**port, "type": "port", "text": text, "facts": facts})
    return made


def write(path: Path, documents: list[dict[str, object]] | None = None) -> Path:
    """The corpus as JSON Lines at `path`."""
    documents = lines() if documents is None else documents
    path.write_text("".join(json.dumps(document) + "\n" for document in documents))
    return path


def _port_names() -> list[tuple[str, str]]:
    return [(a, b) for a in ("Sal", "Mar", "Ost", "Vin", "Kel") for b in ("haven", "mouth", "wick")]


def _literal(relation: str, value: object, stated: str = "") -> dict[str, object]:
    fact: dict[str, object] = {"relation": relation, "value": value}
    return fact | {"stated": stated} if stated else fact


def _link(relation: str, other: dict[str, str]) -> dict[str, object]:
    return {"relation": relation, "to": other["id"], "stated": other["title"]}


def _names(many: list[dict[str, str]]) -> str:
    return ", ".join(one["title"] for one in many)
