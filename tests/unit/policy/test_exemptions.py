"""Exemptions: which cases they cover, what a decision says then, and what is wrong with a list of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from approval_hook.errors import RulesInvalid
from approval_hook.policy.analysis import FindingKind, analyse
from approval_hook.policy.catalogue import GatePoint, RuleSet
from approval_hook.policy.decision import Channel, Outcome, Why
from approval_hook.policy.explain import Explainer
from approval_hook.workcalendar import published_calendar

from .building import BOSS, FIRM, ON, case, clean, decide, rules, rules_with, serious, with_records

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
    assert {(r.rule, r.why) for r in found.reasons} == {("trial-exemption", Why.EXEMPTED)}
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


def found(book: RuleSet, kind: FindingKind, on: date | None = None) -> list[str]:
    """Texts of the findings of one kind."""
    return [f.text for f in analyse(book, published_calendar(), on).findings if f.kind is kind]


def test_expired_and_never_applied_exemptions_are_reported() -> None:
    """Over by today, or on no day of the rule set; one in force is no finding."""
    assert found(exempting(), FindingKind.EXEMPTION_IDLE, ON) == []
    assert found(exempting({"valid_to": None}), FindingKind.EXEMPTION_IDLE, date(2050, 1, 1)) == []
    (expired,) = found(exempting(), FindingKind.EXEMPTION_IDLE, date(2027, 1, 1))
    assert "已于2026-12-31到期" in expired
    assert found(exempting(), FindingKind.EXEMPTION_IDLE) == []
    (before,) = found(exempting({"valid_from": "2020-01-01", "valid_to": "2020-12-31"}), FindingKind.EXEMPTION_IDLE)
    assert "没有交集" in before

    def later(data: dict[str, Any]) -> None:
        data["valid_to"] = "2026-12-31"
        data["exemptions"] = [{**TRIAL, "valid_from": "2027-02-01", "valid_to": None}]

    (after,) = found(rules_with(later), FindingKind.EXEMPTION_IDLE)
    assert "没有交集" in after


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
    assert bool(found(book, FindingKind.EXEMPTION_OVERLAP)) is overlaps
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
