"""What the flows of the catalogue are built of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from viewflow.workflow import flow
from viewflow.workflow.flow import views


def receive(activation: Any, applicant: dict[str, Any] | None = None, **answers: Any) -> Any:
    """Start a case with what the applicant handed in."""
    activation.process.data = {**(applicant or {}), **answers}
    return activation.process


def take(activation: Any, **answers: Any) -> Any:
    """Keep the answers of a step."""
    process = activation.process
    process.data |= answers
    process.save(update_fields=["data"])
    return process


def count(key: str) -> Callable[[Any], None]:
    """A body that counts how often it ran, in the data of its case."""

    def body(activation: Any) -> None:
        process = activation.process
        process.data[key] = process.data.get(key, 0) + 1
        process.save(update_fields=["data"])

    return body


def says(key: str, default: Any = False) -> Callable[[Any], Any]:
    """A condition on the data of the case."""
    return lambda activation: activation.process.data.get(key, default)


def intake() -> Any:
    """Start by code."""
    return flow.StartHandle(receive).Annotation(title="收件")


def step(title: str) -> Any:
    """A step that another program finishes."""
    return flow.Handle(take).Annotation(title=title)


def page(title: str) -> Any:
    """A step that an officer finishes on a page."""
    return flow.View(views.UpdateProcessView.as_view(fields=[])).Annotation(title=title)


def work(title: str, key: str) -> Any:
    """An automatic step that leaves a trace in the data of the case."""
    return flow.Function(count(key)).Annotation(title=title)
