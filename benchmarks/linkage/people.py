"""A million records without a usable ID number, and a million people with one, of whom most are meant.

The people are those of the product's synthetic province: families of its counties, with the region's names, so that namesakes abound; every number
stands on the code 640199, which no real number has. The shares below say how the records on the left, and the columns on the right, differ from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pypinyin import lazy_pinyin

from benchmarks.linkage.trial import ID
from pipelines.identity.names import SEPARATOR, fold_all
from pipelines.policy import load_policy
from pipelines.synthetic.defects import SPOIL, misspell
from pipelines.synthetic.id_numbers import NumberBook, yyyymmdd
from pipelines.synthetic.places import counties
from pipelines.synthetic.population import make_population
from pipelines.workspace import DEFAULT_POLICY

Places = list[tuple[str, Sequence[str], Sequence[Sequence[str]]]]
"""Each county's code, its townships, and the villages of each of these."""

AS_OF = dt.date(2020, 7, 31)
SEED = 640199
ONLY_ONE_SIDE = 0.1
"""People on one side only: as many again on either, as a share of a side."""
NUMBERS = {"missing": 0.15, "one_digit": 0.17, "rounded": 0.11, "masked": 0.10, "transposition": 0.10, "wrong_birth_year": 0.07}
"""What is wrong with the numbers on the left, each of which is broken: shares as among the broken numbers of the synthetic province."""
MISSPELT, DOT_CHANGED = 0.08, 0.5
WRONG_SEX = 0.015
NO_BIRTH_DATE, WRONG_BIRTH_DATE = 0.2, 0.04
MOVED, MOVED_FAR = 0.06, 0.02
NO_VILLAGE, NO_TOWNSHIP = 0.15, 0.03
NO_PHONE, OTHER_PHONE = 0.3, 0.1
OWN_PHONE, NO_PHONE_RIGHT = 0.5, 0.2
_BLOCK = 40_000


@dataclass(frozen=True)
class People:
    """Everybody, as arrays of one length; `town` numbers all townships of the province, `village` those of a township."""

    names: np.ndarray
    numbers: np.ndarray
    sex: np.ndarray
    birth: np.ndarray
    county: np.ndarray
    town: np.ndarray
    village: np.ndarray
    phone: np.ndarray


def deliver(size: int, folder: Path) -> pd.DataFrame:
    """Writes `left.parquet` and `right.parquet`, `size` rows each, into a folder; gives the pairs that are one person (`one`, `other`).

    Columns of both, all text, null where not said: the ID, `name`, `reading` (toneless pinyin of the folded name), `surname`, `sex` (1 men, 2 women),
    `birth_date` (yyyymmdd), `county`, `township`, `village`, `phone`, `id_number`.
    """
    rng = np.random.default_rng(SEED)
    alone = round(size * ONLY_ONE_SIDE)
    people, places = _everybody(size + alone)
    order = rng.permutation(size + alone)
    on_right, on_left = rng.permutation(order[:size]), rng.permutation(order[alone:])
    right = _right(rng, people, places, on_right)
    left = _left(rng, people, places, on_left)
    for name, rows in (("left", left), ("right", right)):
        pq.write_table(rows, folder / f"{name}.parquet", compression="zstd")
    of_person = pd.Series(right[ID].to_pylist(), index=on_right)
    truth = pd.DataFrame({"one": left[ID].to_pylist(), "other": of_person.reindex(on_left).to_numpy()})
    return truth.dropna().reset_index(drop=True)


