"""The joint-reward adapter keeps the contract, over real HTTP, and falls into none of the traps of its interface."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
import structlog

from adapters.joint_reward import JointRewardPlatform
from adapters.simulator import FaultKind, SimulatedIdentifier, SimulatedSubject, Simulator
from adapters.simulator.answers import Reply
from adapters.simulator.faults import Fault
from adapters.simulator.shapes import Holdings, Question
from adapters.simulator.shapes.gateway import PAGE_ROWS
from adapters.simulator.shapes.joint_reward import JointRewardShape
from approval_hook.errors import (
    ConfigurationError,
    PlatformError,
    PlatformRefused,
    PlatformReplyInvalid,
    PlatformUnavailable,
)
from approval_hook.policy.records import CreditReport, MatchGrade, QueryStatus, RecordState, Severity
from approval_hook.policy.subjects import organisation, person
from approval_hook.testing import make_query
from tests.contract.conftest import OnSimulator, RunningSimulator, row

ON = date(2026, 10, 1)
FIRM = organisation("广州示例丙餐饮有限公司", "92440104MA5FKAEH4C", on=ON)
CLEAN = organisation("广州示例乙商贸有限公司", "91440300MA5FKAEH40", on=ON)
NAMESAKE = "93441900MA5FKAEH45"


class TestJointReward(OnSimulator):
    """The shipped contract; what the shape cannot show stands in the shape, with the reasons."""

    cannot_express = {kind.value: reason for kind, reason in JointRewardShape.inexpressible.items()}

    clean, hit = CLEAN, FIRM
    rows = (row("R-1", severity="4"), row("R-2", severity="9"))

    def connect(self, simulator: RunningSimulator) -> JointRewardPlatform:
        """As its own shape is asked."""
        return simulator.joint_reward()


@pytest.fixture
def ask(simulator: RunningSimulator) -> Iterator[JointRewardPlatform]:
    """The adapter on an empty simulator."""
    platform = simulator.joint_reward()
    yield platform
    platform.close()


def test_a_row_is_read_whole(simulator: RunningSimulator, ask: JointRewardPlatform) -> None:
    """Titles and contents arrive in our terms, commas and markup included; amounts and measures do not."""
    full = row(
        "R-9",
        list_type="food_serious",
        severity="3",
        state="5",
        title="甲, 乙，<丙>&丁",
        decided_on="2026年02月03日",
        decided_by="示例市局",
        document_no="示例〔2026〕1号",
        category="C1-01",
        published_on="20260204",
        display_until="2029/2/3",
        valid_until="2029年2月3日",
        scope="city:4401",
        event="licence_revoked",
        domain="food",
        role_then="principal",
    )
    simulator.control.put(SimulatedSubject.of(FIRM, full))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    (record,) = report.records
    assert (record.record_id, record.source, record.list_type) == ("R-9", "reward", "food_serious")
    assert (record.severity, record.state, record.match) == (Severity.WATCH, RecordState.DISPUTED, MatchGrade.EXACT)
    assert (record.title, record.decided_on) == ("甲, 乙，<丙>&丁", date(2026, 2, 3))
    assert (record.published_on, record.display_until) == (date(2026, 2, 4), date(2029, 2, 3))
    assert (record.valid_until, record.decided_by) == (date(2029, 2, 3), "示例市局")
    assert (record.document_no, record.category, record.scope) == ("示例〔2026〕1号", "C1-01", "city:4401")
    assert (record.event, record.domain, record.role_then) == ("licence_revoked", "food", "principal")
    assert report.receipt_no.startswith("RB")


def test_days_of_one_row_may_have_different_forms(simulator: RunningSimulator, ask: JointRewardPlatform) -> None:
    """Courts and platforms mix them, and the days stay the same."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", published_on="2026-01-06", display_until="2029-01-05")))
    before = ask.query(make_query(FIRM, "q-1"), timeout=5)
    simulator.control.fault(FaultKind.MIXED_DATES)
    after = ask.query(make_query(FIRM, "q-2"), timeout=5)
    assert after.records == before.records
    assert after.raw_digest != before.raw_digest


def test_all_pages_are_read(simulator: RunningSimulator, ask: JointRewardPlatform) -> None:
    """Rows beyond the first page are part of the answer, red and black."""
    rows = [row(f"R-{n}", severity="9" if n % 3 == 0 else "2") for n in range(2 * PAGE_ROWS + 5)]
    simulator.control.put(SimulatedSubject.of(FIRM, *rows))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert {r.record_id for r in report.records} == {r.record_id for r in rows}
    assert {r.severity for r in report.records} == {Severity.GOOD, Severity.GENERAL}
    assert [line["page"] for line in simulator.control.ledger()] == [1, 2, 3]


