"""The words of a decision: there for every code, discreet towards the applicant, deaf to what platforms write."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace as other_explainer
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from approval_hook.policy.case import Authorisation, CaseView, PartyView, Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.decision import (
    Actor,
    Channel,
    Decision,
    FiredMeasure,
    Obligation,
    ObligationKind,
    Outcome,
    PartyOutcome,
    Reason,
    RefusedEffect,
    ToleratedMaterial,
    Why,
)
from approval_hook.policy.evaluate import evaluate
from approval_hook.policy.explain import Audience, Explainer, Language
from approval_hook.policy.records import (
    NOT_ASKED_REASONS,
    CreditRecord,
    CreditReport,
    MatchGrade,
    QueryStatus,
    RecordState,
    Severity,
)
from approval_hook.policy.rules import Effect
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import WorkCalendar
from tests.benchmarks.policy_set import ON, policy_data

from .effort import capped

AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)
CALENDAR = WorkCalendar(frozenset(), frozenset(), date(2026, 12, 31))
READERS = tuple(product(Audience, Language))
CONSENT = Authorisation("SQ-示例-1", date(2026, 10, 1), date(2026, 12, 31))
FIRM = PartyView("f1", SubjectKind.ORGANISATION, Role.APPLICANT, True, market=True, established_on=date(2015, 1, 1))
BOSS = PartyView(
    "b1", SubjectKind.PERSON, Role.LEGAL_REPRESENTATIVE, True, born_on=date(1980, 1, 1), authorisation=CONSENT
)
AGENT = PartyView("a1", SubjectKind.PERSON, Role.AGENT, True)
PERSON = PartyView("p1", SubjectKind.PERSON, Role.APPLICANT, True, born_on=date(1985, 5, 5), authorisation=CONSENT)
CASE = CaseView("4401-示例-0001", "matter-0", "示例机关", "440104", ON, ON, (FIRM, BOSS), ("paper-0", "paper-1"))


def _list(code: str, title: str, severity: str, **changes: object) -> dict[str, object]:
    plain = {
        "code": code,
        "title": title,
        "title_en": f"list {code}",
        "severity": severity,
        "scope": "national",
        "category": "",
        "display": "severity",
        "reference_only": False,
        "basis": ["law-1"],
    }
    return plain | changes


def _measure(code: str, effect: str, **changes: object) -> dict[str, object]:
    incentive = effect in ("green_channel", "longer_supplement")
    plain = {
        "id": code,
        "title": f"示例措施{code}",
        "title_en": f"example {code}",
        "kind": "incentive" if incentive else "sanction",
        "type": "bonus" if incentive else "entry",
        "memo": "",
        "effect": effect,
        "organ": "示例机关",
        "list_types": [] if incentive else ["list0"],
        "kinds": ["organisation", "person"],
        "roles": ["applicant"],
        "valid_from": "2024-01-01",
        "valid_to": "2028-12-31",
        "basis": ["law-2"],
    }
    return plain | changes


def _bar(code: str, event: str, **changes: object) -> dict[str, object]:
    plain = {
        "id": code,
        "title": f"{event}后五年内不得申请",
        "title_en": f"After {event} no application for five years",
        "licence": "示例许可",
        "matters": ["matter-0"],
        "events": [event],
        "domains": ["same_licence"],
        "roles": ["applicant", "legal_representative"],
        "roles_then": [],
        "period_years": 5,
        "start": "decision",
        "proofs": ["own_register"],
        "may_refuse": True,
        "basis": ["law-2"],
    }
    return plain | changes


def _leniency(kind: str) -> dict[str, object]:
    return {
        "id": f"lenient-{kind}",
        "title": f"宽缓{kind}",
        "title_en": f"leniency {kind}",
        "kind": kind,
        "scope": "national",
        "basis": ["law-2"],
    }


@cache
def book(**conventions: str) -> RuleSet:
    """The synthetic rule set with everything added that a decision can name."""
    data: dict[str, Any] = policy_data(88)
    law = {"id": "law-2", "document": "law", "article": "第二条", "quote": "另一条依据", "verified": True}
    data["bases"] = [*data["bases"], law, law | {"id": "law-3", "article": "第三条", "verified": False}]
    data["conventions"] = data["conventions"] | conventions
    own = {"ask-only-with-ground", "related-persons-by-law"}
    data["principles"] = [p | {"basis": ["law-2"]} if p["id"] in own else p for p in data["principles"]]
    data["list_types"] = [
        *data["list_types"],
        _list("red", "守信名单", "good"),
        _list("gossip", "参考名单", "general", reference_only=True),
        _list("elsewhere", "外地名单", "general", scope="province:33"),
        _list("small", "轻微名单", "minor"),
        _list("strict", "从严名单", "serious", basis=["law-2"]),
    ]
    extra = [
        _measure("closer", "strict_review"),
        _measure("entry-ban", "limit_entry", list_types=["list1"], roles=["applicant", "legal_representative"]),
        _measure("foreign", "of_others"),
        _measure("green", "green_channel"),
        _measure("longer", "longer_supplement"),
    ]
    data["measure_types"] = [
        *data["measure_types"],
        data["measure_types"][0] | {"code": "bonus", "kind": "incentive"},
    ]
    data["measures"] = [*data["measures"], *extra]
    row = {"matter": "matter-0", "level": "县级", "force": "recommended", "may_refuse": False}
    dates = {"valid_from": "2024-01-01", "valid_to": None, "basis": ["law-1"]}
    data["applications"] = [*data["applications"], *({**row, **dates, "measure": m["id"]} for m in extra)]
    data["bars"] = [
        _bar("bar-five", "revoked"),
        _bar("bar-life", "sentenced", period_years=None, may_refuse=False),
        _bar("bar-role", "forged", roles=["legal_representative"], roles_then=["legal_representative"]),
    ]
    data["leniencies"] = [_leniency(kind) for kind in ("minor_corrected", "first_minor", "restructured")]
    route = {"id": "red-route", "kind": "red_list", "years": None, "title": "守信路径", "basis": ["law-1"]}
    data["good_credit_routes"] = [*data["good_credit_routes"], route]
    ground = data["grounds"][0]
    person = {"kinds": ["person"], "roles": ["applicant"], "market_only": False, "sources": ["own_register"]}
    data["grounds"] = [ground, ground | person | {"id": "ground-bars", "basis": ["law-2"]}]
    return RuleSet.parse(data)


def explained(view: CaseView, reports: list[CreditReport], rules: RuleSet | None = None) -> Explainer:
    """The words of the decision on a case."""
    rules = rules or book()
    return Explainer(rules, view, reports, evaluate(view, reports, rules, ON, CALENDAR))


def blank(**changes: Any) -> Decision:
    """A decision about the firm and its representative in which nothing was found."""
    parties = (
        PartyOutcome("f1", "applicant", Outcome.ORDINARY, True, "ground", 0),
        PartyOutcome("b1", "legal_representative", Outcome.ORDINARY, True, "authorisation:SQ", 0),
    )
    decision = Decision(
        outcome=Outcome.ORDINARY,
        channel=Channel.ORDINARY,
        on=ON,
        rules_revision="synthetic",
        parties=parties,
        reasons=(),
        measures=(),
        obligations=(),
        refused=(),
        tolerated=(),
        suppressed=0,
        complete=True,
        recheck_owed=False,
        due_on=date(2026, 11, 9),
        due_provisional=False,
    )
    return replace(decision, **changes)


def telling(decision: Decision | None = None, reports: list[CreditReport] | None = None) -> Explainer:
    """The words of a decision made by hand."""
    return Explainer(book(), CASE, reports or [], decision or blank())


def record(list_type: str, severity: Severity, **changes: Any) -> CreditRecord:
    """An exact, active row of this year."""
    row = CreditRecord("r1", "province", list_type, severity, "示例记录", date(2026, 6, 1), document_no="示例1号")
    return replace(row, **changes)


def answers(party: PartyView, *rows: CreditRecord, source: str = "province", **changes: Any) -> list[CreditReport]:
    """Complete answers of both required sources, one of them with rows."""
    both = [
        CreditReport(party.ref, name, QueryStatus.OK, AT, AT, rows if name == source else ())
        for name in ("province", "own_register")
    ]
    return [replace(answer, **changes) if answer.source == source else answer for answer in both]


def sentences(words: Explainer) -> Iterator[tuple[Audience, Language, str]]:
    """Everything that can be said about a decision, for every reader."""
    decision = words.decision
    for audience, language in READERS:
        yield audience, language, words.headline(audience, language)
        for reason in decision.reasons:
            yield audience, language, words.reason(reason, audience, language)
        for effect in decision.refused:
            yield audience, language, words.refused(effect, audience, language)
        for fired in decision.measures:
            yield audience, language, words.measure(fired, audience, language)
        for duty in decision.obligations:
            yield audience, language, words.obligation(duty, audience, language)
        for item in decision.tolerated:
            yield audience, language, words.tolerated(item, audience, language)
    for language in Language:
        for paragraph in words.for_applicant(language):
            yield Audience.APPLICANT, language, paragraph


def assert_sentence(text: str, audience: Audience, language: Language) -> None:
    """Whole, filled in, in its language, and without class codes for the applicant."""
    assert text.strip() == text != ""
    assert text.endswith("。" if language is Language.ZH else ".")
    assert not re.search(r"[{}]|None|“”|\(\)|（）", text)
    if language is Language.EN:
        assert not text[0].islower()
        assert not re.search("[。，；：（）]", text)
    if audience is Audience.APPLICANT:
        assert not re.search(r"O-\d", text)
        assert not re.search("负责人|科室|工作人员|两人|the head|the section|supervisor|officer", text)


# Every code has words


@pytest.mark.parametrize(("audience", "language"), READERS)
@pytest.mark.parametrize("why", Why)
def test_every_why_has_words_for_every_reader(why: Why, audience: Audience, language: Language) -> None:
    """As a reason and as a refused effect, about the applicant and about somebody else, with and without details."""
    words = telling(reports=answers(FIRM, record("list0", Severity.SERIOUS)))
    own = set()
    for party, rule, name in product(("f1", "b1", "nobody"), ("list0", "bar-five", "clean", "unheard-of"), ("", "r1")):
        details = ("", "serious", "unknown-subject", "UNAVAILABLE", "ground", "other", *sorted(NOT_ASKED_REASONS))
        for detail in details:
            reason = Reason(Outcome.GENERAL, party, "province", name, rule, why, detail)
            texts = [words.reason(reason, audience, language)]
            effect = RefusedEffect((rule, "measure-0"), why, party, "", name)
            texts.append(words.refused(effect, audience, language))
            for text in texts:
                assert_sentence(text, audience, language)
            if party == "f1":
                own.update(texts)
    if audience is Audience.APPLICANT:
        neutral = words.reason(Reason(Outcome.RELATED, "b1", "", "", "list0", why), audience, language)
        assert neutral not in own


@pytest.mark.parametrize(("audience", "language"), READERS)
@pytest.mark.parametrize("kind", ObligationKind)
def test_every_duty_says_what_by_whom_by_when_and_what_silence_means(
    kind: ObligationKind, audience: Audience, language: Language
) -> None:
    """For every actor, with and without a date, whether it lapses or stays."""
    words = telling()
    for by, due, lapses in product(Actor, (None, date(2026, 11, 9)), (True, False)):
        text = words.obligation(Obligation(kind, "f1", "r1", by, due, lapses), audience, language)
        assert_sentence(text, audience, language)
        if due is not None:
            assert ("2026年11月9日（周一）" if language is Language.ZH else "9 November 2026 (Mon)") in text
    lapsing, staying = (Obligation(kind, "f1", "", Actor.HEAD, None, lapses) for lapses in (True, False))
    assert words.obligation(lapsing, audience, language) != words.obligation(staying, audience, language)


def test_the_clerk_reads_who_must_act() -> None:
    """Each duty names its actor in words."""
    words = telling()
    named = {by: words.obligation(Obligation(ObligationKind.HEAD_DECIDES, "b1", "", by, None, False)) for by in Actor}
    assert "行政机关负责人" in named[Actor.HEAD]
    assert "科室负责人" in named[Actor.SECTION]
    assert "两名工作人员" in named[Actor.TWO_OFFICERS]
    assert "审批负责人" in named[Actor.SUPERVISOR]
    assert "受理后的法定决定日" in named[Actor.HEAD]


@pytest.mark.parametrize(("audience", "language"), READERS)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_headline(outcome: Outcome, audience: Audience, language: Language) -> None:
    """Whether it is the applicant's own or somebody else's, on any channel."""
    for channel, ours, theirs, asked in product(
        (Channel.GREEN, Channel.ORDINARY), Outcome, (outcome, Outcome.ORDINARY), (True, False)
    ):
        parties = (
            PartyOutcome("f1", "applicant", ours, asked, "", 0),
            PartyOutcome("b1", "legal_representative", theirs, asked, "", 1),
        )
        words = telling(blank(outcome=outcome, channel=channel, parties=parties, recheck_owed=asked))
        assert_sentence(words.headline(audience, language), audience, language)


@pytest.mark.parametrize(("audience", "language"), READERS)
def test_every_measure_has_words(audience: Audience, language: Language) -> None:
    """Of every kind, effect and force, with and without an end; an unknown effect stands for itself."""
    effects = [*get_args(Effect), "unheard-of"]
    words = telling()
    for kind, effect, force, may_refuse, until in product(
        ("bar", "sanction", "incentive"), effects, ("mandatory", "recommended"), (True, False), (None, ON)
    ):
        fired = FiredMeasure("measure-0", kind, effect, force, may_refuse, "f1", "province", "r1", until)  # type: ignore[arg-type]
        assert_sentence(words.measure(fired, audience, language), audience, language)


def test_a_stored_decision_without_an_applicant_still_has_words() -> None:
    """Nothing is about the reader, so nothing but the general paragraphs is said."""
    words = Explainer(book(), replace(CASE, parties=(), organ=""), [], blank(due_on=None))
    for language in Language:
        for paragraph in words.for_applicant(language):
            assert_sentence(paragraph, Audience.APPLICANT, language)


# Faithful words for the clerk


def test_a_listed_measure_names_its_measures_and_that_the_role_is_named() -> None:
    """依据列明了该角色 is said of related persons only; the measures are those of the same party and record."""
    fired = tuple(
        FiredMeasure(name, "sanction", "limit_entry", "mandatory", False, party, "province", row, None)
        for name, party, row in (("measure-0", "f1", "r1"), ("measure-1", "b1", "r1"), ("green", "f1", "r2"))
    )
    words = telling(blank(measures=fired))
    ours, theirs = (
        words.reason(Reason(Outcome.LISTED_MEASURE, party, "province", "r1", "list0", Why.LISTED_MEASURE))
        for party in ("f1", "b1")
    )
    assert ours == "申请人列入名单0，拟采取“限制措施0”，须告知并听取陈述申辩后由负责人决定。"
    assert theirs.startswith("关联人员列入名单0，依据列明了该角色；拟采取“限制措施1”，")


@pytest.mark.parametrize(
    ("why", "detail", "part"),
    [
        (
            Why.SOURCE_INCOMPLETE,
            "unknown-subject",
            "必查来源“省平台”查无此主体，请核对名称和号码，未查清不等于没有记录",
        ),
        (Why.SOURCE_INCOMPLETE, "PARTIAL", "只返回了部分内容"),
        (Why.SOURCE_INCOMPLETE, "", "没有查询结果"),
        (Why.NAME_DIFFERS, "", "名称与代码不符"),
        (Why.ROLE_NOT_CHECKED, "", "不核查该角色"),
        (Why.NO_GROUND, "", "未授权"),
        (Why.RELATED, "serious", "关联人员有严重失信记录（名单0）"),
        (Why.SEVERE, "serious", "申请人有严重失信记录（名单0）"),
        (Why.GENERAL, "minor", "不享受守信便利，不得增加材料"),
    ],
)
def test_the_clerks_words_stay(why: Why, detail: str, part: str) -> None:
    """What the pages and their tests look for."""
    assert part in telling().reason(Reason(Outcome.GENERAL, "f1", "province", "", "list0", why, detail))


@pytest.mark.parametrize(("audience", "language"), READERS)
def test_each_way_of_not_being_asked_has_words_of_its_own(audience: Audience, language: Language) -> None:
    """The clerk can tell the limits apart, the applicant when to expect the answer; nobody reads "no answer"."""

    def told(detail: str) -> str:
        reason = Reason(Outcome.UNAVAILABLE, "f1", "province", "", "clock-never-stops", Why.SOURCE_INCOMPLETE, detail)
        return telling().reason(reason, audience, language)

    texts = {detail: told(detail) for detail in NOT_ASKED_REASONS}
    silent = told(QueryStatus.UNAVAILABLE)
    assert silent not in texts.values()
    # A place in the queue and the pace are one thing to the applicant.
    alike = 1 if audience is Audience.APPLICANT else 0
    assert len(set(texts.values())) == len(NOT_ASKED_REASONS) - alike
    again = {Language.ZH: "再查", Language.EN: "asked again"}[language]
    assert all((again in text) is (audience is Audience.APPLICANT) for text in texts.values())
    asked = {Language.ZH: "本次没有查询", Language.EN: "was not asked, because"}[language]
    assert all((asked in text) is (audience is Audience.CLERK) for text in texts.values())


def test_a_persons_name_goes_with_a_document_number() -> None:
    """A firm has a code; a person has a document, and the words say so to either reader."""
    doubt = Reason(Outcome.UNAVAILABLE, "b1", "province", "", "clock-never-stops", Why.NAME_DIFFERS)
    assert telling().reason(doubt).startswith("姓名与证件号码不符")
    assert "代码" not in telling().reason(doubt)
    assert telling().reason(replace(doubt, party="f1")).startswith("名称与代码不符")
    assert "name and document number" in telling().reason(doubt, language=Language.EN)


@pytest.mark.parametrize(
    ("why", "part"),
    [
        (Why.LEFT_ROLE, "已离任"),
        (Why.ROLE_NOT_NAMED, "“限制措施0”、“no-such-rule”的依据未列明该角色"),
        (Why.ROWS_WITHOUT_GROUND, "一律不使用"),
        (Why.RELATED, "没有依据把关联人员的该记录用于限制申请人"),
        (Why.SOURCE_NOT_CONFIGURED, "来源“gossip-site”未列入本事项的核查来源"),
    ],
)
def test_refused_effects_say_why(why: Why, part: str) -> None:
    """Rules are named by title, or by their id when the rule set has none."""
    effect = RefusedEffect(("measure-0", "no-such-rule"), why, "b1", "gossip-site", "r1")
    assert part in telling().refused(effect)


def test_a_case_nobody_was_asked_about_is_never_called_clean() -> None:
    """Neither for the clerk nor for the applicant."""
    parties = tuple(replace(party, asked=False) for party in blank().parties)
    words = telling(blank(parties=parties))
    assert "没有查询" in words.headline()
    assert "没有查询" in words.headline(Audience.APPLICANT)
    for why in (Why.NO_GROUND, Why.NO_NUMBER, Why.ONLY_BARS_CHECKED):
        unasked = Reason(Outcome.ORDINARY, "b1", "", "", "ask-only-with-ground", why)
        assert "没有查询或没有全部查询" in telling(blank(reasons=(unasked,))).headline()


def test_a_recheck_is_never_hidden_behind_a_stronger_headline() -> None:
    """A bar found while another source was silent says both."""
    assert "须补查" in telling(blank(outcome=Outcome.BARRED, recheck_owed=True)).headline()


@pytest.mark.parametrize(("last_day", "part"), [("included", "含当日"), ("excluded", "不含当日")])
def test_the_end_of_a_bar_says_whether_its_last_day_counts(last_day: str, part: str) -> None:
    """As the rule set has it; a bar without a period is for life."""
    bar = FiredMeasure("bar-five", "bar", "limit_entry", "mandatory", True, "f1", "province", "r1", date(2031, 6, 1))
    words = other_explainer(telling(), rules=book(last_day=last_day))
    assert f"到2031年6月1日为止（{part}）" in words.measure(bar)
    assert "终身" in words.measure(replace(bar, until=None))


# The words in full

FIVE_YEARS = FiredMeasure("bar-five", "bar", "limit_entry", "mandatory", True, "f1", "province", "r1", date(2031, 6, 1))
CLOSER = FiredMeasure(
    "closer", "sanction", "strict_review", "recommended", False, "f1", "province", "r1", date(2028, 12, 31)
)
GREEN = FiredMeasure("green", "incentive", "green_channel", "recommended", False, "f1", "", "", None)
HEAD = Obligation(ObligationKind.HEAD_DECIDES, "f1", "r1", Actor.HEAD, date(2026, 11, 9), False)
SECTION = Obligation(ObligationKind.SECTION_CONFIRMS, "f1", "r1", Actor.SECTION, None, True)
UNASKED = Reason(Outcome.ORDINARY, "b1", "", "", "ask-only-with-ground", Why.NO_GROUND)


def four(said: Any) -> list[str]:
    """A sentence for every reader: the clerk in Chinese and English, then the applicant."""
    return [said(audience, language) for audience, language in READERS]


@pytest.mark.parametrize(
    ("fired", "told"),
    [
        (
            FIVE_YEARS,
            [
                "法定限制“revoked后五年内不得申请”（限制准入），到2031年6月1日为止（含当日）；"
                "依据可以支持不予许可，是否适用由负责人决定。",
                "Statutory bar “After revoked no application for five years” (entry restricted), until 1 June 2031, "
                "that day included; its basis may carry a refusal, and the head decides whether it applies.",
                "法律规定：revoked后五年内不得申请，到2031年6月1日为止（含当日）。是否适用于贵单位还没有决定。",
                "The law says: After revoked no application for five years, until 1 June 2031, that day included. "
                "Whether this applies to you is not decided yet.",
            ],
        ),
        (
            CLOSER,
            [
                "推荐性措施“示例措施closer”（从严审核），到2028年12月31日为止；不得据以不予许可，是否适用由科室确认。",
                "The recommended measure “example closer” (stricter review), until 31 December 2028; it carries no "
                "refusal, and the section confirms whether it applies.",
                "可能采取的措施：“示例措施closer”（更仔细地审核），到2028年12月31日为止。是否采取还没有决定。",
                "A measure that may follow: “example closer” (a closer look at the application), until 31 December "
                "2028. This is not decided yet.",
            ],
        ),
        (
            GREEN,
            [
                "推荐性激励“示例措施green”（绿色通道），没有结束日期。",
                "The recommended incentive “example green” (green channel), without an end date.",
                "因信用良好，贵单位可以享受“示例措施green”（优先办理），没有结束日期。",
                "Thanks to good credit you get “example green” (handled first), without an end date.",
            ],
        ),
    ],
)
def test_a_measure_in_full(fired: FiredMeasure, told: list[str]) -> None:
    """Title, effect, end, whether it may refuse and who decides; for the applicant without officers."""
    words = telling()
    assert four(lambda audience, language: words.measure(fired, audience, language)) == told


@pytest.mark.parametrize(
    ("duty", "told"),
    [
        (
            HEAD,
            [
                "请告知事实、依据和拟采取的措施，听取陈述申辩并经法制审核后，由行政机关负责人最迟在2026年11月9日（周一）"
                "决定是否适用；到期未处理的，不自动适用，也不视为放行，办件仍须等待决定。",
                "Tell the party facts, basis and intended measure, hear it and have the legal review done; then the "
                "head of the organ decides by 9 November 2026 (Mon) whether it applies. Silence neither applies it "
                "nor releases the case, which stays held until somebody decides.",
                "法律规定的限制或措施是否适用，最迟在2026年11月9日（周一）决定；决定前贵单位可以陈述和申辩，"
                "没有决定之前不适用。",
                "Whether the restriction or measure applies is decided by 9 November 2026 (Mon); you may state your "
                "case before. It does not apply before it is decided.",
            ],
        ),
        (
            SECTION,
            [
                "请科室负责人最迟在受理后的法定决定日写明理由，确认或不予从严审核；到期未确认的，按普通程序办理。",
                "By the statutory decision date that acceptance sets the head of the section confirms or declines "
                "stricter review, with reasons. Without confirmation by then the ordinary procedure applies.",
                "申请是否要更仔细地审核，最迟在受理后的法定决定日确认；到期没有处理的，不影响本次申请。",
                "Whether the application is looked at more closely is settled by the statutory decision date that "
                "acceptance sets. If nothing is done by then, the application is not affected.",
            ],
        ),
    ],
)
def test_a_duty_in_full(duty: Obligation, told: list[str]) -> None:
    """What, by whom, by when, and what silence means."""
    words = telling()
    assert four(lambda audience, language: words.obligation(duty, audience, language)) == told


@pytest.mark.parametrize(
    ("effect", "told"),
    [
        (
            RefusedEffect(("lenient-minor_corrected", "no-such-rule"), Why.MINOR_CORRECTED, "f1", "", ""),
            [
                "该失信轻微且已及时纠正，依“宽缓minor_corrected、no-such-rule”不予惩戒，不产生影响。",
                "The misconduct was minor and corrected in time; under “leniency minor_corrected, no-such-rule” it "
                "carries no sanction.",
                "贵单位的一条记录情节轻微且已及时纠正，不作为不利依据。",
                "The matter of a record was minor and was put right in time; nothing adverse rests on it.",
            ],
        ),
        (
            RefusedEffect(("measure-0", "no-such-rule"), Why.ROLE_NOT_NAMED, "b1", "", ""),
            [
                "“限制措施0”、“no-such-rule”的依据未列明该角色，不影响申请人。",
                "The basis of “Measure 0”, “no-such-rule” does not name this role; the applicant is not burdened.",
                "与本次申请有关的其他人员或单位，核查情况只分别告知其本人，不在这里列出。",
                "What was checked about others named in the application is told to each of them alone.",
            ],
        ),
        (
            RefusedEffect((), Why.SOURCE_INCOMPLETE, "f1", "", ""),
            [
                "必查来源“未注明”没有查询结果，未查清不等于没有记录；案件照常受理，须补查。",
                "Required source unnamed has no result; it gave no complete answer, this is not a clean result, and a "
                "re-check is owed.",
                "一个应查的信息来源还没有完整答复，信用核查还没有完成；这不会使贵单位受到不利影响。",
                "One of the sources has not answered in full, so the credit check is not complete; this does not "
                "count against you.",
            ],
        ),
        (
            RefusedEffect(("list0",), Why.GENERAL, "f1", "", ""),
            [
                "申请人有不良记录（名单0）。按普通程序办理，不享受守信便利，不得增加材料。",
                "An adverse record (List 0) exists. The ordinary procedure applies, without bonus and without extra "
                "materials.",
                "因贵单位的一条记录，本次申请不享受信用便利；申请照常办理，不会多要材料。",
                "Because of a record, there are no credit benefits; the application goes on as usual, without extra "
                "papers.",
            ],
        ),
    ],
)
def test_a_refused_effect_in_full(effect: RefusedEffect, told: list[str]) -> None:
    """Every rule by its title or id, and words for whatever is not known; nothing about others for the applicant."""
    assert four(lambda audience, language: telling().refused(effect, audience, language)) == told


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (
            Reason(Outcome.BARRED, "f1", "province", "r9", "bar-five", Why.BARRED),
            (
                "revoked后五年内不得申请：申请人的一条记录符合该法定限制，是否适用由负责人决定。",
                "After revoked no application for five years: a record of the applicant meets this statutory bar; "
                "the head decides whether it applies.",
            ),
        ),
        (
            Reason(Outcome.UNAVAILABLE, "f1", "province", "", "", Why.SOURCE_INCOMPLETE, "PARTIAL"),
            (
                "必查来源“省平台”只返回了部分内容，未查清不等于没有记录；案件照常受理，须补查。",
                "Required source province answered only in part; it gave no complete answer, this is not a clean "
                "result, and a re-check is owed.",
            ),
        ),
        (
            Reason(Outcome.SEVERE, "f1", "province", "r1", "list0", Why.STRICTER_REVIEW),
            (
                "申请人列入名单0，拟采取“示例措施closer”、“限制措施0”，经科室确认后适用，仍按法定条件决定。",
                "The applicant is listed (List 0); what is proposed, “example closer”, “Measure 0”, needs the section "
                "to confirm it; the decision still follows the statutory conditions.",
            ),
        ),
        (
            Reason(Outcome.SEVERE, "f1", "province", "r9", "list0", Why.STRICTER_REVIEW),
            (
                "申请人列入名单0，拟采取所列措施，经科室确认后适用，仍按法定条件决定。",
                "The applicant is listed (List 0); what is proposed, the listed measures, needs the section to "
                "confirm it; the decision still follows the statutory conditions.",
            ),
        ),
        (
            Reason(Outcome.SEVERE, "f1", "province", "r1", "list0", Why.SEVERE, "serious"),
            (
                "申请人有严重失信记录（名单0）。本事项没有对应的限制措施，经科室确认可从严审核，仍按法定条件决定。",
                "A severe record (List 0) exists. No measure restricts this matter; the section may confirm stricter "
                "review by statutory conditions.",
            ),
        ),
        (
            Reason(Outcome.GOOD, "f1", "province", "r9", "red-route", Why.RED_LIST),
            (
                "申请人列入有效的守信名单（未注明），符合“守信路径”。",
                "The applicant holds a valid red-list entry.",
            ),
        ),
        (
            Reason(Outcome.GOOD, "f1", "", "", "no-such-rule", Why.CLEAN_YEARS),
            (
                "申请人在核查日前连续规定年限没有可用的不良信用记录，符合“no-such-rule”。",
                "No usable adverse record in the required years before the check.",
            ),
        ),
    ],
)
def test_a_reason_in_full(reason: Reason, told: tuple[str, str]) -> None:
    """Rule, source, measures, title and years by name, and words for each that is not known."""
    words = telling(blank(measures=(CLOSER, replace(CLOSER, measure="measure-0"))))
    assert (words.reason(reason), words.reason(reason, language=Language.EN)) == told


def test_a_duty_or_measure_about_somebody_else_is_only_told_to_the_clerk() -> None:
    """The applicant reads the neutral sentence instead."""
    words = telling()
    about = replace(HEAD, party="b1"), replace(CLOSER, party="b1")
    told = [words.obligation(about[0], Audience.APPLICANT), words.measure(about[1], Audience.APPLICANT)]
    assert set(told) == {"与本次申请有关的其他人员或单位，核查情况只分别告知其本人，不在这里列出。"}
    assert words.obligation(about[0]) == words.obligation(HEAD)
    assert words.measure(about[1]) == words.measure(CLOSER)


def test_a_tolerated_material_in_full() -> None:
    """Its title and the last day for it."""
    words = telling()
    item = ToleratedMaterial("paper-0", date(2026, 10, 19))
    assert four(lambda audience, language: words.tolerated(item, audience, language)) == [
        "缺少的“材料0”可以容缺受理，须在2026年10月19日（周一）前（含当日）补交。",
        "The missing “材料0” is tolerated and has to be supplied by 19 October 2026 (Mon).",
        "缺少的“材料0”可以先不交，请最迟在2026年10月19日（周一）补交；办件不停下来等。",
        "The missing “材料0” may follow; please supply it by 19 October 2026 (Mon). The application does not wait "
        "for it.",
    ]


@pytest.mark.parametrize(
    ("decision", "told"),
    [
        (
            blank(),
            [
                "没有查到不良记录，按普通程序办理。",
                "No adverse record was found; the ordinary procedure applies.",
                "信用核查没有发现影响贵单位本次申请的情况。",
                "The credit check found nothing that affects your application.",
            ],
        ),
        (
            blank(parties=tuple(replace(party, asked=False) for party in blank().parties)),
            [
                "没有查询（没有依据或本人未授权），按普通程序办理。",
                "Nobody was asked about (no ground or no consent); the ordinary procedure applies.",
                "本次没有查询贵单位的信用信息。",
                "Your credit information was not looked at this time.",
            ],
        ),
        (
            blank(
                outcome=Outcome.UNAVAILABLE,
                recheck_owed=True,
                parties=tuple(replace(party, outcome=Outcome.UNAVAILABLE) for party in blank().parties),
            ),
            [
                "信用平台没有完整答复，按普通程序办理，待补查。",
                "The credit platform gave no complete answer; the ordinary procedure applies and a re-check is owed.",
                "信用核查还没有完成。",
                "The credit check is not complete yet.",
            ],
        ),
        (
            blank(
                outcome=Outcome.GOOD,
                channel=Channel.GREEN,
                recheck_owed=True,
                reasons=(UNASKED,),
                parties=tuple(replace(party, outcome=Outcome.GOOD) for party in blank().parties),
            ),
            [
                "信用良好，可走绿色通道。有当事人因没有依据或未授权，没有查询或没有全部查询。另有必查来源没有查清，须补查。",
                "Credit is good; the green channel is open. A party was not, or not fully, asked about for want of a "
                "ground. Besides, a required source could not be told, and a re-check is owed.",
                "贵单位信用良好，可以优先办理。",
                "Your credit is good; your application is handled first.",
            ],
        ),
    ],
)
def test_a_headline_in_full(decision: Decision, told: list[str]) -> None:
    """The outcome, who was not asked and whether a re-check is owed; the applicant reads the outcome alone."""
    assert four(telling(decision).headline) == told


def test_what_the_applicant_reads_in_full() -> None:
    """Outcome, own reasons and measures, what is not used, until when, what to do; nothing of the representative's."""
    listed = Reason(Outcome.SEVERE, "f1", "province", "r1", "list0", Why.STRICTER_REVIEW)
    minor = RefusedEffect(("lenient-minor_corrected",), Why.MINOR_CORRECTED, "f1", "province", "r1")
    decision = blank(
        outcome=Outcome.SEVERE,
        reasons=(listed, replace(listed, party="b1", outcome=Outcome.RELATED, why=Why.RELATED)),
        measures=(CLOSER, replace(FIVE_YEARS, party="b1")),
        refused=(replace(minor, party="b1"), minor, replace(minor, why=Why.SOURCE_NOT_CONFIGURED)),
        tolerated=(ToleratedMaterial("paper-0", date(2026, 10, 19)),),
        parties=(
            PartyOutcome("f1", "applicant", Outcome.SEVERE, True, "ground", 1),
            PartyOutcome("b1", "legal_representative", Outcome.RELATED, True, "authorisation:SQ", 0),
        ),
    )
    words = telling(decision, answers(FIRM, record("list0", Severity.SERIOUS)))
    assert words.for_applicant() == (
        "贵单位有严重失信记录，申请可能会被更仔细地审核。"
        "是否这样审核还要确认；决定只看法律规定的条件，符合条件的依法准予，不会多要材料。",
        "贵单位列入名单0，依据是记录“示例记录”；可能采取“示例措施closer”，但仍按法律规定的条件作出决定。",
        "可能采取的措施：“示例措施closer”（更仔细地审核），到2028年12月31日为止。是否采取还没有决定。",
        "贵单位的记录“示例记录”情节轻微且已及时纠正，不作为不利依据。",
        "已经修复、移出、更正或者过了公示期的信息没有使用。",
        "本次申请除依法延长外，最迟在2026年11月9日（周一）作出决定；信用核查不延长这个期限。",
        "缺少的“材料0”可以先不交，请最迟在2026年10月19日（周一）补交；办件不停下来等。",
        "认为记录有误的，可以提出异议；核实期间暂不执行有关措施，办件不停。",
        "已经纠正并履行义务的，符合条件时可以在“信用中国”网站申请信用修复；修复后的记录不再使用。",
        "有疑问的，可以向示例机关询问，也可以要求说明理由。",
        "与本次申请有关的其他人员或单位，核查情况只分别告知其本人，不在这里列出。",
    )
    assert other_explainer(words, case=replace(CASE, organ="")).for_applicant(Language.EN) == (
        "You have a severe record; the application may be looked at more closely. Whether this is done has yet to be "
        "confirmed; the legal conditions alone decide, whoever meets them gets the licence, and no extra papers are "
        "asked for.",
        "You are listed (List 0) because of the record “示例记录”; “example closer” may follow, but the legal "
        "conditions alone decide.",
        "A measure that may follow: “example closer” (a closer look at the application), until 31 December 2028. "
        "This is not decided yet.",
        "The matter of the record “示例记录” was minor and was put right in time; nothing adverse rests on it.",
        "Information that was repaired, removed or corrected, or has expired, was not used.",
        "Unless it is lawfully extended, the decision is due by 9 November 2026 (Mon); the credit check does not "
        "extend this time.",
        "The missing “材料0” may follow; please supply it by 19 October 2026 (Mon). The application does not wait "
        "for it.",
        "If you think a record is wrong, you may object; while it is verified nothing is done because of it, and the "
        "application goes on.",
        "If you have put the matter right and done your duties, you may apply for credit repair at the website "
        "“信用中国” once the conditions are met; a repaired record is no longer used.",
        "If you have questions, you may ask the service window, and you may ask for the reasons.",
        "What was checked about others named in the application is told to each of them alone.",
    )
    assert "可以向办理窗口询问" in other_explainer(words, case=replace(CASE, organ="")).for_applicant()[-2]


