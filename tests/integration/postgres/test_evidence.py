"""Evidence on PostgreSQL: append-only in the database, and complete before anybody is asked."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError, InternalError
from viewflow.workflow.models import Task
from viewflow.workflow.status import PROCESS, STATUS

from approval_hook import triggers
from approval_hook.models import (
    CalendarEdition,
    CreditDecision,
    EmergencyAct,
    Identity,
    Inquiry,
    IssueReading,
    Observation,
    OutgoingAct,
    Promise,
    PromiseReminder,
    PromiseStep,
    PromiseWords,
    RawReply,
    Reminder,
    Reply,
    RuleRevision,
    Settlement,
    StatutoryAct,
)
from approval_hook.policy.records import CreditReport
from approval_hook.ports import Query
from approval_hook.testing import ScriptedPlatform
from tests.flows import flows
from tests.flows.facts import firm_data
from workflows.notices.models import Notice, NoticePrint

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

EVIDENCE = (
    Inquiry,
    Reply,
    CreditDecision,
    Settlement,
    EmergencyAct,
    Observation,
    IssueReading,
    Identity,
    RuleRevision,
    CalendarEdition,
    RawReply,
    OutgoingAct,
    StatutoryAct,
    Reminder,
    Notice,
    NoticePrint,
    Promise,
    PromiseStep,
    PromiseWords,
    PromiseReminder,
)


def passed_case() -> Any:
    """A case that went through the gate, with inquiry, identity, reply and decision."""
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    process.refresh_from_db()
    assert process.status == PROCESS.DONE
    return process


def test_suite_runs_on_postgresql() -> None:
    """A wrong setting must not let these tests pass on another database."""
    assert connection.vendor == "postgresql"


def test_every_expected_trigger_is_installed() -> None:
    """After migrating, the database holds exactly the triggers that the code expects, TRUNCATE ones included."""
    present = sorted(name for name, *_ in triggers.installed())
    assert present == sorted(triggers.expected())
    assert sum(name.endswith("_no_truncate") for name in present) == len(EVIDENCE)


@pytest.mark.parametrize("model", EVIDENCE)
def test_truncate_is_refused_even_with_cascade(model: Any, inject: Any, remote_credit: Any) -> None:
    """TRUNCATE, which fires no row trigger, removes no evidence, neither alone nor by cascade from another table."""
    inject(flows.LinearFlow)
    passed_case()
    counts = [m.objects.count() for m in EVIDENCE]
    table = connection.ops.quote_name(model._meta.db_table)
    for statement in (f"TRUNCATE {table} CASCADE", f"TRUNCATE {table} RESTART IDENTITY CASCADE"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    assert [m.objects.count() for m in EVIDENCE] == counts
    assert counts[:3] == [1, 1, 1]


@pytest.mark.parametrize("model", [Inquiry, Reply, CreditDecision])
def test_raw_update_and_delete_are_refused_to_another_program(model: Any, inject: Any, remote_credit: Any) -> None:
    """A session that knows nothing of our code cannot change or delete a row, and upsert is no way round."""
    inject(flows.LinearFlow)
    passed_case()
    table = model._meta.db_table
    column = model._meta.pk.column
    with other_session() as session:
        for statement in (
            f"DELETE FROM {table}",
            f"UPDATE {table} SET {column} = {column}",
            f"INSERT INTO {table} SELECT * FROM {table}"
            f" ON CONFLICT ({column}) DO UPDATE SET {column} = {table}.{column}",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
                session.execute(statement)


def test_identity_content_can_be_erased_and_nothing_else(inject: Any, remote_credit: Any) -> None:
    """Erasing the sealed names works; writing other content, moving the row or deleting it does not."""
    inject(flows.LinearFlow)
    passed_case()
    table = Identity._meta.db_table
    with other_session() as session:
        for statement in (
            f"UPDATE {table} SET sealed = '\\x00'",
            f"UPDATE {table} SET sealed = NULL, key_id = 'other'",
            f"DELETE FROM {table}",
        ):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
                session.execute(statement)
        assert session.execute(f"UPDATE {table} SET sealed = NULL, erased_at = now()").rowcount == 1


def test_protected_task_is_refused_to_another_program(inject: Any, remote_credit: Any) -> None:
    """Without a valid record no session can make or finish the protected task; with one it can."""
    inject(flows.HumanFlow)
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    ref = "testflows/flows.HumanFlow.decide"
    task = Task.objects.create(process=process, flow_task=flows.HumanFlow.decide, flow_task_type="HUMAN")
    finish = f"UPDATE {Task._meta.db_table} SET status = 'DONE' WHERE id = %s AND flow_task = %s"
    with other_session() as session:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="without a valid credit record"):
            session.execute(finish, [task.pk, ref])
        from approval_hook.hosts.viewflow.attending import attend

        attend(flows.HumanFlow, task.pk)
        assert CreditDecision.objects.get().permits
        assert session.execute(finish, [task.pk, ref]).rowcount == 1


def test_inquiry_is_committed_and_no_transaction_open_when_the_platform_is_asked(
    inject: Any, remote_credit: Any, monkeypatch: Any
) -> None:
    """Seen from another session at the moment of the query: the inquiry is there and no session is in a transaction."""
    seen: list[tuple[int, int, int]] = []
    real = ScriptedPlatform.query

    def watched(self: ScriptedPlatform, query: Query, *, timeout: float) -> CreditReport:
        with other_session() as session:
            row = session.execute(
                f"SELECT (SELECT count(*) FROM {Inquiry._meta.db_table}),"
                f" (SELECT count(*) FROM {Reply._meta.db_table}),"
                " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND state <> 'idle')"
            ).fetchone()
        assert row is not None
        seen.append((row[0], row[1], row[2]))
        return real(self, query, timeout=timeout)

    monkeypatch.setattr(ScriptedPlatform, "query", watched)
    inject(flows.LinearFlow)
    passed_case()
    assert seen == [(1, 0, 0)]


def test_failed_evidence_insert_takes_its_effect_back(inject: Any, remote_credit: Any, monkeypatch: Any) -> None:
    """Decision and effect are one transaction: when the step's own commit fails, neither is there."""
    from approval_hook import gate

    real = gate.decide

    def then_fail(*args: Any, **kwargs: Any) -> Any:
        real(*args, **kwargs)
        raise InternalError("the server went away")

    monkeypatch.setattr(gate, "decide", then_fail)
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    counts = (Inquiry.objects.count(), Reply.objects.count(), CreditDecision.objects.count())
    waiting = Task.objects.get(process=process, flow_task=flows.LinearFlow.credit_before_decide)
    assert (counts, waiting.status, flows.ran) == ((1, 1, 0), STATUS.STARTED, [])


def other_session() -> psycopg.Connection[tuple[Any, ...]]:
    """A session of another program on the test database, each statement its own transaction."""
    s = connection.settings_dict
    return psycopg.connect(
        host=s["HOST"],
        port=s["PORT"] or None,
        user=s["USER"],
        password=s["PASSWORD"],
        dbname=s["NAME"],
        autocommit=True,
    )