@pytest.mark.parametrize("name", [FIRM.name, FIRM.name + "天河分公司"])
def test_rows_that_the_name_brings_are_dropped_and_counted(
    simulator: RunningSimulator, ask: JointRewardPlatform, name: str
) -> None:
    """A firm of the same or a longer name with another code is not ours, whether or not ours has rows."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    simulator.control.put(SimulatedSubject.of(organisation(name, NAMESAKE, on=ON), row("N-1"), row("N-2")))
    clean = ask.query(make_query(FIRM, "q-1"), timeout=5)
    assert (clean.status, clean.records, clean.mismatched) == (QueryStatus.OK, (), 2)
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1")))
    hit = ask.query(make_query(FIRM, "q-2"), timeout=5)
    assert [(r.record_id, r.match) for r in hit.records] == [("R-1", MatchGrade.EXACT)]


@pytest.mark.parametrize("number", ["", "9244************4C"])
def test_a_row_without_a_readable_code_is_possible(
    simulator: RunningSimulator, ask: JointRewardPlatform, number: str
) -> None:
    """The same name beside no code, or one that nobody can read, is neither ours nor somebody else's."""
    simulator.control.put(SimulatedSubject.of(FIRM))
    alike = SimulatedSubject.of(organisation(FIRM.name, NAMESAKE, on=ON), row("R-1", id_number=number))
    simulator.control.put(alike)
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert [(r.record_id, r.match) for r in report.records] == [("R-1", MatchGrade.POSSIBLE)]


@pytest.mark.parametrize("registered", ["nobody", "a namesake", "an old name"])
def test_a_name_that_is_not_tied_to_our_code_is_never_clean(
    simulator: RunningSimulator, ask: JointRewardPlatform, registered: str
) -> None:
    """Nothing under a name says nothing about a firm: it may be held under another name, or not at all."""
    if registered == "a namesake":
        simulator.control.put(SimulatedSubject.of(organisation(FIRM.name, NAMESAKE, on=ON)))
    if registered == "an old name":
        simulator.control.put(SimulatedSubject.of(FIRM, row("R-1"), name="旧名示例公司"))
    report = ask.query(make_query(FIRM, "q"), timeout=5)
    assert (report.status, report.reason, report.records) == (QueryStatus.REJECTED, "unknown-subject", ())


def test_another_spelling_registered_for_our_code_is_told(
    simulator: RunningSimulator, ask: JointRewardPlatform
) -> None:
    """The platform's name for our code is compared with ours."""
    simulator.control.put(SimulatedSubject.of(FIRM, name=FIRM.name + "（更名）"))
    assert ask.query(make_query(FIRM, "q"), timeout=5).registered_name_differs


def test_persons_are_not_asked_about(simulator: RunningSimulator, ask: JointRewardPlatform) -> None:
    """Their name would bring the records of everybody of that name."""
    someone = person("陈示例", "440300199001010016", on=ON)
    simulator.control.put(SimulatedSubject.of(someone, row("R-1")))
    report = ask.query(make_query(someone, "q"), timeout=5)
    assert (report.status, report.reason) == (QueryStatus.REJECTED, "unidentified")
    assert simulator.control.ledger() == []


def test_a_stranger_is_refused_after_one_try(simulator: RunningSimulator) -> None:
    """A wrong login is told apart from an outage."""
    platform = JointRewardPlatform("reward", simulator.url, simulator.paasid, "wrong")
    with pytest.raises(PlatformRefused):
        platform.query(make_query(FIRM, "q"), timeout=5)
    assert [line["outcome"] for line in simulator.control.ledger()] == ["refused:login"]
    platform.close()


def test_the_probe_asks_about_nobody(simulator: RunningSimulator, ask: JointRewardPlatform) -> None:
    """Connection and login are tested without a name."""
    assert ask.probe(timeout=5).certificate_until is None
    nobody = hashlib.sha256(b"").hexdigest()
    assert [line["subject"] for line in simulator.control.ledger()] == [nobody]
    simulator.control.fault(FaultKind.REFUSED)
    with pytest.raises(PlatformRefused):
        ask.probe(timeout=5)


def test_types_and_scope_are_ours(simulator: RunningSimulator) -> None:
    """The platform's id of a list becomes our type."""
    simulator.control.put(SimulatedSubject.of(FIRM, row("R-1", list_type="food_serious")))
    platform = simulator.joint_reward(lists={"food_serious": "our_food_list"})
    (record,) = platform.query(make_query(FIRM, "q"), timeout=5).records
    assert record.list_type == "our_food_list"
    platform.close()


