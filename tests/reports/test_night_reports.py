"""All files of a night, from a published ledger to the folder that people open."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from pipelines.errors import StageError
from pipelines.extracts.coverage import Coverage
from pipelines.extracts.in_force import InForce
from pipelines.ledger.database import Ledger
from pipelines.ledger.publish import publish
from pipelines.reports.night_files import replaced
from pipelines.reports.night_reports import NightStock, Written, found_tonight, write_reports
from pipelines.reports.run_report import run_report
from pipelines.workspace import Workspace
from tests.ledger.nights_on_disk import COUNTY, OTHER_COUNTY, Claim, Clash, Evening, Someone, write
from tests.nights import Night, facts
from tests.reports.factory import contracts, coverage, file_line, policy

FIRST, SECOND = date(2020, 7, 30), date(2020, 7, 31)
HEAD, SON, LONE, STRAY = Someone(1, "马占海"), Someone(2, "马小明"), Someone(3, "李花"), Someone(-4, "王军")
FAMILY = ("low_income", "H1")
TEXTS = ("dataset", "file", "line", "link_basis", "natural_key")
LINKS = pa.schema([("person", pa.int64()), ("probability", pa.float64()), *((name, pa.string()) for name in TEXTS)])

HOUSEHOLD = Claim("MC-03", HEAD, household=FAMILY, of_household=True, members=(HEAD, SON))
OF_SON = Claim("MC-01", SON, household=FAMILY)
UNKNOWN_PLACE = Claim("MC-06", LONE, grade="yellow", township=None)
WAITING = Claim("MC-06", STRAY, grade="yellow", county=OTHER_COUNTY, township="韦州/新镇", state="identity_check")
CLASH = Clash("EN-01", LONE)


def reported(ledger: Ledger, workspace: Workspace, evening: Evening) -> Written:
    night = write(workspace, evening)
    link = {"dataset": "dibao", "file": "dibao_20200731.csv", "line": "14", "person": STRAY.person, "link_basis": "none", "natural_key": "H4 王军"}
    pq.write_table(pa.Table.from_pylist([link], schema=LINKS), night.folder / "links.parquet")
    publish(ledger, night)
    member = {"family_id": "H1", "name": HEAD.name, "relationship": "户主", "person": HEAD.person}
    supported = {"status": "在册", "start_month": 202001, "support_mode": "04", "self_care": "不能自理", "person": LONE.person}
    known = facts(Night(low_income=[member], tekun=[supported]), evening.as_of)
    stock = NightStock((file_line(),), (), (), (), InForce({}, Coverage(coverage().rows), tuple(policy().region.counties)))
    return write_reports(ledger, workspace, evening.as_of, facts=known, stock=stock, contracts=contracts(), code_version="0.1.0")


@pytest.fixture
def night(ledger: Ledger, workspace: Workspace) -> Iterator[Written]:
    """A night with a family of two flags, a person without township, one that waits for an identity check elsewhere, and a suspended rule."""
    evening = Evening(SECOND, [HOUSEHOLD, OF_SON, UNKNOWN_PLACE, WAITING], [CLASH], suspended=[("UI-01", COUNTY, "unemployment_benefit")])
    evening.checked.append(("EN-01", COUNTY))
    yield reported(ledger, workspace, evening)


def tasks(path: Path, sheet: str = "核查任务") -> list[tuple[Any, ...]]:
    return [row for row in load_workbook(path)[sheet].iter_rows(min_row=5, values_only=True) if row[16]]


def test_every_open_flag_stands_on_one_list(night: Written) -> None:
    lists = sorted(path.relative_to(night.folder / "flags").as_posix() for path in (night.folder / "flags").rglob("*.xlsx"))
    assert lists == [f"{COUNTY}/_county.xlsx", f"{COUNTY}/花马池镇.xlsx", f"{OTHER_COUNTY}/韦州_新镇.xlsx"]
    rows = [row for name in lists for sheet in ("核查任务", "身份待核") for row in tasks(night.folder / "flags" / name, sheet)]
    assert len(rows) == night.cases == 3
    assert sum(len(str(row[17]).split()) for row in rows) == 4


def test_a_family_is_one_row_with_its_head_and_members(night: Written) -> None:
    (row,) = tasks(night.folder / "flags" / COUNTY / "花马池镇.xlsx")
    assert row[3] == "马小明\n马占海"
    assert row[4] == "马占海"
    assert row[7] == f"{SON.id_number[:3]}***********{SON.id_number[-4:]}\n{HEAD.id_number[:3]}***********{HEAD.id_number[-4:]}"
    assert "MC-01" in row[9]
    assert "MC-03" in row[9]
    assert "名册中没有此人" in row[10]


def test_lists_say_what_was_not_checked(night: Written) -> None:
    book = load_workbook(night.folder / "flags" / COUNTY / "花马池镇.xlsx")
    (row,) = list(book["未核查"].iter_rows(min_row=4, values_only=True))
    assert row[0] == "UI-01"
    assert "失业待遇" in row[2]


def test_nothing_holds_an_unmasked_number(night: Written) -> None:
    numbers = {str(person.id_number) for person in (HEAD, SON, LONE)}
    for path in night.folder.rglob("*.xlsx"):
        told = {str(cell) for sheet in load_workbook(path) for row in sheet.iter_rows(values_only=True) for cell in row}
        assert not [text for text in told if any(number in text for number in numbers)], path.name
    for name in ("flags", "mismatches", "links", "coverage"):
        told = {str(value) for row in pq.read_table(night.folder / f"{name}.parquet").to_pylist() for value in row.values()}
        assert not [text for text in told if any(number in text for number in numbers) or "马占海" in text], name
    for name in ("mismatch-report.html", "expectations.html"):
        text = (night.folder / name).read_text(encoding="utf-8")
        assert not any(value in text for value in (*numbers, "马占海", "李花", "http"))


def test_every_department_and_check_has_its_workbook(night: Written) -> None:
    departments = {path.stem for path in (night.folder / "quarantine").iterdir()}
    assert departments == {"civil_affairs", "human_resources", "disabled_federation", "poverty_alleviation", "medical_insurance"}
    assert {path.stem for path in (night.folder / "mismatches").iterdir()} == set(policy().checks)
    (row,) = list(load_workbook(night.folder / "mismatches" / "EN-01.xlsx")["明细"].iter_rows(min_row=4, values_only=True))
    assert row[2] == "李花"
    assert "dibao_20200731.csv" in row[7]
    assert "tekun_20200731.csv" in row[9]


def test_the_visit_list_counts_who_cannot_care_for_themselves(night: Written) -> None:
    rows = {row[0]: row[1:] for row in load_workbook(night.folder / "visit-list.xlsx")["不能自理统计"].iter_rows(min_row=4, values_only=True)}
    assert rows["盐池县"] == (0, 0, 1, 1, 1, 1)
    assert rows["合计"] == (0, 0, 1, 1, 1, 1)


def test_findings_count_states_and_events(night: Written) -> None:
    flags, mismatches = ({line.key: line for line in lines} for lines in night.findings)
    assert (flags["MC-06"].found, flags["MC-06"].identity_check, flags["MC-06"].new) == (2, 1, 2)
    assert flags["UI-01"].not_checked == 1
    assert (mismatches["EN-01"].found, mismatches["EN-01"].checked) == (1, 10)


def test_the_next_night_says_what_changed_and_why(ledger: Ledger, workspace: Workspace) -> None:
    reported(ledger, workspace, Evening(FIRST, [OF_SON, UNKNOWN_PLACE]))
    later = Evening(SECOND, [OF_SON.but(grade="orange"), HOUSEHOLD], status=[(LONE, "covered")])
    night = reported(ledger, workspace, later)
    book = load_workbook(night.folder / "flags" / COUNTY / "花马池镇.xlsx")
    assert [row[0] for row in book["变化"].iter_rows(min_row=4, values_only=True)] == ["新增", "有变化"]
    assert [row[5] for row in book["变化"].iter_rows(min_row=4, values_only=True)] == ["本次比对首次发现", "等级有变化"]
    gone = load_workbook(night.folder / "flags" / COUNTY / "_county.xlsx")
    (row,) = list(gone["变化"].iter_rows(min_row=4, values_only=True))
    assert (row[0], row[1], row[3], row[5]) == ("已消除", "李花", "MC-06", "已享受低保或特困供养")


def test_a_suspended_rule_keeps_its_flags_with_their_people_and_says_so(ledger: Ledger, workspace: Workspace) -> None:
    reported(ledger, workspace, Evening(FIRST, [OF_SON]))
    night = reported(ledger, workspace, Evening(SECOND, [], suspended=[("MC-01", COUNTY, "dibao")]))
    (row,) = tasks(night.folder / "flags" / COUNTY / "花马池镇.xlsx")
    assert (row[2], row[3], row[4]) == ("未核查", "马小明", "马占海")
    assert "沿用此前结果" in row[9]


def test_the_same_night_gives_the_same_files(ledger: Ledger, workspace: Workspace) -> None:
    evening = Evening(SECOND, [HOUSEHOLD, WAITING], [CLASH])
    folder = reported(ledger, workspace, evening).folder
    before = {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    reported(ledger, workspace, evening)
    assert {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_reading_people_in_clear_is_logged(night: Written, ledger: Ledger) -> None:
    with ledger.transaction() as connection:
        actions = connection.exec_driver_sql("SELECT action, object FROM access_log").fetchall()
    assert [tuple(row) for row in actions] == [("report", f"night {SECOND}")]


def test_a_report_that_fails_changes_nothing(tmp_path: Path) -> None:
    target = tmp_path / "2020-07-31"
    (target / "flags").mkdir(parents=True)
    (target / "flags" / "old.xlsx").write_text("old")
    (target / "run.json").write_text("{}")
    with pytest.raises(StageError), replaced(target, ("flags",)) as beside:
        (beside / "flags").mkdir()
        raise StageError("no")
    assert (target / "flags" / "old.xlsx").exists()
    with replaced(target, ("flags", "mismatches")) as beside:
        (beside / "flags").mkdir()
        (beside / "flags" / "new.xlsx").write_text("new")
    assert [path.name for path in sorted(target.rglob("*"))] == ["flags", "new.xlsx", "run.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["2020-07-31"]


def test_a_night_that_is_not_published_is_counted_from_its_tables(workspace: Workspace) -> None:
    night = write(workspace, Evening(SECOND, [HOUSEHOLD, WAITING], [CLASH], suspended=[("UI-01", COUNTY, "unemployment_benefit")]))
    found, suspended = found_tonight(night.folder, policy())
    assert {line.key: line.found for line in found[0] if line.found} == {"MC-03": 1, "MC-06": 1}
    late = coverage(late=True, note="late: due")
    told = {"code_version": "0.1.0", "state": "dry run", "files": (), "stages": (), "reports": night.folder, "cases": 0}
    report = run_report(policy(), SECOND, coverage=late, suspended=suspended, found=found, **told)
    assert [(line.rule, line.counties, line.datasets) for line in report.not_checked] == [("UI-01", (COUNTY,), ("unemployment_benefit",))]
    assert [(line.dataset, line.counties) for line in report.late] == [("disability_certificates", (COUNTY,))]
    assert report.state == "dry run"
