"""Person tokens: the same person under the same key, and a key that nobody else reads."""

from __future__ import annotations

import stat

import pytest

from pipelines.errors import SettingsError
from pipelines.identity.tokens import open_tokens
from pipelines.workspace import Settings, Workspace

NUMBER = "11010519491231002X"


def test_a_person_has_the_same_token_every_night_and_no_two_deployments_agree(tmp_path) -> None:
    here, there = Workspace(tmp_path / "here"), Workspace(tmp_path / "there")
    token = open_tokens(here).of_number(NUMBER)
    assert token == open_tokens(here).of_number(NUMBER)
    assert token != open_tokens(there).of_number(NUMBER)
    assert len(bytes.fromhex(token)) == 32
    assert NUMBER not in token


def test_a_person_without_a_number_is_its_dataset_and_natural_key(tmp_path) -> None:
    tokens = open_tokens(Workspace(tmp_path))
    assert tokens.of_record("dibao", "k") == tokens.of_record("dibao", "k")
    assert len({tokens.of_record("dibao", "k"), tokens.of_record("tekun", "k"), tokens.of_record("dibao", "l"), tokens.of_number("dibao")}) == 4


def test_the_key_is_made_once_for_its_owner_alone(tmp_path) -> None:
    workspace = Workspace(tmp_path, Settings(key_folder=str(tmp_path / "elsewhere")))
    open_tokens(workspace)
    key = tmp_path / "elsewhere" / "token.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in key.parent.iterdir()] == ["token.key"]
    assert key.stat().st_size == 32


def test_a_damaged_key_is_not_replaced(tmp_path) -> None:
    workspace = Workspace(tmp_path)
    workspace.keys.mkdir()
    (workspace.keys / "token.key").write_bytes(b"short")
    with pytest.raises(SettingsError, match="backup"):
        open_tokens(workspace)
