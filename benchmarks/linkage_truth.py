"""How right the linking of a synthetic province's night is: its files beside the truth, by kind of defect and trap, and what flags rest on it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipelines.engine import open_engine
from pipelines.extracts.in_force import InForce
from pipelines.identity.evaluation import records_and_pairs
from pipelines.identity.identify import read_conformed
from pipelines.identity.records import CUT_FILE, QUEUE_FILE
from pipelines.policy import load_policy
from pipelines.workspace import DEFAULT_POLICY

BANDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 1.0000001)
ROSTERS = ("dibao", "tekun")
BARE = ("unemployment_insurance", "unemployment_benefit", "social_insurance", "medical_enrolment", "medical_settlements", "serious_illness")
"""Datasets that give nothing but name, county and number."""
HOUSEHOLD_RULES = {"MC-05": "any", "MC-03": "all", "RR-01": "all", "RR-02": "all", "RR-03": "all", "RR-04": "all"}
"""Whether any uncovered living member of whom absence is in doubt makes a household's flag wait, or all must be (docs/decisions.md)."""
_SOURCE = ["dataset", "file", "line"]
_SUMS = ["findable", "found", "asked", "wrong"]


@dataclass(frozen=True)
class Figures:
    """`links`, `wrong`, `at_former` (links to an earlier number of the same person), `queued` (pairs), `cut` (pairs). Tables by kind have records,
    findable (their person has a usable record somewhere), found
    (linked to the person), asked (in the queue against the person), wrong (linked to somebody else): `kinds` of broken numbers, `names` that are
    wrong as well, `traps` by the person's. `bands`: band, pairs, right. `former`: persons under two numbers, expected, found by ID-06, extra.
    `rosters`: persons with a broken number on dibao or tekun, `misled` of them flagged open though the truth has no such flag.
    `open_despite_doubt`: open flags that should wait."""

    links: int
    wrong: int
    at_former: int
    queued: int
    cut: int
    kinds: pd.DataFrame
    names: pd.DataFrame
    traps: pd.DataFrame
    bands: pd.DataFrame
    former: dict[str, int]
    rosters: int
    misled: int
    open_despite_doubt: int


def figures(truth: Path, night: Path) -> Figures:
    """The figures of an evaluated night (its folder) of the province with this truth."""
    told, pairs = records_and_pairs(night / "links.parquet", truth / "records.parquet")
    persons = pq.read_table(truth / "persons.parquet", columns=["person", "trap", "earlier"]).to_pandas()
    persons["true"] = persons["person"].str[:17].astype("int64")
    persons["former"] = persons["earlier"].str[:17].fillna("0").astype("int64")
    told = told.merge(persons[["true", "trap", "former"]].astype({"trap": str}), on="true").merge(_survives(night), on=_SOURCE, how="left")
    at_former = told["wrong"] & (told["person"] == told["former"])
    told["wrong"] &= ~at_former
    told["asked"] &= ~told["found"]
    bare = told["dataset"].astype(str).isin(BARE)
    kind = told["defect"].where(told["survives"], np.where(bare, "nothing left, name and county only", "nothing left, place or birth date given"))
    beside = told[told["name_defect"].astype(str) != ""]
    queue = pq.read_table(night / QUEUE_FILE, columns=["dataset", "record_person", "person"]).to_pandas()
    cut = pq.read_table(night / CUT_FILE).to_pandas()
    rosters, misled = _misled(truth, night)
    return Figures(
        links=int(told["linked"].sum()),
        wrong=int(told["wrong"].sum()),
        at_former=int(at_former.sum()),
        queued=len(queue),
        cut=len(cut),
        kinds=_summed(told, kind),
        names=_summed(beside, beside["name_defect"].astype(str)),
        traps=_summed(told[told["trap"] != ""], told["trap"]),
        bands=_bands(pairs.assign(right=pairs["right"] | (pairs["person"] == pairs["true"].map(persons.set_index("true")["former"])))),
        former=_former(truth, night),
        rosters=rosters,
        misled=misled,
        open_despite_doubt=_open_despite_doubt(truth, night, queue),
    )


