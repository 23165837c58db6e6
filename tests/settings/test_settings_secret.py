"""The house's own key: made once, kept for itself alone, or configured."""

from pathlib import Path

import pytest

from mydia.errors import Invalid
from mydia.settings.model import Config
from mydia.settings.secret import secret_key


def test_a_key_is_made_at_the_first_start_and_is_the_same_at_the_next(tmp_path: Path) -> None:
    made = secret_key(Config(data_dir=tmp_path))
    assert len(made) >= 32
    assert secret_key(Config(data_dir=tmp_path)) == made
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_nobody_else_on_the_machine_can_read_the_key(tmp_path: Path) -> None:
    secret_key(Config(data_dir=tmp_path))
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_two_houses_have_two_keys(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    assert secret_key(Config(data_dir=tmp_path / "one")) != secret_key(Config(data_dir=tmp_path / "two"))


def test_a_configured_key_stands_above_the_file_and_makes_none(tmp_path: Path) -> None:
    config = Config.model_validate({"data_dir": tmp_path, "server": {"secret_key_base": "k" * 40}})
    assert secret_key(config) == b"k" * 40
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_was_cut_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("short")
    with pytest.raises(Invalid, match="holds fewer than 32 characters"):
        secret_key(Config(data_dir=tmp_path))
    assert (tmp_path / "secret_key").read_text() == "short"


def test_a_key_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(Invalid, match=r"The key file .*/secret_key can't be used"):
        secret_key(Config(data_dir=tmp_path))
