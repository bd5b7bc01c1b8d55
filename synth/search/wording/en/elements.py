"""English words of the chemical elements."""

from synth.search.wording.en.lexicon import (
    OPENERS,
    Attribute,
    Edge,
    Lexicon,
    Noun,
    measure,
    tally,
    title,
)

NOUNS = {
    "element": Noun(
        "element",
        "elements",
        openers=(
            *OPENERS,
            "Help me find {np}.",
            "Somewhere in the periodic table is {np}.",
            "One for the chemists: I'm looking for {np}.",
        ),
        closers=(
            "Which element is it?",
            "Which element is this?",
            "Can you name the element?",
            "What is the element called?",
            "Name the element.",
        ),
    )
}

SERIES = (
    "actinide",
    "alkali metal",
    "alkaline earth metal",
    "halogen",
    "lanthanide",
    "metalloid",
    "noble gas",
    "nonmetal",
    "poor metal",
    "transition metal",
)
COUNTRY = "element.discovery_country"

EDGES = {
    (COUNTRY, False): Edge(
        says=(
            "[was|were] discovered in {y}",
            "[was|were] first found in {y}",
            "[has|have] {y} as a place of discovery",
            "[owes|owe] {its} discovery to work done in {y}",
        ),
        denies=("[was|were] not discovered in {y}",),
        counts=("[was|were] discovered in {y}",),
        group="the countries where {x} was discovered",
        how_many=("In how many {y} was {x} discovered?",),
        roles=("country of discovery",),
        label="country where {x} was discovered",
        part="country of discovery",
        shared={(COUNTRY, True): "[shares|share] at least two countries of discovery with {y}"},
    ),
    (COUNTRY, True): Edge(
        says=(
            "[is|are] where {y} was discovered",
            "saw the discovery of {y}",
        ),
        denies=("[is|are] not where {y} was discovered",),
        counts=("saw the discovery of {y}",),
        group="the elements discovered in {x}",
        how_many=("How many {y} were discovered in {x}?",),
        label="element discovered in {x}",
        part="country of discovery",
    ),
}

ATTRIBUTES = {
    "element.symbol": title("symbol", asks=("What is the symbol of {x}?",)),
    "element.discoverer": Attribute(
        noun="discoverer",
        says=(
            "[was|were] discovered by {v}",
            "[lists|list] {v} among {its} discoverers",
            "[owes|owe] {its} discovery to {v}",
        ),
        denies=("[was|were] not discovered by {v}",),
        asks=("Who discovered {x}?",),
        post="discovered by {v}",
    ),
    "element.block": Attribute(
        noun="block",
        says=("[belongs|belong] to the {v}-block", "[sits|sit] in the {v}-block"),
        denies=("[does|do] not belong to the {v}-block",),
        asks=("To which block does {x} belong?",),
        pre="{v}-block",
    ),
    "element.series": Attribute(
        noun="series",
        says=("[is|are] classed as {av}",),
        denies=("[is|are] not classed as {av}",),
        asks=("To which series does {x} belong?",),
        heads={name: name for name in SERIES},
    ),
    "element.lattice": Attribute(
        noun="lattice",
        says=("[crystallises|crystallise] in {av} lattice", "[has|have] {av} lattice"),
        denies=("[does|do] not crystallise in {av} lattice",),
        asks=("In what kind of lattice does {x} crystallise?",),
        post="with {av} lattice",
    ),
    "element.discovery_year": Attribute(
        noun="year of discovery",
        says=("[was|were] discovered {v}", "[was|were] first identified {v}"),
        denies=("[was|were] not discovered {v}",),
        asks=("In what year was {x} discovered?", "When was {x} discovered? Give the year."),
        post="discovered {v}",
        is_year=True,
        event="{x} was discovered",
        happened="[was|were] discovered",
        more="later",
        less="earlier",
        most="latest",
        least="earliest",
        apart=("How many years lie between the discovery of {x} and that of {y}?",),
    ),
    "element.atomic_number": measure("atomic number", whole=True),
    "element.period": Attribute(
        noun="period",
        says=("[has|have] a period number of {v}",),
        denies=("[does|do] not have a period number of {v}",),
        asks=("In which period of the periodic table does {x} stand?",),
        whole=True,
    ),
    "element.group": Attribute(
        noun="group number",
        says=("[has|have] a group number of {v}",),
        denies=("[does|do] not have a group number of {v}",),
        asks=("In which group of the periodic table does {x} stand?",),
        whole=True,
    ),
    "element.melting_point": measure("melting point", says=("[melts|melt] at {v}",)),
    "element.boiling_point": measure("boiling point", says=("[boils|boil] at {v}",)),
    "element.density": measure("density"),
    "element.atomic_weight": measure("atomic weight"),
    "element.electronegativity": measure("electronegativity on the Pauling scale"),
    "element.stable_isotopes": tally("stable isotopes"),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
