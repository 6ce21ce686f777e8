"""Who should be flagged, from what happened to people: the rules stated a second time, in NumPy, over the latent tables.

Nothing here comes from `pipelines.rules`, and nothing is read from a delivered file.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.lives import Lives
from pipelines.synthetic.premises import GRANTS_SINCE, MONITORING_LINE, SELF_PAY_LINE, WINDOW_END, completed_years, day_number, month_index, standard
from pipelines.synthetic.world import Table

TURNING = dt.timedelta(days=90)


@dataclass
class Expected:
    """One expectation per place: the rule or check, the subject's person or household number (the other -1), county, and the persons concerned."""

    rule: str
    county: np.ndarray
    person: np.ndarray
    household: np.ndarray
    dataset: str = ""
    why: str = ""


def expected_flags(lives: Lives) -> list[Expected]:
    """Every flag that should be raised in a block."""
    return [*_missed_persons(lives), *_missed_households(lives), *_unemployment(lives), *_relapse(lives), *_services(lives)]


def _persons(rule: str, holds: np.ndarray, county: np.ndarray, why: str) -> Expected:
    who = np.flatnonzero(holds)
    return Expected(rule, county[who], who, np.full(len(who), -1), why=why)


def _missed_persons(lives: Lives) -> list[Expected]:
    families, register, certificates, tekun = (
        lives.table("low_income"),
        lives.table("poverty_register"),
        lives.table("disability_certificates"),
        lives.table("tekun"),
    )
    open_case = ~lives.covered & ~lives.dead
    edge = lives.families & (families["compliant"] == 1) & lives.income_bands[1]
    in_edge, edge_county = lives.any(families, edge), lives.county(families, edge)
    turned = (tekun["status"] == 0) & (tekun["stop_reason"] == 0)
    in_family, in_register = lives.any(families, lives.families), lives.any(register, lives.registered)
    listed_county = np.where(in_family, lives.county(families, lives.families), lives.county(register, lives.registered))
    return [
        _persons("MC-01", in_edge & lives.severe & open_case, edge_county, "severely disabled in a low-income family, without cover"),
        _persons("MC-02", in_edge & lives.ill & open_case, edge_county, "seriously ill in a low-income family, without cover"),
        _persons(
            "MC-04",
            lives.any(tekun, turned) & (lives.age < 18) & ~lives.on_tekun & ~lives.dead,
            lives.county(tekun, turned),
            "tekun ended at 16, not yet 18",
        ),
        _persons(
            "MC-06",
            lives.severe & open_case & ~in_family & ~in_register,
            lives.county(certificates, lives.severe_rows),
            "severely disabled, on no register",
        ),
        _persons(
            "MC-07",
            (in_family | in_register) & (lives.self_pay >= SELF_PAY_LINE) & ~lives.ill & open_case,
            listed_county,
            "high medical cost, not on the disease list",
        ),
    ]


class Households:
    """Rows of a register by household: number and county; counts of members are of distinct persons."""

    def __init__(self, lives: Lives, table: Table, rows: np.ndarray) -> None:
        self.rows = np.flatnonzero(rows)
        self.person = table["person"][self.rows]
        key = table["number"][self.rows] * 1_000_000 + table["county"][self.rows]
        keys, self.household = np.unique(key, return_inverse=True)
        self.household = self.household.reshape(-1)
        self.number, self.county, self.count = keys // 1_000_000, keys % 1_000_000, len(keys)
        self.living = self.every_person(~lives.dead)
        self.uncovered = self.every_person(~lives.dead & ~lives.covered)

    def any(self, holds: np.ndarray) -> np.ndarray:
        """Per household: one of its rows (mask over them) holds."""
        return np.bincount(self.household[holds], minlength=self.count) > 0

    def every_person(self, holds: np.ndarray) -> np.ndarray:
        """Per household: how many of its rows' persons hold (mask over persons)."""
        return np.bincount(self.household[holds[self.person]], minlength=self.count)

    def expected(self, rule: str, dataset: str, holds: np.ndarray, why: str) -> Expected:
        who = np.flatnonzero(holds)
        return Expected(rule, self.county[who], np.full(len(who), -1), self.number[who], dataset, why)


def _missed_households(lives: Lives) -> list[Expected]:
    table = lives.table("low_income")
    below = lives.families & (table["compliant"] == 1) & lives.income_bands[0]
    poor = Households(lives, table, below)
    register = lives.table("poverty_register")
    homes = Households(lives, register, lives.registered)
    able = ~np.isin(register["labour"][homes.rows], (3, 4)) & ~lives.dead[homes.person]
    return [
        poor.expected("MC-03", "low_income", poor.uncovered > 0, "income below the standard, somebody without cover"),
        homes.expected(
            "MC-05",
            "poverty_register",
            (homes.living > 0) & ~homes.any(able) & (homes.uncovered == homes.living),
            "nobody can work, nobody is covered",
        ),
    ]


