"""Stored decisions come out again to the byte, tampering is found, and a candidate names every case that flips."""

from __future__ import annotations

import json
import os
import tracemalloc
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from msgspec.structs import replace
from viewflow.workflow.models import Task

from approval_hook import clock, gate, keeping
from approval_hook.errors import CaseInvalid
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.models import CalendarEdition, CreditDecision, Reply, RuleRevision, Settlement
from approval_hook.policy.case import CaseView
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.receipt import receipt_bytes, receipt_digest, receipt_from_bytes, reports_from_json
from approval_hook.policy.records import CreditRecord, QueryStatus
from approval_hook.replaying import Remade, Tally, backtest, replay, replay_all, rules_named, stored_decisions
from approval_hook.settling import discharged, record_content
from approval_hook.testing import lifted_triggers
from tests.flows import flows
from tests.flows.facts import CLEAN, firm_data

pytestmark = pytest.mark.django_db

MANY = 100_000 if os.environ.get("LONG") else 4_000


@pytest.fixture
def wage_record(defaulter: CreditRecord) -> CreditRecord:
    """A wage defaulter, whose list has a measure at the food matter."""
    return replace(defaulter, record_id="NMG-1", list_type="wage_arrears", title="拖欠农民工工资", category="")


def run_case(inject: Any, credit: Any, *records: CreditRecord) -> CreditDecision:
    """Take a case to its decision gate; the newest record of it."""
    credit.records[CLEAN] = records
    inject(flows.LinearFlow)
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    return CreditDecision.objects.latest("pk")


def output(*arguments: str) -> str:
    """What a management command prints."""
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def refused(*arguments: str) -> tuple[str, str]:
    """What a command that fails prints and says."""
    out = StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*arguments, stdout=out, stderr=StringIO())
    assert caught.value.returncode == 1
    return out.getvalue(), str(caught.value)


def rewrite(row: CreditDecision, **columns: Any) -> CreditDecision:
    """Change a stored decision behind everybody's back."""
    with lifted_triggers(), connection.cursor() as cursor:
        for name, value in columns.items():
            cursor.execute(f"UPDATE {row._meta.db_table} SET {name} = %s WHERE id = %s", [value, row.pk])
    return CreditDecision.objects.select_related("inquiry", "reply").get(pk=row.pk)


def _with(row: CreditDecision, columns: dict[str, Any]) -> CreditDecision:
    for name, value in columns.items():
        setattr(row, name, value)
    return row


def test_every_stored_decision_comes_out_again(inject: Any, credit: Any, wage_record: CreditRecord) -> None:
    """Clean or with a measure: the receipt gives the same bytes, from rules and calendar kept in the database."""
    row = run_case(inject, credit, wage_record)
    assert row.outcome == "O-05"
    assert RuleRevision.objects.filter(pk=row.rules_digest).exists()
    assert CalendarEdition.objects.filter(pk=receipt_from_bytes(row.receipt).calendar_digest).exists()
    assert [difference for _, difference in replay_all(stored_decisions())] == [""] * CreditDecision.objects.count()
    assert "不同 0 条" in output("decisions_replay")
    assert "重算 1 条" in output("decisions_replay", "--case", row.case_no)


def test_replay_needs_no_rule_file(
    inject: Any, credit: Any, wage_record: CreditRecord, settings: Any, tmp_path: Path
) -> None:
    """Years later the folder of rules may be gone; what was kept by digest decides the same."""
    row = run_case(inject, credit, wage_record)
    keeping.forget()
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
    assert replay(CreditDecision.objects.select_related("inquiry", "reply").get(pk=row.pk), Remade()) == ""


