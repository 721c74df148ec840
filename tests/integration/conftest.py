"""Inject the gate into the test flows for one test at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def inject() -> Iterator[Callable[..., Any]]:
    """Inject a gate into flow classes; taken out again, and the triggers with it, after the test."""
    from approval_hook import Gate, triggers
    from approval_hook.hosts.viewflow.injection import eject
    from approval_hook.hosts.viewflow.injection import inject as put
    from tests.flows.facts import facts_of
    from tests.flows.flows import ran

    done = []
    ran.clear()

    def into(
        flow_class: Any, protects: tuple[str, ...] = ("decide",), accepts: tuple[str, ...] = (), **more: Any
    ) -> Any:
        binding = put(flow_class, Gate("food-business", facts_of, protects, accepts, **more))
        done.append(flow_class)
        triggers.install()
        return binding

    yield into
    for flow_class in done:
        eject(flow_class)
    ran.clear()


@pytest.fixture
def defaulter() -> Any:
    """A serious record without a licensing measure, as a court's list would hold it."""
    from datetime import date

    from approval_hook.policy.records import CreditRecord, Severity

    return CreditRecord(
        record_id="SX-1",
        source="province",
        list_type="court_defaulter",
        severity=Severity.SERIOUS,
        title="失信被执行人",
        decided_on=date(2026, 3, 2),
        decided_by="示例市中级人民法院",
        document_no="（2026）示执1号",
        category="C3-01",
    )
