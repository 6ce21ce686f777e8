"""The model: learned weights, their file, probabilities."""

from __future__ import annotations

import math

import ibis
import numpy as np
import pandas as pd
import pytest
from recordlinkage import ECMClassifier

from pipelines.errors import SettingsError
from pipelines.identity.comparison import Comparison, Level
from pipelines.identity.links import DEFAULT_MODEL
from pipelines.identity.model import SCALE, Model, load_model, probability, train, weight_of

TWO_LEVELS = [Comparison(name, lambda pairs: ibis.literal(False), [Level("equal", lambda pairs: pairs.x == 1)]) for name in ("a", "b", "c", "d")]
M, U = (0.95, 0.9, 0.97, 0.85), (0.1, 0.05, 0.2, 0.02)


def sample(pairs: int = 60_000, share: float = 0.2) -> pd.DataFrame:
    """Pairs of which a share is of one person, with four attributes that agree independently: 1 equal, 2 different."""
    rng = np.random.default_rng(7)
    same = rng.random(pairs) < share
    return pd.DataFrame({c.name: np.where(rng.random(pairs) < np.where(same, m, u), 1, 2) for c, m, u in zip(TWO_LEVELS, M, U, strict=True)})


def counted(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.groupby(list(pairs.columns)).size().rename("pairs").reset_index()


def test_weights_are_those_of_recordlinkage() -> None:
    pairs = sample()
    weights, _ = train(counted(pairs), TWO_LEVELS, expected=10_000)
    ecm = ECMClassifier(binarize=None, init="jaro")
    ecm.fit((pairs == 1).astype(int))
    for comparison in TWO_LEVELS:
        log_m, log_u = ecm.log_m_probs[comparison.name], ecm.log_u_probs[comparison.name]
        equal, different = ((log_m[level] - log_u[level]) / math.log(2) for level in (1, 0))
        assert weights.weights[comparison.name]["equal"] / SCALE == pytest.approx(equal, abs=0.03)
        assert weights.weights[comparison.name]["different"] / SCALE == pytest.approx(different, abs=0.03)


def test_learned_shares_are_those_that_made_the_pairs() -> None:
    weights, chances = train(counted(sample()), TWO_LEVELS, expected=10_000)
    for comparison, m, u in zip(TWO_LEVELS, M, U, strict=True):
        assert weights.m[comparison.name]["equal"] == pytest.approx(m, abs=0.02)
        assert weights.u[comparison.name]["equal"] == pytest.approx(u, abs=0.02)
    assert weights.sample["matches"] == pytest.approx(12_000, rel=0.05)
    assert chances.min() >= 0
    assert chances.max() <= 1


def test_missing_says_nothing() -> None:
    pairs = sample()
    pairs.loc[np.random.default_rng(3).random(len(pairs)) < 0.5, "a"] = 0
    weights, _ = train(counted(pairs), TWO_LEVELS, expected=10_000)
    assert weights.weights["a"]["missing"] == 0
    assert weights.m["a"]["equal"] == pytest.approx(M[0], abs=0.02)


def test_no_pairs_teach_nothing() -> None:
    with pytest.raises(SettingsError):
        train(counted(sample()).iloc[:0], TWO_LEVELS, expected=10)


def test_a_saved_model_is_read_as_it_was(tmp_path) -> None:
    weights, _ = train(counted(sample()), TWO_LEVELS, expected=10_000)
    model = Model("1", "test", 0.001, {"all": weights})
    assert load_model(model.save(tmp_path / "model.yaml")) == model


def test_a_damaged_model_is_refused(tmp_path) -> None:
    (tmp_path / "model.yaml").write_text("version: 1\n")
    with pytest.raises(SettingsError, match=r"model\.yaml"):
        load_model(tmp_path / "model.yaml")


def test_weights_are_the_logarithm_of_odds() -> None:
    assert probability(0) == 0.5
    assert probability(weight_of(0.99)) >= 0.99 > probability(weight_of(0.99) - 1)


def test_in_the_model_that_ships_weaker_agreement_never_weighs_more() -> None:
    for weights in load_model(DEFAULT_MODEL).strata.values():
        for levels in weights.weights.values():
            falling = [weight for level, weight in levels.items() if level != "missing"]
            assert falling == sorted(falling, reverse=True)
            assert levels["missing"] == 0


def test_what_people_decided_is_taken_as_they_said() -> None:
    """Pairs that agree in all but `b` were decided to be two people: a difference in `b` then says more against one person than before."""
    counts = counted(sample())
    alone, _ = train(counts, TWO_LEVELS, expected=10_000)
    said = np.where((counts.a == 1) & (counts.b == 2) & (counts.c == 1) & (counts.d == 1), 0.0, np.nan)
    taught, chances = train(counts, TWO_LEVELS, expected=10_000, known=said)
    assert set(chances[said == 0]) == {0.0}
    assert taught.weights["b"]["different"] < alone.weights["b"]["different"] - 50
    everything = np.where(said == 0, 1.0, np.nan)
    assert train(counts, TWO_LEVELS, expected=10_000, known=everything)[1][said == 0].min() == 1
