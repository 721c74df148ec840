"""The stock host as a process of its own: ``python -m tests.flows.stock_host gated|removed``, prints JSON.

``gated`` migrates, and leaves one case held at its gate and one decided. ``removed``, started without ``GATED``, does
what an office does after it took the flow out of the settings, and says what it saw at each step.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from typing import Any

import django


def main(command: str) -> None:
    """Run one command."""
    django.setup()
    from importlib import import_module

    from django.test.utils import setup_test_environment

    import_module("tests.flows.stock_urls")
    setup_test_environment()
    sys.stdout.write(json.dumps({"gated": gated, "removed": removed}[command]()) + "\n")


def gated() -> dict[str, Any]:
    """Cases from the time when the flow had its gate."""
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from viewflow.workflow.models import Task

    from tests.flows.facts import firm_data
    from tests.flows.flows import HumanFlow
    from tests.flows.many import add_cases

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_superuser("root")
    process = HumanFlow.start_by_code.run(data=firm_data())
    review = HumanFlow.review.activation_class(Task.objects.get(process=process, status="NEW"))
    with HumanFlow.lock(process.pk):
        review.assign(user)
        review.start(None)
        review.execute()
    (passed,) = add_cases(HumanFlow, 1, [("review", "DONE"), ("credit_before_decide", "DONE"), ("decide", "NEW")])
    return {"held": process.pk, "passed": passed, "tasks": tasks(process.pk)}


def removed() -> dict[str, Any]:
    """What pages, checks and the runner do without the flow in the settings."""
    from django.core.management import call_command
    from viewflow.workflow.models import Process

    from approval_hook.hosts.viewflow.tending import tend
    from approval_hook.models import Hold, LateCheck

    held, passed = Process.objects.order_by("pk").values_list("pk", flat=True)
    seen: dict[str, Any] = {"checks": checks(), "pages": broken_pages()}
    seen["before_migrate"] = [tend().retired, tasks(held)]
    call_command("migrate", verbosity=0)
    seen["checks_after_migrate"] = checks()
    tally = tend()
    seen["after_migrate"] = [tally.retired, tally.failed, tasks(held)]
    seen["again"] = tend().retired
    seen["late"] = list(LateCheck.objects.values_list("host_key", "where", "done_at"))
    seen["open_holds"] = Hold.objects.filter(released_at=None).count()
    seen["pages_after"] = broken_pages()
    seen["checks_at_the_end"] = checks()
    seen["decided"] = [decide(pk) for pk in (held, passed)]
    return seen


def tasks(process_pk: int) -> dict[str, str]:
    """Status of the newest task per node name, as stored."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT flow_task, status FROM viewflow_task WHERE process_id = %s ORDER BY id", [process_pk])
        return {str(ref).rpartition(".")[2]: str(status) for ref, status in cursor.fetchall()}


def checks() -> list[str]:
    """Ids of the start-up checks that say something."""
    from approval_hook.checks import check_database, check_flows

    found = [*check_flows(None), *check_database(None, databases=["default"])]
    return sorted({str(message.id).removeprefix("approval_hook.") for message in found})


def broken_pages() -> list[str]:
    """Every page of the site that answers with an error or raises, for every task of every case."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import get_resolver
    from viewflow.workflow.models import Task

    browser = Client()
    browser.force_login(get_user_model().objects.get())
    broken = []
    for pattern in _patterns(get_resolver()):
        if re.search(r"accounts|cancel|undo|revive|assign|execute|\^", pattern):
            continue
        for task in Task.objects.all():
            node = re.search(r"<int:process_pk>/(\w+)/<int:task_pk>", pattern)
            if node and node[1] != task.flow_task.name:
                continue
            address = pattern.replace("<int:process_pk>", str(task.process_id)).replace("<int:task_pk>", str(task.pk))
            try:
                status = browser.get("/" + address, follow=True).status_code if "<" not in address else 200
            except Exception as error:  # noqa: BLE001 - a page that raises is what is looked for
                broken.append(f"{address}: {type(error).__name__}")
                continue
            if status != 200:
                broken.append(f"{address}: {status}")
    return broken


def _patterns(resolver: Any, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from _patterns(entry, path)
        else:
            yield path


def decide(process_pk: int) -> str:
    """Take the decision on its page; gives the status of the case."""
    from django.contrib.auth import get_user_model
    from django.test import Client
    from viewflow.workflow.models import Process, Task

    from tests.flows.flows import HumanFlow

    browser = Client()
    browser.force_login(get_user_model().objects.get())
    task = Task.objects.get(process_id=process_pk, flow_task=HumanFlow.decide)
    browser.post(task.reverse("assign"))
    browser.post(task.reverse("execute"), {"_viewflow_activation-started": "2026-01-01 00:00"})
    return str(Process.objects.get(pk=process_pk).status)


if __name__ == "__main__":
    main(sys.argv[1])
