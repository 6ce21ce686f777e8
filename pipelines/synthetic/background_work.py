"""Ordinary lives, work: insurance, unemployment, migration, pensions."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.background_health import Health
from pipelines.synthetic.places import ELSEWHERE
from pipelines.synthetic.world import NOTHING, World


def live_work(world: World, health: Health, ordinary: np.ndarray, poor: np.ndarray) -> None:
    """Working lives of the ordinary persons; the poor (mask over persons) rarely have a job with insurance."""
    people, rng = world.people, world.rng
    count = len(people)
    working = ordinary & (health.age >= 18) & (health.age < 60)
    draw = rng.random(count) * np.where(poor, 4.0, 1.0)
    company = working & (draw < np.where(people.rural, 0.2, 0.55))
    public = working & ~company & (draw < np.where(people.rural, 0.22, 0.7))
    farmer = ordinary & ~company & ~public & (health.age >= 16) & (health.age < 60) & world.chance(np.where(people.rural, 0.72, 0.3), count)
    last = _last_months(world, company | public, poor)
    _insurance(world, company, public, farmer, last)
    insured = company & world.chance(0.64, count)
    lapsed = insured & (last < world.month - 3)
    _unemployment(world, insured, lapsed, last)
    _migrants(world, health, ordinary & ~public & ~_employed(world, company, last))
    _pensions(world, health, ordinary & (health.age >= 60), company)


def _employed(world: World, company: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Who has a job with insurance now goes to no migrant register, but for one in twenty."""
    holds: np.ndarray = company & (last >= world.month - 3) & ~world.chance(0.05, len(company))
    return holds


def _last_months(world: World, employed: np.ndarray, poor: np.ndarray) -> np.ndarray:
    rng, count = world.rng, len(employed)
    current = rng.random(count) < np.where(poor, 0.3, 0.86)
    return np.where(employed, world.month - np.where(current, rng.integers(0, 3, count), rng.integers(3, 40, count)), NOTHING)


def _insurance(world: World, company: np.ndarray, public: np.ndarray, farmer: np.ndarray, last: np.ndarray) -> None:
    rng = world.rng
    for scheme, mask in ((110, company), (120, public), (170, farmer)):
        who = np.flatnonzero(mask)
        paid = last[who] if scheme != 170 else np.where(rng.random(len(who)) < 0.9, world.month - rng.integers(1, 19, len(who)), NOTHING)
        stopped = (paid < world.month - 3) & (scheme != 170)
        status = np.where(stopped, np.where(rng.random(len(who)) < 0.7, 2, 3), 1)
        base = np.where(scheme == 170, NOTHING, rng.integers(3200, 12000, len(who)) * 100)
        world.add(
            "social_insurance",
            who,
            scheme=scheme,
            status=status,
            last=paid,
            base=base,
            employer=rng.integers(0, 400, len(who)) if scheme != 170 else NOTHING,
        )


def _unemployment(world: World, insured: np.ndarray, lapsed: np.ndarray, last: np.ndarray) -> None:
    rng = world.rng
    who = np.flatnonzero(insured)
    months = rng.integers(1, 160, len(who))
    world.add(
        "unemployment_insurance",
        who,
        status=np.where(lapsed[who], np.where(rng.random(len(who)) < 0.7, 2, 3), 1),
        first=last[who] - months,
        last=last[who],
        months=months,
        employer=rng.integers(0, 400, len(who)),
    )
    who = np.flatnonzero(lapsed & (last >= world.month - 20) & world.chance(0.5, len(lapsed)))
    start = last[who] + 1 + rng.integers(0, 3, len(who))
    end = np.minimum(start + rng.integers(0, 8, len(who)), world.month)
    kind = rng.integers(0, 4, len(who))
    world.add(
        "unemployment_benefit",
        who,
        type=kind,
        start=np.minimum(start, end),
        end=end,
        amount=np.select([kind == 0, kind == 3], [124_000, 300_000], 60_000),
        paid=rng.random(len(who)) < 0.93,
    )
    who = np.flatnonzero((lapsed & world.chance(0.3, len(lapsed))) | (insured & world.chance(0.002, len(lapsed))))
    world.add(
        "unemployment_registration",
        who,
        registered=world.day - rng.integers(3, 600, len(who)),
        status=rng.random(len(who)) < 0.7,
        reason=rng.integers(0, 4, len(who)),
        migrant=rng.choice([0, 1, NOTHING], len(who), p=[0.5, 0.4, 0.1]),
        agricultural=world.people.rural[who],
        work_county=_work_county(world, len(who)),
    )


def _work_county(world: World, count: int) -> np.ndarray:
    choice = world.rng.random(count)
    inside = np.array(world.in_play)[world.rng.integers(0, len(world.in_play), count)]
    outside = np.array(ELSEWHERE)[world.rng.integers(0, len(ELSEWHERE), count)]
    return np.select([choice < 0.4, choice < 0.75], [inside, outside], NOTHING)


def _migrants(world: World, health: Health, free: np.ndarray) -> None:
    rng = world.rng
    who = np.flatnonzero(free & world.people.rural & (health.death < 0) & (health.age >= 16) & (health.age < 64) & world.chance(0.2, len(free)))
    count = len(who)
    returned = rng.random(count) < 0.93
    world.add(
        "migrant_workers",
        who,
        agricultural=rng.random(count) < 0.97,
        returned=returned,
        stopped=np.where(returned, NOTHING, world.day - rng.integers(20, 260, count)),
        last_income=np.select(
            [returned, rng.random(count) < 0.2], [world.month - rng.integers(0, 2, count), NOTHING], world.month - rng.integers(0, 9, count)
        ),
        work_county=_work_county(world, count),
    )


def _pensions(world: World, health: Health, old: np.ndarray, company: np.ndarray) -> None:
    rng = world.rng
    who = np.flatnonzero(old & ~company & world.chance(0.88, len(old)))
    count = len(who)
    draw = rng.random(count) + np.where(world.people.rural[who], 0, 0.45)
    scheme = np.select([draw < 0.85, draw < 1.3], [170, 110], 120)
    dead = health.death[who]
    told = (dead >= 0) & (rng.random(count) < 0.7)
    world.add(
        "pension_benefit",
        who,
        scheme=scheme,
        amount=np.select(
            [scheme == 170, scheme == 110], [rng.integers(143, 320, count), rng.integers(900, 4200, count)], rng.integers(2800, 7800, count)
        )
        * 100,
        start=world.month - rng.integers(0, 200, count),
        survival=np.select([told, rng.random(count) < 0.02], [1, 2], 0),
        death=np.where(told & (rng.random(count) < 0.85), dead, NOTHING),
    )
