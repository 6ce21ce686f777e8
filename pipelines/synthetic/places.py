"""Counties in play, with townships and villages of invented names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

ORDER = (
    "640323",
    "640181",
    "640324",
    "640303",
    "640302",
    "640521",
    "640422",
    "640402",
    "640104",
    "640522",
    "640106",
    "640122",
    "640121",
    "640381",
    "640502",
    "640221",
    "640425",
    "640423",
    "640105",
    "640202",
    "640205",
    "640424",
)
"""A county and its neighbours first, then the others, so that a small province still has cross-county cases."""

_WEIGHTS = {
    "640104": 11.5,
    "640105": 5.5,
    "640106": 9.5,
    "640121": 4.5,
    "640122": 5.0,
    "640181": 4.2,
    "640202": 4.3,
    "640205": 2.8,
    "640221": 4.0,
    "640302": 6.5,
    "640303": 2.9,
    "640323": 2.3,
    "640324": 4.8,
    "640381": 3.7,
    "640402": 6.6,
    "640422": 4.8,
    "640423": 1.6,
    "640424": 1.2,
    "640425": 2.6,
    "640502": 5.6,
    "640521": 4.8,
    "640522": 4.3,
}
"""Rough shares of the population."""
_SOUTH = {"640324", "640303", "640402", "640422", "640423", "640424", "640425", "640522"}
_URBAN = {"640104": 0.95, "640105": 0.9, "640106": 0.92, "640202": 0.95, "640205": 0.75, "640302": 0.6, "640181": 0.5}
_MUSLIM = {"640324": 0.85, "640303": 0.6, "640422": 0.55, "640424": 0.75, "640522": 0.68, "640402": 0.45, "640302": 0.55}

_FIRST = "清柳沙石红杨白黑双高长新永兴金银玉泉羊鹿雁枣榆槐麦豆"
_SECOND = "泉湾沟桥滩井堡塬梁河岔川岭坪崖渠"
ELSEWHERE = (330212, 350582, 150602, 610825, 370282)
"""Counties of other provinces where migrants work or a second cover lies."""


@dataclass(frozen=True)
class County:
    """One county unit: its shares and the names of its townships, and of each township's villages."""

    code: int
    name: str
    weight: float
    south: bool
    urban_share: float
    muslim_share: float
    townships: tuple[str, ...]
    villages: tuple[tuple[str, ...], ...]


def counties(people: int, region: Mapping[str, str], seed: int) -> list[County]:
    """The counties that a number of people fills, from the policy's region (code -> name): four up to 60 000 people, all 22 from 330 000."""
    count = 4 if people < 60_000 else min(len(ORDER), max(4, people // 15_000))
    return [_county(code, region[code], seed) for code in ORDER[:count] if code in region]


def _county(code: str, name: str, seed: int) -> County:
    rng = np.random.default_rng([seed, int(code)])
    townships = max(5, min(14, int(_WEIGHTS[code] * 1.8)))
    stems = [first + second for first in _FIRST for second in _SECOND]
    chosen = [stems[place] for place in rng.choice(len(stems), townships * 9, replace=False)]
    kinds = ["镇", "乡", "街道"]
    names = tuple(chosen[place] + kinds[int(rng.choice(3, p=[0.6, 0.25, 0.15]))] for place in range(townships))
    villages = tuple(
        tuple(chosen[townships + town * 8 + place] + ("社区" if names[town].endswith("街道") else "村") for place in range(8))
        for town in range(townships)
    )
    return County(int(code), name, _WEIGHTS[code], code in _SOUTH, _URBAN.get(code, 0.3), _MUSLIM.get(code, 0.3), names, villages)
