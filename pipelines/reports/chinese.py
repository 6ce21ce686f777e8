"""English sentences of the stages in Chinese, for what people read; the stages themselves speak English, in logs and errors.

messages.yaml holds a regular expression and a Chinese sentence each; a named group of the expression fills the place of that name.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

import yaml


@cache
def _messages() -> tuple[tuple[re.Pattern[str], str], ...]:
    loaded = yaml.safe_load(Path(__file__).with_name("messages.yaml").read_text(encoding="utf-8"))
    return tuple((re.compile(entry["en"], re.DOTALL), entry["zh"]) for entry in loaded)


@lru_cache(maxsize=4096)
def chinese(text: str) -> str:
    """`text` in Chinese where messages.yaml knows it; an unknown sentence stays as it is, so that nothing is lost."""
    for pattern, translation in _messages():
        match = pattern.fullmatch(text.strip())
        if match:
            return translation.format_map({name: chinese(value) if value else "" for name, value in match.groupdict().items()})
    return text
