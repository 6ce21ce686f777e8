"""What a night is to reach, and what it reaches."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import FLOOR, LIMITED, NIGHT, ONLY_CORE, PANDAS, POLARS, SECOND, WHOLE, WITH_LAND, Measured

Goal = tuple[str, str, str, Measured, str]
"""What, wanted, measured, at which size, and whether it is reached."""


def goals(results: Sequence[Measured]) -> list[Goal]:
    """Every goal at the largest size measured; growth between the largest two."""
    last = results[-1]
    spans = last.spans()
    floor, polars, pandas = (last.total(peer).seconds for peer in (FLOOR, POLARS, PANDAS))
    core, landed, whole = (spans[name].seconds for name in (ONLY_CORE, WITH_LAND, WHOLE))
    found = [
        _most("core over the DuckDB SQL floor", core / floor, 1.5, last),
        _most("… with landing", landed / floor, 1.5, last),
        _most("core over the best by hand (Polars)", core / min(floor, polars), 2, last),
        _most("… with landing", landed / min(floor, polars), 2, last),
        _least("pandas 2.3 over core", pandas / core, 6, last),
        _least("… with landing", pandas / landed, 6, last),
        _most("whole night over the floor", whole / floor, 4, last),
        _most("memory of any process, GB", last.total(NIGHT).process / 1024, 6, last, ""),
        ("with `--memory 2GB`", "completes", f"completes, {last.total(LIMITED).process / 1024:.1f} GB", last, "yes"),
        _most("a second night with little change, of the first", last.total(SECOND).seconds / last.total(NIGHT).seconds, 0.5, last),
        _most("the generator, minutes", last.made.seconds / 60, 10, last, ""),
    ]
    if len(results) > 1:
        before = results[-2]
        found += [
            _most("growth of the core over ten times the people", core / before.spans()[ONLY_CORE].seconds, 11, last),
            _most("growth of the whole night over ten times the people", whole / before.spans()[WHOLE].seconds, 11, last),
        ]
    return found


def _most(what: str, measured: float, most: float, size: Measured, unit: str = " ×") -> Goal:
    return what, f"≤ {most:g}{unit}", f"{measured:.2f}{unit}", size, "yes" if measured <= most else "no"


def _least(what: str, measured: float, least: float, size: Measured, unit: str = " ×") -> Goal:
    return what, f"≥ {least:g}{unit}", f"{measured:.2f}{unit}", size, "yes" if measured >= least else "no"