def test_what_is_told_of_a_disputed_record_or_a_missing_consent_addresses_the_reader() -> None:
    """What the outcome means and what to do is said to a firm as to a firm."""
    unasked = replace(UNASKED, party="f1")
    parties = (PartyOutcome("f1", "applicant", Outcome.DISPUTED, True, "ground", 0),)
    told = telling(blank(outcome=Outcome.DISPUTED, parties=parties, reasons=(unasked,))).for_applicant()
    assert told[0].endswith("核实期间不因这条记录对贵单位采取措施。")
    assert "贵单位可以书面授权查询信用信息；不授权也照常办理。" in told


# Citations


def test_citations_come_from_the_rule_set_by_id() -> None:
    """Of a measure first those that name the matter; of an unknown rule none."""
    words = telling()
    assert [c.article for c in words.citations("green")] == ["第一条", "第二条"]
    assert words.citations("no-such-rule") == ()


@pytest.mark.parametrize(
    ("why", "rule", "detail", "articles"),
    [
        (Why.NOTHING_FOUND, "accept-and-decide-by-conditions", "ground", ["第一条"]),
        (Why.NOTHING_FOUND, "accept-and-decide-by-conditions", "ground-bars", ["第一条", "第二条"]),
        (Why.ONLY_BARS_CHECKED, "accept-and-decide-by-conditions", "authorisation:SQ-1", ["第一条", "第二条"]),
        (Why.STRICTER_REVIEW, "list0", "", ["第一条", "第二条"]),
        (Why.STRICTER_REVIEW, "strict", "", ["第二条", "第一条"]),
        (Why.RELATED, "list0", "serious", ["第一条", "第二条"]),
        (Why.BARRED, "bar-five", "", ["第二条"]),
        (Why.GENERAL, "no-such-rule", "", []),
    ],
)
def test_a_reason_cites_what_it_rests_on(why: Why, rule: str, detail: str, articles: list[str]) -> None:
    """Its rule, and the ground it was asked on or the measures it proposes; each basis once."""
    fired = FiredMeasure("closer", "sanction", "strict_review", "recommended", False, "f1", "province", "r1", None)
    words = telling(blank(measures=(fired,)))
    reason = Reason(Outcome.ORDINARY, "f1", "province", "r1", rule, why, detail)
    assert [c.article for c in words.citations_of(reason)] == articles


