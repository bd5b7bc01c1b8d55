"""English words of the World Factbook."""

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
    "country": Noun(
        "country",
        "countries",
        openers=(
            *OPENERS,
            "There is {np} I'd like you to find.",
            "Help me find {np}.",
            "Picture {np}.",
        ),
        closers=(
            "Which country is it?",
            "Which country is this?",
            "Can you name the country?",
            "What is the country called?",
            "Name the country.",
        ),
    )
}

BORDER = "country.border"
EXPORT, IMPORT = "country.export_partner", "country.import_partner"


def _border(inverse: bool) -> Edge:
    return Edge(
        says=(
            "[borders|border] {y}",
            "[shares|share] a land border with {y}",
            "[has|have] {y} as a neighbour",
            "[lies|lie] next to {y}",
        ),
        denies=("[does|do] not border {y}", "[shares|share] no land border with {y}"),
        counts=("[borders|border] {y}", "[shares|share] a land border with {y}"),
        group="the neighbours of {x}",
        how_many=("How many {y} does {x} border?", "With how many {y} does {x} share a border?"),
        roles=("neighbour", "neighbouring country"),
        label="neighbour of {x}",
        verb="[borders|border]",
        part="neighbour",
        shared={(BORDER, False): "[has|have] at least two neighbours that also border {y}"}
        | {(BORDER, True): "[has|have] at least two neighbours that also border {y}"},
    )


def _partner(goods: str, verb: str, back: str) -> dict[tuple[str, bool], Edge]:
    """Both ends of a trade relation, e.g. goods "export", verb "exports ... to"."""
    relation = f"country.{goods}_partner"
    return {
        (relation, False): Edge(
            says=(
                f"[counts|count] {{y}} among {{its}} main {goods} partners",
                f"[lists|list] {{y}} as a main {goods} partner",
                f"~[counts|count] among {{its}} main {goods} partners {{y}}",
            ),
            denies=(f"[does|do] not list {{y}} among {{its}} main {goods} partners",),
            counts=(
                f"[counts|count] {{y}} among {{its}} main {goods} partners",
                f"~[names|name] among {{its}} main {goods} partners {{y}}",
            ),
            group=f"the main {goods} partners of {{x}}",
            how_many=(f"How many {{y}} are listed as main {goods} partners of {{x}}?",),
            roles=(f"{goods} partner", "trading partner"),
            label=f"{goods} partner of {{x}}",
            verb=f"[{verb[:-1]}s|{verb[:-1]}] to" if goods == "export" else "[imports|import] from",
            part=f"main {goods} partner",
            shared={
                (relation, True): f"[shares|share] at least two main {goods} partners with {{y}}"
            },
        ),
        (relation, True): Edge(
            says=(
                f"[is|are] among the main {goods} partners of {{y}}",
                f"[is listed as a main {goods} partner|are listed as main {goods} partners] of {{y}}",
                f"[is a leading {goods} partner|are leading {goods} partners] of {{y}}",
            ),
            denies=(f"[is|are] not among the main {goods} partners of {{y}}",),
            counts=(f"[is|are] listed as a main {goods} partner of {{y}}",),
            group=f"the countries that list {{x}} as a main {goods} partner",
            how_many=(f"How many {{y}} list {{x}} as a main {goods} partner?",),
            label=f"country that lists {{x}} as {back} partner",
            part=f"main {goods} partner",
            shared={
                (relation, False): f"[is|are] named by at least two countries that also list {{y}} "
                f"as a main {goods} partner"
            },
        ),
    }


EDGES = {
    (BORDER, False): _border(False),
    (BORDER, True): _border(True),
    **_partner("export", "exports", "an export"),
    **_partner("import", "imports", "an import"),
}

LARGE = ("larger", "smaller")
LONG = ("longer", "shorter")

