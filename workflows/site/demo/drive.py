"""Drives one case through the officers' pages, as far as it is meant to go and the gate lets it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from workflows import materials
from workflows.site.demo.browser import Browser, PageRefused, path_of, shown_errors
from workflows.site.demo.cases import Stage, Who
from workflows.site.demo.cast import Actor, Drawn
from workflows.site.demo.officers import APPLICANT, Login

_FLOWS = {"food-business": "foodbusiness", "ride-hailing-driver": "ridehailingdriver"}
_CASE = re.compile(r"/cases/(\d+)/")
_CLAIM = re.compile(r"/cases/\d+/claim/\d+/")
_UNTIL = re.compile(r'name="supply_until" value="([0-9-]{10})"')
_NUMBER = re.compile(r'class="mono dim">([0-9-]+)</span>')
_HIDDEN = re.compile(r'<input type="hidden" name="(promise|version|digest)" value="([^"]*)">')
_NEW = re.compile(r'href="(/flows/[^"]*/start/[^"]*)"')

_REFUSAL = (
    "经审查，本案存在食品安全法第一百三十五条规定的五年内不得申请的情形，决定不予许可。"
    "不服本决定的，可以在六十日内申请行政复议，或者在六个月内提起行政诉讼。"
)

#: How far each stage goes: steps in order after filing.
_STEPS = {
    Stage.FILED: (),
    Stage.ACCEPTED: ("accept",),
    Stage.REVIEWED: ("accept", "review"),
    Stage.HELD: ("accept", "review"),
    Stage.DECIDED: ("accept", "review", "decide"),
    Stage.REFUSED: ("accept", "review", "decide"),
    Stage.DELIVERED: ("accept", "review", "decide", "deliver"),
}
_BY = {"accept": "clerk", "review": "second_clerk", "decide": "head", "deliver": "clerk"}


@dataclass(frozen=True, slots=True)
class Driven:
    """Where a case came to."""

    process_pk: int
    stage: Stage


class Driver:
    """Drives cases with one browser per officer, kept open between cases; for one thread."""

    def __init__(self, address: str, logins: Mapping[tuple[str, str], Login], password: str, today: date) -> None:
        """Name the server and the officers; nobody signs in yet."""
        self._address = address
        self._logins = logins
        self._password = password
        self._today = today
        self._browsers: dict[str, Browser] = {}
        self._starts: dict[str, str] = {}

    def drive(self, drawn: Drawn) -> Driven:
        """File the case and take its steps.

        Raises:
            PageRefused: a page did not take what was sent; the message says what it showed.
            requests.RequestException: the server does not answer.
        """
        matter, target = drawn.spec.matter, drawn.spec.stage
        pk = self._file(drawn)
        stage = Stage.FILED
        for step in _STEPS[target]:
            if step == "decide":
                self._settle(drawn, pk)
            fields = self._fields(step, drawn)
            if step == "accept" and drawn.spec.promised:
                self._promise(drawn, pk, fields)
            elif not self._take(pk, self._as(matter, _BY[step]), fields):
                return Driven(pk, Stage.HELD if step == "decide" else stage)
            stage = {
                "accept": Stage.ACCEPTED,
                "review": Stage.REVIEWED,
                "decide": Stage.REFUSED if target is Stage.REFUSED else Stage.DECIDED,
                "deliver": Stage.DELIVERED,
            }[step]
        if stage is Stage.REVIEWED:
            self._settle(drawn, pk)
            waits = _CLAIM.search(self._as(matter, "head").get(f"/cases/{pk}/").text)
            stage = Stage.REVIEWED if waits else Stage.HELD
        return Driven(pk, stage)

    def close(self) -> None:
        """Close every browser."""
        for browser in self._browsers.values():
            browser.close()

    def _as(self, matter: str, duty: str) -> Browser:
        username = self._logins[matter, duty].username
        if username not in self._browsers:
            self._browsers[username] = Browser(self._address, username, self._password)
        return self._browsers[username]

    def _file(self, drawn: Drawn) -> int:
        matter = drawn.spec.matter
        clerk = self._as(matter, "clerk")
        if matter not in self._starts:
            page = clerk.get("/work/new/")
            # An organ with one matter is led to its form at once.
            offered = [path_of(page), *_NEW.findall(page.text)]
            start = next((address for address in offered if _FLOWS[matter] in address), None)
            if start is None:
                raise PageRefused(f"{drawn.spec.name}: /work/new/ has no address to file it at")
            self._starts[matter] = start
        page = clerk.post(self._starts[matter], self._application(drawn))
        found = _CASE.fullmatch(path_of(page))
        if found is None:
            raise PageRefused(f"{drawn.spec.name}: {shown_errors(page.text)}")
        return int(found.group(1))

    def _take(self, pk: int, officer: Browser, fields: Mapping[str, Any]) -> bool:
        """Claim the open step and send its form; False when there is none to claim."""
        claim = _CLAIM.search(officer.get(f"/cases/{pk}/").text)
        if claim is None:
            return False
        form = officer.post(claim.group(), {})
        page = officer.post(path_of(form), fields)
        if path_of(page) != f"/cases/{pk}/":
            raise PageRefused(f"{path_of(page)}: {shown_errors(page.text)}")
        return True

    def _promise(self, drawn: Drawn, pk: int, fields: Mapping[str, Any]) -> None:
        """The clerk puts the promise, the applicant signs it in a browser of their own, the clerk accepts."""
        clerk = self._as(drawn.spec.matter, "clerk")
        claim = _CLAIM.search(clerk.get(f"/cases/{pk}/").text)
        if claim is None:
            raise PageRefused(f"{drawn.spec.name}: nothing to accept")
        form = clerk.post(claim.group(), {})
        until = _UNTIL.search(form.text)
        if until is None:
            raise PageRefused(f"{drawn.spec.name}: no day is proposed for the supplement")
        page = clerk.post(path_of(form), {**fields, "supply_until": until[1], "save": "promise"})
        number = _NUMBER.search(page.text)
        applicant = Browser(self._address, APPLICANT, self._password)
        try:
            address = f"/my/{number[1] if number else ''}/promise/"
            hidden = dict(_HIDDEN.findall(applicant.get(address).text))
            applicant.post(address, hidden | {"read": "1", "password": self._password})
        finally:
            applicant.close()
        page = clerk.post(path_of(form), fields)
        if path_of(page) != f"/cases/{pk}/":
            raise PageRefused(f"{path_of(page)}: {shown_errors(page.text)}")

    def _settle(self, drawn: Drawn, pk: int) -> None:
        for act in drawn.spec.settle:
            officer = self._as(drawn.spec.matter, act.by)
            # A case that came out otherwise than expected, as with a stopped platform, has nothing to settle so.
            if f'value="{act.action}"' in officer.get(f"/cases/{pk}/").text:
                officer.post(
                    f"/cases/{pk}/credit/", {"action": act.action, "reason": act.reason, "evidence": "示例核对记录"}
                )

    def _application(self, drawn: Drawn) -> dict[str, Any]:
        if not drawn.spec.is_firm:
            driver = drawn.applicant
            return {
                "driver_name": driver.name,
                "document_type": driver.id_type,
                "number": driver.number,
                "driving_since": drawn.driving_since.isoformat(),
                "materials": _handed_in(drawn),
                **self._consent(drawn),
            }
        firm = drawn.applicant
        data: dict[str, Any] = {
            "firm_name": firm.name,
            "firm_code": firm.number,
            "established_on": f"{drawn.established_on}",
            "premises": drawn.premises,
            "materials": _handed_in(drawn),
            "persons-TOTAL_FORMS": "2",
            "persons-INITIAL_FORMS": "0",
        }
        people = {"legal_representative": Who.REPRESENTATIVE, "food_safety_officer": Who.OFFICER}
        for index, (role, who) in enumerate(people.items()):
            fields = _person_fields(role, drawn.actor(who), drawn.established_on) | self._consent(
                drawn, f"-{index + 1}"
            )
            data |= {f"persons-{index}-{name}": value for name, value in fields.items()}
        return data

    def _consent(self, drawn: Drawn, ending: str = "") -> dict[str, str]:
        if not drawn.consent_no:
            return {}
        return {
            "consent_no": drawn.consent_no + ending,
            "consent_from": self._today.isoformat(),
            "consent_until": (self._today + timedelta(days=180)).isoformat(),
        }

    def _fields(self, step: str, drawn: Drawn) -> dict[str, Any]:
        match step:
            case "accept":
                return {"materials": _handed_in(drawn)}
            case "review":
                return {"review_opinion": "申请材料齐全，逐项核对，符合法定条件。"}
            case "deliver":
                return {"way": "直接送达", "receiver": "示例签收人"}
        if drawn.spec.stage is Stage.REFUSED:
            return {"decision": "refused", "decision_reason": _REFUSAL, "remedy_told": "on"}
        return {"decision": "granted", "decision_reason": "符合法定条件、标准，准予许可。"}


def _handed_in(drawn: Drawn) -> list[str]:
    catalogue = materials.CATALOGUES[drawn.spec.matter]
    return [material.code for material in catalogue if material.code not in drawn.spec.promised]


def _person_fields(role: str, actor: Actor, since: date | None) -> dict[str, str]:
    return {
        "role": role,
        "name": actor.name,
        "document_type": actor.id_type,
        "number": actor.number,
        "since": since.isoformat() if since else "",
    }