def test_a_listed_measure_that_is_not_in_the_decision_cites_the_list_alone() -> None:
    """A stored reason may name a record whose measures are not told."""
    reason = Reason(Outcome.SEVERE, "f1", "province", "r1", "strict", Why.STRICTER_REVIEW)
    assert [c.article for c in telling().citations_of(reason)] == ["第二条"]


# What platforms write is data


@pytest.mark.parametrize("title", ["{party}", "{0.__class__}", "%s %(you)s", "{", "}}{{", "$you"])
def test_a_title_is_never_read_as_a_template(title: str) -> None:
    """Braces in a title come out as they went in."""
    row = record("list15", Severity.GENERAL, title=title)
    words = explained(replace(CASE, parties=(FIRM,)), answers(FIRM, row))
    assert any(title in paragraph for paragraph in words.for_applicant())
    assert any(title in paragraph for paragraph in words.for_applicant(Language.EN))


def test_numbers_and_line_breaks_in_a_title_are_tidied_away() -> None:
    """A platform that writes an identity number into a title does not publish it through us."""
    row = record("list15", Severity.GENERAL, title="欠款\n 440104198505050019 未还")
    text = "".join(explained(replace(CASE, parties=(FIRM,)), answers(FIRM, row)).for_applicant())
    assert "440104198505050019" not in text
    assert "欠款 440104" in text


