"""Checks of who is on dibao or tekun and should perhaps not be, or not so (rules.md EN-01 to EN-06, EN-11, EN-12)."""

from __future__ import annotations

import ibis

from pipelines.engine import kept
from pipelines.facts.cover import COVER
from pipelines.facts.deaths import SOURCES, stating
from pipelines.facts.tables import among, people, yuan
from pipelines.rules.checks.finding import BY_ROW, A, B, Cell, Finding, Looked, Night, Part, cells

PERIOD = ("name", "county_code", "start_month", "end_month", "status")
EMPLOYEE_SCHEMES = ("110", "120")
PUBLIC_STAFF = "120"
PAYING = "1"
_DEATH = {
    "dibao": ("name", "stop_reason", "end_month"),
    "tekun": ("name", "stop_reason", "end_month"),
    "pension_benefit": ("name", "survival_status", "death_date"),
    "disability_certificates": ("name", "status", "cancel_reason", "death_date"),
    "medical_enrolment": ("name", "status", "end_reason", "end_date"),
}


def en_01(night: Night) -> Finding:
    """Persons with an active dibao and an active tekun row at once (rules.md EN-01). Looked at: persons with an active row, per roster."""
    dibao, tekun = night.active("dibao"), night.active("tekun")
    parts = [
        Part("dibao", among(dibao, tekun), cells(A, "cover_period", *PERIOD)),
        Part("tekun", among(tekun, dibao), cells(B, "cover_period", *PERIOD)),
    ]
    return Finding(parts, _on_cover(night))


def en_02(night: Night) -> Finding:
    """Persons with active dibao rows in two counties, or active tekun rows in two; another province's county counts (rules.md EN-02).

    Side A is the county of the smallest code, side B the others. Looked at: persons with an active row, per roster.
    """
    parts = []
    for dataset in _rosters(night):
        rows = night.active(dataset)
        spread = rows.group_by("person").agg(places=rows.county_code.nunique(), first=rows.county_code.min())
        found = rows.join(spread.filter(spread.places > 1), "person")
        found = found.mutate(side=ibis.ifelse(found.county_code == found.first, A, B))
        parts.append(Part(dataset, found, cells(BY_ROW, "cover_period", *PERIOD)))
    return Finding(parts, _on_cover(night))


def en_03(night: Night) -> Finding:
    """Persons with an active urban and an active rural dibao row (rules.md EN-03). Looked at: persons with an active dibao row."""
    dibao = night.active("dibao")
    schemes = dibao.group_by("person").agg(categories=dibao.category_key.nunique())
    both = among(dibao, schemes.filter(schemes.categories > 1))
    both = both.mutate(side=ibis.ifelse(both.category_key == "urban", A, B))
    return Finding([Part("dibao", both, cells(BY_ROW, "cover_period", "scheme", *PERIOD))], [Looked("dibao", dibao, "person")])


