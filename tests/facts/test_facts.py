"""The sentences of the specification's facts, each on both sides; the rules' own conditions are in tests/rules and tests/cases."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from nights import Night, born, facts, number, persons, policy_with

A, B, C, D, E = (number(10 * place) for place in range(1, 6))
DIBAO: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001, "status": "在保"}
TEKUN: dict[str, Any] = {"category": "农村", "support_mode": "04", "start_month": 202001, "status": "在册"}
CERTIFICATE: dict[str, Any] = {"certificate_number": "无", "category": "4", "level": "1", "status": "有效"}
FAMILY: dict[str, Any] = {
    "family_id": "F1", "category": "农村", "household_size": 1, "employment_cost": 0, "property_compliant": True, "recognised_on": 20200101,
}  # fmt: skip
BILL: dict[str, Any] = {"settlement_id": "1", "care_type": "住院", "settled_on": 20200701, "fund_paid": 0, "valid": True, "refunded": False}


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ({}, True),
        ({"status": None}, True),
        ({"status": "渐退期"}, True),
        ({"status": "停保"}, False),
        ({"is_covered": None}, True),
        ({"is_covered": False}, False),
        ({"start_month": 202007}, True),
        ({"start_month": 202008}, False),
        ({"end_month": 202007}, True),
        ({"end_month": 202006}, False),
        ({"end_month": 999912}, True),
        ({"county_code": "640104"}, True),
        ({"county_code": "610101"}, True),
    ],
)
def test_covered_by_dibao(row: dict[str, Any], holds: bool) -> None:
    assert persons(facts(Night(dibao=[{"person": A, **DIBAO, **row}])).covered) == ({A} if holds else set())


@pytest.mark.parametrize(
    ("row", "holds"),
    [({}, True), ({"status": "终止"}, False), ({"start_month": 202008}, False), ({"end_month": 202006}, False), ({"county_code": "610101"}, True)],
)
def test_covered_by_tekun(row: dict[str, Any], holds: bool) -> None:
    assert persons(facts(Night(tekun=[{"person": A, **TEKUN, **row}])).covered) == ({A} if holds else set())


def test_facts_about_datasets_that_the_night_has_none_of_are_empty() -> None:
    none = facts(Night(low_income=[]))
    for fact in (none.covered, none.deceased, none.severe, none.ill, none.ages, none.self_pay):
        assert persons(fact) == set()


DEATHS: list[tuple[dict[str, list[dict[str, Any]]], float | None]] = [
    ({"disability_certificates": [{**CERTIFICATE, "death_date": 20200731}]}, 20200731),
    ({"disability_certificates": [{**CERTIFICATE, "death_date": 20200801}]}, None),
    ({"disability_certificates": [{**CERTIFICATE, "status": "注销", "cancel_reason": "死亡"}]}, None),
    ({"disability_certificates": [{**CERTIFICATE, "status": "注销", "cancel_reason": "本人死亡", "death_date": 20200601}]}, 20200601),
    ({"pension_benefit": [{"survival_status": "死亡"}]}, None),
    ({"pension_benefit": [{"survival_status": "死亡", "death_date": 20200601}]}, 20200601),
    ({"pension_benefit": [{"survival_status": "待认证"}]}, None),
    ({"medical_enrolment": [{"status": "4", "end_reason": "死亡", "end_date": 20200601}]}, 20200601),
    ({"medical_enrolment": [{"status": "4", "end_reason": "迁出", "end_date": 20200601}]}, None),
    ({"medical_enrolment": [{"status": "2", "end_reason": "死亡", "end_date": 20200601}]}, None),
    ({"dibao": [{**DIBAO, "status": "停保", "stop_reason": "人员死亡", "end_month": 202006}]}, 20200630),
    ({"dibao": [{**DIBAO, "status": "停保", "stop_reason": "人员死亡", "end_month": 202007}]}, 20200731),
    ({"dibao": [{**DIBAO, "status": "停保", "stop_reason": "人员死亡", "end_month": 202008}]}, None),
    ({"dibao": [{**DIBAO, "status": "停保", "stop_reason": "收入超标", "end_month": 202006}]}, None),
    ({"tekun": [{**TEKUN, "status": "终止", "stop_reason": "死亡", "end_month": 202002}]}, 20200229),
]


@pytest.mark.parametrize(("datasets", "died"), DEATHS)
def test_deceased_by_one_dataset_with_a_date_not_after_the_night(datasets: dict[str, list[dict[str, Any]]], died: float | None) -> None:
    night = Night(**{dataset: [{"person": A, **row} for row in rows] for dataset, rows in datasets.items()})
    assert facts(night).deceased.death_date.execute().tolist() == ([] if died is None else [died])


def test_deceased_by_two_datasets_without_a_date() -> None:
    night = Night(
        pension_benefit=[
            {"person": A, "survival_status": "死亡"},
            {"person": B, "survival_status": "死亡"},
            {"person": B, "survival_status": "死亡"},
        ],
        disability_certificates=[
            {"person": A, **CERTIFICATE, "status": "注销", "cancel_reason": "死亡"},
            {"person": C, **CERTIFICATE, "status": "注销", "cancel_reason": "死亡"},
        ],
        medical_enrolment=[{"person": C, "status": "4", "end_reason": "死亡", "end_date": 20200801}],
    )
    found = facts(night).deceased.execute()
    assert found.person.tolist() == [A], "two rows of one dataset are one, and what is dated after the night does not count"
    assert found.sources.tolist() == ["pension_benefit;disability_certificates"]


def test_the_date_of_death_is_the_earliest() -> None:
    night = Night(
        pension_benefit=[
            {"person": A, "survival_status": "死亡", "death_date": 20200602},
            {"person": A, "survival_status": "正常", "death_date": 20200601},
        ],
        dibao=[{"person": A, **DIBAO, "stop_reason": "人员死亡", "end_month": 202006}],
    )
    assert facts(night).deceased.death_date.execute().tolist() == [20200601]


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ({}, True),
        ({"level": "2"}, True),
        ({"level": "3"}, False),
        ({"status": "冻结"}, False),
        ({"status": "过期"}, False),
        ({"valid_until": 20200731}, True),
        ({"valid_until": 20200730}, False),
        ({"valid_until": 99991231}, True),
        ({"level": "4", "certificate_number": "64019919800101010X42"}, True),
        ({"level": "1", "certificate_number": "64019919800101010X43"}, False),
        ({"level": "4", "certificate_number": " 640199 19800101010x42B1"}, True),
        ({"level": "1", "certificate_number": "64019919800101010X49"}, True),
        ({"level": "3", "category": "5"}, False),
    ],
)
def test_severe(row: dict[str, Any], holds: bool) -> None:
    assert persons(facts(Night(disability_certificates=[{"person": A, **CERTIFICATE, **row}])).severe) == ({A} if holds else set())


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ({"category": "5"}, True),
        ({"category": "6"}, True),
        ({"category": "4"}, False),
        ({"category": "5", "level": "4"}, False),
        ({"category": "5", "county_code": "640324"}, False),
        ({"category": "7", "components": "肢体三级;智力三级"}, True),
        ({"category": "7", "level": "4", "components": "精神残疾2级,肢体四级"}, True),
        ({"category": "7", "components": "肢体三级;智力四级"}, False),
        ({"category": "7", "components": "智力四级肢体三级"}, False),
        ({"category": "7", "components": "视力三级"}, False),
        ({"category": "7"}, False),
        ({"category": "4", "components": "智力三级"}, False),
        ({"category": "4", "certificate_number": "64019919800101010X53"}, True),
        ({"category": "5", "certificate_number": "64019919800101010X43"}, False),
    ],
)
def test_severe_where_the_county_extends_to_level_three(row: dict[str, Any], holds: bool) -> None:
    extended = policy_with(severe_disability={"level_three": ("640323",)})
    night = Night(disability_certificates=[{"person": A, **CERTIFICATE, "level": "3", **row}])
    assert persons(facts(night, in_force=extended).severe) == ({A} if holds else set())


@pytest.mark.parametrize(
    ("row", "diseases", "holds"),
    [
        ({}, (), True),
        ({"recognised_on": 20200801}, (), False),
        ({"valid_until": 20200731}, (), True),
        ({"valid_until": 20200730}, (), False),
        ({}, ("尿毒症",), True),
        ({}, ("肺癌",), False),
        ({"disease_code": "C34"}, ("C34",), True),
        ({"disease_code": "C35"}, ("C34",), False),
    ],
)
def test_ill(row: dict[str, Any], diseases: tuple[str, ...], holds: bool) -> None:
    night = Night(serious_illness=[{"person": A, "disease_name": "尿毒症", "recognised_on": 20200731, **row}])
    assert persons(facts(night, in_force=policy_with(serious_illness={"diseases": diseases})).ill) == ({A} if holds else set())


@pytest.mark.parametrize(
    ("row", "below", "edge"),
    [
        ({"per_capita_income": 38000}, False, True),
        ({"per_capita_income": 37999}, True, False),
        ({"per_capita_income": 56999}, False, True),
        ({"per_capita_income": 57000}, False, False),
        ({"per_capita_income": 38000, "household_size": 3, "employment_cost": 1}, True, False),
        ({"per_capita_income": 57000, "household_size": 3, "employment_cost": 1}, False, True),
        ({"per_capita_income": 57000, "household_size": 3, "employment_cost": None}, False, False),
        ({"per_capita_income": 0, "employment_cost": 1000}, True, False),
        ({"per_capita_income": 60000, "category": "城市"}, False, True),
        ({"per_capita_income": 60000, "category": "城市", "county_code": "640104"}, True, False),
        ({"per_capita_income": 100, "county_code": "610101"}, False, False),
    ],
)
def test_income_against_the_standard(row: dict[str, Any], below: bool, edge: bool) -> None:
    found = facts(Night(low_income=[{"person": A, **FAMILY, **row}])).low_income.execute()
    assert (bool(found.below[0]), bool(found.edge[0])) == (below, edge)


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        ({"recognised_on": 20200731}, True),
        ({"recognised_on": 20200801}, False),
        ({"valid_until": 20200731}, True),
        ({"valid_until": 20200730}, False),
    ],
)
def test_low_income_in_force(row: dict[str, Any], holds: bool) -> None:
    night = Night(low_income=[{"person": A, **FAMILY, "per_capita_income": 1, **row}])
    assert persons(facts(night).low_income) == ({A} if holds else set())


def test_the_register_is_that_of_each_countys_latest_year() -> None:
    def row(person: int, year: int, county: str) -> dict[str, Any]:
        return {"person": person, "year": year, "county_code": county, "household_no": "H", "person_no": "1", "poverty_status": "已脱贫"}

    night = Night(
        poverty_register=[row(A, 2020, "640323"), row(B, 2019, "640323"), row(C, 2019, "640324"), row(D, 2021, "640324"), row(E, 2018, "640324")]
    )
    assert persons(facts(night).poverty) == {A, C}
    assert persons(facts(night, as_of=date(2021, 1, 31)).poverty) == {A, D}


def test_compliant_self_pay() -> None:
    def bill(person: int, at: str, **values: Any) -> dict[str, Any]:
        return {"person": person, **BILL, "settlement_id": at, "in_scope_cost": 1000, **values}

    night = Night(
        low_income=[{"person": person, **FAMILY, "per_capita_income": 1} for person in (A, B, C)],
        medical_settlements=[
            bill(A, "1", fund_paid=400),
            bill(A, "1", fund_paid=400, file="again.csv"),
            bill(A, "2", fund_paid=1400),
            bill(A, "3", settled_on=20200731),
            bill(A, "4", settled_on=20200801),
            bill(A, "5", settled_on=20190801),
            bill(A, "6", settled_on=20190731),
            bill(A, "7", valid=False),
            bill(A, "8", refunded=True),
            bill(B, "1"),
            bill(E, "9"),
        ],
    )
    assert dict(facts(night).self_pay[["person", "self_pay"]].execute().itertuples(index=False)) == {A: 600 + 0 + 1000 + 1000, B: 1000}


def test_twelve_months_to_a_leap_day() -> None:
    bills = [{"person": A, **BILL, "settlement_id": str(day), "in_scope_cost": 1, "settled_on": day} for day in (20190228, 20190301, 20200229)]
    night = Night(low_income=[{"person": A, **FAMILY, "per_capita_income": 1}], medical_settlements=bills)
    assert facts(night, as_of=date(2020, 2, 29)).bills.settled_on.execute().tolist() == [20190301, 20200229]


def test_birth_dates_come_from_the_number_then_the_column_then_an_invalid_number() -> None:
    night = Night(
        tekun=[
            {"person": born(20040229, 999), **TEKUN, "birth_date": 19500101},
            {"person": -1, **TEKUN, "birth_date": 19500101, "id_birth_date": 19600101},
            {"person": -2, **TEKUN, "id_birth_date": 19600101},
            {"person": -3, **TEKUN},
            {"person": -4, **TEKUN},
        ],
        serious_illness=[{"person": -4, "disease_name": "尿毒症", "recognised_on": 20200101, "birth_date": 19700101}],
    )
    found = dict(facts(night).ages.execute().itertuples(index=False))
    assert found == {born(20040229, 999): 20040229, -1: 19500101, -2: 19600101, -4: 19700101}


@pytest.mark.parametrize(("sequence"), [1, 500, 998, 999])
def test_the_birth_date_in_17_digits_is_read_exactly(sequence: int) -> None:
    night = Night(migrant_workers=[{"person": born(19991231, sequence), "hukou_type": "农业", "work_status": "未返岗"}])
    assert facts(night).ages.birth_date.execute().tolist() == [19991231]


def test_absence_is_in_doubt_where_a_row_is_quarantined_or_queued() -> None:
    night = Night(dibao=[], tekun=[], quarantined={"dibao": [A], "low_income": [D]}, queued={"tekun": [B, A]})
    assert persons(facts(night).uncertain(("dibao", "tekun"))) == {A, B}
    assert persons(facts(night).uncertain(("dibao",))) == {A}
