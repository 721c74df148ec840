"""``manage.py check_platforms``: each source is tested, nobody is asked about, and one that fails is named."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from adapters.simulator import FaultKind, Simulator
from approval_hook import clock, probing
from approval_hook.models import SourceDay
from approval_hook.ports import Probe

pytestmark = pytest.mark.django_db


class Fake:
    """A remote source whose probe gives or raises what it was made with."""

    remote = True

    def __init__(self, name: str, found: Any) -> None:
        """Keep it."""
        self.name, self.found = name, found

    def query(self, query: Any, *, timeout: float) -> Any:
        """Never asked."""
        raise AssertionError

    def probe(self, *, timeout: float) -> Probe:
        """As made."""
        if isinstance(self.found, Exception):
            raise self.found
        return self.found  # type: ignore[no-any-return] # a Probe


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A simulator whose token the settings name."""
    with Simulator() as running:
        monkeypatch.setenv("CHECKED_TOKEN", running.token)
        yield running


def gateway(url: str, **options: str) -> dict[str, Any]:
    """One entry of PLATFORMS for a gateway."""
    needed = {"base_url": url, "paasid": "approval-hook", "token_secret": "CHECKED_TOKEN"}
    return {"BACKEND": "adapters.gateway.GatewayPlatform", "OPTIONS": needed | options}


def fake(found: Any, **limits: Any) -> dict[str, Any]:
    """One entry of PLATFORMS for a fake."""
    entry = {"BACKEND": f"{__name__}.Fake", "OPTIONS": {"found": found}}
    return entry | ({"LIMITS": limits} if limits else {})


@pytest.fixture
def check(settings: Any) -> Any:
    """Run the command on some sources; returns what it printed and its exit code."""

    def run(*arguments: str, **sources: dict[str, Any]) -> tuple[str, int]:
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "PLATFORMS": sources}
        out = StringIO()
        try:
            call_command("check_platforms", *arguments, stdout=out)
        except CommandError as error:
            return out.getvalue(), error.returncode
        return out.getvalue(), 0

    return run


def found(check: Any, **sources: dict[str, Any]) -> dict[str, Any]:
    """The one source as JSON, whose verdict agrees with the exit code."""
    text, code = check("--json", **sources)
    (health,) = json.loads(text)
    assert code == int(not health["ok"]) == int(bool(health["faults"]))
    return dict(health)


def test_source_that_works_is_fine_and_nobody_is_asked_about(simulator: Simulator, check: Any) -> None:
    """Reached, credentials accepted, clocks agree; the platform's ledger stays empty."""
    health = found(check, province=gateway(simulator.url))
    assert (health["ok"], health["probed"], health["problem"]) == (True, True, None)
    assert abs(health["clock_skew_seconds"]) < 5
    control = simulator.control()
    assert control.ledger() == []
    control.close()


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        (FaultKind.RESET, ["unreachable"]),
        (FaultKind.BUSY, ["unreachable"]),
        (FaultKind.HTTP_401, ["refused"]),
        (FaultKind.LOGIN_PAGE, ["reply-invalid"]),
        (FaultKind.CLOCK_SKEW, ["clock"]),
    ],
)
def test_connection_that_fails_is_named(simulator: Simulator, check: Any, kind: FaultKind, faults: list[str]) -> None:
    """What went wrong at the other side has a word each."""
    control = simulator.control()
    control.fault(kind, seconds=120.0)
    assert found(check, province=gateway(simulator.url))["faults"] == faults
    control.close()


def test_settings_that_are_wrong_are_named_and_the_other_sources_still_tested(simulator: Simulator, check: Any) -> None:
    """A missing secret, an unknown option, a backend that is not there: each with its text and without a secret."""
    text, code = check(
        "--json",
        no_secret=gateway(simulator.url, token_secret="CHECKED_NOWHERE"),
        typo=gateway(simulator.url, speed="1"),
        nowhere={"BACKEND": "adapters.nowhere.Platform"},
        province=gateway(simulator.url),
    )
    assert code == 1
    assert [h["faults"] for h in json.loads(text)] == [["settings"]] * 3 + [[]]
    assert "CHECKED_NOWHERE" in text
    assert simulator.token not in text


