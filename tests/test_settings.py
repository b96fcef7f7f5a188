"""Settings: from where, which wins, and what a wrong one is told."""

import tomllib
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from billfold.settings import (
    NAMES,
    Settings,
    SettingsError,
    UnknownSetting,
    UnreadableConfig,
    WrongSetting,
    current_file,
    default_file,
    load,
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "own.toml"


def test_without_anything_the_defaults_hold() -> None:
    settings = load(environ={})
    assert (settings.host, settings.port, settings.sandbox) == ("127.0.0.1", 8000, True)
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.database_url == f"sqlite:///{Path('data').absolute()}/billfold.sqlite"
    assert settings.key_file == Path("data/secret.key")
    assert settings.quota_passes_per_month is None


def test_an_option_beats_the_environment_which_beats_the_file(config: Path) -> None:
    config.write_text('port = 1\nhost = "a"\nlog_level = "error"\n')
    settings = load({"port": 3, "host": None}, config, {"BILLFOLD_PORT": "2", "BILLFOLD_HOST": "b"})
    assert (settings.port, settings.host, settings.log_level) == (3, "b", "error")


def test_the_environment_may_name_the_file(config: Path) -> None:
    config.write_text("push_streams = 7")
    assert load(environ={"BILLFOLD_CONFIG": str(config)}).push_streams == 7


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("port", "0", 0),
        ("sandbox", "off", False),
        ("poll_seconds", "0.25", 0.25),
        ("lease_seconds", "10", 10.0),
        ("quota_passes_per_month", "1000", 1000),
        ("quota_passes_per_month", "none", None),
        ("trusted_proxies", "10.0.0.1, 10.0.0.2,", ("10.0.0.1", "10.0.0.2")),
        ("outgoing_allow", "crm.internal:8443", ("crm.internal:8443",)),
        ("outgoing_forbid", "203.0.113.7, 2a00:1::/32", ("203.0.113.7", "2a00:1::/32")),
        ("google_reconcile_hour", "none", None),
        ("data", "/srv/billfold", Path("/srv/billfold")),
        ("public_url", "https://wallet.example/", "https://wallet.example"),
        ("database_url", "postgresql://u:p@h/db?host=/run", "postgresql://u:p@h/db?host=/run"),
    ],
)
def test_text_becomes_the_settings_own_type(name: str, text: str, value: object) -> None:
    assert getattr(load(environ={f"BILLFOLD_{name.upper()}": text}), name) == value


@pytest.mark.parametrize(
    ("name", "text", "mend"),
    [
        ("port", "http", "a whole number"),
        ("port", "65536", "between 0 and 65535"),
        ("port", "-1", "between 0 and 65535"),
        ("port", "8000.5", "a whole number"),
        ("sandbox", "maybe", "true or false"),
        ("poll_seconds", "nan", "a number"),
        ("poll_seconds", "0", "between 0.01 and 60"),
        ("log_format", "xml", "one of auto, json, console"),
        ("push_priority", "7", "one of 1, 5, 10"),
        ("push_url", "http://api.push.apple.com", "https://"),
        ("public_url", "wallet.example", "http:// or https://"),
        ("public_url", "https://wallet.example:port", "http:// or https://"),
        ("database_url", "mysql://h/db", "sqlite:// or postgresql://"),
        ("outgoing_allow", "crm.internal", "host:port"),
        ("outgoing_allow", "crm.internal:0", "host:port"),
        ("outgoing_forbid", "203.0.113.7/24", "addresses and networks"),
        ("outgoing_forbid", "our-office", "addresses and networks"),
        ("trusted_proxies", "*", "addresses and networks"),
        ("google_reconcile_hour", "24", "between 0 and 23"),
    ],
)
def test_a_value_that_does_not_fit_is_told_how_it_must_be(name: str, text: str, mend: str) -> None:
    variable = f"BILLFOLD_{name.upper()}"
    with pytest.raises(WrongSetting) as caught:
        load(environ={variable: text})
    assert mend in str(caught.value)
    assert variable in str(caught.value)
    assert caught.value.name == name


def test_a_refused_value_is_not_repeated() -> None:
    with pytest.raises(WrongSetting) as caught:
        load(environ={"BILLFOLD_DATABASE_URL": "mysql://me:hunter2@h/db"})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["port = true", "port = 1.5", "sandbox = 1", "poll_seconds = nan", "trusted_proxies = [1]", "host = 5"]
)
def test_types_in_the_file_are_strict(config: Path, line: str) -> None:
    config.write_text(line)
    with pytest.raises(WrongSetting, match=line.split()[0]):
        load(config=config, environ={})


def test_an_unknown_variable_names_the_nearest() -> None:
    with pytest.raises(UnknownSetting, match="did you mean BILLFOLD_PORT") as caught:
        load(environ={"BILLFOLD_PROT": "1"})
    assert caught.value.nearest == "BILLFOLD_PORT"


def test_an_unknown_line_names_the_file_and_the_nearest(config: Path) -> None:
    config.write_text("puplic_url = 'x'")
    with pytest.raises(UnknownSetting, match=r"own\.toml; did you mean public_url"):
        load(config=config, environ={})


@pytest.mark.parametrize("content", [None, "port = ", b"\xff"])
def test_a_file_that_cannot_be_read_is_named(config: Path, content: str | bytes | None) -> None:
    if content is not None:
        config.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UnreadableConfig, match=r"own\.toml"):
        load(config=config, environ={})


def test_every_error_of_settings_has_one_root_and_one_line() -> None:
    for error in (UnknownSetting("a", "b", None), WrongSetting("a", "b", "c"), UnreadableConfig(Path("a"), "b")):
        assert isinstance(error, SettingsError)
        assert "\n" not in str(error)


def test_settings_are_frozen_and_derive_again_when_emptied() -> None:
    settings = load(environ={})
    with pytest.raises(FrozenInstanceError):
        settings.port = 1  # type: ignore[misc]
    assert replace(settings, port=8001, public_url="").public_url == "http://127.0.0.1:8001"
    assert replace(settings, host="0.0.0.0", public_url="").public_url == "http://127.0.0.1:8000"
    assert replace(settings, host="::1", public_url="").public_url == "http://[::1]:8000"


def test_the_default_file_is_toml_that_changes_nothing_and_names_every_setting(config: Path) -> None:
    config.write_text(default_file())
    assert tomllib.loads(default_file()) == {}
    assert load(config=config, environ={}) == Settings()
    for name in NAMES:
        assert f"\n# {name} = " in default_file()


def test_each_line_of_the_default_file_may_be_switched_on(config: Path) -> None:
    lines = [line[2:] for line in default_file().splitlines() if any(line.startswith(f"# {name} = ") for name in NAMES)]
    config.write_text("\n".join(line for line in lines if "<" not in line))  # <data> stands for another setting
    assert load(config=config, environ={}) == Settings()


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@h/db", "postgresql://me:hun%2Fter2@x@h/db", "postgresql:///db?user=me&password=hunter2"]
)
def test_shown_settings_keep_passwords_to_themselves(url: str) -> None:
    text = current_file(load(environ={"BILLFOLD_DATABASE_URL": url}))
    assert "ter2" not in text
    assert tomllib.loads(text)["port"] == 8000