def _everybody(count: int) -> tuple[People, Places]:
    """The people, and each county's code, townships and villages."""
    played = counties(count, load_policy(DEFAULT_POLICY).region.counties, SEED)
    weights = np.array([county.weight for county in played])
    bounds = np.round(np.cumsum(np.r_[0, weights]) / weights.sum() * count).astype(int)
    numbers, household, town, parts = NumberBook(), 1, 0, []
    for place, (county, people) in enumerate(zip(played, np.diff(bounds), strict=True)):
        for block in range(-(-int(people) // _BLOCK)):
            size = min(_BLOCK, int(people) - block * _BLOCK)
            rng = np.random.default_rng([SEED, place, block])
            made = make_population(rng, county, size, [], {}, set(), AS_OF, numbers, household)
            shared = 13_000_000_000 + (made.h_number[made.household] * 7919) % 900_000_000
            own = 15_000_000_000 + rng.integers(0, 900_000_000, size)
            phone = np.where(rng.random(size) < OWN_PHONE, own, shared)
            names, ids = np.array(made.names.to_pylist(), object), np.array(made.ids.to_pylist(), object)
            parts.append(People(names, ids, made.sex, made.birth, np.full(size, place), town + made.township, made.village, phone))
            household += len(made.h_number)
        town += len(county.townships)
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in People.__dataclass_fields__}
    return People(**columns), [(str(county.code), county.townships, county.villages) for county in played]


def _right(rng: np.random.Generator, people: People, places: Places, who: np.ndarray) -> pa.Table:
    """The people as they are, some without a phone."""
    phone = np.where(rng.random(len(who)) < NO_PHONE_RIGHT, None, people.phone[who].astype(str).astype(object))
    return _table("r", people.names[who], people.numbers[who], people.sex[who], yyyymmdd(people.birth[who]).astype(str).astype(object),
                  _placed(places, people.town[who], people.village[who]), phone)  # fmt: skip


def _left(rng: np.random.Generator, people: People, places: Places, who: np.ndarray) -> pa.Table:
    """Records of the people as departments write them."""
    count = len(who)
    names, numbers = _names(rng, people.names[who]), _broken(rng, people.numbers[who])
    sex = np.where(rng.random(count) < WRONG_SEX, 3 - people.sex[who], people.sex[who])
    town, village = _moved(rng, places, people, who)
    told = _placed(places, town, village)
    told["village"] = np.where(rng.random(count) < NO_VILLAGE, None, told["village"])
    nowhere = rng.random(count) < NO_TOWNSHIP
    told["township"], told["village"] = np.where(nowhere, None, told["township"]), np.where(nowhere, None, told["village"])
    phone = np.where(rng.random(count) < OTHER_PHONE, 18_000_000_000 + rng.integers(0, 900_000_000, count), people.phone[who])
    phone = np.where(rng.random(count) < NO_PHONE, None, phone.astype(str).astype(object))
    return _table("l", names, numbers, sex, _birth_dates(rng, people.birth[who]), told, phone)


def _names(rng: np.random.Generator, names: np.ndarray) -> np.ndarray:
    """Some misheard or misread; of dotted names half with another dot or none."""
    written = names.copy()
    dotted = np.array([SEPARATOR in name for name in names])
    chosen = rng.random(len(names)) < np.where(dotted, DOT_CHANGED, MISSPELT)
    draws = rng.random((len(names), 3))
    for row in np.flatnonzero(chosen):
        written[row] = misspell(names[row], draws[row])[0]
    return written


def _broken(rng: np.random.Generator, numbers: np.ndarray) -> np.ndarray:
    """Numbers that are missing, masked, mistyped or rounded; where a slip changes nothing (a number with X is not rounded) a digit is wrong."""
    weights = np.array(list(NUMBERS.values()))
    kinds = np.array(list(NUMBERS))[rng.choice(len(weights), len(numbers), p=weights / weights.sum())]
    draws = rng.random((len(numbers), 3))
    written: list[str | None] = []
    for number, kind, draw in zip(numbers, kinds, draws, strict=True):
        text = None if kind == "missing" else SPOIL[kind](number, draw)
        written.append(SPOIL["one_digit"](number, draw) if text == number else text)
    return np.array(written, object)


def _moved(rng: np.random.Generator, places: Places, people: People, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where people are said to live: some in another township of their county, a few anywhere."""
    sizes = np.array([len(townships) for _, townships, _ in places])
    first = (np.cumsum(sizes) - sizes)[people.county[who]]
    draw = rng.random(len(who))
    near = first + (rng.random(len(who)) * sizes[people.county[who]]).astype(int)
    far = rng.integers(0, sizes.sum(), len(who))
    town = np.select([draw < MOVED_FAR, draw < MOVED_FAR + MOVED], [far, near], people.town[who])
    village = np.where(town == people.town[who], people.village[who], rng.integers(0, 8, len(who)))
    return town, village


def _birth_dates(rng: np.random.Generator, birth: np.ndarray) -> np.ndarray:
    """Some missing; some wrong: a month later, day and month swapped where that is a date, or the first of January of the year."""
    true = yyyymmdd(birth)
    year, month, day = true // 10_000, true // 100 % 100, true % 100
    swapped = np.where(day <= 12, year * 10_000 + day * 100 + month, true // 10 * 10 + (true + 1) % 10)
    draw = rng.random(len(birth))
    third = WRONG_BIRTH_DATE / 3
    written = np.select([draw < third, draw < 2 * third, draw < 3 * third], [yyyymmdd(birth - 31), swapped, year * 10_000 + 101], true)
    return np.where(rng.random(len(birth)) < NO_BIRTH_DATE, None, written.astype(str).astype(object))


def _placed(places: Places, town: np.ndarray, village: np.ndarray) -> dict[str, np.ndarray]:
    county = np.array([code for code, townships, _ in places for _ in townships], object)
    township = np.array([name for _, townships, _ in places for name in townships], object)
    villages = np.array([of_town for _, _, of_county in places for of_town in of_county], object)
    return {"county": county[town], "township": township[town], "village": villages[town, village]}


def _table(
    side: str, names: np.ndarray, numbers: np.ndarray, sex: np.ndarray, birth_date: np.ndarray, place: Mapping[str, np.ndarray], phone: np.ndarray
) -> pa.Table:
    distinct = sorted(set(names))
    folded = dict(zip(distinct, fold_all(distinct), strict=True))
    readings = {name: " ".join(lazy_pinyin(text.replace(SEPARATOR, ""))) for name, text in folded.items()}
    columns = {
        ID: [f"{side}{row:07d}" for row in range(len(names))],
        "name": names,
        "reading": [readings[name] for name in names],
        "surname": [folded[name][0] for name in names],
        "sex": sex.astype(str),
        "birth_date": birth_date,
        **place,
        "phone": phone,
        "id_number": numbers,
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