def test_certificate_that_ends_within_a_fortnight_is_a_fault(check: Any) -> None:
    """While there is time to renew it."""
    soon, later = (Probe(None, clock.now() + timedelta(days=days)) for days in (13, 15))
    assert found(check, a=fake(soon))["faults"] == ["certificate"]
    assert found(check, a=fake(later))["ok"]


def test_adapter_that_breaks_is_named_by_its_error_alone(check: Any) -> None:
    """What an adapter raises may carry anything, so only its type is shown."""
    health = found(check, a=fake(ValueError("44010419850304123X")))
    assert (health["faults"], health["problem"]) == (["adapter"], "ValueError")


def test_source_without_probe_is_not_probed_and_no_fault(settings: Any, credit: Any, check: Any) -> None:
    """An adapter need not offer it; the table says so instead of calling the source fine."""
    scripted = {"province": settings.APPROVAL_HOOK["PLATFORMS"]["province"]}
    health = found(check, **scripted)
    assert (health["ok"], health["probed"]) == (True, False)
    text, code = check(**scripted)
    assert (text.splitlines()[1].split()[-1], code) == ("未探测", 0)


def test_quota_breaker_and_maintenance_are_shown(check: Any) -> None:
    """From the row of the day; a used-up quota is a fault, an open breaker and a maintenance window are states."""
    now = clock.now()
    day = {"source": "a", "day": clock.china_date(now)}
    row = SourceDay.objects.create(**day, leased=40, openings=3, opened_at=now - timedelta(seconds=10))
    limits = {"PER_DAY": 100, "BREAKER": {"FAILURES": 5, "SECONDS": 600}}
    health = found(check, a=fake(Probe(), **limits))
    assert (health["ok"], health["quota_left"], health["breaker_openings_today"]) == (True, 60, 3)
    assert "熔断中，今日 3 次" in check(a=fake(Probe(), **limits))[0]
    row.leased, row.opened_at = 101, now - timedelta(hours=1)
    row.save()
    health = found(check, a=fake(Probe(), **limits))
    assert (health["faults"], health["quota_left"]) == (["quota"], 0)
    assert "熔断中" not in check(a=fake(Probe(), **limits))[0]
    always = {"MAINTENANCE": [("Mon 00:00", "Thu 00:00"), ("Thu 00:00", "Mon 00:00")]}
    health = found(check, a=fake(ValueError(), **always))
    assert (health["ok"], health["probed"], health["in_maintenance"]) == (True, False, True)


def test_database_that_cannot_be_read_is_a_fault_of_sources_that_count(
    check: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is tested all the same; what is used up is unknown, and not called plenty."""

    def down(**kwargs: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(probing.SourceDay.objects, "filter", down)
    assert found(check, a=fake(Probe(), PER_DAY=5))["faults"] == ["database"]
    assert found(check, a=fake(Probe()))["ok"]


def test_table_is_aligned_and_says_in_chinese_what_is_wrong(check: Any) -> None:
    """One row per source under one heading, then one line per fault; the exit code says that there is one."""
    text, code = check(good=fake(Probe(clock.now())), bad=gateway("http://127.0.0.1:9", token_secret="CHECKED_NOWHERE"))
    heading, good, bad, fault = text.splitlines()
    assert heading.split()[0::9] == ["来源", "结论"]
    assert (good.split()[-1], bad.split()[-1], code) == ("正常", "不正常", 1)
    assert fault.startswith("  bad：设置有误或缺少密钥（The secret CHECKED_NOWHERE is set neither")
    places = [_columns(line[: line.rindex(line.split()[-1])]) for line in (heading, good, bad)]
    assert len(set(places)) == 1


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def test_settings_that_cannot_be_read_at_all(settings: Any) -> None:
    """A misshapen dict is one clear message."""
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "COLOUR": 1}
    with pytest.raises(CommandError, match=r"系统设置有误：.*COLOUR"):
        call_command("check_platforms")
