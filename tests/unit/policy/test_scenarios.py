"""The clerk's handbook as a table: what the facts are, which clause says so, and what the decision is.

Every scenario of domain facts 6 that the core decides, and those that follow from the rules (S-18 is not written down;
S-14, S-16 and S-26 to S-28 are about the flow and the register, not about the decision). All cases are of the shipped
rules unless the row says what is changed in them, of 12 October 2026 unless it names another day, and of Guangzhou
unless it names another place. Each row is

    name, clause, facts in words, case, answers, decision in words

and the decision in words holds everything that was decided, one line for each thing:

    O-05 restricted, decide by 2026-11-09       class and channel of the case, statutory date
    applicant O-05: listed-measure              class of each party and the reasons, in order
    measure wage-48-entry on applicant ...      what the facts meet: bars, measures, bonuses; people decide on them
    duty head_decides by head by 2026-11-09     who must act by when, and whether silence means "no credit effect"
    refused penalty: out-of-scope               what somebody might expect and why it is not lawful
    may follow service-address until ...        papers that may be supplied later
    suppressed 1                                rows that are gone: counted, never shown
    re-check owed                               a required source did not answer in full
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from approval_hook.policy.case import CaseView, PartyView, Role
from approval_hook.policy.decision import Decision, ObligationKind, Why
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, RecordState, Severity

from .building import (
    BOSS,
    CONSENT,
    DRIVER,
    FIRM,
    FOOD_ALL,
    FOOD_MAIN,
    NOW,
    OFFICER,
    OLD_FIRM,
    ON,
    case,
    clean,
    decide,
    record,
    report,
    revoked,
    rules,
    rules_with,
    serious,
    with_records,
)

SHENZHEN, SHANTOU, HANGZHOU = "440304", "440507", "330106"
DISPUTED, REPAIRED, REMOVED = RecordState.DISPUTED, RecordState.REPAIRED, RecordState.REMOVED
POSSIBLE, NONE = MatchGrade.POSSIBLE, MatchGrade.NONE
GOOD, MINOR, WATCH = Severity.GOOD, Severity.MINOR, Severity.WATCH
WAGE = serious("wage_arrears")
RED = record("tax_a_rating", GOOD, record_id="red", valid_until=date(2027, 5, 1))
CORRECTED_MINOR = record("market_penalty_small", MINOR, rectified=True, decided_on=date(2026, 9, 1))
RESTRUCTURED = replace(OLD_FIRM, restructured_on=date(2026, 8, 1), restructuring_ruling="（2026）粤01破1号")
FALSE_PAPERS = record(source="own_register", event="false_materials", domain="food")
NO_CONSENT = replace(DRIVER, authorisation=None)
CONSENTING_FIRM = replace(OLD_FIRM, market=False, authorisation=CONSENT)

Change = Callable[[dict[str, Any]], object]


class Row(NamedTuple):
    """A line of the table."""

    name: str
    clause: str
    facts: str
    case: CaseView
    answers: list[CreditReport]
    decision: str
    on: date = ON
    change: Change | None = None


# What a row changes in the rules


def convention(name: str, value: str) -> Change:
    """Turn a convention of the rule set round."""
    return lambda data: data["conventions"].update({name: value})


def item(data: dict[str, Any], part: str, name: str) -> dict[str, Any]:
    """One part of plain rule data by its id or code."""
    return next(row for row in data[part] if name in (row.get("id"), row.get("code")))


def applied(matter: str, measure: str, **fields: Any) -> Change:
    """Change one row of 应用事项清单, or add it."""

    def change(data: dict[str, Any]) -> None:
        row = next((a for a in data["applications"] if (a["matter"], a["measure"]) == (matter, measure)), None)
        if row is None:
            row = {**data["applications"][0], "matter": matter, "measure": measure, "may_refuse": False}
            row["level"] = item(data, "matters", matter)["level"]
            data["applications"].append(row)
        row.update(fields)

    return change


def no_longer(measure: str) -> Change:
    """End a measure the day before."""
    return lambda data: item(data, "measures", measure).update(valid_to=str(ON - timedelta(days=1)))


def food_by_quota(data: dict[str, Any]) -> None:
    """Limit the food licences in number."""
    item(data, "matters", "food-business").update(quota_limited=True)


def off_the_public_list(data: dict[str, Any]) -> None:
    """Take the food matter from the public list of 容缺 matters."""
    item(data, "matters", "food-business").update(public_tolerance_list=False)


def of_shenzhen(data: dict[str, Any]) -> None:
    """Let the wage measure rest on an article of Shenzhen as well."""
    item(data, "measures", "wage-48-entry")["basis"].append("szxy-59")


# The answers of both required sources, and more


def down(party: PartyView) -> list[CreditReport]:
    """The platform does not answer, the own register does."""
    return [
        report(party, "own_register"),
        report(party, "province", status=QueryStatus.UNAVAILABLE, reason="timeout"),
    ]


def hit(party: PartyView, *rows: CreditRecord, **changes: Any) -> list[CreditReport]:
    """Complete answers, the platform's with these rows."""
    return with_records(party, *[replace(row, **changes) for row in rows])


def own(party: PartyView, *rows: CreditRecord) -> list[CreditReport]:
    """Complete answers, the own register's with these rows."""
    return with_records(party, *rows, source="own_register")


def also(source: str, row: CreditRecord, **changes: Any) -> CreditReport:
    """One more answer about the firm, of an advisory source."""
    return report(FIRM, source, replace(row, source=source, record_id=f"{source}-1", **changes))


