"""Which weighed pairs are links, which wait for people, and which records without a person belong together (identity.md, "Linking" 2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from pipelines.engine import Engine, staged
from pipelines.identity.appearances import Unnumbered
from pipelines.identity.candidates import ACCEPTED, CERTAIN, REVIEWED, RIVAL


@dataclass(frozen=True)
class Settled:
    """`links`: `id_l`, `id_r`, `weight`, `explained`, one row a record. `queue`: the same of pairs that people must decide, `id_l` being unlinked."""

    links: ir.Table
    queue: ir.Table


def settled(engine: Engine, pairs: ir.Table, left: Unnumbered) -> Settled:
    """A record's best pair is a link at `accept`, unless another person comes within a factor of ten in odds, or another record of its household's
    roster claims the person as well: the better one then, if it is so by that factor. Every other pair at `review` waits, but of linked records.
    """
    waiting = pairs.filter(pairs.weight >= REVIEWED)
    best_first = ibis.window(group_by="id_l", order_by=[ibis.desc("weight"), ibis.desc("id_r")])
    ranked = staged(waiting.mutate(place=ibis.row_number().over(best_first), next=waiting.weight.lead().over(best_first)))
    clear = (ranked.weight - ranked.next >= RIVAL).fill_null(True) | (ranked.weight == CERTAIN)
    best = ranked.filter((ranked.place == 0) & (ranked.weight >= ACCEPTED) & clear)
    rosters = left.households.filter(left.households.roster.notnull()).select("roster", id_l="id")
    claims = best.join(rosters, "id_l")
    by_roster = ibis.window(group_by=["roster", "id_r"], order_by=[ibis.desc("weight"), ibis.desc("id_l")])
    claims = staged(claims.mutate(place=ibis.row_number().over(by_roster), next=claims.weight.lead().over(by_roster)))
    lost = claims.filter((claims.place > 0) | (claims.weight - claims.next < RIVAL).fill_null(False)).select("id_l").distinct()
    links = engine.kept(best.anti_join(lost, "id_l").select("id_l", "id_r", "weight", "explained"))
    queue = waiting.anti_join(links, "id_l").filter(ibis._.weight < CERTAIN).select("id_l", "id_r", "weight", "explained", "decision")
    return Settled(links, engine.kept(queue))


@dataclass(frozen=True)
class Pair:
    """Two groups of records and the best weight of any pair of theirs; `one` comes later than `other`."""

    one: int
    other: int
    weight: int


def stars(pairs: Sequence[Pair], rosters: Mapping[int, frozenset[str]]) -> dict[int, int]:
    """Which group of records belongs to which earlier one: each to the centre that it is likest, and a centre to nobody.

    Groups are numbered downwards from -1 in the order in which they may be centres. No two of one roster come to one centre, and a group whose best
    two centres are within a factor of ten stays alone.
    """
    of_one: dict[int, list[Pair]] = {}
    for pair in pairs:
        of_one.setdefault(pair.one, []).append(pair)
    belongs: dict[int, int] = {}
    listed = {group: set(names) for group, names in rosters.items()}
    for group in sorted(of_one, reverse=True):
        found = [pair for pair in of_one[group] if pair.other not in belongs]
        found.sort(key=lambda pair: (-pair.weight, -pair.other))
        if not found or found[0].weight < ACCEPTED:
            continue
        if len(found) > 1 and found[0].weight - found[1].weight < RIVAL and found[0].weight < CERTAIN:
            continue
        centre = found[0].other
        if listed.get(centre, set()) & rosters.get(group, frozenset()):
            continue
        belongs[group] = centre
        listed.setdefault(centre, set()).update(rosters.get(group, frozenset()))
    return belongs
