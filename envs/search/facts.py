"""What a reader takes from a page about a film, a person or a company: credits, years and numbers.

It knows how encyclopaedia pages of this world word things and nothing else; a page of another sort
gives empty facts.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    FILM = "film"
    PERSON = "person"
    COMPANY = "company"
    OTHER = "other"


class Role(StrEnum):
    """How a film hangs together with a person, a company or a country."""

    DIRECT = "direct"
    WRITE = "write"
    ACT = "act"
    MAKE = "make"
    ORIGIN = "origin"


class Field(StrEnum):
    """A number of a film's page."""

    YEAR = "year"
    RUNTIME = "runtime"
    METASCORE = "metascore"
    CRITICS = "critics"
    OSCARS = "oscars"
    NOMINATIONS = "nominations"


class Link(NamedTuple):
    name: str
    year: int | None = None
    """Of a film, where the page gives it right behind the title."""


class Facts(NamedTuple):
    kind: Kind
    links: dict[Role, tuple[Link, ...]]
    values: dict[Field, float]
    lead: str
    """The first sentence in lower case: it says the genres of a film."""
    text: str


_START = r"It|Its|The (?:script|cast|film|only)|Appearing|Of \d|Critics wrote|Among \d"
# A full stop after one or two letters belongs to a name, unless a usual opening follows.
_SENTENCE = re.compile(rf"(?<=[.!?]) +(?=(?:{_START})\b)|(?<=\w{{3}}[.]) +|\n+")
_DISAMBIGUATED = re.compile(r" \(\d{4}\b[^()]*\)$")
_AND = re.compile(r", | and ")
_DATED = re.compile(r"(?P<name>.+?) \((?P<year>\d{4})\)(?:, | and |$)")

_ON_FILM = (
    (Role.WRITE, r"written and directed by (.+)"),
    (Role.DIRECT, r"directed by (.+)"),
    (Role.WRITE, r"^The script is by (.+)|^It was written by (.+)|^(.+) wrote the script$"),
    (
        Role.ACT,
        r"^(?:The cast includes|Its cast is made up of|Appearing in the film are"
        r"|The only cast member listed is) (.+)|^(.+) appears? in the film$",
    ),
    (Role.MAKE, r"^(.+) produced it in |produced (?:in .+? )?by (.+)"),
    (
        Role.ORIGIN,
        r"(?:produced|made|produced it) in (.+?)(?: by .+|; .+)?$"
        r"|^It (?:comes|is a production) from (.+)",
    ),
)
_FILM_LINKS = [(role, re.compile(pattern)) for role, pattern in _ON_FILM]
_CREDITS = (
    (Role.DIRECT, re.compile(r"^(?:Credits as director: |As a director, .+? made )(.+)")),
    (Role.WRITE, re.compile(r"^(?:Credits as writer: |As a writer, .+? worked on )(.+)")),
    (Role.ACT, re.compile(r"^(?:Credits in the cast: |In the cast, .+? is listed for )(.+)")),
    (
        Role.MAKE,
        re.compile(
            r"(?:^Its films are|had a part in the production of|company credited on"
            r"|was involved in producing|^It took part in producing) (.+)"
        ),
    ),
)
_DID = re.compile(
    r"(?P<did>(?:(?:, | and | )?(?:wrote the script of|wrote|directed|appeared in|produced"
    r"|is a member of the cast of|was in the cast of|is credited in the cast of))+) (?P<films>.+)"
)
_VERBS = {"wrote": Role.WRITE, "directed": Role.DIRECT, "appeared": Role.ACT, "cast": Role.ACT,
          "produced": Role.MAKE}  # fmt: skip
_THE_FILM = re.compile(r"^the (\d{4}) film (.+)$")

_VALUES = {
    Field.YEAR: r"(?:is an? |released in |Released in |film of |film from )(\d{4})\b",
    Field.RUNTIME: r"(\d+) minutes?\b",
    Field.METASCORE: r"Metascore (?:is|of) (\d+)",
    Field.CRITICS: r"(\d+)% (?:of them |are )positive",
    Field.OSCARS: r"won (\d+) Oscar",
    Field.NOMINATIONS: r"(\d+) Oscar nomination",
}
_NUMBERS = {field: re.compile(pattern) for field, pattern in _VALUES.items()}
_FILM_LEAD = re.compile(r"\b(?:film|comedy|drama)\b")


def read_facts(title: str, text: str) -> Facts:
    """The facts of one page; `title` is its heading, `text` what stands below."""
    # A title may hold full stops, years and the word "film".
    plain = text.replace(_DISAMBIGUATED.sub("", title), "It", 1)
    sentences = [part.strip() for part in _SENTENCE.split(plain) if part.strip()]
    lead = sentences[0] if sentences else ""
    links = dict(_credits(text.split("\n")))
    if Role.MAKE in links and "produc" in text:
        kind = Kind.COMPANY
    elif links or "credited on" in lead or "The credits of" in lead:
        kind = Kind.PERSON
    elif _FILM_LEAD.search(lead):
        kind, links = Kind.FILM, _film_links(sentences)
    else:
        kind = Kind.OTHER
    values = {}
    if kind is Kind.FILM:
        found = ((field, pattern.search(plain)) for field, pattern in _NUMBERS.items())
        values = {field: float(match[1]) for field, match in found if match}
    return Facts(kind, links, values, lead.lower(), text)


def _film_links(sentences: list[str]) -> dict[Role, tuple[Link, ...]]:
    links: dict[Role, tuple[Link, ...]] = {}
    for sentence in sentences:
        plain = sentence.removesuffix(".")
        for role, pattern in _FILM_LINKS:
            match = pattern.search(plain)
            if match and role not in links:
                names = _AND.split(next(group for group in match.groups() if group))
                links[role] = tuple(Link(name.strip()) for name in names)
    return links


def _credits(sentences: list[str]) -> Iterator[tuple[Role, tuple[Link, ...]]]:
    """The films of a person or company by role."""
    for sentence in sentences:
        plain = sentence.removesuffix(".")
        for role, pattern in _CREDITS:
            if match := pattern.search(plain):
                yield role, _films(match[1])
                break
        else:
            if (match := _DID.search(plain)) and (films := _films(match["films"])):
                for word, role in _VERBS.items():
                    if re.search(rf"\b{word}\b", match["did"]):
                        yield role, films


def _films(text: str) -> tuple[Link, ...]:
    if match := _THE_FILM.match(text):
        return (Link(match[2], int(match[1])),)
    return tuple(Link(m["name"], int(m["year"])) for m in _DATED.finditer(text))
