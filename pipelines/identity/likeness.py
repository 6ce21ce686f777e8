"""What two people's records have in common: the comparisons of identity.md, "Linking" 2, on the pairs that blocking gives.

A record is compared with everything that is known of a person: of several names, places and phones the best counts.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

import ibis
import ibis.expr.types as ir

from pipelines.engine import Engine, staged
from pipelines.identity.appearances import Side, Unnumbered
from pipelines.identity.blocking import Candidates
from pipelines.identity.comparison import Comparison, Level, compare, either_missing, equal
from pipelines.identity.name_pairs import Names
from pipelines.identity.names import LEVELS as NAME_LEVELS
from pipelines.identity.shown import FEWEST_READABLE, FEWEST_VISIBLE

READS_ALIKE = NAME_LEVELS.index("same_reading") + 1
_NAMES = 2**32  # more than there are
_ROUNDED_BY = 51  # in tens: rounded to hundreds or thousands


def _name_level(level: int) -> Level:
    return Level(NAME_LEVELS[level - 1], lambda pairs: pairs.name_level == level)


def _neighbours_swapped(pairs: ir.Table) -> ir.BooleanValue:
    """Two neighbouring characters have changed places, nothing else. A number changes by a multiple of nine then, or in its last two characters.

    An engine looks at places only where these conditions, first in their cases, hold.
    """
    one, other = pairs.number_l, pairs.number_r
    swapped = [
        one == other.substr(0, at).concat(other.substr(at + 1, 1), other.substr(at, 1), other.substr(at + 2)) for at in range(17)
    ]  # fmt: skip
    whole = (pairs.edits == 2) & (one.length() == 18) & (other.length() == 18)
    inside = ibis.cases((whole & ((pairs.body_l - pairs.body_r) % 9 == 0), reduce(or_, swapped[:-1])), else_=False)
    return inside | ibis.cases((whole, swapped[-1]), else_=False)


def _rounded(pairs: ir.Table) -> ir.BooleanValue:
    """The left is what a spreadsheet's rounding, which may carry over into the 15 characters, makes of the right."""
    apart = pairs.rounded_l - pairs.body_r
    return (apart > -_ROUNDED_BY) & (apart < _ROUNDED_BY)


def _day_and_month_swapped(pairs: ir.Table) -> ir.BooleanValue:
    one, other = pairs.birth_date_l, pairs.birth_date_r
    return (one.substr(0, 4) == other.substr(0, 4)) & (one.substr(4, 2) == other.substr(6, 2)) & (one.substr(6, 2) == other.substr(4, 2))


def _one_digit_off(pairs: ir.Table) -> ir.BooleanValue:
    return pairs.birth_date_l.levenshtein(pairs.birth_date_r) == 1


OF_NUMBERS: tuple[Comparison, ...] = (
    Comparison(
        "id_number",
        lambda pairs: ~pairs.readable,
        [
            Level("one_edit", lambda pairs: pairs.edits <= 1),
            Level("neighbours_swapped", _neighbours_swapped),
            Level("two_edits", lambda pairs: pairs.edits == 2),
            Level("first_15", lambda pairs: equal("first")(pairs) | _rounded(pairs)),
            Level("visible", lambda pairs: pairs.visible & pairs.much_visible),
            Level("visible_few", lambda pairs: pairs.visible),
            Level("birth_date", equal("told")),
        ],
    ),
    Comparison(
        "birth_date",
        lambda pairs: either_missing("birth_date")(pairs) | (pairs.readable & equal("told")(pairs).fill_null(False)),
        [
            Level("equal", equal("birth_date")),
            Level("day_month_swapped", _day_and_month_swapped),
            Level("one_digit", _one_digit_off),
            Level("year", lambda pairs: pairs.birth_date_l.substr(0, 4) == pairs.birth_date_r.substr(0, 4)),
        ],
    ),
    Comparison("sex", either_missing("sex"), [Level("equal", equal("sex"))]),
)
OF_SURROUNDINGS: tuple[Comparison, ...] = (
    Comparison("name", lambda pairs: pairs.name_level.isnull(), [_name_level(level) for level in range(1, len(NAME_LEVELS))]),
    Comparison(
        "place",
        lambda pairs: pairs.same_county.isnull(),
        [
            Level("village", lambda pairs: pairs.same_village),
            Level("township", lambda pairs: pairs.same_township),
            Level("county", lambda pairs: pairs.same_county & pairs.same_township.isnull()),
            Level("other_township", lambda pairs: pairs.same_county),
        ],
    ),
    Comparison("phone", lambda pairs: pairs.same_phone.isnull(), [Level("equal", lambda pairs: pairs.same_phone)]),
    Comparison("household", lambda pairs: pairs.linked.isnull(), [Level("linked", lambda pairs: pairs.linked)]),
)
COMPARISONS: tuple[Comparison, ...] = (OF_SURROUNDINGS[0], *OF_NUMBERS, *OF_SURROUNDINGS[1:])
"""`id_number` compares all that a broken number still says, `birth_date` the column alone, and only where the number does not tell the date: people
born on one day share it in both, so that it would count twice.
`place`: other_township is the same county with other townships; different is another county."""


HOME, APART = "home", "apart"
"""The strata. Of pairs at home (they share a phone or a linked household) those who are not one person are relatives, alike in all but name, birth
date, sex and number; of pairs apart they are namesakes. Within each what agrees is as good as independent, which the model takes for granted."""


