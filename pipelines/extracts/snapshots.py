"""Which snapshot is in force for which county, and what each night's datasets cover (extracts.md, "Delivery"; identity.md, "Absence")."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pipelines.contracts import REFERENCE, Contract
from pipelines.extracts.coverage import Coverage, CoverageRow
from pipelines.extracts.deliveries import Delivery
from pipelines.extracts.in_force import InForce, InForceFile
from pipelines.extracts.validate import Validation
from pipelines.policy import Region
from pipelines.workspace import date_number


@dataclass(frozen=True)
class _Choice:
    """What serves one county: the delivery in force, if any, and why newer ones do not."""

    delivery: Delivery | None
    passed_over: tuple[str, ...]


def in_force(
    contracts: Mapping[str, Contract], region: Region, as_of: date, deliveries: Iterable[Delivery], validations: Iterable[Validation]
) -> InForce:
    """The files that count on the night of `as_of`, and the coverage of every dataset and county of the region.

    For each county the newest good delivery dated at or before `as_of` that serves it and passed its critical expectations there; of one date the
    county's own before the region's. `deliveries` and `validations` are of all datasets; reference datasets get files but no coverage.
    """
    judged = {validation.key: validation for validation in validations}
    by_dataset: dict[str, list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.snapshot <= as_of:
            by_dataset[delivery.dataset].append(delivery)
    files: dict[str, list[InForceFile]] = {}
    choices: dict[str, dict[str, _Choice]] = {}
    residents: set[str] = set()
    # Whether a county is empty in a dataset that must name someone everywhere shows only beside the other rosters, so these come first.
    for dataset in sorted(contracts, key=lambda name: contracts[name].empty_county_uncovered):
        contract = contracts[dataset]
        found = by_dataset[dataset]
        lived_in = residents if contract.empty_county_uncovered else set()
        choices[dataset] = {county: _choose(found, judged, county, county in lived_in) for county in region.counties}
        counting = _counting(choices[dataset], tuple(region.counties))
        if counting:
            files[dataset] = counting
        if _is_roster(contract) and not contract.empty_county_uncovered:
            residents |= _inhabited(choices[dataset], region)
    rows = [
        _coverage_row(contracts[dataset], county, choices[dataset], judged, as_of)
        for dataset in contracts
        if contracts[dataset].department != REFERENCE
        for county in region.counties
    ]
    return InForce({dataset: files[dataset] for dataset in contracts if dataset in files}, Coverage(rows), tuple(region.counties))


def due_since(contract: Contract, as_of: date) -> date:
    """The day after which the delivery that was due last at `as_of` must be dated; an older newest snapshot is late.

    A contract is due by `due_day` of each month, or of each quarter's first month; the delivery due then is dated after the due day before it.
    """
    step = 1 if contract.cadence == "monthly" else 3
    months = as_of.year * 12 + as_of.month - 1
    months -= months % step
    if _due_day(contract, months) > as_of:
        months -= step
    return _due_day(contract, months - step)


def _due_day(contract: Contract, months: int) -> date:
    """The due day in a month, counted from year 0; the month's last day where it is shorter."""
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(contract.due_day, monthrange(year, month)[1]))


def _is_roster(contract: Contract) -> bool:
    return contract.event_date is None and contract.id_field is not None


def _inhabited(choices: Mapping[str, _Choice], region: Region) -> set[str]:
    """Counties that a roster in force has rows for."""
    return {county for county in region.counties for delivery in _serving(choices, county) if delivery.rows(county)}


def _choose(found: Iterable[Delivery], judged: Mapping[str, Validation], county: str, must_have_rows: bool) -> _Choice:
    passed_over: list[str] = []
    for delivery in sorted(found, key=lambda item: item.order, reverse=True):
        if delivery.county_code not in (None, county):
            continue
        name = f"{';'.join(delivery.files)} of {delivery.snapshot}"
        if delivery.error is not None:
            passed_over.append(f"refused: {delivery.error.rstrip('.')}")
        elif must_have_rows and delivery.county_code is None and not delivery.rows(county):
            passed_over.append(f"{name} has no row of the county although other rosters have residents there, so it does not cover it")
        elif delivery.key in judged and county in judged[delivery.key].failed_counties:
            passed_over.append(f"{name} failed its expectations: {'; '.join(judged[delivery.key].failures(county))}")
        else:
            return _Choice(delivery, tuple(passed_over))
    return _Choice(None, tuple(passed_over))


