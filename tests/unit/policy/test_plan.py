"""What the core does with rules that no validation would let through, and with parties named twice."""

from __future__ import annotations

from datetime import date

from msgspec.structs import replace

from approval_hook.policy.case import Role
from approval_hook.policy.decision import Channel, Outcome
from approval_hook.policy.records import Severity

from .building import BOSS, FIRM, OFFICER, OLD_FIRM, case, clean, decide, record, report, rules, serious, with_records
from .drawn_cases import rebuilt


def test_rows_of_rules_that_are_not_there_are_left_out() -> None:
    """A row of 应用事项清单 without its measure, matter or list changes nothing."""
    book = rules()
    row = next(a for a in book.applications if (a.matter, a.measure) == ("food-business", "wage-48-entry"))
    wage = next(m for m in book.measures if m.id == "wage-48-entry")
    other = rebuilt(
        book,
        measures=(*book.measures, wage.model_copy(update={"id": "of-no-list", "list_types": ("nobody",)})),
        applications=(
            *book.applications,
            row.model_copy(update={"measure": "nobody"}),
            row.model_copy(update={"matter": "nail-salon"}),
            row.model_copy(update={"measure": "of-no-list"}),
        ),
    )
    reports = with_records(FIRM, serious("wage_arrears"), serious("nobody", record_id="r2"))
    assert decide(case(FIRM), reports, book=other) == decide(case(FIRM), reports)


def test_without_display_periods_only_the_source_ends_the_display() -> None:
    """No period, no end by age: the source's own last day is all that is left."""
    bare = rebuilt(rules(), display_periods=())
    old = record(decided_on=date(2010, 1, 1))
    assert decide(case(FIRM), with_records(FIRM, old), book=bare).outcome is Outcome.GENERAL
    ended = replace(old, display_until=date(2011, 1, 1))
    assert decide(case(FIRM), with_records(FIRM, ended), book=bare).outcome is Outcome.GONE


def test_a_bonus_never_grows_out_of_a_rule_set_without_routes() -> None:
    """Without a route nobody is good, and the ordinary procedure is what remains."""
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rebuilt(rules(), good_credit_routes=()))
    assert (decision.outcome, decision.channel, decision.measures) == (Outcome.ORDINARY, Channel.ORDINARY, ())


def test_clean_years_without_a_number_of_years_make_nobody_good() -> None:
    """A route that lost its years, which no validation lets through, is met by nobody."""
    routes = tuple(route.model_copy(update={"years": None}) for route in rules().good_credit_routes)
    decision = decide(case(OLD_FIRM), clean(OLD_FIRM), book=rebuilt(rules(), good_credit_routes=routes))
    assert decision.outcome is Outcome.ORDINARY


def test_a_party_named_twice_is_one_party() -> None:
    """The same line again adds nothing; two spells in one role are two lines about one person."""
    reports = [*clean(FIRM), *with_records(BOSS, serious("wage_arrears"))]
    once = decide(case(FIRM, BOSS), reports)
    assert decide(case(FIRM, BOSS, BOSS), reports) == once
    earlier = replace(BOSS, since=date(2020, 1, 1), until=date(2024, 1, 1))
    twice = decide(case(FIRM, BOSS, earlier), reports)
    assert twice == decide(case(FIRM, earlier, BOSS), reports)
    assert [p.role for p in twice.parties] == ["applicant", "legal_representative", "legal_representative"]
    assert twice.measures == once.measures


def test_one_person_in_two_roles_says_the_same_things_once() -> None:
    """Reasons, measures and duties about one record of one person are not doubled by a second role."""
    both = replace(BOSS, role=Role.FOOD_SAFETY_OFFICER)
    loose = replace(serious("wage_arrears"), match="possible")
    reports = [*clean(FIRM), *with_records(BOSS, loose)]
    decision = decide(case(FIRM, BOSS, both), reports)
    assert len(decision.obligations) == 1
    assert len([r for r in decision.reasons if r.record]) == 1


def test_a_severe_source_never_raises_a_mild_list_and_a_mild_one_lowers_a_severe_list() -> None:
    """The milder of the two counts (R-24)."""
    for severity in (Severity.MINOR, Severity.GENERAL, Severity.WATCH):
        assert decide(case(FIRM), with_records(FIRM, record("wage_arrears", severity))).measures == ()
    assert decide(case(FIRM), with_records(FIRM, serious("penalty"))).outcome is Outcome.GENERAL


def test_a_name_that_differs_at_an_unknown_source_still_raises_doubt() -> None:
    """Whoever says that the code belongs to another name makes the check incomplete."""
    told = report(OFFICER, "gossip", registered_name_differs=True)
    decision = decide(case(OLD_FIRM, OFFICER), [*clean(OLD_FIRM), *clean(OFFICER), told])
    assert (decision.outcome, decision.complete) == (Outcome.UNAVAILABLE, False)
