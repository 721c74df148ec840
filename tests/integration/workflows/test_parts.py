"""The small parts: encrypted field, secrets, database address, clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import FieldError, ImproperlyConfigured

from tests.integration.workflows.driving import filed_food
from workflows import fields
from workflows.clerk import clock
from workflows.models import CasePerson, PenaltyDecision, PenaltyPerson
from workflows.secrets import find_secret, read_secret
from workflows.site.database import database_from_url


def test_encryption_round_trips_and_never_repeats() -> None:
    """The same text encrypts differently each time and decrypts to itself."""
    first, second = (fields.encrypt_text("440300199001010016", "a.b") for _ in range(2))
    assert first != second
    assert fields.decrypt_text(first, "a.b") == fields.decrypt_text(second, "a.b") == "440300199001010016"


@pytest.mark.parametrize("spoil", [lambda s: s[:-6] + "AAAA==", lambda s: "x" + s, lambda s: "sm4g1:AAAA"])
def test_altered_text_does_not_decrypt(spoil: Any) -> None:
    """A changed or cut ciphertext is refused loudly."""
    with pytest.raises(fields.FieldTampered):
        fields.decrypt_text(spoil(fields.encrypt_text("440300199001010016", "a.b")), "a.b")


def test_text_of_another_column_does_not_decrypt() -> None:
    """A value copied into another column is refused."""
    with pytest.raises(fields.FieldTampered):
        fields.decrypt_text(fields.encrypt_text("x", "a.b"), "a.c")


def test_ciphertext_cannot_be_searched(food: dict[str, Any]) -> None:
    """Filtering by a number fails instead of silently finding nothing."""
    filed_food(food)
    with pytest.raises(FieldError, match="encrypted"):
        CasePerson.objects.filter(number="440300199001010016").exists()
    assert not CasePerson.objects.filter(number__isnull=True).exists()


def test_a_penalised_person_is_found_by_digest() -> None:
    """The digest follows the number, and the same number gives the same digest."""
    decision = PenaltyDecision.objects.create(
        document_no="示例1号", decided_on="2025-01-01", decided_by="示例局", event="penalised", domain="food"
    )
    PenaltyPerson.objects.create(decision=decision, name="陈示例", number="440300199001010016")
    assert PenaltyPerson.objects.get(number_digest=fields.keyed_digest("440300199001010016")).name == "陈示例"


def test_a_short_field_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret too short to be one stops the first use."""
    monkeypatch.setenv("WORKFLOWS_FIELD_SECRET", "short")
    with pytest.raises(ValueError, match="at least 32"):
        fields.keyed_digest("x")


def test_secrets_come_from_environment_then_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment wins; a file loses its line break; a missing one and a bad name are told."""
    (tmp_path / "SOME_TOKEN").write_text("from-file\n", encoding="utf-8")
    assert read_secret("SOME_TOKEN", tmp_path) == "from-file"
    monkeypatch.setenv("SOME_TOKEN", "from-env")
    assert find_secret("SOME_TOKEN", tmp_path) == "from-env"
    assert find_secret("OTHER_TOKEN", tmp_path) is None
    with pytest.raises(ImproperlyConfigured, match="OTHER_TOKEN"):
        read_secret("OTHER_TOKEN", None)
    with pytest.raises(ImproperlyConfigured, match="not the name"):
        find_secret("../etc/passwd", tmp_path)


def test_database_addresses(tmp_path: Path) -> None:
    """Both kinds of address give an entry; the SQLite one takes the write lock at BEGIN."""
    sqlite = database_from_url("sqlite:////srv/data/app.sqlite3", None)
    assert sqlite["NAME"] == "/srv/data/app.sqlite3"
    assert sqlite["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database_from_url("sqlite://:memory:", None)["NAME"] == ":memory:"
    (tmp_path / "DB_PASSWORD").write_text("p@ss", encoding="utf-8")
    postgres = database_from_url("postgresql://app@db.internal:5433/licensing?password_secret=DB_PASSWORD", tmp_path)
    assert (postgres["HOST"], postgres["PORT"], postgres["PASSWORD"]) == ("db.internal", "5433", "p@ss")
    assert postgres["NAME"] == "licensing"


@pytest.mark.parametrize("url", ["", "mysql://x/y", "sqlite://x", "postgresql://host", "postgresql://h/n?sslmode=off"])
def test_unknown_database_addresses_are_refused(url: str) -> None:
    """A mistyped address or option stops the start instead of picking a default."""
    with pytest.raises(ImproperlyConfigured):
        database_from_url(url, None)


def _case(**values: Any) -> Any:
    from workflows.models import FoodBusinessCase

    return FoodBusinessCase(**({"filed_at": datetime(2026, 10, 12, 2, 0, tzinfo=UTC)} | values))


@pytest.mark.parametrize(
    ("values", "due", "left"),
    [
        # 行政许可法 32(4): five working days after Monday 12 October 2026.
        ({}, date(2026, 10, 19), 5),
        # 行政许可法 42: twenty working days.
        ({"accepted_at": datetime(2026, 10, 12, 2, 0, tzinfo=UTC)}, date(2026, 11, 9), 20),
        (
            {"accepted_at": datetime(2026, 10, 12, 2, 0, tzinfo=UTC), "due_on": date(2026, 11, 23)},
            date(2026, 11, 23),
            30,
        ),
        # 行政许可法 44: ten working days for a licence that is granted, none for a refusal.
        (
            {
                "accepted_at": datetime(2026, 10, 12, 2, 0, tzinfo=UTC),
                "decided_at": datetime(2026, 10, 12, 6, 0, tzinfo=UTC),
                "decision": "granted",
            },
            date(2026, 10, 26),
            10,
        ),
    ],
)
@pytest.mark.django_db
def test_the_clock_counts_working_days(values: dict[str, Any], due: date, left: int) -> None:
    """Weekends and holidays do not count, worked weekends do, and an extension replaces the date."""
    running = clock.deadline(_case(**values), date(2026, 10, 12))
    assert running is not None
    assert (running.on, running.left) == (due, left)


@pytest.mark.django_db
def test_a_case_about_which_nothing_was_said_in_time_counts_as_accepted() -> None:
    """行政许可法 32(4): from the day of receipt, and the page says so."""
    running = clock.deadline(_case(), date(2026, 10, 20))
    assert running is not None
    assert (running.on, running.left, "视为受理" in str(running.title)) == (date(2026, 11, 9), 14, True)
    last = clock.last_day(_case(), date(2026, 10, 20))
    assert last is not None
    assert last.on == date(2026, 11, 9)


@pytest.mark.django_db
def test_no_clock_is_shown_where_no_rules_say_how_long(settings: Any, tmp_path: Path) -> None:
    """An empty folder of rules, and a day before the first of them."""
    assert clock.deadline(_case(), date(2020, 1, 6)) is None
    assert clock.last_day(_case(), date(2020, 1, 6)) is None
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
    assert clock.deadline(_case(), date(2026, 10, 12)) is None


@pytest.mark.django_db
def test_the_clock_is_provisional_in_an_unpublished_year() -> None:
    """A date in a year whose calendar is not published is marked."""
    moment = datetime(2026, 12, 25, 2, 0, tzinfo=UTC)
    case = _case(filed_at=moment, accepted_at=moment)
    running = clock.deadline(case, date(2026, 12, 25))
    assert running is not None
    assert running.on.year == 2027
    assert running.provisional