def test_receipt_states_inputs_age_rules_and_software(inject: Any, credit: Any, wage_record: CreditRecord) -> None:
    """The receipt holds what the issue asks for, in canonical JSON under its SHA-256."""
    import approval_hook

    row = run_case(inject, credit, wage_record)
    stated = json.loads(row.receipt)
    assert row.receipt_digest == receipt_digest(row.receipt.encode())
    assert stated["rules_digest"] == row.rules_digest == gate.book().revision(row.rules_revision).digest
    assert stated["software"] == approval_hook.__version__
    assert len(stated["ages"]) == len(stated["reports"]) == len(row.reply.reports)
    assert all(isinstance(age, int) and age >= 0 for age in stated["ages"])
    assert {m["measure"] for m in stated["decision"]["measures"]} == {"wage-48-entry"}
    assert CLEAN not in row.receipt


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (lambda row: {"receipt": row.receipt.replace("O-05", "O-10")}, "意见书与其摘要不符"),
        (lambda row: {"outcome": "O-10"}, "意见书与登记的结果不符"),
        (lambda row: {"complete": False}, "意见书与登记的结果不符"),
        (lambda row: _forged(row, _with_more_suppressed), "结果与意见书不同"),
        (lambda row: _forged(row, lambda r: replace(r, rules_digest="0" * 64)), "规则库中没有"),
        (lambda row: _forged(row, lambda r: replace(r, calendar_digest="0" * 64)), "工作日历"),
        (lambda row: _forged(row, _of_another_organ), "办件事实与查询登记不符"),
        (lambda row: _forged(row, lambda r: replace(r, ages=())), "结果与意见书不同"),
        (lambda row: {"receipt": "{}", "receipt_digest": receipt_digest(b"{}")}, "格式不符"),
    ],
)
def test_replay_finds_what_was_changed(
    columns: Any, said: str, inject: Any, credit: Any, wage_record: CreditRecord
) -> None:
    """A changed receipt, column, rule digest or case is named, and the command fails."""
    row = run_case(inject, credit, wage_record)
    changed = rewrite(row, **columns(row))
    assert said in replay(changed, Remade())
    printed, error = refused("decisions_replay")
    assert row.case_no in printed
    assert "1 条意见不能原样重算" in error


def _forged(row: CreditDecision, change: Any) -> dict[str, str]:
    raw = receipt_bytes(change(receipt_from_bytes(row.receipt)))
    return {"receipt": raw.decode(), "receipt_digest": receipt_digest(raw)}


def _with_more_suppressed(receipt: Any) -> Any:
    return replace(receipt, decision=replace(receipt.decision, suppressed=9))


def _of_another_organ(receipt: Any) -> Any:
    case: CaseView = replace(receipt.case, organ="另一机关")
    return replace(receipt, case=case)


def test_guard_does_not_believe_a_changed_receipt(inject: Any, credit: Any) -> None:
    """The row's own digest covers the receipt."""
    row = run_case(inject, credit)
    assert row.is_genuine()
    assert not rewrite(row, receipt=row.receipt.replace("O-09", "O-10")).is_genuine()
    raw = row.receipt.encode()
    assert not rewrite(row, receipt_digest=receipt_digest(raw)).is_genuine()


def test_replay_goes_on_after_a_row_that_cannot_be_read(inject: Any, credit: Any, wage_record: CreditRecord) -> None:
    """A body that is no body is one difference, not the end of the run; a changed permission is found too."""
    row = run_case(inject, credit, wage_record)
    assert replay(rewrite(row, body="{}"), Remade()) == "存档无法读取"
    fresh = CreditDecision.objects.create(
        **{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields if f.name not in ("id", "permits")}
        | {"permits": True, "digest": "0" * 64},
    )
    assert replay(fresh, Remade()) == "核查意见校验不符"


def test_a_settlement_after_acceptance_replays(inject: Any, credit: Any, defaulter: Any) -> None:
    """Acceptance between inquiry and settlement changes the case, not its subjects: no false alarm."""
    row = run_case(inject, credit, defaulter)
    stored = receipt_from_bytes(row.receipt)
    later = replace(stored.case, accepted_on=stored.on, materials=("application-form",))
    decision = Remade().decision(replace(stored, case=later), gate.book().all()[0].rules)
    changed = _forged(row, lambda r: replace(r, case=later, decision=decision))
    assert "办件事实" not in replay(rewrite(row, **changed), Remade())


