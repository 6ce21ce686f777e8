"""What lay in the inbox before: last month's rosters, a delivery that was corrected later the same day, and the counties' funds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np

from pipelines.synthetic.layouts import LAYOUTS, REDELIVERY_COUNTY, Layout
from pipelines.synthetic.premises import last_day_of
from pipelines.synthetic.world import World

_ROSTERS = ("dibao", "tekun", "low_income")


def region_layouts() -> tuple[Layout, ...]:
    """Region-wide files of the rosters that are also there as of the end of the month before."""
    return tuple(layout for layout in LAYOUTS if layout.dataset in _ROSTERS and layout.county is None)


def deliver_redelivered() -> tuple[Layout, ...]:
    """The first delivery of the county that sent a correction later: the same layout under the plain name."""
    corrected = next(layout for layout in LAYOUTS if layout.county == REDELIVERY_COUNTY)
    return (dataclasses.replace(corrected, suffix=".csv"),)


def earlier_world(world: World) -> World:
    """The rosters as they stood a month earlier: without what began since, and with what has ended since still running."""
    past = World(world.people, world.as_of, world.rng, world.in_play)
    before = world.month - 1
    for dataset in _ROSTERS:
        table = {name: values.copy() for name, values in world.table(dataset).items()}
        if dataset == "low_income":
            keep = table["recognised"] <= last_day_of(np.array(before))
        else:
            keep = table["start"] <= before
            running = (table["end"] >= before) & (table["status"] == (1 if dataset == "dibao" else 0))
            table["end"][running] = -1
            table["stop_reason"][running] = -1
            table["status"][running] = 0 if dataset == "dibao" else 1
        past.add(dataset, table.pop("person")[keep], **{name: values[keep] for name, values in table.items()})
    return past


def write_funding(inbox: Path, as_of: dt.date, counties: list[int]) -> Path:
    """The counties' funds from January to the as-of month, in ten thousands of yuan, entered by hand."""
    path = inbox / "county_funding" / f"county_funding_{as_of:%Y%m%d}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["年度,月份,县(区)代码,本级安排资金（万元）,追加资金（万元）"]
    lines += [
        f"{as_of.year},{month},{county},{county % 97 * 3 + month * 2.5:.2f},{county % 31 * (month > 6):.2f}"
        for month in range(1, as_of.month + 1)
        for county in counties
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
