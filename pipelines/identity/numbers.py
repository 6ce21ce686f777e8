"""ID numbers after GB 11643 (identity.md, "ID numbers"): cleaning, status, and what a number says about its holder.

There are two readings that agree on every string: `read_number` for a single value, with the check character from python-stdnum, and
`with_number`, the same as engine expressions for whole tables. Text reaches the engine as landing left it (NFKC, without Unicode category
Cf); `read_number` sees to that itself.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
from stdnum.iso7064 import mod_11_2

from pipelines.engine import staged
from pipelines.extracts.types import real_date

STATUSES = ("missing", "masked", "numeric_cell", "bad_length", "bad_characters", "bad_date", "bad_check", "valid")
MISSING_WORDS = ("", "无", "不详", "暂无")  # a lone dash is empty once hyphens are dropped
CHECK_CHARACTERS = "0123456789X"
# Ages over 120: 121 years in differences of yyyymmdd numbers
_TOO_OLD = 1210000

_BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000)))
_HYPHENS = "-‐‑‒–—―−"
_APOSTROPHES = "'’"
_DROPPED = _BLANKS + _HYPHENS + _APOSTROPHES
_BLANK_OR_MARK = "[" + "".join(f"\\x{{{ord(character):x}}}" for character in _DROPPED) + "]"
_SUPERFLUOUS = rf"\.{_BLANK_OR_MARK}*0{_BLANK_OR_MARK}*\z|{_BLANK_OR_MARK}"
_LOWER = string.ascii_lowercase + "×"
_UPPER = string.ascii_uppercase + "X"
_LOOKALIKES = ("OIL", "011")

_NUMBER = r"^[0-9]{17}[0-9X]\z"
_OLD_NUMBER = r"^[0-9]{15}\z"
_CERTIFICATE = r"^[0-9]{17}[0-9X][1-7][1-4](B[0-9]+)?\z"
_LOOKALIKE = r"^[0-9OIL]{17}[0-9OILX]\z"
_SCIENTIFIC = r"^[0-9]+(\.[0-9]*)?E[+]?[0-9]+\z"
_CLEAN_ALREADY = r"^[0-9A-Z]+\z"
_DATED = r"(?s)^.{6}[0-9]{8}.{4}\z"


@dataclass(frozen=True)
class IdNumber:
    """What one cell says. `text` is the cleaned number (None when missing), `repairs` name what cleaning did, in the order of the steps.

    `birth_date` (yyyymmdd) is the date in the number where it is a real one, valid or not; `sex` ('1' male, '2' female) and `id17` are None
    unless the number is valid.
    """

    text: str | None
    status: str
    repairs: tuple[str, ...] = ()
    birth_date: int | None = None
    sex: str | None = None
    id17: int | None = None
    rounding_suspect: bool = False


def cleaned(text: str) -> str:
    """Steps 1 and 2 of cleaning: NFKC, without blanks, format characters, hyphens, apostrophes and a trailing `.0`; ASCII letters upper, `×` as X."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    kept = unicodedata.normalize("NFKC", visible).translate(str.maketrans("", "", _DROPPED))
    return kept.removesuffix(".0").translate(str.maketrans(_LOWER, _UPPER))


def read_number(text: str | None, snapshot: int, *, numeric_cell: bool = False) -> IdNumber:
    """The ID number in a cell of a file dated `snapshot` (yyyymmdd); `numeric_cell`: the workbook stored the cell as a number."""
    clean = cleaned(text or "")
    if clean in MISSING_WORDS:
        return IdNumber(None, "missing")
    repairs = ["characters"] if clean != text else []
    numeric = numeric_cell or _matches(_SCIENTIFIC, clean)
    number, repair = (clean, None) if numeric else _repaired(clean)
    if repair:
        repairs.append(repair)
    birth_date = _real_date(number[6:14]) if _matches(_DATED, number) else None
    status = _status(number, numeric, birth_date, snapshot)
    if status != "valid":
        return IdNumber(number, status, tuple(repairs), birth_date)
    return IdNumber(
        number,
        status,
        tuple(repairs),
        birth_date,
        sex="1" if int(number[16]) % 2 else "2",
        id17=int(number[:17]),
        rounding_suspect=number == clean and number.isdigit() and (int(number) % 1000 == 0 or int(number) % 128 == 0),
    )


def _matches(pattern: str, text: str) -> bool:
    return re.search(pattern.replace(r"\z", r"\Z"), text) is not None


