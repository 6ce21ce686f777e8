from __future__ import annotations

from typing import Any

from nights import Night, born, number, raised

A, B, C, D = (number(10 * place) for place in range(1, 5))
TEKUN: dict[str, Any] = {"category": "农村", "support_mode": "04", "start_month": 202001, "status": "在册"}
DIBAO: dict[str, Any] = {"is_covered": True, "scheme": "02", "start_month": 202001, "status": "在保"}


def test_sv_01_works_without_certificates() -> None:
    old, young = born(19400731), born(19400801)
    night = Night(
        tekun=[
            {"person": old, **TEKUN},
            {"person": young, **TEKUN},
            {"person": A, **TEKUN, "self_care": "不能自理"},
            {"person": B, **TEKUN, "self_care": "不能自理", "support_mode": "03"},
            {"person": C, **TEKUN, "self_care": "部分自理"},
            {"person": D, **TEKUN, "self_care": "不能自理", "county_code": "610101"},
        ]
    )
    assert raised(night, "SV-01") == {old: "640323", A: "640323"}


def test_sv_01_knows_the_severely_disabled() -> None:
    night = Night(
        tekun=[{"person": A, **TEKUN}, {"person": B, **TEKUN}],
        disability_certificates=[{"person": A, "certificate_number": "无", "category": "4", "level": "2", "status": "有效"}],
    )
    assert raised(night, "SV-01") == {A: "640323"}


def test_sv_02_turns_18_after_the_night_and_within_90_days() -> None:
    days = [20020731, 20020801, 20021029, 20021030]
    night = Night(tekun=[{"person": born(day), **TEKUN} for day in days])
    assert raised(night, "SV-02") == {born(20020801): "640323", born(20021029): "640323"}


def test_sv_03_looks_at_work_and_income() -> None:
    night = Night(
        dibao=[
            {"person": A, **DIBAO, "per_capita_income": 38001},
            {"person": B, **DIBAO, "per_capita_income": 38000},
            {"person": C, **DIBAO, "status": "渐退期", "per_capita_income": 38001},
            {"person": D, **DIBAO, "status": None},
        ],
        social_insurance=[
            {"person": B, "scheme": "170", "status": "1", "last_paid_month": 202006},
            {"person": D, "scheme": "120", "status": "1", "last_paid_month": 202004},
        ],
    )
    assert raised(night, "SV-03") == {A: "640323", D: "640323"}
