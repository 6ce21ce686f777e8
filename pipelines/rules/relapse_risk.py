"""Relapse risk 返贫风险: RR-01 to RR-04 (clause 四)."""

from __future__ import annotations

from functools import cached_property

import ibis
import ibis.expr.types as ir

from pipelines.engine import kept
from pipelines.facts import Facts
from pipelines.rules.candidates import one_per_household


class RelapseRisk:
    """The rules of one night; each gives candidates, one per registered poor household (rules/candidates.py)."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def rr_01(self) -> ir.Table:
        """四: not lifted out of poverty, or fallen back, with at least one living member not covered."""
        return self._candidates("RR-01", self._poor.filter(self._poor.not_lifted))

    def rr_02(self) -> ir.Table:
        """四: lifted but unstable, risk not cleared, with at least one shock."""
        return self._candidates("RR-02", self._shaken.filter(self._shaken.unstable))

    def rr_03(self) -> ir.Table:
        """四: on the edge of poverty, risk not cleared, with at least one shock; an unstable household is RR-02."""
        return self._candidates("RR-03", self._shaken.filter(~self._shaken.unstable, self._shaken.on_edge))

    def rr_04(self) -> ir.Table:
        """四: lifted, of no monitored type, and below the monitoring line; not what RR-01 to RR-03 name."""
        rest = self._poor.filter(~self._poor.not_lifted, self._poor.lifted, ~self._poor.monitored, self._poor.low)
        shaken = self._shaken.filter(self._shaken.unstable | self._shaken.on_edge)
        return self._candidates("RR-04", rest.anti_join(shaken, ["household", "county_code"]))

    @cached_property
    def _poor(self) -> ir.Table:
        """Registered households with at least one living member not covered, what any member's row says of them, and `kinds` of shock."""
        policy = self.facts.policy.document.relapse
        rows = self.facts.poverty
        says = rows.group_by("household", "county_code").agg(
            not_lifted=_any(rows.poverty_status.isin(policy.not_lifted)),
            lifted=_any(rows.poverty_status.isin(policy.lifted)),
            unstable=_any(rows.monitor_type.isin(policy.unstable_types)),
            on_edge=_any(rows.monitor_type.isin(policy.monitor_types) | rows.poverty_status.isin(policy.edge_statuses)),
            monitored=_any(rows.monitor_type.notnull()),
            cleared=_any(rows.risk_cleared),
            low=_any(rows.per_capita_net_income < policy.monitoring_line * 100),
        )
        members = self.facts.members.filter(self.facts.members.household_dataset == "poverty_register")
        counts = members.group_by("household", "county_code").agg(
            uncovered=ibis._.count(where=ibis._.living & ~ibis._.covered), by_likeness=ibis._.by_likeness.any()
        )
        open_households = counts.filter(counts.uncovered > 0).join(says, ["household", "county_code"])
        shocks = self.facts.shocks.group_by("household", "county_code").agg(kinds=ibis._.kind.nunique(), shock_by_likeness=ibis._.by_likeness.any())
        joined = open_households.left_join(shocks, ["household", "county_code"]).drop("household_right", "county_code_right")
        return kept(joined.mutate(kinds=joined.kinds.fill_null(0), shock_by_likeness=joined.shock_by_likeness.fill_null(False)))

    @property
    def _shaken(self) -> ir.Table:
        return self._poor.filter(~self._poor.not_lifted, ~self._poor.cleared, self._poor.kinds > 0)

    def _candidates(self, rule: str, households: ir.Table) -> ir.Table:
        """The households with the rule's grade, raised from the policy's number of kinds of shock on."""
        words = self.facts.policy.rules[rule]
        grade = ibis.null("string")
        likely = households.by_likeness
        if words.raised_from is not None:
            grade = ibis.ifelse(households.kinds >= words.raised_from, words.raised_grade, words.grade)
            likely = likely | households.shock_by_likeness
        graded = households.select("household", "county_code", by_likeness=likely, partial=ibis.literal(False), grade=grade)
        return one_per_household(graded, self.facts.poverty, "poverty_register")


def _any(condition: ir.BooleanValue) -> ir.BooleanScalar:
    return condition.fill_null(False).any()