def compared(engine: Engine, left: Unnumbered, right: Side, names: Names, candidates: Candidates) -> ir.Table:
    """The candidate pairs with a level per comparison.

    Gives `id_l`, `id_r`, `name_r` (the right's name that agrees best), `stratum`, and one column a comparison.
    """
    said = engine.kept(_surroundings(engine, left, right, names, candidates.pairs))
    name = names.letters.select("no", name_r="name")
    known = said.left_join(name, "no").drop("no", "no_right")
    known = known.left_join(candidates.linked.mutate(is_linked=ibis.literal(True)), ["id_l", "id_r"]).drop("id_l_right", "id_r_right")
    placed = candidates.placed.mutate(has_relatives=ibis.literal(True))
    known = known.left_join(placed, "id_l").drop("id_l_right")
    housed = right.households.select(id_r="id").distinct().mutate(housed=ibis.literal(True))
    known = known.left_join(housed, "id_r").drop("id_r_right")
    elsewhere = ibis.cases((known.has_relatives & known.housed, ibis.literal(False)))
    linked = ibis.ifelse(known.is_linked.fill_null(False), True, elsewhere)
    known = known.mutate(linked=linked).drop("is_linked", "has_relatives", "housed")
    known = staged(_with_numbers(left, right, known))
    at_home = known.same_phone.fill_null(False) | known.linked.fill_null(False)
    levels = compare(known.mutate(stratum=ibis.ifelse(at_home, HOME, APART)), COMPARISONS)
    return engine.kept(levels.select("id_l", "id_r", "name_r", "stratum", *(comparison.name for comparison in COMPARISONS)))


def _with_numbers(left: Unnumbered, right: Side, known: ir.Table) -> ir.Table:
    """What is known of the pairs, with what their numbers, birth dates and sexes say."""
    both = staged(right.with_shown(left.with_shown(known, "l"), "r"))
    masked = both.head_l.notnull() | both.head_r.notnull()
    legible = both.readable_l & both.readable_r
    seen = ibis.ifelse(both.head_l.notnull(), _seen(both, "l", "r"), _seen(both, "r", "l"))
    head, tail = ibis.coalesce(both.head_l, both.head_r), ibis.coalesce(both.tail_l, both.tail_r)
    return both.mutate(
        readable=legible,
        edits=ibis.cases((legible & ~masked, both.number_l.levenshtein(both.number_r))),
        visible=ibis.cases((masked, seen), else_=False),
        much_visible=(tail >= FEWEST_VISIBLE) | (head >= FEWEST_READABLE),
    )


def _seen(pairs: ir.Table, masked: str, under: str) -> ir.BooleanValue:
    """Whether what a masked number shows is what the other has there."""
    mask, number = pairs[f"number_{masked}"], pairs[f"number_{under}"]
    head, tail = pairs[f"head_{masked}"], pairs[f"tail_{masked}"]
    return (number.substr(0, head) == mask.substr(0, head)) & (number.right(tail) == mask.right(tail))


def _surroundings(engine: Engine, left: Unnumbered, right: Side, names: Names, pairs: ir.Table) -> ir.Table:
    """What names, places and phones of every pair say, null where one side says nothing: `no` and `name_level` of the right's name that agrees best,
    `same_county`, `same_township`, `same_village` and `same_phone`, whether any of the right's is the left's.
    """
    parts = (pairs, _names(engine, left, right, names, pairs), _places(left, right, pairs), _phones(left, right, pairs))
    marks = {"best": "int64", "same_county": "boolean", "same_township": "boolean", "same_village": "boolean", "same_phone": "boolean"}
    said = [part.select("id_l", "id_r", **{name: part[name] if name in part.columns else ibis.null(kind) for name, kind in marks.items()})
            for part in parts]  # fmt: skip
    every = ibis.union(*said)
    any_of = {name: every[name].any() for name in marks if name != "best"}
    found = staged(every.group_by("id_l", "id_r").agg(best=every.best.min(), **any_of))
    number = (found.best % _NAMES).cast("int32")
    return found.mutate(no=number, name_level=((found.best - number) / _NAMES).cast("int8")).drop("best")


def _names(engine: Engine, left: Unnumbered, right: Side, names: Names, pairs: ir.Table) -> ir.Table:
    """Pairs with every name of the right: `best`, its level with its number (the least is the best, and of several the first), and `same_county`."""
    spelt = names.letters.select("no", "name")
    one = left.names.join(spelt, "name").select(id_l="id", no_l="no", county_l="county_code")
    other = right.names.join(spelt, "name").select(id_r="id", no_r="no", county_r="county_code")
    both = pairs.join(one, "id_l").join(other, "id_r")
    both = engine.kept(both.select("id_l", "id_r", "no_l", "no_r", same_county=both.county_l == both.county_r))
    levels = engine.kept(names.levels(both.select("no_l", "no_r").distinct()))
    known = both.join(levels, ["no_l", "no_r"])
    return known.mutate(best=known.level.cast("int64") * _NAMES + known.no_r)


def _places(left: Unnumbered, right: Side, pairs: ir.Table) -> ir.Table:
    """Pairs with every address of the right: whether it is in the left's township, and village. Those without an address on one side are left out."""
    one, other = ({f"{name}_{side}": name for name in ("id", "county_code", "township", "village")} for side in ("l", "r"))
    both = pairs.join(left.towns.drop("surname").rename(one), "id_l").join(right.towns.drop("surname").rename(other), "id_r")
    township = (both.county_code_l == both.county_code_r) & (both.township_l == both.township_r)
    return both.mutate(same_township=township, same_village=township & (both.village_l == both.village_r).fill_null(False))


def _phones(left: Unnumbered, right: Side, pairs: ir.Table) -> ir.Table:
    """Pairs with every phone of the right, and whether it is the left's."""
    one, other = left.phones.rename(id_l="id", phone_l="phone"), right.phones.rename(id_r="id", phone_r="phone")
    both = pairs.join(one, "id_l").join(other, "id_r")
    return both.mutate(same_phone=both.phone_l == both.phone_r)
