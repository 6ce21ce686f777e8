"""Scenarios of mismatches (ID-04, EN-01 to EN-12), and of namesakes and twins that must not be taken for one another."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.places import ELSEWHERE
from pipelines.synthetic.premises import GRANTS_SINCE, STANDARD_URBAN, URBAN, day_number
from pipelines.synthetic.stage import Scenario, Stage

_SINCE = day_number(GRANTS_SINCE)
_TWICE = ("ID-04:head",)


def _urban(stage: Stage) -> np.ndarray:
    return stage.world.standard(np.full(len(stage.homes), URBAN))


def _first_of_month(stage: Stage, months_ago: int = 0) -> int:
    return int(np.array(stage.month - months_ago - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


_COVERS = (
    Scenario("dibao and tekun at once", lambda s: (s.dibao(0), s.tekun(s.head)), ("EN-01:head",)),
    Scenario("tekun after dibao", lambda s: (s.dibao(0, status=1, end=s.month - 4, stop_reason=4), s.tekun(s.head, start=s.month - 3))),
    Scenario("dibao in two counties", lambda s: (s.dibao(0), s.dibao(0, number=1, county=s.elsewhere)), ("EN-02:head", *_TWICE)),
    Scenario("dibao here and in another province", lambda s: (s.dibao(0), s.dibao(0, number=1, county=ELSEWHERE[2])), ("EN-02:head", *_TWICE)),
    Scenario(
        "dibao moved to another county",
        lambda s: (s.dibao(0, status=1, end=s.month - 1, stop_reason=2), s.dibao(0, number=1, county=s.elsewhere, start=s.month)),
    ),
    Scenario("tekun in two counties", lambda s: (s.tekun(s.head), s.tekun(s.head, number=1, county=s.elsewhere)), ("EN-02:head", *_TWICE)),
    Scenario("dibao twice in one county", lambda s: (s.dibao(0), s.dibao(0, number=1)), _TWICE),
    Scenario("urban and rural dibao", lambda s: (s.dibao(0, scheme=1), s.dibao(0, number=1, scheme=2)), ("EN-03:head", *_TWICE)),
    Scenario("urban dibao after rural", lambda s: (s.dibao(0, scheme=2, end=s.month - 1), s.dibao(0, number=1, scheme=1, start=s.month))),
    Scenario("grace period of seven months", lambda s: s.dibao(0, status=2, grace=s.month - 7), ("EN-05:head",)),
    Scenario("grace period of six months", lambda s: s.dibao(0, status=2, grace=s.month - 6)),
    Scenario("dibao of nought", lambda s: s.dibao(0, amount=0), ("EN-12:head",)),
    Scenario("dibao of an amount not said", lambda s: s.dibao(0, amount=-1)),
    Scenario("tekun of nought", lambda s: s.tekun(s.head, amount=0), ("EN-12:head",)),
    Scenario("ended dibao of nought", lambda s: s.dibao(0, amount=0, status=1, end=s.month - 2, stop_reason=0)),
)
_DEAD = (
    Scenario("on dibao, died the month before", lambda s: (s.dibao(0), s.dies(s.head, _first_of_month(s) - 1)), ("EN-04:head",)),
    Scenario("on dibao, died this month", lambda s: (s.dibao(0), s.dies(s.head, _first_of_month(s)))),
    Scenario("on tekun, died long ago", lambda s: (s.tekun(s.mother), s.dies(s.mother)), ("EN-04:mother",)),
    Scenario(
        "on dibao, dead by two sources without a date",
        lambda s: (s.dibao(0), s.dies(s.head, undated=True), s.pension(s.head, 20_000, 170, survival=1)),
        ("EN-04:head",),
    ),
    Scenario("on dibao, dead by one source without a date", lambda s: (s.dibao(0), s.dies(s.head, undated=True))),
    Scenario(
        "on dibao, dead by the certificate",
        lambda s: (s.dibao(0), s.certificate(s.head, 3, status=1, cancel_reason=0, death=s.day - 100)),
        ("EN-04:head",),
    ),
    Scenario(
        "dibao ended with the death", lambda s: (s.dibao(0, status=1, stop_reason=1, end=s.month - 5), s.dies(s.head, _first_of_month(s, 5) + 9))
    ),
)
_INCOMES = (
    Scenario("on dibao, company pension of S", lambda s: (s.dibao(4), s.pension(s.mother, s.S)), ("EN-06:mother",)),
    Scenario("on dibao, company pension a fen under S", lambda s: (s.dibao(4), s.pension(s.mother, s.S - 1))),
    Scenario("on dibao, residents' pension of S", lambda s: (s.dibao(4), s.pension(s.mother, s.S, scheme=170))),
    Scenario("on dibao, pension waiting for proof of life", lambda s: (s.dibao(4), s.pension(s.mother, s.S, survival=2))),
    Scenario(
        "on dibao, public post three months ago", lambda s: (s.dibao(0), s.employed(s.head, s.month - 3, scheme=120)), ("EN-11:head", "SV-03:head")
    ),
    Scenario("on dibao, public post four months ago", lambda s: (s.dibao(0), s.employed(s.head, s.month - 4, scheme=120))),
    Scenario("on dibao, public post ended", lambda s: (s.dibao(0), s.employed(s.head, s.month - 1, scheme=120, status=3)), ("SV-03:head",)),
    Scenario("on tekun, public post", lambda s: (s.tekun(s.head), s.employed(s.head, s.month - 1, scheme=120)), ("EN-11:head",)),
)
_REGISTER = (
    Scenario("register claims dibao, not on it", lambda s: s.register(only={0: {"dibao_claim": 0}}), ("EN-07:head",)),
    Scenario("register denies dibao, on it", lambda s: (s.register(only={0: {"dibao_claim": 2}}), s.dibao(0)), ("EN-07:head",)),
    Scenario("register claims dibao, on it", lambda s: (s.register(dibao_claim=0), s.dibao())),
    Scenario("register claims tekun, not on it", lambda s: s.register(only={4: {"tekun_claim": 0}}), ("EN-07:mother",)),
    Scenario("register denies tekun, on it", lambda s: (s.register(only={4: {"tekun_claim": 2}}), s.tekun(s.mother)), ("EN-07:mother",)),
    Scenario("register claims tekun, on it", lambda s: (s.register(only={4: {"tekun_claim": 0}}), s.tekun(s.mother))),
    Scenario("last year's register claims dibao, not on it", lambda s: s.register(dibao_claim=0, year=s.world.as_of.year - 1)),
    Scenario("register names a disability, no certificate", lambda s: s.register(only={4: {"health": 4}}), ("EN-10:mother",)),
    Scenario(
        "register names a disability, certificate expired",
        lambda s: (s.register(only={4: {"health": 3}}), s.certificate(s.mother, 4, until=s.day - 1)),
        ("EN-10:mother",),
    ),
    Scenario(
        "register names a disability, certificate to the day",
        lambda s: (s.register(only={4: {"health": 3}}), s.certificate(s.mother, 4, until=s.day)),
    ),
    Scenario("register names an illness only", lambda s: s.register(only={4: {"health": 2}})),
)
_GRANTS = (
    Scenario(
        "one-off grant twice", lambda s: (s.grant(s.head, 3, STANDARD_URBAN, _SINCE), s.grant(s.head, 3, STANDARD_URBAN, _SINCE + 8)), ("EN-08:head",)
    ),
    Scenario(
        "one-off grant in two counties",
        lambda s: (s.grant(s.head, 3, STANDARD_URBAN, _SINCE + 1), s.grant(s.head, 3, STANDARD_URBAN, _SINCE + 7, county=s.elsewhere)),
        ("EN-08:head",),
    ),
    Scenario(
        "one-off grant once before, once since",
        lambda s: (s.grant(s.head, 3, STANDARD_URBAN, _SINCE - 1), s.grant(s.head, 3, STANDARD_URBAN, _SINCE + 7)),
    ),
    Scenario("urgent grant by the book", lambda s: s.grant(s.head, 0, _urban(s) * 10, _SINCE - 60, 5)),
    Scenario("urgent grant a fen off", lambda s: s.grant(s.head, 7, _urban(s) * 10 - 1, _SINCE - 60, 5), ("EN-09:grant",)),
    Scenario("expenditure grant by the rural standard", lambda s: s.grant(s.head, 5, 38_000 * 15, _SINCE - 60, 5), ("EN-09:grant",)),
    Scenario("individual grant by the book", lambda s: s.grant(s.head, 2, _urban(s) * 3 // 2, _SINCE - 60)),
    Scenario("individual grant doubled", lambda s: s.grant(s.head, 2, _urban(s) * 2, _SINCE - 60), ("EN-09:grant",)),
    Scenario("case by case with minutes", lambda s: s.grant(s.head, 1, 500_000, _SINCE - 60, 5, case=1, minutes=s.world.numbers(len(s.head)))),
    Scenario("case by case without minutes", lambda s: s.grant(s.head, 1, 500_000, _SINCE - 60, 5, case=1), ("EN-09:grant",)),
    Scenario("grant before the first standard", lambda s: s.grant(s.head, 0, 77_700, day_number(GRANTS_SINCE.replace(month=1)) - 1)),
)
_SAME_PERSON = (
    Scenario("two certificates in force", lambda s: (s.certificate(s.head, 3), s.certificate(s.head, 4, category=1, reissue=1)), _TWICE),
    Scenario(
        "one certificate in force, one cancelled",
        lambda s: (s.certificate(s.head, 3), s.certificate(s.head, 4, category=1, status=1, cancel_reason=1)),
    ),
    Scenario("in two families of the register", lambda s: (s.register(), s.register((0,), number=1)), _TWICE),
    Scenario("in two low-income families", lambda s: (s.low_income(s.S * 2), s.low_income(s.S * 2, (0,), number=1)), _TWICE),
    Scenario("in two low-income families, one ended", lambda s: (s.low_income(s.S * 2), s.low_income(s.S * 2, (0,), number=1, until=s.day - 1))),
    Scenario("namesakes in one township", lambda s: (s.called(s.head, "马小军"), s.dibao(0))),
    Scenario("another namesake in that township", lambda s: (s.called(s.head, "马小军"), s.register())),
    Scenario("a third namesake, disabled", lambda s: (s.called(s.head, "马小军"), s.certificate(s.head, 1)), ("MC-06:head",)),
    Scenario(
        "father and son with like names",
        lambda s: (s.called(s.head, "马占海"), s.called(s.son, "马占山"), s.dibao(0), s.certificate(s.son, 1)),
        ("MC-06:son",),
    ),
    Scenario(
        "twins with like names",
        lambda s: (s.called(s.son, "马玉兰"), s.called(s.daughter, "马玉莲"), s.tekun(s.daughter), s.certificate(s.son, 1)),
        ("MC-06:son",),
        twins=True,
    ),
)
CHECK_SCENARIOS: tuple[Scenario, ...] = (*_COVERS, *_DEAD, *_INCOMES, *_REGISTER, *_GRANTS, *_SAME_PERSON)
