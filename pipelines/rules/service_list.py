"""Service lists 服务清单: SV-01 to SV-03, leads for visits and transitions, not findings."""

from __future__ import annotations

from datetime import timedelta

import ibis.expr.types as ir

from pipelines.facts import Facts
from pipelines.facts.ages import age
from pipelines.facts.households import PENSION_SCHEMES
from pipelines.facts.tables import among, marked, people
from pipelines.rules.candidates import one_per_person, rows_of
from pipelines.workspace import date_number

SCATTERED = "04"
HELPLESS = "不能自理"
GRACE = "渐退期"


class ServiceList:
    """The rules of one night; each gives candidates, one per person (rules/candidates.py)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def sv_01(self) -> ir.Table:
        """三(二): scattered tekun who are 80 or older, severely disabled or cannot care for themselves."""
        born = self.facts.ages
        old = born.filter(age(born.birth_date, self.facts.day) >= self.facts.policy.document.tekun.old_age)
        rows = self._here(self.facts.active_tekun)
        rows = marked(marked(rows, old, "old"), self.facts.severe, "severe")
        helpless = (rows.self_care == HELPLESS).fill_null(False)
        return one_per_person(rows_of(rows.filter(rows.support_mode == SCATTERED, rows.old | rows.severe | helpless)))

    def sv_02(self) -> ir.Table:
        """三: active tekun minors who turn 18 after the night and within 90 days."""
        policy = self.facts.policy.document.tekun
        last = date_number(self.facts.as_of + timedelta(days=policy.turning_days))
        birthday = self.facts.ages.birth_date + policy.minor_age * 10000
        turning = self.facts.ages.filter(birthday > self.facts.day, birthday <= last)
        return one_per_person(rows_of(among(self._here(self.facts.active_tekun), turning)))

    def sv_03(self) -> ir.Table:
        """四: on dibao and not in the grace period, though at work by a recent contribution or with a registered income above S."""
        rows = self._here(self.facts.active_dibao)
        rows = rows.filter(rows.status.isnull() | (rows.status != GRACE))
        keyed = self.facts.standards.select("county_code", category_key=self.facts.standards.category, standard=self.facts.standards.amount)
        rows = marked(rows.join(keyed, ["county_code", "category_key"]), self._employed, "employed")
        return one_per_person(rows_of(rows.filter(rows.employed | (rows.per_capita_income > rows.standard).fill_null(False))))

    @property
    def _employed(self) -> ir.Table:
        """Persons with a contribution to workers' pension in the last complete months or later."""
        if "social_insurance" not in self.facts.records:
            return people([])
        rows = self.facts.records["social_insurance"]
        since = self.facts.months_back(self.facts.policy.document.gradual_exit.employed_months)
        return people([rows.filter(rows.scheme.isin(PENSION_SCHEMES), rows.last_paid_month >= since)])

    def _here(self, rows: ir.Table) -> ir.Table:
        return rows.filter(rows.county_code.isin(list(self.facts.policy.region.counties)))