def _repaired(clean: str) -> tuple[str, str | None]:
    """Steps 3 to 5: the number, and the name of the repair that gave it."""
    if _matches(_OLD_NUMBER, clean):
        body = f"{clean[:6]}19{clean[6:]}"
        return body + mod_11_2.calc_check_digit(body), "from_15"
    if _matches(_CERTIFICATE, clean):
        return clean[:18], "from_certificate"
    if _matches(_LOOKALIKE, clean) and not _matches(_NUMBER, clean):
        guess = clean.translate(str.maketrans(*_LOOKALIKES))
        if mod_11_2.calc_check_digit(guess[:17]) == guess[17]:
            return guess, "lookalike"
    return clean, None


def _status(number: str, numeric: bool, birth_date: int | None, snapshot: int) -> str:
    if "*" in number:
        return "masked"
    if numeric:
        return "numeric_cell"
    if len(number) != 18:
        return "bad_length"
    if not _matches(_NUMBER, number):
        return "bad_characters"
    if birth_date is None or birth_date > snapshot or snapshot - birth_date >= _TOO_OLD:
        return "bad_date"
    return "valid" if mod_11_2.calc_check_digit(number[:17]) == number[17] else "bad_check"


def _real_date(digits: str) -> int | None:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    lengths = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return int(digits) if year >= 1000 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1] else None


def number_text(id17: ir.IntegerValue) -> ir.StringValue:
    """The 18 characters of a number known by its 17 digits."""
    return id17.cast("string").concat(ibis.literal(CHECK_CHARACTERS).substr(check_index(id17), 1))


def number_of(id17: int) -> str:
    """`number_text` of one number."""
    digits = f"{id17:017d}"
    return digits + mod_11_2.calc_check_digit(digits)


def with_number(table: ir.Table, column: str, numeric: ir.BooleanValue, prefix: str = "id_") -> ir.Table:
    """`table` with what the ID numbers in `column` say: `<prefix>number`, `status`, `repairs`, `birth_date` (int32), `sex`, `17` (int64), `suspect`.

    `table` has `snapshot` (int32 yyyymmdd); `numeric` says which cells the workbook stored as numbers. An existing `<prefix>number` is replaced.
    The meaning is that of `read_number`.
    """
    given = table.columns
    text = table[column]
    # Most cells hold a number as it should be written: found out once, it spares them every other regular expression
    plain = ~numeric.fill_null(False) & text.re_search(_NUMBER).fill_null(False)
    table = staged(table.mutate(_text=text, _numeric=numeric.fill_null(False), _plain=plain))
    table = staged(table.mutate(_clean=ibis.cases((table._plain, table._text), else_=compact(table._text).fill_null(""))))
    table = staged(table.mutate(_kind=_kind(table)))
    form = _digits(table)
    table = staged(table.mutate(_form=form, _body=ibis.cases((table._kind.notnull(), form.substr(0, 17))).try_cast("int64")))
    table = staged(table.mutate(_index=check_index(table._body)))
    check = ibis.ifelse(table._index == 10, "X", table._index.cast("string"))
    passes = (table._kind == "old") | (table._form.substr(17, 1) == check)
    table = staged(table.mutate(_passes=passes, _number=_number(table, passes, check)))
    table = staged(table.mutate(_born=_born(table)))
    table = staged(table.mutate(_birth=real_date(table._born)))
    table = staged(table.mutate(_status=_engine_status(table)))
    return table.mutate(**_result(table, prefix)).drop(*(name for name in table.columns if name not in given))


def compact(text: ir.StringValue) -> ir.StringValue:
    """Steps 1 and 2 of cleaning, on landed text."""
    return ibis.ifelse(text.re_search(_CLEAN_ALREADY), text, text.re_replace(_SUPERFLUOUS, "").translate(_LOWER, _UPPER))


def _kind(table: ir.Table) -> ir.StringValue:
    """Which form the cleaned text has: number, old (15 digits), certificate, lookalike, scientific; null for none and for numeric cells."""
    clean = table._clean
    return ibis.cases(
        (table._plain, "number"),
        (table._numeric, ibis.null("string")),
        (clean.re_search(_NUMBER), "number"),
        (clean.re_search(_CERTIFICATE), "certificate"),
        (clean.re_search(_OLD_NUMBER), "old"),
        (clean.re_search(_LOOKALIKE), "lookalike"),
    )


