"""Which mismatches auditors should find, from what happened to people and what went wrong in writing it down."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.defects import KIND
from pipelines.synthetic.deliver import Records
from pipelines.synthetic.labels import DISABLED_HEALTH
from pipelines.synthetic.lives import FAR, Lives
from pipelines.synthetic.premises import GRANTS_SINCE, STANDARDS_SINCE, URBAN, day_number, month_of, standard
from pipelines.synthetic.world import Table

_MULTIPLES = np.array([4, 6, 3, 0, 0, 6, 6, 4])
"""Twice the multiple of urban S per grant type (急难 2, 支出 3, 个人 1.5), in the order of labels.GRANTS."""


@dataclass
class Mismatch:
    """Persons (or, for EN-09, grants) whom a check should name, with the county of the smallest code and the datasets that disagree."""

    check: str
    person: np.ndarray
    county: np.ndarray
    datasets: str
    grant: np.ndarray | None = None


def _named(check: str, holds: np.ndarray, county: np.ndarray, datasets: str) -> Mismatch:
    who = np.flatnonzero(holds)
    return Mismatch(check, who, county[who], datasets)


def expected_mismatches(lives: Lives) -> list[Mismatch]:
    """Every mismatch of persons and grants that follows from how people were made; those of records come from `record_mismatches`."""
    return [*_rosters_twice(lives), *_cover(lives), *_incomes(lives), *_register(lives), *_grants(lives)]


def _inside(table: Table) -> np.ndarray:
    holds: np.ndarray = table["county"] // 10_000 == 64
    return holds


def _places(lives: Lives, table: Table, rows: np.ndarray) -> np.ndarray:
    """Per person: in how many counties these rows lie."""
    pairs = np.unique(np.stack([table["person"][rows], table["county"][rows]]), axis=1)
    return np.bincount(pairs[0], minlength=lives.n)


def _region_county(lives: Lives, table: Table, rows: np.ndarray) -> np.ndarray:
    """Per person: the smallest of the region's counties over rows; FAR without one."""
    return lives.county(table, rows & _inside(table))


def _rosters_twice(lives: Lives) -> list[Mismatch]:
    """ID-04: one person twice, active, in one roster."""
    twice, county, names = np.zeros(lives.n, bool), np.full(lives.n, FAR), [""] * lives.n
    certificates = lives.table("disability_certificates")
    in_force = {
        "dibao": lives.dibao_now,
        "disability_certificates": certificates["status"] == 0,
        "low_income": lives.families,
        "poverty_register": lives.registered,
        "tekun": lives.tekun_now,
    }  # fmt: skip
    for dataset, rows in in_force.items():
        table = lives.table(dataset)
        found = np.bincount(table["person"][rows], minlength=lives.n) > 1
        twice |= found
        county = np.where(found, np.minimum(county, _region_county(lives, table, rows)), county)
        for person in np.flatnonzero(found):
            names[person] = f"{names[person]};{dataset}".strip(";")
    return [Mismatch("ID-04", np.array([person]), county[[person]], names[person]) for person in np.flatnonzero(twice)]


def _cover(lives: Lives) -> list[Mismatch]:
    dibao, tekun = lives.table("dibao"), lives.table("tekun")
    either = np.minimum(_region_county(lives, dibao, lives.dibao_now), _region_county(lives, tekun, lives.tekun_now))
    urban, rural = lives.dibao_now & (dibao["scheme"] == 1), lives.dibao_now & (dibao["scheme"] == 2)
    grace = lives.dibao_now & (dibao["status"] == 2) & (dibao["grace"] >= 0) & (lives.month - dibao["grace"] > 6)
    nought, no_tekun = lives.dibao_now & (dibao["amount"] == 0), lives.tekun_now & (tekun["amount"] == 0)
    _, day = lives.deaths
    late = lives.dead & ((day == FAR) | (lives.month > month_of(np.where(day == FAR, 0, day))))
    found = [
        _named("EN-01", lives.on_dibao & lives.on_tekun, either, "dibao;tekun"),
        _named("EN-02", (_places(lives, dibao, lives.dibao_now) > 1) | (_places(lives, tekun, lives.tekun_now) > 1), either, "dibao"),
        _named("EN-03", lives.any(dibao, urban) & lives.any(dibao, rural), either, "dibao"),
        _named("EN-04", late & lives.covered, either, ""),
        _named("EN-05", lives.any(dibao, grace), _region_county(lives, dibao, grace), "dibao"),
    ]
    zero = lives.any(dibao, nought) | lives.any(tekun, no_tekun)
    return [*found, _named("EN-12", zero, np.minimum(_region_county(lives, dibao, nought), _region_county(lives, tekun, no_tekun)), "")]


def _incomes(lives: Lives) -> list[Mismatch]:
    dibao, tekun = lives.table("dibao"), lives.table("tekun")
    pensions, insurance = lives.table("pension_benefit"), lives.table("social_insurance")
    pension = lives.latest(pensions, "amount", (pensions["scheme"] != 170) & (pensions["survival"] == 0))
    rich = lives.dibao_now & _inside(dibao) & (pension[dibao["person"]] >= standard(dibao["county"], dibao["scheme"]))
    public = lives.any(insurance, (insurance["scheme"] == 120) & (insurance["status"] == 1) & (insurance["last"] >= lives.month - 3))
    county = np.minimum(_region_county(lives, dibao, lives.dibao_now), _region_county(lives, tekun, lives.tekun_now))
    return [
        _named("EN-06", lives.any(dibao, rich), _region_county(lives, dibao, rich), "dibao;pension_benefit"),
        _named("EN-11", public & lives.covered, county, ""),
    ]


