"""Landed text to typed values (extracts.md, "Types"), as Ibis expressions with equal meaning on DuckDB and Spark.

Reading goes in two steps. `prepared` brings a cell's text into one canonical form or null; `value` computes the typed value from that form,
mentioning it as often as it needs. Between them the caller puts `staged`, so that each column's regular expression runs once a row.
Forms that departments mostly deliver are recognised by cheap operations first. No floating point touches an amount.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ibis
import ibis.expr.types as ir

from pipelines.contracts import Field
from pipelines.policy import Region

OPEN_END_DATE = "99991231"
OPEN_END_MONTH = "999912"
OPEN_END_WORDS = ("长期", "永久")
YES = ("是", "1", "Y", "y", "有")
NO = ("否", "0", "N", "n", "无")

_TIME = r"([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?"
_DAY_FORM = rf"^\d{{4}}(-\d{{1,2}}-\d{{1,2}}|/\d{{1,2}}/\d{{1,2}}|年\d{{1,2}}月\d{{1,2}}日?){_TIME}$"
_MONTH_FORM = r"^\d{4}(-\d{1,2}|/\d{1,2}|年\d{1,2}月)$"
_COMPACT_FORM = rf"^\d{{8}}{_TIME}$"
_DAY = r"^\d{8}$"
_MONTH = r"^[1-9]\d{3}(0[1-9]|1[0-2])$"
_PLAIN_MONEY = r"^-?\d{1,12}(\.\d*)?$"
_MONEY = r"^-?(\d{1,12}|\d{1,3}(,\d{3}){1,3})(\.\d*)? ?元?$"
_INT = r"^-?\d{1,9}(\.0*)?$"
_DIVISION = r"^\d{12}$"
# The first two digits of GB/T 2260: provinces, Taiwan, Hong Kong, Macau
_COUNTY = r"^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])\d{4}$"
_SEPARATORS = "[,，、;； ]+"


def prepared(field: Field, text: ir.StringValue) -> ir.StringValue:
    """The canonical form of a landed cell of `field`, null where it is absent or its form is not one the contract reads."""
    match field.type:
        case "date" | "month":
            return _date_digits(text, OPEN_END_DATE if field.type == "date" else OPEN_END_MONTH)
        case "money":
            return _decimal(text)
        case "int":
            return ibis.cases((text.re_search(_INT), text.concat(".")))
        case "county":
            return ibis.cases((text.re_search(_DIVISION), text.substr(0, 6)), else_=text)
        case "codes":
            return ibis.literal(";").concat(text.re_replace(_SEPARATORS, ";;"), ";")
    return text


def value(field: Field, form: ir.StringValue, region: Region) -> ir.Value:
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


def _date_digits(text: ir.StringValue, open_end: str) -> ir.StringValue:
    """The digits yyyymmdd or yyyymm of a date or month in any accepted form."""
    month = text.re_extract(r"^\d{4}[-/年](\d{1,2})", 1).lpad(2, "0")
    day = text.re_extract(r"^\d{4}[-/年]\d{1,2}[-/月](\d{1,2})", 1).lpad(2, "0")
    year = text.substr(0, 4)
    dashed = (text.length() == 10) & (text.substr(4, 1) == "-") & (text.substr(7, 1) == "-")
    return ibis.cases(
        (text.length().isin((6, 8)) & text.substr(4, 1).notin(("-", "/", "年")), text),
        (dashed, year.concat(text.substr(5, 2), text.substr(8, 2))),
        (text.re_search(_DAY_FORM), year.concat(month, day)),
        (text.re_search(_MONTH_FORM), year.concat(month)),
        (text.re_search(_COMPACT_FORM), text.substr(0, 8)),
        (text.isin(OPEN_END_WORDS), open_end),
    )


def _real_date(digits: ir.StringValue) -> ir.IntegerValue:
    """The int of eight digits that name a day of the calendar."""
    return real_date(ibis.cases((digits.re_search(_DAY), digits)).try_cast("int32"))


def _month(digits: ir.StringValue) -> ir.IntegerValue:
    """The int of six digits that are a month, or of the month of a real date."""
    month = ibis.cases((digits.re_search(_MONTH), digits)).try_cast("int32")
    return ibis.coalesce(month, (_real_date(digits) // 100).cast("int32"))


def real_date(number: ir.IntegerValue) -> ir.IntegerValue:
    """`number`, an int yyyymmdd, where the Gregorian calendar has that day (from the year 1000), else null. Remainders only, no division."""
    day = number % 100
    month = number % 10000 - day
    year = number - number % 10000
    leap = (year % 40000 == 0) & ((year % 1000000 != 0) | (year % 4000000 == 0))
    days = ibis.cases((month == 200, ibis.ifelse(leap, 29, 28)), (month.isin((400, 600, 900, 1100)), 30), else_=31)
    return ibis.cases((number.between(10000101, 99991231) & month.between(100, 1200) & day.between(1, days), number))


def _decimal(text: ir.StringValue) -> ir.StringValue:
    """Sign, digits, a point and at least seven digits after it."""
    bare = ibis.cases(
        (text.re_search(_PLAIN_MONEY), text),
        (text.re_search(_MONEY), text.replace("元", "").replace(",", "").replace(" ", "")),
    )
    return ibis.cases((bare.contains("."), bare.concat("0000000")), else_=bare.concat(".0000000"))


def _smallest_units(form: ir.StringValue, decimals: int) -> ir.IntegerValue:
    """The amount times 10 to the `decimals`, rounded half up by the first digit that is cut."""
    point = form.find(".")
    whole = form.substr(0, point).try_cast("int64").abs()
    kept = form.substr(point + 1, decimals).try_cast("int64")
    next_digit = form.substr(point + 1 + decimals, 1).try_cast("int64")
    units = whole * 10**decimals + kept + ibis.ifelse(next_digit >= 5, 1, 0)
    return ibis.ifelse(form.startswith("-"), -units, units)


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


_READERS: dict[str, Callable[[Field, ir.StringValue, Region], ir.Value]] = {
    "date": lambda field, form, region: _real_date(form),
    "month": lambda field, form, region: _month(form),
    "money": lambda field, form, region: _smallest_units(form, 6 if field.unit == "万元" else 2),
    "int": lambda field, form, region: form.substr(0, form.find(".")).try_cast("int64"),
    "bool": lambda field, form, region: ibis.cases((form.isin(YES), True), (form.isin(NO), False)),
    "code": lambda field, form, region: _coded(form, field.spellings),
    "codes": lambda field, form, region: _coded_list(form, field.spellings),
    "county": lambda field, form, region: _county(form, region),
}
