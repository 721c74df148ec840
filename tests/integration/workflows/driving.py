"""Drives a case through the pages as officers do."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from viewflow.workflow.status import STATUS

from approval_hook import clock
from approval_hook.policy.workdays import add_workdays
from approval_hook.workcalendar import published_calendar
from tests.integration.workflows.conftest import ORGAN, REGION
from workflows.filing import file_case
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.models import ApplicantAccount, PenaltyDecision, PenaltyEvent

REFUSAL = "经营场所与有毒场所距离不足，不符合《食品安全法》第三十三条规定的条件。"


def filed_food(data: dict[str, Any]) -> Any:
    """File a food business case from code."""
    return file_case(FoodBusinessFlow, data, organ=ORGAN, region=REGION)


def filed_driver(data: dict[str, Any]) -> Any:
    """File a driver case from code."""
    return file_case(RideHailingDriverFlow, data, organ=ORGAN, region=REGION)


def task_named(case: Any, name: str) -> Any:
    """The newest task of a node."""
    return next(t for t in case.task_set.order_by("-pk") if t.flow_task.name == name)


def open_names(case: Any) -> list[str]:
    """Names of nodes with open tasks."""
    done = [STATUS.DONE, STATUS.CANCELED, STATUS.REVIVED]
    return [t.flow_task.name for t in case.task_set.exclude(status__in=done).order_by("pk")]


def claim(client: Client, case: Any, name: str) -> Any:
    """Claim the step and return the response."""
    return client.post(reverse("clerk:claim", args=[case.pk, task_named(case, name).pk]))


def do(client: Client, case: Any, name: str, data: dict[str, Any]) -> Any:
    """Claim a step, open its form, send it; returns the last response."""
    assert claim(client, case, name).status_code == 302
    url = task_named(case, name).reverse("execute")
    page = client.get(url)
    assert page.status_code == 200, page.content.decode()[:400]
    return client.post(url, data)


def accepted(client: Client, case: Any) -> None:
    """Accept with every material handed in."""
    response = do(client, case, "accept", {"materials": case.materials})
    assert response.status_code == 302, response.content.decode()
    case.refresh_from_db()


def reviewed(client: Client, case: Any) -> None:
    """Accept and review."""
    accepted(client, case)
    assert do(client, case, "review", {"review_opinion": "符合法定条件。"}).status_code == 302
    case.refresh_from_db()


#: A paper that may follow on a promise.
MISSING = "service-address"
PASSWORD = "long-enough-1"


def account(login: str, name: str, number: str) -> Client:
    """Sign in as an applicant whose identity was verified."""
    user = User.objects.create_user(login, password=PASSWORD)
    ApplicantAccount.objects.create(
        user=user,
        name=name,
        number=number,
        level=ApplicantAccount.Level.WINDOW,
        verified_at=timezone.now(),
    )
    client = Client()
    client.force_login(user)
    return client


def promise_day() -> date:
    """A day until which a promise may run that is made today."""
    return add_workdays(clock.today(), 4, published_calendar()).on


#: What a scanner makes of a signed sheet.
SCAN = b"%PDF-1.4\n% signed"


def promised(client: Client, case: Any, handed_in: list[str], until: date | str) -> Any:
    """Put a promise to the applicant and register the signed sheet; the accept step stays open."""
    claim(client, case, "accept")
    url = task_named(case, "accept").reverse("execute")
    answer = client.post(url, {"materials": handed_in, "supply_until": str(until), "save": "promise"})
    if answer.status_code != 302:
        return answer
    promise = client.get(f"/cases/{case.pk}/").context["promise"]
    sheet = {"by": "applicant", "version": promise.version, "digest": promise.digest}
    sheet |= {"scan": SimpleUploadedFile("签字.pdf", SCAN)}
    signed = client.post(f"/cases/{case.pk}/promise/paper/", sheet, follow=True)
    assert "已登记纸质承诺书" in signed.content.decode(), [str(m) for m in signed.context["messages"]]
    return signed


def accepted_on_promise(client: Client, case: Any, handed_in: list[str], until: date | str) -> Any:
    """Accept with a promise to bring what is missing; returns the last response."""
    promised(client, case, handed_in, until)
    answer = client.post(task_named(case, "accept").reverse("execute"), {"materials": handed_in})
    case.refresh_from_db()
    return answer


def posted(data: dict[str, Any]) -> dict[str, Any]:
    """An application as the browser sends it."""
    rows = data.get("persons", [])
    flat = {key: value for key, value in data.items() if key != "persons"}
    if "persons" in data:
        flat |= {"persons-TOTAL_FORMS": str(len(rows) + 2), "persons-INITIAL_FORMS": "0"}
        for index, row in enumerate([*rows, {}, {}]):
            flat |= {f"persons-{index}-document_type": "resident_id", f"persons-{index}-role": ""}
            flat |= {f"persons-{index}-{key}": value for key, value in row.items()}
    return flat


def revoked(food: dict[str, Any], document_no: str = "示市监处罚〔2025〕12号") -> Any:
    """The firm's food licence was revoked last year, as the own register has it."""
    return PenaltyDecision.objects.create(
        document_no=document_no,
        decided_on=date(2025, 5, 1),
        decided_by=ORGAN,
        event=PenaltyEvent.LICENCE_REVOKED,
        domain="food",
        unit_code=food["firm_code"],
        unit_name=food["firm_name"],
    )