ATTRIBUTES = {
    "country.region": Attribute(
        noun="region",
        says=("[lies|lie] in {v}", "[is|are] found in {v}", "[is|are] shown on maps of {v}"),
        denies=("[does|do] not lie in {v}", "[is|are] not found in {v}"),
        asks=("In which region does {x} lie?",),
        post="in {v}",
        words={
            "Middle East": "the Middle East",
            "Central America and the Caribbean": "Central America and the Caribbean",
            "Arctic Region": "the Arctic region",
            "Antarctic Region": "the Antarctic region",
        },
    ),
    "country.language": Attribute(
        noun="language",
        says=(
            "[has|have] {v} among {its} languages",
            "[lists|list] {v} as a language",
            "[has|have] speakers of {v} on record",
        ),
        denies=("[does|do] not list {v} as a language",),
        asks=(),
        post="with {v} among {its} languages",
    ),
    "country.religion": Attribute(
        noun="religion",
        says=(
            "[lists|list] {v} among {its} main religious groups",
            "[has|have] {v} among {its} main religious groups",
        ),
        denies=("[does|do] not list {v} among {its} main religious groups",),
        asks=(),
        words={
            "Anglican": "Anglicans",
            "Buddhist": "Buddhists",
            "Catholic": "Catholics",
            "Christian": "Christians",
            "Evangelical": "Evangelicals",
            "Hindu": "Hindus",
            "Jehovah's Witness": "Jehovah's Witnesses",
            "Jewish": "Jews",
            "Lutheran": "Lutherans",
            "Muslim": "Muslims",
            "Orthodox": "Orthodox believers",
            "Pentecostal": "Pentecostals",
            "Protestant": "Protestants",
            "Rastafarian": "Rastafarians",
            "Roman Catholic": "Roman Catholics",
            "Seventh Day Adventist": "Seventh Day Adventists",
            "Sikh": "Sikhs",
        },
    ),
    "country.capital": title("capital", says=("[has|have] {its} capital at {v}",)),
    "country.highest_point": title(
        "highest point",
        says=("[reaches|reach] {its} highest point at {v}",),
        asks=("What is the highest point of {x}?", "What is the highest place in {x} called?"),
    ),
    "country.currency": Attribute(
        noun="currency",
        says=("[uses|use] {v}", "[pays|pay] in {v}", "[has|have] {v} as {its} currency"),
        denies=("[does|do] not use {v}", "[does|do] not have {v} as {its} currency"),
        asks=("Which currency does {x} use?", "What is the currency of {x}?"),
        post="with {v} as {its} currency",
    ),
    "country.internet_code": title(
        "internet country code", asks=("What is the internet country code of {x}?",)
    ),
    "country.government_type": Attribute(
        noun="form of government",
        says=(
            '[gives|give] {its} form of government as "{v}"',
            '[has|have] "{v}" as {its} form of government',
        ),
        denies=('[does|do] not have "{v}" as {its} form of government',),
        asks=("What is the form of government of {x}?",),
        post='whose form of government is "{v}"',
    ),
    "country.area": measure("total area", *LARGE, asks=("How large is {x}{in_unit}?",)),
    "country.coastline": measure("coastline", *LONG),
    "country.land_boundary": measure(
        "total land boundary", *LONG, says=("[has|have] land borders that add up to {v}",)
    ),
    "country.highest_elevation": measure("highest elevation"),
    "country.mean_elevation": measure("mean elevation"),
    "country.population": measure(
        "population",
        *LARGE,
        whole=True,
        asks=("How many people live in {x}?", "What is the population of {x}?"),
    ),
    "country.median_age": measure("median age"),
    "country.life_expectancy": measure("life expectancy at birth"),
    "country.airports": tally("airports"),
    "country.railways": measure("railway network", *LONG),
    "country.independence": Attribute(
        noun="year of independence",
        says=("became independent {v}", "gained independence {v}", "won independence {v}"),
        denies=("did not become independent {v}", "did not gain independence {v}"),
        asks=(
            "In what year did {x} become independent?",
            "In which year did {x} gain independence?",
        ),
        is_year=True,
        event="{x} became independent",
        happened="became independent",
        more="later",
        less="earlier",
        most="most recent",
        least="earliest",
        apart=("How many years apart did {x} and {y} become independent?",),
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
