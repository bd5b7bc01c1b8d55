"""Finds the rows that a request speaks of, by what it says of them and nothing else."""

from data.task import JsonObject
from envs.general.expr import Value
from envs.general.surface import Op, ReadTool
from envs.general.variant import Paging
from synth.general.worked.desk import Desk, Untaught
from synth.general.worked.fit import Fit, shown
from synth.general.worked.known import Equal
from synth.general.worked.want import Want
from synth.general.worked.words import Line

FEW = 3
"""Rows that a search may show without being narrowed further."""
MAX_LOOKS = 5
"""Rows that are read one by one to tell them apart."""


class Seeker:
    """Keeps what was found, so that nothing is looked for twice."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.known = desk.known
        self.domain = desk.world.domain
        self.fit = Fit(desk)

    def the(self, want: Want, arg: str = "") -> str:
        """The one row that is wanted. Raises `Untaught`."""
        again = want.key in self.fit.found
        if arg and not again:
            self.desk.think(Line.NEED, arg=arg, phrase=want.phrase)
        ids = self.find(want)
        if len(ids) != 1:
            raise Untaught("not_the_only_row")
        if again:
            self.desk.think(Line.AGAIN, phrase=want.phrase, id=ids[0])
        return ids[0]

    def find(self, want: Want) -> list[str]:
        """Rows that fit; one if the want is of one alone. Raises `Untaught`."""
        if want.key not in self.fit.found:
            ids = self._sure(want) or self._extreme(want) or self._searched(want)
            self._conclude(want, ids)
            self.fit.found[want.key] = ids
        return self.fit.found[want.key]

    def _sure(self, want: Want) -> list[str]:
        """The row if it has been shown already."""
        if want.extreme or not self.fit.single(want):
            return []
        return [row_id for row_id in sorted(self.fit.rows(want)) if self.fit.fits(want, row_id)]

    # Listing -------------------------------------------------------------------------------------

    def _searched(self, want: Want) -> list[str]:
        listed = self._listed(want)
        if listed:
            return self._narrowed(want, listed)
        found: list[str] = []
        single = self.fit.single(want)
        for tool, given, equal in self._sources(want):
            for page in self.desk.pages(tool, given, equal):
                near = [row_id for row_id in page if self.fit.fits(want, row_id) is not False]
                found += near
                if near and (
                    self.fit.telling(want) or single and all(self.fit.fits(want, r) for r in near)
                ):
                    return self._narrowed(want, near)
        return self._narrowed(want, found)

    def _listed(self, want: Want) -> list[str]:
        """Rows of a listing that has been read to its end and holds every row that fits."""
        found = {
            n: self.fit.found[leaf.key]
            for n, leaf in want.refs().items()
            if leaf.key in self.fit.found
        }
        equal = {**want.plain(), **{n: ids[0] for n, ids in found.items() if len(ids) == 1}}
        ids = self.known.listed(want.table, equal) or frozenset()
        shown = [row_id for row_id in sorted(self.fit.rows(want)) if row_id in ids]
        return [row_id for row_id in shown if self.fit.fits(want, row_id) is not False]

    def _sources(self, want: Want) -> list[tuple[ReadTool, JsonObject, Equal]]:
        """Listings that together hold every row that fits; the thought of why comes with them."""
        tools = self.desk.tools.get(want.table, {})
        plain = want.plain()
        if Op.SEARCH in tools:
            equal = self.fit.telling(want) or self._filtered(want, FEW)
            self._say_listing(want.table, equal)
            return [(tools[Op.SEARCH], self.desk.filters(tools[Op.SEARCH], equal), equal)]
        name = self.domain.tables[want.table].name_column
        if Op.FIND in tools and name in plain:
            self._say_listing(want.table, {name: plain[name]})
            return [(tools[Op.FIND], {name: plain[name]}, {name: plain[name]})]
        listed = {n: leaf for n, leaf in want.refs().items() if (want.table, n) in self.desk.by}
        if listed and Op.SEARCH not in tools:
            column = min(listed, key=lambda n: self.fit.count(want, {n: listed[n].row_id}))
            ids = self._first(listed[column])
            if len(ids) > FEW:
                raise Untaught("too_many_parents")
            tool, shown = self.desk.by[want.table, column], self.desk.shown(want.table, column)
            self._say_listing(want.table, {column: self.desk.words.listed(ids)})
            return [(tool, {shown: row_id}, {column: row_id}) for row_id in ids]
        if Op.LIST not in tools:
            raise Untaught("no_route")
        if not self.fit.telling(want):
            self._filtered(want, 1)
        self.desk.think(Line.ALL, plural=self.desk.plural(want.table))
        return [(tools[Op.LIST], {}, {})]

    def _first(self, want: Want) -> list[str]:
        """Rows that have to be found before others."""
        if want.key not in self.fit.found and not self._sure(want):
            self.desk.think(Line.FIRST, phrase=want.phrase)
        return self.find(want)

    def _filtered(self, want: Want, few: int) -> dict[str, Value]:
        """Values to tell rows by, until few have them: what is said, then ids of rows found first."""
        equal = want.plain()
        refs = want.refs()
        order = sorted(refs, key=lambda n: self.fit.count(want, {**equal, n: refs[n].row_id}))
        for name in order:
            if equal and self.fit.count(want, equal) <= few:
                break
            ids = self._first(refs[name])
            if len(ids) == 1:
                equal[name] = ids[0]
        return equal

    def _say_listing(self, table: str, equal: Equal) -> None:
        if not equal:
            self.desk.think(Line.ALL, plural=self.desk.plural(table))
            return
        self.desk.think(
            Line.BY, plural=self.desk.plural(table), filters=self.fit.said(table, equal)
        )

    # Telling rows apart --------------------------------------------------------------------------

    def _narrowed(self, want: Want, ids: list[str]) -> list[str]:
        """Reads on until what is left fits."""
        while True:
            ids = [row_id for row_id in ids if self.fit.fits(want, row_id) is not False]
            if not ids:
                raise Untaught("lost")
            if len(ids) == 1 or all(self.fit.fits(want, row_id) for row_id in ids):
                return ids
            self._tell_apart(want, ids)

    def _tell_apart(self, want: Want, ids: list[str]) -> None:
        """One step of it: cells of a row that a short listing lacks, or the rows pointed at."""
        if len(ids) <= MAX_LOOKS:
            self.desk.think(Line.SEVERAL, ids=self.desk.words.listed(ids))
        else:
            self.desk.think(Line.MANY, n=len(ids))
        lacking = [r for r in ids if any(not self.fit.has(want, r, name) for name in want.leaves)]
        if lacking:
            if len(ids) > MAX_LOOKS:
                raise Untaught("too_many_to_read")
            columns = [n for n in want.leaves if not self.fit.has(want, lacking[0], n)]
            self.look(want.table, lacking[0], columns)
            return
        open_refs = [
            leaf
            for name, leaf in want.refs().items()
            if any(self.fit.holds(want, row_id, name) is None for row_id in ids)
        ]
        for leaf in open_refs:
            if leaf.key not in self.fit.found:
                self._first(leaf)
                return
        raise Untaught("alike")

    def look(self, table: str, row_id: str, columns: list[str]) -> None:
        said = [self.desk.shown(table, name) for name in columns]
        self.desk.think(Line.LOOK, columns=self.desk.words.listed(said), id=row_id)
        self.desk.look(table, row_id, columns)

    # First and last ------------------------------------------------------------------------------

    def _extreme(self, want: Want) -> list[str]:
        """The row with the most or least of a column among those that fit the rest."""
        if not want.extreme:
            return []
        tools = self.desk.tools.get(want.table, {})
        for leaf in want.refs().values():
            self._first(leaf)
        if Op.SEARCH in tools:
            return self._sorted(want, tools[Op.SEARCH])
        found: list[str] = []
        for tool, given, equal in self._sources(want):
            for page in self.desk.pages(tool, given, equal):
                found += page
        ids = [row_id for row_id in found if self.fit.fits(want, row_id) is not False]
        for row_id in ids:
            lacking = [n for n in (*want.leaves, want.extreme) if not self.fit.has(want, row_id, n)]
            if lacking and len(ids) > MAX_LOOKS:
                raise Untaught("too_many_to_read")
            if lacking:
                self.look(want.table, row_id, lacking)
        return self._end(want, [row_id for row_id in ids if self.fit.fits(want, row_id)])

    def _end(self, want: Want, ids: list[str]) -> list[str]:
        cells = {row_id: self.known.cell(want.table, row_id, want.extreme) for row_id in ids}
        values = {row_id: value for row_id, value in cells.items() if value is not None}
        if not values:
            raise Untaught("lost")
        choose = max if want.largest else min
        best = choose(values, key=lambda row_id: values[row_id])
        self.desk.think(
            Line.EXTREME,
            column=self.desk.shown(want.table, want.extreme),
            values=self.desk.words.listed([f"{r} {shown(v)}" for r, v in values.items()]),
            end=self.desk.words.end(want.largest),
            id=best,
            phrase=want.phrase,
        )
        return [best]

    def _sorted(self, want: Want, tool: ReadTool) -> list[str]:
        single = {n: self.fit.found[leaf.key] for n, leaf in want.refs().items()}
        equal = {**want.plain(), **{n: ids[0] for n, ids in single.items() if len(ids) == 1}}
        given = self.desk.filters(tool, equal)
        given |= {"sort_by": want.extreme, "descending": want.largest}
        if self.desk.world.variant.paging is Paging.OFFSET and set(equal) == set(want.leaves):
            given["limit"] = 1
        column, end = self.desk.shown(want.table, want.extreme), self.desk.words.end(want.largest)
        self._say_listing(want.table, equal)
        self.desk.think(Line.SORTED, plural=self.desk.plural(want.table), column=column, end=end)
        for page in self.desk.pages(tool, given, equal):
            for row_id in page:
                value = self.known.cell(want.table, row_id, want.extreme)
                if self.fit.fits(want, row_id) and value is not None:
                    self.desk.think(
                        Line.FIRST_ROW,
                        id=row_id,
                        end=end,
                        column=column,
                        value=shown(value),
                        phrase=want.phrase,
                    )
                    return [row_id]
        raise Untaught("lost")

    # Conclusions ---------------------------------------------------------------------------------

    def _conclude(self, want: Want, ids: list[str]) -> None:
        """Says which row it is, and by what."""
        if want.extreme:
            return
        if len(ids) > 1:
            said = self.desk.words.listed(ids)
            self.desk.think(Line.NAMED, phrase=want.phrase, id=said)
            return
        evidence = {
            name: self.known.cell(want.table, ids[0], name)
            for name in want.leaves
            if name != "id" and self.fit.holds(want, ids[0], name)
        }
        if len(want.leaves) == 1 and self.fit.telling(want) or not evidence:
            self.desk.think(Line.NAMED, phrase=want.phrase, id=ids[0])
            return
        line = Line.FITS if self.fit.fits(want, ids[0]) else Line.ONLY
        said = self.fit.said(want.table, evidence)
        self.desk.think(line, phrase=want.phrase, id=ids[0], evidence=said)
