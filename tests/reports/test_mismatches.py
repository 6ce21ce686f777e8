"""The auditors' workbook of a check, and the mismatch report."""

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

from openpyxl import load_workbook

from pipelines.reports.evidence import EvidenceCell, Wording
from pipelines.reports.mismatch_figures import check_figures, county_figures, department_figures
from pipelines.reports.mismatch_report import write_mismatch_report
from pipelines.reports.mismatches import DETAIL, SUMMARY, MismatchRow, write_check
from tests.reports.factory import AS_OF, COUNTY, contracts, coverage, denominators, mismatches, policy, suspensions

FOUND = mismatches(
    ("EN-06", COUNTY, "open", "dibao;pension_benefit"),
    ("EN-06", "640324", "identity_check", "dibao;pension_benefit"),
    ("ID-01", COUNTY, "open", "medical_enrolment"),
)
CHECKED = denominators(
    ("EN-06", COUNTY, "dibao", 40),
    ("EN-06", "640324", "dibao", 60),
    ("ID-01", COUNTY, "medical_enrolment", 200),
    ("ID-01", COUNTY, "dibao", 100),
)
HELD = suspensions(("EN-10", COUNTY, "disability_certificates", "not_proven"))


def test_findings_stand_over_their_denominators() -> None:
    figures = {row.check: row for row in check_figures(FOUND, CHECKED, HELD, policy())}
    assert (figures["EN-06"].found, figures["EN-06"].identity, figures["EN-06"].checked) == (2, 1, 100)
    assert (figures["ID-01"].found, figures["ID-01"].checked) == (1, 300)
    assert (figures["EN-10"].found, figures["EN-10"].unchecked) == (0, 1)
    assert len(figures) == len(policy().checks)


def test_a_finding_counts_for_the_department_whose_rows_were_looked_at() -> None:
    figures = department_figures(FOUND, CHECKED, policy(), contracts())
    by_department = {row.name: {part.check: (part.found, part.checked) for part in row.rows} for row in figures}
    assert by_department["民政"] == {"ID-01": (0, 100), "EN-06": (2, 100)}
    assert "人社" not in by_department  # a count without what was checked would mean nothing
    assert by_department["医保"] == {"ID-01": (1, 200)}


def test_a_check_that_was_not_done_in_a_county_is_not_a_zero() -> None:
    counties = {county.name: county for county in county_figures(FOUND, CHECKED, HELD, policy())}
    cells = {cell.check: cell for cell in counties["盐池县"].cells}
    assert cells["EN-10"].unchecked
    assert not cells["EN-06"].unchecked
    assert (cells["EN-06"].found, cells["EN-06"].checked) == (1, 40)
    assert len(counties) == 22


class Page(HTMLParser):
    """Collects tags, so that a test can ask what a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def report(folder: Path) -> str:
    old = coverage(fresh=False, complete=False, snapshot=20200131, age_days=182)
    tables = {"mismatches": FOUND, "denominators": CHECKED, "suspensions": HELD, "coverage": old}
    path = folder / "mismatch-report.html"
    write_mismatch_report(path, **tables, policy=policy(), contracts=contracts(), as_of=AS_OF, code_version="0.1.0")
    return path.read_text(encoding="utf-8")


def test_the_report_stands_alone(tmp_path: Path) -> None:
    text = report(tmp_path)
    tags = Page(text).tags
    assert "http" not in text
    assert not re.search(r"url\(|@import", text)
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in tags}
    assert not [attributes for _, attributes in tags if "src" in attributes]
    assert all(str(attributes["href"]).startswith("#") for tag, attributes in tags if tag == "a")


def test_the_report_is_told_to_those_who_do_not_see_it(tmp_path: Path) -> None:
    text = report(tmp_path)
    tags = Page(text).tags
    assert [attributes["lang"] for tag, attributes in tags if tag == "html"] == ["zh-CN"]
    charts = [attributes for tag, attributes in tags if tag == "svg"]
    assert len(charts) == 2
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert sum(tag == "table" for tag, _ in tags) == sum(tag == "caption" for tag, _ in tags)
    assert all("scope" in attributes for tag, attributes in tags if tag == "th")


def test_the_report_names_night_policy_and_what_was_not_checked(tmp_path: Path) -> None:
    text = report(tmp_path)
    for told in ("2020-07-31", "宁民发〔2020〕52号", "2020-07-10", "程序版本 0.1.0", "疑似，待核实", "没有核查不等于没有问题", "残联·持证残疾人"):
        assert told in text, told
    assert "数据为 2020-01-31，已 182 天，超过允许的 120 天，不能证明“名册中没有此人”" in text


def test_the_same_night_gives_the_same_page(tmp_path: Path) -> None:
    assert report(tmp_path) == report(tmp_path)


def test_both_sides_stand_next_to_each_other_with_sources(tmp_path: Path) -> None:
    words = Wording(contracts(), policy())
    a = EvidenceCell("dibao", "2020-07-31", "dibao_20200731.csv", "12", "household_amount", "45500", "standard")
    b = EvidenceCell("pension_benefit", "2020-07-20", "pension.csv", "7#2", "monthly_amount", "81250", "standard")
    number = EvidenceCell("dibao", "2020-07-31", "dibao_20200731.csv", "12", "id_number", "640199196203041234", "standard")
    sides = words.side([a, number]), words.side([b])
    row = MismatchRow("EN-06-1", "盐池县", "马明", "640***********1234", "orange", "open", date(2020, 7, 30), *sides)
    figures = next(row for row in check_figures(FOUND, CHECKED, HELD, policy()) if row.check == "EN-06")
    counties = [(county.name, part) for county in county_figures(FOUND, CHECKED, HELD, policy()) for part in county.cells if part.check == "EN-06"]
    book = load_workbook(write_check(tmp_path / "EN-06.xlsx", figures, counties, [row], as_of=AS_OF, policy="政策"))
    (found,) = list(book[DETAIL].iter_rows(min_row=4, values_only=True))
    assert found[1:7] == ("盐池县", "马明", "640***********1234", "橙", "待核实", "2020-07-30")
    assert found[7:11] == (
        "民政·低保对象（2020-07-31）\ndibao_20200731.csv\n第 12 行",
        "户月保障金：455.00 元\n身份证号：640***********1234",
        "人社·养老待遇（2020-07-20）\npension.csv\n第 7#2 行",
        "月养老金：812.50 元",
    )
    summary = {line[0]: line[1:3] for line in book[SUMMARY].iter_rows(min_row=4, values_only=True)}
    assert summary["盐池县"] == (1, 40)
    assert summary["合计"] == (2, 100)
