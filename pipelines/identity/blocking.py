"""Which pairs are compared (identity.md, "Linking" 2).

A pair is compared when it shares any two of name reading, birth date, 14-character ID prefix, township + surname, phone and linked household; and
also when it shares the name reading and the last four characters of the number, or all of it but the 14th and 15th. A test holds this complete.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import ibis
import ibis.expr.types as ir

from pipelines.engine import Engine
from pipelines.identity.appearances import NUMBER_KEYS, Side, Unnumbered
from pipelines.identity.name_pairs import Names, one_apart_at_most

MOST_PAIRS = 200_000
"""The largest block, left people times right people, that is compared."""
_BUCKETS = 8191
MOST_MEMBERS = 60
"""The largest household whose members' other households count as linked: an institution's number links nobody."""
TOWN = ("county_code", "township", "surname")


@dataclass(frozen=True)
class Candidates:
    """`pairs`: `id_l`, `id_r`, distinct. `cut`: the same of blocks that were too large. `blocks`: how many pairs were cut by keys.

    `linked`: `id_l`, `id_r`, distinct: pairs that share a linked household. `placed`: `id_l` whose household has relatives who are known elsewhere.
    """

    pairs: ir.Table
    cut: ir.Table
    blocks: dict[str, int]
    linked: ir.Table
    placed: ir.Table


@dataclass(frozen=True)
class Block:
    """One equi-join: the people of both sides (`id` and the whole numbers of `on`, which they must share, distinct), a further condition on pairs,
    and how the rows of the left and of the right come by what it asks for.
    """

    name: str
    left: ir.Table
    right: ir.Table
    on: tuple[str, ...]
    also: Callable[[ir.Table], ir.BooleanValue] | None = None
    described: tuple[Callable[[ir.Table], ir.Table], Callable[[ir.Table], ir.Table]] | None = None


def candidates(
    engine: Engine, left: Unnumbered, right: Side, names: Names, relatives: Side, among: ir.Table | None = None, besides: ir.Table | None = None
) -> Candidates:
    """The pairs of `left` and `right` to compare, and `besides` (`id_l`, `id_r`) in any case.

    `relatives` are the people whose households link; `among` (`id`) keeps to some of `left`.
    """
    linked, placed = _linked_households(engine, left, right, relatives, among)
    keys = _keys(engine, left, right, names, among)
    blocks = _blocks(left, right, names, keys, among)
    large = _too_large(engine, blocks)
    parts, cuts = [linked], []
    if besides is not None:
        asked = besides.select("id_l", "id_r")
        parts.append(asked if among is None else asked.semi_join(among, [("id_l", "id")]))
    for block in blocks:
        rows = block.left
        if block.name in large:
            cuts.append(_joined(block, rows.semi_join(large[block.name], list(block.on))))
            rows = rows.anti_join(large[block.name], list(block.on))
        parts.append(_joined(block, rows))
    pairs = engine.kept(_union(parts).distinct() if len(parts) > 1 else linked)  # not a union of distinct rows, which would sort out each in turn
    cut = engine.kept(_union(cuts).distinct().anti_join(pairs, ["id_l", "id_r"])) if cuts else linked.limit(0)
    counts = {name: int(engine.arrow(keys.aggregate(pairs=keys.pairs.sum()))["pairs"][0].as_py()) for name, keys in large.items()}
    engine.forget(*(table for both in keys.values() for table in both), *large.values())
    return Candidates(pairs, cut, counts, linked, placed)


def _union(parts: list[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)


def _joined(block: Block, rows: ir.Table) -> ir.Table:
    left, right = rows, block.right
    if block.described is not None:
        left, right = block.described[0](left), block.described[1](right)
    left, right = (
        side.rename({f"{name}_{mark}": name for name in side.columns if name not in block.on}) for side, mark in ((left, "l"), (right, "r"))
    )
    pairs = left.join(right, list(block.on))
    if block.also is not None:
        pairs = pairs.filter(block.also(pairs))
    return pairs.select("id_l", "id_r")


def _too_large(engine: Engine, blocks: list[Block]) -> dict[str, ir.Table]:
    """By block the keys whose left people times right people pass the bound, with `pairs`; blocks without any are left out.

    Keys are first counted in buckets: a key has no more people than its bucket, so that few blocks, if any, must be counted key by key.
    """
    if not blocks:
        return {}
    left, right = (_union(parts) for parts in ([_buckets(one, one.left) for one in blocks], [_buckets(one, one.right) for one in blocks]))
    both = left.join(right, ["block", "bucket"])
    full = both.filter(both.people * both.people_right > MOST_PAIRS).select("block").distinct()
    names = {row["block"] for row in engine.arrow(full).to_pylist()}
    found = {block.name: engine.kept(_large_keys(block)) for block in blocks if block.name in names}
    return {name: keys for name, keys in found.items() if engine.arrow(keys.limit(1)).num_rows}


def _buckets(block: Block, rows: ir.Table) -> ir.Table:
    """How many people have keys of each bucket: `block`, `bucket`, `people`."""
    bucket = sum((rows[name] % _BUCKETS * (place + 1) for place, name in enumerate(block.on)), start=ibis.literal(0, "int64")) % _BUCKETS
    return rows.group_by(bucket=bucket).agg(people=ibis._.count()).mutate(block=ibis.literal(block.name))


def _large_keys(block: Block) -> ir.Table:
    on = list(block.on)
    left = block.left.group_by(on).agg(left_people=ibis._.count())
    right = block.right.group_by(on).agg(right_people=ibis._.count())
    sized = left.join(right, on)
    sized = sized.mutate(pairs=sized.left_people * sized.right_people)
    return sized.filter(sized.pairs > MOST_PAIRS).select(*on, "pairs")


def _keys(engine: Engine, left: Unnumbered, right: Side, names: Names, among: ir.Table | None) -> dict[str, tuple[ir.Table, ir.Table]]:
    """The people of both sides by name, town and phone of the left, each a whole number: `id` and the key, distinct.

    Names stand for their readings: somebody on the left has every name on the right that reads as his own.
    """
    reading = _spelt(_chosen(left.names, among), names).join(names.same_reading, [("no", "no_l")])
    read = _spelt(right.names, names).semi_join(names.same_reading, [("no", "no_r")])
    keys = {"name": (reading.select("id", name="no_r"), read.select("id", name="no"))}
    for key, one, other, columns in (("town", left.towns, right.towns, TOWN), ("phone", left.phones, right.phones, ("phone",))):
        own = _chosen(one, among).select("id", **{f"_{name}": name for name in columns})
        known = [f"_{name}" for name in columns]
        numbered = own.select(*known).distinct().mutate(**{key: ibis.row_number().over(order_by=known)})
        numbered = engine.kept(numbered)
        theirs = other.select("id", **{f"_{name}": name for name in columns})
        keys[key] = (own.join(numbered, known).select("id", key), theirs.join(numbered, known).select("id", key).distinct())
    return {key: (engine.kept(one), engine.kept(other)) for key, (one, other) in keys.items()}


def _spelt(named: ir.Table, names: Names) -> ir.Table:
    """People with the numbers of their names: `id`, `no`, distinct."""
    return named.join(names.letters.select("no", "name"), "name").select("id", "no").distinct()


def _chosen(table: ir.Table, among: ir.Table | None) -> ir.Table:
    return table if among is None else table.semi_join(among, "id")


def _blocks(
    left: Unnumbered, right: Side, names: Names, keys: dict[str, tuple[ir.Table, ir.Table]], among: ir.Table | None
) -> list[Block]:  # fmt: skip
    """One join for every two keys, but those with the linked household, of which all pairs are compared.

    Whoever shares the 14-character prefix shares the date in it, so only the prefix with the date stands beside the joins by date.
    """
    pairs = [
        *(_numbers(f"name+{key}", left, right, keys["name"], key) for key in ("date", "tail", "span")),
        *(_both(one, other, keys) for one, other in (("name", "town"), ("name", "phone"), ("town", "phone"))),
        *(_numbers(f"{other}+date", left, right, keys[other], "date") for other in ("town", "phone")),
        _by_prefix(left, right, names, among),
    ]
    return [block for block in pairs if left.given.issuperset(block.name.split("+"))]


def _both(one: str, other: str, keys: dict[str, tuple[ir.Table, ir.Table]]) -> Block:
    left, right = (keys[one][side].join(keys[other][side], "id").select("id", one, other) for side in (0, 1))
    return Block(f"{one}+{other}", left, right, (one, other))


def _numbers(name: str, left: Side, right: Side, known: tuple[ir.Table, ir.Table], key: str) -> Block:
    on = (*(column for column in known[0].columns if column != "id"), *NUMBER_KEYS[key])
    return Block(name, left.with_key(known[0], key).select("id", *on), right.with_key(known[1], key).select("id", *on), on)


def _by_prefix(left: Unnumbered, right: Side, names: Names, among: ir.Table | None) -> Block:
    """Equal first 14 characters, and so the date. Where one address code serves a whole province that is nearly everyone born on a day, so of these
    only pairs whose names or last characters have something in common are compared: the rest agree in nothing but the date.
    """
    one, other = _spelt(_chosen(left.names, among), names), _spelt(right.names, names)
    described = partial(_described, left, names), partial(_described, right, names)
    return Block("prefix+date", left.with_key(one, "prefix"), right.with_key(other, "prefix"), ("prefix",), _in_common, described)


def _described(side: Side, names: Names, rows: ir.Table) -> ir.Table:
    """Rows (`id`, `no`, `prefix`) with the ends of their names and the last characters of their numbers."""
    known = rows.join(names.letters.drop("name", "letters"), "no").drop("no")
    known = side.with_key(known, "tail", optional=True)
    sequence = known.tail // 11
    digits = {"hundreds": sequence // 100, "tens": sequence // 10 % 10, "ones": sequence % 10, "check": known.tail % 11}
    return known.mutate({name: value.cast("int16") for name, value in digits.items()}).drop("tail")


def _in_common(pairs: ir.Table) -> ir.BooleanValue:
    """Whether names can be one character apart, or numbers two edits: of their last four characters two agree, or one number has none to compare."""
    def same(name: str) -> ir.BooleanValue:
        return pairs[f"{name}_l"] == pairs[f"{name}_r"]

    def letter(name: str) -> ir.BooleanValue:
        return same(name) | pairs.wild_l | pairs.wild_r

    names = one_apart_at_most(letter, pairs.short_l & pairs.short_r)
    equal = sum((same(name).cast("int8") for name in ("tens", "ones", "check")), same("hundreds").cast("int8"))
    return names | (equal >= 2).fill_null(True)


def _linked_households(engine: Engine, left: Unnumbered, right: Side, relatives: Side, among: ir.Table | None) -> tuple[ir.Table, ir.Table]:
    """Pairs of which the right lives in a household with a relative of the left: somebody listed with the left in any dataset."""
    homes = relatives.households.select("id", "household").distinct()
    crowded = homes.group_by("household").agg(members=ibis._.count()).filter(ibis._.members > MOST_MEMBERS)
    homes = homes.anti_join(crowded, "household")
    own = left.households if among is None else left.households.semi_join(among, "id")
    with_whom = own.select("id", "household").join(homes.rename(relative="id"), "household").filter(ibis._.relative != ibis._.id)
    linked = with_whom.select("id", "relative").distinct().join(homes, with_whom.relative == homes.id)
    linked = linked.select("id", "household").distinct()
    placed = engine.kept(linked.select(id_l="id").distinct())
    everyone = right.households.select("id", "household").distinct().anti_join(crowded, "household")
    pairs = linked.rename(id_l="id").join(everyone.rename(id_r="id"), "household").select("id_l", "id_r").distinct()
    return engine.kept(pairs), placed
