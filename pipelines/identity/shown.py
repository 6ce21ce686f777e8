"""What numbers show: of whole ones everything, of broken and masked ones what is left.

`number` (text), `readable`, `sex` ('1', '2'), `birth_date` (text, yyyymmdd). Of whole numbers `body` (the 17 digits), `rounded` (the same where a
spreadsheet may have rounded it), `first` (15 digits and two zeros), `told` (the date in the number, and three zeros). Of masked ones how many
characters stand before the first asterisk (`head`) and behind the last (`tail`).
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from pipelines.identity.numbers import number_text

FEWEST_READABLE = 14
FEWEST_VISIBLE = 4
_SHOWN = ("number", "readable", "body", "rounded", "first", "told", "head", "tail", "sex", "birth_date")


def readable(number: ir.StringValue) -> ir.BooleanValue:
    """Whether enough of a number is there to be compared: not what a spreadsheet writes of it, and not all asterisks."""
    shown = number.replace("*", "").length()
    return ibis.ifelse(number.contains("*"), shown >= FEWEST_VISIBLE, (shown >= FEWEST_READABLE) & ~number.contains("E"))


def of_persons(person: ir.IntegerValue) -> dict[str, ir.Value]:
    """What the valid numbers with these 17 digits show."""
    day = person - person % 1000
    return {
        "number": number_text(person),
        "readable": ibis.literal(True),
        "body": person,
        "rounded": ibis.null("int64"),
        "first": person - person % 100,
        "told": day % 10**11,
        "head": ibis.null("int32"),
        "tail": ibis.null("int32"),
        "sex": ibis.ifelse(person % 2 == 1, "1", "2"),
        "birth_date": person.cast("string").substr(6, 8),
    }


def of_records(units: ir.Table) -> ir.Table:
    """What the numbers of records without a valid one show, by `id`."""
    number = units.id_number
    masked = number.contains("*")
    body = _digits(number, 0, 17, (number.length() == 18) & number.re_search(r"^[0-9]{17}"))
    marks = {
        "number": number,
        "readable": readable(number).fill_null(False),
        "body": body,
        "rounded": ibis.cases((number.re_search(r"^[0-9]{16}00$"), body)),
        "first": _digits(number, 0, 15, number.re_search(r"^[0-9]{15}")) * 100,
        "told": _digits(number, 6, 8, number.re_search(r"^.{6}[0-9]{8}")) * 1000,
        "head": ibis.cases((masked, number.find("*"))).cast("int32"),
        "tail": ibis.cases((masked, number.reverse().find("*"))).cast("int32"),
        "sex": units.sex,
        "birth_date": units.birth_date.cast("string"),
    }
    return units.select("id", **marks).select("id", *_SHOWN)


def _digits(number: ir.StringValue, start: int, length: int, there: ir.BooleanValue) -> ir.IntegerValue:
    """Part of a number as a whole number, where digits are there: an engine reads 6E+17 as a number, too."""
    return ibis.cases((there, number.substr(start, length))).try_cast("int64")
