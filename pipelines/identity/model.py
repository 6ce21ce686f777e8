"""The Fellegi–Sunter model: how much each agreement level speaks for or against one person, learned without knowing who is who.

I. P. Fellegi and A. B. Sunter, "A theory for record linkage", 1969; expectation and conditional maximisation as in recordlinkage's ECM classifier,
but over the counts of agreement patterns, which the engine gathers in one pass. A test holds both to the same weights.

Pairs are weighed in strata, each with weights of its own: of two people under one roof much agrees that says nothing about who is who.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import yaml

from pipelines.errors import SettingsError
from pipelines.identity.comparison import Comparison
from pipelines.workspace import atomic_path

SCALE = 100  # weights are whole hundredths of a bit, so that every engine adds them alike
STRATUM = "stratum"
_SMOOTHING = 1e-6
_ROUGHLY = 0.01  # which side a start has taken shows in shares that many pairs have
_ROUNDS = 500
_SETTLED = 1e-9
_FEWEST = 2.0  # a level that fewer pairs show takes its weight from its neighbours
_PSEUDO = 0.5


@dataclass(frozen=True)
class Weights:
    """One stratum: weights in hundredths of a bit per comparison and level, the prior weight of any compared pair, and what they were learned from.

    `m` and `u` are the shares of the level among pairs of one person and of two persons, of those where something could be compared.
    """

    prior: int
    weights: Mapping[str, Mapping[str, int]]
    m: Mapping[str, Mapping[str, float]]
    u: Mapping[str, Mapping[str, float]]
    sample: Mapping[str, float]


@dataclass(frozen=True)
class Model:
    """A versioned set of weights, by stratum. `name_share` is the share of people who bear the name of a usual pair of namesakes: rarer names
    weigh more, commoner less; nought for no such adjustment. `about` says what the model was trained on."""

    version: str
    about: str
    name_share: float
    strata: Mapping[str, Weights] = field(default_factory=dict)

    def save(self, target: Path) -> Path:
        """Writes the model as a YAML file, atomically."""
        with atomic_path(target) as beside:
            beside.write_text(yaml.safe_dump(asdict(self), allow_unicode=True, sort_keys=False), encoding="utf-8")
        return target

    def weight(self, comparison: Comparison, compared: ir.Table) -> ir.IntegerValue:
        """The weight of the level that each pair (`stratum` and a column per comparison) shows in one comparison."""
        branches = [
            ((compared[STRATUM] == stratum) & (compared[comparison.name] == index), one.weights[comparison.name][level])
            for stratum, one in self.strata.items()
            for index, level in enumerate(comparison.level_names)
            if one.weights[comparison.name][level]
        ]
        return ibis.cases(*branches, else_=0).cast("int32") if branches else ibis.literal(0, "int32")

    def prior(self, compared: ir.Table) -> ir.IntegerValue:
        """The prior weight of each pair of the people that the model was trained on."""
        return ibis.cases(*((compared[STRATUM] == stratum, one.prior) for stratum, one in self.strata.items()), else_=0).cast("int32")

    def total(self, compared: ir.Table, comparisons: Sequence[Comparison]) -> ir.IntegerValue:
        """The weight of each pair: the prior plus the weight of every level that it shows."""
        total = self.prior(compared)
        for comparison in comparisons:
            total = total + self.weight(comparison, compared)
        return total.name("weight")


def load_model(path: Path) -> Model:
    """The model of a weights file. Raises SettingsError when it cannot be read."""
    try:
        document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Model(**{**document, "strata": {name: Weights(**one) for name, one in document["strata"].items()}})
    except (OSError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
        raise SettingsError(f"The linkage model {path.name} cannot be read; train it again with: doudi linkage train.") from error


def probability(weight: int | float) -> float:
    """The probability that a pair of this weight (hundredths of a bit, prior included) is one person."""
    return 1 / (1 + 2.0 ** (-weight / SCALE)) if weight > -100_000 else 0.0


def weight_of(chance: float) -> int:
    """The smallest weight whose probability is at least `chance`."""
    return math.ceil(SCALE * math.log2(chance / (1 - chance)))


def train(
    counts: pd.DataFrame, comparisons: Sequence[Comparison], *, expected: float, known: np.ndarray | None = None
) -> tuple[Weights, np.ndarray]:
    """Weights from pattern counts (a column of level numbers per comparison, and `pairs`), and for each pattern the share of matches among its pairs.

    `known` is that share where people have decided the pairs of a row, and NaN elsewhere. `expected` is the number of true pairs to start from.
    Several starts differ in how sharply they take agreement for a match, and in whether other pairs are as all pairs are or the reverse of a match;
    a start that ends with matches that agree less than its non-matches is label-swapped and dropped; of the rest the most likely wins. Missing says
    nothing and has no weight. Raises SettingsError when no start finds two groups.
    """
    levels = [counts[comparison.name].to_numpy() for comparison in comparisons]
    sizes = [len(comparison.level_names) for comparison in comparisons]
    number = counts["pairs"].to_numpy(dtype=float)
    start_share = min(0.5, max(expected / max(float(number.sum()), 1.0), 1e-9))
    overall = [_shares(level, number, size) for level, size in zip(levels, sizes, strict=True)]
    sharp = [[_start(size, sharpness) for size in sizes] for sharpness in (0.95, 0.8, 0.65)]
    starts = [(m, u) for m in sharp for u in (overall, [_mirrored(one) for one in m])]
    said = np.full(len(counts), np.nan) if known is None else known
    runs = [_maximise(levels, sizes, number, start_share, m, u, said) for m, u in starts] if len(counts) else []
    upright = [run for run in runs if run.oriented]
    if not upright:
        raise SettingsError("The pairs to learn from show no group that agrees more than the rest; train on a larger sample.")
    best = max(upright, key=lambda run: run.likelihood)
    sample = {"patterns": float(len(number)), "dropped_starts": float(len(runs) - len(upright))}
    matched, others = number * best.chance, number * (1 - best.chance)
    prior = round(SCALE * math.log2(best.share / (1 - best.share)))
    return weights_of(comparisons, counts, matched, counts, others, prior, sample), best.chance


def chances(weights: Weights, counts: pd.DataFrame, comparisons: Sequence[Comparison]) -> np.ndarray:
    """The probability that a pair of each pattern is one person."""
    total = np.full(len(counts), float(weights.prior))
    for comparison in comparisons:
        total += np.array([weights.weights[comparison.name][level] for level in comparison.level_names])[counts[comparison.name].to_numpy()]
    chance: np.ndarray = 1 / (1 + 2.0 ** (-np.clip(total, -100_000, 100_000) / SCALE))
    return chance


def decided(chance: np.ndarray, known: np.ndarray) -> np.ndarray:
    """The probabilities with what people have decided in their place, where they have."""
    settled: np.ndarray = np.where(np.isnan(known), chance, known)
    return settled


def weights_of(
    comparisons: Sequence[Comparison], alike: pd.DataFrame, matched: np.ndarray, unlike: pd.DataFrame, others: np.ndarray, prior: int,
    sample: Mapping[str, float],
) -> Weights:  # fmt: skip
    """Weights from how many pairs of one person (`matched`, of the patterns `alike`) and of two (`others`, of `unlike`) show each level."""
    weights: dict[str, dict[str, int]] = {}
    m: dict[str, dict[str, float]] = {}
    u: dict[str, dict[str, float]] = {}
    for comparison in comparisons:
        names, size = comparison.level_names, len(comparison.level_names)
        one = np.bincount(alike[comparison.name], weights=matched, minlength=size)[1:]
        two = np.bincount(unlike[comparison.name], weights=others, minlength=size)[1:]
        weights[comparison.name] = dict(zip(names, [0, *_level_weights(one, two)], strict=True))
        m[comparison.name] = dict(zip(names[1:], _rounded(one), strict=True))
        u[comparison.name] = dict(zip(names[1:], _rounded(two), strict=True))
    counts = {"matches": round(float(matched.sum()), 1), "others": round(float(others.sum()), 1)}
    return Weights(prior, weights, m, u, {**counts, **sample})


def _rounded(counted: np.ndarray) -> list[float]:
    return [round(float(share), 9) for share in counted / max(counted.sum(), 1e-9)]


@dataclass(frozen=True)
class _Run:
    share: float
    m: list[np.ndarray]
    u: list[np.ndarray]
    likelihood: float
    chance: np.ndarray

    @property
    def oriented(self) -> bool:
        """Whether what it calls matches agree more and differ less than what it calls non-matches, over all comparisons."""
        agree = sum(math.log((m[1] + _ROUGHLY) / (u[1] + _ROUGHLY)) for m, u in zip(self.m, self.u, strict=True))
        differ = sum(math.log((m[-1] + _ROUGHLY) / (u[-1] + _ROUGHLY)) for m, u in zip(self.m, self.u, strict=True))
        return agree - differ > 0


def _maximise(
    levels: list[np.ndarray], sizes: list[int], number: np.ndarray, share: float, m: list[np.ndarray], u: list[np.ndarray], known: np.ndarray
) -> _Run:
    before = -math.inf
    chance = np.zeros(len(number))
    for _ in range(_ROUNDS):
        log_m = math.log(share) + sum(np.log(part)[level] for part, level in zip(m, levels, strict=True))
        log_u = math.log1p(-share) + sum(np.log(part)[level] for part, level in zip(u, levels, strict=True))
        log_both = np.select([known == 1, known == 0], [log_m, log_u], np.logaddexp(log_m, log_u))
        likelihood = float((number * log_both).sum())
        chance = decided(np.exp(np.minimum(log_m - log_both, 0)), known)
        matched = number * chance
        share = min(max(float(matched.sum() / number.sum()), 1e-12), 1 - 1e-12)
        m = [_shares(level, matched, size) for level, size in zip(levels, sizes, strict=True)]
        u = [_shares(level, number - matched, size) for level, size in zip(levels, sizes, strict=True)]
        if abs(likelihood - before) < _SETTLED * abs(likelihood):
            break
        before = likelihood
    return _Run(share, m, u, likelihood, chance)


def _shares(level: np.ndarray, number: np.ndarray, size: int) -> np.ndarray:
    """The share of each level among the pairs where something could be compared; missing stands as 1, which says nothing for or against."""
    counted: np.ndarray = np.bincount(level, weights=number, minlength=size) + _SMOOTHING
    shares: np.ndarray = counted / counted[1:].sum()
    shares[0] = 1.0
    return shares


def _start(size: int, sharpness: float) -> np.ndarray:
    """The strongest level gets `sharpness`, each weaker one a fraction of the one before; missing says nothing."""
    rest = np.array([(1 - sharpness) ** index for index in range(size - 1)])
    start: np.ndarray = np.concatenate([[1.0], rest / rest.sum()])
    return start


def _mirrored(start: np.ndarray) -> np.ndarray:
    """The start of the non-matches that is the reverse of one of the matches: what differs most is likeliest."""
    mirrored: np.ndarray = np.concatenate([start[:1], start[:0:-1]])
    return mirrored


def _level_weights(matched: np.ndarray, others: np.ndarray) -> list[int]:
    """The weight of every level but missing, from how many pairs of one person and of two persons show it.

    Half a pair is added to each count, so that what few pairs show is not taken for certain; a level that next to none shows lies between its
    neighbours; and a weaker level never speaks more for one person than a stronger one: where counts say so, both get what they say together.
    """
    ratio = np.log2((matched + _PSEUDO) / (matched.sum() + _PSEUDO * len(matched)) * (others.sum() + _PSEUDO * len(others)) / (others + _PSEUDO))
    ratio = _falling(ratio, matched + others)
    seen = np.flatnonzero(matched + others >= _FEWEST)
    known = np.interp(np.arange(len(ratio)), seen, ratio[seen]) if len(seen) else np.zeros(len(ratio))
    return [round(SCALE * float(weight)) for weight in known]


def _falling(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The values that never rise and lie closest to those given, each as heavy as its count (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, count in zip(values, counts + 1e-9, strict=True):
        pools.append((float(value), float(count), 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (one, few, size), (other, many, more) = pools[-2:]
            pools[-2:] = [((one * few + other * many) / (few + many), few + many, size + more)]
    falling: np.ndarray = np.concatenate([np.full(size, value) for value, _, size in pools])
    return falling
