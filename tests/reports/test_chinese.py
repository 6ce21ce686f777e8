"""What people read is Chinese: every refusal that a department can get has its sentence."""

import ast
from pathlib import Path

import pytest

import pipelines.extracts
from pipelines.reports.chinese import chinese

SOURCES = sorted(Path(pipelines.extracts.__path__[0]).glob("*.py"))


def refusals() -> list[str]:
    """The messages of every DeliveryError that the extracts raise, with `3` in place of what they fill in."""
    calls = (node for source in SOURCES for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    raised = (call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "DeliveryError")
    messages = (_text(call.args[0]) for call in raised)
    return [message for message in messages if message and not message.startswith("The query")]  # a failed pull refuses no file


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "3" for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else ""


@pytest.mark.parametrize("message", refusals())
def test_every_refusal_has_its_chinese_sentence(message: str) -> None:
    told = chinese(f"dibao/低保_20200731.csv is refused: {message}")
    assert not any(word in told for word in ("it is", "its ", "have ", "deliver")), told


def test_a_missing_column_is_told_with_its_aliases_and_the_headers_found() -> None:
    told = chinese(
        "dibao/dibao_20200731.csv is refused: the required columns 家庭编号 (also family_id, 低保证号); 县(区)代码 (also county_code, 县(市、区)) "
        "are missing among the headers found in line 3 (姓名, 身份证号); have it added, or add its header as a synonym in dibao.odcs.yaml."
    )
    assert told == (
        "缺少必需的列：家庭编号（也可写作：family_id, 低保证号）；县(区)代码（也可写作：county_code, 县(市、区)）。"
        "第 3 行的表头是：姓名, 身份证号。请补上该列，或联系管理员登记新的列名。"
    )


def test_too_many_bad_rows_are_told_with_their_lines() -> None:
    told = chinese(
        "dibao/dibao_20200731.csv: 3 of 12 rows lack a required value or hold an unreadable one, more than 10 %; "
        "correct them and deliver the file again; the first lines: 2 (name), 5 (start_month)."
    )
    assert told == "12 行中有 3 行必填内容缺失或无法识别，超过 10%，整个文件未采用。请更正后重新报送。前几处（行（列））：2 (name), 5 (start_month)。"


def test_an_unknown_sentence_stays_as_it_is() -> None:
    assert chinese("something new happened") == "something new happened"
