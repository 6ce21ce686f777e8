"""`mismatch-report.html`: what auditors read first, by check, department and county over the denominators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
from markupsafe import Markup

from pipelines.contracts import Contract
from pipelines.extracts.coverage import Coverage
from pipelines.policy import Policy
from pipelines.reports.charts import checks_chart, counties_chart
from pipelines.reports.mismatch_figures import CountyFigures, NotChecked, check_figures, county_figures, department_figures, source_figures
from pipelines.reports.pages import write_page
from pipelines.reports.suspended import SuspendedRule, why_not_checked
from pipelines.reports.texts import dataset_titles, policy_title


def write_mismatch_report(
    path: Path,
    *,
    mismatches: pd.DataFrame,
    denominators: pd.DataFrame,
    suspensions: pd.DataFrame,
    coverage: Coverage,
    policy: Policy,
    contracts: Mapping[str, Contract],
    as_of: date,
    code_version: str,
) -> Path:
    """Writes the report to `path`, which it returns. The tables are the night's (docs/design.md), `suspensions` of checks only; none is personal."""
    checks = check_figures(mismatches, denominators, suspensions, policy)
    counties = county_figures(mismatches, denominators, suspensions, policy)
    ran = pd.DataFrame([vars(row) for row in checks if row.checked or row.found], columns=["check", "name", "found", "checked"])
    total = SimpleNamespace(
        found=len(mismatches),
        identity=sum(row.identity for row in checks),
        checks_with=sum(row.found > 0 for row in checks),
        counties_with=sum(county.found > 0 for county in counties),
        unchecked=len(suspensions[["rule", "county_code"]].drop_duplicates()),
    )
    return write_page(
        path,
        "mismatch-report.html.j2",
        title=f"{policy.region.name}数据比对疑点报告",
        as_of=as_of,
        policy=policy_title(policy),
        code_version=code_version,
        total=total,
        checks=checks,
        shown_checks=checks,
        departments=department_figures(mismatches, denominators, policy, contracts),
        counties=counties,
        unchecked=not_checked(suspensions, coverage, policy, contracts),
        sources=source_figures(coverage, contracts),
        checks_chart=Markup(checks_chart(ran)),
        counties_chart=Markup(counties_chart(_cells(counties))),
    )


def not_checked(suspensions: pd.DataFrame, coverage: Coverage, policy: Policy, contracts: Mapping[str, Contract]) -> list[NotChecked]:
    """Suspended rules or checks with the counties that share a reason, in words."""
    titles = dataset_titles(contracts)
    names = {key: words.name for key, words in policy.rules.items()} | {key: words.name for key, words in policy.checks.items()}
    counties: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for rule, county, dataset, reason in suspensions[["rule", "county_code", "dataset", "reason"]].itertuples(index=False, name=None):
        why = why_not_checked(SuspendedRule(rule, county, dataset, reason), coverage, contracts)
        counties[rule, "或".join(titles.get(name, name) for name in dataset.split(";")), why].add(county)
    region = policy.region.counties
    entries = []
    for (rule, datasets, why), codes in sorted(counties.items()):
        places = "全部" if len(codes) == len(region) else "、".join(region.get(code, code) for code in sorted(codes))
        entries.append(NotChecked(rule, names.get(rule, ""), places, datasets, why))
    return entries


def _cells(counties: list[CountyFigures]) -> pd.DataFrame:
    found = {cell.check for county in counties for cell in county.cells if cell.found}
    rows = [(county.name, cell.check, cell.found) for county in counties if county.found for cell in county.cells if cell.check in found]
    return pd.DataFrame(rows, columns=["county", "check", "found"])
