"""Which names read alike and how far two names agree, for whole tables of names (identity.md, "Names").

Folding and readings are prepared per distinct name, outside the engine; names are compared by the engine, by character position. A test holds both
to `names.agreement`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice, product

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from pipelines.engine import Engine, staged
from pipelines.identity.appearances import Side
from pipelines.identity.names import ANY_READING, SEPARATOR, WILDCARDS, fold_all, read_alike, readings_of

WILDCARD = "?"
_KEYED = 8  # longer names are keyed by their first letters and compared in full outside the engine
_MOST_KEYS = 4096
_ENDS = ("first", "second", "last_but_one", "last")
_TYPES: dict[str, pa.DataType] = {**dict.fromkeys(("no", *_ENDS), pa.int32()), "short": pa.bool_(), "wild": pa.bool_()}
_LETTERS = pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in ("no", "name", "letters", *_ENDS, "short", "wild")])
_KEYS = pa.schema([pa.field(name, _TYPES.get(name, pa.string())) for name in ("no", "key", "own", "mask")])
_PAIRS = pa.schema([("no_l", pa.int32()), ("no_r", pa.int32())])


class Names:
    """The distinct names of both sides of a linkage, numbered in their order (`no`, int32), with what folding and readings say of them.

    `letters`: `no`, `name`, `letters` (folded, without separators, every wildcard as `?`), one row a name of either side, with `first`, `second`,
    `last_but_one`, `last` (code points), `short` (two letters or fewer) and `wild` (has a wildcard).
    `same_reading`: `no_l`, `no_r`: every name of the left side with every name of the right side that reads alike, itself included.
    """

    def __init__(self, engine: Engine, left: Sequence[str], right: Sequence[str]) -> None:
        every = sorted({*left, *right})
        letters = letters_of(every)
        self._longest = max(map(len, letters), default=0)
        rows = [(no, name, text, *_ends(text)) for no, (name, text) in enumerate(zip(every, letters, strict=True))]
        self.letters = engine.kept(engine.table(_table(rows, _LETTERS)))
        masks, number = _masks(letters), {name: no for no, name in enumerate(every)}
        keys = [engine.table(_keyed(sorted(number[name] for name in set(names)), letters, masks)) for names in (left, right)]
        self.same_reading = engine.kept(_same_reading(engine, keys[0], keys[1], letters))

    def levels(self, pairs: ir.Table) -> ir.Table:
        """`pairs` (`no_l`, `no_r`, distinct) with `level`: the index of what they reach in `names.LEVELS`, from 1 (exact) to 5 (different)."""
        letters = self.letters
        known = pairs.join(letters.rename({f"{name}_l": name for name in letters.columns}), "no_l")
        known = known.join(letters.rename({f"{name}_r": name for name in letters.columns}), "no_r")
        alike = self.same_reading.mutate(alike=ibis.literal(True))
        known = staged(known.left_join(alike, ["no_l", "no_r"]).drop("no_l_right", "no_r_right"))
        return known.select("no_l", "no_r", level=self._level(known))

    def _level(self, pairs: ir.Table) -> ir.IntegerValue:
        left, right = pairs.letters_l, pairs.letters_r
        plain = ~pairs.wild_l & ~pairs.wild_r
        ends = one_apart_at_most(lambda end: (pairs[f"{end}_l"] == pairs[f"{end}_r"]) | ~plain, pairs.short_l & pairs.short_r)
        return ibis.cases(
            (plain & (pairs.no_l == pairs.no_r), 1),
            (plain & (left == right), 2),
            (pairs.alike.fill_null(False), 3),
            (~ends, 5),
            (self._one_character_apart(left, right), 4),
            else_=5,
        ).cast("int8")

    def _one_character_apart(self, left: ir.StringValue, right: ir.StringValue) -> ir.BooleanValue:
        """Same length of two or more and one position differs, or one character dropped from three or more."""
        same = (left.length() == right.length()) & (left.length() >= 2)
        differing = _flags([(left, index, right, index) for index in range(self._longest)])
        swapped = same & (differing.replace("1", "").length() == 1)
        longer = ibis.ifelse(left.length() > right.length(), left, right)
        shorter = ibis.ifelse(left.length() > right.length(), right, left)
        short = shorter.length()
        # The first letters agree up to where one was dropped, and from there each with the one after it
        before = _run([(longer, index, shorter, index) for index in range(self._longest)])
        after = _run([(longer, index + 1, shorter, index) for index in range(self._longest)], short)
        dropped = (short >= 2) & (longer.length() == short + 1) & (before + after >= short)
        return swapped | dropped


def names_of_both(engine: Engine, left: Side, right: Side) -> Names:
    """The names of two sides."""
    one, other = ([str(name) for name in engine.arrow(side.names.select("name").distinct())["name"].to_pylist()] for side in (left, right))
    return Names(engine, one, other)


def letters_of(names: Sequence[str]) -> list[str]:
    """The letters of names as they are compared: folded, without separators, every wildcard as `?`."""
    return [WILDCARDS.sub(WILDCARD, name.replace(SEPARATOR, "")) for name in fold_all(names)]


def one_apart_at_most(same: Callable[[str], ir.BooleanValue], short: ir.BooleanValue) -> ir.BooleanValue:
    """What names at most one character apart have in common: two of their first, second, last but one and last letters; of short ones one is enough.

    `same` says whether the letters at one of these ends agree. Cheap, so that only few pairs need a closer look.
    """
    first, last = same("first"), same("last")
    return (first & (last | same("second"))) | (last & same("last_but_one")) | (short & (first | last))


def _ends(letters: str) -> tuple[int, int, int, int, bool, bool]:
    """First, second, last but one and last letter as code points, -1 for none; whether the name is short; whether it has a wildcard."""
    first, second, last_but_one, last = (ord(text) if text else -1 for text in (letters[:1], letters[1:2], letters[-2:-1], letters[-1:]))
    return first, second, last_but_one, last, len(letters) <= 2, WILDCARD in letters


def _alike(one: ir.StringValue, other: ir.StringValue) -> ir.BooleanValue:
    return (one == other) | (one == WILDCARD) | (other == WILDCARD)


def _flags(places: Iterable[tuple[ir.StringValue, int, ir.StringValue, int]]) -> ir.StringValue:
    """One character a place, `1` where both letters agree (a wildcard agrees with all), else `0`; past both ends they agree."""
    marks: list[ir.StringValue] = []
    for one, at, other, there in places:
        marks.append(ibis.ifelse(_alike(one.substr(at, 1), other.substr(there, 1)), "1", "0"))
    return marks[0].concat(*marks[1:]) if len(marks) > 1 else marks[0]


def _run(places: list[tuple[ir.StringValue, int, ir.StringValue, int]], until: ir.IntegerValue | None = None) -> ir.IntegerValue:
    """How many letters agree without a break: from the first on, or, with `until`, back from the letter before that position."""
    flags = _flags(places)
    if until is None:
        return flags.concat("0").find("0")
    return flags.substr(0, until).reverse().concat("0").find("0")


def _masks(letters: Iterable[str]) -> dict[int, list[frozenset[int]]]:
    """Per length of name, the sets of positions that the wildcards of two names together can cover, where there are any."""
    found: dict[int, set[frozenset[int]]] = {}
    for name in letters:
        if WILDCARD in name:
            found.setdefault(len(name), set()).add(_wild(name))
    return {length: sorted({one | other for one in masks for other in masks}, key=sorted) for length, masks in found.items()}


def _wild(letters: str) -> frozenset[int]:
    return frozenset(position for position, letter in enumerate(letters) if letter == WILDCARD)


def _keyed(names: Sequence[int], letters: Sequence[str], masks: dict[int, list[frozenset[int]]]) -> pa.Table:
    """Names, by number, with their reading keys. `own` names the positions of the name's wildcards, `mask` those that the key leaves out."""
    rows: list[tuple[object, ...]] = []
    for name in names:
        text = letters[name]
        own = _wild(text) if WILDCARD in text else frozenset()
        options = [sorted(readings_of(letter)) for letter in text[:_KEYED]]
        for mask in [own, *(more for more in masks.get(len(text), []) if own < more)]:
            shown = [[ANY_READING] if position in mask else readings for position, readings in enumerate(options)]
            rows += [(name, f"{len(text)}/{'/'.join(key)}", _positions(own), _positions(mask)) for key in islice(product(*shown), _MOST_KEYS)]
    return _table(rows, _KEYS)


