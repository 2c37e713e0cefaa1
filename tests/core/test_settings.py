"""Settings: from the environment and .env; each fault names its variable."""

from pathlib import Path

import pytest

from core.errors import ConfigurationError
from core.settings import Settings, read_settings, variable_of


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing set, and no .env."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_of(field), raising=False)


def test_everything_has_a_default() -> None:
    settings = read_settings()
    assert settings.discord_token is None
    assert settings.database_url == "sqlite+aiosqlite:///data/boss-bot.db"
    assert settings.delivery_path == Path("downloads/delivered")
    assert settings.lock_dir == Path("data/locks")
    assert settings.max_concurrent_downloads == 5
    assert not settings.egress_allow
    assert not settings.egress_deny
    assert (settings.download_rate_limit, settings.download_rate_limit_per_row) == (0, 0)
    assert (settings.youtube_use_api_client, settings.download_api_fallback_to_cli) == (True, True)
    assert settings.sites_file is None


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DOWNLOAD_DIR=from-file\nMAX_DOWNLOAD_RETRIES=9\nUNKNOWN=1\nDELIVERY_DIR=\n")
    monkeypatch.setenv("DOWNLOAD_DIR", "from-environment")
    settings = read_settings()
    assert (settings.download_dir, settings.max_retries) == (Path("from-environment"), 9)
    assert settings.delivery_path == Path("from-environment/delivered"), "an empty value is none"


@pytest.mark.parametrize(
    ("value", "networks"),
    [
        ("", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("192.168.1.0/24,127.0.0.1", ["192.168.1.0/24", "127.0.0.1/32"]),
        ("10.0.0.7/8 , fd00::/8", ["10.0.0.0/8", "fd00::/8"]),
        ("media.lan,*.example.org", ["media.lan", "*.example.org"]),
    ],
)
@pytest.mark.parametrize("variable", ["EGRESS_ALLOW", "EGRESS_DENY"])
def test_networks_and_hosts_are_read_from_a_list(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, networks: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    assert list(getattr(read_settings(), variable.lower())) == networks


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BOSS_BOT_MAX_CONCURRENT_DOWNLOADS", "0"),
        ("BOSS_BOT_MAX_CONCURRENT_DOWNLOADS", "many"),
        ("BOSS_BOT_MAX_QUEUE_SIZE", "-1"),
        ("BOSS_BOT_START_RUNNERS", "perhaps"),
        ("DOWNLOAD_POLL_INTERVAL", "0"),
        ("HEARTBEAT_INTERVAL", "-2"),
        ("CLAIM_LEASE", "soon"),
        ("MAX_DOWNLOAD_RETRIES", "1.5"),
        ("RETRY_BASE_DELAY", "-1"),
        ("RETRY_MAX_DELAY", "x"),
        ("EXTRACT_TIMEOUT", "0"),
        ("EXTRACT_MEMORY_MB", "1"),
        ("MAX_DOWNLOAD_SIZE_MB", "0"),
        ("EXTRACT_CONCURRENCY", "0"),
        ("EXTRACT_IDLE_SECONDS", "-1"),
        ("MAX_PLAYLIST_ITEMS", "0"),
        ("MAX_GALLERY_ITEMS", "9999"),
        ("MAX_LIVE_MINUTES", "721"),
        ("DOWNLOAD_RATE_LIMIT", "fast"),
        ("DOWNLOAD_RATE_LIMIT_PER_ROW", "-1"),
        ("CONNECTIONS_PER_HOST", "0"),
        ("PREEMPT_FOR_PRIORITY", "sometimes"),
        ("YOUTUBE_USE_API_CLIENT", "api"),
        ("EGRESS_ALLOW", "http://media.lan"),
        ("EGRESS_DENY", "10.0.0"),
        ("EGRESS_ALLOW", "10.0.0.0/33"),
        ("UPLOAD_LIMIT_MB", "0"),
        ("UPLOAD_MAX_FILES_PER_BATCH", "11"),
        ("PROGRESS_EDIT_INTERVAL", "0"),
        ("BOSS_BOT_LOG_LEVEL", "LOUD"),
        ("BOSS_BOT_LOG_FORMAT", "xml"),
    ],
)
def test_a_value_that_is_not_valid_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=rf"A setting is not valid\. {variable}: "):
        read_settings()


@pytest.mark.parametrize(
    ("value", "bytes_a_second"),
    [
        ("", 0),
        ("0", 0),
        ("1000", 1000),
        ("500K", 500 * 1024),
        ("2.5m", int(2.5 * 1024**2)),
        (" 1 GiB/s ", 1024**3),
        ("10MB/s", 10 * 1024**2),
    ],
)
def test_rates_are_read_with_their_units(monkeypatch: pytest.MonkeyPatch, value: str, bytes_a_second: int) -> None:
    monkeypatch.setenv("DOWNLOAD_RATE_LIMIT", value)
    assert read_settings().download_rate_limit == bytes_a_second


def test_all_faults_are_named_at_once_and_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOSS_BOT_DISCORD_TOKEN", "very-secret")
    monkeypatch.setenv("CLAIM_LEASE", "0")
    monkeypatch.setenv("UPLOAD_LIMIT_MB", "0")
    with pytest.raises(ConfigurationError, match=r"CLAIM_LEASE: .*; UPLOAD_LIMIT_MB: ") as caught:
        read_settings()
    assert "very-secret" not in str(caught.value)
    monkeypatch.delenv("CLAIM_LEASE")
    monkeypatch.delenv("UPLOAD_LIMIT_MB")
    assert "very-secret" not in repr(read_settings())


def test_every_setting_has_one_variable_and_a_description() -> None:
    variables = [variable_of(field) for field in Settings.model_fields]
    assert len(variables) == len(set(variables))
    assert all(field.description and field.description.endswith(".") for field in Settings.model_fields.values())