def test_a_number_that_stands_for_two_titles_names_neither() -> None:
    """One of the rows may have expired, so the sentence speaks of a record."""
    rows = (record("list15", Severity.GENERAL, title="甲"), record("list16", Severity.GENERAL, title="乙"))
    words = explained(replace(CASE, parties=(FIRM,)), answers(FIRM, *rows))
    texts = [words.reason(reason, Audience.APPLICANT) for reason in words.decision.reasons]
    assert all("贵单位的一条记录" in text for text in texts)
    assert len(texts) == 2


# What the applicant reads


def test_the_applicant_reads_outcome_reason_end_and_remedies() -> None:
    """A general record: what it means, by when the case is decided, objection, repair, whom to ask."""
    view = replace(CASE, parties=(PERSON,), materials=())
    row = record("list15", Severity.GENERAL)
    text = "\n".join(explained(view, answers(PERSON, row)).for_applicant())
    for part in ("您有不良记录", "记录“示例记录”", "不会多要材料", "2026年11月9日", "提出异议", "信用修复", "示例机关"):
        assert part in text
    assert "缺少的“材料0”可以先不交，请最迟在2026年10月19日（周一）补交" in text
    assert "其他人员" not in text


def test_the_applicant_reads_measure_and_end_of_a_bar_and_the_right_to_be_heard() -> None:
    """A bar of law: the rule, until when, that nothing is decided yet, and no officer."""
    row = record("list15", Severity.GENERAL, event="revoked", domain="synthetic", source="own_register")
    text = "\n".join(
        explained(replace(CASE, parties=(FIRM,)), answers(FIRM, row, source="own_register")).for_applicant()
    )
    for part in ("revoked后五年内不得申请", "到2031年6月1日为止（含当日）", "还没有决定", "陈述和申辩", "提出异议"):
        assert part in text
    assert "信用修复" not in text


