"""Reading cells and ID numbers with Polars expressions."""

from __future__ import annotations

from datetime import date

import polars as pl

TODAY, TOO_OLD, FOREVER = date(2020, 7, 31), date(1899, 7, 31), date(9999, 12, 31)
COUNTIES = {
    "兴庆区": "640104", "西夏区": "640105", "金凤区": "640106", "永宁县": "640121", "贺兰县": "640122", "灵武市": "640181", "大武口区": "640202",
    "惠农区": "640205", "平罗县": "640221", "利通区": "640302", "红寺堡区": "640303", "盐池县": "640323", "同心县": "640324", "青铜峡市": "640381",
    "原州区": "640402", "西吉县": "640422", "隆德县": "640423", "泾源县": "640424", "彭阳县": "640425", "沙坡头区": "640502", "中宁县": "640521",
    "海原县": "640522",
}  # fmt: skip
RELATIONS = ("户主", "本人", "配偶", "子", "女", "父", "母", "其他")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
NOTHING = ("", "无", "不详", "暂无")
Values = pl.Expr


def dates(cell: str, form: str = "%Y-%m-%d") -> Values:
    text = pl.col(cell)
    return pl.when(text == "长期").then(FOREVER).otherwise(text.str.to_date(form, strict=False))


def months(text: Values) -> Values:
    """Months as numbers yyyymm."""
    number = text.cast(pl.Int32, strict=False)
    return pl.when((number % 100).is_between(1, 12)).then(number)


def split_months(cell: str) -> Values:
    """2018-07, 2018/07."""
    return months(pl.col(cell).str.slice(0, 4) + pl.col(cell).str.slice(5, 2))


def chinese_months(cell: str) -> Values:
    """2018年7月."""
    return months(pl.col(cell).str.slice(0, 4) + pl.col(cell).str.slice(5).str.strip_chars_end("月").str.zfill(2))


def yuan(cell: str) -> Values:
    return pl.col(cell).str.strip_chars_end("元").str.replace_all(",", "", literal=True).cast(pl.Decimal(12, 2), strict=False)


def whole(cell: str) -> Values:
    return pl.col(cell).cast(pl.Int32, strict=False)


def yes(cell: str) -> Values:
    return pl.when(pl.col(cell).is_in(["是", "1", "Y"])).then(True).when(pl.col(cell).is_in(["否", "0", "N"])).then(False)


def coded(cell: str, *codes: str) -> Values:
    return pl.when(pl.col(cell).is_in(codes)).then(pl.col(cell))


def sexes(cell: str) -> Values:
    return pl.when(pl.col(cell) == "男").then(1).when(pl.col(cell) == "女").then(2)


def counties(cell: str) -> Values:
    text = pl.col(cell)
    digit = text.str.slice(0, 1).is_between(pl.lit("0"), pl.lit("9"))
    return pl.when(digit).then(text.str.slice(0, 6)).otherwise(text.replace_strict(COUNTIES, default=None, return_dtype=pl.String))


def unread(**cells: tuple[str, Values]) -> Values:
    """The names of the columns whose cell says something that could not be read."""
    said = (pl.when(pl.col(cell).is_not_null() & read.is_null()).then(pl.lit(name)) for name, (cell, read) in cells.items())
    return pl.concat_str(*said, separator=" ", ignore_nulls=True).alias("unread")


# ID numbers (GB 11643) -----------------------------------------------------------------------------------------------------------------------------

