"""Officers of two organs and the two applications. The credit platform answers clean from a script."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from workflows.groups import CLERKS, DECIDERS, MANAGERS
from workflows.models import ApplicantAccount, FoodBusinessCase, Mandate, Officer, RideHailingDriverCase

ORGAN = "越秀区市场监督管理局（示例）"
OTHER_ORGAN = "天河区市场监督管理局（示例）"
REGION = "440104"

FOOD = {
    "firm_name": "粤悦里餐饮（示例）有限公司",
    "firm_code": "91440300MA5FKAEH40",
    "established_on": "2021-03-01",
    "premises": "越秀区示例路 1 号",
    "materials": [
        "application-form",
        "premises-layout",
        "equipment-list",
        "operation-flow",
        "safety-rules",
        "safety-officer-proof",
        "business-licence-copy",
        "representative-id-copy",
        "service-address",
    ],
    "persons": [
        {
            "role": "legal_representative",
            "name": "陈示例",
            "document_type": "resident_id",
            "number": "440300199001010016",
            "since": "2021-03-01",
        },
        {
            "role": "food_safety_officer",
            "name": "吴示例",
            "document_type": "resident_id",
            "number": "440524198801010011",
        },
    ],
}

DRIVER = {
    "driver_name": "黄示例",
    "document_type": "resident_id",
    "number": "440300200002290019",
    "driving_since": "2020-05-06",
    "consent_no": "SQ-2026-1",
    "consent_from": "2026-01-01",
    "consent_until": "2099-01-01",
    "materials": ["application-form", "driving-licence", "exam-result", "photo", "residence-proof"],
}


@pytest.fixture(autouse=True)
def _addresses(settings: Any) -> None:
    """Viewflow knows the addresses of its nodes only once the URLs are loaded, by whichever test comes first."""
    import_module(settings.ROOT_URLCONF)


@pytest.fixture(autouse=True)
def _database(db: None, credit: Any) -> None:
    """Every test here needs the database and a credit platform that answers."""


@pytest.fixture
def food() -> dict[str, Any]:
    """A complete food business application, to be spoilt by the test."""
    return deepcopy(FOOD)


@pytest.fixture
def driver() -> dict[str, Any]:
    """A complete driver application, to be spoilt by the test."""
    return deepcopy(DRIVER)


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Sign in as a new officer: name, group, organ."""

    def make(name: str, group: str, organ: str = ORGAN) -> Client:
        user = User.objects.create_user(name, password="long-enough-1")
        user.groups.add(Group.objects.get(name=group))
        matters = [FoodBusinessCase.matter, RideHailingDriverCase.matter]
        Officer.objects.create(user=user, organ=organ, region=REGION, matters=matters)
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def clerk(sign_in: Callable[..., Client]) -> Client:
    """A window officer."""
    return sign_in("lin", CLERKS)


@pytest.fixture
def head(sign_in: Callable[..., Client]) -> Client:
    """The head who decides."""
    return sign_in("zhao", DECIDERS)


@pytest.fixture
def manager(sign_in: Callable[..., Client]) -> Client:
    """The manager who undoes and revives."""
    return sign_in("guan", MANAGERS)


@pytest.fixture
def stranger(sign_in: Callable[..., Client]) -> Client:
    """A window officer of another organ."""
    return sign_in("wai", CLERKS, OTHER_ORGAN)


@pytest.fixture
def chen() -> Client:
    """The firm's legal representative, whose identity was verified."""
    from tests.integration.workflows.driving import account  # it reads the names above

    client = account("chen", "陈示例", FOOD["persons"][0]["number"])  # type: ignore[index] # plain data
    Mandate.objects.create(
        account=ApplicantAccount.objects.get(user__username="chen"),
        firm_code=FOOD["firm_code"],
        capacity=Mandate.Capacity.REPRESENTATIVE,
        valid_from=date(2021, 3, 1),
    )
    return client


@pytest.fixture
def offered(clerk: Client, food: dict[str, Any]) -> Any:
    """A case with a promise that nobody signed yet."""
    from tests.integration.workflows.driving import MISSING, claim, filed_food, promise_day, task_named  # as above

    food["materials"].remove(MISSING)
    case = filed_food(food)
    claim(clerk, case, "accept")
    url = task_named(case, "accept").reverse("execute")
    sent = {"materials": food["materials"], "supply_until": str(promise_day()), "save": "promise"}
    assert clerk.post(url, sent).status_code == 302
    return FoodBusinessCase.objects.get(pk=case.pk)