def test_good_credit_is_told_with_its_benefits() -> None:
    """The clean years, the red list and what they bring."""
    row = record("red", Severity.GOOD, title="守信示范单位")
    text = "\n".join(explained(replace(CASE, parties=(FIRM,)), answers(FIRM, row)).for_applicant())
    for part in ("贵单位信用良好，可以优先办理", "连续3年", "守信示范单位", "“示例措施green”（优先办理）"):
        assert part in text


@pytest.mark.parametrize(
    ("row", "part"),
    [
        (record("list1", Severity.SERIOUS), "法律法规规定的一项措施可能影响本次申请"),
        (record("list15", Severity.GENERAL), "没有发现影响贵单位本次申请的情况"),
        (record("list15", Severity.GENERAL, match=MatchGrade.POSSIBLE), "信用核查还没有完成"),
        (record("list15", Severity.GENERAL, state=RecordState.DISPUTED), "没有发现影响贵单位本次申请的情况"),
        (record("list15", Severity.GENERAL, state=RecordState.REPAIRED), "没有发现影响贵单位本次申请的情况"),
    ],
)
def test_the_firm_never_reads_its_peoples_facts(row: CreditRecord, part: str) -> None:
    """What reaches its case is told as such; list, title, severity, dispute and repair of a person are not."""
    young = replace(FIRM, established_on=date(2026, 1, 1))
    row = replace(row, title="私事")
    words = explained(replace(CASE, parties=(young, BOSS)), [*answers(young), *answers(BOSS, row)])
    text = "\n".join(words.for_applicant())
    assert part in text
    assert "分别告知其本人" in text
    assert not re.search("私事|名单|异议|修复|过了公示期|示例措施|legal|法定代表人", text)


