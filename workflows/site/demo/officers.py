"""The demonstration's officers and the data of their organs."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from workflows.groups import CLERKS, DECIDERS, MANAGERS, RULE_AUTHORS, RULE_PUBLISHERS
from workflows.models import ApplicantAccount, Mandate, Officer, PenaltyDecision, PenaltyPerson, RegisteredUnit
from workflows.site.demo.cases import Who
from workflows.site.demo.cast import Drawn


@dataclass(frozen=True, slots=True)
class Organ:
    """One licensing organ."""

    key: str  # prefix of its logins
    name: str
    region: str  # 6 digits


ORGANS = {
    "food-business": Organ("food", "示例市示例区市场监督管理局", "440104"),
    "ride-hailing-driver": Organ("driver", "示例市交通运输局", "440100"),
}

#: Duty -> end of the login, name and group.
_DUTIES = {
    "clerk": ("clerk", "示例经办甲", CLERKS),
    "second_clerk": ("clerk2", "示例经办乙", CLERKS),
    "head": ("head", "示例负责人甲", DECIDERS),
    "second_head": ("head2", "示例负责人乙", DECIDERS),  # an emergency release and a strict review need two
    "manager": ("manager", "示例管理员", MANAGERS),
}

#: Policy staff: login -> name and group. They belong to no licensing organ.
POLICY_STAFF = {"rules-author": ("示例起草人", RULE_AUTHORS), "rules-publisher": ("示例发布人", RULE_PUBLISHERS)}


@dataclass(frozen=True, slots=True)
class Login:
    """How one officer signs in."""

    username: str
    organ: Organ
    duty: str
    title: str  # group, in Chinese


def create_officers() -> tuple[dict[tuple[str, str], Login], str]:
    """Create every officer of both organs, and the policy staff.

    Returns:
        Logins by (matter, duty), and the password they share, drawn anew for every run.
    """
    password = f"demo-{secrets.token_hex(4)}"
    # Hashing is slow by design; one password for all is hashed once.
    hashed = make_password(password)
    groups = {group.name: group for group in Group.objects.all()}
    logins: dict[tuple[str, str], Login] = {}
    with transaction.atomic():
        for username, (name, group) in POLICY_STAFF.items():
            user = User.objects.create(username=username, first_name=name, password=hashed)
            user.groups.add(groups[group])
        for matter, organ in ORGANS.items():
            for duty, (ending, name, group) in _DUTIES.items():
                user = User.objects.create(username=f"{organ.key}-{ending}", first_name=name, password=hashed)
                user.groups.add(groups[group])
                Officer.objects.create(user=user, organ=organ.name, region=organ.region, matters=[matter])
                logins[matter, duty] = Login(user.username, organ, duty, group)
    return logins, password


#: Login of the representative of the firm that promised something.
APPLICANT = "applicant"


def create_applicant(cast: Iterable[Drawn], password: str) -> None:
    """An account for the representative of the one firm that promised something, if there is one."""
    drawn = next((d for d in cast if d.spec.promised), None)
    if drawn is None:
        return
    person = drawn.actor(Who.REPRESENTATIVE)
    with transaction.atomic():
        user = User.objects.create(username=APPLICANT, first_name=person.name, password=make_password(password))
        account = ApplicantAccount.objects.create(
            user=user,
            name=person.name,
            number=person.number,
            level=ApplicantAccount.Level.WINDOW,
            verified_at=timezone.now(),
        )
        Mandate.objects.create(
            account=account,
            firm_code=drawn.applicant.number,
            capacity=Mandate.Capacity.REPRESENTATIVE,
            valid_from=drawn.established_on or timezone.localdate(),
        )


def fill_registers(cast: Iterable[Drawn]) -> None:
    """Enter the firms as registered units, and the decisions of the organ's own register."""
    with transaction.atomic():
        for drawn in cast:
            if drawn.established_on is not None:
                RegisteredUnit.objects.create(
                    code=drawn.applicant.number,
                    name=drawn.applicant.name,
                    legal_representative=drawn.actor(Who.REPRESENTATIVE).name,
                    established_on=drawn.established_on,
                )
            _enter_decisions(drawn)


def _enter_decisions(drawn: Drawn) -> None:
    for row in drawn.own_decisions:
        firm = row.actor.kind == "organisation"
        decision = PenaltyDecision.objects.create(
            document_no=row.document_no,
            decided_on=row.decided_on,
            decided_by=ORGANS[drawn.spec.matter].name,
            event=row.event,
            domain=row.domain,
            unit_code=row.actor.number if firm else "",
            unit_name=row.actor.name if firm else "",
        )
        if not firm:
            PenaltyPerson.objects.create(decision=decision, role=row.role, name=row.actor.name, number=row.actor.number)
