"""Landed text to typed values (extracts.md, "Types"), as Ibis expressions with equal meaning on DuckDB and Spark.

Reading goes in two steps. `prepared` brings a cell's text into one canonical form or null; `value` computes the typed value from that form,
mentioning it as often as it needs. Between them the caller puts `staged`, so that each column's regular expression runs once a row.
Forms that departments mostly deliver come first, each with one regular expression; an engine looks at the others only where these fail.
No floating point touches an amount.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from pipelines.contracts import Field
from pipelines.policy import Region

OPEN_END_DATE = "99991231"
OPEN_END_MONTH = "999912"
OPEN_END_WORDS = ("长期", "永久")
YES = ("是", "1", "Y", "y", "有")
NO = ("否", "0", "N", "n", "无")

_DASHED_DAY = r"^[1-9]\d{3}-\d{2}-\d{2}$"
_DIGITS = r"^[1-9]\d{5}(\d\d)?$"
_TIME = r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
_DAY_FORM = rf"^\d{{4}}(-\d{{1,2}}-\d{{1,2}}|/\d{{1,2}}/\d{{1,2}}|年\d{{1,2}}月\d{{1,2}}日?){_TIME}$"
_MONTH_FORM = r"^\d{4}(-\d{1,2}|/\d{1,2}|年\d{1,2}月)$"
_COMPACT_FORM = rf"^\d{{8}}{_TIME}$"
_FEN_MONEY = r"^-?\d{1,12}\.\d\d$"
_WHOLE_MONEY = r"^-?\d{1,12}$"
_MONEY = r"^-?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d*)? ?元?$"
_WHOLE = r"^-?\d{1,9}$"
_INT = r"^-?\d{1,9}(\.0*)?$"
_DIVISION = r"^\d{12}$"
# The first two digits of GB/T 2260: provinces, Taiwan, Hong Kong, Macau
_COUNTY = r"^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}$"
_SEPARATORS = "[,，、;； ]+"


def prepared(field: Field, text: ir.StringValue) -> ir.Value:
    """The canonical form of a landed cell of `field`, null where it is absent or its form is not one the contract reads.

    Of dates and months it is the int32 yyyymmdd or yyyymm that the digits give, a day of the calendar or not; of all others text.
    """
    match field.type:
        case "date" | "month":
            return _date_number(text, OPEN_END_DATE if field.type == "date" else OPEN_END_MONTH)
        case "money":
            return _amount(text, _decimals(field))
        case "int":
            return ibis.cases((text.re_search(_WHOLE), text), (text.re_search(_INT), text.re_replace(r"\.0*$", "")))
        case "county":
            return ibis.cases((text.re_search(_DIVISION), text.substr(0, 6)), else_=text)
        case "codes":
            return ibis.literal(";").concat(text.re_replace(_SEPARATORS, ";;"), ";")
    return text


def value(field: Field, form: ir.Value, region: Region) -> ir.Value:
    """The typed value of a canonical form, null where the form is null or says nothing real (30 February, a code that is not listed).

    date -> int32 yyyymmdd, month -> int32 yyyymm, money -> int64 fen, int -> int64, bool -> boolean, everything else -> string.
    """
    read = _READERS.get(field.type)
    return form if read is None else read(field, form, region)


def default(field: Field, region: Region) -> ir.Scalar | None:
    """The typed value that an absent cell of `field` stands for, None for none."""
    if field.default is None:
        return None
    typed: ir.Scalar = value(field, prepared(field, ibis.literal(field.default)), region)
    return typed


def _date_number(text: ir.StringValue, open_end: str) -> ir.IntegerValue:
    """The int of the digits yyyymmdd or yyyymm of a date or month in any accepted form."""
    month = text.re_extract(r"^\d{4}[-/年](\d{1,2})", 1).lpad(2, "0")
    day = text.re_extract(r"^\d{4}[-/年]\d{1,2}[-/月](\d{1,2})", 1).lpad(2, "0")
    year = text.substr(0, 4)
    digits = ibis.cases(
        (text.re_search(_DAY_FORM), year.concat(month, day)),
        (text.re_search(_MONTH_FORM), year.concat(month)),
        (text.re_search(_COMPACT_FORM), text.substr(0, 8)),
        (text.isin(OPEN_END_WORDS), open_end),
    )
    number = ibis.cases(
        (text.re_search(_DASHED_DAY), text.replace("-", "")),
        (text.re_search(_DIGITS), text),
        (digits.re_search(_DIGITS), digits),
    )
    return number.try_cast("int32")


def _month(number: ir.IntegerValue) -> ir.IntegerValue:
    """A number of six digits that is a month, or the month of one that is a real date."""
    return ibis.cases(
        ((number < 1000000) & (number % 100).between(1, 12), number),
        (number >= 1000000, (real_date(number) // 100).cast("int32")),
    )


def real_date(number: ir.IntegerValue) -> ir.IntegerValue:
    """`number`, an int yyyymmdd, where the Gregorian calendar has that day (from the year 1000), else null. Remainders only, no division."""
    day = number % 100
    month = number % 10000 - day
    year = number - number % 10000
    leap = (year % 40000 == 0) & ((year % 1000000 != 0) | (year % 4000000 == 0))
    days = ibis.cases((month == 200, ibis.ifelse(leap, 29, 28)), (month.isin((400, 600, 900, 1100)), 30), else_=31)
    return ibis.cases((number.between(10000101, 99991231) & month.between(100, 1200) & day.between(1, days), number))


def _decimals(field: Field) -> int:
    """How many decimals of an amount in the field's unit are a fen."""
    return 6 if field.unit == "万元" else 2