@pytest.mark.parametrize(
    "options",
    [{"system_id": ""}, {"login": ""}, {"inner_encoding": "latin-1"}, {"lists": {"a": "x", "b": "x"}}, {"attempts": 0}],
)
def test_a_bad_option_is_a_configuration_error(options: dict[str, Any]) -> None:
    """Nothing is guessed at start-up."""
    good = {"name": "reward", "base_url": "http://127.0.0.1:9", "system_id": "k", "login": "s"}
    with pytest.raises(ConfigurationError):
        JointRewardPlatform(**(good | options))


class Bent(JointRewardShape):
    """The same interface under a path of its own, with the reply's bytes changed."""

    paths = ("/bent/services/JointReward",)

    def __init__(self, change: Callable[[str], str | bytes], headers: dict[str, str]) -> None:
        """Bend every reply."""
        super().__init__("me", "token")
        self._change = change
        self._headers = headers

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """The right reply with the change."""
        right = super().reply(question, holdings, fault)
        changed = self._change(right.body.decode())
        body = changed if isinstance(changed, bytes) else changed.encode()
        return Reply(right.status, body, {**right.headers, **self._headers})


def answer_of(
    change: Callable[[str], str | bytes],
    *,
    headers: dict[str, str] | None = None,
    known: SimulatedSubject | None = None,
    **options: Any,
) -> CreditReport | PlatformError:
    """What the adapter makes of a platform that knows a firm, clean unless told otherwise, and bends its replies."""
    subjects = [known or SimulatedSubject.of(CLEAN)]
    with Simulator(subjects, paasid="me", token="token", shapes=[Bent(change, headers or {})]) as simulator:
        platform = JointRewardPlatform("reward", simulator.url + "/bent", "me", "token", **options)
        try:
            return platform.query(make_query(CLEAN, "q"), timeout=5)
        except PlatformError as error:
            return error
        finally:
            platform.close()


def inner(old: str, new: str) -> Callable[[str], str]:
    """Replace text of the inner document, which travels escaped."""

    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def change(text: str) -> str:
        assert escaped(old) in text, "the reply no longer has what this test bends"
        return text.replace(escaped(old), escaped(new))

    return change


HIT = SimulatedSubject.of(CLEAN, row("R-1"))
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>'
BOMB = '<!DOCTYPE rs [<!ENTITY a "示例"><!ENTITY b "&a;&a;&a;">]><rs>'


def test_an_unbent_reply_is_an_answer() -> None:
    """The bending below is what spoils the replies."""
    clean, hit = answer_of(lambda text: text), answer_of(lambda text: text, known=HIT)
    assert isinstance(clean, CreditReport)
    assert isinstance(hit, CreditReport)
    assert (clean.status, clean.records, len(hit.records)) == (QueryStatus.OK, (), 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<result>true</result>", "<result>false</result>"),
        ("<result>true</result>", ""),
        ("<resultcode>200</resultcode>", "<resultcode>0200</resultcode>"),
        ("<resultcode>200</resultcode>", "<resultcode>2<b/>00</resultcode>"),
        ("<resultcode>200</resultcode>", "<code>200</code>"),
        (' redCount="0"', ""),
        (' blackCount="0"', ' blackCount="-0"'),
        (' blackCount="0"', ' blackCount="٠"'),
        (' blackCount="0"', ' blackCount="1"'),
        (' blackCount="0"', ' blackCount="99999"'),
        (f'subjectName="{CLEAN.name}"', 'subjectName=""'),
        (f'subjectName="{CLEAN.name}"', f'subjectName="{CLEAN.name[:-1]}\ufffd"'),
        (f'subjectName="{CLEAN.name}"', 'subjectName="骞垮窞绀轰緥"'),
        (f'subjectName="{CLEAN.name}"', f'subjectName="{CLEAN.name}甲"'),
        (f'subjectName="{CLEAN.name}"', f'subjectName="{CLEAN.name}" subjectName="{CLEAN.name}"'),
        (DECLARED, DECLARED.replace("UTF-8", "GBK")),
        (DECLARED + "<rs>", DECLARED + BOMB),
        ("<rs>", "<html>"),
        ("<rs>", "<rs>" + "<a>" * 100_000),
        ("<rs>", "<rs>" + "<a>" * 30 + "</a>" * 30),
        ("<rs>", "<rs>甲&乙"),
        ("</rs>", "</rs><rs/>"),
        ("<list>", "<list/><list>"),
        ("<message>", "\x00<message>"),
    ],
)
def test_a_document_that_proves_nothing_is_invalid(old: str, new: str) -> None:
    """200 is not enough: name, counts, code and list must be there once, well-formed, and agree."""
    assert isinstance(answer_of(inner(old, new)), PlatformReplyInvalid)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (' requestId="RB', ' other="RB'),
        (f'code="{CLEAN.identifiers[0].number}"', 'code=""'),
    ],
)
def test_without_request_id_or_our_code_nothing_is_clean(old: str, new: str) -> None:
    """A platform that ties the name to no code can bring hits and never "no record"."""
    answer = answer_of(inner(old, new))
    assert not isinstance(answer, CreditReport) or (answer.status, answer.reason) == (
        QueryStatus.REJECTED,
        "unknown-subject",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('unitedType="black" unitedName="行政处罚信息"', 'unitedType="行政处罚信息" unitedName="black"'),
        ('unitedType="black"', 'unitedType="grey"'),
        ('unitedType="black"', 'unitedType="red"'),
        ('unitedId="penalty"', ""),
        ('title="当前状态"', 'title="状态"'),
        ('content="有效"', 'content="其他"'),
        ('content="一般"', 'content="特别严重"'),
        ('content="20260105"', 'content="2026-02-30"'),
        ('content="20260105"', 'content=""'),
        ('title="认定单位"', 'title="认定日期"'),
        (' id="R-1"', ""),
        (f'name="{CLEAN.name}" code="{CLEAN.identifiers[0].number}">', f'name="别家公司" code="{NAMESAKE}">'),
        (f'name="{CLEAN.name}" code="{CLEAN.identifiers[0].number}">', ">"),
    ],
)
def test_a_row_that_cannot_be_read_spoils_the_reply(old: str, new: str) -> None:
    """Colour and name not where they belong, unknown words, days that are none, another firm without explanation."""
    known = SimulatedSubject.of(CLEAN, row("R-1", decided_by="示例市局"))
    assert isinstance(answer_of(inner(old, new), known=known), PlatformReplyInvalid)


