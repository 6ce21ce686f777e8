"""A synthetic province: people and their lives, what departments deliver of them, and the truth, made block by block in bounded memory."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipelines.errors import SettingsError
from pipelines.policy import load_policy
from pipelines.synthetic.background_cover import choose_poor, live_covered
from pipelines.synthetic.background_health import live_health
from pipelines.synthetic.background_work import live_work
from pipelines.synthetic.deliver import Deliveries
from pipelines.synthetic.earlier import deliver_redelivered, earlier_world, region_layouts, write_funding
from pipelines.synthetic.id_numbers import NumberBook
from pipelines.synthetic.lives import Lives
from pipelines.synthetic.places import County, counties
from pipelines.synthetic.population import make_population
from pipelines.synthetic.premises import POLICY_DATE
from pipelines.synthetic.scenarios import CATALOGUE, plant, planted_births, twin_scenarios
from pipelines.synthetic.truth import Truth
from pipelines.synthetic.world import World
from pipelines.workspace import DEFAULT_POLICY

DEFAULT_DEFECTS = 0.02
FEWEST, MOST = 100, 8_000_000
_BLOCK = 60_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Summary:
    """What was made: `rows` per dataset in force, `expected` per rule and check, the files, and where the truth lies."""

    people: int
    counties: tuple[int, ...]
    rows: dict[str, int]
    expected: dict[str, int]
    files: tuple[Path, ...]
    truth: Path


def synthesize(out: Path, people: int, as_of: dt.date, seed: int, defects: float = DEFAULT_DEFECTS, progress: Progress | None = None) -> Summary:
    """Makes a province of about `people` persons: deliveries of all datasets under `out/inbox/`, dated `as_of`, and the truth under `out/truth/`.

    The same arguments give the same bytes. `defects` is the share of records with something wrong; `progress` is called with the persons made
    so far and in all. Raises SettingsError for arguments that make no province, and for a folder with deliveries of real people.
    """
    if not FEWEST <= people <= MOST:
        raise SettingsError(f"--people {people} makes no province; give a number from {FEWEST} to {MOST}.")
    if not 0 <= defects <= 0.3:
        raise SettingsError(f"--defects {defects} is no share of records that departments deliver; give one from 0 to 0.3.")
    if as_of < POLICY_DATE:
        raise SettingsError(f"--as-of {as_of} lies before the policy of {POLICY_DATE}; give a later date.")
    if any((out / "inbox").glob("*/*")) and not (out / "truth").is_dir():
        raise SettingsError(f"{out} holds deliveries that are not synthetic; name another folder, so that the two are not mixed.")
    region = load_policy(DEFAULT_POLICY).region.counties
    played = counties(people, region, seed)
    names = {int(code): name for code, name in region.items()}
    inbox, truth = out / "inbox", Truth(out / "truth")
    current, before = (
        Deliveries(inbox, as_of, names, defects),
        Deliveries(inbox, as_of.replace(day=1) - dt.timedelta(days=1), names, defects, region_layouts()),
    )
    redelivered = Deliveries(inbox, as_of, names, defects, deliver_redelivered())
    numbers, made, number = NumberBook(), 0, 1
    blocks = _blocks(played, people)
    total = sum(size for _, size in blocks)
    for place, (county, size) in enumerate(blocks):
        rng = np.random.default_rng([seed, 1, place])
        world = _live(rng, county, size, place, len(blocks), people, as_of, numbers, number, tuple(one.code for one in played))
        number += len(world.people.h_number)
        truth.add(Lives(world), current.deliver(world, np.random.default_rng([seed, 2, place])), [one.name for one in CATALOGUE])
        past = earlier_world(world)
        before.deliver(past, np.random.default_rng([seed, 3, place]))
        redelivered.deliver(past, np.random.default_rng([seed, 3, place]))
        made += size
        if progress is not None:
            progress(made, total)
    received = dt.datetime.combine(as_of, dt.time(20), dt.UTC).timestamp()
    files = before.close(received - 30 * 86_400) + redelivered.close(received - 7200) + current.close(received)
    files.append(write_funding(inbox, as_of, [county.code for county in played]))
    os.utime(files[-1], (received, received))
    truth.close()
    return Summary(
        total, tuple(county.code for county in played), dict(current.rows), dict(sorted(truth.counts.items())), tuple(files), out / "truth"
    )


def _blocks(played: list[County], people: int) -> list[tuple[County, int]]:
    """Counties cut into blocks of at most some ten thousands of persons."""
    bounds = np.round(np.cumsum([0.0, *(county.weight for county in played)]) / sum(county.weight for county in played) * people).astype(int)
    blocks = []
    for county, size in zip(played, np.diff(bounds), strict=True):
        parts = -(-int(size) // _BLOCK)
        blocks += [(county, int(size) // parts + (part < int(size) % parts)) for part in range(parts)]
    return blocks


def _live(
    rng: np.random.Generator,
    county: County,
    size: int,
    place: int,
    blocks: int,
    people: int,
    as_of: dt.date,
    numbers: NumberBook,
    number: int,
    in_play: tuple[int, ...],
) -> World:
    """One block: its people and everything that happened to them."""
    repeats = min(24, max(blocks, 4)) if people >= 15_000 else 2 if people >= 5_000 else 1
    step = max(1, -(-len(CATALOGUE) * 8 // people))
    shown = range(0, len(CATALOGUE), step)
    scenarios = [scenario for turn, scenario in enumerate(shown) for repeat in range(repeats) if (turn + repeat) % blocks == place]
    persons = make_population(rng, county, size, scenarios, planted_births(as_of), twin_scenarios(), as_of, numbers, number)
    world = World(persons, as_of, rng, in_play)
    plant(world)
    ordinary_homes = persons.h_scenario < 0
    ordinary = ordinary_homes[persons.household]
    health = live_health(world, ordinary)
    registers = choose_poor(world, ordinary_homes)
    poor = (registers["dibao"] | registers["tekun"])[persons.household]
    live_work(world, health, ordinary, poor)
    live_covered(world, health, registers)
    return world
