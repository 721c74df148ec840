"""更正申请事项: facts of a case are corrected before acceptance, under the checks of filing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approval_hook.errors import PlatformUnavailable
from approval_hook.hosts.viewflow import correcting
from approval_hook.hosts.viewflow.tending import tend
from approval_hook.models import Inquiry, Recheck
from approval_hook.policy.checkdigits import uscc_check_digit
from approval_hook.policy.records import CreditRecord
from tests.integration.workflows.driving import accepted, filed_driver, filed_food, reviewed
from workflows.models import FoodBusinessCase, RideHailingDriverCase


@pytest.fixture
def case(food: dict[str, Any]) -> FoodBusinessCase:
    """A case just filed."""
    filed: FoodBusinessCase = filed_food(food)
    return filed


def _as_shown(page: Any) -> dict[str, Any]:
    """The form as the browser would send it back."""
    intake = page.context["intake"]
    sent = {name: field.value() or "" for field in intake.form for name in [field.html_name]}
    for form in intake.persons.forms if intake.persons else []:
        sent |= {field.html_name: field.value() or "" for field in form}
    if intake.persons:
        sent |= {f.html_name: f.value() for f in intake.persons.management_form if f.value() is not None}
    return sent


def test_a_correction_changes_the_facts_and_keeps_the_numbers(clerk: Client, case: FoodBusinessCase) -> None:
    """A new name and address are stored; an empty number field leaves the number; the history says who."""
    url = f"/cases/{case.pk}/correct/"
    page = clerk.get(url)
    text = page.content.decode()
    assert "440300199001010016" not in text
    assert "440300••••••••0016" in text
    sent = _as_shown(page) | {"premises": "示例路 9 号", "persons-0-name": "陈更正"}
    assert clerk.post(url, sent).headers["Location"] == f"/cases/{case.pk}/"
    case.refresh_from_db()
    assert (case.premises, case.case_no[-4:]) == ("示例路 9 号", "0001")
    assert [(p.name, p.number) for p in case.persons.all()] == [
        ("陈更正", "440300199001010016"),
        ("吴示例", "440524198801010011"),
    ]
    assert "lin 更正申请事项" in clerk.get(f"/cases/{case.pk}/").content.decode()


def test_a_wrong_correction_saves_nothing(clerk: Client, case: FoodBusinessCase) -> None:
    """The checks of filing hold: a bad code is told at its field, the case stays as it was."""
    url = f"/cases/{case.pk}/correct/"
    response = clerk.post(url, _as_shown(clerk.get(url)) | {"firm_code": "91440300MA5FKAEH41", "premises": "别处"})
    assert "校验位不符" in response.content.decode()
    assert "440300199001010016" not in response.content.decode()
    case.refresh_from_db()
    assert (case.firm_code, case.premises, case.persons.count()) == ("91440300MA5FKAEH40", "越秀区示例路 1 号", 2)


def test_a_person_can_be_taken_out_but_not_the_last_manager(clerk: Client, case: FoodBusinessCase) -> None:
    """A deleted row is gone; without a food-safety manager nothing is saved."""
    url = f"/cases/{case.pk}/correct/"
    response = clerk.post(url, _as_shown(clerk.get(url)) | {"persons-1-DELETE": "on"})
    assert "至少填写一名食品安全管理人员" in response.content.decode()
    swapped = _as_shown(clerk.get(url)) | {"persons-1-DELETE": "on"}
    swapped |= {"persons-2-role": "food_safety_officer", "persons-2-name": "周示例"}
    swapped |= {"persons-2-document_type": "resident_id", "persons-2-number": "440300199001010016"}
    assert "另一个姓名" in clerk.post(url, swapped).content.decode()
    assert clerk.post(url, swapped | {"persons-2-name": "陈示例"}).status_code == 302
    assert [(p.role, p.name) for p in case.persons.all()] == [
        ("legal_representative", "陈示例"),
        ("food_safety_officer", "陈示例"),
    ]


def test_a_driver_is_corrected(clerk: Client, driver: dict[str, Any]) -> None:
    """The same page serves the other matter."""
    case = filed_driver(driver)
    url = f"/cases/{case.pk}/correct/"
    assert clerk.post(url, _as_shown(clerk.get(url)) | {"driver_name": "黄更正"}).status_code == 302
    row = RideHailingDriverCase.objects.get()
    assert (row.driver_name, row.number) == ("黄更正", "440300200002290019")


def test_changed_subjects_are_checked_again_before_the_decision(
    clerk: Client, credit: Any, case: FoodBusinessCase
) -> None:
    """After a correction of the firm the check asks about the new one before anybody decides."""
    url = f"/cases/{case.pk}/correct/"
    other = "91440300MA5FKAEJ0" + uscc_check_digit("91440300MA5FKAEJ0")
    assert clerk.post(url, _as_shown(clerk.get(url)) | {"firm_code": other}).status_code == 302
    case.refresh_from_db()
    reviewed(clerk, case)
    assert other in {i.number for query in credit.asked for i in query.subject.identifiers}


OTHER = "91440300MA5FKAEJ0" + uscc_check_digit("91440300MA5FKAEJ0")


def test_a_correction_of_the_firm_is_checked_at_once(
    clerk: Client, credit: Any, case: FoodBusinessCase, defaulter: CreditRecord
) -> None:
    """What the page promises: the panel is about the new firm, and so is the channel in every list."""
    credit.records = {OTHER: (defaulter,)}
    url = f"/cases/{case.pk}/correct/"
    assert clerk.get(f"/cases/{case.pk}/").context["panel"].outcome == "O-10"
    asked = len(credit.asked)
    assert clerk.post(url, _as_shown(clerk.get(url)) | {"firm_code": OTHER}).status_code == 302
    page = clerk.get(f"/cases/{case.pk}/")
    assert (page.context["panel"].outcome, page.context["panel"].channel_title) == ("O-06", "从严审核")
    assert "（主体已变更）" not in page.content.decode()
    assert [row.channel for row in clerk.get("/work/?show=all").context["page"]] == ["strict"]
    assert OTHER in {i.number for query in credit.asked[asked:] for i in query.subject.identifiers}
    assert Inquiry.objects.latest("made_at").asked_by == "lin"
    assert not Recheck.objects.filter(paid_at=None).exists()


def test_a_correction_of_what_the_check_does_not_rest_on_asks_nobody(
    clerk: Client, credit: Any, case: FoodBusinessCase
) -> None:
    """New premises change no subject."""
    url = f"/cases/{case.pk}/correct/"
    asked = len(credit.asked)
    assert clerk.post(url, _as_shown(clerk.get(url)) | {"premises": "示例路 9 号"}).status_code == 302
    assert len(credit.asked) == asked
    assert not Recheck.objects.exists()


def test_a_silent_platform_leaves_nothing_of_the_other_firm(clerk: Client, credit: Any, case: FoodBusinessCase) -> None:
    """The old opinion is replaced by could-not-tell, and the check stays owed."""
    credit.fault = PlatformUnavailable()
    url = f"/cases/{case.pk}/correct/"
    clerk.post(url, _as_shown(clerk.get(url)) | {"firm_code": OTHER})
    panel = clerk.get(f"/cases/{case.pk}/").context["panel"]
    assert (panel.outcome, panel.channel_title, panel.measures, panel.tolerated) == ("O-00", "待核", [], [])
    assert [row.channel for row in clerk.get("/work/?show=all").context["page"]] == ["undetermined"]
    assert Recheck.objects.get().paid_at is None


@pytest.mark.django_db(transaction=True)
def test_a_request_that_dies_after_the_correction_leaves_the_debt(
    clerk: Client, remote_credit: Any, food: dict[str, Any], monkeypatch: Any
) -> None:
    """The page shows no verdict about another firm meanwhile, and the runner asks."""
    case = filed_food(food)
    url = f"/cases/{case.pk}/correct/"
    with monkeypatch.context() as patch:
        patch.setattr(correcting, "pay", lambda *args: 1 / 0)
        assert clerk.post(url, _as_shown(clerk.get(url)) | {"firm_code": OTHER}).status_code == 302
    panel = clerk.get(f"/cases/{case.pk}/").context["panel"]
    assert (panel.state, panel.channel_title, panel.measures) == ("asking", "待核", [])
    assert "主体已变更" in panel.headline
    assert "信用良好" not in clerk.get(f"/cases/{case.pk}/").content.decode()
    tend()
    assert clerk.get(f"/cases/{case.pk}/").context["panel"].outcome == "O-10"
    assert not Recheck.objects.filter(paid_at=None).exists()


def test_nothing_is_corrected_after_acceptance_or_without_the_right(
    clerk: Client, head: Client, case: FoodBusinessCase
) -> None:
    """A head may not correct, and an accepted case offers no correction and takes none."""
    url = f"/cases/{case.pk}/correct/"
    assert head.get(url).status_code == 403
    assert url in clerk.get(f"/cases/{case.pk}/").content.decode()
    accepted(clerk, case)
    assert url not in clerk.get(f"/cases/{case.pk}/").content.decode()
    refused = clerk.post(url, {"premises": "别处"})
    assert refused.status_code == 403
    assert "受理后不能再更正" in refused.content.decode()
