"""The algebra of data questions: a pipeline is a row of steps over a table, then what is read off.

Only the meaning stands here. `pandas_code` and `sql_code` each write a program for a pipeline and
share nothing with each other but these records.
"""

from dataclasses import asdict, dataclass
from datetime import date

from pydantic import JsonValue

from data.hashing import content_hash


@dataclass(frozen=True)
class Col:
    name: str


@dataclass(frozen=True)
class Lit:
    value: int | float | str | date


@dataclass(frozen=True)
class Bin:
    """Arithmetic: one of + - * /; division is never of whole numbers."""

    op: str
    left: "Expr"
    right: "Expr"


@dataclass(frozen=True)
class Fn:
    """year, month, weekday (1 is Monday), days (left minus right), abs, ln, sqrt, flag (of a test)."""

    name: str
    args: tuple["Expr | Pred", ...]


Expr = Col | Lit | Bin | Fn


@dataclass(frozen=True)
class Cmp:
    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class In:
    column: str
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class Known:
    """None of the columns is missing."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class All:
    parts: tuple["Pred", ...]


Pred = Cmp | In | Known | All


@dataclass(frozen=True)
class Agg:
    """count, sum, mean, median, min, max, std (n - 1), quantile, distinct, corr, slope."""

    name: str
    fn: str
    column: str = ""
    other: str = ""
    q: float = 0.5
    ddof: int = 1
    digits: int | None = None
    """Rounded to so many decimals; only near misses round."""


@dataclass(frozen=True)
class Keep:
    where: Pred


@dataclass(frozen=True)
class Add:
    name: str
    value: Expr


@dataclass(frozen=True)
class Join:
    """Rows of the table that have a partner in the other file, with its columns."""

    file: str
    on: str


@dataclass(frozen=True)
class Group:
    by: tuple[str, ...]
    aggs: tuple[Agg, ...]


@dataclass(frozen=True)
class Over:
    """A column computed over the rows that share `by`.

    An aggregate of `Agg`; or rank (1 is first, equal values share the smaller rank), previous,
    running (sum up to this row), rolling (mean of the last `n` rows, missing before).
    """

    name: str
    fn: str
    column: str
    by: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    desc: bool = False
    n: int = 1
    q: float = 0.5
    ddof: int = 1


@dataclass(frozen=True)
class Fill:
    """Missing cells take the median (or mean) of the known ones that share `by`."""

    column: str
    by: tuple[str, ...]
    fn: str = "median"


@dataclass(frozen=True)
class Spread:
    """One row a key with the values that stand under two labels; keys with both only."""

    key: str
    labels: str
    values: str
    first: str | int
    second: str | int


@dataclass(frozen=True)
class Fit:
    """Adds the least-squares prediction of `y` by `x` over all rows."""

    name: str
    y: str
    x: str


@dataclass(frozen=True)
class Top:
    k: int
    by: str
    desc: bool = True


@dataclass(frozen=True)
class Sort:
    by: str
    desc: bool = True


Step = Keep | Add | Join | Group | Over | Fill | Spread | Fit | Top | Sort


@dataclass(frozen=True)
class Stat:
    """One number: an aggregate of `Agg`, or range, ratio (sum over sum), coef (see `other2`)."""

    fn: str
    column: str = ""
    other: str = ""
    other2: str = ""
    q: float = 0.5
    ddof: int = 1


@dataclass(frozen=True)
class Cells:
    """The cells of the first row."""

    columns: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    name: str
    ordered: bool


@dataclass(frozen=True)
class Rows:
    columns: tuple[str, ...]


Final = Stat | Cells | Column | Rows


@dataclass(frozen=True)
class Pipeline:
    file: str
    steps: tuple[Step, ...]
    final: Final

    def fingerprint(self, recipe_hash: str) -> str:
        return content_hash([recipe_hash, _plain(asdict(self))])


def _plain(value: object) -> JsonValue:
    match value:
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case date():
            return value.isoformat()
        case None | bool() | int() | float() | str():
            return value
    raise AssertionError(f"no JSON for {value!r}")
