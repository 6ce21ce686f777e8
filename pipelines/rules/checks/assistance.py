"""Checks of temporary assistance paid (rules.md EN-08, EN-09; clause 二)."""

from __future__ import annotations

from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.facts.tables import yuan
from pipelines.policy import Policy
from pipelines.rules.checks.finding import BY_ROW, A, B, Cell, Finding, Looked, Night, Part, cells
from pipelines.workspace import date_number

GRANT = ("name", "county_code", "grant_id", "assistance_type", "granted_on", "amount")
URBAN = "urban"
NEVER = 99991231


def en_08(night: Night) -> Finding:
    """Persons paid the one-off grant twice, two grant numbers, since the policy's date and up to the night (rules.md EN-08, clause 二(一)).

    Side A is the first grant, side B the others. Looked at: persons paid such a grant.
    """
    rules = night.facts.policy.document.unemployment
    grants = night.facts.records["temporary_assistance"]
    since = date_number(rules.grant_since)
    grants = grants.filter(grants.assistance_type == rules.grant_type, grants.granted_on >= since, grants.granted_on <= night.facts.day)
    grants = grants.mutate(place=grants.granted_on.cast("string").concat(grants.grant_id))
    paid = grants.group_by("person").agg(times=grants.grant_id.nunique(), first=grants.place.min())
    twice = grants.join(paid.filter(paid.times > 1), "person")
    twice = twice.mutate(side=ibis.ifelse(twice.place == twice.first, A, B))
    return Finding([Part("temporary_assistance", twice, cells(BY_ROW, "grant", *GRANT))], [Looked("temporary_assistance", grants, "person")])


def en_09(night: Night) -> Finding:
    """Grants whose amount is not persons × the type's multiple × urban S of the county on the day, unless decided case by case with minutes.

    Source: rules.md EN-09, clause 二(二). Types without a multiple, days before the policy's first standard and other provinces are not
    checked. Side A is what was paid, side B what it follows from. Looked at: grants paid up to the night that can be checked.
    """
    policy = night.facts.policy
    grants = night.facts.records["temporary_assistance"]
    grants = grants.filter(grants.granted_on <= night.facts.day)
    standards, multiples = _urban_standards(policy), _multiples(policy)
    grants = grants.join(multiples, grants.assistance_type == multiples.multiple_type)
    grants = grants.join(
        standards,
        [grants.county_code == standards.standard_county, grants.granted_on >= standards.standard_from, grants.granted_on < standards.standard_until],
    )
    due = grants.persons.cast("int64") * grants.top * grants.standard
    grants = grants.mutate(limit=yuan(grants.standard), amount_due=yuan(due // grants.bottom), differs=grants.amount * grants.bottom != due)
    decided = grants.case_by_case.fill_null(False) & grants.minutes_no.notnull()
    wrong = grants.filter(grants.differs & ~decided)
    paid = (*cells(A, "grant", *GRANT), *cells(A, "case_by_case", "case_by_case", "minutes_no"))
    said = (Cell(B, "standard", "standard", "limit", of_policy=True), Cell(B, "amount", "amount_due", "amount_due", of_policy=True))
    follows = (*cells(B, "grant", "persons"), *said)
    return Finding([Part("temporary_assistance", wrong, (*paid, *follows))], [Looked("temporary_assistance", grants)], subject="grant")


def _urban_standards(policy: Policy) -> ir.Table:
    """Urban S per county and period: `standard_county`, `standard_from` (yyyymmdd), `standard_until` (exclusive), `standard` (fen)."""
    rows = [row for row in policy.standard_rows if row.category == URBAN]
    until = {}
    for row, later in pairwise(rows):
        until[row] = date_number(later.from_date) if later.county_code == row.county_code else NEVER
    return ibis.memtable(
        pa.table(
            {
                "standard_county": [row.county_code for row in rows],
                "standard_from": pa.array([date_number(row.from_date) for row in rows], pa.int32()),
                "standard_until": pa.array([until.get(row, NEVER) for row in rows], pa.int32()),
                "standard": pa.array([row.amount for row in rows], pa.int64()),
            }
        )
    )


def _multiples(policy: Policy) -> ir.Table:
    """The multiple per head of each type as a fraction: `multiple_type`, `top`, `bottom`; whole numbers, so that nothing is rounded."""
    multiples = policy.assistance_multiples
    return ibis.memtable(
        pa.table(
            {
                "multiple_type": list(multiples),
                "top": pa.array([multiple.numerator for multiple in multiples.values()], pa.int64()),
                "bottom": pa.array([multiple.denominator for multiple in multiples.values()], pa.int64()),
            }
        )
    )
