"""The shape of the English words of a relation, and where to find them.

Marks in a frame: `[singular|plural]` agrees with the subject; `{its}` is the subject's possessive;
`{y}` the other entity, `{v}` the value, `{x}` the subject where it is no grammatical subject.
Every frame but `label`, `group` and the questions is a verb phrase, so that frames join freely.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from synth.search.wording.en.grammar import article

OPENERS = (
    "I'm trying to identify {np}.",
    "I'm looking for {np}.",
    "I'm thinking of {np}.",
    "Help me identify {np}.",
    "I'm trying to track down {np}.",
    "I'd like to track down {np}.",
    "I'm trying to work out the {name} of {np}.",
    "I'd like to know the {name} of {np}.",
    "Here's one for you: I'm thinking of {np}.",
    "See if you can identify {np}.",
    "I could use some help identifying {np}.",
    "I've been racking my brain over {np}.",
    "Try this one: I'm looking for {np}.",
    "I wonder if you can identify {np}.",
    "For weeks I've been trying to identify {np}.",
    "We're trying to settle a bet about {np}.",
    "I was asked the other day about {np}.",
    "Perhaps you can help me find {np}.",
)
"""Ways to bring in what is asked for, whatever it is."""
FOR_LONG = "~"
"""Starts a frame that reads well only with a long other end."""


@dataclass(frozen=True)
class Noun:
    """How things of a type are called."""

    singular: str
    plural: str
    is_person: bool = False
    bare: tuple[str, ...] = ()
    """What to call it in the opening if nothing is said of it yet; with an article."""
    name: str = "name"
    """What its name is called, e.g. a film's "title"."""
    openers: tuple[str, ...] = ()
    """Ways to bring in what is asked for, around `{np}`; `{name}` is as above."""
    closers: tuple[str, ...] = ()
    """Ways to ask for it once it is described."""

    @property
    def that(self) -> str:
        return "who" if self.is_person else "that"

    @property
    def someone(self) -> str:
        return "someone" if self.is_person else ""


@dataclass(frozen=True)
class Edge:
    """An entity relation seen from the end `x`; `{y}` is the other end."""

    says: tuple[str, ...]
    denies: tuple[str, ...]
    """`{y}` is a name or an "anyone who ..." phrase."""
    counts: tuple[str, ...]
    """`{y}` is a counted noun, e.g. "exactly three films"."""
    total: tuple[str, ...] = field(default=(), kw_only=True)
    """As `counts`, where all ends are counted: "a cast of exactly three people"."""
    group: str
    """All the other ends of x, a plural with `{x}`: "the films {x} directed"."""
    how_many: tuple[str, ...]
    """Questions; `{y}` is a plural noun, `{x}` the subject."""
    roles: tuple[str, ...] = ()
    """What to call y afterwards; empty means by its type."""
    label: str = ""
    """What to call y when the role alone is not enough: "director of {x}"."""
    verb: str = ""
    """A verb before `{y}`, for two relations said at once: "directed"."""
    again: tuple[str, ...] = ()
    """As `says`, before a `{y}` of which the same relation is said: "a film directed by ..."."""
    part: str = ""
    """What y is to x, for two relations said at once: "director"."""
    done: str = ""
    """The participle before "by {y}", for two relations said at once: "directed"."""
    plural: str = ""
    """What counted ends are called when more is known than their type: "cast members"."""
    shared: Mapping[tuple[str, bool], str] = field(default_factory=dict)
    """Loops: the frame for a second step (relation, inverse) after this one."""


@dataclass(frozen=True)
class Attribute:
    """A relation to a year, number, category or name."""

    noun: str
    says: tuple[str, ...]
    denies: tuple[str, ...]
    asks: tuple[str, ...]
    """Questions about `{x}`; for a year, number or name."""
    pre: str = ""
    """An adjective for an exact value: "{v}-minute". Categories: before the noun."""
    post: str = ""
    """A phrase after the noun; `{v}` as in `says`."""
    is_year: bool = False
    event: str = ""
    """Years: the clause of what happened, with `{x}`; empty if only a noun names it."""
    happened: str = ""
    """Years: the verb phrase alone, for comparisons: "[was|were] released"."""
    more: str = "higher"
    less: str = "lower"
    most: str = "highest"
    least: str = "lowest"
    whole: bool = False
    """True if the number counts whole units."""
    compare: str = ""
    """Numbers: "{gap} {y}" after this verb phrase; empty compares the nouns."""
    counted: str = ""
    """Numbers that count things: what they count, e.g. "airports", had or won as in `compare`."""
    unit: str = ""
    """Written after the number instead of the relation's own unit, e.g. "Oscars"."""
    gap_unit: str = ""
    """Written after a difference, where that is another word: "percentage points"."""
    apart: tuple[str, ...] = ()
    """Questions for a difference between `{x}` and `{y}`."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Categories: nouns that stand for the type's noun, e.g. "Drama" is "drama"."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Categories: how a value is written in a sentence."""


@dataclass(frozen=True)
class Lexicon:
    """All words of one source. Edges are keyed by relation and `inverse`."""

    nouns: Mapping[str, Noun]
    edges: Mapping[tuple[str, bool], Edge]
    attributes: Mapping[str, Attribute]


def measure(
    noun: str,
    more: str = "higher",
    less: str = "lower",
    *,
    whole: bool = False,
    says: tuple[str, ...] = (),
    asks: tuple[str, ...] = (),
    unit: str = "",
) -> Attribute:
    """The words of a NUMBER relation that is simply had: "has an area of ..."."""
    with_article = article(noun)
    return Attribute(
        noun=noun,
        says=(
            *says,
            f"[has|have] {with_article} of {{v}}",
            f"[has|have] {with_article} of {{v}}",
        ),
        denies=(f"[does|do] not have {with_article} of {{v}}",),
        asks=asks or (f"What is the {noun} of {{x}}{{in_unit}}?",),
        post=f"with {with_article} of {{v}}",
        more=more,
        less=less,
        most=superlative(more),
        least=superlative(less),
        whole=whole,
        unit=unit,
        apart=(
            f"What is the difference between the {noun} of {{x}} and that of {{y}}{{in_unit}}?",
            f"By how much do the {noun} of {{x}} and that of {{y}} differ{{in_unit}}?",
        ),
    )


def tally(noun: str, has: str = "[has|have]", asks: tuple[str, ...] = ()) -> Attribute:
    """The words of a NUMBER relation that counts things: "has 42 airports"."""
    return Attribute(
        noun=f"number of {noun}",
        says=(f"{has} {{v}}",),
        denies=("[does|do] not have {v}",),
        asks=asks or (f"How many {noun} does {{x}} have?",),
        post="with {v}",
        most=f"most {noun}",
        least=f"fewest {noun}",
        whole=True,
        compare=has,
        counted=noun,
        unit=noun,
        apart=(f"By how much do the numbers of {noun} of {{x}} and {{y}} differ?",),
    )


def title(noun: str, asks: tuple[str, ...] = (), says: tuple[str, ...] = ()) -> Attribute:
    """The words of a NAME or CATEGORY relation with one value: "its capital is ..."."""
    return Attribute(
        noun=noun,
        says=(*says, f"[has|have] {{v}} as {{its}} {noun}"),
        denies=(f"[does|do] not have {{v}} as {{its}} {noun}",),
        asks=asks or (f"What is the {noun} of {{x}}?",),
        post=f"whose {noun} is {{v}}",
    )


def superlative(comparative: str) -> str:
    """ "larger" gives "largest"."""
    return f"{comparative.removesuffix('r')}st"
