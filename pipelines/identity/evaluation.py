"""How right the links of a night are, against a truth or against what people decided: precision, recall, calibration, by kind of defect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from pipelines.errors import SettingsError
from pipelines.identity.records import QUEUE_FILE

BANDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 0.999, 1.0000001)
_SOURCE = ["dataset", "file", "line"]
_COUNTED = ["findable", "found", "asked", "wrong", "queued"]
_TRUTH = (*_SOURCE, "person")


@dataclass(frozen=True)
class Evaluation:
    """Figures of a night's linking.

    `links`, `wrong`: accepted links to a person with a valid number, and those to the wrong one; `findable`: records whose person has a valid number
    somewhere (None where no truth says so), `found` those linked to it. `by_defect`: defect, records, findable, found, asked (not linked, but in the
    queue against the right person), wrong, queued. `bands`: pairs by probability: band, pairs, share that is right. `curve`: threshold (probability),
    precision, recall.
    """

    links: int
    wrong: int
    findable: int | None
    found: int
    by_defect: pd.DataFrame
    bands: pd.DataFrame
    curve: pd.DataFrame

    @property
    def precision(self) -> float:
        """The share of accepted links that are right; 1 without any."""
        return 1 - self.wrong / self.links if self.links else 1.0

    @property
    def recall(self) -> float | None:
        """The share of findable records that are linked to their person."""
        return self.found / self.findable if self.findable else None


def against_truth(links: Path, truth: Path) -> Evaluation:
    """Links and queue of a night against a Parquet file that says of each record (`dataset`, `file`, `line`) whose it is (`person`: the ID number).

    It may also give `defect`, and `usable`, whether the record has the person's own valid number and conforms: a person is findable who has such a
    record. Raises SettingsError for a file without these columns.
    """
    told, pairs = records_and_pairs(links, truth)
    sums = told.groupby("defect")[_COUNTED].sum()
    by_defect = told.groupby("defect").size().rename("records").to_frame().join(sums).reset_index()
    findable = int(told["findable"].sum())
    chances, right = pairs["probability"].to_numpy(dtype=float), pairs["right"].to_numpy(dtype=bool)
    return Evaluation(
        int(told["linked"].sum()), int(told["wrong"].sum()), findable, int(told["found"].sum()), by_defect, _bands(chances, right),
        _curve(chances, right, findable),
    )  # fmt: skip


def records_and_pairs(links: Path, truth: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What became of every record without a valid number, and every pair that was linked or queued. Raises as `against_truth` does.

    Records: `dataset`, `file`, `line`, the truth's other columns, `true` (17 digits), `person` (linked to), `probability`, and whether `findable`,
    `linked`, `found`, `wrong`, `asked`, `queued`. Pairs with persons who have a valid number: `true`, `person`, `probability`, `right`.
    """
    known = pq.read_table(truth).to_pandas()
    if missing := [name for name in _TRUTH if name not in known.columns]:
        raise SettingsError(f"{truth.name} is no truth of records: it lacks {', '.join(missing)}; give the records.parquet of doudi synthesize.")
    known = known.astype(dict.fromkeys(_TRUTH, str))
    known["true"] = known["person"].str[:17].astype("int64")
    anywhere = set(known.loc[known["usable"], "true"]) if "usable" in known else set(known["true"])
    known["defect"] = known["defect"].astype(str) if "defect" in known else ""
    columns = [*_SOURCE, "person", "link_basis", "probability"]
    told = pq.read_table(links, columns=columns).to_pandas().merge(known.drop(columns="person"), on=_SOURCE)
    queue = pq.read_table(links.with_name(QUEUE_FILE), columns=[*_SOURCE, "person", "probability"]).to_pandas()
    queue = queue[queue["person"] > 0].merge(known[[*_SOURCE, "true"]], on=_SOURCE)
    queue["right"] = queue["person"] == queue["true"]
    told["linked"] = (told["link_basis"] == "probable") & (told["person"] > 0)
    told["found"] = told["linked"] & (told["person"] == told["true"])
    told["findable"] = told["true"].isin(anywhere)
    told["wrong"] = told["linked"] & ~told["found"]
    of_record = pd.MultiIndex.from_frame(told[_SOURCE])
    told["queued"] = of_record.isin(pd.MultiIndex.from_frame(queue[_SOURCE]))
    told["asked"] = of_record.isin(pd.MultiIndex.from_frame(queue.loc[queue["right"], _SOURCE]))
    linked = told[told["linked"]].rename(columns={"found": "right"})
    columns = ["true", "person", "probability", "right"]
    return told, pd.concat([linked[columns], queue[columns]], ignore_index=True)


def against_reviews(probabilities: Sequence[float], same: Sequence[bool]) -> Evaluation:
    """Decided pairs (their probability, and whether people said the same): how well the probability foretells what people say."""
    chances, right = np.array(probabilities, float), np.array(same, bool)
    accepted = chances >= 0.99
    empty = pd.DataFrame(columns=["defect", "records", *_COUNTED])
    curve = _curve(chances, right, int(right.sum()))
    return Evaluation(int(accepted.sum()), int((accepted & ~right).sum()), None, int((accepted & right).sum()), empty, _bands(chances, right), curve)


def _bands(chances: np.ndarray, right: np.ndarray) -> pd.DataFrame:
    """Pairs and the share that is right, by band of probability."""
    rows = []
    for low, high in pairwise(BANDS):
        inside = (chances >= low) & (chances < high)
        share = float(right[inside].mean()) if inside.any() else None
        rows.append({"band": f"{low:g}–{min(high, 1):g}", "pairs": int(inside.sum()), "right": share})
    return pd.DataFrame(rows)


def _curve(chances: np.ndarray, right: np.ndarray, findable: int) -> pd.DataFrame:
    rows = []
    for threshold in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999):
        taken = chances >= threshold
        precision = float(right[taken].mean()) if taken.any() else None
        rows.append({"threshold": threshold, "precision": precision, "recall": float(right[taken].sum()) / findable if findable else None})
    return pd.DataFrame(rows)
