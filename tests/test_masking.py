"""What is left of a personal value that leaves the working area."""

import pytest

from pipelines.masking import mask_id, mask_name, mask_phone


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("640199199003071234", "640***********1234"),
        ("64019919900307123X", "640***********123X"),
        ("640199900307123", "640********7123"),
        ("64019919900307123X43B1", "640***********123X43B1"),
        ("64019919900307123471", "640***********123471"),
        ("不详", "**"),
        ("12345678901", "***********"),
        ("", ""),
        (None, None),
    ],
)
def test_id_numbers_keep_three_and_four_characters(text: str | None, masked: str | None) -> None:
    assert mask_id(text) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [("张三", "张*"), ("张小三", "张*三"), ("欧阳小娜", "欧**娜"), ("阿依·买买提", "阿*·买*提"), ("张", "*"), ("", ""), (None, None)],
)
def test_names_are_masked_as_in_public_notices(text: str | None, masked: str | None) -> None:
    assert mask_name(text) == masked


@pytest.mark.parametrize(("text", "masked"), [("13800001234", "138****1234"), ("0951-5012345", "095*****2345"), ("5012345", "*******"), (None, None)])
def test_phone_numbers_keep_their_ends(text: str | None, masked: str | None) -> None:
    assert mask_phone(text) == masked
