"""Training the model on a deployment's own records (identity.md, "Linking" 2), without knowing who is who.

At home the non-matches are relatives, and the compared pairs hold plenty of them: expectation and maximisation learn both sides of the weights. Apart
they are people who have nothing to do with each other, and pairs that blocking chose are no sample of these: matches are learned from all compared
pairs, everybody else from pairs drawn at random, and the prior is that a record has one person among all. What people have decided of a pair is
taken as they said.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.contracts import Contract
from pipelines.engine import Engine
from pipelines.errors import SettingsError
from pipelines.extracts.in_force import InForce
from pipelines.identity import appearances
from pipelines.identity.appearances import Numbered, Unnumbered
from pipelines.identity.blocking import Candidates, candidates
from pipelines.identity.candidates import DECISIONS, DIFFERENT, SAME, decided_pairs
from pipelines.identity.comparison import pattern_counts
from pipelines.identity.likeness import APART, COMPARISONS, HOME, compared
from pipelines.identity.model import SCALE, STRATUM, Model, Weights, chances, decided, train, weights_of
from pipelines.identity.name_pairs import Names, names_of_both

RANDOM_RECORDS, RANDOM_PERSONS = 1000, 1000
_ROUNDS, _SETTLED = 50, 1e-4
SAID = "said"
_NAME, _LIKE_NAMES = "name", (1, 2)
_FLOORS = {"birth_date": -800, "sex": -600, "place": -500, "phone": -200, "household": -200}
"""The least that a level may weigh. People move, work in other counties, change phones and leave households, and columns are filled by hand: however
seldom a sample shows that, such things alone never outweigh a name and a number that agree."""
_SLIPS = {"folded": 900, "same_reading": 500, "one_character": 0}
"""Likewise what a name misheard, misread or written in another way weighs at least: few records of a sample have a slip there and a broken number."""
_HOME_LEVELS = {"phone": "equal", "household": "linked"}


def train_model(
    engine: Engine, in_force: InForce, contracts: Mapping[str, Contract], version: str, about: str, decisions: pa.Table | None = None
) -> Model:
    """A model learned from the night's records without a valid number and everybody they might be, and from `decisions` (DECISIONS) about them.

    Raises SettingsError when there are too few to learn from.
    """
    left, right = appearances.records(engine, in_force, contracts), None
    if left is not None:
        right = appearances.persons(engine, in_force, contracts)
    if left is None or right is None:
        raise SettingsError("There are no records of persons to learn from; train on a night with deliveries.")
    names = names_of_both(engine, left, right)
    judged = decided_pairs(engine, DECISIONS.empty_table() if decisions is None else decisions, left, right)
    found = compared(engine, left, right, names, candidates(engine, left, right, names, right, besides=judged))
    said = ibis.cases((judged.decision == SAME, 1), (judged.decision == DIFFERENT, 0))
    found = found.left_join(judged.select("id_l", "id_r", said.cast("int8").name(SAID)), ["id_l", "id_r"])
    return learned(engine, left, right, names, found, version, about)


def learned(engine: Engine, left: Unnumbered, right: Numbered, names: Names, found: ir.Table, version: str, about: str) -> Model:
    """A model learned from the compared pairs of records and everybody they might be: `found` as of likeness.compared, with `said` (see model_of)."""
    chance_pairs = compared(engine, left, right, names, _random_pairs(engine, left, right)).mutate(ibis.null("int8").name(SAID))
    counts = [engine.arrow(pattern_counts(pairs, COMPARISONS, [STRATUM, SAID])).to_pandas() for pairs in (found, chance_pairs)]
    persons, records = (int(engine.arrow(side.names.aggregate(n=side.names.id.nunique()))["n"][0].as_py()) for side in (right, left))
    return model_of(counts[0], counts[1], persons, records, version, about)


def model_of(found: pd.DataFrame, at_random: pd.DataFrame, persons: int, records: int, version: str, about: str) -> Model:
    """The model from the pattern counts of the compared pairs and of pairs drawn at random, of so many records and persons.

    Of the compared pairs `said` is 1 where people decided that they are one person, 0 where they are two, else null.
    """
    home, apart = (found[found[STRATUM] == stratum].reset_index(drop=True) for stratum in (HOME, APART))
    strangers = at_random[at_random[STRATUM] == APART]
    known = apart[SAID].to_numpy(dtype=float)
    related, at_home = train(home, COMPARISONS, expected=0.2 * home["pairs"].sum(), known=home[SAID].to_numpy(dtype=float))
    blocked, chance = train(apart, COMPARISONS, expected=min(records, 0.8 * apart["pairs"].sum()), known=known)
    alike, at_home = pd.concat([home, apart], ignore_index=True), home["pairs"].to_numpy(dtype=float) * at_home
    drawn = strangers["pairs"].to_numpy(dtype=float)
    others = drawn
    sample = {**blocked.sample, "persons": float(persons), "records": float(records)}
    for _ in range(_ROUNDS):  # matches are learned again with what random pairs say of everybody else, until they stay
        matched = apart["pairs"].to_numpy(dtype=float) * chance
        prior = round(SCALE * math.log2(min((matched.sum() + at_home.sum()) / records, 0.95) / persons))
        weights = weights_of(COMPARISONS, alike, np.concatenate([at_home, matched]), strangers, others, prior, sample)
        before, chance = chance, decided(chances(weights, apart, COMPARISONS), known)
        others = drawn * (1 - chances(weights, strangers, COMPARISONS))  # a few of the pairs drawn are one person
        if np.abs(chance - before).max() < _SETTLED:
            break
    away = _away_from_home(weights, home, at_home, apart, matched)
    namesakes = float(strangers.loc[strangers[_NAME].isin(_LIKE_NAMES), "pairs"].sum() / strangers["pairs"].sum())
    return Model(version, about, round(namesakes, 9), {HOME: _cautious(related, {}), APART: _cautious(away, _SLIPS)})


def _cautious(weights: Weights, slips: Mapping[str, int]) -> Weights:
    """The weights with none below the floors."""
    raised = {name: {level: max(weight, _FLOORS.get(name, weight)) for level, weight in levels.items()} for name, levels in weights.weights.items()}
    raised[_NAME] = {level: max(weight, slips.get(level, weight)) for level, weight in raised[_NAME].items()}
    return Weights(weights.prior, raised, weights.m, weights.u, weights.sample)


def _away_from_home(weights: Weights, home: pd.DataFrame, home_matched: np.ndarray, apart: pd.DataFrame, matched: np.ndarray) -> Weights:
    """The weights of pairs apart with what it says against one person that phones or households which could agree do not."""
    changed = {name: dict(levels) for name, levels in weights.weights.items()}
    for comparison in COMPARISONS:
        if comparison.name in _HOME_LEVELS:
            differing = len(comparison.level_names) - 1
            agreed = home_matched[home[comparison.name] == comparison.level_names.index(_HOME_LEVELS[comparison.name])].sum()
            differed = matched[apart[comparison.name] == differing].sum()
            against = min(0, round(SCALE * math.log2((differed + 0.5) / (agreed + differed + 1))))
            changed[comparison.name] = {level: against if level == comparison.level_names[-1] else 0 for level in comparison.level_names}
    return Weights(weights.prior, changed, weights.m, weights.u, weights.sample)


def _random_pairs(engine: Engine, left: Unnumbered, right: Numbered) -> Candidates:
    """Some records with some persons, chosen by no property of theirs but the digits of their numbers."""
    records = left.units.select("id").order_by((left.units.id * 7919) % 1_000_003, "id").limit(RANDOM_RECORDS)
    everybody = right.names.select("id").distinct()
    persons = everybody.order_by((everybody.id % 1_000_003 * 7919) % 1_000_003, "id").limit(RANDOM_PERSONS)
    pairs = engine.kept(records.rename(id_l="id").cross_join(persons.rename(id_r="id")))
    nobody = pairs.limit(0)
    relatives = left.households.join(right.households.rename(relative="id"), "household").select(id_l="id").distinct()
    return Candidates(pairs, nobody, {}, nobody, engine.kept(relatives))
