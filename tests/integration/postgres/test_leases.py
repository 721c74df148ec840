"""Processes that lease from one quota at the same moment, each with a PostgreSQL session of its own."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection

from approval_hook.errors import PlatformNotAsked
from approval_hook.limits import Budget, _Quota
from approval_hook.models import SourceDay
from tests.integration.postgres.test_workers import together
from tests.integration.test_limits import AT

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def taken(quota: _Quota, *, decides: bool) -> int:
    """How many queries it gives before it refuses."""
    number = 0
    while True:
        try:
            quota.take(AT, decides=decides)
        except PlatformNotAsked:
            return number
        number += 1


def test_workers_share_the_quota_and_the_reserve() -> None:
    """Eight workers get exactly the quota together: up to the reserve for acceptance, the reserve for decisions."""
    quotas = [_Quota("province", Budget(2000, 500)) for _ in range(8)]
    early = together(*(lambda q=q: taken(q, decides=False) for q in quotas))
    assert sum(early) == 1500
    late = together(*(lambda q=q: taken(q, decides=True) for q in quotas))
    assert sum(late) == 500
    assert SourceDay.objects.get().leased == 2000


def test_first_leases_of_a_day_make_one_row() -> None:
    """Nobody fails when all make the row of the day at the same moment."""
    for day in range(1, 11):
        quotas = [_Quota("province", Budget(8, 0)) for _ in range(4)]
        leased = [lambda q=q, d=day: q._lease(date(2026, 11, d), 8) for q in quotas]
        together(*leased)
        assert SourceDay.objects.get(day=date(2026, 11, day)).leased == 4
    assert connection.vendor == "postgresql"