def _amount(text: ir.StringValue, decimals: int) -> ir.StringValue:
    """An amount as its digits in fen where it is written with none or both of its two decimals; else with a point and at least seven digits
    after it."""
    bare = text.replace("元", "").replace(",", "").replace(" ", "")
    general = text.re_search(_MONEY), ibis.cases((bare.contains("."), bare.concat("0000000")), else_=bare.concat(".0000000"))
    if decimals != 2:
        return ibis.cases(general)
    return ibis.cases((text.re_search(_FEN_MONEY), text.replace(".", "")), (text.re_search(_WHOLE_MONEY), text.concat("00")), general)


def _fen(form: ir.StringValue, decimals: int) -> ir.IntegerValue:
    """The amount in fen, rounded half up by the first digit that is cut."""
    point = form.find(".")
    whole = form.substr(0, point).try_cast("int64").abs()
    kept = form.substr(point + 1, decimals).try_cast("int64")
    next_digit = form.substr(point + 1 + decimals, 1).try_cast("int64")
    units = whole * 10**decimals + kept + ibis.ifelse(next_digit >= 5, 1, 0)
    return ibis.cases((form.contains("."), ibis.ifelse(form.startswith("-"), -units, units)), else_=form.try_cast("int64"))


def _coded(form: ir.StringValue, spellings: Mapping[str, str]) -> ir.StringValue:
    """The code of an accepted spelling."""
    same = [spelling for spelling, code in spellings.items() if spelling == code]
    others = [(form == spelling, code) for spelling, code in spellings.items() if spelling != code]
    return ibis.cases((form.isin(same), form), *others)


def _coded_list(form: ir.StringValue, spellings: Mapping[str, str]) -> ir.StringValue:
    """The codes of all values of a cell, sorted and joined by `;`; null when one of them is not listed. `form` is `;value;;value;`."""
    rest = form
    found = []
    for wanted in sorted(set(spellings.values())):
        words = [f";{spelling};" for spelling, code in spellings.items() if code == wanted]
        named = form.contains(words[0])
        for word in words[1:]:
            named = named | form.contains(word)
        for word in words:
            rest = rest.replace(word, "")
        found.append(ibis.ifelse(named, f";{wanted}", ""))
    joined = ibis.literal("").concat(*found).substr(1)
    return ibis.cases(((rest.replace(";", "") == "") & (joined != ""), joined))


def _county(form: ir.StringValue, region: Region) -> ir.StringValue:
    """A county code of the region, by code or name, or the code of a place in another province."""
    codes = sorted(region.counties)
    names = [(form == name, code) for code, name in sorted(region.counties.items())]
    elsewhere = ~form.startswith(region.code) & form.re_search(_COUNTY)
    return ibis.cases((form.isin(codes), form), *names, (elsewhere, form))


_READERS: dict[str, Callable[[Field, Any, Region], ir.Value]] = {
    "date": lambda field, form, region: real_date(form),
    "month": lambda field, form, region: _month(form),
    "money": lambda field, form, region: _fen(form, _decimals(field)),
    "int": lambda field, form, region: form.try_cast("int64"),
    "bool": lambda field, form, region: ibis.cases((form.isin(YES), True), (form.isin(NO), False)),
    "code": lambda field, form, region: _coded(form, field.spellings),
    "codes": lambda field, form, region: _coded_list(form, field.spellings),
    "county": lambda field, form, region: _county(form, region),
}
