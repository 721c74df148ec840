"""Fixtures of the whole suite. ``credit`` is the usual way in: a scripted platform beside the real rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

#: Runs for minutes by itself, so the other worker must have something left to do.
_FIRST = "test_suite_on_postgres.py"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest; the order of everything else stays."""
    items.sort(key=lambda item: item.path.name != _FIRST)


@pytest.fixture(autouse=True, scope="session")
def _flushable_evidence() -> Iterator[None]:
    """Transactional tests flush the database at their end; append-only triggers must stand aside just then."""
    from django.test import TransactionTestCase

    from approval_hook.testing import lifted_triggers

    original = TransactionTestCase._fixture_teardown

    def teardown(self: Any) -> None:
        with lifted_triggers():
            original(self)

    TransactionTestCase._fixture_teardown = teardown
    yield
    TransactionTestCase._fixture_teardown = original


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    """What a process remembers of the database does not outlive the test's database."""
    yield
    from django.apps import apps

    if apps.ready:
        from approval_hook import keeping

        keeping.forget()


@pytest.fixture
def credit(settings: Any) -> Any:
    """Answer every credit query from a script, inside the transaction; returns the script."""
    return _script(settings, remote=False)


@pytest.fixture
def remote_credit(settings: Any) -> Any:
    """The same as a remote platform: asked only after the commit."""
    return _script(settings, remote=True)


def _script(settings: Any, *, remote: bool) -> Any:
    from approval_hook.testing import Script

    script = Script()
    real = settings.APPROVAL_HOOK
    scripted = {
        "BACKEND": "approval_hook.testing.ScriptedPlatform",
        "OPTIONS": {"script": script, "remote": remote},
    }
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {**real["PLATFORMS"], "province": scripted}}
    return script
