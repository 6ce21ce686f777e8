"""The conditions of clause 二(一) that the folder cases do not reach."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from nights import Night, number, policy_with, raised

A = number(10)
WORKER: dict[str, Any] = {"hukou_type": "农业", "work_status": "未返岗"}
REGISTERED: dict[str, Any] = {"status": "1", "registered_on": 20200501, "migrant_worker": True, "hukou_type": "农业"}
INSURED: dict[str, Any] = {"status": "2", "first_paid_month": 201801, "last_paid_month": 201912, "months_paid": 24}
BENEFIT: dict[str, Any] = {"benefit_type": "失业保险金", "start_month": 202001, "end_month": 202003, "status": "已发放"}


def night(**datasets: list[dict[str, Any]]) -> Night:
    names = ("dibao", "tekun", "temporary_assistance", "social_insurance", "unemployment_insurance", "unemployment_benefit")
    rows = {name: datasets.get(name, []) for name in (*names, *datasets)}
    return Night(**{name: [{"person": A, **row} for row in own] for name, own in rows.items()})


@pytest.mark.parametrize(
    ("datasets", "rule"),
    [
        ({}, "UI-01"),
        ({"unemployment_insurance": [INSURED]}, "UI-02"),
        ({"unemployment_insurance": [INSURED], "unemployment_benefit": [BENEFIT]}, "UI-03"),
        # the latest contribution counts
        (
            {
                "unemployment_insurance": [{**INSURED, "last_paid_month": 201501}, {**INSURED, "last_paid_month": 202003}],
                "unemployment_benefit": [BENEFIT],
            },
            "UI-03",
        ),
        (
            {
                "unemployment_insurance": [{**INSURED, "last_paid_month": 201501}, {**INSURED, "last_paid_month": 202003}],
                "unemployment_benefit": [{**BENEFIT, "end_month": 202002}],
            },
            "UI-02",
        ),
        # months paid without a month: any benefit
        ({"unemployment_insurance": [{**INSURED, "last_paid_month": None}], "unemployment_benefit": [{**BENEFIT, "end_month": 201501}]}, "UI-03"),
        # nothing paid: never insured
        ({"unemployment_insurance": [{"status": "1", "months_paid": 0}], "unemployment_benefit": [BENEFIT]}, "UI-01"),
        # begun inside the window without a month paid since
        ({"unemployment_insurance": [{"status": "1", "first_paid_month": 202004}]}, None),
        ({"unemployment_insurance": [{"status": "1", "first_paid_month": 202003}]}, "UI-01"),
        ({"unemployment_benefit": [{**BENEFIT, "end_month": 202004}]}, None),
        ({"unemployment_benefit": [{**BENEFIT, "end_month": 202012}]}, None),
    ],
)
def test_exactly_one_rule_holds(datasets: dict[str, list[dict[str, Any]]], rule: str | None) -> None:
    records = night(migrant_workers=[WORKER], **datasets)
    assert {name for name in ("UI-01", "UI-02", "UI-03") if raised(records, name)} == ({rule} if rule else set())


def test_either_register_serves_alone() -> None:
    assert raised(night(migrant_workers=[WORKER]), "UI-01") == {A: "640323"}
    assert raised(night(unemployment_registration=[REGISTERED]), "UI-01") == {A: "640323"}


def test_an_income_in_another_row_of_the_register_counts() -> None:
    rows = [WORKER, {**WORKER, "work_status": "已返岗", "last_income_month": 202006}]
    assert raised(night(migrant_workers=rows), "UI-01") == {}


def test_handled_where_they_work_else_where_they_live() -> None:
    rows = [{**WORKER, "county_code": "640522", "work_county": "640424"}]
    assert raised(night(migrant_workers=rows), "UI-01") == {A: "640424"}
    assert raised(night(migrant_workers=[{**rows[0], "work_county": "310101"}]), "UI-01") == {A: "640522"}
    assert raised(night(migrant_workers=[{**rows[0], "county_code": "610101"}]), "UI-01") == {A: "640424"}
    assert raised(night(migrant_workers=[{**rows[0], "county_code": "610101", "work_county": None}]), "UI-01") == {}
    assert raised(night(migrant_workers=rows, unemployment_registration=[{**REGISTERED, "county_code": "640104"}]), "UI-01") == {A: "640104"}


def test_the_window_follows_the_night_where_the_policy_sets_no_end() -> None:
    rolling = policy_with(unemployment={"window_end": None})
    records = night(migrant_workers=[{**WORKER, "last_income_month": 202006}])
    assert raised(records, "UI-01", in_force=rolling, as_of=date(2020, 9, 30)) == {}
    assert raised(records, "UI-01", in_force=rolling, as_of=date(2020, 10, 31)) == {A: "640323"}
