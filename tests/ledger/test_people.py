"""Who a night's flags and mismatches are about, from all that its datasets say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.identity.tokens import Tokens
from pipelines.ledger.people import NAMING, write_people
from tests.nights import Night, facts, number

TOKENS = Tokens(b"k" * 32)
KNOWN, OTHER, NAMELESS = number(1), number(2), -1


class Named(Night):
    """A night that also knows ID numbers and natural keys, as the records of a real one do."""

    def subjects(self, people: ir.Table) -> ir.Table:
        found = super().subjects(people)
        valid = found.person > 0
        text = found.person.cast("string").concat("X")
        return found.mutate(id_number=ibis.ifelse(valid, text, ibis.null("string")), natural_key=ibis.ifelse(valid, ibis.null("string"), "H1"))


def written(folder: Path, night: Night, *people: int) -> list[dict[str, Any]]:
    for name in NAMING:
        pq.write_table(pa.table({"person": pa.array([*people, None] if name == "flags" else [], pa.int64())}), folder / f"{name}.parquet")
    write_people(facts(night), TOKENS, folder)
    rows: list[dict[str, Any]] = pq.read_table(folder / "persons.parquet").to_pylist()
    return rows


def test_every_detail_is_the_first_that_is_known(tmp_path: Path) -> None:
    night = Named(
        dibao=[{"person": OTHER, "name": "李梅"}, {"person": KNOWN, "name": "马明", "phone": None, "township": None}],
        tekun=[{"person": KNOWN, "name": "马名", "phone": "13900000001", "township": "大水坑镇", "line_no": line} for line in (10, 9)],
        low_income=[{"person": KNOWN, "name": "马鸣", "phone": "13900000002", "birth_date": 19990101}],
    )
    rows = written(tmp_path, night, KNOWN)
    assert [(row["person"], row["name"], row["phone"], row["township"]) for row in rows] == [(KNOWN, "马明", "13900000001", "大水坑镇")]
    assert (rows[0]["token"], rows[0]["birth_year"]) == (TOKENS.of_number(rows[0]["id_number"]), 1980)


def test_person_without_a_number_is_known_by_the_record(tmp_path: Path) -> None:
    rows = written(tmp_path, Named(dibao=[{"person": NAMELESS, "name": "王五", "birth_date": 19670305}]), NAMELESS)
    assert [(row["token"], row["id_number"], row["birth_year"]) for row in rows] == [(TOKENS.of_record("dibao", "H1"), None, 1967)]


def test_status_names_the_covered_and_the_dead(tmp_path: Path) -> None:
    covered = {"status": "在保", "is_covered": True, "start_month": 202001}
    night = Named(
        dibao=[{"person": KNOWN, **covered}, {"person": NAMELESS, **covered}, {"person": OTHER, **covered, "status": "停保"}],
        pension_benefit=[{"person": OTHER, "survival_status": "死亡", "death_date": 20200101, "scheme": "170"}],
    )
    written(tmp_path, night, KNOWN)
    assert pq.read_table(tmp_path / "status.parquet").to_pylist() == [{"person": KNOWN, "status": "covered"}, {"person": OTHER, "status": "deceased"}]