def test_a_row_of_another_list_with_the_same_id_spoils_the_reply() -> None:
    """One row on two lists would be counted twice and read once."""
    known = SimulatedSubject.of(CLEAN, row("R-1"), row("R-2", list_type="general"))
    assert isinstance(answer_of(inner(' id="R-2"', ' id="R-1"'), known=known), PlatformReplyInvalid)


def test_a_list_that_comes_twice_spoils_the_reply() -> None:
    """Two elements of one list, or two lists that the settings give one type, cannot be told apart afterwards."""
    known = SimulatedSubject.of(CLEAN, row("R-1"), row("R-2", list_type="general"))
    assert isinstance(answer_of(inner('unitedId="general"', 'unitedId="penalty"'), known=known), PlatformReplyInvalid)
    assert isinstance(answer_of(lambda text: text, known=known, lists={"general": "penalty"}), PlatformReplyInvalid)


def test_what_a_row_leaves_out_is_not_guessed_lightly() -> None:
    """No degree on a black list is serious; no scope is an error unless the settings say where rows hold."""
    bare = inner('title="失信严重程度"', 'title="备注一"')
    answer = answer_of(bare, known=HIT)
    assert isinstance(answer, CreditReport)
    assert [r.severity for r in answer.records] == [Severity.SERIOUS]
    unscoped = inner('title="适用范围"', 'title="备注二"')
    assert isinstance(answer_of(unscoped, known=HIT), PlatformReplyInvalid)
    scoped = answer_of(unscoped, known=HIT, scope="province:44")
    assert isinstance(scoped, CreditReport)
    assert [r.scope for r in scoped.records] == ["province:44"]


def envelope(pattern: str, new: str) -> Callable[[str], str]:
    """Replace the one place of the envelope that a pattern finds."""

    def change(text: str) -> str:
        changed, found = re.subn(pattern, lambda _: new, text, count=1)
        assert found, "the reply no longer has what this test bends"
        return changed

    return change