def test_a_forged_reply_decides_nothing(inject: Any, credit: Any) -> None:
    """A clean answer put in beside the gate is not taken up, and what rests on it is found."""
    credit.status = QueryStatus.UNAVAILABLE
    row = run_case(inject, credit)
    assert row.outcome == "O-00"
    forged = Reply.objects.create(
        inquiry=row.inquiry,
        attempt=50,
        complete=True,
        reports=[{**report, "status": "OK", "records": []} for report in row.reply.reports],
        digest="0" * 64,
        asked_at=row.reply.asked_at,
        answered_at=row.reply.answered_at,
    )
    assert not forged.is_genuine()
    process = flows.LinearFlow.process_class.objects.get()
    case = binding_of(flows.LinearFlow).case(process.pk)
    assert gate.open_inquiry(case, gate.point_of(row), row.inquiry.gate_key, "runner").answer is None
    with pytest.raises(CaseInvalid, match="校验不符"):
        gate.decide(case, row.inquiry, forged, gate.point_of(row), "runner")


def test_a_forged_settlement_counts_for_nothing(inject: Any, credit: Any, defaulter: Any) -> None:
    """A release that nobody said through the gate discharges no duty."""
    row = run_case(inject, credit, defaulter)
    (duty,) = gate.stated_decision(row).obligations
    Settlement.objects.create(
        decision=row,
        host_key=row.host_key,
        kind=duty.kind,
        party=duty.party,
        record=duty.record,
        content=record_content(reports_from_json(row.reply.reports), duty.party, duty.record),
        verdict="release",
        by="nobody",
        reason="伪造",
        made_at=row.made_at,
    )
    assert discharged(row.host_key, gate.stated_decision(row), reports_from_json(row.reply.reports)) == {}


@pytest.mark.parametrize("content", ["whole", "{", "[" * 5000])
def test_a_smuggled_rule_revision_is_not_believed(content: str) -> None:
    """A row put in beside the policy desk decides nothing and stops nothing."""
    data = gate.book().all()[0].rules.plain()
    data.update(revision="smuggled", valid_from="2026-11-01", bars=[], applications=[])
    rules = RuleSet.parse(data)
    RuleRevision.objects.create(
        digest=rules.digest,
        revision="smuggled",
        origin=RuleRevision.Origin.PUBLISHED,
        valid_from=date(2026, 11, 1),
        content=rules.canonical.decode() if content == "whole" else content,
        author="nobody1",
        publisher="nobody2",
        made_at=clock.now(),
    )
    keeping.forget()
    assert keeping.published_rules() == ()
    assert [loaded.rules.revision for loaded in gate.book().all()] == ["guangdong-2026-10-01"]


def candidate(folder: Path, change: Any) -> str:
    """A changed copy of the rules in force, as a file."""
    data = gate.book().all()[0].rules.plain()
    change(data)
    data["revision"] = "candidate"
    path = folder / "candidate.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return str(path)


def _no_wage_row(data: dict[str, Any]) -> None:
    data["applications"] = [a for a in data["applications"] if a["measure"] != "wage-48-entry"]


def _no_food(data: dict[str, Any]) -> None:
    data["matters"] = [m for m in data["matters"] if m["code"] != "food-business"]
    data["applications"] = [a for a in data["applications"] if a["matter"] != "food-business"]
    for part in ("bars", "grounds"):
        for item in data[part]:
            item["matters"] = [m for m in item["matters"] if m != "food-business"]
    data["grounds"] = [g for g in data["grounds"] if g["matters"] or g["id"] == "gd-market-53"]