def en_04(night: Night) -> Finding:
    """The deceased with an active dibao or tekun row in a month after the month of death, at once where no date is known.

    Source: rules.md EN-04, clause 六(二). Side A is the roster, side B every statement that the person has died.
    Looked at: persons with an active row, per roster.
    """
    facts = night.facts
    latest = facts.months_back(facts.policy.document.death_grace_months)
    dead = facts.deceased.filter(facts.deceased.death_date.isnull() | (facts.deceased.death_date // 100 <= latest))
    covered = [Part(dataset, among(night.active(dataset), dead), cells(A, "cover_period", *PERIOD)) for dataset in _rosters(night)]
    still = kept(people([part.rows for part in covered]))
    deaths = []
    for source in SOURCES:
        if source in night:
            said = stating(facts.records, source)
            rows = among(said.filter(said.stated_on.isnull() | (said.stated_on <= facts.day)), still)
            deaths.append(Part(source, rows, cells(B, "died", *_DEATH[source]), places=False))
    return Finding([*covered, *deaths], _on_cover(night))


def en_05(night: Night) -> Finding:
    """Active dibao rows in a grace period (渐退期) that began more than the policy's months before the night's month (rules.md EN-05, clause 四).

    Side A is when it began, side B the last month that would do. Looked at: persons with an active row in a grace period.
    """
    facts = night.facts
    limit = facts.months_back(facts.policy.document.gradual_exit.grace_months)
    dibao = facts.active_dibao
    grace = dibao.status == "渐退期"
    over = dibao.filter(grace, dibao.grace_start < limit).mutate(grace_limit=ibis.literal(f"{limit // 100}-{limit % 100:02d}"))
    shown = (*cells(A, "grace_start", *PERIOD, "grace_start"), Cell(B, "grace_start", "grace_limit", "grace_limit", of_policy=True))
    return Finding([Part("dibao", over, shown)], [Looked("dibao", dibao, "person", grace)])


def en_06(night: Night) -> Finding:
    """Active dibao persons of whom one pension (110 or 120, alive) reaches S of the dibao row's category and county (rules.md EN-06, clause 六(二)).

    Looked at: persons with an active dibao row in the region.
    """
    facts = night.facts
    standards = facts.standards.rename(standard_county="county_code", standard_category="category", standard="amount")
    dibao = facts.active_dibao
    measured = dibao.join(standards, [dibao.county_code == standards.standard_county, dibao.category_key == standards.standard_category])
    pensions = facts.records["pension_benefit"]
    pensions = pensions.filter(pensions.scheme.isin(EMPLOYEE_SCHEMES), pensions.survival_status == "正常")
    highest = pensions.group_by("person").agg(highest=pensions.monthly_amount.max())
    found = measured.join(highest, "person")
    found = found.filter(found.highest >= found.standard)
    lowest = found.group_by("person").agg(lowest=found.standard.min())
    paid = pensions.join(lowest, "person")
    paid = paid.filter(paid.monthly_amount >= paid.lowest)
    found = found.mutate(limit=yuan(found.standard))
    roster = (*cells(A, "cover_period", "scheme", *PERIOD), Cell(A, "standard", "standard", "limit", of_policy=True))
    parts = [
        Part("dibao", found, roster),
        Part("pension_benefit", paid, cells(B, "pension", "name", "scheme", "monthly_amount", "survival_status"), places=False),
    ]
    return Finding(parts, [Looked("dibao", dibao, "person")])


def en_11(night: Night) -> Finding:
    """Persons on dibao or tekun while insured as public staff: 120, paying, paid in the last complete months or later.

    Source: rules.md EN-11, clause 六(二). Looked at: persons with an active row, per roster.
    """
    facts = night.facts
    since = facts.months_back(facts.policy.document.gradual_exit.employed_months)
    insured = facts.records["social_insurance"]
    insured = insured.filter(insured.scheme == PUBLIC_STAFF, insured.status == PAYING, insured.last_paid_month >= since)
    covered = [Part(dataset, among(night.active(dataset), insured), cells(A, "cover_period", *PERIOD)) for dataset in _rosters(night)]
    staff = among(insured, people([part.rows for part in covered]))
    shown = ("name", "scheme", "status", "last_paid_month", "employer")
    return Finding([*covered, Part("social_insurance", staff, cells(B, "public_staff", *shown), places=False)], _on_cover(night))


def en_12(night: Night) -> Finding:
    """Active rows with an amount of zero: benefits must be paid (rules.md EN-12, clauses 三 and 六(二)). An amount that is not given is not zero.

    Side A is the cover, side B the amount. Looked at: persons with an active row whose amount is given, per roster.
    """
    parts, looked = [], []
    for dataset, field in (("dibao", "household_amount"), ("tekun", "monthly_amount")):
        if dataset in night:
            rows = night.active(dataset)
            unpaid = night.here(rows.filter(rows[field] == 0))
            parts.append(Part(dataset, unpaid, (*cells(A, "cover_period", *PERIOD), Cell(B, field, "zero_amount"))))
            looked.append(Looked(dataset, rows, "person", rows[field].notnull()))
    return Finding(parts, looked)


def _rosters(night: Night) -> list[str]:
    return [dataset for dataset in COVER if dataset in night]


def _on_cover(night: Night) -> list[Looked]:
    return [Looked(dataset, night.active(dataset), "person") for dataset in _rosters(night)]
