"""Unemployment-insurance gap 失业保险缺口: UI-01 to UI-03 (clause 二(一))."""

from __future__ import annotations

from functools import cached_property

import ibis
import ibis.expr.types as ir

from pipelines.engine import kept
from pipelines.facts import Facts
from pipelines.facts.ages import age
from pipelines.facts.households import PENSION_SCHEMES
from pipelines.facts.tables import among, not_among, people, union
from pipelines.rules.candidates import one_per_person, rows_of

PAID = "已发放"
RURAL = "农业"


class UnemploymentGap:
    """The rules of one night; each gives candidates, one per person (rules/candidates.py)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def ui_01(self) -> ir.Table:
        """二(一): without income, and never insured against unemployment."""
        return not_among(self._without_income, self._insured)

    def ui_02(self) -> ir.Table:
        """二(一): without income, insured once, and no benefit paid since the last contribution: refer to human resources first."""
        return not_among(among(self._without_income, self._insured), self._benefited)

    def ui_03(self) -> ir.Table:
        """二(一): without income, insured once, and the benefits since the last contribution have run out."""
        return among(among(self._without_income, self._insured), self._benefited)

    @cached_property
    def _without_income(self) -> ir.Table:
        """Rural migrant workers of working age who did not return to work or are registered unemployed.

        With no income, no contribution and no benefit inside the window or after it, not covered, not deceased, without a one-off grant since the
        policy's date.
        """
        young, old = self.facts.policy.document.unemployment.ages
        years = age(self.facts.ages.birth_date, self.facts.day)
        rows = among(self._candidates, self.facts.ages.filter(years >= young, years <= old))
        for excluded in (self._earning, self._contributing, self._on_benefit, self._granted, self.facts.covered, self.facts.deceased):
            rows = not_among(rows, excluded)
        return kept(one_per_person(rows))

    @property
    def _candidates(self) -> ir.Table:
        """Rows that make a candidate by themselves, in the county of work where it is one of the region's, else in that of usual residence."""
        found = []
        for dataset, table in candidate_rows(self.facts).items():
            work_county = ibis.coalesce(table.work_county, "")
            works_here = work_county.isin(list(self.facts.policy.region.counties)) & (work_county != table.county_code)
            rows = table.mutate(
                county_code=ibis.ifelse(works_here, work_county, table.county_code),
                # township and village are those of residence; in the county of work they would mislead
                township=ibis.ifelse(works_here, ibis.null("string"), table.township),
                village=ibis.ifelse(works_here, ibis.null("string"), table.village),
                file=ibis.literal(f"{dataset}/").concat(table.file),
            )
            found.append(rows_of(rows))
        everyone = union(found, found[0])
        return everyone.filter(everyone.county_code.isin(list(self.facts.policy.region.counties)))

    @property
    def _earning(self) -> ir.Table:
        """Persons of whom any row of the migrant register names an income inside the window or after it."""
        if "migrant_workers" not in self.facts.records:
            return people([])
        rows = self.facts.records["migrant_workers"]
        return rows.filter(rows.last_income_month >= self.facts.window.first_month).select("person")

    @property
    def _contributing(self) -> ir.Table:
        """Persons with a contribution to workers' pension or to unemployment insurance inside the window or after it."""
        pensions = self.facts.records["social_insurance"]
        insurance = self.facts.records["unemployment_insurance"]
        first = self.facts.window.first_month
        latest = ibis.greatest(insurance.last_paid_month, insurance.first_paid_month)
        return people([pensions.filter(pensions.scheme.isin(PENSION_SCHEMES), pensions.last_paid_month >= first), insurance.filter(latest >= first)])

    @property
    def _on_benefit(self) -> ir.Table:
        """Persons with a benefit paid in any month inside the window or after it."""
        rows = self.facts.records["unemployment_benefit"]
        return rows.filter(rows.status == PAID, rows.end_month >= self.facts.window.first_month).select("person")

    @property
    def _granted(self) -> ir.Table:
        """Persons with a one-off grant since the policy's date, up to the night, in any county."""
        policy = self.facts.policy.document.unemployment
        rows = self.facts.records["temporary_assistance"]
        since = int(policy.grant_since.strftime("%Y%m%d"))
        grants = rows.filter(rows.assistance_type == policy.grant_type, rows.granted_on >= since, rows.granted_on <= self.facts.day)
        return grants.select("person")

    @property
    def _insured(self) -> ir.Table:
        """Persons once insured: a last paid month, or months paid. Gives `person`, `last_paid_month` (the latest, null where none is known)."""
        rows = self.facts.records["unemployment_insurance"]
        once = among(rows.filter(rows.last_paid_month.notnull() | (rows.months_paid > 0)), self._without_income)
        return once.group_by("person").agg(last_paid_month=once.last_paid_month.max())

    @property
    def _benefited(self) -> ir.Table:
        """Persons once insured with a paid benefit that ends in or after the last paid month (any, where that is not known)."""
        rows = self.facts.records["unemployment_benefit"]
        paid = rows.filter(rows.status == PAID).select("person", "end_month")
        since = paid.join(self._insured, "person")
        return since.filter(since.last_paid_month.isnull() | (since.end_month >= since.last_paid_month)).select("person")


def candidate_rows(facts: Facts) -> dict[str, ir.Table]:
    """Per dataset the rows that make a candidate by themselves: 未返岗, or 有效 and a migrant worker; rural hukou."""
    found = {}
    if "migrant_workers" in facts.records:
        rows = facts.records["migrant_workers"]
        found["migrant_workers"] = rows.filter(rows.work_status == "未返岗", rows.hukou_type == RURAL)
    if "unemployment_registration" in facts.records:
        rows = facts.records["unemployment_registration"]
        found["unemployment_registration"] = rows.filter(rows.status == "1", rows.migrant_worker, rows.hukou_type == RURAL)
    return found
