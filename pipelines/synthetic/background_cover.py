"""Ordinary lives, cover: dibao, tekun, low-income families, the poverty register and temporary assistance."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic.background_health import Health
from pipelines.synthetic.premises import GRANTS_SINCE, RURAL, STANDARD_URBAN, URBAN, day_number, month_of, standard
from pipelines.synthetic.world import NOTHING, World


def choose_poor(world: World, ordinary_households: np.ndarray) -> dict[str, np.ndarray]:
    """Which households are on which register: masks over the block's households, by register."""
    people = world.people
    count = len(ordinary_households)
    south = people.county.south
    free = ordinary_households.copy()
    dibao = free & world.chance(np.where(people.h_rural, 0.115 if south else 0.08, 0.033), count)
    register = free & world.chance(np.where(people.h_rural, np.where(dibao, 0.55, 0.26 if south else 0.115), 0.004), count)
    low_income = free & world.chance(np.where(dibao, 0.03, 0.028), count)
    tekun = free & ~dibao & (people.h_size == 1) & world.chance(0.3, count)
    return {"dibao": dibao, "poverty_register": register, "low_income": low_income, "tekun": tekun}


def live_covered(world: World, health: Health, registers: dict[str, np.ndarray]) -> None:
    """Rows of the civil-affairs and poverty registers for the chosen households."""
    covered = _dibao(world, health, registers["dibao"])
    on_tekun = _tekun(world, health, registers["tekun"])
    _low_income(world, registers["low_income"])
    _register(world, health, registers["poverty_register"], covered, on_tekun)
    _assistance(world, health)


def _members(world: World, households: np.ndarray) -> np.ndarray:
    return np.flatnonzero(households[world.people.household])


