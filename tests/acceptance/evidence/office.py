"""A small licensing office: officers who work through the real pages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook import gate
from approval_hook.hosts.viewflow.injection import binding_of
from approval_hook.models import CreditDecision, Hold, Inquiry, Recheck
from tests.acceptance.evidence.people import ORGAN, REGION, posted
from workflows.filing import file_case
from workflows.flows import FoodBusinessFlow, RideHailingDriverFlow
from workflows.groups import CLERKS, DECIDERS, MANAGERS
from workflows.models import Officer

#: The form of each step, filled in the usual way.
FORMS: dict[str, dict[str, Any]] = {
    "accept": {},
    "review": {"review_opinion": "材料齐全，符合法定条件。"},
    "decide": {"decision": "granted", "decision_reason": "符合法定条件，准予许可。"},
    "deliver": {"way": "直接送达", "receiver": "示例收件人"},
}
REFUSAL = {
    "decision": "refused",
    "decision_reason": "依照食品安全法第一百三十五条，五年内不得申请，经陈述申辩后决定不予许可。",
    "remedy_told": "on",
}
#: What ``Office.settle`` answers when the action was accepted.
SETTLED = "settled"
DOER = {"accept": "clerk", "review": "clerk", "decide": "head", "deliver": "clerk"}


@dataclass(frozen=True)
class Office:
    """The officers by name and their browsers."""

    browsers: dict[str, Client]

    @classmethod
    def open(cls) -> Office:
        """Hire whoever is missing and sign everybody in."""
        # Viewflow knows the addresses of its nodes only once the URLs are loaded.
        import_module(settings.ROOT_URLCONF)
        staff = {"clerk": CLERKS, "clerk2": CLERKS, "head": DECIDERS, "head2": DECIDERS, "manager": MANAGERS}
        browsers = {}
        for name, group in staff.items():
            user, created = get_user_model().objects.get_or_create(username=name)
            if created:
                user.groups.add(Group.objects.get(name=group))
                Officer.objects.create(
                    user=user, organ=ORGAN, region=REGION, matters=["food-business", "ride-hailing-driver"]
                )
            browsers[name] = Client()
            browsers[name].force_login(user)
        return cls(browsers)

    def user(self, name: str) -> Any:
        """The account of one officer."""
        return get_user_model().objects.get(username=name)

    def file(self, filing: dict[str, Any]) -> Any:
        """File an application from code, as the online channel does."""
        flow_class = FoodBusinessFlow if "firm_code" in filing else RideHailingDriverFlow
        return fresh(file_case(flow_class, filing, organ=ORGAN, region=REGION))

    def post(self, filing: dict[str, Any]) -> Any:
        """Post an application at the window; returns the answer."""
        flow_class = FoodBusinessFlow if "firm_code" in filing else RideHailingDriverFlow
        return self.browsers["clerk"].post(flow_class.start.reverse("execute"), posted(filing))

    def file_at_window(self, filing: dict[str, Any]) -> Any:
        """File at the window and give the new case."""
        answer = self.post(filing)
        assert answer.status_code == 302, answer.content.decode()
        model = (FoodBusinessFlow if "firm_code" in filing else RideHailingDriverFlow).process_class
        return model._default_manager.latest("pk")

    def claim(self, case: Any, node: str, who: str = "") -> Task:
        """Claim an open step."""
        task = open_task(case, node)
        if task.status == STATUS.NEW:
            url = reverse("clerk:claim", args=[case.pk, task.pk])
            self.browsers[who or DOER[node]].post(url)
        return task

    def do(self, case: Any, node: str, form: dict[str, Any] | None = None, who: str = "") -> Any:
        """Claim a step and send its form; returns the answer."""
        task = self.claim(case, node, who)
        data = dict(FORMS[node] if form is None else form)
        if node == "accept" and form is None:
            data["materials"] = fresh(case).materials
        return self.browsers[who or DOER[node]].post(task.reverse("execute"), data)

    def settle(self, case: Any, action: str, who: str = "head", reason: str = "经核实，理由见附件。") -> str:
        """Do one of the panel's actions; returns ``SETTLED``, or the refusal that the officer reads."""
        answer = self.browsers[who].post(
            reverse("clerk:credit-settle", args=[case.pk]), {"action": action, "reason": reason, "evidence": "附件1"}
        )
        if answer.status_code in (403, 422):
            return str(answer.context["sent"].error)
        page = self.browsers[who].get(answer["Location"])
        # Earlier steps leave messages of their own; the newest is about this one.
        message = str(list(page.context["messages"])[-1])
        return SETTLED if message.startswith(("已登记", "已处理")) else message

    def page(self, case: Any, who: str = "clerk") -> str:
        """The case page as the officer sees it."""
        return str(self.browsers[who].get(reverse("clerk:case", args=[case.pk])).content.decode())


def fresh(case: Any) -> Any:
    """The case as the database has it now."""
    return type(case)._default_manager.get(pk=case.pk)


def task_of(case: Any, node: str) -> Task | None:
    """The newest task of a node."""
    tasks = Task.objects.filter(process_id=case.pk).order_by("-pk")
    return next((t for t in tasks if t.flow_task is not None and t.flow_task.name == node), None)


def open_task(case: Any, node: str) -> Task:
    """The open task of a node; fails when there is none."""
    task = task_of(case, node)
    assert task is not None, f"no task {node}: {statuses(case)}"
    return task


def statuses(case: Any) -> dict[str, str]:
    """Status of the newest task per node."""
    return {t.flow_task.name: t.status for t in Task.objects.filter(process_id=case.pk).order_by("pk") if t.flow_task}


def key_of(case: Any) -> str:
    """Key of a case in the evidence."""
    return binding_of(case.flow_class).host_key(case.pk)


def opinion(case: Any) -> CreditDecision:
    """The record in force."""
    found = gate.in_force(key_of(case))
    assert found is not None
    return found


def inquiries(case: Any) -> list[Inquiry]:
    """Every inquiry about a case, oldest first."""
    return list(Inquiry.objects.filter(host_key=key_of(case)).order_by("made_at", "round"))


def hold(case: Any) -> Hold | None:
    """The open hold of a case."""
    return Hold.objects.filter(host_key=key_of(case), released_at=None).first()


def recheck(case: Any) -> Recheck | None:
    """The re-check owed or paid for a case."""
    return Recheck.objects.filter(host_key=key_of(case)).first()
