"""The clerks' slips are what they are said to be: of the ear, reading the same, or of the eye, reading differently."""

from __future__ import annotations

import pytest
from pypinyin import Style, pinyin

from pipelines.synthetic.names import HOMOPHONES, LOOKALIKES


def _readings(character: str) -> set[str]:
    return set(pinyin(character, style=Style.NORMAL, heteronym=True)[0])


@pytest.mark.parametrize("right", sorted(HOMOPHONES))
def test_misheard_characters_share_a_reading(right: str) -> None:
    assert _readings(right) & _readings(HOMOPHONES[right])


@pytest.mark.parametrize("right", sorted(LOOKALIKES))
def test_misread_characters_share_none(right: str) -> None:
    assert not _readings(right) & _readings(LOOKALIKES[right])
