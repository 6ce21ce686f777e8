"""Why a rule or check was not checked somewhere, in words: from the night's suspensions and its coverage."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipelines.contracts import Contract
from pipelines.extracts.coverage import Coverage
from pipelines.policy import Policy
from pipelines.reports.cases import Unchecked
from pipelines.reports.chinese import chinese
from pipelines.reports.texts import dataset_titles, sentence, texts
from pipelines.workspace import number_date


@dataclass(frozen=True)
class SuspendedRule:
    """A row of the night's suspensions (docs/design.md): `dataset` may be several joined by `;` of which one would do."""

    rule: str
    county_code: str
    dataset: str
    reason: str


def why_not_checked(item: SuspendedRule, coverage: Coverage, contracts: Mapping[str, Contract]) -> str:
    """The reason as a sentence: what the suspension says, and what the coverage knows about the dataset in the county."""
    said = texts()["suspensions"].get(item.reason) or chinese(item.reason)
    single = item.dataset in contracts
    return "，".join(part for part in (_state(item, coverage, contracts[item.dataset]) if single else "", said) if part)


def unchecked_by_county(
    suspended: Iterable[SuspendedRule], coverage: Coverage, policy: Policy, contracts: Mapping[str, Contract]
) -> dict[str, tuple[Unchecked, ...]]:
    """The flag rules not checked in each county, one entry a rule: the datasets it lacks and why."""
    titles = dataset_titles(contracts)
    by_rule: dict[tuple[str, str], list[SuspendedRule]] = defaultdict(list)
    for item in suspended:
        if item.rule in policy.rules:
            by_rule[item.county_code, item.rule].append(item)
    found: dict[str, list[Unchecked]] = defaultdict(list)
    for (county, rule), items in sorted(by_rule.items()):
        datasets = dict.fromkeys(_told(item.dataset, titles) for item in items)
        reasons: dict[str, list[str]] = {}
        for item in items:
            reasons.setdefault(why_not_checked(item, coverage, contracts), []).append(_told(item.dataset, titles))
        why = (f"{'、'.join(names)}：{reason}" if len(reasons) > 1 else reason for reason, names in reasons.items())
        found[county].append(Unchecked(rule, policy.rules[rule].name, "、".join(datasets), "\n".join(why)))
    return {county: tuple(entries) for county, entries in found.items()}


def _told(dataset: str, titles: Mapping[str, str]) -> str:
    return "或".join(titles.get(name, name) for name in dataset.split(";"))


def _state(item: SuspendedRule, coverage: Coverage, contract: Contract) -> str:
    row = coverage.row(item.dataset, item.county_code)
    if row is None or row.snapshot is None:
        return sentence("suspensions", "no_snapshot") if item.reason != "missing" else ""
    day = number_date(row.snapshot)
    if not row.fresh:
        return sentence("suspensions", "outdated", snapshot=day, age=row.age_days, fresh=contract.fresh_days)
    return sentence("suspensions", "dated", snapshot=day)
