"""The comparison with the truth counts exactly what is missing and what is extra among the clean."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from pipelines.synthetic.compare import compare, differences
from pipelines.synthetic.province import synthesize


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("province")
    synthesize(out, 8000, dt.date(2020, 7, 31), 2, defects=0.05)
    return out / "truth"


def _expected(truth: Path) -> tuple[pa.Table, pa.Table]:
    return (
        pq.read_table(truth / "flags.parquet").select(["rule", "subject", "county_code"]),
        pq.read_table(truth / "mismatches.parquet").select(["check", "subject", "county_code"]),
    )


def _row(table: pa.Table, name: str) -> dict[str, int]:
    [row] = [row for row in table.to_pylist() if row["name"] == name]
    return row


def test_the_truth_itself_has_nothing_missing_or_extra(truth: Path) -> None:
    flags, mismatches = _expected(truth)
    table = compare(truth, flags, mismatches)
    for column in ("missing", "extra", "elsewhere", "missing_all", "extra_all"):
        assert pc.sum(table[column]).as_py() == 0
    assert differences(truth, flags, mismatches).num_rows == 0


def test_what_was_not_found_is_missing(truth: Path) -> None:
    flags, mismatches = _expected(truth)
    row = _row(compare(truth, flags.filter(pc.not_equal(flags["rule"], "MC-01")), mismatches), "MC-01")
    assert row["missing"] == row["expected"] > 0
    assert row["missing_all"] == row["expected_all"] > row["expected"]


def test_a_clean_person_found_without_reason_is_extra_and_another_is_not(truth: Path) -> None:
    flags, mismatches = _expected(truth)
    persons = pq.read_table(truth / "persons.parquet").to_pylist()
    named = set(flags.filter(pc.equal(flags["rule"], "SV-02"))["subject"].to_pylist())
    clean = next(f"person:{one['person']}" for one in persons if one["clean"] and f"person:{one['person']}" not in named)
    other = next(f"person:{one['person']}" for one in persons if not one["clean"] and f"person:{one['person']}" not in named)
    nobody = "person:640199190001010003"
    added = pa.table({"rule": ["SV-02"] * 3, "subject": [clean, other, nobody], "county_code": ["640323"] * 3}, schema=flags.schema)
    found = pa.concat_tables([flags, added])
    row = _row(compare(truth, found, mismatches), "SV-02")
    assert (row["extra"], row["extra_all"], row["missing"]) == (1, 3, 0)
    assert differences(truth, found, mismatches).to_pylist() == [{"name": "SV-02", "subject": clean, "difference": "extra"}]


def test_another_county_is_told_apart(truth: Path) -> None:
    flags, mismatches = _expected(truth)
    moved = flags.set_column(2, "county_code", pa.array(["640100"] * flags.num_rows))
    row = _row(compare(truth, moved, mismatches), "MC-06")
    assert row["elsewhere"] == row["expected"] == row["found"]


def test_a_record_that_has_nothing_wrong_is_extra_for_the_checks_of_records(truth: Path) -> None:
    flags, mismatches = _expected(truth)
    added = pa.table({"check": ["ID-01"], "subject": ["record:dibao:dibao_20200731.csv:1"], "county_code": ["640323"]}, schema=mismatches.schema)
    assert _row(compare(truth, flags, pa.concat_tables([mismatches, added])), "ID-01")["extra"] == 1
