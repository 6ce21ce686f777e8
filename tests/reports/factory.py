"""Cases, figures and run reports with plain values, for tests of what is written from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pandas as pd

from pipelines.contracts import Contract, load_contracts
from pipelines.extracts.coverage import Coverage, CoverageRow
from pipelines.policy import Policy, load_policy
from pipelines.reports.cases import Case, Person, TaskFlag, TownshipList
from pipelines.reports.run_summary import FileLine, Finding, LateLine, NotCheckedLine, RunReport, StageTime
from pipelines.workspace import DEFAULT_POLICY, PROJECT

AS_OF = date(2020, 7, 31)
COUNTY = "640323"


@cache
def contracts() -> dict[str, Contract]:
    return load_contracts(PROJECT / "schemas")


@cache
def policy() -> Policy:
    return load_policy(DEFAULT_POLICY)


def flag(number: int = 1, *, rule: str = "MC-01", grade: str = "red", due: date = date(2020, 8, 5), **more: Any) -> TaskFlag:
    words = policy().rules[rule]
    given = {"shows": ("低收入家庭（2020-07-15）家庭月人均收入 455.00 元",), **more}
    return TaskFlag(f"{rule}-{number:016x}", rule, words.clause, words.reason, grade, due, AS_OF, **given)


def case(number: int = 1, *flags: TaskFlag, village: str = "李华台村", people: tuple[Person, ...] | None = None) -> Case:
    who = people or (Person("马小明", 1962, "13800001234", "640***********1234"),)
    return Case(f"case-{number}", COUNTY, "花马池镇", village, who, "马占海", flags or (flag(number),))


def township(*cases: Case, **more: Any) -> TownshipList:
    given = {"previous": date(2020, 7, 30), **more}
    return TownshipList(COUNTY, "盐池县", "花马池镇", AS_OF, "宁民发〔2020〕52号（版本 2020-07-10）", cases=cases, **given)


def mismatches(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    """Mismatches as (check, county, state, datasets)."""
    return pd.DataFrame(list(rows), columns=["check", "county_code", "state", "datasets"])


def denominators(*rows: tuple[str, str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["check", "county_code", "dataset", "checked"])


def suspensions(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=["rule", "county_code", "dataset", "reason"])


def coverage(**changes: Any) -> Coverage:
    """Every dataset fresh and complete in every county; `changes` hold for the disability certificates of COUNTY."""
    given = CoverageRow("", "", 20200731, 0, True, True, True, True, late=False, rows=10, quarantined=1, file="a.csv", note="")
    datasets = [name for name in contracts() if name != "county_funding"]
    rows = [replace(given, dataset=name, county_code=county) for name in datasets for county in policy().region.counties]
    special = ("disability_certificates", COUNTY)
    return Coverage(replace(row, **changes) if (row.dataset, row.county_code) == special else row for row in rows)


def file_line(**changes: Any) -> FileLine:
    given: dict[str, Any] = {
        "dataset": "dibao",
        "department": "civil_affairs",
        "file": "dibao_20200731.csv",
        "snapshot": "2020-07-31",
        "county_code": None,
        "digest": "ab" * 32,
        "bytes": 1000,
        "status": "conformed",
        "in_force": True,
        "rows": 12,
        "conformed": 11,
        "quarantined": 1,
    }
    return FileLine(**{**given, **changes})


def unused_file(file: str, status: str, **changes: Any) -> FileLine:
    return file_line(file=file, status=status, in_force=False, rows=0, conformed=0, quarantined=0, **changes)


def run_report(**changes: Any) -> RunReport:
    given: dict[str, Any] = {
        "as_of": "2020-07-31",
        "policy": "ningxia-2020-52 2020-07-10",
        "policy_digest": "cd" * 32,
        "code_version": "0.1.0",
        "state": "published with suspended rules",
        "files": (
            file_line(),
            unused_file("bad_20200731.csv", "refused", error="dibao/bad_20200731.csv is refused: it is empty; have it delivered again."),
            unused_file("again_20200731.csv", "same", note="the same bytes as dibao_20200731.csv"),
        ),
        "flags": (Finding("MC-01", "低收入家庭重残人员未纳入低保", "missed_coverage", 7, 1, 3, 2),),
        "mismatches": (Finding("ID-01", "身份证号无效", "ID", 4, 0, 4, 0, 0, 1200),),
        "not_checked": (NotCheckedLine("UI-01", ("640323",), ("unemployment_benefit",), "before_window"),),
        "late": (LateLine("tekun", ("640324",), "late: the delivery dated after 2020-06-08 was due"),),
        "missing_sources": (),
        "stages": (StageTime("land", 1.5), StageTime("rules", 0.5)),
        "reports": "workspace/reports/2020-07-31",
        "cases": 6,
    }
    return RunReport(**{**given, **changes})
