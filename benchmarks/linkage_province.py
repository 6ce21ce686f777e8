"""How right linking by likeness is on a synthetic province at 1/10, and what it costs: writes linkage-province.md and linkage-province.json.

`python -m benchmarks.linkage_province`: the night runs once, as people call it; its files are then laid beside the truth.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import ours
from benchmarks.linkage_truth import Figures, figures
from benchmarks.measure import Run
from benchmarks.ours import AS_OF
from benchmarks.run import DATA, HERE, commit, province

PEOPLE = 720_000
PAGE, LINKING = "linkage-province", "link by likeness"
KINDS = {
    "masked": "masked", "one_digit": "one digit wrong", "transposition": "two neighbours swapped", "wrong_birth_year": "wrong birth year",
    "rounded": "rounded, 15 digits left", "misspelt_name": "name misspelt", "dropped_dot": "dot dropped", "twins": "twins",
    "father_and_son": "father and son of like names", "three_namesakes": "three called 马小军 in a township",
}  # fmt: skip
SURVIVING = ("masked", "one_digit", "transposition", "wrong_birth_year", "rounded")

TEXT = """\
# How right linking is

Written by `python -m benchmarks.linkage_province` on {date} at commit {commit}; do not edit. Machine: {machine}.

A synthetic province of {people:,} people (2 % of records with a defect) is matched once as of 2020-07-31 with the model that ships, which was trained
on another seed. What the night wrote is laid beside the truth.

**Read so**: a record is *findable* when its person has a record with a valid number anywhere. It *finds its person* when it is linked to it; *in the
queue* counts records that are not linked, but wait in the review queue against the right person, whose flags then wait in `identity_check`.

| goal | reached |
| --- | ---: |
| fewer than 1 in 1000 accepted links wrong | **{wrong_rate:.2f} in 1000**: {wrong} of {links:,} |
| of persons on dibao or tekun with a broken number, fewer than 1 in 100 flagged open | **{misled_rate:.2f} in 100**: {misled} of {rosters:,} |
| no flag open when a candidate sits in the queue | **{open_despite_doubt}** open despite doubt |
| 97 in 100 records with a broken number, where something is left of it, find their person | **{linked:.1f}** linked, **{told:.1f}** with the queue |
| the same of all, records without any number included | {linked_all:.1f} linked, {told_all:.1f} with the queue |
| linking costs at most a quarter of the night | **{share:.0f} %**: {link_cpu:.0f} of {night_cpu:.0f} CPU s |

{at_former} more links go to an earlier number of the same person, which ID-06 names. The queue holds {queued:,} pairs; the bound on blocks cut {cut}.

## By what is wrong with the number

{kinds}

Where nothing of a number is left (missing, 不详, a spreadsheet's 6.4E+17) and the dataset gives name and county only, namesakes cannot be told
apart but by elimination: where all of them in the county but one have a record of their own in the dataset, the record is linked to that one, or
people are asked, by how rare the name is. Otherwise it stays a person of its own: nobody could tell.

## Where the name is wrong as well

{names}

With a valid number such records are the person by that number. Where names read differently and the number is broken too, people are always asked.
Persons under two valid numbers: ID-06 names {former_found} of {former_expected} expected pairs, and {former_extra} others.

## People who are easily mistaken

{traps}

## Calibration

Linked and queued pairs by the probability that the model gives, what it says on average, and the share that is right.

{bands}

## Cost

| | wall s | CPU s | MB |
| --- | ---: | ---: | ---: |
| the whole night, from delivered files to reports | {night_seconds:.0f} | {night_cpu:.0f} | {night_memory:,.0f} |
| of this, linking by likeness | {link_seconds:.0f} | {link_cpu:.0f} | {link_memory:,.0f} |

Load of the machine at the end: {load}; where that is above its cores, CPU seconds say more than seconds.
"""


def main() -> None:
    """Runs the benchmark and writes its page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linkage_province", description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    arguments = parser.parse_args()
    data, _ = province(arguments.people)
    workspace = ours.workspace(data, data / "linkage")
    night = ours.night(workspace, DATA / "linkage.log")
    found = figures(data / "truth", workspace / "nights" / AS_OF.isoformat())
    write_page(HERE, arguments.people, found, night)
    shutil.rmtree(workspace)


def write_page(folder: Path, people: int, found: Figures, night: Run) -> None:
    """Writes the page and the figures to `folder`."""
    linking = night.parts[LINKING]
    surviving = found.kinds[found.kinds["kind"].isin(SURVIVING)].sum(numeric_only=True)
    everything = found.kinds[found.kinds["kind"] == "together"].iloc[0]
    facts: dict[str, Any] = {
        "people": people,
        "wrong": found.wrong,
        "links": found.links,
        "at_former": found.at_former,
        "wrong_rate": 1000 * found.wrong / found.links,
        "misled": found.misled,
        "rosters": found.rosters,
        "misled_rate": 100 * found.misled / found.rosters,
        "open_despite_doubt": found.open_despite_doubt,
        "linked": 100 * surviving["found"] / surviving["findable"],
        "told": 100 * (surviving["found"] + surviving["asked"]) / surviving["findable"],
        "linked_all": 100 * everything["found"] / everything["findable"],
        "told_all": 100 * (everything["found"] + everything["asked"]) / everything["findable"],
        "queued": found.queued,
        "cut": found.cut,
        "share": 100 * linking.cpu / night.total.cpu,
        **{f"night_{name}": value for name, value in asdict(night.total).items()},
        **{f"link_{name}": value for name, value in asdict(linking).items()},
        **{f"former_{name}": count for name, count in found.former.items()},
    }
    tables = {"kinds": _by_kind(found.kinds), "names": _by_kind(found.names), "traps": _by_kind(found.traps), "bands": _bands(found.bands)}
    head = {
        "date": datetime.now(UTC).date(),
        "commit": commit(),
        "machine": f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}",
        "load": ", ".join(f"{load:.1f}" for load in os.getloadavg()),
    }
    (folder / f"{PAGE}.md").write_text(TEXT.format(**facts, **tables, **head), encoding="utf-8")
    told = {**facts, **{name: getattr(found, name).to_dict("records") for name in tables}, "commit": head["commit"]}
    (folder / f"{PAGE}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1, default=float) + "\n", encoding="utf-8")


def _by_kind(frame: pd.DataFrame) -> str:
    rows = ["| | records | findable | find their person | in the queue | of 100 found | with the queue | linked wrongly |", "| --- |" + " ---: |" * 7]
    for row in frame.to_dict("records"):
        shares = [f"{100 * count / row['findable']:.1f}" if row["findable"] else "–" for count in (row["found"], row["found"] + row["asked"])]
        counts = [f"{int(row[name]):,}" for name in ("records", "findable", "found", "asked")]
        rows.append(f"| {KINDS.get(row['kind'], row['kind'])} | {' | '.join([*counts, *shares, str(int(row['wrong']))])} |")
    return "\n".join(rows)


def _bands(frame: pd.DataFrame) -> str:
    rows = ["| probability | pairs | said | right |", "| --- | ---: | ---: | ---: |"]
    rows += [f"| {row['band']} | {row['pairs']:,} | {row['said']:.4f} | {row['right']:.4f} |" for row in frame.to_dict("records")]
    return "\n".join(rows)


if __name__ == "__main__":
    main()
