"""Runs a tool on a set and says how right and how costly it was."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Quality:
    """How many pairs were found, and of these how many are right (`precision`); how many of all true pairs were found (`recall`)."""

    pairs: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-12)


@dataclass(frozen=True)
class Outcome:
    """A tool on a set: its quality as it is and, where two files are linked, made one-to-one; wall and CPU seconds, peak MB, versions."""

    tool: str
    plain: Quality
    one_to_one: Quality | None
    seconds: float
    cpu: float
    memory: float
    versions: dict[str, str]


def run(tool: str, module: str, python: str, folder: Path, truth: pd.DataFrame) -> Outcome:
    """A tool's module on the set in a folder, by its own Python. Raises RuntimeError with the end of what it says when it fails."""
    done = subprocess.run([python, "-m", f"benchmarks.linkage.{module}", str(folder)], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{tool} failed on {folder}:\n{done.stderr[-2000:]}")
    told = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    found = pd.read_parquet(folder / "found.parquet")
    linked = quality(one_to_one(found), truth) if (folder / "right.parquet").exists() else None
    return Outcome(tool, quality(found, truth), linked, told["seconds"], told["cpu"], told["memory"], told["versions"])


def quality(found: pd.DataFrame, truth: pd.DataFrame) -> Quality:
    """Pairs found (`one`, `other`, in either order) against the true ones."""
    right = len(_sorted(found).merge(_sorted(truth)))
    return Quality(len(found), right / max(len(found), 1), right / len(truth))


def one_to_one(found: pd.DataFrame) -> pd.DataFrame:
    """Of the pairs found each left record's best, and of these each right record's best: the same for every tool."""
    best = found.sort_values(["score", "one", "other"], ascending=[False, True, True])
    best = best[~best["one"].duplicated()]
    return best[~best["other"].duplicated()]


def _sorted(pairs: pd.DataFrame) -> pd.DataFrame:
    turned = pairs["one"] > pairs["other"]
    one, other = pairs["one"].where(~turned, pairs["other"]), pairs["other"].where(~turned, pairs["one"])
    return pd.DataFrame({"one": one.to_numpy(), "other": other.to_numpy()}).drop_duplicates()
