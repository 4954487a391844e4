"""Settings: declared once, checked, described."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from jiedan.core.i18n import use_locale
from jiedan.core.settings import SOURCE_ROOT, SettingsInvalid, describe, load_settings


def folder_with(tmp_path: Path, text: str) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(text, "utf-8")
    return tmp_path


def test_without_any_setting_the_defaults_hold(tmp_path: Path) -> None:
    settings = load_settings(root=tmp_path, environment={})

    assert (settings.host, settings.port, settings.demo) == ("127.0.0.1", 8000, False)
    assert settings.data_dir == tmp_path / "var"
    assert settings.database() == f"sqlite:///{tmp_path}/var/jiedan.db"
    assert settings.address() == "http://127.0.0.1:8000"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    root = folder_with(tmp_path, "port = 9000\nthreads = 4\n")
    environment = {"JIEDAN_PORT": "9100", "JIEDAN_DATABASE": "postgresql://u:p@db/x", "PORT": "1"}

    settings = load_settings(root=root, environment=environment)

    assert (settings.port, settings.threads) == (9100, 4)
    assert settings.database() == "postgresql://u:p@db/x"
    assert load_settings(root=root, environment={"PORT": "8123"}).port == 8123


@pytest.mark.parametrize(
    ("text", "environment", "complaint"),
    [
        ("prot = 9000", {}, "prot: unknown"),
        ("", {"JIEDAN_PROT": "9000"}, "JIEDAN_PROT: unknown"),
        ("port = 70000", {}, "port: 70000 is outside 1–65535"),
        ("", {"JIEDAN_PORT": "many"}, "port: "),
        ("locale = 'fr'", {}, "locale: 'fr' is none of zh, en"),
        ("", {"JIEDAN_DEMO": "perhaps"}, "demo: 'perhaps' is neither true nor false"),
        ("port = ", {}, "settings.toml: "),
        ("demo = true\nhost = '0.0.0.0'", {}, "the demo listens on this machine only"),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, text: str, environment: dict[str, str], complaint: str
) -> None:
    root = folder_with(tmp_path, text)

    with pytest.raises(SettingsInvalid) as caught:
        load_settings(root=root, environment=environment)

    assert complaint in str(caught.value)


def test_the_secret_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = load_settings(root=tmp_path, environment={})
    second = load_settings(root=tmp_path, environment={})

    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 64
    mode = (tmp_path / "var" / "secret_key").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    environment = {"JIEDAN_DATABASE": "postgresql://u:hidden@db/x", "JIEDAN_SECRET_KEY": "hidden"}

    assert "hidden" not in repr(load_settings(root=tmp_path, environment=environment))


def test_every_setting_is_described_in_both_languages() -> None:
    with use_locale("zh"):
        zh = {line.name: line.sentence for line in describe()}
    en = {line.name: line for line in describe()}

    assert en["port"].variable == "JIEDAN_PORT"
    assert en["port"].range == "1–65535"
    assert en["database_url"].variable == "JIEDAN_DATABASE"
    assert all(zh[name] != line.sentence for name, line in en.items())


def test_our_own_settings_file_is_right(tmp_path: Path) -> None:
    load_settings(root=SOURCE_ROOT, environment={}, data_dir=tmp_path)


def test_a_variable_that_another_file_names_is_known(tmp_path: Path) -> None:
    root = folder_with(tmp_path, "")
    (root / "config" / "platforms.toml").write_text('[x]\nsecret_env = "JIEDAN_PLATFORM_X"\n')

    load_settings(root=root, environment={"JIEDAN_PLATFORM_X": "hidden"})

    with pytest.raises(SettingsInvalid, match="JIEDAN_PLATFORM_Y: unknown"):
        load_settings(root=root, environment={"JIEDAN_PLATFORM_Y": "hidden"})