def _register(lives: Lives) -> list[Mismatch]:
    register, certificates = lives.table("poverty_register"), lives.table("disability_certificates")
    wrong = np.zeros(len(register["person"]), bool)
    for claim, active in (("dibao_claim", lives.on_dibao), ("tekun_claim", lives.on_tekun)):
        has, says = active[register["person"]], register[claim]
        wrong |= (says >= 0) & (says != 2) & ~has | (says == 2) & has
    wrong &= lives.registered
    held = lives.any(certificates, (certificates["status"] == 0) & ((certificates["until"] < 0) | (certificates["until"] >= lives.day)))
    named = lives.registered & (register["health"] >= DISABLED_HEALTH) & ~held[register["person"]]
    return [
        _named("EN-07", lives.any(register, wrong), lives.county(register, wrong), ""),
        _named("EN-10", lives.any(register, named), lives.county(register, named), "disability_certificates;poverty_register"),
    ]


def _grants(lives: Lives) -> list[Mismatch]:
    grants = lives.table("temporary_assistance")
    since = (grants["type"] == 3) & (grants["granted"] >= day_number(GRANTS_SINCE)) & (grants["granted"] <= lives.day)
    twice = np.bincount(grants["person"][since], minlength=lives.n) > 1
    doubled = _MULTIPLES[grants["type"]]
    should = grants["persons"] * doubled * standard(grants["county"], np.full(len(doubled), URBAN))
    checked = (doubled > 0) & (grants["granted"] >= day_number(STANDARDS_SINCE)) & (grants["granted"] <= lives.day)
    by_case = (grants["case"] == 1) & (grants["minutes"] >= 0)
    odd = np.flatnonzero(checked & ~by_case & (2 * grants["amount"] != should))
    return [
        _named("EN-08", twice, lives.county(grants, since), "temporary_assistance"),
        Mismatch("EN-09", grants["person"][odd], grants["county"][odd], "temporary_assistance", grants["number"][odd]),
    ]


def different_names(lives: Lives, records: list[Records]) -> list[Mismatch]:
    """ID-02: records that bear a person's number under names that do not read alike."""
    person = np.concatenate([one.person[one.written.usable & one.counts] for one in records]) if records else np.empty(0, np.int64)
    misread = np.concatenate([one.written.misread[one.written.usable & one.counts] for one in records]) if records else np.empty(0, bool)
    county = np.concatenate([one.table["county"][one.written.usable & one.counts] for one in records]) if records else np.empty(0, np.int64)
    wrong = np.bincount(person[misread], minlength=lives.n)
    suspects = np.flatnonzero(wrong > 0)
    right = np.bincount(person[~misread], minlength=lives.n)
    texts: dict[int, set[str]] = {int(one): {""} if right[one] else set() for one in suspects}
    for one in records:
        for row in np.flatnonzero(one.written.misread & one.written.usable & one.counts):
            texts[int(one.person[row])].add(one.written.names[int(row)].as_py())
    holds = np.zeros(lives.n, bool)
    holds[[one for one, found in texts.items() if len(found) > 1]] = True
    smallest = np.full(lives.n, FAR)
    np.minimum.at(smallest, person[county // 10_000 == 64], county[county // 10_000 == 64])
    return [_named("ID-02", holds, smallest, "")]


def record_rows(one: Records) -> dict[str, np.ndarray]:
    """ID-01, ID-03, ID-05: the rows of a delivered table that each should name."""
    written, table = one.written, one.table
    kept = (written.kind != KIND["quarantined"]) & one.counts
    rows = {"ID-01": np.flatnonzero(~written.valid & kept), "ID-03": np.flatnonzero(one.wrong_column & kept)}
    if one.dataset == "disability_certificates":
        wrong = (table["column_category"] != table["category"]) | (table["column_level"] != table["level"])
        rows["ID-05"] = np.flatnonzero(wrong & kept & (written.kind != KIND["masked"]))
    return rows


def former_numbers(lives: Lives, records: list[Records]) -> np.ndarray:
    """ID-06: persons whose records bear both today's number and an earlier one, in rows that give the township."""
    with_place = [one for one in records if one.dataset not in _WITHOUT_TOWNSHIP]
    if not with_place:
        return np.empty(0, np.int64)
    person = np.concatenate([one.person for one in with_place])
    former = np.concatenate([(one.written.kind == KIND["earlier_id"]) & one.counts for one in with_place])
    current = np.concatenate([one.written.usable & ~one.written.misread & one.counts for one in with_place])
    return np.flatnonzero((np.bincount(person[former], minlength=lives.n) > 0) & (np.bincount(person[current], minlength=lives.n) > 0))


_WITHOUT_TOWNSHIP = (
    "unemployment_insurance",
    "unemployment_benefit",
    "social_insurance",
    "pension_benefit",
    "medical_enrolment",
    "medical_settlements",
    "serious_illness",
)
