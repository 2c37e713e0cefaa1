"""What a process knows to be secret, and texts without it."""

import base64
from typing import Any

import pytest

from core.redaction import KNOWN, SECRET, Secrets, secrets_in, secrets_of, url_secrets
from core.rows import storable
from core.settings import Settings, variable_of

LOGIN = base64.b64encode(b"me:p@ss word").decode()


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql+asyncpg://me:p%40ss%20word@host/name", {"p%40ss%20word", "p@ss word", LOGIN}),
        ("socks5://me:secret@host:1080", {"secret", base64.b64encode(b"me:secret").decode()}),
        ("http://me@host/", set()),
        ("http://host/?me:secret@", set()),
        ("sqlite+aiosqlite:///data/boss-bot.db", set()),
        ("http://[", set()),
        ("me:secret@host", set()),
        ("", set()),
    ],
)
def test_the_password_in_a_url_in_all_its_spellings(url: str, found: set[str]) -> None:
    assert {text for text in url_secrets(url) if not text.endswith("=")} == {text.rstrip("=") for text in found}


def test_every_secret_of_the_settings_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(variable_of(field), raising=False)
    given = {
        "BOSS_BOT_DISCORD_TOKEN": "the-token",
        "ARIA2C_RPC_SECRET": "the-rpc-secret",
        "S3_SECRET_ACCESS_KEY": "the-store-secret",
        "BOSS_BOT_DATABASE_URL": "postgresql+asyncpg://me:the-database-secret@host/name",
        "EGRESS_PROXY": "http://me:the-proxy-secret@host:1",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    hide = Secrets(secrets_of(Settings(_env_file=None)))  # type: ignore[call-arg]  # pydantic fills the fields
    for value in given.values():
        assert "the-" not in hide.hide(f"a {value} b").replace("the-host", "")
    assert hide.hide("boss-bot at me on the host") == "boss-bot at me on the host"


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"extractor": {"x": {"password": "hunter2", "username": "someone"}}}, {"hunter2", "someone"}),
        ({"api-key": "abcdef", "cookies": ["value"]}, {"abcdef", "value"}),
        ({"author": "{author[name]}", "filename": "{id}", "videos": True, "retries": 4}, set()),
        ({"proxy": "http://me:hunter2@host"}, {"hunter2"}),
        ({"pass": "abc"}, set()),  # it would take half of every line with it
    ],
)
def test_secrets_in_options(options: dict[str, Any], found: set[str]) -> None:
    login = base64.b64encode(b"me:hunter2").decode()
    assert {text for text in secrets_in(options) if text not in (login, login.rstrip("="))} == found


def test_what_is_learnt_later_is_hidden_too() -> None:
    secrets = Secrets(["secret"])
    secrets.learn("secret-and-more", "")
    assert secrets.hide("secret-and-more than secret") == f"{SECRET} than {SECRET}"
    secrets.forget()
    assert secrets.hide("secret") == "secret"


def test_what_others_said_is_stored_without_secrets_and_what_was_asked_as_it_is() -> None:
    KNOWN.learn("marker-4711")
    try:
        stored = storable(
            {
                "title": "Hello marker-4711",
                "metadata": '{"description": "marker-4711", "tags": ["marker-4711"]}',
                "error": "refused marker-4711",
                "url": "https://site.test/marker-4711",
                "file_path": "/downloads/marker-4711",
                "file_size": 7,
            }
        )
    finally:
        KNOWN.forget()
    assert stored == {
        "title": f"Hello {SECRET}",
        "metadata": f'{{"description": "{SECRET}", "tags": ["{SECRET}"]}}',
        "error": f"refused {SECRET}",
        "url": "https://site.test/marker-4711",
        "file_path": "/downloads/marker-4711",
        "file_size": 7,
    }
