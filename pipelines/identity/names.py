"""Names: folding for comparison, readings, and how far two names agree (identity.md, "Names").

All of it runs over distinct names, outside the engine, and joins back as a table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

import ibis
import ibis.expr.types as ir
import opencc
import pyarrow as pa
from pypinyin import Style, pinyin

LEVELS = ("exact", "folded", "same_reading", "one_character", "different")
SEPARATOR = "·"
ANY_READING = "*"

_HAN = "々〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff"
_SEPARATORS = re.compile(f"(?<=[{_HAN}])[·•‧∙⋅●・･．.。﹒]+(?=[{_HAN}])")
# What departments write where a character is missing from their fonts: question marks, boxes, private-use code points
WILDCARDS = re.compile("[?□\ue000-\uf8ff\U000f0000-\U0010fffd]")
_BATCH = 100_000


def fold(name: str) -> str:
    """A name as it is compared: NFKC, without blanks, `·` for every separator between Han characters, simplified characters."""
    return fold_all([name])[0]


def fold_all(names: Sequence[str]) -> list[str]:
    """`fold` of many names at once."""
    if not names:
        return []
    lines = "\n".join("".join(unicodedata.normalize("NFKC", name).split()) for name in names)
    simplified: str = _simplifier().convert(_SEPARATORS.sub(SEPARATOR, lines))
    return simplified.split("\n")


def changed_names(rows: ir.Table) -> pa.Table:
    """`name`, `folded`: the distinct names of `rows` that folding changes, which are few. Reads the names at once."""
    given: list[str] = []
    folded: list[str] = []
    for batch in rows.select("name").distinct().to_pyarrow_batches(chunk_size=_BATCH):
        names = [name for name in batch.column("name").to_pylist() if name is not None]
        changed = [(name, new) for name, new in zip(names, fold_all(names), strict=True) if name != new]
        given += [name for name, _ in changed]
        folded += [new for _, new in changed]
    return pa.table({"name": pa.array(given, pa.string()), "folded": pa.array(folded, pa.string())})


def with_folded_names(rows: ir.Table, changed: ir.Table) -> ir.Table:
    """`rows` (with `name`) with `name_folded`; `changed` is what `changed_names` gave for them, as a table of the engine."""
    known = changed.select(_given="name", _folded="folded")
    joined = rows.left_join(known, rows.name == known["_given"])
    return joined.mutate(name_folded=ibis.coalesce(joined["_folded"], joined.name)).drop("_given", "_folded")


def agreement(left: str, right: str) -> str:
    """The strongest level of LEVELS that two names reach. Wildcards match any character, but make no two names equal."""
    if not (WILDCARDS.search(left) or WILDCARDS.search(right)):
        if left == right:
            return "exact"
        if _letters(left) == _letters(right):
            return "folded"
    one, other = _letters(left), _letters(right)
    if len(one) == len(other) and all(map(read_alike, one, other)):
        return "same_reading"
    return "one_character" if _one_character_apart(one, other) else "different"


def agreements(pairs: Iterable[tuple[str, str]]) -> list[str]:
    """`agreement` of each pair of names."""
    return [agreement(left, right) for left, right in pairs]


def readings(name: str) -> str:
    """How a name may be read, as text that an engine can compare position by position.

    Positions are separated by `/`, the toneless readings of one position by `|` in alphabetical order: `ma/chang|zhang/hai`.
    A wildcard is `*`; a character without a reading stands for itself. Separators have no position.
    """
    return "/".join("|".join(sorted(readings_of(character))) for character in _letters(name))


def _letters(name: str) -> str:
    return fold(name).replace(SEPARATOR, "")


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def readings_of(character: str) -> frozenset[str]:
    """The toneless readings of one letter; of a wildcard ANY_READING, of what has none itself."""
    if WILDCARDS.match(character):
        return frozenset({ANY_READING})
    return frozenset(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


def read_alike(one: str, other: str) -> bool:
    """Whether two letters share a reading, or one is a wildcard."""
    return _alike(one, other) or not readings_of(one).isdisjoint(readings_of(other))


def _alike(one: str, other: str) -> bool:
    return one == other or bool(WILDCARDS.match(one) or WILDCARDS.match(other))


def _one_character_apart(one: str, other: str) -> bool:
    """Same length of two or more and one position differs, or one character dropped from three or more."""
    if len(one) == len(other):
        return len(one) >= 2 and sum(not _alike(a, b) for a, b in zip(one, other, strict=True)) == 1
    longer, shorter = sorted((one, other), key=len, reverse=True)
    if len(longer) < 3 or len(longer) != len(shorter) + 1:
        return False
    return any(all(map(_alike, longer[:i] + longer[i + 1 :], shorter)) for i in range(len(longer)))
