"""Households, shocks and exclusions of clause 四 that the folder cases do not reach."""

from __future__ import annotations

from typing import Any

import pytest
from nights import Night, households, number

A, B = number(10), number(20)
H = ("H1", "640323")
REGISTER: dict[str, Any] = {"year": 2020, "household_no": "H1", "person_no": "1", "poverty_status": "已脱贫"}
UNSTABLE = {**REGISTER, "monitor_type": "脱贫不稳定户"}
EDGE = {**REGISTER, "monitor_type": "边缘易致贫户"}
DIBAO: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001, "status": "在保"}
ILL: dict[str, Any] = {"disease_name": "尿毒症", "recognised_on": 20200101, "valid_until": 20200301}
BILL: dict[str, Any] = {
    "settlement_id": "1", "settled_on": 20200701, "in_scope_cost": 1_000_000, "fund_paid": 0, "valid": True, "refunded": False,
}  # fmt: skip
SEVERE: dict[str, Any] = {"certificate_number": "无", "category": "4", "level": "1", "status": "有效", "issued_on": 20200101}


def night(register: list[dict[str, Any]], **datasets: list[dict[str, Any]]) -> Night:
    rows = {"dibao": [], "tekun": [], **datasets}
    return Night(
        poverty_register=[{"person": A, **row} for row in register], **{name: [{"person": A, **row} for row in own] for name, own in rows.items()}
    )


def holding(records: Night) -> dict[str, str | None]:
    found = {rule: households(records, rule) for rule in ("RR-01", "RR-02", "RR-03", "RR-04")}
    return {rule: grades[H] for rule, grades in found.items() if H in grades}


@pytest.mark.parametrize(
    ("datasets", "grade"),
    [
        ({"serious_illness": [ILL]}, "orange"),
        ({"medical_settlements": [BILL]}, "orange"),
        ({"disability_certificates": [SEVERE]}, "orange"),
        ({"social_insurance": [{"scheme": "110", "status": "2", "last_paid_month": 202003}]}, "orange"),
        ({"social_insurance": [{"scheme": "120", "status": "2", "last_paid_month": 201907}]}, "orange"),
        ({"social_insurance": [{"scheme": "110", "status": "2", "last_paid_month": 202004}]}, None),
        ({"social_insurance": [{"scheme": "110", "status": "2", "last_paid_month": 201906}]}, None),
        ({"social_insurance": [{"scheme": "170", "status": "2", "last_paid_month": 202001}]}, None),
        ({"unemployment_insurance": [{"status": "2", "last_paid_month": 202001}]}, "orange"),
        ({"unemployment_registration": [{"status": "1", "registered_on": 20180101}]}, "orange"),
        ({"unemployment_registration": [{"status": "0", "registered_on": 20200101}]}, None),
        ({"migrant_workers": [{"hukou_type": "非农业", "work_status": "未返岗"}]}, "orange"),
        ({"migrant_workers": [{"hukou_type": "农业", "work_status": "已返岗"}]}, None),
        ({"serious_illness": [ILL], "medical_settlements": [BILL]}, "red"),
        ({"serious_illness": [ILL, ILL]}, "orange"),
        ({"migrant_workers": [{"hukou_type": "农业", "work_status": "未返岗"}], "unemployment_registration": [{"status": "1"}]}, "orange"),
    ],
)
def test_each_kind_of_shock_counts_once(datasets: dict[str, list[dict[str, Any]]], grade: str | None) -> None:
    assert holding(night([UNSTABLE], **datasets)) == ({"RR-02": grade} if grade else {})


def test_the_latest_contribution_of_all_rows_decides() -> None:
    rows = {
        "social_insurance": [{"scheme": "110", "status": "2", "last_paid_month": 202001}],
        "unemployment_insurance": [{"status": "1", "last_paid_month": 202006}],
    }
    assert holding(night([UNSTABLE], **rows)) == {}


@pytest.mark.parametrize(
    ("register", "found"),
    [
        ([EDGE], {"RR-03": "orange"}),
        ([{**REGISTER, "poverty_status": "边缘户"}], {"RR-03": "orange"}),
        ([EDGE, UNSTABLE], {"RR-02": "orange"}),
        ([UNSTABLE, {**REGISTER, "poverty_status": "返贫"}], {"RR-01": None}),
        ([{**UNSTABLE, "risk_cleared": True}], {}),
        ([UNSTABLE, {**UNSTABLE, "risk_cleared": True}], {}),
        ([{**UNSTABLE, "risk_cleared": False}], {"RR-02": "orange"}),
        ([{**REGISTER, "monitor_type": "突发严重困难户"}], {}),
        ([{**REGISTER, "per_capita_net_income": 599999}], {"RR-04": "orange"}),
        ([{**REGISTER, "per_capita_net_income": 600000}], {}),
        ([{**EDGE, "per_capita_net_income": 100}], {"RR-03": "orange"}),
        ([{**EDGE, "per_capita_net_income": 100, "risk_cleared": True}], {}),
        # lifted by one member's row, on the edge by another's: the shock makes it RR-03, and so not RR-04
        ([{**REGISTER, "per_capita_net_income": 100}, {**REGISTER, "poverty_status": "边缘户"}], {"RR-03": "orange"}),
    ],
)
def test_one_rule_a_household(register: list[dict[str, Any]], found: dict[str, str | None]) -> None:
    assert holding(night(register, serious_illness=[ILL])) == found


def test_rr_04_is_yellow_without_a_shock() -> None:
    assert holding(night([{**REGISTER, "per_capita_net_income": 100}])) == {"RR-04": "yellow"}


def test_a_household_whose_living_members_are_all_covered_is_left_alone() -> None:
    dead = {"pension_benefit": [{"person": B, "survival_status": "死亡", "death_date": 20200601}], "serious_illness": [{"person": B, **ILL}]}
    register = [UNSTABLE, {"person": B, **UNSTABLE, "poverty_status": "未脱贫"}]
    assert holding(night(register, dibao=[DIBAO], **dead)) == {}
    assert holding(night(register, **dead)) == {"RR-01": None}
    assert holding(night([UNSTABLE, {"person": B, **UNSTABLE}], **dead)) == {"RR-02": "orange"}, "the ill member who died since counts"


def test_self_pay_is_summed_over_the_members() -> None:
    bills = [{**BILL, "in_scope_cost": 500_000}, {**BILL, "person": B, "in_scope_cost": 500_000}]
    assert holding(night([UNSTABLE, {**UNSTABLE, "person": B}], medical_settlements=bills)) == {"RR-02": "orange"}
    assert holding(night([UNSTABLE, {**UNSTABLE, "person": B, "household_no": "H2"}], medical_settlements=bills)) == {}