def _summed(told: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Counts by kind, and together."""
    groups = told.groupby(by.reindex(told.index).rename("kind"))
    found = groups.size().rename("records").to_frame().join(groups[_SUMS].sum()).reset_index()
    total = pd.DataFrame([{"kind": "together", "records": len(told), **told[_SUMS].sum().to_dict()}])
    return pd.concat([found, total], ignore_index=True)


def _survives(night: Path) -> pd.DataFrame:
    """Per record without a valid number whether anything is left of it: 14 characters, or 4 of a masked one, but nothing like 6.4E+17."""
    parts, engine = [], open_engine()
    for dataset, files in InForce.load(night).files.items():
        for file in files:
            if "id17" in pq.read_schema(file.path).names:
                rows = read_conformed(engine, [file.path])
                rows = engine.arrow(rows.filter(rows.id17.isnull()).select("file", "line", "id_number"))
                parts.append(rows.to_pandas().assign(dataset=dataset))
    engine.close()
    rows = pd.concat(parts, ignore_index=True)
    number = rows["id_number"].fillna("").astype(str)
    shown = number.str.replace("*", "", regex=False).str.len()
    rows["survives"] = np.where(number.str.contains("*", regex=False), shown >= 4, (shown >= 14) & ~number.str.contains("E", regex=False))
    return rows[[*_SOURCE, "survives"]]


def _bands(pairs: pd.DataFrame) -> pd.DataFrame:
    """Linked and queued pairs by probability: how many, what the model says on average, and the share that is right."""
    rows = []
    for low, high in pairwise(BANDS):
        inside = pairs[(pairs["probability"] >= low) & (pairs["probability"] < high)]
        if len(inside):
            said, right = float(inside["probability"].mean()), float(inside["right"].mean())
            rows.append({"band": f"{low:g} to {min(high, 1):g}", "pairs": len(inside), "said": said, "right": right})
    return pd.DataFrame(rows)


def _former(truth: Path, night: Path) -> dict[str, int]:
    expected, found = (
        set(table.filter(pc.field("check") == "ID-06")["subject"].to_pylist())
        for table in (pq.read_table(path / "mismatches.parquet", columns=["check", "subject"]) for path in (truth, night))
    )
    return {"expected": len(expected), "found": len(expected & found), "extra": len(found - expected)}


def _misled(truth: Path, night: Path) -> tuple[int, int]:
    """Persons with a broken number on a roster, and those of them whom an open flag calls uncovered against the truth."""
    records = pq.read_table(truth / "records.parquet").to_pandas()
    records["dataset"], records["file"] = records["dataset"].astype(str), records["file"].astype(str)
    broken = set(records.loc[~records["valid"] & records["dataset"].isin(ROSTERS), "person"])
    of_record = dict(zip("record:" + records["dataset"] + ":" + records["file"] + ":" + records["line"].astype(str), records["person"], strict=True))
    expected = pq.read_table(truth / "flags.parquet", columns=["rule", "subject"]).to_pandas()
    right = set(zip(expected["rule"], expected["subject"], strict=True))
    flags = pq.read_table(night / "flags.parquet", columns=["rule", "subject", "county_code", "state", "person"]).to_pandas()
    flags = flags[(flags["state"] == "open") & flags["rule"].isin(_absent())]
    flags["whom"] = ["person:" + of_record[one] if one in of_record else one for one in flags["subject"]]
    flags = flags[[(rule, whom) not in right for rule, whom in zip(flags["rule"], flags["whom"], strict=True)]]
    members = pq.read_table(night / "flag_members.parquet").to_pandas().merge(flags[["rule", "subject", "county_code"]])
    named = set(flags["whom"].str.removeprefix("person:")) & broken
    seventeen = {one[:17]: one for one in broken}
    return len(broken), len(named | {seventeen[str(one)] for one in members["person"] if str(one) in seventeen})


def _absent() -> dict[str, set[str]]:
    """Rules with the datasets whose absence they claim."""
    policy = load_policy(DEFAULT_POLICY)
    return {rule: set(policy.needs(rule).absence) for rule in policy.rules if policy.needs(rule).absence}


def _open_despite_doubt(truth: Path, night: Path, queue: pd.DataFrame) -> int:
    """Open flags that rest on an absence although a record of the dataset waits in the queue against the person."""
    flags = pq.read_table(night / "flags.parquet", columns=["rule", "subject", "county_code", "state", "person"]).to_pandas()
    members = pq.read_table(night / "flag_members.parquet").to_pandas()
    covered = pq.read_table(night / "status.parquet").to_pandas()
    uncovered = members[~members["person"].isin(covered.loc[covered["status"] == "covered", "person"])]
    records = pq.read_table(truth / "records.parquet", columns=["dataset", "person", "usable"]).to_pandas()
    stands = records[records["usable"] & records["person"].str[:17].astype("int64").isin(queue["person"])]
    stands = stands.assign(person=stands["person"].str[:17].astype("int64"))[["dataset", "person"]].astype({"dataset": str}).drop_duplicates()
    other_way = queue[["record_person", "person"]].merge(stands, on="person").rename(columns={"person": "_", "record_person": "person"})
    doubts = pd.concat([queue[["dataset", "person"]].astype({"dataset": str}), other_way[["dataset", "person"]]])
    wrong = 0
    for rule, datasets in _absent().items():
        doubted = set(doubts.loc[doubts["dataset"].isin(datasets), "person"])
        standing = flags[(flags["rule"] == rule) & (flags["state"] == "open")]
        if rule in HOUSEHOLD_RULES:
            concerned = uncovered[uncovered["rule"] == rule].merge(standing[["subject", "county_code"]])
            by_flag = concerned["person"].isin(doubted).groupby([concerned["subject"], concerned["county_code"]])
            wrong += int((by_flag.any() if HOUSEHOLD_RULES[rule] == "any" else by_flag.all()).sum())
        else:
            wrong += int(standing["person"].isin(doubted).sum())
    return wrong