def _dibao(world: World, health: Health, households: np.ndarray) -> np.ndarray:
    """Dibao rows; gives who is on it now, to a clerk's knowledge (1 urban, 2 rural, 0 not)."""
    people, rng, month, count = world.people, world.rng, world.month, len(households)
    category = world.category
    limit = standard(np.full(count, people.county.code), category)
    income = (limit * rng.uniform(0.1, 0.97, count) / 100).astype(np.int64) * 100
    income = np.where(rng.random(count) < 0.015, (limit * rng.uniform(1.0, 1.4, count)).astype(np.int64), income)
    amount = np.maximum(3000, (limit - income) // 1000 * 1000) * people.h_size
    draw = rng.random(count)
    status = np.select([draw < 0.11, draw < 0.15, draw < 0.16], [1, 2, 3], 0)
    start = month - rng.integers(0, 70, count) + (rng.random(count) < 0.004)
    end = np.select([status == 1, rng.random(count) < 0.03], [month - rng.integers(0, 24, count), month + rng.integers(0, 9, count)], NOTHING)
    end = np.where(end >= 0, np.maximum(end, start), NOTHING)
    grace = np.where(status == 2, month - rng.integers(0, 9, count), NOTHING)
    amount = np.where((status == 0) & (rng.random(count) < 0.004), 0, amount)
    cause = np.where(start > month - 6, rng.integers(0, 5, count), 4)
    reason = np.where(status == 1, rng.choice([0, 2, 3, 4], count), NOTHING)
    members = _members(world, households)
    home = people.household[members]
    uncovered = (people.h_size[home] > 1) & (people.role[members] == 2) & (health.age[members] >= 18) & (rng.random(len(members)) < 0.4)
    dead = health.death[members]
    gone = (dead >= 0) & (rng.random(len(members)) < 0.8)
    stopped = gone | (status[home] == 1)
    row_end = np.where(gone, month_of(np.maximum(dead, 0)), end[home])
    row_start = np.minimum(start[home], np.where(gone, row_end, month + 1))
    world.add(
        "dibao",
        members,
        number=people.h_number[home],
        relation=people.role[members],
        covered=~uncovered,
        scheme=category[home],
        subtype=np.where(rng.random(len(members)) < 0.3, 0, NOTHING),
        amount=amount[home],
        income=income[home],
        start=row_start,
        end=row_end,
        status=np.where(gone, 1, status[home]),
        stop_reason=np.where(gone, 1, reason[home]),
        grace=np.where(gone, NOTHING, grace[home]),
        cause=cause[home],
        unit=people.h_number[home] * 10 + np.where(gone | uncovered, 1 + members - people.h_first[home], 0),
    )
    current = np.zeros(len(people), np.int64)
    now = ~stopped & ~uncovered & (row_start <= month) & ((row_end < 0) | (row_end >= month))
    current[members[now]] = category[home[now]]
    return current


def _tekun(world: World, health: Health, households: np.ndarray) -> np.ndarray:
    people, rng, month = world.people, world.rng, world.month
    members = _members(world, households & (health.age[people.h_first] >= 16))
    members = members[(health.age[members] >= 60) | (health.level[members] > 0)]
    count = len(members)
    category = world.category[people.household[members]]
    dead = health.death[members]
    gone = (dead >= 0) & (rng.random(count) < 0.85)
    ended = gone | (rng.random(count) < 0.05)
    start = month - rng.integers(1, 90, count)
    end = np.select([gone, ended], [month_of(np.maximum(dead, 0)), month - rng.integers(0, 23, count)], NOTHING)
    start = np.where(end >= 0, np.minimum(start, end), start)
    amount = (standard(np.full(count, people.county.code), category) * 13 // 10) * (rng.random(count) >= 0.004)
    world.add(
        "tekun",
        members,
        number=people.h_number[people.household[members]],
        category=category,
        mode=np.where(rng.random(count) < 0.3, 3, 4),
        care=np.where(health.age[members] > 75, rng.integers(0, 3, count), rng.integers(0, 2, count)),
        amount=amount,
        start=start,
        end=end,
        status=~ended,
        stop_reason=np.select([gone, ended], [1, 2 + rng.integers(0, 2, count)], NOTHING),
    )
    current = np.zeros(len(people), np.int64)
    current[members[~ended]] = category[~ended]
    return current


def _low_income(world: World, households: np.ndarray) -> None:
    people, rng, day, count = world.people, world.rng, world.day, len(households)
    category = world.category
    limit = standard(np.full(count, people.county.code), category)
    kind = rng.random(count)
    income = np.select(
        [kind < 0.01, kind < 0.02, kind < 0.14],
        [limit, limit * 3 // 2, (limit * rng.uniform(0.7, 0.999, count)).astype(np.int64)],
        (limit * rng.uniform(1.0, 1.62, count)).astype(np.int64),
    )
    cost = np.where(rng.random(count) < 0.15, rng.integers(50, 800, count) * 100, NOTHING)
    recognised = day - rng.integers(1, 700, count) + np.where(rng.random(count) < 0.01, 720, 0)
    until = np.where(rng.random(count) < 0.5, NOTHING, recognised + 365 * rng.integers(1, 4, count))
    compliant = rng.random(count) < 0.94
    members = _members(world, households)
    home = people.household[members]
    world.add(
        "low_income",
        members,
        number=people.h_number[home],
        relation=people.role[members],
        category=category[home],
        size=people.h_size[home],
        income=income[home],
        cost=cost[home],
        compliant=compliant[home],
        recognised=recognised[home],
        until=until[home],
    )


def _register(world: World, health: Health, households: np.ndarray, covered: np.ndarray, on_tekun: np.ndarray) -> None:
    people, rng, count = world.people, world.rng, len(households)
    draw = rng.random(count)
    status = np.select([draw < 0.012, draw < 0.014, draw < 0.05], [0, 2, 3], 1)
    monitor = np.select([(status == 1) & (rng.random(count) < 0.04), (status == 3) & (rng.random(count) < 0.8)], [0, 1], NOTHING)
    cleared = np.where(monitor >= 0, np.where(rng.random(count) < 0.2, 1, np.where(rng.random(count) < 0.7, 0, NOTHING)), NOTHING)
    income = (np.exp(rng.normal(9.25, 0.35, count)) * 100).astype(np.int64)
    left = rng.random(count) < 0.06
    members = _members(world, households)
    home, size = people.household[members], len(members)
    age = health.age[members]
    draw = rng.random(size)
    labour = np.select(
        [draw < 0.01, age < 16, (age >= 75) | (health.level[members] == 1), age >= 60, draw < 0.1],
        [NOTHING, 4, 3 + (draw > 0.5), 2 + (draw > 0.6), 0],
        1,
    )
    disabled = (health.level[members] > 0) & (draw >= 0.02) | (draw < 0.002)
    sick = np.where(health.ill[members], 2, np.where(rng.random(size) < 0.15, 1, 0))
    claim = np.select([covered[members] == URBAN, covered[members] == RURAL], [1, 0], 2)
    claim = np.select([draw > 0.992, draw > 0.98], [np.where(claim == 2, 0, 2), NOTHING], claim)
    tekun_claim = np.select([on_tekun[members] == URBAN, on_tekun[members] == RURAL], [1, 0], np.where(draw > 0.5, 2, NOTHING))
    world.add(
        "poverty_register",
        members,
        year=world.as_of.year - left[home],
        number=people.h_number[home],
        order=members - people.h_first[home] + 1,
        relation=people.role[members],
        status=status[home],
        monitor=monitor[home],
        cleared=cleared[home],
        size=people.h_size[home],
        income=income[home],
        labour=labour,
        health=np.where(disabled, 3 + sick, sick),
        cause=rng.integers(0, 8, size),
        work_months=np.where(labour <= 1, rng.integers(0, 12, size), NOTHING),
        dibao_claim=claim,
        tekun_claim=tekun_claim,
    )


def _assistance(world: World, health: Health) -> None:
    """Grants to the heads of about two households in a hundred, most by the book, and the one-off grants of migrants."""
    people, rng, day = world.people, world.rng, world.day
    heads = people.h_first[(people.h_scenario < 0) & world.chance(0.022, len(people.h_first))]
    count = len(heads)
    granted = day - rng.integers(0, 390, count)
    kind = rng.choice([0, 1, 2, 4, 5, 6, 7], count, p=[0.3, 0.25, 0.15, 0.1, 0.1, 0.05, 0.05])
    persons = np.where(kind == 2, 1, people.h_size[people.household[heads]])
    multiple = np.select([(kind == 0) | (kind == 7), (kind == 1) | (kind == 5) | (kind == 6), kind == 2], [4, 6, 3], 2)
    urban = standard(np.full(count, people.county.code), np.full(count, URBAN))
    usual = np.where(granted >= day_number(GRANTS_SINCE.replace(month=1)), urban, 50_000)
    odd = rng.random(count) < 0.05
    amount = np.where(odd, usual * persons * multiple // 2 + rng.integers(1, 2000, count) * 100, usual * persons * multiple // 2)
    case = np.where(odd & (rng.random(count) < 0.5), 1, np.where(rng.random(count) < 0.3, 0, NOTHING))
    numbers = world.numbers(count)
    world.add(
        "temporary_assistance",
        heads,
        number=numbers,
        family=people.h_number[people.household[heads]],
        type=kind,
        persons=persons,
        amount=amount,
        granted=granted,
        epidemic=np.where(granted > day - 180, rng.integers(0, 2, count), NOTHING),
        case=case,
        minutes=np.where((case == 1) & (rng.random(count) < 0.9), numbers, NOTHING),
    )
    migrants = world.table("migrant_workers")
    who = np.unique(migrants["person"][migrants["returned"] == 0])
    who = who[(people.h_scenario[people.household[who]] < 0) & world.chance(0.06, len(who)) & (health.death[who] < 0)]
    since = max(day_number(GRANTS_SINCE), day - 380)
    world.add(
        "temporary_assistance",
        who,
        number=world.numbers(len(who)),
        type=3,
        persons=1,
        amount=STANDARD_URBAN,
        granted=rng.integers(since, day + 1, len(who)),
        epidemic=1,
    )
