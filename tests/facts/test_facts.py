from __future__ import annotations

from datetime import date

import pytest
from nights import Night, born, facts, number, persons

A, B, C = number(10), number(20), number(30)


def test_covered():
    night = Night(
        dibao=[
            {"person": A, "is_covered": True, "scheme": "02", "start_month": 202007, "status": "在保"},
            {"person": B, "is_covered": True, "scheme": "02", "start_month": 202008},
            {"person": C, "is_covered": True, "scheme": "02", "start_month": 202001, "end_month": 202006},
        ],
        tekun=[{"person": -1, "county_code": "610101", "category": "农村", "support_mode": "04", "start_month": 202001, "status": "在册"}],
    )
    assert persons(facts(night).covered) == {A, -1}


def test_born():
    night = Night(tekun=[{"person": born(20040229, 999), "status": "在册", "start_month": 202001}, {"person": -1, "birth_date": 19990101}, {"person": -2, "id_birth_date": 19990102}, {"person": -3}])
    assert dict(facts(night).ages.execute().itertuples(index=False)) == {born(20040229, 999): 20040229, -1: 19990101, -2: 19990102}
