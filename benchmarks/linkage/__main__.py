"""Links the FEBRL sets, or a million people, with every tool and writes benchmarks/linkage-febrl.md or linkage-people.md.

    python -m benchmarks.linkage febrl|people --splink PYTHON

Every tool runs on every set in a process of its own, one after the other. Splink is no dependency of the product: PYTHON is that of an environment
which has it and PyArrow (`make bench-linkage` makes one).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from benchmarks.linkage import febrl, people
from benchmarks.linkage.febrl_ours import TENTHS, link
from benchmarks.linkage.pages import write_febrl, write_people
from benchmarks.linkage.score import Outcome, Quality, quality, run

PAGES = Path(__file__).parents[1]
OURS, RECORDLINKAGE, SPLINK = "ours", "recordlinkage ECM", "Splink"
MILLION = 1_000_000
VARIED: dict[str, tuple[tuple[int, ...], tuple[int, ...], bool]] = {
    "every tenth up to one half (the figures above)": (TENTHS, (1, 2), True),
    "one and two fifths": ((200, 400), (1, 2), True),
    "one and two quarters": ((250, 500), (1, 2), True),
    "one third": ((333,), (1, 2), True),
    "every tenth up to nine": (tuple(range(100, 1000, 100)), (1, 2), True),
    "every tenth up to one half, numbers one edit": (TENTHS, (1,), True),
    "every tenth up to one half, exchanged columns not looked for": (TENTHS, (1, 2), False),
    "equal or different, nothing else": ((), (), True),
}
"""Cut-offs for our comparisons, none of them chosen by its result."""


def main() -> None:
    """Runs the benchmark that the command line names and writes its page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=["febrl", "people"])
    parser.add_argument("--splink", required=True, help="the Python of an environment with splink 5 and pyarrow")
    arguments = parser.parse_args()
    if arguments.set == "people":
        on_people(arguments.splink)
        return
    outcomes = {name: on_febrl(name, arguments.splink) for name in febrl.SETS}
    write_febrl(PAGES / "linkage-febrl.md", outcomes, varied())


def on_febrl(name: str, splink: str) -> list[Outcome]:
    """Every tool on a FEBRL set."""
    tools = ((OURS, "febrl_ours", sys.executable), (RECORDLINKAGE, "febrl_recordlinkage", sys.executable), (SPLINK, "febrl_splink", splink))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = febrl.deliver(name, folder)
        found = [run(tool, module, python, folder, truth) for tool, module, python in tools]
    for one in found:
        say(f"{name} {one.tool}: F1 {one.plain.f1:.4f}, {one.seconds:.1f} s, {one.memory:.0f} MB")
    return found


def on_people(splink: str) -> None:
    """Every tool on a million people."""
    tools = ((OURS, "people_ours", sys.executable), (RECORDLINKAGE, "people_recordlinkage", sys.executable), (SPLINK, "people_splink", splink))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        truth = people.deliver(MILLION, folder)
        before = os.getloadavg()[0]
        found = []
        for tool, module, python in tools:
            found.append(run(tool, module, python, folder, truth))
            say(f"{tool}: F1 {found[-1].plain.f1:.4f}, {found[-1].seconds:.1f} s, {found[-1].cpu:.1f} CPU s, {found[-1].memory:.0f} MB")
        write_people(PAGES / "linkage-people.md", found, MILLION, len(truth), before)


def varied() -> dict[str, dict[str, Quality]]:
    """Our quality on every FEBRL set with other cut-offs, by cut-offs and set."""
    figures: dict[str, dict[str, Quality]] = {name: {} for name in VARIED}
    for dataset in febrl.SETS:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            truth = febrl.deliver(dataset, folder)
            for name, configuration in VARIED.items():
                figures[name][dataset] = quality(link(folder, *configuration).to_pandas(), truth)
    return figures


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)  # noqa: T201  # this is the benchmark's output


if __name__ == "__main__":
    main()