def check_characters(body: Values) -> Values:
    """The check characters of numbers of 17 digits."""
    total = sum((body // 10 ** (16 - place) % 10 * weight for place, weight in enumerate(WEIGHTS)), pl.lit(0))
    return (total % 11).replace_strict(range(11), list("10X98765432"), return_dtype=pl.String)


def undressed(text: Values) -> Values:
    """Without what people and programs put around a number, in narrow capitals."""
    for wide, narrow in zip("０１２３４５６７８９Ｘｘ×x", "0123456789XXXX", strict=True):
        text = text.str.replace_all(wide, narrow, literal=True)
    return text.str.to_uppercase().str.replace_all("[\\s\u3000\u200b\ufeff'’-]", "").str.replace(r"\.0$", "")


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table with a column `written`, and what it says: `id_number`, `id_status`, `person` (17 digits of a valid number), `born`.

    Nearly all numbers are written as they should be; the others are taken apart by themselves.
    """
    plain = pl.col("written").str.contains("^[0-9]{17}[0-9X]$").fill_null(False)
    good = rows.filter(plain).with_columns(id_number="written", form="written")
    return pl.concat([_judged(good), _judged(_formed(rows.filter(~plain)).select(good.columns))])


def _formed(rows: pl.DataFrame) -> pl.DataFrame:
    """`id_number`, cleaned, and `form`, its 18 characters where it has that form (null otherwise)."""
    rows = rows.with_columns(bare=undressed(pl.col("written").fill_null("")))
    bare = pl.col("bare")
    looks_like = bare.str.replace_all("O", "0", literal=True).str.replace_all("[IL]", "1")
    rows = rows.with_columns(
        as_written=bare.str.contains("^[0-9]{17}[0-9X]([1-7][1-4](B[0-9]+)?)?$"),
        form=pl.when(bare.str.contains("^[0-9]{17}[0-9X]([1-7][1-4](B[0-9]+)?)?$")).then(bare.str.slice(0, 18))
        .when(bare.str.contains("^[0-9]{15}$")).then(bare.str.slice(0, 6) + "19" + bare.str.slice(6))
        .when(bare.str.contains("^[0-9OIL]{17}[0-9OILX]$")).then(looks_like),
    )  # fmt: skip
    form, tail = pl.col("form"), check_characters(pl.col("form").str.slice(0, 17).cast(pl.Int64))
    number = (
        pl.when(form.is_null()).then(bare)
        .when(form.str.len_chars() == 17).then(form + tail)
        .when(pl.col("as_written") | (form.str.slice(17) == tail)).then(form)
        .otherwise(bare)
    )  # fmt: skip
    rows = rows.with_columns(id_number=number)
    return rows.with_columns(form=pl.when(form.is_not_null() & (form.str.len_chars() == 18) & (pl.col("id_number") != form)).then(None)
                             .otherwise(pl.col("id_number").str.extract("^([0-9]{17}[0-9X])$"))).drop("bare", "as_written")  # fmt: skip


def _judged(rows: pl.DataFrame) -> pl.DataFrame:
    number, form = pl.col("id_number"), pl.col("form")
    rows = rows.with_columns(
        body=form.str.slice(0, 17).cast(pl.Int64),
        born=pl.when(number.str.len_chars() >= 14).then(number.str.slice(6, 8).str.to_date("%Y%m%d", strict=False)),
    )
    born = pl.col("born")
    status = (
        pl.when(number.is_in(NOTHING)).then(pl.lit("missing"))
        .when(number.str.contains("*", literal=True)).then(pl.lit("masked"))
        .when(form.is_null() & number.str.contains(r"^[0-9]+(\.[0-9]*)?E\+?[0-9]+$")).then(pl.lit("numeric_cell"))
        .when(number.str.len_chars() != 18).then(pl.lit("bad_length"))
        .when(form.is_null()).then(pl.lit("bad_characters"))
        .when(born.is_null() | (born > TODAY) | (born <= TOO_OLD)).then(pl.lit("bad_date"))
        .when(form.str.slice(17) != check_characters(pl.col("body"))).then(pl.lit("bad_check"))
        .otherwise(pl.lit("valid"))
    )  # fmt: skip
    rows = rows.with_columns(id_status=status)
    valid, missing = pl.col("id_status") == "valid", pl.col("id_status") == "missing"
    named = rows.with_columns(person=pl.when(valid).then(pl.col("body")), id_number=pl.when(~missing).then(number))
    return named.drop("written", "form", "body")