TABLE = [
    # O-10 and O-09: nothing found, good credit
    Row(
        "s23_a_young_firm_is_not_three_years_clean",
        "R-14, L-10",
        "14 months old, no record, secondary papers missing",
        case(FIRM, materials=FOOD_MAIN),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            may follow business-licence-copy until 2026-10-19
            may follow representative-id-copy until 2026-10-19
            may follow service-address until 2026-10-26
            """,
    ),
    Row(
        "o09_three_clean_years",
        "133/(四), 442/23, R-14",
        "ten years old, no record, secondary papers missing",
        case(OLD_FIRM, materials=FOOD_MAIN),
        clean(OLD_FIRM),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            may follow business-licence-copy until 2026-10-26
            may follow representative-id-copy until 2026-10-26
            may follow service-address until 2026-11-02
            """,
    ),
    Row(
        "o09_red_list",
        "133/(三)(四), R-11",
        "young, but on a valid red list",
        case(FIRM),
        hit(FIRM, RED),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), red-list
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    Row(
        "o09_both_routes",
        "133/(四), 442/23",
        "old, clean and on a red list",
        case(OLD_FIRM),
        hit(OLD_FIRM, RED),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), red-list, clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    Row(
        "o09_red_list_run_out",
        "R-11, R-43",
        "the red-list entry ended yesterday",
        case(FIRM),
        hit(FIRM, RED, valid_until=date(2026, 10, 11)),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "o09_person_may_get_it",
        "442/23 (可)",
        "a driver, adult for over three years, with consent, clean",
        case(DRIVER),
        clean(DRIVER),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (authorisation:SQ-示例-1), clean-years
            bonus green-channel, recommended
            bonus longer-supplement, recommended
            """,
    ),
    Row(
        "o09_person_too_young",
        "R-10, R-14",
        "a driver of twenty: three clean adult years are not yet over",
        case(replace(DRIVER, born_on=date(2006, 1, 1))),
        clean(DRIVER),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (authorisation:SQ-示例-1)
            """,
    ),
    Row(
        "o09_red_and_black",
        "R-11, 133/(二十四)",
        "on a red list and with a penalty in force",
        case(OLD_FIRM),
        hit(OLD_FIRM, RED, record()),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            refused red-and-black: red-and-black
            """,
    ),
    Row(
        "o09_red_agreement_inside",
        "R-29, 133/(十七)",
        "a list recognised in the Pearl River Delta, used in Shenzhen",
        case(FIRM, region=SHENZHEN),
        hit(FIRM, RED, list_type="prd_integrity"),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), red-list
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    Row(
        "o09_red_agreement_outside",
        "R-29, 133/(十七)",
        "the same list, used in Shantou",
        case(FIRM, region=SHANTOU),
        hit(FIRM, RED, list_type="prd_integrity"),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "o09_incentive_ended",
        "R-04",
        "three clean years, the green channel ended yesterday",
        case(OLD_FIRM),
        clean(OLD_FIRM),
        """
            O-09 ordinary, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus longer-supplement, mandatory
            """,
        change=no_longer("green-channel"),
    ),
    # 容缺
    Row(
        "s17_statutory_paper_missing",
        "R-13, L-10",
        "one statutory and one secondary paper missing, good credit",
        case(OLD_FIRM, materials=FOOD_ALL[1:-1]),
        clean(OLD_FIRM),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    Row(
        "l10_open_to_the_listed_too",
        "L-10 (no credit condition)",
        "on the wage list, one secondary paper missing",
        case(FIRM, materials=FOOD_ALL[:-1]),
        hit(FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            may follow service-address until 2026-10-26
            """,
    ),
    Row(
        "l10_good_credit_has_the_wider_list",
        "R-13, L-10",
        "a main internal paper missing, three clean years",
        case(
            OLD_FIRM,
            matter="bookkeeping-agency",
            materials=(
                "application-form",
                "business-head-qualification",
                "staff-commitment",
                "business-licence-copy",
                "service-address",
            ),
        ),
        clean(OLD_FIRM),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus fewer-inspections, recommended
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            may follow business-rules until 2026-10-28
            """,
    ),
    Row(
        "l10_the_wider_list_is_not_for_everyone",
        "R-13, L-10",
        "the same paper missing, a young firm",
        case(
            FIRM,
            matter="bookkeeping-agency",
            materials=(
                "application-form",
                "business-head-qualification",
                "staff-commitment",
                "business-licence-copy",
                "service-address",
            ),
        ),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "l10_not_on_the_public_list",
        "L-10 (published list of matters)",
        "secondary papers missing, young firm",
        case(FIRM, materials=FOOD_MAIN),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
        change=off_the_public_list,
    ),
    Row(
        "l11_a_paper_that_is_not_needed",
        "L-11, 许可法 32(4)",
        "filed by the firm itself: the letter for an agent, the only paper missing, is not needed",
        case(
            FIRM,
            matter="industrial-product",
            materials=(
                "application-form",
                "business-licence-copy",
                "technical-staff",
                "production-and-testing",
                "technical-documents",
                "quality-responsibility-rules",
                "product-test-report",
                "industrial-policy-proof",
            ),
            not_needed=("authorisation-letter",),
        ),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-12-11
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "l11_a_paper_that_is_needed",
        "L-11, L-10",
        "filed by an agent: the same letter is missing and may follow",
        case(
            FIRM,
            matter="industrial-product",
            materials=(
                "application-form",
                "business-licence-copy",
                "technical-staff",
                "production-and-testing",
                "technical-documents",
                "quality-responsibility-rules",
                "product-test-report",
                "industrial-policy-proof",
            ),
        ),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-12-11
            applicant O-10: nothing-found (gd-market-53)
            may follow authorisation-letter until 2026-10-26
            """,
    ),
    Row(
        "l11_only_conditional_papers_can_be_spared",
        "L-11, R-13",
        "the host calls a statutory paper not needed",
        case(FIRM, materials=FOOD_ALL[1:], not_needed=FOOD_ALL[:1]),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "s15_promise_over_the_national_holiday",
        "S-15, 许可法 82",
        "filed 17 September: Sunday 20 September is worked, 25 September and 1 to 7 October are not",
        case(FIRM, materials=FOOD_ALL[:-1], filed_on=date(2026, 9, 17), accepted_on=date(2026, 9, 17)),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-10-21
            applicant O-10: nothing-found (gd-market-53)
            may follow service-address until 2026-10-08
            """,
        on=date(2026, 9, 17),
    ),
    Row(
        "s15_into_a_year_without_calendar",
        "S-15",
        "accepted 28 December 2026; the calendar of 2027 is not published",
        case(FIRM, materials=FOOD_ALL[:-1], filed_on=date(2026, 12, 28), accepted_on=date(2026, 12, 28)),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2027-01-25 (provisional)
            applicant O-10: nothing-found (gd-market-53)
            may follow service-address until 2027-01-11
            """,
        on=date(2026, 12, 28),
    ),
    Row(
        "r13_never_after_the_buffer",
        "R-13, L-10",
        "due in eight days: the paper must come three working days before",
        case(FIRM, materials=FOOD_ALL[:-1], due_on=date(2026, 10, 20)),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-10-20
            applicant O-10: nothing-found (gd-market-53)
            may follow service-address until 2026-10-15
            """,
    ),
    Row(
        "r13_no_time_left",
        "R-13",
        "due tomorrow: nothing may follow",
        case(FIRM, materials=FOOD_ALL[:-1], due_on=date(2026, 10, 13)),
        clean(FIRM),
        """
            O-10 ordinary, decide by 2026-10-13
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "before_acceptance",
        "许可法 42",
        "filed, not accepted: no statutory date yet, and an offer that counts from today",
        case(FIRM, materials=FOOD_ALL[:-1], accepted_on=None),
        hit(FIRM, serious()),
        """
            O-06 strict, decide by a day not yet set
            applicant O-06: severe (serious)
            duty section_confirms by section by a day not yet set, silence: no credit effect
            may follow service-address until 2026-10-26
            """,
    ),
    # Quota
    Row(
        "s11_no_overtaking_by_quota",
        "L-08, 许可法 57",
        "licences limited in number, three clean years",
        case(OLD_FIRM),
        clean(OLD_FIRM),
        """
            O-09 ordinary, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus longer-supplement, mandatory
            refused order-of-acceptance: no-priority-under-quota
            """,
        change=food_by_quota,
    ),
    Row(
        "s11_quota_matter_as_shipped",
        "L-08, 许可法 57",
        "a tobacco licence, three clean years: no incentive is listed",
        case(
            OLD_FIRM,
            matter="tobacco-retail",
            materials=(
                "application-form",
                "premises-proof",
                "capital-statement",
                "business-licence-copy",
                "representative-id-copy",
                "premises-photo",
            ),
        ),
        clean(OLD_FIRM),
        """
            O-09 ordinary, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            """,
    ),
    Row(
        "s11_one_firm_two_matters",
        "R-28",
        "the wage list again, at a matter that no measure of it names",
        case(OLD_FIRM, matter="tobacco-retail", materials=()),
        hit(OLD_FIRM, WAGE),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            """,
    ),
    # O-07 general, O-06 severe
    Row(
        "o07_general_record",
        "R-24, L-10",
        "a penalty of this June",
        case(OLD_FIRM),
        hit(OLD_FIRM, record()),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            """,
    ),
    Row(
        "o07_watch_list",
        "172/16, R-24",
        "on the watch list; the source calls it severe",
        case(OLD_FIRM),
        hit(OLD_FIRM, record("watch_list", Severity.SERIOUS)),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (watch)
            """,
    ),
    Row(
        "o07_no_underlying_decision",
        "133/(九), R-19",
        "a severe entry without the number of a decision",
        case(FIRM),
        hit(FIRM, WAGE, document_no=""),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            refused underlying-decision: no-underlying-decision
            """,
    ),
    Row(
        "o06_court_defaulter",
        "R-22, R-24, L-02",
        "失信被执行人; no measure names this licence",
        case(OLD_FIRM),
        hit(OLD_FIRM, serious()),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            """,
    ),
    Row(
        "o06_key_supervision",
        "食品安全法 113",
        "severe food list: more inspections, the licence is not limited",
        case(FIRM),
        hit(FIRM, serious("food_serious")),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: stricter-review
            measure food-113-checks on applicant: key_supervision, mandatory, no refusal, no end
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            """,
    ),
    Row(
        "o06_no_commitment_in_shenzhen",
        "深圳信用条例 59, L-13",
        "severe by Shenzhen's list, human-resources licence",
        case(FIRM, matter="hr-service", region=SHENZHEN, materials=()),
        hit(FIRM, serious("shenzhen_serious")),
        """
            O-06 strict, decide by 2026-11-01
            applicant O-06: stricter-review
            measure sz-59-commitment on applicant: withhold_convenience, mandatory, no refusal, no end
            duty section_confirms by section by 2026-11-01, silence: no credit effect
            """,
    ),
    Row(
        "o06_shenzhens_list_in_guangzhou",
        "R-29",
        "the same entry, used in Guangzhou",
        case(FIRM, matter="hr-service", materials=()),
        hit(FIRM, serious("shenzhen_serious")),
        """
            O-10 ordinary, decide by 2026-11-01
            applicant O-10: nothing-found (gd-market-53)
            refused shenzhen_serious: out-of-scope
            """,
    ),
    Row(
        "o06_a_person_is_not_the_target",
        "食品安全法 113 (生产经营者), R-25",
        "a sole trader on the severe food list",
        case(replace(DRIVER, authorisation=CONSENT), matter="food-business"),
        hit(DRIVER, serious("food_serious")),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            refused food-113-checks: kind-not-targeted
            """,
    ),
    Row(
        "o06_measure_of_others",
        "133/(十二), R-23",
        "a measure that the banks carry out, mapped here by mistake",
        case(FIRM),
        hit(FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            refused wage-48-lending: measure-of-others
            """,
        change=applied("food-business", "wage-48-lending"),
    ),
    # O-05 listed measure
    Row(
        "o05_wage_list",
        "保障农民工工资支付条例 48, L-01",
        "on the wage list, food licence",
        case(FIRM),
        hit(FIRM, WAGE, display_until=date(2027, 6, 1)),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, until 2027-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "o05_may_refuse",
        "广东知识产权条例 49, 许可法 16",
        "severe in intellectual property, asks for public funds",
        case(FIRM, matter="rd-subsidy", materials=()),
        hit(FIRM, serious("ip_serious")),
        """
            O-05 restricted, decide by 2026-12-11
            applicant O-05: listed-measure
            measure ip-49-funds on applicant: limit_entry, mandatory, may refuse, no end
            duty head_decides by head by 2026-12-11, silence is no answer
            """,
    ),
    Row(
        "o05_not_yet_in_force",
        "R-04",
        "the measure starts tomorrow at this matter",
        case(FIRM),
        hit(FIRM, WAGE),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            refused wage-48-entry: not-in-force
            """,
        change=applied("food-business", "wage-48-entry", valid_from=str(ON + timedelta(days=1))),
    ),
    Row(
        "o05_last_day_in_force",
        "R-04",
        "the measure ends today at this matter",
        case(FIRM),
        hit(FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, until 2026-10-12
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
        change=applied("food-business", "wage-48-entry", valid_to=str(ON)),
    ),
    Row(
        "o05_local_law_outside_its_region",
        "立法法, L-01",
        "a measure that rests on Guangdong's law as well, in Hangzhou",
        case(CONSENTING_FIRM, matter="industrial-product", region=HANGZHOU, materials=()),
        hit(CONSENTING_FIRM, serious("serious_illegal")),
        """
            O-06 strict, decide by 2026-12-11
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-12-11, silence: no credit effect
            refused market-51-checks: out-of-scope
            """,
    ),
    Row(
        "o05_local_law_of_another_city",
        "立法法, L-01",
        "one of the bases is law in Shenzhen only, case in Guangzhou",
        case(FIRM),
        hit(FIRM, WAGE),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            refused wage-48-entry: out-of-scope
            """,
        change=of_shenzhen,
    ),
    Row(
        "o05_local_law_at_home",
        "立法法, L-01",
        "the same in Shenzhen",
        case(FIRM, region=SHENZHEN),
        hit(FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
        change=of_shenzhen,
    ),
    Row(
        "s10_clean_at_acceptance",
        "S-10, L-20",
        "accepted 12 October with a paper to follow, no record",
        case(OLD_FIRM, materials=FOOD_ALL[:-1]),
        clean(OLD_FIRM),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            may follow service-address until 2026-11-02
            """,
    ),
    Row(
        "s10_listed_before_the_decision",
        "S-10, L-20",
        "read again on 22 October, listed the day before: the bonus ends, 容缺 stays (a promise keeps its date)",
        case(OLD_FIRM, materials=FOOD_ALL[:-1]),
        hit(OLD_FIRM, WAGE, decided_on=date(2026, 10, 21)),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            may follow service-address until 2026-10-26
            """,
        on=date(2026, 10, 22),
    ),
    # O-04 statutory bars
    Row(
        "s04_bar_after_display",
        "食品安全法 135 一款, S-04",
        "revoked four years ago, display over; the responsible supervisor of then is the new firm's representative",
        case(FIRM, BOSS),
        clean(FIRM)
        + own(
            BOSS,
            revoked(
                decided_on=date(2022, 10, 12), display_until=date(2025, 10, 12), role_then="responsible_supervisor"
            ),
        ),
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-04: barred
            bar food-135-persons-bar on legal_representative: limit_entry, mandatory, may refuse, until 2027-10-12
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "s04_same_row_from_the_platform",
        "R-40, S-04",
        "the same row, but only the platform has it",
        case(FIRM, BOSS),
        clean(FIRM)
        + hit(
            BOSS,
            revoked(
                source="province",
                decided_on=date(2022, 10, 12),
                display_until=date(2025, 10, 12),
                role_then="responsible_supervisor",
            ),
        ),
        """
            O-03 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-03: nothing-found (authorisation:SQ-示例-1), gone
            suppressed 1
            """,
    ),
    Row(
        "s04_repair_lifts_no_bar",
        "食品安全法 135, L-17",
        "repaired at the platform, in force in the own register",
        case(FIRM),
        [
            report(FIRM, "own_register", revoked()),
            report(FIRM, "province", revoked(source="province", record_id="p1", state=REPAIRED)),
        ],
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: barred
            bar food-135-applicant on applicant: limit_entry, mandatory, may refuse, until 2031-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            suppressed 1
            """,
    ),
    Row(
        "o04_last_day_of_the_bar",
        "食品安全法 135, 民诉法 85 (to the day)",
        "five years end today",
        case(FIRM),
        own(FIRM, revoked(decided_on=date(2021, 10, 12))),
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: barred
            bar food-135-applicant on applicant: limit_entry, mandatory, may refuse, until 2026-10-12
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "o04_last_day_excluded",
        "the same, other convention",
        "five years end today, and that day is free",
        case(FIRM),
        own(FIRM, revoked(decided_on=date(2021, 10, 12))),
        """
            O-03 ordinary, decide by 2026-11-09
            applicant O-03: nothing-found (gd-market-53), gone
            suppressed 1
            """,
        change=convention("last_day", "excluded"),
    ),
    Row(
        "o04_life_ban_refuses_no_licence",
        "食品安全法 135 二款",
        "the food safety officer was sentenced in 2000",
        case(FIRM, OFFICER),
        clean(FIRM) + own(OFFICER, revoked(event="food_crime_sentence", decided_on=date(2000, 1, 1))),
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            food_safety_officer O-04: barred
            bar food-135-crime on food_safety_officer: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "o04_false_papers",
        "行政许可法 78",
        "false papers at this organ in June",
        case(FIRM),
        own(FIRM, FALSE_PAPERS),
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: barred
            bar licensing-78 on applicant: limit_entry, mandatory, may refuse, until 2027-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "o04_false_papers_told_by_the_platform",
        "行政许可法 78, L-20",
        "the platform says so; the own register is silent",
        case(FIRM),
        hit(FIRM, FALSE_PAPERS, source="province"),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            refused licensing-78: needs-own-register
            """,
    ),
    Row(
        "o04_bar_of_provincial_law",
        "广东知识产权条例 49",
        "serious misconduct in intellectual property, in the register",
        case(FIRM, matter="rd-subsidy", materials=()),
        own(FIRM, record(source="own_register", event="ip_serious_misconduct", domain="intellectual_property")),
        """
            O-04 restricted, decide by 2026-12-11
            applicant O-04: barred
            bar ip-49 on applicant: limit_entry, mandatory, may refuse, until 2029-06-01
            duty head_decides by head by 2026-12-11, silence is no answer
            """,
    ),
    Row(
        "o04_bar_of_provincial_law_elsewhere",
        "广东知识产权条例 49, 立法法",
        "the same facts in Hangzhou",
        case(CONSENTING_FIRM, matter="rd-subsidy", region=HANGZHOU, materials=()),
        own(
            CONSENTING_FIRM,
            record(source="own_register", event="ip_serious_misconduct", domain="intellectual_property"),
        ),
        """
            O-07 ordinary, decide by 2026-12-11
            applicant O-07: general (general)
            refused ip-49: out-of-scope
            """,
    ),
    Row(
        "o04_nurse",
        "护士条例 32",
        "certificate revoked in June, applies again",
        case(DRIVER, matter="nurse-registration", materials=()),
        own(DRIVER, record(source="own_register", event="licence_revoked", domain="nurse")),
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: barred
            bar nurse-32 on applicant: limit_entry, mandatory, may refuse, until 2028-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "o04_no_decision_no_bar",
        "L-20 (base document)",
        "revoked, but no decision can be named",
        case(FIRM),
        own(FIRM, revoked(document_no="")),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            refused food-135-applicant: no-underlying-decision
            refused food-135-persons-bar: no-underlying-decision
            """,
    ),
    Row(
        "o04_role_then_unknown",
        "食品安全法 135, R-25",
        "in office before, but nobody says in which role",
        case(FIRM, replace(BOSS, since=date(2020, 1, 1))),
        clean(FIRM) + own(BOSS, revoked()),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-08: related (general)
            refused food-135-applicant: role-not-named
            refused food-135-persons-bar: role-then-unknown
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "o04_joined_later",
        "R-25 (nominee)",
        "took office after the revocation",
        case(FIRM, replace(BOSS, since=date(2026, 7, 1))),
        clean(FIRM) + own(BOSS, revoked()),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-08: related (general)
            refused food-135-applicant: role-not-named
            refused food-135-persons-bar: joined-later
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "o04_left_before",
        "R-25 (former representative)",
        "left the role before filing",
        case(FIRM, replace(BOSS, until=date(2026, 10, 1))),
        clean(FIRM) + own(BOSS, revoked(role_then="legal_representative")),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-08: related (general)
            refused food-135-applicant: role-not-named
            refused food-135-persons-bar: left-role
            refused related-persons-by-law: related
            """,
    ),
    # O-08 related persons
    Row(
        "s06_private_debt",
        "133/(十五), R-25, L-19",
        "the representative is 失信被执行人 for a private debt",
        case(OLD_FIRM, BOSS),
        clean(OLD_FIRM) + hit(BOSS, serious()),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-08: related (serious)
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "s06_basis_names_the_role",
        "保障农民工工资支付条例 48",
        "the representative is on the wage list",
        case(FIRM, BOSS),
        clean(FIRM) + hit(BOSS, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-05: listed-measure
            measure wage-48-entry on legal_representative: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "s06_basis_does_not_name_the_role",
        "保障农民工工资支付条例 48, R-25",
        "the food safety officer is on it",
        case(FIRM, OFFICER),
        clean(FIRM) + hit(OFFICER, WAGE),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            food_safety_officer O-08: related (serious)
            refused wage-48-entry: role-not-named
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "s06_former_representative",
        "R-25",
        "listed, but left before filing",
        case(FIRM, replace(BOSS, until=date(2026, 10, 1))),
        clean(FIRM) + hit(BOSS, WAGE),
        """
            O-08 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            legal_representative O-08: related (serious)
            refused wage-48-entry: left-role
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "s06_both_listed",
        "133/(十五), R-25",
        "firm and representative are 失信被执行人: the firm's review stays strict",
        case(FIRM, BOSS),
        hit(FIRM, serious()) + hit(BOSS, serious()),
        """
            O-08 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            legal_representative O-08: related (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            refused related-persons-by-law: related
            """,
    ),
    Row(
        "s20_agent",
        "S-20, R-25",
        "the agent is on the wage list; nobody asks about agents",
        case(OLD_FIRM, replace(DRIVER, ref="a1", role=Role.AGENT)),
        clean(OLD_FIRM) + hit(replace(DRIVER, ref="a1"), WAGE),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            agent O-10: agent
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            refused ask-only-with-ground: rows-without-ground
            """,
    ),
    Row(
        "r25_role_not_checked",
        "R-25, R-36",
        "a shareholder, whom this matter does not check",
        case(OLD_FIRM, replace(BOSS, ref="x1", role=Role.INVESTOR)),
        clean(OLD_FIRM),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            investor O-10: role-not-checked
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    # O-03 gone
    Row(
        "s02_repaired_at_creditchina",
        "L-17, R-44",
        "信用中国: repaired; the city's list of last week still holds it",
        case(FIRM),
        [*clean(FIRM), also("city_list", WAGE), also("creditchina", WAGE, state=REPAIRED)],
        """
            O-03 ordinary, decide by 2026-11-09
            applicant O-03: nothing-found (gd-market-53), gone
            suppressed 2
            """,
    ),
    Row(
        "s02_repaired_in_a_local_list_only",
        "L-17 (abuse of R-44)",
        "the city's list says repaired, the province does not",
        case(FIRM),
        [*hit(FIRM, WAGE), also("city_list", WAGE, state=REPAIRED)],
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            suppressed 1
            """,
    ),
    Row(
        "s03_expired_display",
        "R-40, L-16 (general: one year)",
        "a general record of thirteen months ago",
        case(OLD_FIRM),
        hit(OLD_FIRM, record(decided_on=date(2025, 9, 11))),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), gone, clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            suppressed 1
            """,
    ),
    Row(
        "s03_last_day_included",
        "L-16",
        "one year ends today",
        case(OLD_FIRM),
        hit(OLD_FIRM, record(decided_on=date(2025, 10, 12))),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            """,
    ),
    Row(
        "s03_last_day_excluded",
        "L-16, other convention",
        "one year ends today, and that day is free",
        case(OLD_FIRM),
        hit(OLD_FIRM, record(decided_on=date(2025, 10, 12))),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), gone, clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            suppressed 1
            """,
        change=convention("last_day", "excluded"),
    ),
    Row(
        "s03_from_publication",
        "令45, L-18 (three years from publication)",
        "a market penalty of three years ago, published two months later",
        case(OLD_FIRM),
        hit(OLD_FIRM, record("market_penalty", decided_on=date(2023, 10, 1), published_on=date(2023, 12, 1))),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            """,
    ),
    Row(
        "s03_the_source_says_when",
        "R-40",
        "a court entry whose own end was yesterday",
        case(FIRM),
        hit(FIRM, serious(), display_until=date(2026, 10, 11)),
        """
            O-03 ordinary, decide by 2026-11-09
            applicant O-03: nothing-found (gd-market-53), gone
            suppressed 1
            """,
    ),
    Row(
        "r40_a_gone_row_of_the_representative",
        "R-40, R-44",
        "only a repaired row of the representative: nothing is lost",
        case(OLD_FIRM, BOSS),
        clean(OLD_FIRM) + hit(BOSS, WAGE, state=REPAIRED),
        """
            O-03 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            legal_representative O-03: nothing-found (authorisation:SQ-示例-1), gone
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            suppressed 1
            """,
    ),
    # Leniencies
    Row(
        "s30_restructured",
        "深圳信用条例 84, L-16",
        "court approved the plan in August; listed in June",
        case(RESTRUCTURED, region=SHENZHEN),
        hit(RESTRUCTURED, WAGE),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            refused restructured: restructured
            """,
    ),
    Row(
        "s30_restructured_in_guangzhou",
        "国办发〔2025〕22号, L-16",
        "the same in Guangzhou",
        case(RESTRUCTURED),
        hit(RESTRUCTURED, WAGE),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            refused restructured-province: restructured
            """,
    ),
    Row(
        "s30_new_misconduct",
        "深圳信用条例 84",
        "listed after the plan was approved",
        case(RESTRUCTURED),
        hit(RESTRUCTURED, WAGE, decided_on=date(2026, 9, 1)),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "s30_no_ruling",
        "深圳信用条例 84",
        "says that it was restructured, but names no ruling",
        case(replace(RESTRUCTURED, restructuring_ruling="")),
        hit(RESTRUCTURED, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "s30_plan_not_yet_approved",
        "深圳信用条例 84",
        "the plan will be approved tomorrow",
        case(replace(RESTRUCTURED, restructured_on=date(2026, 10, 13))),
        hit(RESTRUCTURED, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "l06_minor_and_corrected",
        "深圳信用条例 67 (不予)",
        "a warning, corrected in time, in Shenzhen: no effect, no bonus",
        case(OLD_FIRM, region=SHENZHEN),
        hit(OLD_FIRM, CORRECTED_MINOR),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            refused minor-corrected: minor-corrected
            """,
    ),
    Row(
        "l06_minor_and_corrected_elsewhere",
        "深圳信用条例 67",
        "the same in Guangzhou, where that is not law",
        case(OLD_FIRM),
        hit(OLD_FIRM, CORRECTED_MINOR),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (minor)
            """,
    ),
    Row(
        "l06_first_and_minor",
        "深圳信用条例 67 (可以不予)",
        "the only record, general, corrected: may be left out",
        case(OLD_FIRM, region=SHENZHEN),
        hit(OLD_FIRM, record(), rectified=True),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general), first-minor
            """,
    ),
    Row(
        "l06_first_beside_a_gone_row",
        "深圳信用条例 67, R-40",
        "the same beside a repaired row, which is absent",
        case(OLD_FIRM, region=SHENZHEN),
        hit(OLD_FIRM, replace(record(), rectified=True), serious(record_id="old", state=REPAIRED)),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general), first-minor
            suppressed 1
            """,
    ),
    Row(
        "l06_not_the_first",
        "深圳信用条例 67",
        "two records, both corrected",
        case(OLD_FIRM, region=SHENZHEN),
        hit(OLD_FIRM, record(), record(record_id="r2", document_no="示例〔2026〕2号"), rectified=True),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general), general (general)
            """,
    ),
    Row(
        "l06_severe_is_never_first_and_minor",
        "深圳信用条例 67",
        "a severe entry, without a decision, corrected",
        case(OLD_FIRM, region=SHENZHEN),
        hit(OLD_FIRM, serious(), document_no="", rectified=True),
        """
            O-07 ordinary, decide by 2026-11-09
            applicant O-07: general (general)
            refused underlying-decision: no-underlying-decision
            """,
    ),
    # R-10 minors
    Row(
        "r10_minor",
        "98/二(四), R-10",
        "seventeen, eighteen tomorrow, 失信被执行人",
        case(replace(DRIVER, born_on=date(2008, 10, 13))),
        hit(DRIVER, serious()),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (authorisation:SQ-示例-1)
            refused minors-outside: minor-person
            """,
    ),
    Row(
        "r10_of_age_today",
        "98/二(四), R-10",
        "eighteen today",
        case(replace(DRIVER, born_on=date(2008, 10, 12))),
        hit(DRIVER, serious()),
        """
            O-06 strict, decide by 2026-11-09
            applicant O-06: severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            """,
    ),
    # O-02 disputed
    Row(
        "s01_dispute_in_flight",
        "133/(二十六), R-46",
        "objection open: the measure is parked, the case goes on",
        case(FIRM),
        hit(FIRM, WAGE, state=DISPUTED),
        """
            O-02 ordinary, decide by 2026-11-09
            applicant O-02: disputed
            """,
    ),
    Row(
        "s01_upheld_later",
        "133/(二十六), R-46",
        "the provider upholds the entry: it counts for the next matter",
        case(FIRM),
        hit(FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
        on=date(2026, 11, 11),
    ),
    Row(
        "s01_dispute_marked_at_creditchina",
        "L-17, R-46",
        "信用中国 marks the dispute, the province does not yet",
        case(FIRM),
        [*hit(FIRM, WAGE), also("creditchina", WAGE, state=DISPUTED)],
        """
            O-02 ordinary, decide by 2026-11-09
            applicant O-02: disputed, disputed
            """,
    ),
    Row(
        "s01_a_dispute_shields_nothing_else",
        "R-46 (no extra convenience)",
        "one entry disputed, another severe one not",
        case(FIRM),
        hit(FIRM, replace(WAGE, state=DISPUTED), serious(record_id="r2", document_no="示例〔2026〕2号")),
        """
            O-02 strict, decide by 2026-11-09
            applicant O-02: disputed, severe (serious)
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            """,
    ),
    Row(
        "s01_bonus_by_the_red_list",
        "domain 7 item 8 (point)",
        "three clean years, red list, one entry disputed",
        case(OLD_FIRM),
        hit(OLD_FIRM, RED, replace(WAGE, state=DISPUTED)),
        """
            O-02 green, decide by 2026-11-09
            applicant O-02: disputed, red-list
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            """,
    ),
    Row(
        "s01_bonus_withheld",
        "domain 7 item 8 (withheld)",
        "the same under the other convention",
        case(OLD_FIRM),
        hit(OLD_FIRM, RED, replace(WAGE, state=DISPUTED)),
        """
            O-02 ordinary, decide by 2026-11-09
            applicant O-02: disputed
            """,
        change=convention("disputed_incentives", "withheld"),
    ),
    Row(
        "s01_disputed_bar",
        "R-46",
        "the revocation itself is under review",
        case(FIRM),
        own(FIRM, revoked(state=DISPUTED)),
        """
            O-02 ordinary, decide by 2026-11-09
            applicant O-02: disputed
            """,
    ),
    # O-01 possible matches
    Row(
        "s05_name_and_mask_fit",
        "R-07, S-05",
        "same name and 4403001990****0016: two people must look",
        case(DRIVER),
        hit(DRIVER, serious(), match=POSSIBLE),
        """
            O-01 undetermined, decide by 2026-11-09
            applicant O-01: possible-match
            duty two_confirm_identity by two_officers by 2026-11-09, silence: no credit effect
            """,
    ),
    Row(
        "s05_settled_another_person",
        "R-07, S-05",
        "asked by the full number: somebody else",
        case(DRIVER),
        hit(DRIVER, serious(), match=NONE),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (authorisation:SQ-示例-1), clean-years
            bonus green-channel, recommended
            bonus longer-supplement, recommended
            """,
    ),
    Row(
        "s19_row_without_identifier",
        "R-07, S-19",
        "a revocation with a name only: no bar, no measure",
        case(OLD_FIRM),
        own(OLD_FIRM, revoked(match=POSSIBLE)),
        """
            O-01 undetermined, decide by 2026-11-09
            applicant O-01: possible-match
            duty two_confirm_identity by two_officers by 2026-11-09, silence: no credit effect
            """,
    ),
    Row(
        "s05_beside_a_proven_entry",
        "R-07",
        "one entry proven, one by name only",
        case(FIRM),
        hit(FIRM, serious(), replace(WAGE, record_id="r2", match=POSSIBLE)),
        """
            O-01 undetermined, decide by 2026-11-09
            applicant O-01: severe (serious), possible-match
            duty section_confirms by section by 2026-11-09, silence: no credit effect
            duty two_confirm_identity by two_officers by 2026-11-09, silence: no credit effect
            """,
    ),
    # O-00 could not tell
    Row(
        "s08_platform_down",
        "许可法 45, 133/(二十一)",
        "time-out from filing on: accepted, no bonus, no burden",
        case(OLD_FIRM, materials=FOOD_ALL[:-1]),
        down(OLD_FIRM),
        """
            O-00 undetermined, decide by 2026-11-09
            applicant O-00: source-incomplete (UNAVAILABLE)
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            may follow service-address until 2026-10-26
            re-check owed
            """,
    ),
    Row(
        "s08_recheck_finds_a_hit",
        "S-08",
        "the re-check on day 21 finds the wage list; the licence is granted by then",
        case(OLD_FIRM),
        hit(OLD_FIRM, WAGE),
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
        on=date(2026, 11, 10),
    ),
    Row(
        "s08_own_register_does_not_wait",
        "食品安全法 135",
        "platform down, revocation in the own register",
        case(FIRM),
        [report(FIRM, "own_register", revoked()), down(FIRM)[1]],
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: source-incomplete (UNAVAILABLE), barred
            bar food-135-applicant on applicant: limit_entry, mandatory, may refuse, until 2031-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "s08_partial_answer_with_a_hit",
        "R-35 (partial)",
        "page two of three is missing, page one has the wage list",
        case(FIRM),
        [report(FIRM, "own_register"), report(FIRM, "province", WAGE, status=QueryStatus.PARTIAL)],
        """
            O-05 restricted, decide by 2026-11-09
            applicant O-05: source-incomplete (PARTIAL), listed-measure
            measure wage-48-entry on applicant: limit_entry, mandatory, no refusal, no end
            duty head_decides by head by 2026-11-09, silence is no answer
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "s08_no_answer_at_all",
        "R-01",
        "no report of the own register",
        case(OLD_FIRM),
        clean(OLD_FIRM)[:1],
        """
            O-00 undetermined, decide by 2026-11-09
            applicant O-00: source-incomplete
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "s08_later_answer_counts",
        "S-08",
        "failed at nine, complete at ten",
        case(FIRM),
        [*down(FIRM), report(FIRM, "province", answered_at=NOW + timedelta(hours=1))],
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            """,
    ),
    Row(
        "s08_and_disputed",
        "R-46, 133/(二十一)",
        "platform partial, what it gave is disputed: still to be settled",
        case(FIRM),
        [
            report(FIRM, "own_register"),
            report(FIRM, "province", replace(WAGE, state=DISPUTED), status=QueryStatus.PARTIAL),
        ],
        """
            O-02 undetermined, decide by 2026-11-09
            applicant O-02: source-incomplete (PARTIAL), disputed
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "r14_dated_tomorrow",
        "R-14 (abuse)",
        "a severe row dated after the day of the check",
        case(FIRM),
        hit(FIRM, serious(), decided_on=date(2026, 10, 13)),
        """
            O-00 undetermined, decide by 2026-11-09
            applicant O-00: future-dated
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "s25_name_and_code_differ",
        "R-07, S-25",
        "the code is valid but registered under another name",
        case(OLD_FIRM),
        [report(OLD_FIRM, "own_register"), report(OLD_FIRM, "province", registered_name_differs=True)],
        """
            O-00 undetermined, decide by 2026-11-09
            applicant O-00: name-differs
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    Row(
        "s25_name_differs_and_a_hit",
        "R-07, S-25",
        "the same, and that code is on the wage list",
        case(OLD_FIRM),
        [report(OLD_FIRM, "own_register"), report(OLD_FIRM, "province", WAGE, registered_name_differs=True)],
        """
            O-01 undetermined, decide by 2026-11-09
            applicant O-01: name-differs, possible-match
            duty two_confirm_identity by two_officers by 2026-11-09, silence: no credit effect
            duty supervisor_releases by supervisor by 2026-11-09, silence: no credit effect
            re-check owed
            """,
    ),
    # Grounds and identity
    Row(
        "s12_no_number_to_match",
        "S-12, R-07",
        "a passport holder: cannot be matched, which is not clean",
        case(replace(DRIVER, identified=False, born_on=None)),
        [],
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: no-number
            """,
    ),
    Row(
        "r39_partial_ground",
        "个保法 34, 行政许可法 78",
        "a driver without consent: only the own register may be asked",
        case(NO_CONSENT),
        [report(NO_CONSENT, "own_register"), report(NO_CONSENT, "province", serious())],
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: only-bars-checked (licensing-78-applicant)
            refused listed-basis-only: source-not-configured
            """,
    ),
    Row(
        "r39_partial_ground_and_a_bar",
        "个保法 34, 行政许可法 78",
        "no consent; false papers in the own register",
        case(NO_CONSENT),
        [report(NO_CONSENT, "own_register", replace(FALSE_PAPERS, domain="ride_hailing"))],
        """
            O-04 restricted, decide by 2026-11-09
            applicant O-04: barred
            bar licensing-78 on applicant: limit_entry, mandatory, may refuse, until 2027-06-01
            duty head_decides by head by 2026-11-09, silence is no answer
            """,
    ),
    Row(
        "r39_no_ground",
        "L-07 (market subjects), R-39",
        "a school without consent: nobody may ask",
        case(replace(OLD_FIRM, market=False), matter="publication-retail", materials=()),
        hit(OLD_FIRM, serious()),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: no-ground
            refused ask-only-with-ground: rows-without-ground
            """,
    ),
    Row(
        "l07_not_law_outside_guangdong",
        "广东市场监管条例 53",
        "a firm in Hangzhou: Guangdong's ground does not reach",
        case(OLD_FIRM, matter="publication-retail", region=HANGZHOU, materials=()),
        hit(OLD_FIRM, serious()),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: no-ground
            refused ask-only-with-ground: rows-without-ground
            """,
    ),
    # Lists without effect
    Row(
        "s22_list_of_another_city",
        "R-29, S-22",
        "another city's list, an entry for another city, an unknown agreement",
        case(OLD_FIRM),
        hit(
            OLD_FIRM,
            record("city_uncivil"),
            serious(record_id="r2", scope="city:4403"),
            serious(record_id="r3", scope="agreement:nobody"),
            serious(record_id="r4", scope="nowhere"),
        ),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            refused city_uncivil: reference-only
            refused court_defaulter: out-of-scope
            refused court_defaulter: out-of-scope
            refused court_defaulter: out-of-scope
            """,
    ),
    Row(
        "s22_list_without_basis",
        "L-01, R-05, R-41, R-43",
        "an association, a bureau, the press and an unverified list",
        case(OLD_FIRM),
        hit(
            OLD_FIRM,
            serious("association_blacklist"),
            serious("bureau_severe", record_id="r2"),
            serious("media_exposure", record_id="r3"),
            serious("tax_major", record_id="r4"),
        ),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            refused association_blacklist: reference-only
            refused bureau_severe: reference-only
            refused media_exposure: reference-only
            refused tax_major: reference-only
            """,
    ),
    Row(
        "r18_unclassified",
        "R-18, R-34",
        "a type that the catalogue does not have",
        case(OLD_FIRM),
        hit(OLD_FIRM, serious("fifth_category")),
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            refused listed-basis-only: unclassified
            """,
    ),
    Row(
        "r34_contradictory",
        "R-34",
        "a red list with a severe row on it",
        case(FIRM),
        hit(FIRM, serious("tax_a_rating")),
        """
            O-10 ordinary, decide by 2026-11-09
            applicant O-10: nothing-found (gd-market-53)
            refused tax_a_rating: contradictory
            """,
    ),
    Row(
        "r05_source_not_configured",
        "R-05",
        "a commercial report says severe",
        case(OLD_FIRM),
        [*clean(OLD_FIRM), report(OLD_FIRM, "gossip", WAGE)],
        """
            O-09 green, decide by 2026-11-09
            applicant O-09: nothing-found (gd-market-53), clean-years
            bonus green-channel, mandatory
            bonus longer-supplement, mandatory
            refused listed-basis-only: source-not-configured
            """,
    ),
]


def told(decision: Decision, view: CaseView) -> Iterator[str]:
    """Everything that was decided, in the words of the table."""
    roles: dict[str, str] = {}
    for party in view.parties:
        roles.setdefault(party.ref, party.role.value)
    when = decision.due_on.isoformat() if decision.due_on else "a day not yet set"
    provisional = " (provisional)" if decision.due_provisional else ""
    yield f"{decision.outcome} {decision.channel}, decide by {when}{provisional}"
    for found in decision.parties:
        whys = [f"{r.why} ({r.detail})" if r.detail else r.why for r in decision.reasons if r.party == found.party]
        yield f"{found.role} {found.outcome}: {', '.join(whys)}"
    for m in decision.measures:
        if m.kind == "incentive":
            yield f"bonus {m.measure}, {m.force}"
            continue
        kind = "bar" if m.kind == "bar" else "measure"
        refuse = "may refuse" if m.may_refuse else "no refusal"
        until = f"until {m.until}" if m.until else "no end"
        yield f"{kind} {m.measure} on {roles[m.party]}: {m.effect}, {m.force}, {refuse}, {until}"
    for o in decision.obligations:
        silence = "silence: no credit effect" if o.lapses else "silence is no answer"
        yield f"duty {o.kind} by {o.by} by {o.due_on or 'a day not yet set'}, {silence}"
    for e in decision.refused:
        yield f"refused {', '.join(e.rules)}: {e.why}"
    for t in decision.tolerated:
        yield f"may follow {t.material} until {t.supply_until}"
    if decision.suppressed:
        yield f"suppressed {decision.suppressed}"
    if decision.recheck_owed:
        yield "re-check owed"


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_scenario(row: Row) -> None:
    """The facts of the row lead to its decision and to nothing else."""
    book = rules_with(row.change) if row.change else None
    decision = decide(row.case, row.answers, on=row.on, book=book)
    assert list(told(decision, row.case)) == [line.strip() for line in row.decision.strip().splitlines()]


#: The rule behind a reason, where it is not a row of the rule set.
FIXED_RULES = {
    Why.SOURCE_INCOMPLETE: "clock-never-stops",
    Why.NAME_DIFFERS: "clock-never-stops",
    Why.FUTURE_DATED: "clock-never-stops",
    Why.POSSIBLE_MATCH: "identity-by-number",
    Why.DISPUTED: "dispute-suspends",
    Why.GONE: "gone-is-absent",
    Why.AGENT: "ask-only-with-ground",
    Why.ROLE_NOT_CHECKED: "ask-only-with-ground",
    Why.NO_NUMBER: "ask-only-with-ground",
    Why.NO_GROUND: "ask-only-with-ground",
    Why.NOTHING_FOUND: "accept-and-decide-by-conditions",
    Why.ONLY_BARS_CHECKED: "accept-and-decide-by-conditions",
}
#: Reasons and refusals that are about a source, or about the party as a whole, and not about one row.
ABOUT_A_SOURCE = {Why.SOURCE_INCOMPLETE, Why.NAME_DIFFERS, Why.SOURCE_NOT_CONFIGURED}
ABOUT_A_PARTY = {
    *(set(FIXED_RULES) - ABOUT_A_SOURCE - {Why.FUTURE_DATED, Why.POSSIBLE_MATCH, Why.DISPUTED}),
    *(Why.CLEAN_YEARS, Why.ROWS_WITHOUT_GROUND, Why.NO_PRIORITY_UNDER_QUOTA),
}
BY_LIST = {Why.LISTED_MEASURE, Why.STRICTER_REVIEW, Why.SEVERE, Why.GENERAL, Why.RELATED}


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_scenario_names_what_it_rests_on(row: Row) -> None:
    """Each reason, refusal, measure and duty names its party, and the row and rule it follows from, and no other."""
    book = rules_with(row.change) if row.change else rules()
    decision = decide(row.case, row.answers, on=row.on, book=book)
    types = {(a.party, r.source, r.record_id): r.list_type for a in row.answers for r in a.records}
    sources = {*book.matter(row.case.matter).required_sources, *(a.source for a in row.answers)}
    for found in (*decision.reasons, *decision.refused):
        if found.why in ABOUT_A_SOURCE:
            assert (found.source in sources, found.record) == (True, "")
        elif found.why in ABOUT_A_PARTY:
            assert (found.source, found.record) == ("", "")
        else:
            assert (found.party, found.source, found.record) in types
    for reason in decision.reasons:
        if reason.why in BY_LIST:
            assert reason.rule == types[reason.party, reason.source, reason.record]
        else:
            assert reason.rule == FIXED_RULES.get(reason.why, reason.rule) != ""
    for measure in decision.measures:
        assert (measure.kind == "incentive") is (not measure.record)
        assert (measure.party, measure.source, measure.record) in types or measure.kind == "incentive"
        assert measure.party in {party.ref for party in row.case.parties}
    for duty in decision.obligations:
        rows_of_the_party = {record for party, _, record in types if party == duty.party}
        assert duty.record in rows_of_the_party or (duty.kind, duty.record) == (ObligationKind.SUPERVISOR_RELEASES, "")
        assert duty.party in {party.ref for party in row.case.parties}


def test_the_table_names_each_row_once_and_with_its_clause() -> None:
    """No row is without clause and facts, and no name occurs twice."""
    assert len({row.name for row in TABLE}) == len(TABLE)
    assert all(row.clause and row.facts for row in TABLE)
