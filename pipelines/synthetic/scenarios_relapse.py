"""Scenarios of relapse into poverty (RR): families on the register, with and without shocks."""

from __future__ import annotations

from typing import Any

from pipelines.synthetic.stage import Scenario, Stage

_FIRST, _SECOND, _THIRD, _FOURTH = (
    ("RR-01:poverty_register",),
    ("RR-02:poverty_register",),
    ("RR-03:poverty_register",),
    ("RR-04:poverty_register",),
)


def _unstable(happens: Any, **values: Any) -> Any:
    """An unstable family whose risk is not cleared, to whom something happens."""

    def play(stage: Stage) -> None:
        stage.register(**({"monitor": 0, "cleared": 0} | values))
        happens(stage)

    return play


def _nothing(stage: Stage) -> None:
    """No shock."""


def _ill(stage: Stage) -> Stage:
    return stage.illness(stage.mother, stage.day - 40)


_UNLIFTED = (
    Scenario("not lifted, nobody covered", lambda s: s.register(status=0), _FIRST),
    Scenario("fallen back, nobody covered", lambda s: s.register(status=2), _FIRST),
    Scenario("not lifted, one covered", lambda s: (s.register(status=0), s.dibao(4)), _FIRST),
    Scenario("not lifted, all covered", lambda s: (s.register(status=0), s.dibao())),
    Scenario("not lifted, all living covered", lambda s: (s.register(status=0), s.dibao(0, 1, 2, 3), s.dies(s.mother))),
    Scenario("one row says not lifted", lambda s: s.register(only={2: {"status": 0}}), _FIRST),
    Scenario("not lifted last year", lambda s: (s.register(status=0, year=s.world.as_of.year - 1), s.register())),
    Scenario("not lifted, unstable, with a shock", _unstable(_ill, status=0), _FIRST),
)
_SHOCKED = (
    Scenario("unstable, no shock", _unstable(_nothing)),
    Scenario("unstable, illness", _unstable(_ill), _SECOND),
    Scenario("unstable, illness, risk cleared", _unstable(_ill, cleared=1)),
    Scenario("unstable, illness, one row cleared", _unstable(_ill, only={1: {"cleared": 1}})),
    Scenario("unstable, illness, clearing not said", _unstable(_ill, cleared=-1), _SECOND),
    Scenario("unstable, illness, all covered", _unstable(lambda s: (_ill(s), s.dibao()))),
    Scenario("unstable, illness on the same day a year earlier", _unstable(lambda s: s.illness(s.mother, s.year_ago))),
    Scenario("unstable, illness on the window's first day", _unstable(lambda s: s.illness(s.mother, s.year_ago + 1)), _SECOND),
    Scenario("unstable, illness of a member who died", _unstable(lambda s: (_ill(s), s.dies(s.mother, s.day - 10))), _SECOND),
    Scenario("unstable, bills of two come to 10 000", _unstable(lambda s: (s.bill(s.head, 500_000), s.bill(s.mother, 500_000))), _SECOND),
    Scenario("unstable, bills of two come to 9 999.99", _unstable(lambda s: (s.bill(s.head, 500_000), s.bill(s.mother, 499_999)))),
    Scenario("unstable, paid last four months ago", _unstable(lambda s: s.employed(s.son, s.month - 4, status=2)), _SECOND),
    Scenario("unstable, paid last three months ago", _unstable(lambda s: s.employed(s.son, s.month - 3))),
    Scenario("unstable, paid last twelve months ago", _unstable(lambda s: s.insured(s.son, s.month - 12)), _SECOND),
    Scenario("unstable, paid last thirteen months ago", _unstable(lambda s: s.insured(s.son, s.month - 13))),
    Scenario("unstable, one insurance goes on", _unstable(lambda s: (s.insured(s.son, s.month - 6), s.employed(s.son, s.month - 1)))),
    Scenario("unstable, registered as unemployed", _unstable(lambda s: s.jobless(s.son, migrant=0)), _SECOND),
    Scenario("unstable, registration cancelled", _unstable(lambda s: s.jobless(s.son, migrant=0, status=0))),
    Scenario("unstable, not returned to work", _unstable(lambda s: s.migrant(s.son, agricultural=0)), _SECOND),
    Scenario("unstable, severe certificate issued", _unstable(lambda s: s.certificate(s.head, 2, issued=s.day - 30)), _SECOND),
    Scenario("unstable, lesser certificate issued", _unstable(lambda s: s.certificate(s.head, 3, issued=s.day - 30))),
    Scenario("unstable, severe certificate issued long ago", _unstable(lambda s: s.certificate(s.head, 2))),
    Scenario("unstable, two kinds of shock", _unstable(lambda s: (_ill(s), s.jobless(s.son, migrant=0))), _SECOND),
    Scenario("one row says unstable", _unstable(_ill, monitor=-1, cleared=-1, only={3: {"monitor": 0}}), _SECOND),
)
_EDGES = (
    Scenario("on the edge, illness", _unstable(_ill, monitor=1), _THIRD),
    Scenario("on the edge by status, illness", _unstable(_ill, monitor=-1, cleared=-1, status=3), _THIRD),
    Scenario("on the edge, no shock", _unstable(_nothing, monitor=1)),
    Scenario("on the edge, illness, risk cleared", _unstable(_ill, monitor=1, cleared=1)),
    Scenario("suddenly in hardship, not yet on the policy's list", _unstable(_ill, monitor=2)),
    Scenario("unstable and on the edge", _unstable(_ill, only={2: {"monitor": 1}}), _SECOND),
)
_THIN = (
    Scenario("lifted, 5 999.99 a head", lambda s: s.register(income=599_999), _FOURTH),
    Scenario("lifted, 6 000 a head", lambda s: s.register(income=600_000)),
    Scenario("lifted, 5 999.99 a head, with a shock", lambda s: (s.register(income=599_999), _ill(s)), _FOURTH),
    Scenario("lifted, 5 999.99 a head, all covered", lambda s: (s.register(income=599_999), s.dibao())),
    Scenario("lifted, 5 999.99 a head, monitored", lambda s: s.register(income=599_999, monitor=0, cleared=0)),
    Scenario("lifted, 5 999.99 a head, suddenly in hardship", lambda s: s.register(income=599_999, monitor=2)),
    Scenario("on the edge by status, 5 999.99 a head", lambda s: s.register(income=599_999, status=3)),
    Scenario("not lifted, 5 999.99 a head", lambda s: s.register(income=599_999, status=0), _FIRST),
)
RELAPSE_SCENARIOS: tuple[Scenario, ...] = (*_UNLIFTED, *_SHOCKED, *_EDGES, *_THIN)