def _unemployment(lives: Lives) -> list[Expected]:
    migrants, registered = lives.table("migrant_workers"), lives.table("unemployment_registration")
    insurance, benefits, grants = lives.table("unemployment_insurance"), lives.table("unemployment_benefit"), lives.table("temporary_assistance")
    end = month_index(*WINDOW_END)
    begin = end - 2
    stranded = (migrants["returned"] == 0) & (migrants["agricultural"] == 1)
    jobless = (registered["status"] == 1) & (registered["migrant"] == 1) & (registered["agricultural"] == 1)
    income = (lives.latest(migrants, "last_income", np.ones(len(migrants["person"]), bool)) >= begin) | (lives.last_pension_month >= begin)
    income |= lives.latest(insurance, "last", np.ones(len(insurance["person"]), bool)) >= begin
    paid = benefits["paid"] == 1
    income |= lives.any(benefits, paid & (benefits["end"] >= begin))
    helped = lives.any(grants, (grants["type"] == 3) & (grants["granted"] >= day_number(GRANTS_SINCE)) & (grants["granted"] <= lives.day))
    candidate = (lives.any(migrants, stranded) | lives.any(registered, jobless)) & (lives.age >= 16) & (lives.age <= 59)
    candidate &= ~income & ~helped & ~lives.covered & ~lives.dead
    last = lives.latest(insurance, "last", insurance["last"] >= 0)
    insured = lives.any(insurance, (insurance["last"] >= 0) | (insurance["months"] > 0))
    drawn = lives.any(benefits, paid & (benefits["end"] >= last[benefits["person"]]))
    county = np.minimum(_work_or_home(lives, migrants, stranded), _work_or_home(lives, registered, jobless))
    return [
        _persons("UI-01", candidate & ~insured, county, "without income, never insured"),
        _persons("UI-02", candidate & insured & ~drawn, county, "without income, insured once, no benefit since"),
        _persons("UI-03", candidate & insured & drawn, county, "without income, benefits used up"),
    ]


def _work_or_home(lives: Lives, table: Table, rows: np.ndarray) -> np.ndarray:
    """Per person: the smallest county in charge: that of work where it is one of the region's, else of residence."""
    inside = table["work_county"] // 10_000 == 64
    charge = {"person": table["person"], "county": np.where(inside, table["work_county"], table["county"])}
    return lives.county(charge, rows)


def _relapse(lives: Lives) -> list[Expected]:
    table = lives.table("poverty_register")
    homes = Households(lives, table, lives.registered)
    rows = {name: values[homes.rows] for name, values in table.items()}
    shocks = sum(kind.astype(np.int64) for kind in _shocks(lives, homes).values())
    status, monitor = rows["status"], rows["monitor"]
    exposed = homes.uncovered > 0
    risk = exposed & ~homes.any(rows["cleared"] == 1) & (shocks > 0)
    unlifted = exposed & homes.any((status == 0) | (status == 2))
    unstable = ~unlifted & risk & homes.any(monitor == 0)
    edge = ~unlifted & ~unstable & risk & (homes.any(monitor == 1) | homes.any(status == 3))
    thin = exposed & ~unlifted & ~unstable & ~edge & homes.any(status == 1) & ~homes.any(monitor >= 0)
    thin &= homes.any((rows["income"] >= 0) & (rows["income"] < MONITORING_LINE))
    return [
        homes.expected("RR-01", "poverty_register", unlifted, "not lifted from poverty, or fallen back, somebody without cover"),
        homes.expected("RR-02", "poverty_register", unstable, "unstable, risk not cleared, with a shock"),
        homes.expected("RR-03", "poverty_register", edge, "on the edge, risk not cleared, with a shock"),
        homes.expected("RR-04", "poverty_register", thin, "lifted, not monitored, income under the line"),
    ]


def _shocks(lives: Lives, homes: Households) -> dict[str, np.ndarray]:
    """Kinds of shock per household in the twelve months; members who have died since count."""
    illness, certificates = lives.table("serious_illness"), lives.table("disability_certificates")
    registered, migrants, insurance = lives.table("unemployment_registration"), lives.table("migrant_workers"), lives.table("unemployment_insurance")

    def fresh(table: Table, column: str) -> np.ndarray:
        return (table[column] > lives.year_ago) & (table[column] <= lives.day)

    last = np.maximum(lives.last_pension_month, lives.latest(insurance, "last", np.ones(len(insurance["person"]), bool)))
    job = (last >= lives.month - 12) & (last <= lives.month - 4)
    job |= lives.any(registered, registered["status"] == 1) | lives.any(migrants, migrants["returned"] == 0)
    members = np.unique(np.stack([homes.household, homes.person]), axis=1) if homes.count else np.empty((2, 0), np.int64)
    paid = np.bincount(members[0], weights=lives.self_pay[members[1]], minlength=homes.count)
    return {
        "illness": homes.every_person(lives.any(illness, fresh(illness, "recognised"))) > 0,
        "medical": paid >= SELF_PAY_LINE,
        "job": homes.every_person(job) > 0,
        "disability": homes.every_person(lives.any(certificates, lives.severe_rows & fresh(certificates, "issued"))) > 0,
    }


def _services(lives: Lives) -> list[Expected]:
    tekun, dibao, people = lives.table("tekun"), lives.table("dibao"), lives.world.people
    at_home = lives.tekun_now & (tekun["mode"] == 4)
    helpless = at_home & np.isin(tekun["care"], (2, 5))
    visit = lives.any(tekun, at_home) & ((lives.age >= 80) | lives.severe) | lives.any(tekun, helpless)
    visit_county = np.where((lives.age >= 80) | lives.severe, lives.county(tekun, at_home), lives.county(tekun, helpless))
    soon = completed_years(people.birth, lives.world.as_of + TURNING) >= 18
    leaving = lives.any(tekun, lives.tekun_now) & (lives.age < 18) & soon
    steady = lives.dibao_now & (dibao["status"] != 2) & (dibao["county"] // 10_000 == 64)
    working = lives.last_pension_month[dibao["person"]] >= lives.month - 3
    above = steady & (working | (dibao["income"] > standard(dibao["county"], dibao["scheme"])))
    return [
        _persons("SV-01", visit, visit_county, "cared for at home, aged, severely disabled or helpless"),
        _persons("SV-02", leaving, lives.county(tekun, lives.tekun_now), "turns 18 within 90 days"),
        _persons("SV-03", lives.any(dibao, above), lives.county(dibao, above), "on dibao and at work, or income above the standard"),
    ]