def test_backtest_names_the_case_that_flips_with_its_reason(
    inject: Any, credit: Any, wage_record: CreditRecord, tmp_path: Path
) -> None:
    """Without the measure the wage defaulter goes from O-05 to O-06; the clean case stays."""
    listed = run_case(inject, credit, wage_record)
    credit.records.clear()
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    path = candidate(tmp_path, _no_wage_row)
    printed = output("rules_backtest", "guangdong-2026-10-01", path)
    assert f"{listed.case_no} food-business" in printed
    assert "结果 O-05 → O-06" in printed
    assert "不再有措施“" in printed
    assert "共 2 条，相同 1 条，不同 1 条，无法重算 0 条" in printed
    assert "O-05 → O-06：1 条" in printed
    assert listed.case_no not in output("rules_backtest", "guangdong-2026-10-01", path, "--summary")
    _, error = refused("rules_backtest", "guangdong-2026-10-01", path, "--fail-on-flip")
    assert "回测未通过" in error
    back = output("rules_backtest", path, "guangdong-2026-10-01")
    assert "O-06 → O-05：1 条" in back


def test_backtest_of_the_same_rules_flips_nothing(inject: Any, credit: Any, wage_record: CreditRecord) -> None:
    """The rules in force against themselves, by revision and by digest."""
    row = run_case(inject, credit, wage_record)
    assert "相同 1 条，不同 0 条" in output("rules_backtest", row.rules_revision, row.rules_digest, "--fail-on-flip")


def test_backtest_says_when_a_matter_is_gone(
    inject: Any, credit: Any, wage_record: CreditRecord, tmp_path: Path
) -> None:
    """A candidate that lost a matter fails closed there: 未配置."""
    run_case(inject, credit, wage_record)
    printed = output("rules_backtest", "guangdong-2026-10-01", candidate(tmp_path, _no_food))
    assert "O-05 → 未配置：1 条" in printed


def test_backtest_counts_what_cannot_be_made_again(inject: Any, credit: Any) -> None:
    """A stored text that is no receipt is counted as failed, never as the same."""
    row = run_case(inject, credit)
    rewrite(row, receipt="{}")
    printed, _ = refused("rules_backtest", "guangdong-2026-10-01", "guangdong-2026-10-01")
    assert "共 1 条，相同 0 条，不同 0 条，无法重算 1 条" in printed


def test_unknown_and_unsound_rule_sets_are_named(tmp_path: Path) -> None:
    """No such revision, and a file with problems, are answered in Chinese without a trace."""
    assert "找不到规则版本“nothing”" in refused("rules_backtest", "nothing", "nothing")[1]
    broken = tmp_path / "broken.yaml"
    broken.write_text("revision: a\n", encoding="utf-8")
    assert "缺少" in refused("rules_backtest", "guangdong-2026-10-01", str(broken))[1]
    assert rules_named("guangdong-2026-10-01").rules.revision == "guangdong-2026-10-01"


def test_backtest_holds_no_more_memory_for_more_decisions(
    inject: Any, credit: Any, wage_record: CreditRecord, tmp_path: Path
) -> None:
    """Thousands of decisions in one go (100,000 with LONG=1): the peak of the last part is that of the first."""
    row = run_case(inject, credit, wage_record)
    stored = receipt_from_bytes(row.receipt)
    for begin in range(0, MANY, 1000):
        rows = []
        for number in range(begin, min(begin + 1000, MANY)):
            case = replace(stored.case, case_no=f"TEST-MANY-{number}")
            columns = _forged(row, lambda r, case=case: replace(r, case=case))  # type: ignore[misc]
            copy = CreditDecision(**{f.attname: getattr(row, f.attname) for f in row._meta.concrete_fields})
            copy.pk = None
            rows.append(_with(copy, {"case_no": case.case_no, "digest": f"{number:064x}", **columns}))
        CreditDecision.objects.bulk_create(rows)
    old = gate.book().all()[0].rules
    new = rules_named(candidate(tmp_path, _no_wage_row)).rules
    tally = Tally()
    peaks = []
    tracemalloc.start()
    for read, _ in enumerate(backtest(old, new, stored_decisions(), tally), start=1):
        if read % (MANY // 4) == 0:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
    tracemalloc.stop()
    assert (tally.read, tally.flipped, tally.same, tally.failed) == (MANY + 1, MANY + 1, 0, 0)
    # The first part fills what is held all the time: two chunks of rows, calendar, plans.
    assert peaks[3] < peaks[1] * 1.1