def test_a_related_record_without_effect_leaves_no_trace_for_the_firm() -> None:
    """The firm reads the same words whether or not its representative has such a record, unless a bonus is at stake."""
    young = replace(FIRM, established_on=date(2026, 1, 1))
    view = replace(CASE, parties=(young, BOSS, AGENT))
    quiet = explained(view, [*answers(young), *answers(BOSS)])
    for row in (
        record("list15", Severity.GENERAL),
        record("list15", Severity.GENERAL, state=RecordState.DISPUTED),
        record("list15", Severity.GENERAL, state=RecordState.REPAIRED),
        record("unheard-of", Severity.SERIOUS),
    ):
        noisy = explained(view, [*answers(young), *answers(BOSS, row)])
        for language in Language:
            assert noisy.for_applicant(language) == quiet.for_applicant(language)


def test_records_that_are_gone_or_doubtful_are_not_named() -> None:
    """Only that such information is not used is said, and that a possible match is being settled."""
    rows = (
        record("list15", Severity.GENERAL, title="已修复的", state=RecordState.REPAIRED),
        record("list15", Severity.GENERAL, title="过期的", record_id="r2", decided_on=date(2020, 1, 1)),
        record("list15", Severity.GENERAL, title="别人的", record_id="r3", match=MatchGrade.POSSIBLE),
        record("list15", Severity.GENERAL, title="未来的", record_id="r4", decided_on=date(2027, 1, 1)),
    )
    text = "\n".join(explained(replace(CASE, parties=(FIRM,)), answers(FIRM, *rows)).for_applicant())
    assert "没有使用" in text
    assert "也可能属于别人" in text
    assert not re.search("已修复的|过期的|别人的”|未来的", text)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (record("small", Severity.MINOR, rectified=True, decided_on=date(2026, 9, 1)), "情节轻微且已及时纠正"),
        (record("gossip", Severity.GENERAL), ""),
        (record("elsewhere", Severity.GENERAL), ""),
        (record("unheard-of", Severity.GENERAL), ""),
    ],
)
def test_refused_effects_are_told_only_where_they_matter_to_the_applicant(row: CreditRecord, told: str) -> None:
    """Leniency is told; what only concerns the quality of data is not."""
    words = explained(replace(CASE, parties=(FIRM,)), answers(FIRM, row))
    assert words.decision.refused
    text = "\n".join(words.for_applicant())
    assert told in text
    assert told or "示例记录" not in text


