"""Names compared by the engine agree with names compared one by one."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pyarrow as pa
import pytest

from pipelines.engine import Engine, open_engine
from pipelines.identity.name_pairs import Names
from pipelines.identity.names import LEVELS, agreement

LETTERS = "马麻小晓军君长张重乐?□·勉免龙隆A"


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    opened = open_engine(threads=1)
    yield opened
    opened.close()


def _name(rng: random.Random) -> str:
    return "".join(rng.choice(LETTERS) for _ in range(rng.choice((1, 2, 2, 3, 3, 3, 4, 5, 9, 10))))


def _slip(rng: random.Random, name: str) -> str:
    letters = list(name)
    at = rng.randrange(len(letters))
    letters[at : at + 1] = rng.choice(([], [rng.choice(LETTERS)], [letters[at], rng.choice(LETTERS)]))
    return "".join(letters) or "马"


def levels(engine: Engine, left: list[str], right: list[str]) -> dict[tuple[str, str], str]:
    names = Names(engine, left, right)
    numbers = {row["name"]: row["no"] for row in engine.arrow(names.letters.select("no", "name")).to_pylist()}
    every = {(numbers[one], numbers[other]): (one, other) for one in left for other in right}
    pairs = pa.table({side: pa.array([pair[place] for pair in every], pa.int32()) for place, side in enumerate(("no_l", "no_r"))})
    rows = engine.arrow(names.levels(engine.table(pairs))).to_pylist()
    return {every[row["no_l"], row["no_r"]]: LEVELS[row["level"] - 1] for row in rows}


@pytest.mark.parametrize("seed", range(3))
def test_every_pair_has_the_level_that_single_names_have(engine, seed) -> None:
    rng = random.Random(seed)
    left = sorted({_name(rng) for _ in range(60)})
    right = sorted({*left[:20], *(_slip(rng, name) for name in left), *(_name(rng) for _ in range(40))})
    found = levels(engine, left, right)
    assert found == {(one, other): agreement(one, other) for one in left for other in right}


def test_wildcards_of_both_sides_meet(engine) -> None:
    found = levels(engine, ["马?军", "马小军"], ["?小军", "马大军", "马小军"])
    assert found["马?军", "?小军"] == "same_reading"
    assert found["马?军", "马大军"] == "same_reading"
    assert found["马小军", "马大军"] == "one_character"


def test_long_names_are_compared_to_their_end(engine) -> None:
    found = levels(engine, ["阿不都热合曼买买提军"], ["阿不都热合曼买买提君", "阿不都热合曼买买提强"])
    assert list(found.values()) == ["same_reading", "one_character"]
