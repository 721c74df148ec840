"""SQLite only: ``INSERT OR REPLACE`` removes a row without firing a delete trigger."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from approval_hook.hosts.viewflow.desk import act
from approval_hook.models import CreditDecision, Settlement
from tests.integration.test_attacks import held, officer

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="REPLACE is SQLite's own"),
]


@pytest.mark.parametrize("table", ["creditdecision", "inquiry", "reply", "settlement", "identity"])
def test_insert_or_replace_does_not_rewrite_evidence(table: str, inject: Any, credit: Any, defaulter: Any) -> None:
    """SQLite deletes the replaced row without a delete trigger, so the insert itself is refused."""
    process = held(inject, credit, defaulter)
    act(process, officer("head", settles=True), "section_confirms:release", "核对无误")
    name = f"approval_hook_{table}"
    before = Settlement.objects.count(), CreditDecision.objects.count()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT OR REPLACE INTO {name} SELECT * FROM {name} LIMIT 1")
    assert (Settlement.objects.count(), CreditDecision.objects.count()) == before
