"""What the folder cases do not reach: choice of rows and counties, households, likeness."""

from __future__ import annotations

from typing import Any

from nights import Night, born, households, number, raised

A, B, C, D = (number(10 * place) for place in range(1, 5))
EDGE: dict[str, Any] = {
    "family_id": "F1", "category": "农村", "household_size": 1, "per_capita_income": 40000, "employment_cost": 0, "property_compliant": True,
    "recognised_on": 20200101,
}  # fmt: skip
POOR = {**EDGE, "per_capita_income": 10000}
SEVERE: dict[str, Any] = {"certificate_number": "无", "category": "4", "level": "1", "status": "有效"}
ILL: dict[str, Any] = {"disease_name": "尿毒症", "recognised_on": 20200101}
DIBAO: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001, "status": "在保"}
DEAD: dict[str, Any] = {"survival_status": "死亡", "death_date": 20200601}
REGISTER: dict[str, Any] = {"year": 2020, "household_no": "H1", "person_no": "1", "poverty_status": "已脱贫", "labour": "无劳动力"}
BILL: dict[str, Any] = {
    "settlement_id": "1", "settled_on": 20200701, "in_scope_cost": 1_000_000, "fund_paid": 0, "valid": True, "refunded": False,
}  # fmt: skip


def test_mc_01_takes_the_smallest_county_of_the_rows_that_hold() -> None:
    night = Night(
        dibao=[],
        tekun=[],
        low_income=[
            {"person": A, **EDGE, "county_code": "640522"},
            {"person": A, **EDGE, "county_code": "640424"},
            {"person": A, **POOR, "county_code": "640104"},
            {"person": B, **EDGE, "county_code": "610101"},
        ],
        disability_certificates=[{"person": A, **SEVERE}, {"person": A, **SEVERE, "status": "过期"}, {"person": B, **SEVERE}],
    )
    assert raised(night, "MC-01") == {A: "640424"}


def test_mc_01_looks_at_the_person_whoever_else_is_covered() -> None:
    night = Night(
        dibao=[{"person": B, **DIBAO}],
        tekun=[],
        low_income=[{"person": A, **EDGE}, {"person": B, **EDGE}],
        disability_certificates=[{"person": A, **SEVERE}, {"person": B, **SEVERE}],
    )
    assert raised(night, "MC-01") == {A: "640323"}


def test_mc_01_also_for_people_without_a_valid_number() -> None:
    night = Night(dibao=[], tekun=[], low_income=[{"person": -1, **EDGE}], disability_certificates=[{"person": -1, **SEVERE}])
    assert raised(night, "MC-01") == {-1: "640323"}


def test_mc_02_and_mc_01_may_both_hold() -> None:
    night = Night(
        dibao=[],
        tekun=[],
        low_income=[{"person": A, **EDGE}],
        disability_certificates=[{"person": A, **SEVERE}],
        serious_illness=[{"person": A, **ILL}],
    )
    assert raised(night, "MC-01") == raised(night, "MC-02") == {A: "640323"}


def test_mc_03_is_about_the_family_and_says_when_some_are_covered() -> None:
    night = Night(
        dibao=[{"person": A, **DIBAO}, {"person": D, **DIBAO}],
        tekun=[],
        pension_benefit=[{"person": C, **DEAD}],
        low_income=[
            {"person": A, **POOR},
            {"person": B, **POOR},
            {"person": A, **POOR, "family_id": "F2"},
            {"person": C, **POOR, "family_id": "F2"},
            {"person": B, **EDGE, "family_id": "F3"},
            {"person": B, **POOR, "family_id": "F1", "county_code": "640324"},
        ],
    )
    assert households(night, "MC-03") == {("F1", "640323"): None, ("F1", "640324"): None}


def test_mc_04_ends_with_18_and_with_a_new_row_anywhere() -> None:
    ended = {"category": "农村", "support_mode": "04", "start_month": 201801, "status": "终止", "stop_reason": "年满16周岁"}
    child, adult, back = born(20020801), born(20020731), born(20030101)
    night = Night(
        tekun=[
            {"person": child, **ended},
            {"person": adult, **ended},
            {"person": back, **ended},
            {"person": back, **ended, "status": "在册", "stop_reason": None, "county_code": "610101"},
        ]
    )
    assert raised(night, "MC-04") == {child: "640323"}


def test_mc_05_every_living_member_unable_and_none_covered() -> None:
    night = Night(
        dibao=[{"person": D, **DIBAO}],
        tekun=[],
        pension_benefit=[{"person": C, **DEAD}],
        poverty_register=[
            {"person": A, **REGISTER},
            {"person": C, **REGISTER, "labour": "普通劳动力"},
            {"person": A, **REGISTER, "household_no": "H2"},
            {"person": B, **REGISTER, "household_no": "H2", "labour": None},
            {"person": A, **REGISTER, "household_no": "H3"},
            {"person": D, **REGISTER, "household_no": "H3", "labour": "丧失劳动力"},
            {"person": C, **REGISTER, "household_no": "H4"},
            {"person": A, **REGISTER, "household_no": "H5", "labour": "普通劳动力"},
            {"person": A, **REGISTER, "household_no": "H5", "labour": "丧失劳动力"},
        ],
    )
    assert households(night, "MC-05") == {("H1", "640323"): None, ("H5", "640323"): None}


def test_mc_06_is_on_no_list_of_any_county() -> None:
    night = Night(
        dibao=[],
        tekun=[],
        low_income=[{"person": B, **POOR, "county_code": "610101"}, {"person": D, **POOR, "valid_until": 20200730}],
        poverty_register=[{"person": C, **REGISTER}, {"person": D, **REGISTER, "year": 2019}],
        disability_certificates=[{"person": person, **SEVERE} for person in (A, B, C, D)],
    )
    assert raised(night, "MC-06") == {A: "640323", D: "640323"}


def test_mc_07_stands_where_the_low_income_family_is() -> None:
    night = Night(
        dibao=[],
        tekun=[],
        serious_illness=[{"person": D, **ILL}],
        low_income=[{"person": A, **EDGE, "county_code": "640522"}, {"person": C, **EDGE, "county_code": "610101"}],
        poverty_register=[{"person": person, **REGISTER, "county_code": "640104"} for person in (A, B, C, D)],
        medical_settlements=[{"person": person, **BILL} for person in (A, B, C, D, number(99))],
    )
    assert raised(night, "MC-07") == {A: "640522", B: "640104", C: "640104"}


def test_mc_07_needs_only_one_of_the_lists() -> None:
    bills = [{"person": A, **BILL, "in_scope_cost": 999_999}, {"person": B, **BILL}]
    register = Night(
        dibao=[], tekun=[], serious_illness=[], poverty_register=[{"person": A, **REGISTER}, {"person": B, **REGISTER}], medical_settlements=bills
    )
    assert raised(register, "MC-07") == {B: "640323"}
    families = Night(dibao=[], tekun=[], serious_illness=[], low_income=[{"person": A, **POOR}, {"person": B, **POOR}], medical_settlements=bills)
    assert raised(families, "MC-07") == {B: "640323"}
