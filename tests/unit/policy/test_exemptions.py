"""Exemptions: which cases they cover, what a decision says then, and what is wrong with a list of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from approval_hook.errors import RulesInvalid
from approval_hook.policy.analysis import Finding, FindingKind, analyse
from approval_hook.policy.analysis.exempting import exemptions
from approval_hook.policy.catalogue import GatePoint, RuleSet
from approval_hook.policy.decision import Channel, Outcome, Why
from approval_hook.policy.explain import Explainer
from approval_hook.workcalendar import published_calendar

from .building import BOSS, FIRM, ON, case, clean, decide, food_rules_with, rules, rules_with, serious, with_records

#: A made-up exemption on a real, verified basis; the shipped rules have none.
TRIAL: dict[str, Any] = {
    "id": "trial-exemption",
    "title": "示例豁免",
    "matter": "food-business",
    "region": "4401",
    "points": ["acceptance", "decision"],
    "valid_from": "2026-10-01",
    "valid_to": "2026-12-31",
    "basis": ["xkf-42"],
}


def exempting(*changes: dict[str, Any], unverified: bool = False) -> RuleSet:
    """The shipped rules with one exemption per change of the trial one."""

    def change(data: dict[str, Any]) -> None:
        data["exemptions"] = [{**TRIAL, **changed} for changed in (changes or ({},))]
        if unverified:
            data["bases"].append({**_basis(data, "xkf-42"), "id": "unread", "verified": False})
            for exemption in data["exemptions"]:
                exemption["basis"] = ["xkf-42", "unread"]

    return rules_with(change)


def _basis(data: dict[str, Any], name: str) -> dict[str, Any]:
    return next(b for b in data["bases"] if b["id"] == name)


def test_the_shipped_rules_exempt_nothing() -> None:
    """Nobody has invented an exemption, and a rule set without one is written as before there were any."""
    assert rules().exemptions == ()
    assert "exemptions" not in rules().plain()


@pytest.mark.parametrize(
    ("matter", "region", "on", "point", "exempt"),
    [
        ("food-business", "440104", date(2026, 10, 1), GatePoint.DECISION, True),
        ("food-business", "440104", date(2026, 12, 31), GatePoint.ACCEPTANCE, True),
        ("food-business", "440104", date(2027, 1, 1), GatePoint.DECISION, False),
        ("food-business", "440104", date(2026, 9, 30), GatePoint.DECISION, False),
        ("food-business", "440304", ON, GatePoint.DECISION, False),
        ("food-business", "440104", ON, GatePoint.ISSUE, False),
        ("ride-hailing-driver", "440104", ON, GatePoint.DECISION, False),
    ],
)
def test_an_exemption_covers_its_matter_region_period_and_points(
    matter: str, region: str, on: date, point: GatePoint, exempt: bool
) -> None:
    """First and last day count; other regions, matters and points do not."""
    assert (exempting().exemption_for(matter, region, on, point) is not None) is exempt


def test_an_exemption_may_be_everywhere_and_for_good() -> None:
    """No region and no last day."""
    book = exempting({"region": "", "valid_to": None})
    assert book.exemption_for("food-business", "650100", date(2050, 1, 1), "decision") is book.exemption(
        "trial-exemption"
    )


def test_an_unverified_basis_exempts_nothing() -> None:
    """One quote that nobody has found is enough; the case is decided as if the exemption were not there."""
    book = exempting(unverified=True)
    assert book.exemption_for("food-business", "440104", ON, "decision") is None
    view = case(FIRM, exemption="trial-exemption")
    assert decide(view, [], book=book).outcome is Outcome.UNAVAILABLE
    assert [f.place for f in analyse(book).warnings if f.kind is FindingKind.EXEMPTION_IDLE] == [
        "exemptions(trial-exemption)"
    ]


def test_an_exempted_case_is_ordinary_complete_and_says_why() -> None:
    """Nobody was asked: no bonus, no burden, no debt, and the reason names the exemption with its basis."""
    book = exempting()
    view = case(FIRM, BOSS, exemption="trial-exemption")
    found = decide(view, [], book=book)
    assert (found.outcome, found.channel, found.complete, found.recheck_owed) == (
        Outcome.ORDINARY,
        Channel.ORDINARY,
        True,
        False,
    )
    assert (found.measures, found.obligations) == ((), ())
    assert [(p.asked, p.ground) for p in found.parties] == [(False, "")] * 2
    assert [(r.party, r.outcome, r.rule, r.why) for r in found.reasons] == [
        (party, Outcome.ORDINARY, "trial-exemption", Why.EXEMPTED) for party in ("f1", "b1")
    ]
    explainer = Explainer(book, view, (), found)
    assert "免予信用核查" in explainer.reason(found.reasons[0])
    assert [c.article for c in explainer.citations("trial-exemption")] == [b.article for b in book.exemptions[0].basis]


@pytest.mark.parametrize("view", [{"exemption": "nowhere"}, {"exemption": "trial-exemption", "region": "440304"}])
def test_an_exemption_that_does_not_cover_the_case_changes_nothing(view: dict[str, Any]) -> None:
    """The core believes no name of an exemption by itself."""
    reports = with_records(FIRM, serious())
    book = exempting()
    plain = {name: value for name, value in view.items() if name != "exemption"}
    assert decide(case(FIRM, **view), reports, book=book) == decide(case(FIRM, **plain), reports, book=book)
    assert decide(case(FIRM, **view), clean(FIRM), book=book).parties[0].asked


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matter": "nothing"}, "exemptions(trial-exemption).matter：事项“nothing”不存在"),
        ({"points": []}, "exemptions[0].points：不能为空"),
        ({"points": ["decision", "decision"]}, "编号“decision”出现2次"),
        ({"valid_to": "2026-09-01"}, "exemptions(trial-exemption).valid_to：早于 valid_from"),
        ({"region": "44010"}, "exemptions[0].region"),
        ({"basis": []}, ".basis：不能为空"),
        ({"id": "food-135-applicant"}, "编号“food-135-applicant”出现2次"),
    ],
)
def test_an_unsound_exemption_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    """The rule file is refused whole."""
    with pytest.raises(RulesInvalid) as raised:
        exempting(change)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        ({"region": "", "valid_to": None}, True),
        ({"region": "44", "valid_to": None}, False),
        ({"region": "", "valid_to": "2026-12-31"}, False),
        ({"region": "", "valid_to": None, "valid_from": "2026-11-01"}, False),
        ({"region": "", "valid_to": None, "points": ["acceptance"]}, False),
        ({"region": "", "valid_to": None, "matter": "ride-hailing-driver"}, False),
    ],
)
def test_the_decision_is_left_out_only_where_it_is_exempted_throughout(change: dict[str, Any], sound: bool) -> None:
    """A matter without a check before its decision needs an exemption everywhere, from the first day to the last."""

    def build() -> RuleSet:
        def changed(data: dict[str, Any]) -> None:
            data["exemptions"] = [{**TRIAL, **change}]
            next(m for m in data["matters"] if m["code"] == "food-business")["points"] = ["acceptance", "issue"]

        return rules_with(changed)

    if sound:
        assert not build().matter("food-business").has_point(GatePoint.DECISION)
    else:
        with pytest.raises(RulesInvalid, match=r"points：缺少 decision"):
            build()


@pytest.mark.parametrize(
    ("change", "sound"),
    [
        ({"valid_to": "2026-12-31"}, True),
        ({"valid_to": "2027-01-31"}, True),
        ({"valid_to": "2026-12-30"}, False),
        ({"valid_to": None}, True),
        ({"valid_to": None, "valid_from": "2026-09-30"}, True),
        ({"valid_to": None, "basis": ["xkf-42", "unread"]}, False),
    ],
)
def test_the_decision_is_left_out_of_rules_with_a_last_day(change: dict[str, Any], sound: bool) -> None:
    """The exemption must last as long as the rules, and rest on verified bases alone."""

    def changed(data: dict[str, Any]) -> None:
        data["valid_to"] = "2026-12-31"
        data["bases"].append({**_basis(data, "xkf-42"), "id": "unread", "verified": False})
        data["exemptions"] = [{**TRIAL, "region": "", **change}]
        data["matters"][0]["points"] = ["acceptance", "issue"]

    if sound:
        assert food_rules_with(changed).exemption("trial-exemption")
    else:
        with pytest.raises(RulesInvalid) as raised:
            food_rules_with(changed)
        without = "缺少 decision；决定前必须核查，除非有已核实的豁免在全部地域和整个有效期内免除。"
        assert raised.value.problems == (f"matters(food-business).points：{without}",)


def test_expired_exemptions_are_reported_by_the_analysis() -> None:
    """Only to who says which day it is."""

    def idle_by(on: date | None) -> list[str]:
        findings = analyse(exempting(), published_calendar(), on).findings
        return [f.text for f in findings if f.kind is FindingKind.EXEMPTION_IDLE]

    assert idle_by(None) == []
    assert idle_by(ON) == []
    (expired,) = idle_by(date(2027, 1, 1))
    assert "已于2026-12-31到期" in expired


NO_COMMON_DAY = "有效期与规则集的有效期没有交集，从不适用；请删除，或核对日期。"


def idle(why: str, name: str = "trial-exemption") -> Finding:
    """What is said of an exemption that exempts nothing."""
    return Finding(FindingKind.EXEMPTION_IDLE, "warning", f"exemptions({name})", why, (name,))


@pytest.mark.parametrize(
    ("change", "last", "on", "why"),
    [
        ({"valid_from": "2020-01-01", "valid_to": "2026-09-30"}, None, None, NO_COMMON_DAY),
        ({"valid_from": "2020-01-01", "valid_to": "2026-09-30"}, None, date(2027, 1, 1), NO_COMMON_DAY),
        ({"valid_from": "2020-01-01", "valid_to": "2026-10-01"}, None, None, ""),
        ({"valid_from": "2027-01-01", "valid_to": "2027-12-31"}, "2026-12-31", None, NO_COMMON_DAY),
        ({"valid_from": "2027-01-01", "valid_to": None}, "2026-12-31", None, NO_COMMON_DAY),
        ({"valid_from": "2026-12-31", "valid_to": None}, "2026-12-31", None, ""),
        ({"valid_to": None}, None, date(2050, 1, 1), ""),
        ({}, None, date(2026, 12, 31), ""),
        ({}, None, date(2027, 1, 1), "已于2026-12-31到期，不再适用；请在下一版规则集中删除。"),
    ],
)
def test_an_exemption_is_idle_off_the_days_of_its_rule_set(
    change: dict[str, Any], last: str | None, on: date | None, why: str
) -> None:
    """First and last days count; what is said names the remedy."""

    def changed(data: dict[str, Any]) -> None:
        data["valid_to"] = last
        data["exemptions"] = [{**TRIAL, **change}]

    assert list(exemptions(food_rules_with(changed), on)) == ([idle(why)] if why else [])


def test_every_unverified_exemption_is_idle() -> None:
    """The one in force between them is no finding."""

    def changed(data: dict[str, Any]) -> None:
        data["bases"].append({**_basis(data, "xkf-42"), "id": "unread", "verified": False})
        data["exemptions"] = [
            {**TRIAL, "id": "first", "region": "11", "basis": ["unread"]},
            TRIAL,
            {**TRIAL, "id": "last", "region": "65", "basis": ["xkf-42", "unread"]},
        ]

    unread = "依据尚未全部核实，不产生豁免；请核对原文后设 verified: true。"
    assert list(exemptions(food_rules_with(changed), ON)) == [idle(unread, "first"), idle(unread, "last")]


def test_each_pair_of_overlapping_exemptions_is_told_with_its_points() -> None:
    """By id, whatever their order in the rule set; the points are those that both exempt."""

    def changed(data: dict[str, Any]) -> None:
        data["exemptions"] = [
            {**TRIAL, "id": "third", "region": "440104", "points": ["issue", "acceptance"]},
            {**TRIAL, "id": "first", "points": ["decision", "acceptance"]},
            {**TRIAL, "id": "second", "region": "", "points": ["issue", "decision", "acceptance"]},
            {**TRIAL, "id": "fourth", "region": "", "valid_from": "2027-01-01", "valid_to": None},
        ]

    def pair(one: str, other: str, points: str) -> Finding:
        text = f"与豁免“{other}”在同一事项、地域和期间内重复（{points}）；请合并，或分开期间和地域。"
        return Finding(FindingKind.EXEMPTION_OVERLAP, "warning", f"exemptions({one})", text, (one, other))

    assert list(exemptions(food_rules_with(changed), None)) == [
        pair("first", "second", "acceptance、decision"),
        pair("first", "third", "acceptance"),
        pair("second", "third", "acceptance、issue"),
    ]


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        ({}, True),
        ({"region": "440104"}, True),
        ({"region": ""}, True),
        ({"valid_from": "2026-12-31", "valid_to": None}, True),
        ({"region": "4403"}, False),
        ({"points": ["issue"]}, False),
        ({"valid_from": "2027-01-01", "valid_to": None}, False),
        ({"matter": "ride-hailing-driver"}, False),
    ],
)
def test_overlapping_exemptions_are_reported(other: dict[str, Any], overlaps: bool) -> None:
    """Same matter, a common point, one region within the other, a common day: one finding; else none."""
    book = exempting({}, {"id": "trial-second", **other})
    told = [f.kind for f in exemptions(book, None)]
    assert told == [FindingKind.EXEMPTION_OVERLAP] * overlaps
    first = book.exemption_for("food-business", "440104", ON, "decision")
    assert first is not None
    assert first.id == "trial-exemption"


def test_exemptions_and_fewer_points_survive_writing_and_reading() -> None:
    """What is written is read again as the same rule set, with the same digest."""

    def changed(data: dict[str, Any]) -> None:
        data["exemptions"] = [TRIAL]
        next(m for m in data["matters"] if m["code"] == "food-business")["points"] = ["decision"]

    book = rules_with(changed)
    again = RuleSet.parse(book.plain())
    assert (again, again.digest) == (book, book.digest)
    assert again.digest != rules().digest
    assert again.matter("food-business").points == (GatePoint.DECISION,)
