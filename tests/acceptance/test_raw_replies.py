"""Replies kept in full: only of the sources that the rule set names, sealed, erasable, opened with a reason."""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from approval_hook.errors import ConfigurationError
from approval_hook.models import CreditDecision, RawReply, Reply
from approval_hook.policy.catalogue import RuleSet
from approval_hook.replaying import Remade, replay
from approval_hook.rulebook import RuleBook
from tests.acceptance.evidence import people
from tests.acceptance.evidence.office import opinion
from tests.conftest import _script


@pytest.fixture
def keeping(settings: Any, tmp_path: Path) -> RuleSet:
    """The shipped rules, with the province's replies kept."""
    rules = RuleBook(Path(settings.APPROVAL_HOOK["RULES"])).all()[0].rules
    data: Any = rules.plain()
    assert not any("keep_raw" in source for source in data["sources"])
    next(s for s in data["sources"] if s["name"] == "province")["keep_raw"] = True
    (tmp_path / "2026-10-01.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
    found = RuleSet.parse(data)
    assert (found.digest != rules.digest, found.plain()) == (True, data)
    return found


def test_only_the_digest_is_kept_unless_the_rules_say_more(wired: Any, office: Any) -> None:
    """The shipped rules keep no reply."""
    office.file(people.firm(141).filing())
    (reply,) = Reply.objects.all()
    assert {len(r["raw_digest"]) for r in reply.reports if r["source"] == "province"} == {64}
    assert RawReply.objects.count() == 0


def test_a_reply_is_kept_as_it_came_sealed_and_replayed(keeping: RuleSet, wired: Any, office: Any) -> None:
    """The body hashes to the digest in the evidence; the column shows nothing of it; other sources are not kept."""
    firm = people.firm(142)
    firm.enter(wired.province.control, people.row("RAW"))
    case = office.file(firm.filing())
    (reply,) = Reply.objects.all()
    told = {
        query["query_id"]: report["raw_digest"]
        for query, report in zip(reply.inquiry.queries, reply.reports, strict=True)
        if report["source"] == "province"
    }
    kept = list(reply.raw.all())
    assert len(kept) == 3
    assert {raw.query: raw.digest for raw in kept} == told
    bodies = [raw.body() or b"" for raw in kept]
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [raw.digest for raw in kept]
    assert [firm.code.encode() in body for body in bodies].count(True) == 1
    assert not any(body[:20] in bytes(raw.sealed) for raw, body in zip(kept, bodies, strict=True))
    decision = opinion(case)
    assert isinstance(decision, CreditDecision)
    assert replay(decision, Remade()) == ""


def test_a_kept_reply_opens_in_its_own_row_only_and_can_be_erased(keeping: RuleSet, wired: Any, office: Any) -> None:
    """Nothing else of the row changes, nobody deletes it, and another row's ciphertext does not open."""
    office.file(people.firm(143).filing())
    raw = RawReply.objects.earliest("pk")
    stolen = RawReply(reply=raw.reply, query="another", source="province", key_id=raw.key_id, sealed=raw.sealed)
    with pytest.raises(ConfigurationError):
        stolen.body()
    table = RawReply._meta.db_table
    for change in (f"UPDATE {table} SET source = 'x', sealed = NULL", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    raw.erase()
    again = RawReply.objects.get(pk=raw.pk)
    assert (again.body(), again.digest, again.erased_at is not None) == (None, raw.digest, True)


def test_a_source_that_hands_out_nothing_is_an_alarm(keeping: RuleSet, settings: Any, office: Any, caplog: Any) -> None:
    """The case goes on with the digest alone, and somebody learns that the rule set is not followed."""
    _script(settings, remote=True)
    office.file(people.firm(144).filing())
    assert Reply.objects.get().inquiry.decisions.count() == 1
    assert RawReply.objects.count() == 0
    alarms = [json.loads(r.getMessage()) for r in caplog.records if "raw reply not kept" in r.getMessage()]
    assert [(e["source"], e["alarm"]) for e in alarms] == [("province", True)] * 3


def test_opening_takes_a_person_and_a_reason_and_is_logged(
    keeping: RuleSet, wired: Any, office: Any, tmp_path: Path, capsys: Any, caplog: Any
) -> None:
    """The list opens nothing; the file is new and the reader's own."""
    case = office.file(people.firm(145).filing())
    raw, to = RawReply.objects.earliest("pk"), tmp_path / "reply.json"
    call_command("credit_raw_reply", case.case_no)
    listed = capsys.readouterr().out
    assert "加密留存" in listed
    assert raw.digest[:16] in listed
    by = "manager"
    for incomplete in ({}, {"by": by, "to": to}, {"by": by, "to": to, "reason": "看"}, {"by": "nobody", "to": to}):
        with pytest.raises(CommandError):
            call_command("credit_raw_reply", case.case_no, open=raw.pk, **incomplete)
    assert not to.exists()
    call_command("credit_raw_reply", case.case_no, open=raw.pk, by=by, reason="异议核实", to=to)
    assert json.loads(to.read_bytes())
    assert to.stat().st_mode & 0o777 == 0o600
    told = [json.loads(r.getMessage()) for r in caplog.records if "raw reply opened" in r.getMessage()]
    assert [(e["row"], e["by"], e["reason"]) for e in told] == [(raw.pk, by, "异议核实")]
    # Anybody at a shell may name any account; who runs the command is another matter.
    assert told[0]["system_user"] == f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    with pytest.raises(CommandError, match="请另选"):
        call_command("credit_raw_reply", case.case_no, open=raw.pk, by=by, reason="异议核实", to=to)
    with pytest.raises(CommandError, match="没有编号为"):
        call_command("credit_raw_reply", "HT-0", open=raw.pk, by=by, reason="异议核实", to=tmp_path / "other")
