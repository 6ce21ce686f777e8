"""The benchmark of linking: our figures on a small set, and how found pairs are judged."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.linkage import febrl
from benchmarks.linkage.febrl_ours import link
from benchmarks.linkage.score import one_to_one, quality


def test_febrl_1_is_linked_without_its_number(tmp_path) -> None:
    truth = febrl.deliver("FEBRL 1", tmp_path)
    assert quality(link(tmp_path).to_pandas(), truth).f1 > 0.995


def test_pairs_count_in_either_order_and_once() -> None:
    truth = pd.DataFrame({"one": ["a", "c", "e"], "other": ["b", "d", "f"]})
    found = pd.DataFrame({"one": ["b", "c", "c"], "other": ["a", "d", "e"]})
    judged = quality(found, truth)
    assert (judged.precision, judged.recall) == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    assert judged.f1 == pytest.approx(2 / 3)


def test_one_to_one_keeps_the_best_of_both_sides() -> None:
    found = pd.DataFrame({"one": ["a", "a", "b"], "other": ["x", "y", "y"], "score": [1.0, 3.0, 2.0]})
    assert one_to_one(found)[["one", "other"]].to_numpy().tolist() == [["a", "y"]]
