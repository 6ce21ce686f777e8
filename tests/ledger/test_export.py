"""Exports: the machine interface to the letter, and the other formats."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import LedgerError, SettingsError
from pipelines.ledger import export
from pipelines.ledger.access_log import reveal, verify
from pipelines.ledger.database import Ledger
from pipelines.ledger.publish import publish
from tests.ledger.nights_on_disk import COUNTY, Claim, Clash, Evening, Someone, write

NIGHT, NEXT = date(2020, 7, 31), date(2020, 8, 1)
MA, LI, NAMELESS = Someone(1), Someone(2, "李梅"), Someone(0, "王五")
CLAIMS = (
    Claim("MC-06", NAMELESS, township=None, state="identity_check"),
    Claim("MC-03", LI, household=("low_income", "F1"), of_household=True, members=(LI,)),
    Claim("MC-01", MA),
)


@pytest.fixture
def published(ledger: Ledger) -> Ledger:
    publish(ledger, write(ledger.workspace, Evening(NIGHT, list(CLAIMS), [Clash("EN-09", MA, "grant:G7"), Clash("EN-01", MA)])))
    return ledger


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_revealed_csv_of_flags_is_the_machine_interface(published: Ledger, tmp_path: Path) -> None:
    leave = reveal(published, "export", f"flags {NIGHT}", "核对")
    path = export.write(export.flags_frame(published, NIGHT, reveal=leave, machine=True), tmp_path / "flags.csv", "csv")
    assert rows(path) == [
        ["rule", "subject", "county_code", "township", "grade", "state", "link_basis", "first_seen", "due_date"],
        ["MC-01", MA.subject, COUNTY, "花马池镇", "red", "open", "id", "2020-07-31", "2020-08-05"],
        ["MC-03", "household:low_income:F1", COUNTY, "花马池镇", "red", "open", "id", "2020-07-31", "2020-08-05"],
        ["MC-06", NAMELESS.subject, COUNTY, "", "red", "identity_check", "id", "2020-07-31", "2020-08-05"],
    ]
    assert verify(published).entries == 1


def test_revealed_csv_of_mismatches_is_the_machine_interface(published: Ledger, tmp_path: Path) -> None:
    leave = reveal(published, "export", f"mismatches {NIGHT}", "核对")
    path = export.write(export.mismatches_frame(published, NIGHT, reveal=leave, machine=True), tmp_path / "mismatches.csv", "csv")
    assert rows(path) == [
        ["check", "subject", "county_code", "datasets", "state"],
        ["EN-01", MA.subject, COUNTY, "dibao;tekun", "open"],
        ["EN-09", "grant:G7", COUNTY, "dibao;tekun", "open"],
    ]


def test_other_states_come_only_when_asked_for(published: Ledger) -> None:
    publish(published, write(published.workspace, Evening(NEXT, [CLAIMS[2]])))
    assert export.flags_frame(published, NEXT)["rule"].tolist() == ["MC-01"]
    every = export.flags_frame(published, NEXT, all_states=True)
    assert dict(zip(every["rule"], every["state"], strict=True)) == {"MC-01": "open", "MC-03": "cleared_by_data", "MC-06": "cleared_by_data"}
    assert export.flags_frame(published, NIGHT)["rule"].tolist() == ["MC-01", "MC-03", "MC-06"]


def test_masked_formats_hold_the_same_rows(published: Ledger, tmp_path: Path) -> None:
    frame = export.flags_frame(published, NIGHT)
    parquet = pq.read_table(export.write(frame, tmp_path / "flags.parquet", "parquet"))
    assert parquet.schema.field("first_seen").type == pa.date32()
    sheet = openpyxl.load_workbook(export.write(frame, tmp_path / "flags.xlsx", "xlsx")).active
    assert sheet is not None
    assert [cell.value for cell in sheet[1]] == parquet.column_names
    for subjects in (parquet["subject"].to_pylist(), [row[2] for row in sheet.iter_rows(min_row=2, values_only=True)]):
        assert MA.subject not in subjects
        assert f"person:640***********{str(MA.id_number)[-4:]}" in subjects


def test_formula_in_a_name_stays_text(ledger: Ledger, tmp_path: Path) -> None:
    publish(ledger, write(ledger.workspace, Evening(NIGHT, [Claim("MC-01", MA, township="=1+1")])))
    sheet = openpyxl.load_workbook(export.write(export.flags_frame(ledger, NIGHT), tmp_path / "flags.xlsx", "xlsx")).active
    assert sheet is not None
    assert [cell.data_type for cell in sheet[2] if cell.value == "=1+1"] == ["s"]


@pytest.mark.parametrize("fmt", export.FORMATS)
def test_empty_export_has_its_columns(ledger: Ledger, tmp_path: Path, fmt: str) -> None:
    publish(ledger, write(ledger.workspace, Evening(NIGHT)))
    frame = export.flags_frame(ledger, NIGHT, machine=True)
    assert tuple(frame.columns) == export.FLAG_COLUMNS
    assert export.write(frame, tmp_path / f"flags.{fmt}", fmt).stat().st_size > 0


def test_links_say_who_the_records_without_a_number_are(ledger: Ledger) -> None:
    folder = ledger.workspace.night(NIGHT)
    folder.mkdir(parents=True)
    records = [("dibao", "d.csv", "10"), ("dibao", "d.csv", "9"), ("tekun", "t.csv", "3"), ("tekun", "t.csv", "4#2")]
    people = [-1, -1, -1, MA.person]
    table = pa.table({
        "dataset": [row[0] for row in records], "file": [row[1] for row in records], "line": [row[2] for row in records], "person": people,
        "link_basis": ["none", "none", "probable", "probable"], "probability": [None, None, 0.995, 0.999],
    })  # fmt: skip
    pq.write_table(table, folder / "links.parquet")
    frame = export.links_frame(ledger.workspace, NIGHT, ["dibao", "tekun"], reveal=reveal(ledger, "export", "links", "核对"))
    assert frame["subject"].tolist() == ["record:dibao:d.csv:9"] * 3 + [MA.subject]
    with pytest.raises(LedgerError, match=r"links\.parquet"):
        export.links_frame(ledger.workspace, NEXT, ["dibao"])


def test_unknown_format_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    publish(ledger, write(ledger.workspace, Evening(NIGHT)))
    with pytest.raises(SettingsError, match="csv, parquet, xlsx"):
        export.write(export.flags_frame(ledger, NIGHT), tmp_path / "flags.pdf", "pdf")
