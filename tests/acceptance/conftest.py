"""Fixtures of the acceptance tests: the real flows, the real gateway adapter, simulators as processes of their own.

``province`` is the required platform, ``creditchina`` a second, advisory one; ``wired`` puts both into the
settings. ``office`` holds the officers. Tests that use ``wired`` commit for real (``transaction=True``),
because a remote platform is never asked inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from approval_hook import clock
from tests.contract.conftest import RunningSimulator, start_simulator

#: Gate and adapter share one clock, which tests move by weeks; the platforms' clocks stay where they are.
TOLERANCE_SECONDS = 400 * 24 * 3600.0


@dataclass
class World:
    """The platforms as the gate is configured to ask them."""

    province: RunningSimulator
    creditchina: RunningSimulator

    def asked(self) -> list[dict[str, Any]]:
        """The required platform's ledger."""
        return self.province.control.ledger()


def platform_settings(base_url: str, **options: Any) -> dict[str, Any]:
    """One entry of PLATFORMS for a simulator."""
    return {
        "BACKEND": "adapters.gateway.GatewayPlatform",
        "OPTIONS": {
            "base_url": base_url,
            "paasid": "approval-hook",
            "token_secret": "CREDIT_PLATFORM_TOKEN",
            "clock": clock.now,
            "clock_tolerance": TOLERANCE_SECONDS,
            **options,
        },
    }


@pytest.fixture(scope="session")
def _processes() -> Iterator[tuple[RunningSimulator, RunningSimulator]]:
    pair = (
        start_simulator("--token-env", "CREDIT_PLATFORM_TOKEN"),
        start_simulator("--token-env", "CREDIT_PLATFORM_TOKEN"),
    )
    yield pair
    for running in pair:
        running.end()


@pytest.fixture
def wire(settings: Any) -> Callable[..., None]:
    """Put platforms into the settings: name -> address. A new dict each time: settings are cached by identity."""

    def into(seconds: float = 2.0, **addresses: str) -> None:
        real = settings.APPROVAL_HOOK
        entries = {name: platform_settings(url) for name, url in addresses.items()}
        settings.APPROVAL_HOOK = {
            **real,
            "PLATFORMS": {**real["PLATFORMS"], **entries},
            "INTERACTIVE_SECONDS": seconds,
        }

    return into


@pytest.fixture
def wired(
    _processes: tuple[RunningSimulator, RunningSimulator], wire: Callable[..., None], transactional_db: None
) -> World:
    """Both simulators, empty and well-behaved, in the settings."""
    world = World(*_processes)
    world.province.control.reset()
    world.creditchina.control.reset()
    wire(province=world.province.url, creditchina=world.creditchina.url)
    return world


@pytest.fixture
def office(transactional_db: None) -> Any:
    """The officers of one organ, signed in."""
    from tests.acceptance.evidence.office import Office

    return Office.open()


@pytest.fixture
def later() -> Callable[[float], Any]:
    """Let the gate take a moment some days from now for the present."""

    def at(days: float) -> Any:
        return clock.standing_at(clock.now() + timedelta(days=days))

    return at


@pytest.fixture
def on_day() -> Callable[[Any], Any]:
    """Let the gate take ten o'clock in China on a calendar day for the present."""

    def at(day: Any) -> Any:
        return clock.standing_at(datetime(day.year, day.month, day.day, 10, tzinfo=clock.CHINA))

    return at
