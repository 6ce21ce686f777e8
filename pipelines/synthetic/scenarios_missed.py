"""Scenarios of missed coverage (MC): what the clauses ask, and near misses on each side of every condition."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.synthetic.places import ELSEWHERE
from pipelines.synthetic.stage import Born, Scenario, Stage
from pipelines.synthetic.world import NOTHING

_MISSED = ("MC-01:head",)
_UNSEEN = ("MC-06:head",)


def _edge(stage: Stage, **certificate: Any) -> Stage:
    """A family at 1.2 S whose head is severely disabled (unless the certificate says otherwise)."""
    return stage.low_income(stage.S * 6 // 5).certificate(stage.head, **({"level": 2} | certificate))


def _at(stage: Stage, income: np.ndarray, **family: Any) -> Stage:
    """A family at an income whose head is severely disabled."""
    return stage.low_income(income, **family).certificate(stage.head, 1)


def _then(*happens: Any) -> Any:
    def play(stage: Stage) -> None:
        for one in happens:
            one(stage)

    return play


def _no_labour(stage: Stage, **values: Any) -> Stage:
    """A family on the register of whom nobody can work."""
    all_values: dict[str, Any] = {"labour": 4, "only": {0: {"labour": 3}}} | values
    return stage.register(**all_values)


def _expensive(stage: Stage, *bills: dict[str, Any], registers: str = "register") -> Stage:
    """A family on the register whose head has had bills."""
    if registers == "register":
        stage.register()
    else:
        stage.low_income(stage.S * 6 // 5)
    for bill in bills:
        stage.bill(stage.head, **bill)
    return stage


_PERSONS = (
    Scenario("severe, y = S", lambda s: _at(s, s.S), _MISSED),
    Scenario("severe, y just under 1.5 S", lambda s: _at(s, s.S * 3 // 2 - 1), _MISSED),
    Scenario("severe, y = 1.5 S", lambda s: _at(s, s.S * 3 // 2)),
    Scenario("severe, y just under S", lambda s: _at(s, s.S - 1), ("MC-03:low_income",)),
    Scenario("severe, work costs bring y under 1.5 S", lambda s: _at(s, s.S * 8 // 5, cost=s.S), _MISSED),
    Scenario("severe, work costs bring y to a fen over S", lambda s: _at(s, s.S + 1, cost=4), _MISSED),
    Scenario("severe, work costs bring y under S", lambda s: _at(s, s.S, cost=1), ("MC-03:low_income",)),
    Scenario("severe, property above", lambda s: _at(s, s.S, compliant=0)),
    Scenario("severe, recognition ends on the day", lambda s: _at(s, s.S, until=s.day), _MISSED),
    Scenario("severe, recognition ended the day before", lambda s: _at(s, s.S, until=s.day - 1), _UNSEEN),
    Scenario("severe, recognised on the day", lambda s: _at(s, s.S, recognised=s.day), _MISSED),
    Scenario("severe, recognised the day after", lambda s: _at(s, s.S, recognised=s.day + 1), _UNSEEN),
    Scenario("level three, mental, switch off", lambda s: _edge(s, level=3, category=6)),
    Scenario(
        "level one of several kinds", lambda s: _edge(s, level=1, category=7, part_category=5, part_level=1, other_category=4, other_level=3), _MISSED
    ),
    Scenario("certificate ends on the day", lambda s: _edge(s, until=s.day), _MISSED),
    Scenario("certificate ended the day before", lambda s: _edge(s, until=s.day - 1)),
    Scenario("certificate frozen", lambda s: _edge(s, status=2)),
    Scenario("certificate cancelled", lambda s: _edge(s, status=1, cancel_reason=1)),
    Scenario("number says two, columns three", lambda s: _edge(s, level=2, column_level=3), _MISSED),
    Scenario("number says three, columns two", lambda s: _edge(s, level=3, column_level=2)),
    Scenario("reissued certificate", lambda s: _edge(s, reissue=1), _MISSED),
    Scenario("covered in another county", _then(_edge, lambda s: s.dibao(0, county=s.elsewhere))),
    Scenario("covered in another province", _then(_edge, lambda s: s.dibao(0, county=ELSEWHERE[3]))),
    Scenario("covered by tekun", _then(_edge, lambda s: s.tekun(s.head, mode=3))),
    Scenario("cover ends in the month", _then(_edge, lambda s: s.dibao(0, end=s.month))),
    Scenario("cover ended the month before", _then(_edge, lambda s: s.dibao(0, end=s.month - 1)), _MISSED),
    Scenario("cover begins the month after", _then(_edge, lambda s: s.dibao(0, start=s.month + 1)), _MISSED),
    Scenario("cover stopped, no end given", _then(_edge, lambda s: s.dibao(0, status=1, stop_reason=0)), _MISSED),
    Scenario("cover without a status", _then(_edge, lambda s: s.dibao(0, status=3))),
    Scenario("cover in its grace period", _then(_edge, lambda s: s.dibao(0, status=2, grace=s.month - 2))),
    Scenario("in the household but not covered", _then(_edge, lambda s: s.dibao(0, covered=0)), _MISSED),
    Scenario("others of the household covered", _then(_edge, lambda s: s.dibao(1, 2)), _MISSED),
    Scenario("dead, dated", _then(_edge, lambda s: s.dies(s.head))),
    Scenario("dead, one source without a date", _then(_edge, lambda s: s.dies(s.head, undated=True)), _MISSED),
    Scenario("death dated after the day", _then(_edge, lambda s: s.dies(s.head, day=s.day + 3)), _MISSED),
    Scenario("dead, two sources without a date", _then(_edge, lambda s: (s.dies(s.head, undated=True), s.pension(s.head, 90_000, survival=1)))),
    Scenario("ill in a low-income family", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse)), ("MC-02:spouse",)),
    Scenario("ill, recognised on the day", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse, s.day)), ("MC-02:spouse",)),
    Scenario("ill, recognised the day after", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse, s.day + 1))),
    Scenario("illness valid to the day", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse, until=s.day)), ("MC-02:spouse",)),
    Scenario("illness valid to the day before", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse, until=s.day - 1))),
    Scenario("ill, y = 1.5 S", _then(lambda s: s.low_income(s.S * 3 // 2), lambda s: s.illness(s.spouse))),
    Scenario("ill and covered", _then(lambda s: s.low_income(s.S), lambda s: s.illness(s.spouse), lambda s: s.dibao(1))),
    Scenario("ill and severe", _then(_edge, lambda s: s.illness(s.head)), ("MC-01:head", "MC-02:head")),
    Scenario("twins, one of them severe", lambda s: (s.low_income(s.S * 6 // 5), s.certificate(s.son, 1)), ("MC-01:son",), twins=True),
)
_HOUSEHOLDS = (
    Scenario("poor family, nobody covered", lambda s: s.low_income(s.S // 2), ("MC-03:low_income",)),
    Scenario("poor family, head covered alone", lambda s: (s.low_income(s.S // 2), s.dibao(0)), ("MC-03:low_income",)),
    Scenario("poor family, all covered", lambda s: (s.low_income(s.S // 2), s.dibao())),
    Scenario("poor family, all covered but one who died", lambda s: (s.low_income(s.S // 2), s.dibao(0, 1, 2, 3), s.dies(s.mother))),
    Scenario("poor family, property above", lambda s: s.low_income(s.S // 2, compliant=0)),
    Scenario("poor family, recognition ended", lambda s: s.low_income(s.S // 2, until=s.day - 1)),
    Scenario("nobody can work, nobody covered", _no_labour, ("MC-05:poverty_register",)),
    Scenario("one half able", lambda s: _no_labour(s, only={1: {"labour": 2}})),
    Scenario("one whose labour is not said", lambda s: _no_labour(s, only={1: {"labour": NOTHING}})),
    Scenario("the able one has died", lambda s: (_no_labour(s, only={1: {"labour": 0}}), s.dies(s.spouse)), ("MC-05:poverty_register",)),
    Scenario("nobody can work, one covered", lambda s: (_no_labour(s), s.dibao(4))),
    Scenario("nobody could work last year", lambda s: _no_labour(s, year=s.world.as_of.year - 1)),
)
_MINORS = (
    Scenario(
        "tekun ended at 16, aged 17", lambda s: s.tekun(s.son, status=0, end=s.month - 9, stop_reason=0), ("MC-04:son",), {"son": Born(17, -150)}
    ),
    Scenario(
        "tekun ended at 16, 18 tomorrow", lambda s: s.tekun(s.son, status=0, end=s.month - 23, stop_reason=0), ("MC-04:son",), {"son": Born(18, 1)}
    ),
    Scenario("tekun ended at 16, 18 today", lambda s: s.tekun(s.son, status=0, end=s.month - 24, stop_reason=0), (), {"son": Born(18)}),
    Scenario("tekun ended for income, aged 17", lambda s: s.tekun(s.son, status=0, end=s.month - 9, stop_reason=2), (), {"son": Born(17, -150)}),
    Scenario(
        "tekun ended at 16, taken up again elsewhere",
        lambda s: (s.tekun(s.son, status=0, end=s.month - 9, stop_reason=0), s.tekun(s.son, number=1, county=s.elsewhere, start=s.month - 2)),
        (),
        {"son": Born(17, -150)},
    ),
    Scenario(
        "tekun ended at 16, on dibao since",
        lambda s: (s.tekun(s.son, status=0, end=s.month - 9, stop_reason=0), s.dibao(2)),
        ("MC-04:son",),
        {"son": Born(17, -150)},
    ),
    Scenario(
        "tekun ended at 16, died since",
        lambda s: (s.tekun(s.son, status=0, end=s.month - 9, stop_reason=0), s.dies(s.son)),
        (),
        {"son": Born(17, -150)},
    ),
)
_UNSEEN_PERSONS = (
    Scenario("severe, on no register", lambda s: s.certificate(s.mother, 1), ("MC-06:mother",)),
    Scenario("level three, on no register", lambda s: s.certificate(s.mother, 3)),
    Scenario("severe, on this year's register", lambda s: (s.register(), s.certificate(s.mother, 1))),
    Scenario(
        "severe, on last year's register only", lambda s: (s.register(year=s.world.as_of.year - 1), s.certificate(s.mother, 1)), ("MC-06:mother",)
    ),
    Scenario(
        "severe, on next year's register only", lambda s: (s.register(year=s.world.as_of.year + 1), s.certificate(s.mother, 1)), ("MC-06:mother",)
    ),
    Scenario("severe, covered, on no register", lambda s: (s.certificate(s.mother, 1), s.dibao(4))),
    Scenario("severe, in a family above 1.5 S", lambda s: (s.certificate(s.mother, 1), s.low_income(s.S * 2))),
)
_EXPENSIVE = (
    Scenario("bills of 10 000", lambda s: _expensive(s, {"self_pay": 600_000}, {"self_pay": 400_000}), ("MC-07:head",)),
    Scenario("bills of 9 999.99", lambda s: _expensive(s, {"self_pay": 600_000}, {"self_pay": 399_999})),
    Scenario("bills of 10 000, one refunded", lambda s: _expensive(s, {"self_pay": 600_000}, {"self_pay": 400_000, "refunded": 1})),
    Scenario("bills of 10 000, one not valid", lambda s: _expensive(s, {"self_pay": 600_000}, {"self_pay": 400_000, "valid": 0})),
    Scenario("bill on the same day a year earlier", lambda s: _expensive(s, {"self_pay": 1_000_000, "settled": s.year_ago})),
    Scenario("bill on the first of the twelve months", lambda s: _expensive(s, {"self_pay": 1_000_000, "settled": s.year_ago + 1}), ("MC-07:head",)),
    Scenario("bill on the day", lambda s: _expensive(s, {"self_pay": 1_000_000, "settled": s.day}), ("MC-07:head",)),
    Scenario(
        "a bill paid beyond its scope takes nothing off",
        lambda s: _expensive(s, {"self_pay": 1_000_000}, {"self_pay": 0, "in_scope": 100_000, "fund": 150_000}),
        ("MC-07:head",),
    ),
    Scenario("bills of 10 000, illness on the list", lambda s: (_expensive(s, {"self_pay": 1_200_000}), s.illness(s.head))),
    Scenario("bills of 10 000 in a low-income family", lambda s: _expensive(s, {"self_pay": 1_000_000}, registers="low_income"), ("MC-07:head",)),
    Scenario("bills of 10 000, covered", lambda s: (_expensive(s, {"self_pay": 1_000_000}), s.dibao(0))),
    Scenario("bills of 10 000, on no register", lambda s: s.bill(s.head, 1_000_000)),
    Scenario("bills of 10 000, died since", lambda s: (_expensive(s, {"self_pay": 1_000_000}), s.dies(s.head))),
)
MISSED_SCENARIOS: tuple[Scenario, ...] = (*_PERSONS, *_HOUSEHOLDS, *_MINORS, *_UNSEEN_PERSONS, *_EXPENSIVE)
