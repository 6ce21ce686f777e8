"""Missed coverage 漏保: MC-01 to MC-07."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.facts import Facts
from pipelines.facts.ages import age
from pipelines.facts.tables import among, not_among
from pipelines.rules.candidates import having, one_per_household, one_per_person, rows_of


class MissedCoverage:
    """The rules of one night; each gives candidates, one per subject (rules/candidates.py)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def mc_01(self) -> ir.Table:
        """一(一): in an in-force, property-compliant low-income family, S ≤ y < 1.5 S, severely disabled, not covered, not deceased."""
        return one_per_person(having(self._uncovered(self._edge_families()), self.facts.severe))

    def mc_02(self) -> ir.Table:
        """一(一): the same family, with a recognised serious illness."""
        return one_per_person(having(self._uncovered(self._edge_families()), self.facts.ill))

    def mc_03(self) -> ir.Table:
        """一(二): in-force, property-compliant families with y < S and at least one living member not covered; partial when some are covered."""
        families = self.facts.low_income
        poor = families.filter(families.property_compliant, families.below).select("household", "county_code").distinct()
        members = self.facts.members.filter(self.facts.members.household_dataset == "low_income")
        counts = members.semi_join(poor, ["household", "county_code"]).group_by("household", "county_code")
        households = counts.agg(
            uncovered=ibis._.count(where=ibis._.living & ~ibis._.covered),
            partial=(ibis._.living & ibis._.covered).any(),
            by_likeness=ibis._.by_likeness.any(),
        )
        missed = households.filter(households.uncovered > 0).mutate(grade=ibis.null("string"))
        return one_per_household(missed, families, "low_income")

    def mc_04(self) -> ir.Table:
        """三: tekun ended for turning 16, yet under 18; no active tekun row, not deceased."""
        policy = self.facts.policy.document.tekun
        rows = self.facts.records["tekun"]
        ended = self._here(rows.filter(rows.status == "终止", rows.stop_reason.contains(policy.ended_reason)))
        minors = self.facts.ages.filter(age(self.facts.ages.birth_date, self.facts.day) < policy.minor_age)
        missed = not_among(not_among(among(ended, minors), self.facts.active_tekun), self.facts.deceased)
        return one_per_person(rows_of(missed))

    def mc_05(self) -> ir.Table:
        """四: registered poor households where nobody living is able to work and nobody is covered."""
        rows = self.facts.poverty
        unable = rows.filter(rows.labour.isin(self.facts.policy.document.relapse.no_labour)).select("household", "county_code", "person").distinct()
        unable = unable.mutate(unable=ibis.literal(True))
        members = self.facts.members.filter(self.facts.members.household_dataset == "poverty_register", self.facts.members.living)
        members = members.left_join(unable, ["household", "county_code", "person"])
        households = members.group_by("household", "county_code").agg(
            able=ibis._.count(where=ibis._.unable.isnull()), covered=ibis._.covered.any(), by_likeness=ibis._.by_likeness.any()
        )
        missed = households.filter(households.able == 0, ~households.covered).mutate(partial=ibis.literal(False), grade=ibis.null("string"))
        return one_per_household(missed, rows, "poverty_register")

    def mc_06(self) -> ir.Table:
        """一(一): severely disabled, not covered, not deceased, in no in-force low-income family and not in the poverty register: to be surveyed."""
        rows = self._here(self.facts.certificates)
        unknown = not_among(not_among(rows.filter(rows.severe), self.facts.low_income), self.facts.poverty)
        return one_per_person(rows_of(self._uncovered(unknown)))

    def mc_07(self) -> ir.Table:
        """一(一), 六(一): in low_income or the poverty register, high self-pay in the 12 months, not ill, not covered, not deceased."""
        costly = self.facts.self_pay.filter(self.facts.self_pay.self_pay >= self.facts.self_pay_line)
        lists = []
        if "low_income" in self.facts.records:
            lists.append(rows_of(self._here(self.facts.low_income), "low_income"))
        if "poverty_register" in self.facts.records:
            rows = rows_of(self._here(self.facts.poverty), "poverty_register")
            lists.append(not_among(rows, lists[0]) if lists else rows)
        rows = lists[0].union(lists[1]) if len(lists) > 1 else lists[0]
        return one_per_person(having(not_among(self._uncovered(rows), self.facts.ill), costly))

    def _edge_families(self) -> ir.Table:
        families = self.facts.low_income
        return rows_of(families.filter(families.property_compliant, families.edge), "low_income")

    def _uncovered(self, rows: ir.Table) -> ir.Table:
        return not_among(not_among(rows, self.facts.covered), self.facts.deceased)

    def _here(self, rows: ir.Table) -> ir.Table:
        return rows.filter(rows.county_code.isin(list(self.facts.policy.region.counties)))
