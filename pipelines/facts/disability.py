"""Disability certificates as of a day: category and level, whether in force, whether severe (rules.md "Facts": severe; clause 一(一))."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.facts.source import RecordSource
from pipelines.policy_schema import SevereDisability

MULTIPLE = 7
_NUMBER = r"^[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?$"
_LEVEL_UP_TO_THREE = "[^一二三四1-4;,、]{0,4}(一|二|三|1|2|3)"


def certificates(records: RecordSource, severe: SevereDisability, day: int) -> ir.Table:
    """Certificate rows as of `day`: conformed columns, `person`, `link_basis`, and the columns below.

    `number_category`, `number_level`: from the certificate number, null where it cannot be read.
    `true_category`, `true_level`: the number's, else the columns'. `in_force`: 有效 and not past `valid_until`.
    `severe`: in force and of the policy's levels, or where the row's county extends them of level three in the policy's categories,
    or 多重 with such a component of level three or worse, whatever its own level.
    """
    rows = records["disability_certificates"]
    number = rows.certificate_number.upper().replace("×", "X").re_replace(r"[\s'’\-]", "")
    readable = number.re_search(_NUMBER)
    rows = rows.mutate(
        number_category=ibis.ifelse(readable, number.substr(18, 1), ibis.null("string")).cast("int32"),
        number_level=ibis.ifelse(readable, number.substr(19, 1), ibis.null("string")).cast("int32"),
        in_force=(rows.status == "有效") & (rows.valid_until.isnull() | (rows.valid_until >= day)),
    )
    rows = rows.mutate(
        true_category=ibis.coalesce(rows.number_category, rows.category.cast("int32")),
        true_level=ibis.coalesce(rows.number_level, rows.level.cast("int32")),
    )
    grave = rows.true_level.isin(severe.levels)
    if severe.level_three:
        grave = grave | (rows.county_code.isin(severe.level_three) & _level_three(rows, severe))
    return rows.mutate(severe=rows.in_force & grave)


def _level_three(rows: ir.Table, severe: SevereDisability) -> ir.BooleanValue:
    itself = (rows.true_level == 3) & rows.true_category.isin(list(severe.level_three_categories))
    names = "|".join(severe.level_three_categories.values())
    component = rows.components.re_search(f"({names}){_LEVEL_UP_TO_THREE}").fill_null(False)
    return itself | ((rows.true_category == MULTIPLE) & component)