def _counting(choices: Mapping[str, _Choice], region: tuple[str, ...]) -> list[InForceFile]:
    """The files in force. A county's own counts whole, each row under its code; a region-wide one for its counties, the newest also outside."""
    served: dict[str, list[str]] = defaultdict(list)
    chosen: dict[str, Delivery] = {}
    for county, choice in choices.items():
        if choice.delivery is not None:
            chosen[choice.delivery.key] = choice.delivery
            served[choice.delivery.key].append(county)
    wide = [delivery for delivery in chosen.values() if delivery.county_code is None]
    newest = max(wide, key=lambda item: item.order).key if wide else None
    return [
        InForceFile(
            dataset=delivery.dataset,
            file=part.file,
            snapshot=date_number(delivery.snapshot),
            path=part.path,
            quarantine_path=part.quarantine_path,
            counties=region if delivery.county_code is not None else tuple(sorted(served[key])),
            counts_outside=delivery.county_code is not None or key == newest,
        )
        for key, delivery in sorted(chosen.items(), key=lambda item: item[1].order)
        for part in sorted(delivery.parts, key=lambda item: item.file)
    ]


def _serving(choices: Mapping[str, _Choice], county: str) -> list[Delivery]:
    """The deliveries whose rows of the county count: the one in force for it, and other counties' own files that name it."""
    own = choices[county].delivery
    others = {choice.delivery.key: choice.delivery for choice in choices.values() if choice.delivery is not None}
    strays = [item for _, item in sorted(others.items()) if item.county_code not in (None, county) and item.rows(county)]
    return [own, *strays] if own is not None else strays


def _coverage_row(
    contract: Contract, county: str, choices: Mapping[str, _Choice], judged: Mapping[str, Validation], as_of: date
) -> CoverageRow:
    delivery = choices[county].delivery
    counting = _serving(choices, county)
    age = (as_of - delivery.snapshot).days if delivery is not None else None
    fresh = age is not None and age <= contract.fresh_days
    due = due_since(contract, as_of)
    expected = not contract.counties or county in contract.counties
    late = expected and (delivery is None or delivery.snapshot <= due)
    return CoverageRow(
        dataset=contract.dataset,
        county_code=county,
        snapshot=date_number(delivery.snapshot) if delivery is not None else None,
        age_days=age,
        fresh=fresh,
        passed=delivery is not None,
        covered=delivery is not None,
        complete=delivery is not None and fresh,
        late=late,
        rows=sum(item.rows(county) for item in counting),
        quarantined=sum(item.quarantined_rows(county) for item in counting),
        file=";".join(delivery.files) if delivery is not None else None,
        note=_note(contract, county, choices[county], judged, due if late else None, None if fresh else age),
    )


def _note(
    contract: Contract, county: str, choice: _Choice, judged: Mapping[str, Validation], late_since: date | None, stale_age: int | None
) -> str:
    """What people must know about the dataset in the county, as English sentences; empty when all is well."""
    delivery = choice.delivery
    notes = list(choice.passed_over)
    if delivery is None:
        notes.append("no earlier good delivery is there" if notes else "no delivery serves the county")
    else:
        if notes:
            notes.append(f"last good of {delivery.snapshot} stays in force")
        if delivery.unchanged_since is not None:
            notes.append(f"unchanged since {delivery.unchanged_since}")
        if stale_age is not None:
            notes.append(f"{stale_age} days old, {contract.fresh_days} are allowed")
        notes += [f"warned: {sentence}" for sentence in (judged[delivery.key].warnings(county) if delivery.key in judged else ())]
    if late_since is not None:
        notes.append(f"late: the delivery dated after {late_since} was due by day {contract.due_day} of the {_period(contract)}")
    return "; ".join(notes)


def _period(contract: Contract) -> str:
    return "month" if contract.cadence == "monthly" else "quarter's first month"
