"""What the gate of the extracts found, county by county: a page for people and the same results as JSON for machines."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipelines.contracts import Contract
from pipelines.policy import Policy
from pipelines.reports.chinese import chinese
from pipelines.reports.pages import write_page
from pipelines.reports.texts import dataset_titles, policy_title
from pipelines.workspace import atomic_path

_IN_FIELD = re.compile(r"^(?P<found>.+) in (?P<field>\w+)$")


@dataclass(frozen=True)
class Finding:
    """An expectation that one county does not meet."""

    county: str
    asks: str
    critical: bool
    found: str


@dataclass(frozen=True)
class Asked:
    """An expectation and how many counties meet it."""

    asks: str
    critical: bool
    met: int
    missed: int
    unjudged: int


@dataclass(frozen=True)
class Judged:
    """One delivery as its suite saw it."""

    anchor: str
    title: str
    snapshot: str
    scope: str
    files: tuple[str, ...]
    failed: tuple[str, ...]
    warned: int
    findings: tuple[Finding, ...]
    expectations: tuple[Asked, ...]


def write_expectations(
    folder: Path, documents: Iterable[Mapping[str, Any]], *, policy: Policy, contracts: Mapping[str, Contract], as_of: date, code_version: str
) -> Path:
    """Writes `expectations.html` and `expectations/<dataset>.json` below `folder`; returns the page.

    `documents` are the `result.json` of the deliveries that the night judged (docs/design.md); they hold no personal value.
    """
    order = list(contracts)
    ordered = sorted(documents, key=lambda item: (order.index(item["dataset"]), item["county_code"] or "", item["snapshot"]))
    for dataset in order:
        own = [document for document in ordered if document["dataset"] == dataset]
        if own:
            with atomic_path(folder / "expectations" / f"{dataset}.json") as beside:
                beside.write_text(json.dumps(own, ensure_ascii=False, indent=1), encoding="utf-8")
    judged = [_judged(number, document, policy, contracts) for number, document in enumerate(ordered, 1)]
    return write_page(
        folder / "expectations.html",
        "expectations.html.j2",
        title="数据质量检查结果",
        as_of=as_of,
        policy=policy_title(policy),
        code_version=code_version,
        deliveries=judged,
        total=SimpleNamespace(failed=sum(bool(item.failed) for item in judged), warned=sum(item.warned > 0 for item in judged)),
    )


def _judged(number: int, document: Mapping[str, Any], policy: Policy, contracts: Mapping[str, Contract]) -> Judged:
    counties = policy.region.counties
    contract = contracts[document["dataset"]]
    findings = tuple(
        Finding(counties.get(item["county_code"], item["county_code"]), item["zh"], item["severity"] == "critical", _found(item["found"], contract))
        for item in sorted(document["results"], key=lambda item: (item["severity"] != "critical", item["county_code"]))
        if item["passed"] is False
    )
    own = document["county_code"]
    return Judged(
        anchor=f"delivery-{number}",
        title=dataset_titles(contracts)[contract.dataset],
        snapshot=document["snapshot"],
        scope=counties.get(own, own) if own else "全区",
        files=tuple(document["files"]),
        failed=tuple(counties.get(code, code) for code in document["failed_counties"]),
        warned=sum(not finding.critical for finding in findings),
        findings=findings,
        expectations=_asked(document["results"]),
    )


def _asked(results: Iterable[Mapping[str, Any]]) -> tuple[Asked, ...]:
    counts: dict[tuple[str, bool], Counter[bool | None]] = {}
    for item in results:
        counts.setdefault((item["zh"], item["severity"] == "critical"), Counter())[item["passed"]] += 1
    return tuple(Asked(asks, critical, count[True], count[False], count[None]) for (asks, critical), count in counts.items())


def _found(text: str, contract: Contract) -> str:
    """The value judged, with the field's header instead of its name."""
    match = _IN_FIELD.match(text)
    if not match:
        return chinese(text)
    field = contract.fields.get(match["field"])
    return f"{chinese(match['found'])}（{field.header if field else match['field']}）"
