"""The small parts: encrypted field, secrets, database address, clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.utils import timezone

from approval_hook.clock import standing_at
from approval_hook.models import ClockedCase, StatutoryAct
from approval_hook.policy.clocks import Act
from approval_hook.testing import lifted_triggers
from tests.integration.workflows.driving import filed_food
from workflows import acts, fields
from workflows.clerk import clock
from workflows.flows import FoodBusinessFlow
from workflows.models import CasePerson, FoodBusinessCase, PenaltyDecision, PenaltyPerson
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


MONDAY = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)


def _case(filed_at: datetime = MONDAY, **values: Any) -> Any:
    """A case with its acts, as the pages write them."""
    case = FoodBusinessCase(
        flow_class=FoodBusinessFlow, case_no="440104-20261012-0001", organ="示例局", filed_at=filed_at, **values
    )
    with standing_at(filed_at):
        acts.register(case, Act.RECEIVED, None, at=filed_at)
        if case.accepted_at:
            acts.register(case, Act.ACCEPTED, None, at=case.accepted_at)
        if case.decided_at:
            acts.register(case, Act.DECIDED, None, at=case.decided_at, granted=case.decision == "granted")
    return case


@pytest.mark.parametrize(
    ("values", "due", "left"),
    [
        # 行政许可法 32(4): five working days after Monday 12 October 2026.
        ({}, date(2026, 10, 19), 5),
        # 行政许可法 42: twenty working days.
        ({"accepted_at": MONDAY}, date(2026, 11, 9), 20),
        # 行政许可法 44: ten working days for a licence that is granted, none for a refusal.
        ({"accepted_at": MONDAY, "decided_at": MONDAY, "decision": "granted"}, date(2026, 10, 26), 10),
        ({"accepted_at": MONDAY, "decided_at": MONDAY, "decision": "refused"}, None, 0),
    ],
)
@pytest.mark.django_db
def test_the_clock_counts_working_days(values: dict[str, Any], due: date | None, left: int) -> None:
    """Weekends and holidays do not count, and worked weekends do."""
    running = clock.deadline(_case(**values), date(2026, 10, 12))
    assert (running and running.on, running.left if running else 0) == (due, left)


@pytest.mark.django_db
def test_a_case_that_is_accepted_late_keeps_the_last_day_that_the_law_gave_it() -> None:
    """行政许可法 32(4): from the day of receipt, whatever day it is accepted on."""
    late = date(2026, 10, 20)
    with standing_at(MONDAY + timedelta(days=8)):
        assert clock.last_day(_case(), late) == date(2026, 11, 9)
    other = FoodBusinessCase(case_no="440104-20261012-0002", organ="示例局")
    assert clock.last_day(other, late) == date(2026, 11, 17)


@pytest.mark.django_db
def test_no_clock_is_shown_where_no_rules_say_how_long(settings: Any, tmp_path: Path) -> None:
    """An empty folder of rules, and a day before the first of them."""
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
    case = _case()
    assert clock.deadline(case, date(2026, 10, 12)) is None
    assert clock.last_day(case, date(2020, 1, 6)) is None


@pytest.mark.django_db
def test_the_clock_is_provisional_in_an_unpublished_year() -> None:
    """A date in a year whose calendar is not published is marked."""
    moment = datetime(2026, 12, 25, 2, 0, tzinfo=UTC)
    running = clock.deadline(_case(moment, accepted_at=moment), date(2026, 12, 25))
    assert running is not None
    assert running.on.year == 2027
    assert running.provisional


@pytest.mark.django_db
def test_a_case_that_came_past_the_pages_gets_its_acts_from_its_timestamps(food: dict[str, Any]) -> None:
    """An import has no history; its next act brings it along, with who accepted."""
    case = filed_food(food)
    clerk = User.objects.create_user("lin")
    with lifted_triggers():
        StatutoryAct.objects.filter(case_no=case.case_no)._raw_delete("default")
    ClockedCase.objects.filter(case_no=case.case_no).delete()
    case.accepted_at, case.accepted_by = timezone.now(), clerk
    case.save()
    acts.register(case, Act.WITHDRAWN, None)
    rows = StatutoryAct.objects.filter(case_no=case.case_no).values_list("kind", "by")
    assert list(rows) == [("received", ""), ("accepted", "lin"), ("withdrawn", "")]
