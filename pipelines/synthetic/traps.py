"""People whom linking by likeness must not take for one another: twins, father and son of like names, three people called 马小军 in one township."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipelines.synthetic.texts import Texts, put, take

TRAPS = ("", "twins", "father_and_son", "three_namesakes")
TRAP = {name: place for place, name in enumerate(TRAPS)}
COMMON = "马小军"
_TWINS, _LIKE_FATHERS = 0.2, 0.06  # of the pairs of brothers, and of the eldest sons
_NAMESAKES = 3
_FEWEST_MEN = 60  # in a township that has the namesakes
_LAST = list("军明平海强龙虎林山华福祥贵忠义云东江伟涛")


def choose_twins(rng: np.random.Generator, birth: np.ndarray, brothers: np.ndarray) -> np.ndarray:
    """Makes some of the `brothers` (row of the elder, row of the younger) twins, in `birth`; gives their rows in the same form."""
    chosen = brothers[rng.random(len(brothers)) < _TWINS]
    birth[chosen[:, 1]] = birth[chosen[:, 0]]
    return chosen


def plant_names(rng: np.random.Generator, names: Texts, twins: np.ndarray, sons: np.ndarray, townships: np.ndarray) -> tuple[Texts, np.ndarray]:
    """Names with the traps in them, and which trap each person stands in (place in TRAPS).

    `twins`: rows of brothers born on one day; `sons`: row of a father, row of his eldest son; `townships`: per person the township of men
    outside other traps, negative for everybody else. Twins and some sons are called as the brother or father with another last character.
    """
    trap = np.zeros(len(names), np.int8)
    trap[twins] = TRAP["twins"]
    likely = sons[(trap[sons] == 0).all(axis=1) & (rng.random(len(sons)) < _LIKE_FATHERS)]
    trap[likely] = TRAP["father_and_son"]
    pairs = np.concatenate([twins, likely])
    called: list[Any] = take(names, pairs[:, 0]).to_pylist()
    draws = rng.integers(0, len(_LAST) - 1, len(called))
    names = put(names, pairs[:, 1], [_next_to(name, draw) for name, draw in zip(called, draws, strict=True)])
    free = np.where(trap == 0, townships, -1)
    chosen = [rng.choice(rows, _NAMESAKES, replace=False) for rows in _by_township(free) if len(rows) >= _FEWEST_MEN]
    rows = np.concatenate([np.empty(0, np.int64), *chosen])
    trap[rows] = TRAP["three_namesakes"]
    return put(names, rows, [COMMON] * len(rows)), trap


def _by_township(townships: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(townships == place) for place in range(int(townships.max(initial=-1)) + 1)]


def _next_to(name: str, draw: int) -> str:
    """The name with another last character."""
    others = [character for character in _LAST if character != name[-1]]
    return name[:-1] + others[draw % len(others)]
