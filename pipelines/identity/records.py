"""One night's records: every row in force with its person (docs/design.md, "Records")."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import Engine, pinned
from pipelines.errors import StageError
from pipelines.extracts.in_force import InForce, InForceFile
from pipelines.identity.identify import read_conformed
from pipelines.identity.numbers import number_text

QUEUE_FILE, CUT_FILE = "queue.parquet", "cut.parquet"  # beside links.parquet, see links.py
_PERSON = pa.schema([pa.field("person", pa.int64())])


class Records:
    """Every dataset's rows in force on one night, each with its person. Datasets are in the order of the contracts, which is that of extracts.md."""

    def __init__(self, engine: Engine, in_force: InForce, links: Path) -> None:
        self._engine = engine
        self._in_force = in_force
        self._links = engine.read([links])
        self._folder = links.parent
        self._tables: dict[str, ir.Table] = {}

    @property
    def engine(self) -> Engine:
        """The engine that the tables belong to."""
        return self._engine

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that the night has rows of persons of."""
        return tuple(dataset for dataset in self._in_force.files if "person" in self[dataset].columns)

    def __contains__(self, dataset: object) -> bool:
        return dataset in self._in_force.files

    def __getitem__(self, dataset: str) -> ir.Table:
        """The dataset's rows in force: conformed columns, `person` (int64, never null) and `link_basis` (id, probable, none).

        A dataset without persons has the conformed columns alone. Raises StageError when the night has no file of the dataset.
        """
        if dataset not in self._in_force.files:
            raise StageError(f"The night has no snapshot of {dataset}; ask whether it is there before reading it.")
        if dataset not in self._tables:
            self._tables[dataset] = pinned(self._with_person(dataset))
        return self._tables[dataset]

    def quarantined(self, dataset: str) -> ir.Table:
        """`person` (int64, distinct) of quarantined rows with a valid number, of the files in force.

        A row whose county cannot be read counts too: it may be of any.
        """
        parts = []
        for group in _alike(self._in_force.files.get(dataset, [])):
            paths = [file.quarantine_path for file in group if file.quarantine_path is not None]
            if paths:
                rows = self._engine.read(paths)
                rows = rows.filter(rows.id17.notnull()).select(person=rows.id17, county_code=rows.row_county)
                parts += [_counting(group[0], rows, self._in_force.region), rows.filter(rows.county_code.isnull())]
        return _union([part.select("person") for part in parts]).distinct() if parts else self._engine.table(_PERSON.empty_table())

    def queued(self, dataset: str) -> ir.Table:
        """`person` (distinct) who may have a row of the dataset under another person (identity.md, "Absence must be proven", c).

        A pair of the two waits in the review queue, or was not compared because a block was too large.
        """
        if dataset not in self:
            return self._engine.table(_PERSON.empty_table())
        there = self[dataset].select("person").distinct()
        one, other = self._doubted, self._doubted.select(record_person="person", person="record_person")
        found = [pairs.semi_join(there, "person").select(person="record_person") for pairs in (one, other)]
        return _union(found).distinct()

    @cached_property
    def _doubted(self) -> ir.Table:
        """Pairs of persons who may be one: `record_person`, `person`."""
        pairs = [self._engine.read([self._folder / name]).select("record_person", "person") for name in (QUEUE_FILE, CUT_FILE)]
        return self._engine.kept(_union(pairs).distinct())

    def subjects(self, people: ir.Table) -> ir.Table:
        """Who `people` (`person`) are: `person`, `subject`, and `id_number` or, without a valid one, `dataset` and `natural_key` of the first record.

        Grain: person. Nothing is looked up of persons with a number, who bear it; every record of the others stands in the links.
        """
        numbered = people.filter(people.person > 0).select("person").distinct()
        number, absent = number_text(numbered.person), ibis.null("string")
        known = numbered.select("person", subject=ibis.literal("person:").concat(number), id_number=number, dataset=absent, natural_key=absent)
        links = self._links.filter(self._links.person < 0).semi_join(people, "person")
        window = ibis.window(group_by="person", order_by=["rank", "file", "line_no", "member_no"])
        first = links.mutate(_place=ibis.row_number().over(window))
        first = first.filter(first["_place"] == 0)
        record = ibis.literal("record:").concat(first.dataset, ":", first.file, ":", first.line)
        return known.union(first.select("person", "dataset", "natural_key", subject=record, id_number=absent).select(*known.columns))

    def _with_person(self, dataset: str) -> ir.Table:
        """Rows with a valid number are their own answer; only the few others meet the links, and are kept: each reader would join them again."""
        rows = conformed_in_force(self._engine, self._in_force, dataset)
        if "id17" not in rows.columns:
            return rows
        by_id = rows.filter(rows.id17.notnull()).mutate(person=rows.id17, link_basis=ibis.literal("id"))
        links = self._links.filter(self._links.dataset == dataset).select("file", "line", "person", "link_basis")
        others = rows.filter(rows.id17.isnull()).join(links, ["file", "line"]).select(*by_id.columns)
        return by_id.union(self._engine.kept(others))


def open_records(engine: Engine, in_force: InForce, links: Path) -> Records:
    """The records of a night, from the files in force and what `link` wrote."""
    return Records(engine, in_force, links)


def conformed_in_force(engine: Engine, in_force: InForce, dataset: str) -> ir.Table:
    """The conformed rows of a dataset that count on the night."""
    groups = _alike(in_force.files[dataset])
    return _union([_counting(group[0], read_conformed(engine, (file.path for file in group)), in_force.region) for group in groups])


def _counting(file: InForceFile, rows: ir.Table, region: tuple[str, ...]) -> ir.Table:
    """The rows of a file that count: where all do, without looking at them."""
    return rows if file.counts_outside and set(region) <= set(file.counties) else file.counting(rows, region)


def _alike(files: list[InForceFile]) -> list[list[InForceFile]]:
    """The files in groups of which the same rows count, so that each group is read at once."""
    groups: dict[tuple[tuple[str, ...], bool], list[InForceFile]] = {}
    for file in files:
        groups.setdefault((file.counties, file.counts_outside), []).append(file)
    return list(groups.values())


def _union(parts: list[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)
