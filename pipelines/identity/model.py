"""The Fellegi–Sunter model: how much each agreement level speaks for or against one person, learned without knowing who is who.

I. P. Fellegi and A. B. Sunter, "A theory for record linkage", 1969; expectation and conditional maximisation as in recordlinkage's ECM classifier,
but over the counts of agreement patterns, which the engine gathers in one pass. A test holds both to the same weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import yaml

from pipelines.errors import SettingsError
from pipelines.identity.comparison import MISSING, Comparison
from pipelines.workspace import atomic_path

SCALE = 100  # weights are whole hundredths of a bit, so that every engine adds them alike
_SMOOTHING = 1e-6
_ROUNDS = 500
_SETTLED = 1e-9


@dataclass(frozen=True)
class Model:
    """Weights in hundredths of a bit per comparison and level, the prior weight of any compared pair, and what they were learned from.

    `m` and `u` are the shares of the level among pairs of one person and of two persons.
    """

    version: str
    prior: int
    weights: Mapping[str, Mapping[str, int]]
    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    sample: Mapping[str, float]

    def save(self, target: Path) -> Path:
        """Writes the model as a YAML file, atomically."""
        with atomic_path(target) as beside:
            beside.write_text(yaml.safe_dump(asdict(self), allow_unicode=True, sort_keys=False), encoding="utf-8")
        return target

    def total(self, compared: ir.Table, comparisons: Sequence[Comparison]) -> ir.IntegerValue:
        """The weight of each pair: the prior plus the weight of every level that it shows."""
        total: ir.IntegerValue = ibis.literal(self.prior, "int32")
        for comparison in comparisons:
            weights = self.weights[comparison.name]
            branches = [(compared[comparison.name] == index, weights[level]) for index, level in enumerate(comparison.level_names) if weights[level]]
            if branches:
                total = total + ibis.cases(*branches, else_=0).cast("int32")
        return total.name("weight")


def load_model(path: Path) -> Model:
    """The model of a weights file. Raises SettingsError when it cannot be read."""
    try:
        return Model(**yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, TypeError, yaml.YAMLError) as error:
        raise SettingsError(f"The linkage model {path.name} cannot be read; train it again with: doudi linkage train.") from error


def probability(weight: int | float) -> float:
    """The probability that a pair of this weight (hundredths of a bit, prior included) is one person."""
    return 1 / (1 + 2.0 ** (-weight / SCALE)) if weight > -100_000 else 0.0


def weight_of(chance: float) -> int:
    """The smallest weight whose probability is at least `chance`."""
    return math.ceil(SCALE * math.log2(chance / (1 - chance)))


def train(counts: pd.DataFrame, comparisons: Sequence[Comparison], version: str, *, expected: float) -> Model:
    """A model from pattern counts (a column of level numbers per comparison, and `pairs`).

    `expected` is the number of true pairs to start from. Several starts differ in how sharply they take agreement for a match; a start whose matches
    agree less than its non-matches is label-swapped and dropped; of the rest the most likely wins. Missing is a level without weight.
    """
    levels = [counts[comparison.name].to_numpy() for comparison in comparisons]
    sizes = [len(comparison.level_names) for comparison in comparisons]
    number = counts["pairs"].to_numpy(dtype=float)
    start_share = min(0.5, max(expected / number.sum(), 1e-9))
    runs = [_maximise(levels, sizes, number, start_share, sharpness) for sharpness in (0.95, 0.9, 0.8, 0.65)]
    upright = [run for run in runs if run.oriented]
    if not upright:
        raise SettingsError("The pairs to learn from show no group that agrees more than the rest; train on a larger sample.")
    best = max(upright, key=lambda run: run.likelihood)
    return _model(best, comparisons, version, number, len(runs) - len(upright))


@dataclass(frozen=True)
class _Run:
    share: float
    m: list[np.ndarray]
    u: list[np.ndarray]
    likelihood: float

    @property
    def oriented(self) -> bool:
        """Whether what it calls matches agree more than what it calls non-matches, over all comparisons."""
        strongest = sum(math.log((m[1] + _SMOOTHING) / (u[1] + _SMOOTHING)) for m, u in zip(self.m, self.u, strict=True))
        return strongest > 0


def _maximise(levels: list[np.ndarray], sizes: list[int], number: np.ndarray, share: float, sharpness: float) -> _Run:
    u = [_shares(level, number, size) for level, size in zip(levels, sizes, strict=True)]
    m = [_start(size, sharpness) for size in sizes]
    before = -math.inf
    for _ in range(_ROUNDS):
        log_m = math.log(share) + sum(np.log(part[level]) for part, level in zip(m, levels, strict=True))
        log_u = math.log1p(-share) + sum(np.log(part[level]) for part, level in zip(u, levels, strict=True))
        log_both = np.logaddexp(log_m, log_u)
        likelihood = float((number * log_both).sum())
        matched = number * np.exp(log_m - log_both)
        share = min(max(float(matched.sum() / number.sum()), 1e-12), 1 - 1e-12)
        m = [_shares(level, matched, size) for level, size in zip(levels, sizes, strict=True)]
        u = [_shares(level, number - matched, size) for level, size in zip(levels, sizes, strict=True)]
        if abs(likelihood - before) < _SETTLED * abs(likelihood):
            break
        before = likelihood
    return _Run(share, m, u, likelihood)


def _shares(level: np.ndarray, number: np.ndarray, size: int) -> np.ndarray:
    counted: np.ndarray = np.bincount(level, weights=number, minlength=size) + _SMOOTHING
    shares: np.ndarray = counted / counted.sum()
    return shares


def _start(size: int, sharpness: float) -> np.ndarray:
    """Missing gets little; the strongest level `sharpness` of the rest; each weaker one a fraction of the one before."""
    rest = np.array([(1 - sharpness) ** index for index in range(size - 1)]) * sharpness
    start: np.ndarray = np.concatenate([[0.02], rest]) / (0.02 + rest.sum())
    return start


def _model(run: _Run, comparisons: Sequence[Comparison], version: str, number: np.ndarray, dropped: int) -> Model:
    def named(values: list[np.ndarray]) -> dict[str, dict[str, float]]:
        return {
            comparison.name: {level: round(float(share), 9) for level, share in zip(comparison.level_names, shares, strict=True)}
            for comparison, shares in zip(comparisons, values, strict=True)
        }

    weights = {
        c.name: {level: 0 if level == MISSING else _weight(mm, uu) for level, mm, uu in zip(c.level_names, m, u, strict=True)}
        for c, m, u in zip(comparisons, run.m, run.u, strict=True)
    }
    prior = round(SCALE * math.log2(run.share / (1 - run.share)))
    pairs = float(number.sum())
    sample = {"pairs": pairs, "patterns": float(len(number)), "matches": round(run.share * pairs, 1), "dropped_starts": float(dropped)}
    return Model(version, prior, weights, named(run.m), named(run.u), sample)


def _weight(m: float, u: float) -> int:
    return round(SCALE * math.log2(max(m, 1e-7) / max(u, 1e-7)))