@pytest.mark.parametrize(
    "change",
    [
        envelope(r"encoding=.UTF-8.", "encoding='GBK'"),
        envelope(r"^", "\ufeff\ufeff"),
        envelope(r"getListPageResponse", "getTypeListResponse"),
        lambda text: text.replace("getListPageResponse", "getTypeListResponse"),
        lambda text: re.sub(r"(<\w+:Body>.*</\w+:Body>)", r"\1\1", text),
        lambda text: re.sub(r"(<(\w+):getListPageResponse.*</\2:getListPageResponse>)", r"\1\1", text),
        lambda text: text.replace("</return>", "</return><return>x</return>"),
        lambda text: text.replace("</return>", "<b/></return>"),
        lambda text: re.sub(r"<return>.*</return>", "<return/>", text),
        lambda text: re.sub(r"<return>.*</return>", "", text),
        lambda text: re.sub(r"<(\w+):Body>.*</\w+:Body>", r"<\1:Body/>", text),
        lambda text: text.replace("schemas.xmlsoap.org/soap/envelope", "example.org"),
        lambda text: text.replace("urn:joint-reward", "urn:other"),
        lambda text: text.replace("?>", "?><!DOCTYPE a>", 1),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("gbk"),
        lambda text: text.replace("UTF-8", "GBK", 1).encode("gbk"),
        lambda text: text + "x",
        lambda text: "[" * 100_000,
    ],
)
def test_an_envelope_that_is_not_one_answer_is_invalid(change: Callable[[str], str | bytes]) -> None:
    """Other operation, two answers, markup in the text, document type, any encoding but UTF-8 that is declared so."""
    assert isinstance(answer_of(change), PlatformReplyInvalid)


@pytest.mark.parametrize("kind", ["text/xml; charset=gbk", "text/html", "application/json", "text/plain"])
def test_another_content_type_is_invalid(kind: str) -> None:
    """The line says what it carries."""
    assert isinstance(answer_of(lambda text: text, headers={"Content-Type": kind}), PlatformReplyInvalid)


def test_inner_documents_may_declare_gbk_where_the_settings_say_so() -> None:
    """Some platforms write GBK into every document that they send as UTF-8; then UTF-8 would be strange."""
    gbk = inner(DECLARED, DECLARED.replace("UTF-8", "GBK"))
    answer = answer_of(gbk, inner_encoding="GBK")
    assert isinstance(answer, CreditReport)
    assert answer.status is QueryStatus.OK
    assert isinstance(answer_of(lambda text: text, inner_encoding="GBK"), PlatformReplyInvalid)


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("401", QueryStatus.REJECTED, "refused"),
        ("403", QueryStatus.REJECTED, "refused"),
        ("500", QueryStatus.UNAVAILABLE, "failure"),
    ],
)
def test_codes_keep_their_meaning(code: str, status: QueryStatus, reason: str) -> None:
    """Each code comes out as its own word, without rows."""
    old, new = "<result>true</result><resultcode>200<", f"<result>false</result><resultcode>{code}<"
    answer = answer_of(inner(old, new), known=HIT)
    assert isinstance(answer, CreditReport)
    assert (answer.status, answer.reason, answer.records) == (status, reason, ())


@pytest.mark.parametrize(("who", "error"), [("Server", PlatformUnavailable), ("Client", PlatformRefused)])
def test_a_soap_fault_is_no_answer_and_says_whose_fault_it_is(who: str, error: type[PlatformError]) -> None:
    """With status 200 as well."""
    body = (
        '<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault>'
        f"<faultcode>S:{who}</faultcode><faultstring>{CLEAN.name}</faultstring><detail><a><b/></a></detail>"
        "</S:Fault></S:Body></S:Envelope>"
    )
    answer = answer_of(lambda text: body)
    assert type(answer) is error
    assert CLEAN.name not in str(answer)
    assert answer.__context__ is None


def test_texts_of_the_platform_reach_neither_errors_nor_logs(caplog: pytest.LogCaptureFixture) -> None:
    """``message`` and titles nobody named repeat names and numbers, so nobody reads them."""
    told = f"{CLEAN.name} {CLEAN.identifiers[0].number} 陈示例 440300199001010016"
    caplog.set_level(logging.DEBUG)
    spoilt = inner("示例说明</message>", f"{told}</message>")
    with structlog.testing.capture_logs() as events:
        answers = [
            answer_of(spoilt),
            answer_of(inner("<message>", f"<b>{told}<message>")),
            answer_of(lambda t: t + told),
        ]
    shown = "".join(repr(a) + str(a) for a in answers) + repr(events) + caplog.text
    assert not any(secret in shown for secret in told.split())


def test_two_subjects_of_one_name_stay_apart() -> None:
    """Our code among several of the same name is enough, and the rows of the other are counted."""
    other = SimulatedSubject("organisation", CLEAN.name, (SimulatedIdentifier("uscc", NAMESAKE),), (row("N-1"),))
    with Simulator([SimulatedSubject.of(CLEAN), other], paasid="me", token="token") as simulator:
        platform = JointRewardPlatform("reward", simulator.url, "me", "token")
        report = platform.query(make_query(CLEAN, "q"), timeout=5)
        platform.close()
    assert (report.status, report.records, report.mismatched) == (QueryStatus.OK, (), 1)
