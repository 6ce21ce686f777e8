"""Writes the latent tables of block after block as the departments' files, and keeps which line came from whom."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.synthetic import labels as words
from pipelines.synthetic.defects import KIND, Written, column_defects, write_identities
from pipelines.synthetic.fields import Renderer
from pipelines.synthetic.id_numbers import id_text
from pipelines.synthetic.layouts import LAYOUTS, WIDE_MEMBERS, Layout
from pipelines.synthetic.population import Population
from pipelines.synthetic.texts import Texts, choose, join, named, take, texts, whole
from pipelines.synthetic.world import NOTHING, Table, World
from pipelines.synthetic.writers import ParquetFile, TextFile, Workbook, Writer

_REQUIRED = {
    "dibao": ("scheme", "不明"),
    "tekun": ("support_mode", None),
    "low_income": ("per_capita_income", "见台账"),
    "temporary_assistance": ("amount", None),
    "unemployment_insurance": ("status", "9"),
    "unemployment_benefit": ("end_month", "至今"),
    "unemployment_registration": ("registered_on", None),
    "migrant_workers": ("work_status", "待核"),
    "social_insurance": ("scheme", "999"),
    "pension_benefit": ("monthly_amount", "—"),
    "disability_certificates": ("level", "五级"),
    "poverty_register": ("poverty_status", "待定"),
    "medical_enrolment": ("status", "9"),
    "medical_settlements": ("settled_on", "2020-13-45"),
    "serious_illness": ("recognised_on", None),
}
"""The required column that a quarantined row spoils, and how."""
_OPTIONAL = {
    "dibao": ("entry_cause", "待查"),
    "unemployment_insurance": ("first_paid_month", "不详"),
    "social_insurance": ("monthly_base", "见附件"),
    "poverty_register": ("work_months", "半年"),
    "medical_enrolment": ("subsidy_group", "#N/A"),
    "temporary_assistance": ("epidemic", "不确定"),
    "disability_certificates": ("issued_on", "补录"),
}
"""Optional columns with unreadable cells now and then; none that a rule asks, but for issue dates, spoilt only in rows without weight."""
_QUOTED = {"health", "household_amount", "per_capita_income", "amount"}


@dataclass
class Records:
    """Rows of one block and dataset as delivered: file, line, person, how number and name were written, whether a sex or birth-date column is wrong,
    and whether the row counts (the register's of another year do not)."""

    dataset: str
    file: Texts
    line: Texts
    person: np.ndarray
    written: Written
    table: Table
    wrong_column: np.ndarray
    counts: np.ndarray


def _workbook(layout: Layout) -> bool:
    return layout.suffix.endswith(".xlsx")


class Deliveries:
    """The open files of all datasets below `inbox`, dated `snapshot`."""

    def __init__(
        self, inbox: Path, snapshot: dt.date, county_names: dict[int, str], defects: float, layouts: tuple[Layout, ...] = LAYOUTS, note: str = ""
    ) -> None:
        self._inbox, self._snapshot, self._names, self._defects, self._layouts, self._note = inbox, snapshot, county_names, defects, layouts, note
        self._open: dict[tuple[int, int], Writer] = {}
        self.rows: dict[str, int] = {}

    def deliver(self, world: World, rng: np.random.Generator) -> list[Records]:
        """Writes a block's tables; gives its records in the order of the datasets."""
        renderer = Renderer(world.people, self._names)
        records: list[Records] = []
        for dataset in dict.fromkeys(layout.dataset for layout in self._layouts):
            table = world.table(dataset)
            if dataset == "poverty_register":
                table["tail"] = _holders(world)[table["person"]]
            route = self._route(dataset, table["county"])
            for place in np.unique(route[route >= 0]):
                layout = self._layouts[place]
                chosen = {name: values[route == place] for name, values in table.items()}
                records += self._deliver(world.people, renderer, int(place), layout, chosen, rng)
        return records

    def _route(self, dataset: str, county: np.ndarray) -> np.ndarray:
        """The layout of each row: its county's own, else the region's."""
        route = np.full(len(county), -1)
        for place, layout in enumerate(self._layouts):
            if layout.dataset == dataset:
                route = np.where((route < 0) & ((county == layout.county) | (layout.county is None)), place, route)
        return route

    def _deliver(self, people: Population, renderer: Renderer, place: int, layout: Layout, table: Table, rng: np.random.Generator) -> list[Records]:
        """Writes rows of one layout. Another province's rows have no defects: nobody here could correct them."""
        count = len(table["person"])
        table["sex"], table["birth"] = people.sex[table["person"]], people.birth[table["person"]]
        rate = np.where(table["county"] // 10_000 == 64, self._defects, 0)
        written = write_identities(rng, people, table["person"], rate, np.full(count, _workbook(layout)))
        _settle_defects(layout, people, table, written)
        column_defects(written, table)
        has = (written.kind == KIND["sex_column"]) & ("sex" in layout.columns) | (written.kind == KIND["birth_column"]) & (
            "birth_date" in layout.columns
        )
        self.rows[layout.dataset] = self.rows.get(layout.dataset, 0) + count
        if layout.wide:
            return [self._deliver_wide(renderer, place, layout, table, written, has)]
        halves = np.array_split(np.arange(count), layout.parts) if layout.parts else [np.arange(count)]
        columns = self._columns(people, renderer, layout, table, written, rng)
        found = []
        for part, rows in enumerate(halves):
            writer = self._writer(place, layout, part + 1 if layout.parts else 0, list(layout.columns.values()))
            span = slice(int(rows[0]), int(rows[-1]) + 1) if len(rows) else slice(0, 0)
            first = writer.write([column[span] for column in columns], written.numeric[span])
            lines = whole(np.arange(first, first + len(rows)))
            found.append(
                self._records(layout, writer, lines, {name: values[span] for name, values in table.items()}, _part(written, span), has[span])
            )
        return found

    def _columns(
        self, people: Population, renderer: Renderer, layout: Layout, table: Table, written: Written, rng: np.random.Generator
    ) -> list[Texts]:
        columns: list[Texts] = []
        spoilt = written.kind == KIND["quarantined"]
        unread = (rng.random(len(spoilt)) < self._defects / 8) & (written.kind == 0)
        if layout.dataset == "disability_certificates":
            unread &= table["level"] > 2
        for field in layout.columns:
            if field == layout.id_field:
                column = _document(table, written, rng) if layout.dataset == "poverty_register" else written.ids
            elif field == "certificate_number":
                column = _certificate_number(people, table, written)
            elif field == "name":
                column = written.names
            else:
                column = renderer.column(layout.dataset, field, table, layout.style)
            for spoil, (name, text) in ((spoilt, _REQUIRED[layout.dataset]), (unread, _OPTIONAL.get(layout.dataset, ("", None)))):
                if field == name:
                    column = choose(spoil, text, column)
            columns.append(column)
        return columns

    def _deliver_wide(self, renderer: Renderer, place: int, layout: Layout, table: Table, written: Written, has: np.ndarray) -> Records:
        """One line per household unit: the head's columns, what is said of the household, then the members' columns."""
        shared = [field for field in layout.columns if field not in ("name", "id_number", "relationship", "sex", "birth_date")]
        headers = ["户主姓名", "户主身份证号", *(layout.columns[field] for field in shared)]
        headers += [f"成员{n}{text}" for n in range(1, WIDE_MEMBERS + 1) for text in ("姓名", "身份证号", "与户主关系")]
        writer = self._writer(place, layout, 0, headers)
        order = np.lexsort((table["relation"], table["unit"]))
        starts = np.flatnonzero(np.r_[True, np.diff(table["unit"][order]) != 0]) if len(order) else np.empty(0, np.int64)
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
        cells: dict[str, list[Any]] = {
            "name": written.names.to_pylist(),
            "id": written.ids.to_pylist(),
            "relation": [words.RELATIONS[value] for value in table["relation"]],
        }
        heads = order[starts]
        columns: list[list[str | None]] = [[cells["name"][row] for row in heads], [cells["id"][row] for row in heads]]
        sub = {name: values[heads] for name, values in table.items()}
        columns += [renderer.column(layout.dataset, field, sub, layout.style).to_pylist() for field in shared]
        for member in range(1, WIDE_MEMBERS + 1):
            at = np.full(len(starts), -1)
            here = rank == member
            at[np.searchsorted(starts, np.flatnonzero(here), side="right") - 1] = order[here]
            columns += [[cells[key][row] if row >= 0 else None for row in at] for key in ("name", "id", "relation")]
        first = writer.write([texts(column) for column in columns], written.numeric[heads])
        unit_of = np.searchsorted(starts, np.arange(len(order)), side="right") - 1
        lines = np.empty(len(order), object)
        lines[order] = [f"{first + unit}#{k + 1}" for unit, k in zip(unit_of, rank, strict=True)]
        return self._records(layout, writer, texts(lines.tolist()), table, written, has)

    def _records(self, layout: Layout, writer: Writer, lines: Texts, table: Table, written: Written, has: np.ndarray) -> Records:
        files = named(np.zeros(len(lines)), [writer.path.name])
        counts = table["year"] == self._snapshot.year if layout.dataset == "poverty_register" else np.ones(len(lines), bool)
        return Records(layout.dataset, files, lines, table["person"], written, table, has, counts)

    def _writer(self, place: int, layout: Layout, part: int, headers: list[str]) -> Writer:
        if (place, part) not in self._open:
            county = f"_{layout.county}" if layout.county else ""
            stem = f"{layout.dataset}{county}_{self._snapshot:%Y%m%d}{f'_part{part}' if part else ''}{self._note}"
            path = self._inbox / layout.dataset / f"{stem}{layout.suffix}"
            if _workbook(layout):
                number = 1 if layout.wide else list(layout.columns).index(layout.id_field)
                writer: Writer = Workbook(path, headers, layout.titles, layout.footer, number)
            elif layout.suffix == ".parquet":
                writer = ParquetFile(path, headers)
            else:
                quoted = frozenset(n for n, field in enumerate(layout.columns) if field in _QUOTED)
                writer = TextFile(path, headers, layout.titles, layout.footer, layout.encoding, layout.separator, quoted)
            self._open[place, part] = writer
        return self._open[place, part]

    def close(self, received: float | None = None) -> list[Path]:
        """Finishes all files; gives their paths."""
        for writer in self._open.values():
            writer.close(received)
        return sorted(writer.path for writer in self._open.values())


def _part(written: Written, span: slice) -> Written:
    return Written(
        written.ids[span],
        written.names[span],
        written.kind[span],
        written.name_kind[span],
        written.valid[span],
        written.own[span],
        written.numeric[span],
        written.misread[span],
    )


def _settle_defects(layout: Layout, people: Population, table: Table, written: Written) -> None:
    """Corrects what a defect means in this layout: certificates repair a number that is missing or rounded, and bear the number at issue."""
    if layout.dataset == "disability_certificates":
        current = written.kind == KIND["earlier_id"]
        written.ids = choose(current, take(people.ids, table["person"]), written.ids)
        written.kind[current] = 0
        written.own = written.own | current
        written.valid |= np.isin(written.kind, [KIND["missing"], KIND["rounded"]])
        table["column_category"] = np.where(table["column_category"] == NOTHING, table["category"], table["column_category"])
        table["column_level"] = np.where(table["column_level"] == NOTHING, table["level"], table["column_level"])
    if layout.wide:
        unset = (written.kind == KIND["quarantined"]) | (table["relation"] > 0) & written.numeric
        written.kind[unset] = 0
        written.valid |= unset
        written.numeric &= ~unset


def _certificate_number(people: Population, table: Table, written: Written) -> Texts:
    """Number, category, level and, where reissued, B1; the number is spoilt as the identity number is, unless that is missing or rounded."""
    spoilt = np.isin(written.kind, [KIND[name] for name in ("masked", "one_digit", "transposition", "wrong_birth_year")])
    ids = choose(spoilt, written.ids, take(people.ids, table["person"]))
    embedded = (people.earlier_id17[table["person"]] > 0) & (written.kind == 0) & (table["reissue"] == 0)
    ids = choose(embedded, id_text(people.earlier_id17[table["person"]]), ids)
    return join(ids, take(_TAILS, table["category"] * 10 + table["level"]), take(texts(["", "B1"]), table["reissue"]))


def _document(table: Table, written: Written, rng: np.random.Generator) -> Texts:
    """The register's document: often the certificate's number for who holds one."""
    plain = np.isin(written.kind, [KIND[name] for name in ("", "earlier_id", "misspelt_name", "dropped_dot")])
    shown = plain & (table["tail"] > 0) & (rng.random(len(plain)) < 0.65)
    return choose(shown, join(written.ids, take(_TAILS, table["tail"])), written.ids)


def _holders(world: World) -> np.ndarray:
    """Category and level of each person's certificate as a number of two digits, 0 for none."""
    certificates = world.table("disability_certificates")
    tail = np.zeros(len(world.people), np.int64)
    tail[certificates["person"]] = certificates["category"] * 10 + certificates["level"]
    return tail


_TAILS = texts([f"{number:02d}" for number in range(80)])