def test_the_decision_date_is_told_as_far_as_it_is_known() -> None:
    """Settled, provisional, or not before acceptance; the check never extends it."""
    settled, provisional, open_end = (
        "\n".join(telling(decision).for_applicant())
        for decision in (blank(), blank(due_provisional=True), blank(due_on=None))
    )
    assert "最迟在2026年11月9日（周一）作出决定" in settled
    assert "预计" in provisional
    assert "受理后会告知" in open_end
    for text in (settled, provisional, open_end):
        assert "不延长这个期限" in text


def test_an_unknown_material_is_named_by_its_code() -> None:
    """A decision of an older rule set still has words."""
    item = ToleratedMaterial("old-paper", date(2026, 10, 19))
    assert "old-paper" in telling().tolerated(item)
    assert "19 October 2026 (Mon)" in telling().tolerated(item, language=Language.EN)


# Any decision at all

LISTS = ("list0", "list0", "list1", "list1", "list1", "list15", "red", "gossip", "elsewhere", "small", "unheard-of")


def _day(rng: random.Random) -> date:
    first, last = (
        (date(2026, 1, 1), date(2026, 10, 12)) if rng.random() < 0.75 else (date(2019, 1, 1), date(2027, 3, 1))
    )
    return first + timedelta(days=rng.randrange((last - first).days + 1))


