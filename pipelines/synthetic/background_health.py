"""Ordinary lives, health: death, certificates, serious illness, enrolment and bills."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.synthetic.premises import OPEN_DAY, completed_years
from pipelines.synthetic.world import NOTHING, World


@dataclass
class Health:
    """What the other parts of a life depend on: age, day of death (-1: lives), whether a certificate is in hand, how severe."""

    age: np.ndarray
    death: np.ndarray
    certificate: np.ndarray
    level: np.ndarray
    ill: np.ndarray


def live_health(world: World, ordinary: np.ndarray) -> Health:
    """Health of the ordinary persons (mask over the block)."""
    people, rng, day = world.people, world.rng, world.day
    count = len(people)
    age = completed_years(people.birth, world.as_of)
    dying = ordinary & world.chance(np.select([age >= 80, age >= 60], [0.05, 0.015], 0.0012), count)
    death = np.where(dying, np.maximum(day - rng.integers(1, 700, count), people.birth + 1), NOTHING)
    certificate = ordinary & world.chance(np.select([age >= 60, age >= 40, age >= 7], [0.06, 0.038, 0.013], 0.003), count)
    level = rng.choice(4, count, p=[0.13, 0.2, 0.29, 0.38]) + 1
    ill = ordinary & world.chance(np.where(age >= 50, 0.012, 0.0035), count)
    health = Health(age, death, certificate, np.where(certificate, level, 0), ill)
    _certificates(world, health)
    _illnesses(world, health)
    _enrolments(world, health, ordinary)
    _bills(world, health, ordinary)
    return health


def _certificates(world: World, health: Health) -> None:
    holders = np.flatnonzero(health.certificate)
    rng, day, count = world.rng, world.day, len(holders)
    category = rng.choice(7, count, p=[0.12, 0.11, 0.02, 0.5, 0.11, 0.09, 0.05]) + 1
    level = health.level[holders]
    multiple = category == 7
    part, other = rng.integers(1, 7, count), rng.integers(1, 7, count)
    other = np.where(other == part, part % 6 + 1, other)
    other_level = np.minimum(4, level + rng.integers(0, 3, count))
    draw = rng.random(count)
    dead = health.death[holders]
    told = (dead >= 0) & (rng.random(count) < 0.6)
    dated = told & (rng.random(count) < 0.8)
    status = np.select([told, draw < 0.02, draw < 0.028, draw < 0.055], [1, 1, 2, 3], 0)
    issued = day - rng.integers(10, 3600, count)
    until = np.where(rng.random(count) < 0.05, OPEN_DAY, issued + 3652)
    until = np.where((status == 3) | (rng.random(count) < 0.008), np.minimum(until, day - rng.integers(1, 300, count)), until)
    wrong = rng.random(count) < 0.006
    world.add(
        "disability_certificates",
        holders,
        category=category,
        level=level,
        column_category=np.where(wrong & (draw < 0.5), category % 6 + 1, NOTHING),
        column_level=np.where(wrong & (draw >= 0.5), level % 4 + 1, NOTHING),
        part_category=np.where(multiple, part, 0),
        part_level=np.where(multiple, level, 0),
        other_category=np.where(multiple, other, 0),
        other_level=np.where(multiple, other_level, 0),
        issued=issued,
        until=until,
        status=status,
        cancel_reason=np.select([told, status == 1], [0, 1 + rng.integers(0, 2, count)], NOTHING),
        death=np.where(dated, dead, NOTHING),
        reissue=rng.random(count) < 0.04,
    )


def _illnesses(world: World, health: Health) -> None:
    patients = np.flatnonzero(health.ill)
    rng, day, count = world.rng, world.day, len(patients)
    recognised = day - rng.integers(5, 1100, count)
    until = np.select(
        [rng.random(count) < 0.6, rng.random(count) < 0.2], [NOTHING, day - rng.integers(1, 90, count)], day + rng.integers(0, 700, count)
    )
    world.add(
        "serious_illness",
        patients,
        disease=rng.integers(0, 10, count),
        recognised=recognised,
        until=np.where(until < 0, NOTHING, np.maximum(until, recognised)),
        by=rng.integers(0, 2, count),
    )


def _enrolments(world: World, health: Health, ordinary: np.ndarray) -> None:
    enrolled = np.flatnonzero(ordinary & world.chance(0.92, len(ordinary)))
    rng, count = world.rng, len(enrolled)
    dead = health.death[enrolled]
    told = (dead >= 0) & (rng.random(count) < 0.85)
    dated = told & (rng.random(count) < 0.9)
    left = ~told & (rng.random(count) < 0.012)
    status = np.select([told | left, rng.random(count) < 0.02], [4, 2], 1)
    world.add(
        "medical_enrolment",
        enrolled,
        type=np.where((health.age[enrolled] >= 20) & (rng.random(count) < 0.2), 310, 390),
        status=status,
        end_reason=np.select([told, left], [0, 1 + rng.integers(0, 2, count)], NOTHING),
        end=np.select([dated, left], [dead, world.day - rng.integers(1, 600, count)], NOTHING),
        group=np.where(rng.random(count) < 0.08, rng.integers(0, 3, count), NOTHING),
    )


def _bills(world: World, health: Health, ordinary: np.ndarray) -> None:
    rng = world.rng
    mean = np.select([health.ill, health.age >= 60, health.age >= 40], [3.2, 1.15, 0.7], 0.4) * ordinary
    bills = np.repeat(np.arange(len(mean)), rng.poisson(mean))
    count = len(bills)
    inpatient = rng.random(count) < 0.25
    in_scope = (np.exp(rng.normal(np.where(inpatient, 8.3, 5.2), 0.9)) * 100).astype(np.int64)
    in_scope = np.where(health.ill[bills] & inpatient, in_scope * 3, in_scope)
    fund = (in_scope * np.clip(rng.normal(0.66, 0.15, count), 0, 1)).astype(np.int64)
    reversal = rng.random(count)
    world.add(
        "medical_settlements",
        bills,
        number=world.numbers(count),
        care=np.where(inpatient, 0, 1 + rng.integers(0, 2, count)),
        disease=rng.integers(0, 10, count),
        settled=world.day - rng.integers(0, 395, count),
        total=(in_scope * rng.uniform(1, 1.25, count)).astype(np.int64),
        in_scope=in_scope,
        fund=fund,
        valid=reversal >= 0.01,
        refunded=reversal >= 0.985,
    )
