"""Scenarios of the unemployment-insurance gap (UI) and of the service lists (SV)."""

from __future__ import annotations

from typing import Any

from pipelines.synthetic.places import ELSEWHERE
from pipelines.synthetic.premises import GRANTS_SINCE, STANDARD_URBAN, day_number
from pipelines.synthetic.stage import Born, Scenario, Stage
from pipelines.synthetic.world import NOTHING

_NEVER, _UNPAID, _USED = ("UI-01:head",), ("UI-02:head",), ("UI-03:head",)


def _stranded(**values: Any) -> Any:
    return lambda stage: stage.migrant(stage.head, **values)


def _and(happens: Any) -> Any:
    """A stranded migrant worker to whom something else happens too."""

    def play(stage: Stage) -> None:
        stage.migrant(stage.head)
        happens(stage)

    return play


def _lapsed(*benefits: tuple[int, int], **values: Any) -> Any:
    """A stranded migrant worker, insured until five months before the window, with benefits between months counted from the window."""

    def play(stage: Stage) -> None:
        stage.migrant(stage.head)
        stage.insured(stage.head, **({"last": stage.window - 5} | values))
        for start, end in benefits:
            stage.benefit(stage.head, stage.window + start, stage.window + end)

    return play


_SINCE = day_number(GRANTS_SINCE)
_GAPS = (
    Scenario("stranded, working elsewhere in the region", lambda s: s.migrant(s.head, work_county=s.elsewhere), _NEVER),
    Scenario("stranded, working in another province", _stranded(work_county=ELSEWHERE[0]), _NEVER),
    Scenario("stranded, no county of work", _stranded(), _NEVER),
    Scenario("stranded, last income unknown", _stranded(last_income=NOTHING), _NEVER),
    Scenario("stranded, income in the window's first month", lambda s: s.migrant(s.head, last_income=s.window)),
    Scenario("returned to work", _stranded(returned=1)),
    Scenario("stranded, urban hukou", _stranded(agricultural=0)),
    Scenario("registered as unemployed", lambda s: s.jobless(s.head), _NEVER),
    Scenario("registered in one county, working in another", lambda s: s.jobless(s.head, work_county=s.elsewhere), _NEVER),
    Scenario("registration cancelled", lambda s: s.jobless(s.head, status=0)),
    Scenario("registered, no migrant worker", lambda s: s.jobless(s.head, migrant=0)),
    Scenario("registered, not said whether a migrant worker", lambda s: s.jobless(s.head, migrant=NOTHING)),
    Scenario("registered, urban hukou", lambda s: s.jobless(s.head, agricultural=0)),
    Scenario("registered, back at work since with income", lambda s: (s.jobless(s.head), s.migrant(s.head, returned=1, last_income=s.window + 2))),
    Scenario("stranded and registered", _and(lambda s: s.jobless(s.head)), _NEVER),
    Scenario("stranded, 16 today", lambda s: s.migrant(s.son), ("UI-01:son",), {"son": Born(16)}),
    Scenario("stranded, 16 tomorrow", lambda s: s.migrant(s.son), (), {"son": Born(16, 1)}),
    Scenario("stranded, 60 tomorrow", lambda s: s.migrant(s.head), _NEVER, {"head": Born(60, 1)}),
    Scenario("stranded, 60 today", lambda s: s.migrant(s.head), (), {"head": Born(60)}),
    Scenario("stranded, company insurance in the window", _and(lambda s: s.employed(s.head, s.window))),
    Scenario("stranded, company insurance before the window", _and(lambda s: s.employed(s.head, s.window - 1, status=2)), _NEVER),
    Scenario("stranded, company insurance after the window", _and(lambda s: s.employed(s.head, s.window + 3))),
    Scenario("stranded, residents' pension insurance", _and(lambda s: s.employed(s.head, s.window + 1, scheme=170)), _NEVER),
    Scenario("stranded, on dibao", _and(lambda s: s.dibao(0))),
    Scenario("stranded, died since", _and(lambda s: s.dies(s.head))),
    Scenario("stranded, had the grant", _and(lambda s: s.grant(s.head, 3, STANDARD_URBAN, _SINCE))),
    Scenario("stranded, had the grant in another county", _and(lambda s: s.grant(s.head, 3, STANDARD_URBAN, _SINCE + 5, county=s.elsewhere))),
    Scenario("stranded, had a grant the day before", _and(lambda s: s.grant(s.head, 3, STANDARD_URBAN, _SINCE - 1)), _NEVER),
    Scenario("stranded, had another grant", _and(lambda s: s.grant(s.head, 4, 30_000, _SINCE + 2)), _NEVER),
    Scenario("stranded, insured in the window", lambda s: _lapsed(last=s.window)(s)),
    Scenario("stranded, insured to the month before the window", lambda s: _lapsed(last=s.window - 1)(s), _UNPAID),
    Scenario("stranded, insured, no benefit", _lapsed(), _UNPAID),
    Scenario("stranded, insured, benefit of an earlier time", _lapsed((-12, -6)), _UNPAID),
    Scenario("stranded, insured, benefit from the last month", _lapsed((-5, -5)), _USED),
    Scenario("stranded, insured, benefit to the month before the window", _lapsed((-4, -1)), _USED),
    Scenario("stranded, benefit into the window", _lapsed((-4, 0))),
    Scenario("stranded, benefit granted but not paid", lambda s: (_lapsed()(s), s.benefit(s.head, s.window - 4, s.window - 1, paid=0)), _UNPAID),
    Scenario("stranded, insurance never paid", _lapsed(last=NOTHING, months=0), _NEVER),
    Scenario("stranded, insurance paid, not known when", _lapsed(last=NOTHING, months=5), _UNPAID),
    Scenario("stranded, insurance paid, not known when, benefit", _lapsed((-30, -20), last=NOTHING, months=5), _USED),
)
_VISITS = (
    Scenario("tekun at home, 80 today", lambda s: s.tekun(s.mother), ("SV-01:mother",), {"mother": Born(80)}),
    Scenario("tekun at home, 80 tomorrow", lambda s: s.tekun(s.mother), (), {"mother": Born(80, 1)}),
    Scenario("tekun in a home, 80", lambda s: s.tekun(s.mother, mode=3), (), {"mother": Born(80)}),
    Scenario("tekun at home, severe", lambda s: (s.tekun(s.mother), s.certificate(s.mother, 2)), ("SV-01:mother",)),
    Scenario("tekun at home, helpless", lambda s: s.tekun(s.mother, care=5), ("SV-01:mother",)),
    Scenario("tekun at home, half helpless", lambda s: s.tekun(s.mother, care=4)),
    Scenario("tekun ended, 85", lambda s: s.tekun(s.mother, status=0, end=s.month - 3, stop_reason=2), (), {"mother": Born(85)}),
)
_TURNING = (
    Scenario("tekun, 18 in 90 days", lambda s: s.tekun(s.son), ("SV-02:son",), {"son": Born(18, 90)}),
    Scenario("tekun, 18 in 91 days", lambda s: s.tekun(s.son), (), {"son": Born(18, 91)}),
    Scenario("tekun, 18 tomorrow", lambda s: s.tekun(s.son), ("SV-02:son",), {"son": Born(18, 1)}),
    Scenario("tekun, 18 today", lambda s: s.tekun(s.son), (), {"son": Born(18)}),
)
_EXITS = (
    Scenario("on dibao, at work three months ago", lambda s: (s.dibao(), s.employed(s.head, s.month - 3)), ("SV-03:head",)),
    Scenario("on dibao, at work four months ago", lambda s: (s.dibao(), s.employed(s.head, s.month - 4, status=2))),
    Scenario("on dibao, at work this month", lambda s: (s.dibao(), s.employed(s.head, s.month)), ("SV-03:head",)),
    Scenario("on dibao, residents' pension insurance", lambda s: (s.dibao(), s.employed(s.head, s.month - 1, scheme=170))),
    Scenario("in the grace period, at work", lambda s: (s.dibao(status=2, grace=s.month - 1), s.employed(s.head, s.month - 1))),
    Scenario("on dibao, income a fen over S", lambda s: s.dibao(0, income=s.S + 1), ("SV-03:head",)),
    Scenario("on dibao, income S", lambda s: s.dibao(0, income=s.S)),
)
WORK_SCENARIOS: tuple[Scenario, ...] = (*_GAPS, *_VISITS, *_TURNING, *_EXITS)