def _digits(table: ir.Table) -> ir.StringValue:
    """The number in full as far as its form gives it: 17 digits where the check character is to be appended."""
    clean = table._clean
    return ibis.cases(
        (table._plain, clean),
        (table._kind == "old", clean.substr(0, 6).concat("19", clean.substr(6))),
        (table._kind == "certificate", clean.substr(0, 18)),
        (table._kind == "lookalike", clean.translate(*_LOOKALIKES)),
        else_=clean,
    )


def check_index(body: ir.IntegerValue) -> ir.IntegerValue:
    """The place in CHECK_CHARACTERS of the check character that 17 digits ask for (ISO 7064 MOD 11-2)."""
    return (12 - _weighted_sum(body)) % 11


def _weighted_sum(body: ir.IntegerValue) -> ir.IntegerValue:
    """The sum of the 17 digits, each times its weight (ISO 7064 MOD 11-2), modulo 11.

    Engines divide integers through floating point, so digits are never cut out. The k-th digit from the right weighs 2^(k+1), and is
    (n mod 10^(k+1) − n mod 10^k) / 10^k, where dividing by 10^k modulo 11 means multiplying by (−1)^k. Gathered by remainders, n mod 10^j
    gets the weight below.
    """
    weighted: ir.IntegerValue = body * _symmetric(2**17)
    for j in range(1, 17):
        weighted = weighted + body % 10**j * _symmetric(3 * 2**j * (-1) ** (j - 1))
    return (weighted % 11 + 11) % 11


def _symmetric(weight: int) -> int:
    """The residue of a weight modulo 11 of least size, so that 17 digits stay far inside 64 bits."""
    return (weight + 5) % 11 - 5


def _number(table: ir.Table, passes: ir.BooleanValue, check: ir.StringValue) -> ir.StringValue:
    return ibis.cases(
        (table._plain, table._form),
        (table._kind == "old", table._form.concat(check)),
        ((table._kind == "lookalike") & ~passes, table._clean),
        else_=table._form,
    )


def _born(table: ir.Table) -> ir.IntegerValue:
    """The eight digits of the date in the number, where it has 18 characters."""
    dated = table._kind.notnull() | table._number.re_search(_DATED)
    return ibis.cases((table._plain, table._number.substr(6, 8)), (dated, table._number.substr(6, 8))).try_cast("int32")


def _repair(table: ir.Table) -> ir.StringValue:
    return ibis.cases(
        (table._kind == "old", "from_15"),
        (table._kind == "certificate", "from_certificate"),
        ((table._kind == "lookalike") & table._passes, "lookalike"),
        else_="",
    )


def _engine_status(table: ir.Table) -> ir.StringValue:
    number, wrong_form = table._number, table._kind.isnull() | ((table._kind == "lookalike") & ~table._passes)
    plausible = (table._birth <= table.snapshot) & (table.snapshot - table._birth < _TOO_OLD)
    return ibis.cases(
        (table._plain & table._passes & plausible.fill_null(False), "valid"),
        (table._clean.isin(MISSING_WORDS), "missing"),
        (number.contains("*"), "masked"),
        (table._numeric, "numeric_cell"),
        (table._kind.isnull() & number.re_search(_SCIENTIFIC), "numeric_cell"),
        (number.length() != 18, "bad_length"),
        (wrong_form, "bad_characters"),
        (~plausible.fill_null(False), "bad_date"),
        (~table._passes, "bad_check"),
        else_="valid",
    )


def _result(table: ir.Table, prefix: str) -> dict[str, ir.Value]:
    missing, valid = table._status == "missing", table._status == "valid"
    changed = ibis.ifelse(missing | (table._clean == table._text), "", "characters")
    repair = _repair(table)
    between = ibis.ifelse((changed != "") & (repair != ""), " ", "")
    whole = table._body * 10 + table._index
    rounded = valid & (table._kind == "number") & (table._index != 10) & ((whole % 1000 == 0) | (whole % 128 == 0))
    return {
        f"{prefix}number": ibis.cases((~missing, table._number)),
        f"{prefix}status": table._status,
        f"{prefix}repairs": ibis.cases((table._plain, ""), else_=changed.concat(between, repair)),
        f"{prefix}birth_date": ibis.cases((~missing, table._birth)),
        f"{prefix}sex": ibis.cases((valid, ibis.ifelse(table._body % 2 == 1, "1", "2"))),
        f"{prefix}17": ibis.cases((valid, table._body)),
        f"{prefix}suspect": rounded.fill_null(False),
    }
