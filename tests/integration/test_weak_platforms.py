"""A source with weak cryptography is told at every start, with its limits or without, and starts all the same."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks

from approval_hook import platforms

DES_KEY = "0123456789abcdef"


@pytest.fixture
def found(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the start-up checks say about a town's source, beside the others."""
    monkeypatch.setenv("TOWN_TOKEN", "a secret of the town")
    monkeypatch.setenv("TOWN_DES", DES_KEY)

    def check(**entry: Any) -> list[checks.CheckMessage]:
        options = {
            "base_url": "https://town.example.gov.cn",
            "app_key": "me",
            "token_secret": "TOWN_TOKEN",
            "des_key_secret": "TOWN_DES",
            "area_code": "440100",
            "black_lists": {"court_defaulter": "B-002"},
        }
        town = {"BACKEND": "adapters.message_gateway.MessageGatewayPlatform", "OPTIONS": options} | entry
        sources = {**settings.APPROVAL_HOOK["PLATFORMS"], "town": town}
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "PLATFORMS": sources}
        return [m for m in checks.run_checks() if (m.id or "").endswith(("W029", "E003"))]

    return check


@pytest.mark.parametrize("entry", [{}, {"LIMITS": {"AT_ONCE": 2}}], ids=["plain", "limited"])
def test_des_is_a_warning_at_every_start(found: Any, entry: dict[str, Any]) -> None:
    """It names the source and the weakness, and no key; sources that say nothing of the kind are left out."""
    (message,) = found(**entry)
    assert (message.id, message.level) == ("approval_hook.W029", checks.WARNING)
    assert "town" in message.msg
    assert "DES" in message.msg
    assert DES_KEY not in str(message)
    assert list(platforms.weaknesses()) == ["town"]


def test_a_key_of_another_form_stops_the_start_and_is_not_shown(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the source and what a key looks like."""
    monkeypatch.setenv("TOWN_DES", "not-a-key-at-all")
    (message,) = found()
    assert message.id == "approval_hook.E003"
    assert "16 hexadecimal digits" in message.msg
    assert "not-a-key-at-all" not in str(message)
