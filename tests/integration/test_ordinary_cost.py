"""What a case with complete answers costs: neither pending queries nor reuse nor debts add a statement to it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from tests.flows import flows
from tests.flows.facts import firm_data

pytestmark = pytest.mark.django_db(transaction=True)


def walk(captured: CaptureQueriesContext) -> int:
    """One case from filing to its end; how many statements."""
    process = flows.LinearFlow.start.run(data=firm_data())
    with captured:
        flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    process.refresh_from_db()
    assert process.status == "DONE"
    return len(captured)


@pytest.mark.parametrize(
    ("remote", "options", "most"),
    [(True, {}, 45), (False, {}, 33), (False, {"inside": True}, 30)],
    ids=["parked", "visible", "inside"],
)
def test_a_complete_answer_costs_what_it_did(
    inject: Any, request: pytest.FixtureRequest, remote: bool, options: dict[str, Any], most: int
) -> None:
    """In each shape of the gate, and nothing of it looks at the tables of what is the exception."""
    request.getfixturevalue("remote_credit" if remote else "credit")
    inject(flows.LinearFlow, **options)
    walk(CaptureQueriesContext(connection))  # what is read once for all cases is read now
    captured = CaptureQueriesContext(connection)
    assert walk(captured) <= most
    told = " ".join(query["sql"] for query in captured.captured_queries)
    assert "pendingquery" not in told
    assert "callbacknonce" not in told
    assert told.count('FROM "approval_hook_reply"') == 0
