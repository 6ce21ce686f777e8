"""Pages of HTML that stand alone: templates with everything inside, nothing fetched, no personal value."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.workspace import atomic_path

TEMPLATES = Path(__file__).with_name("templates")


@cache
def environment() -> Environment:
    """The templates of this package; every value is escaped, and a name that a page lacks is an error."""
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def write_page(path: Path, template: str, *, title: str, as_of: date, policy: str, code_version: str, **values: object) -> Path:
    """Renders `template` with its `values` to `path`, atomically; returns `path`."""
    page = environment().get_template(template).render(title=title, as_of=as_of.isoformat(), policy=policy, code_version=code_version, **values)
    with atomic_path(path) as beside:
        beside.write_text(page, encoding="utf-8")
    return path
