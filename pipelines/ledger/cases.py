"""Cases: one household is one case, and households of different registers that share a living person are one (outputs.md, "Life of a flag")."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Tie(NamedTuple):
    """A flag and one thing that ties it to others: a person or a household, by its token. A flag has as many ties as it has such things."""

    flag_id: str
    county_code: str
    token: str
    is_household: bool


def case_ids(ties: Iterable[Tie]) -> dict[str, str]:
    """The case of every flag: flags of one county that are tied by persons or households, however long the chain.

    A case ends at the county, which is who acts. Its id is made of the smallest household token in it, else the smallest person token, so it stays
    while flags come and go.
    """
    groups = _Groups()
    flags: dict[str, str] = {}
    for tie in ties:
        node = f"{tie.county_code}{'h' if tie.is_household else 'p'}{tie.token}"
        if tie.flag_id in flags:
            groups.join(flags[tie.flag_id], node)
        else:
            flags[tie.flag_id] = groups.find(node)
    return {flag_id: _case_id(groups.find(node)) for flag_id, node in flags.items()}


def _case_id(smallest: str) -> str:
    return f"{smallest[:6]}-{smallest[7:19]}"


class _Groups:
    """Disjoint sets of nodes, each known by its smallest node; `h` sorts before `p`, so a household comes before any person."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, node: str) -> str:
        above = self._above
        while (parent := above.setdefault(node, node)) != node:
            above[node] = above[parent]
            node = parent
        return node

    def join(self, one: str, other: str) -> None:
        ends: Sequence[str] = sorted((self.find(one), self.find(other)))
        self._above[ends[1]] = ends[0]
