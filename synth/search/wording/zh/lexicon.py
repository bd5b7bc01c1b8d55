"""The shape of the Chinese words of a relation.

Frames are predicates that follow their subject and, with the particle "de", also stand before a
noun. A
frame that starts with "de" begins with a noun of the subject's ("its capital is ..."); the particle stays only right
after the subject. `{y}` is the other entity, `{v}` the value, `{x}` the subject where it is no grammatical one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

OPENERS = (
    "我在找{np}。",
    "请帮我找出{np}。",
    "考考你：有{np}。",
    "来猜{np}。",
    "我想打听{np}。",
    "根据线索猜{np}。",
)
"""Ways to bring in what is asked for, whatever it is."""
TELLERS = (
    "我在找{np}，{p}。",
    "我想找{np}：{p}。",
    "请帮我找{np}，{p}。",
    "帮忙找{np}，{p}。",
    "出个题：有{np}，{p}。",
    "跟你打听{np}：{p}。",
    "考考你：有{np}，{p}。",
    "我想打听{np}，{p}。",
    "来猜{np}：{p}。",
    "有{np}，{p}。",
    "我想不起{np}的{name}了，只记得{p}。",
    "{np}的{name}到了嘴边又忘了，我只记得{p}。",
)
"""As openers, with the first clues: `{p}` is a predicate, `{name}` what its name is called."""


@dataclass(frozen=True)
class Noun:
    """How things of a type are called and counted."""

    word: str
    measure: str
    is_person: bool = False
    openers: tuple[str, ...] = ()
    """Ways to bring in what is asked for, around `{np}`."""
    closers: tuple[str, ...] = ()
    """Ways to ask for it once it is described."""
    name: str = "名称"
    """What its name is called, e.g. a film's title."""
    tellers: tuple[str, ...] = ()
    """Instead of `TELLERS`."""
    short: str = ""
    """A short anaphor, e.g. "gai pian" for a film."""


@dataclass(frozen=True)
class Edge:
    """An entity relation seen from the end `x`; `{y}` is the other end."""

    says: tuple[str, ...]
    denies: tuple[str, ...]
    """`{y}` is a name."""
    group: str
    """All other ends of x: "the films {x} directed"."""
    counts: tuple[str, ...] = ()
    """Predicates around a counted noun `{y}`, where the group cannot follow its subject."""
    roles: tuple[str, ...] = ()
    """What to call y afterwards; empty means by its type."""
    verb: str = ""
    """A verb before `{y}`, for two relations said at once."""
    part: str = ""
    """What y is to x, for two relations said at once."""
    shared: Mapping[tuple[str, bool], str] = field(default_factory=dict)
    """Loops: the frame for a second step (relation, inverse) after this one."""


@dataclass(frozen=True)
class Attribute:
    """A relation to a year, number, category or name."""

    noun: str
    says: tuple[str, ...] = ()
    """Empty for numbers: the noun and the amount make the predicate."""
    denies: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    pre: str = ""
    """Where it can stand right before the noun, e.g. "{v}" for a language film."""
    is_year: bool = False
    more: str = "高"
    less: str = "低"
    unit: str = ""
    gap_unit: str = ""
    whole: bool = False
    heads: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lexicon:
    """All words of one source. Edges are keyed by relation and `inverse`."""

    nouns: Mapping[str, Noun]
    edges: Mapping[tuple[str, bool], Edge]
    attributes: Mapping[str, Attribute]