def _positions(mask: frozenset[int]) -> str:
    return "".join(f"{position}," for position in sorted(mask))


def _same_reading(engine: Engine, left: ir.Table, right: ir.Table, letters: Sequence[str]) -> ir.Table:
    """Pairs that share a key which leaves out the wildcards of both and nothing else."""
    plain = left.filter(left.mask == "").join(right.filter(right.mask == ""), "key").select(no_l="no", no_r="no_right")
    other = right.rename(no_r="no", own_r="own")
    some = staged(left.join(other, ["key", "mask"]).filter(left.mask != "", (left.own != "") | (other.own_r != "")))
    masked = engine.arrow(some.select(no_l="no", no_r="no_r", own="own", own_r="own_r", mask="mask").distinct()).to_pylist()
    fitting = [(row["no_l"], row["no_r"]) for row in masked if _union(row["own"], row["own_r"]) == row["mask"]]
    added = engine.table(_table(fitting, _PAIRS))
    pairs = plain.union(added).distinct()
    if max(map(len, letters), default=0) <= _KEYED:
        return pairs
    return pairs.anti_join(engine.table(_reading_differently(engine, pairs, letters)), ["no_l", "no_r"])


def _union(one: str, other: str) -> str:
    return _positions(frozenset(int(position) for position in f"{one}{other}".split(",") if position))


def _reading_differently(engine: Engine, pairs: ir.Table, letters: Sequence[str]) -> pa.Table:
    """Of the pairs of names too long to be keyed in full those that do not read alike."""
    long = [no for no, text in enumerate(letters) if len(text) > _KEYED]
    rows = engine.arrow(pairs.semi_join(engine.table(pa.table({"no_l": pa.array(long, pa.int32())})), "no_l")).to_pylist()
    wrong = [(row["no_l"], row["no_r"]) for row in rows if not all(map(read_alike, letters[row["no_l"]], letters[row["no_r"]]))]
    return _table(wrong, _PAIRS)


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)
