"""From a host's facts to the view that is stored: nothing personal survives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from hashlib import sha256

from approval_hook.policy import receipt
from approval_hook.policy.case import CaseFacts, Party, Role, view_of
from approval_hook.policy.subjects import organisation, person

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