def _row(rng: random.Random, ref: str) -> CreditRecord:
    return CreditRecord(
        record_id=rng.choice(["r1", "r2", "r3"]),
        source=rng.choice(["province", "own_register"]),
        list_type=rng.choice(LISTS),
        severity=rng.choice([*Severity, *[Severity.SERIOUS] * 4]),
        title=f"{ref}的事{rng.getrandbits(40):010x}z",
        decided_on=_day(rng),
        document_no=rng.choice(["", "示例1号", "示例2号", "示例3号"]),
        match=rng.choice([*MatchGrade, *[MatchGrade.EXACT] * 8]),
        state=rng.choice([*RecordState, *[RecordState.ACTIVE] * 8]),
        published_on=rng.choice([None, _day(rng)]),
        display_until=rng.choice([None, _day(rng)]),
        scope=rng.choice(["national", "national", "province:44", "province:33"]),
        event=rng.choice(["", "", "revoked", "sentenced", "forged"]),
        domain=rng.choice(["", "synthetic"]),
        role_then=rng.choice(["", "legal_representative"]),
        rectified=rng.random() < 0.5,
    )


def rows_of(ref: str) -> st.SearchStrategy[CreditRecord]:
    """Rows about one party; every title says whose it is and is used once. One number picks all fields: quicker."""
    return st.integers(0, 2**40).map(lambda seed: _row(random.Random(seed), ref))  # noqa: S311 no secret


def reports_of(ref: str) -> st.SearchStrategy[list[CreditReport]]:
    """Answers about one party, mostly complete ones of both required sources."""

    def report(source: str) -> st.SearchStrategy[CreditReport]:
        return st.builds(
            CreditReport,
            party=st.just(ref),
            source=st.just(source),
            status=st.sampled_from([QueryStatus.OK] * 20 + [*QueryStatus]),
            asked_at=st.just(AT),
            answered_at=st.just(AT),
            records=st.lists(rows_of(ref), max_size=3).map(tuple),
            registered_name_differs=st.sampled_from([False] * 15 + [True]),
            reason=st.sampled_from(["", "unknown-subject", "timeout", *sorted(NOT_ASKED_REASONS)]),
        )

    required = st.tuples(report("province"), report("own_register")).map(list)
    return required | required | required | st.lists(report("province") | report("gossip-site"), max_size=2)


PARTIES = (
    (FIRM,),
    (FIRM, BOSS),
    (replace(FIRM, restructured_on=date(2026, 9, 1), restructuring_ruling="示例裁定"), replace(BOSS, until=ON)),
    (FIRM, replace(BOSS, authorisation=None), AGENT),
    (PERSON,),
    (PERSON, replace(PERSON, role=Role.LEGAL_REPRESENTATIVE), BOSS),
    (replace(PERSON, authorisation=None),),
    (replace(PERSON, identified=False),),
    (replace(PERSON, born_on=date(2012, 1, 1)), replace(BOSS, role=Role.INVESTOR)),
)
CASES = st.builds(
    lambda parties, accepted, materials: replace(
        CASE, parties=parties, accepted_on=accepted, materials=tuple(materials)
    ),
    st.sampled_from(PARTIES),
    st.sampled_from([None, ON]),
    st.lists(st.sampled_from(["paper-0", "paper-1", "paper-2"]), unique=True),
)
REPORTS = st.tuples(*(reports_of(ref) for ref in ("f1", "p1", "b1", "a1"))).map(
    lambda parts: [report for part in parts for report in part]
)


@given(CASES, REPORTS)
@settings(max_examples=capped(150), deadline=None)
def test_whatever_was_decided_has_words(view: CaseView, reports: list[CreditReport]) -> None:
    """Every sentence about any decision is whole, for every reader, and the same when said again."""
    words = explained(view, reports)
    for audience, language, text in sentences(words):
        assert_sentence(text, audience, language)
    again = Explainer(words.rules, view, reports[::-1], words.decision)
    assert list(sentences(again)) == list(sentences(words))


@given(CASES, REPORTS)
@settings(max_examples=capped(150), deadline=None)
def test_the_applicant_reads_no_title_but_of_own_records_in_use(view: CaseView, reports: list[CreditReport]) -> None:
    """No record of another party, none that is gone, expired or in doubt, and none that no reason names."""
    words = explained(view, reports)
    applicant = next(party.ref for party in view.parties if party.role is Role.APPLICANT)
    decision = words.decision
    named: list[Reason | RefusedEffect] = [*decision.reasons, *decision.refused]
    in_use = {(item.source, item.record) for item in named if item.party == applicant and item.record}
    told = "\n".join(text for audience, _, text in sentences(words) if audience is Audience.APPLICANT)
    for report in reports:
        for row in report.records:
            usable = row.match is MatchGrade.EXACT and row.state in (RecordState.ACTIVE, RecordState.DISPUTED)
            if report.party != applicant or not usable or (row.source, row.record_id) not in in_use:
                assert row.title not in told
