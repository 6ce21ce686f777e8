"""How personal values look once they leave the working area.

An ID number keeps its first three and last four characters (`640***********1234`), a name its first character, or its first and last from three
characters on (`张*`, `张*三`), a phone number its first three and last four. Masked is not anonymous: masked lists stay inside the administration.
"""

from __future__ import annotations

import re
from typing import overload

STAR = "*"
_CERTIFICATE = re.compile(r"^(\d{17}[\dX])([1-7][1-4](?:B\d+)?)$")
_SHORTEST_WITH_ENDS = 12  # below it, three plus four characters would leave too little hidden


@overload
def mask_id(text: str) -> str: ...
@overload
def mask_id(text: None) -> None: ...
def mask_id(text: str | None) -> str | None:
    """An ID number with only its first three and last four characters; a disability certificate's category, level and reissue stay readable.

    Text that is no number (`不详`) or too short to be one is hidden altogether, since an ID column may hold anything. Absent stays absent.
    """
    if text is None:
        return None
    certificate = _CERTIFICATE.match(text)
    if certificate:
        return mask_id(certificate.group(1)) + certificate.group(2)
    if len(text) < _SHORTEST_WITH_ENDS:
        return STAR * len(text)
    return text[:3] + STAR * (len(text) - 7) + text[-4:]


@overload
def mask_name(text: str) -> str: ...
@overload
def mask_name(text: None) -> None: ...
def mask_name(text: str | None) -> str | None:
    """A name as public notices show it: `张*`, `张*三`, `欧**娜`; names with `·` are masked part by part. Absent stays absent."""
    if text is None:
        return None
    return "·".join(_mask_part(part) for part in text.split("·"))


def _mask_part(part: str) -> str:
    if len(part) <= 2:
        return part[:1] + STAR if len(part) == 2 else STAR * len(part)
    return part[0] + STAR * (len(part) - 2) + part[-1]


@overload
def mask_phone(text: str) -> str: ...
@overload
def mask_phone(text: None) -> None: ...
def mask_phone(text: str | None) -> str | None:
    """A phone number with only its first three and last four characters; a shorter one is hidden altogether. Absent stays absent."""
    if text is None:
        return None
    return text[:3] + STAR * (len(text) - 7) + text[-4:] if len(text) > 7 else STAR * len(text)
