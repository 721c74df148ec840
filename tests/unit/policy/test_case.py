"""From a host's facts to the view that is stored: nothing personal survives."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

from approval_hook.policy import receipt
from approval_hook.policy.case import Authorisation, CaseFacts, CaseView, Party, PartyView, Role, view_of
from approval_hook.policy.subjects import IdentifierType, SubjectKind, organisation, person

ON = date(2026, 10, 12)
AT = datetime(2026, 10, 12, 1, 0, tzinfo=UTC)


def test_the_view_carries_no_name_and_no_number() -> None:
    """Digests, roles and dates stay; names and identifiers do not reach the stored form."""
    firm = organisation("广州示例餐饮有限公司", "91440300MA5FKAEH40", on=ON, established_on=date(2020, 1, 1))
    boss = person("陈示例", "440300199001010016", on=ON)
    facts = CaseFacts(
        "4401-示例-1",
        "food-business",
        "示例局",
        "440104",
        AT,
        None,
        (Party(firm, Role.APPLICANT), Party(boss, Role.LEGAL_REPRESENTATIVE)),
    )
    view = view_of(facts, lambda text: sha256(text.encode()).hexdigest(), lambda moment: moment.date())
    stored = receipt.canonical_bytes(receipt.case_to_json(view)).decode()
    assert facts.applicant.subject is firm
    assert not any(word in stored for word in ("陈示例", "餐饮", "440300199001010016", "91440300MA5FKAEH40"))
    assert view.parties[1].born_on == date(1990, 1, 1)
    assert view.parties[0].established_on == date(2020, 1, 1)
    assert receipt.case_from_json(receipt.case_to_json(view)) == view


def test_all_else_that_a_case_says_reaches_the_view() -> None:
    """Days in China, spells of office, consents, rulings and papers are what the decision is made of."""
    consent = Authorisation("SQ-示例-1", date(2026, 10, 1), date(2026, 12, 31))
    founded, approved = date(2020, 1, 1), date(2026, 9, 1)
    firm = organisation("广州示例餐饮有限公司", "91440300MA5FKAEH40", on=ON, established_on=founded)
    boss = person("陈示例", "440300199001010016", on=ON)
    guest = person("示例", "E12345678", type=IdentifierType.PASSPORT, on=ON)
    facts = CaseFacts(
        "4401-示例-1",
        "food-business",
        "示例局",
        "440104",
        AT,
        AT + timedelta(days=2),
        (
            Party(firm, Role.APPLICANT, restructured_on=approved, restructuring_ruling="（2026）粤03破1号"),
            Party(boss, Role.LEGAL_REPRESENTATIVE, since=date(2021, 1, 1), authorisation=consent),
            Party(guest, Role.INVESTOR, until=date(2026, 5, 1)),
        ),
        ("application-form",),
        ("street-food-permit",),
        date(2026, 11, 20),
    )
    view = view_of(facts, lambda text: f"<{text}>", lambda moment: (moment + timedelta(hours=8)).date())
    assert view == CaseView(
        "4401-示例-1",
        "food-business",
        "示例局",
        "440104",
        ON,
        ON + timedelta(days=2),
        (
            PartyView(
                f"<{firm.digest_text()}>",
                SubjectKind.ORGANISATION,
                Role.APPLICANT,
                identified=True,
                market=True,
                established_on=founded,
                restructured_on=approved,
                restructuring_ruling="（2026）粤03破1号",
            ),
            PartyView(
                f"<{boss.digest_text()}>",
                SubjectKind.PERSON,
                Role.LEGAL_REPRESENTATIVE,
                identified=True,
                since=date(2021, 1, 1),
                born_on=date(1990, 1, 1),
                authorisation=consent,
            ),
            PartyView(
                f"<{guest.digest_text()}>",
                SubjectKind.PERSON,
                Role.INVESTOR,
                identified=False,
                until=date(2026, 5, 1),
            ),
        ),
        ("application-form",),
        ("street-food-permit",),
        date(2026, 11, 20),
    )


def test_a_day_of_the_case_is_the_day_in_china_and_before_acceptance_there_is_none() -> None:
    """Filed at eight in the evening by UTC, it is the next day in China."""
    late = datetime(2026, 10, 11, 20, 0, tzinfo=UTC)
    facts = CaseFacts("4401-示例-1", "food-business", "示例局", "440104", late, None, ())
    view = view_of(facts, str, lambda moment: (moment + timedelta(hours=8)).date())
    assert (view.filed_on, view.accepted_on) == (ON, None)
