"""Sources that contradict each other: the stronger prevails, both are told to the clerk and kept as evidence."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook.hosts.viewflow.desk import panel_for
from approval_hook.models import CreditDecision, Reply
from approval_hook.policy.receipt import receipt_from_bytes
from approval_hook.policy.records import RecordState
from approval_hook.replaying import Remade, replay
from approval_hook.testing import Script
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def china(settings: Any, remote_credit: Any) -> Script:
    """The advisory source, whose word about a record's state prevails over the required one's."""
    script = Script()
    real = settings.APPROVAL_HOOK
    entry = {"BACKEND": "approval_hook.testing.ScriptedPlatform", "OPTIONS": {"script": script, "remote": True}}
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "creditchina": entry}}
    return script


def decided(inject: Any) -> tuple[Any, CreditDecision]:
    """One case up to its decision, and the record in force."""
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, status=STATUS.NEW))
    row = CreditDecision.objects.order_by("pk").last()
    assert row is not None
    return process, row


def told(process: Any) -> list[str]:
    """What the clerk reads of conflicts."""
    (party,) = panel_for(process).parties  # type: ignore[union-attr] # the flow has a gate
    return party.conflicts


def test_a_repair_at_the_stronger_source_takes_the_burden_away(
    inject: Any, remote_credit: Any, china: Script, defaulter: Any
) -> None:
    """Whatever brackets it writes the document with; both words are kept, and the document is not told."""
    remote_credit.records[CLEAN] = (defaulter,)
    gone = replace(defaulter, record_id="X-1", document_no="(2026) 示执１号", state=RecordState.REPAIRED)
    china.records[CLEAN] = (gone,)
    process, row = decided(inject)
    assert (row.outcome, row.permits) == ("O-09", True)
    assert flows.ran == [f"decide:{process.pk}"]
    (text,) = told(process)
    assert text == "一条不再展示的记录，来源不一致（信用中国：已修复，省公共信用信息平台：有效），以信用中国为准"
    assert "示执" not in text
    (kept,) = row.body["conflicts"]
    assert kept["said"] == [
        {"source": "creditchina", "state": "repaired"},
        {"source": "province", "state": "active"},
    ]
    assert row.is_genuine()
    as_answered = {r["document_no"] for report in Reply.objects.get().reports for r in report.get("records", [])}
    assert as_answered == {"（2026）示执1号", "(2026) 示执１号"}
    evaluated = {r.document_no for report in receipt_from_bytes(row.receipt).reports for r in report.records}
    assert len(evaluated) == 1
    assert replay(row, Remade()) == ""


def test_a_hit_that_the_stronger_source_does_not_hold_stays_a_hit(
    inject: Any, remote_credit: Any, china: Script, defaulter: Any
) -> None:
    """The clerk reads both, and the section confirms as usual."""
    remote_credit.records[CLEAN] = (defaulter,)
    process, row = decided(inject)
    assert (row.outcome, row.permits) == ("O-06", False)
    assert told(process) == [
        "失信被执行人名单，来源不一致（信用中国：没有记录，省公共信用信息平台：有效），两处收录范围可能不同，请核对"
    ]


def test_sources_that_agree_leave_no_trace(inject: Any, remote_credit: Any, china: Script) -> None:
    """The ordinary record is as it was."""
    process, row = decided(inject)
    assert told(process) == []
    assert "conflicts" not in row.body


def test_a_changed_conflict_is_no_evidence(inject: Any, remote_credit: Any, china: Script, defaulter: Any) -> None:
    """The digest of the record covers it."""
    remote_credit.records[CLEAN] = (defaulter,)
    _, row = decided(inject)
    row.body["conflicts"][0]["said"][0]["state"] = "active"
    assert not row.is_genuine()
    row.refresh_from_db()
    del row.body["conflicts"]
    assert not row.is_genuine()
