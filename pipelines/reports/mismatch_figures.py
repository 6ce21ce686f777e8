"""The figures of the mismatch report: findings by check, department and county over what was checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines.contracts import REFERENCE, Contract
from pipelines.extracts.coverage import Coverage
from pipelines.policy import Policy
from pipelines.reports.cases import IDENTITY_CHECK
from pipelines.reports.texts import label
from pipelines.workspace import number_date


@dataclass(frozen=True)
class CheckFigures:
    """One check over the whole region; `unchecked` counts counties."""

    check: str
    name: str
    finds: str
    clause: str
    grade: str
    found: int
    identity: int
    checked: int
    unchecked: int


@dataclass(frozen=True)
class Part:
    """A check's findings in one department or county; `unchecked` when it could not be done there, what it found before then stands on."""

    check: str
    name: str
    found: int
    checked: int
    unchecked: bool = False


@dataclass(frozen=True)
class DepartmentFigures:
    name: str
    rows: tuple[Part, ...]


@dataclass(frozen=True)
class CountyFigures:
    name: str
    cells: tuple[Part, ...]

    @property
    def found(self) -> int:
        return sum(cell.found for cell in self.cells)


@dataclass(frozen=True)
class NotChecked:
    """A check that was not done in some counties for one reason; texts in Chinese."""

    check: str
    name: str
    counties: str
    datasets: str
    why: str


@dataclass(frozen=True)
class Source:
    """A dataset as the night used it."""

    department: str
    title: str
    snapshots: str
    rows: int
    quarantined: int
    covered: int
    complete: int


def check_figures(mismatches: pd.DataFrame, denominators: pd.DataFrame, suspensions: pd.DataFrame, policy: Policy) -> list[CheckFigures]:
    """Every check of the policy in its order.

    `mismatches`: `check`, `county_code`, `state`, `datasets`; `denominators`: `check`, `county_code`, `dataset`, `checked`;
    `suspensions`: `rule`, `county_code`, `dataset`, `reason`. All three are tables of the night (docs/design.md).
    """
    found = mismatches.groupby("check").size()
    identity = mismatches[mismatches["state"] == IDENTITY_CHECK].groupby("check").size()
    checked = denominators.groupby("check")["checked"].sum()
    unchecked = suspensions.groupby("rule")["county_code"].nunique()
    return [
        CheckFigures(
            check=key,
            name=words.name,
            finds=words.finds,
            clause=words.clause,
            grade=label("grades", words.grade),
            found=int(found.get(key, 0)),
            identity=int(identity.get(key, 0)),
            checked=int(checked.get(key, 0)),
            unchecked=int(unchecked.get(key, 0)),
        )
        for key, words in policy.checks.items()
    ]


def department_figures(
    mismatches: pd.DataFrame, denominators: pd.DataFrame, policy: Policy, contracts: Mapping[str, Contract]
) -> list[DepartmentFigures]:
    """Every department with its checks; a finding counts once for each department whose rows the check looked at, so that it stands over what was
    checked: a pension that reaches S is found among those on dibao, not among pensions. Tables as in `check_figures`."""
    department = {name: contract.department for name, contract in contracts.items()}
    pairs = mismatches[["check", "datasets"]].assign(dataset=mismatches["datasets"].str.split(";")).reset_index().explode("dataset")
    pairs = pairs.merge(denominators[["check", "dataset"]].drop_duplicates(), on=["check", "dataset"])
    pairs = pairs.assign(department=pairs["dataset"].map(department))
    pairs = pairs.drop_duplicates(["index", "department"])
    found = pairs.groupby(["department", "check"]).size()
    checked = denominators.assign(department=denominators["dataset"].map(department)).groupby(["department", "check"])["checked"].sum()
    titles = {contract.department: contract.department_title for contract in contracts.values() if contract.department != REFERENCE}
    figures = []
    for key, title in titles.items():
        rows = tuple(
            Part(check, words.name, int(found.get((key, check), 0)), int(checked.get((key, check), 0)))
            for check, words in policy.checks.items()
            if (key, check) in found.index or (key, check) in checked.index
        )
        if rows:
            figures.append(DepartmentFigures(title, rows))
    return figures


def county_figures(mismatches: pd.DataFrame, denominators: pd.DataFrame, suspensions: pd.DataFrame, policy: Policy) -> list[CountyFigures]:
    """Every county of the region with all checks in the policy's order. Tables as in `check_figures`."""
    found = mismatches.groupby(["county_code", "check"]).size()
    checked = denominators.groupby(["county_code", "check"])["checked"].sum()
    missing = set(zip(suspensions["county_code"], suspensions["rule"], strict=True))
    return [
        CountyFigures(
            name,
            tuple(
                _part(check, words.name, int(found.get((code, check), 0)), int(checked.get((code, check), 0)), (code, check) in missing)
                for check, words in policy.checks.items()
            ),
        )
        for code, name in policy.region.counties.items()
    ]


def _part(check: str, name: str, found: int, checked: int, suspended: bool) -> Part:
    """A check of halves that looked at one of them was done; what it found of the other before stands on."""
    return Part(check, name, found, checked, suspended and not checked)


def source_figures(coverage: Coverage, contracts: Mapping[str, Contract]) -> list[Source]:
    """Every dataset as the night used it, from the night's coverage."""
    figures = []
    for dataset, contract in contracts.items():
        rows = [row for row in coverage.rows if row.dataset == dataset]
        if not rows:
            continue
        days = sorted({number_date(row.snapshot) for row in rows if row.snapshot is not None})
        told = "—" if not days else f"{days[0]}" if len(days) == 1 else f"{days[0]} 至 {days[-1]}"
        numbers = (sum(getattr(row, name) for row in rows) for name in ("rows", "quarantined", "covered", "complete"))
        figures.append(Source(contract.department_title, contract.title, told, *numbers))
    return figures
