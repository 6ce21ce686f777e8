"""Writes `truth/`: who is who, which record came from whom, and which rule or check should name whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.synthetic.defects import KIND, KINDS
from pipelines.synthetic.deliver import Records
from pipelines.synthetic.fields import household_number
from pipelines.synthetic.id_numbers import id_text
from pipelines.synthetic.lives import Lives
from pipelines.synthetic.population import Population
from pipelines.synthetic.render import Style, birth_days
from pipelines.synthetic.texts import Texts, choose, named, take, texts, whole
from pipelines.synthetic.traps import TRAPS
from pipelines.synthetic.truth_checks import different_names, expected_mismatches, former_numbers, record_rows
from pipelines.synthetic.truth_flags import Expected, Households, expected_flags


def _schema(columns: dict[str, Any]) -> pa.Schema:
    return pa.schema(list(columns.items()))


SCHEMAS: dict[str, pa.Schema] = {
    "persons": _schema(
        {
            "person": pa.string(),
            "name": pa.string(),
            "sex": pa.string(),
            "birth_date": pa.string(),
            "county_code": pa.string(),
            "township": pa.string(),
            "village": pa.string(),
            "household": pa.string(),
            "scenario": pa.string(),
            "trap": pa.dictionary(pa.int8(), pa.string()),
            "earlier": pa.string(),
            "clean": pa.bool_(),
        }
    ),
    "households": _schema({"dataset": pa.string(), "number": pa.string(), "county_code": pa.string(), "clean": pa.bool_()}),
    "records": _schema(
        {
            "dataset": pa.dictionary(pa.int8(), pa.string()),
            "file": pa.dictionary(pa.int8(), pa.string()),
            "line": pa.string(),
            "person": pa.string(),
            "defect": pa.dictionary(pa.int8(), pa.string()),
            "name_defect": pa.dictionary(pa.int8(), pa.string()),
            "valid": pa.bool_(),
            "usable": pa.bool_(),
        }
    ),
    "flags": _schema({"rule": pa.string(), "subject": pa.string(), "county_code": pa.string(), "clean": pa.bool_(), "why": pa.string()}),
    "mismatches": _schema({"check": pa.string(), "subject": pa.string(), "county_code": pa.string(), "datasets": pa.string(), "clean": pa.bool_()}),
}
"""`persons`, one row a person: `trap` where it is easily mistaken, `clean` when all records carry a usable number. `households`, one row a household
of a register: `clean` when all its members are. `records`, one row a delivered record that is in force: `name_defect` what is wrong with its name,
also beside another defect, `valid` number or not, `usable` when it is the person's own and the row conforms.
`flags` and `mismatches`, one row an expectation: `clean` when everyone concerned is, so that the comparison must be exact."""


class Truth:
    """The open files of `truth/`; every block adds its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writers = {name: pq.ParquetWriter(folder / f"{name}.parquet", schema, compression="zstd") for name, schema in SCHEMAS.items()}
        self.counts: dict[str, int] = {}

    def add(self, lives: Lives, records: list[Records], scenarios: list[str]) -> None:
        """Adds a block: its persons, its records as delivered, and what is expected of them."""
        people = lives.world.people
        clean = np.ones(len(people), bool)
        for one in records:
            clean[one.person[~one.written.usable]] = False
        self._persons(people, clean, scenarios)
        self._records(people, records)
        homes = self._households(lives, clean)
        for expected in expected_flags(lives):
            self._flags(people, expected, clean, homes)
        for mismatch in [*expected_mismatches(lives), *different_names(lives, records)]:
            grants = mismatch.grant
            subjects = [f"grant:LS{number:08d}" for number in grants] if grants is not None else _subjects(people, mismatch.person)
            sure = ~np.isin(grants, _lost_grants(records)) if grants is not None else clean[mismatch.person]
            self._mismatches(mismatch.check, subjects, mismatch.county, mismatch.datasets, sure)
        for one in records:
            for check, rows in record_rows(one).items():
                files, lines = take(one.file, rows).to_pylist(), take(one.line, rows).to_pylist()
                subjects = [f"record:{one.dataset}:{file}:{line}" for file, line in zip(files, lines, strict=True)]
                self._mismatches(check, subjects, one.table["county"][rows], one.dataset, np.ones(len(rows), bool))
        pairs = former_numbers(lives, records)
        both: Any = zip(id_text(people.id17[pairs]).to_pylist(), id_text(people.earlier_id17[pairs]).to_pylist(), strict=True)
        self._mismatches(
            "ID-06",
            [f"person:{min(pair)}|person:{max(pair)}" for pair in both],
            np.full(len(pairs), people.county.code),
            "",
            np.zeros(len(pairs), bool),
        )

    def _persons(self, people: Population, clean: np.ndarray, scenarios: list[str]) -> None:
        county = people.county
        villages = texts([village for township in county.villages for village in township])
        columns: list[Texts] = [
            people.ids,
            people.names,
            whole(people.sex),
            birth_days(people.birth, Style()),
            texts([str(county.code)] * len(people)),
            take(texts(county.townships), people.township),
            take(villages, people.township * 8 + people.village),
            whole(people.h_number[people.household]),
            take(texts([*scenarios, ""]), np.where(people.h_scenario < 0, len(scenarios), people.h_scenario)[people.household]),
            named(people.trap, TRAPS),
            choose(people.earlier_id17 == 0, None, id_text(people.earlier_id17)),
            pa.array(clean),
        ]
        self._write("persons", columns)

    def _records(self, people: Population, records: list[Records]) -> None:
        for one in records:
            count = len(one.person)
            written = one.written
            dataset, defects = named(np.zeros(count), [one.dataset]), [named(kind, KINDS) for kind in (written.kind, written.name_kind)]
            self._write(
                "records",
                [dataset, one.file, one.line, take(people.ids, one.person), *defects, pa.array(written.valid), pa.array(written.usable)],
            )

    def _households(self, lives: Lives, clean: np.ndarray) -> dict[str, dict[tuple[int, int], bool]]:
        found: dict[str, dict[tuple[int, int], bool]] = {}
        for dataset in ("low_income", "poverty_register"):
            table = lives.table(dataset)
            homes = Households(lives, table, np.ones(len(table["person"]), bool))
            sure = homes.every_person(~clean) == 0
            found[dataset] = {(int(number), int(county)): bool(ok) for number, county, ok in zip(homes.number, homes.county, sure, strict=True)}
            numbers = household_number(dataset, homes.number)
            self._write("households", [texts([dataset] * homes.count), numbers, whole(homes.county), pa.array(sure)])
        return found

    def _flags(self, people: Population, expected: Expected, clean: np.ndarray, homes: dict[str, dict[tuple[int, int], bool]]) -> None:
        count = len(expected.county)
        self.counts[expected.rule] = self.counts.get(expected.rule, 0) + count
        if expected.dataset:
            numbers = household_number(expected.dataset, expected.household).to_pylist()
            subjects = [f"household:{expected.dataset}:{number}" for number in numbers]
            sure = [homes[expected.dataset][int(number), int(county)] for number, county in zip(expected.household, expected.county, strict=True)]
        else:
            subjects, sure = _subjects(people, expected.person), clean[expected.person].tolist()
        self._write(
            "flags",
            [texts([expected.rule] * count), texts(subjects), whole(expected.county), pa.array(sure, pa.bool_()), texts([expected.why] * count)],
        )

    def _mismatches(self, check: str, subjects: list[str], county: np.ndarray, datasets: str, clean: np.ndarray) -> None:
        count = len(subjects)
        self.counts[check] = self.counts.get(check, 0) + count
        self._write("mismatches", [texts([check] * count), texts(subjects), whole(county), texts([datasets] * count), pa.array(clean)])

    def _write(self, name: str, columns: list[Texts]) -> None:
        if len(columns[0]):
            schema = SCHEMAS[name]
            arrays = [column if column.type == field.type else column.cast(field.type) for column, field in zip(columns, schema, strict=True)]
            self._writers[name].write_table(pa.Table.from_arrays(arrays, schema=schema))

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()


def _lost_grants(records: list[Records]) -> np.ndarray:
    """Numbers of grants whose rows cannot be read."""
    lost = [one.table["number"][one.written.kind == KIND["quarantined"]] for one in records if one.dataset == "temporary_assistance"]
    return np.concatenate([np.empty(0, np.int64), *lost])


def _subjects(people: Population, person: np.ndarray) -> list[str]:
    return [f"person:{text}" for text in take(people.ids, person).to_pylist()]
