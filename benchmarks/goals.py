"""What a night is to reach, and what it reaches."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.results import FLOOR, LIMITED, NIGHT, ONLY_CORE, PANDAS, POLARS, SECOND, WHOLE, WITH_LAND, Measured

Goal = tuple[str, str, str, Measured, str]
"""What, wanted, measured, at which size, and whether it is reached."""


def goals(results: Sequence[Measured]) -> list[Goal]:
    """Every goal at the largest size measured; growth between the largest two."""
    last = results[-1]
    core, whole = (last.spans()[name].seconds for name in (ONLY_CORE, WHOLE))
    found = []
    for span in (ONLY_CORE, WITH_LAND):
        found += [
            _most(f"{span}: over the DuckDB SQL floor", last.ratio(span, FLOOR), 1.5, last),
            _most(f"{span}: over the best by hand", max(last.ratio(span, peer) for peer in (FLOOR, POLARS)), 2, last),
            _least(f"{span}: pandas 2.3 over ours", 1 / last.ratio(span, PANDAS), 6, last),
        ]
    found += [
        _most("whole night over the floor", last.ratio(WHOLE, FLOOR), 4, last),
        _most("memory of any process, GB", last.total(NIGHT).process / 1024, 6, last, ""),
        _most("the generator, minutes", last.made.seconds / 60, 10, last, ""),
    ]
    for size in [size for size in results if LIMITED in size.runs][-1:]:
        found += [
            ("with `--memory 2GB`", "completes", f"completes, {size.total(LIMITED).process / 1024:.1f} GB", size, "yes"),
            _most("a second night with little change, of the first", size.total(SECOND).seconds / size.total(NIGHT).seconds, 0.5, size),
        ]
    if len(results) > 1:
        before = results[-2]
        found += [
            _most("growth of the first of these over ten times the people", core / before.spans()[ONLY_CORE].seconds, 11, last),
            _most("growth of the whole night over ten times the people", whole / before.spans()[WHOLE].seconds, 11, last),
        ]
    return found


def _most(what: str, measured: float, most: float, size: Measured, unit: str = " ×") -> Goal:
    return what, f"≤ {most:g}{unit}", f"{measured:.2f}{unit}", size, "yes" if measured <= most else "no"


def _least(what: str, measured: float, least: float, size: Measured, unit: str = " ×") -> Goal:
    return what, f"≥ {least:g}{unit}", f"{measured:.2f}{unit}", size, "yes" if measured >= least else "no"
