"""A task answers only under its own node's address."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approval_hook.hosts.viewflow import inject
from approval_hook.hosts.viewflow.injection import binding_of, eject
from workflows.flows import FoodBusinessFlow
from workflows.models import FoodBusinessCase

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_foreign_address_of_an_open_task_is_not_found(credit: Any, django_user_model: Any) -> None:
    """Whatever node stands in the address, a task of another node is not found, by GET and by POST."""
    from viewflow.workflow.models import Task
    from viewflow.workflow.status import STATUS

    admin = django_user_model.objects.create_superuser("root")
    case = FoodBusinessCase.objects.create(
        flow_class=FoodBusinessFlow,
        case_no="440104-20261123-9001",
        organ="示例局",
        region="440104",
        source="window",
        filed_at="2026-11-23T08:00:00+08:00",
        firm_name="示例公司",
        firm_code="91440300MA5FKAEH40",
        established_on="2015-01-01",
        premises="示例路1号",
    )
    from workflows.models import Officer

    Officer.objects.create(user=admin, organ="示例局", region="440104")
    client = Client()
    client.force_login(admin)
    client.get("/")  # loads the URLs, which gives the nodes their addresses
    nodes = [n for n in FoodBusinessFlow.instance.nodes() if n.name in ("accept", "review", "decide", "deliver")]
    for node in nodes:
        task = Task.objects.create(process_id=case.pk, flow_task=node, flow_task_type="HUMAN", status=STATUS.NEW)
        for other in nodes:
            for verb in ("execute", "assign", "cancel", "detail"):
                url = other.reverse(verb, args=[case.pk, task.pk])
                if other is node:
                    assert client.get(url).status_code != 404, url
                else:
                    assert client.get(url).status_code == 404, url
                    assert client.post(url, {}).status_code == 404, url


def test_a_gate_that_is_put_back_answers_under_its_address(client: Client) -> None:
    """Taking the gate out and putting it in again leaves its pages where they were."""
    client.get("/")  # loads the URLs, which gives the nodes their addresses
    gate = binding_of(FoodBusinessFlow).gate
    before = FoodBusinessFlow.credit_before_decide.reverse("detail", args=[1, 2])
    eject(FoodBusinessFlow)
    inject(FoodBusinessFlow, gate)
    assert FoodBusinessFlow.credit_before_decide.reverse("detail", args=[1, 2]) == before
