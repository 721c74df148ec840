"""How this application's cases look to the credit gate; named in settings only.

The flows and models know nothing of it. An integrator writes a module like this one per system.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.utils import timezone

from approval_hook import deadlines
from approval_hook.policy.case import Authorisation, CaseFacts, Party, Role
from approval_hook.policy.records import CreditRecord, CreditReport, MatchGrade, QueryStatus, Severity
from approval_hook.policy.subjects import (
    Identifier,
    IdentifierType,
    Subject,
    SubjectKind,
    normalised_number,
    organisation,
    person,
    untyped_matching_number,
)
from workflows.fields import keyed_digest
from workflows.models import (
    CasePerson,
    FoodBusinessCase,
    PenaltyDecision,
    PenaltyEvent,
    PenaltyPerson,
    RideHailingDriverCase,
)

if TYPE_CHECKING:
    from approval_hook.ports import Query


def food_facts(case: FoodBusinessCase) -> CaseFacts:
    """Facts of a food business case: the firm, its legal representative, its responsible persons."""
    on = timezone.localdate(case.filed_at)
    firm = organisation(case.firm_name, case.firm_code, on=on, established_on=case.established_on)
    people = tuple(_person_party(p, on) for p in case.persons.order_by("pk"))
    return _facts(case, "food-business", (Party(firm, Role.APPLICANT), *people))


def driver_facts(case: RideHailingDriverCase) -> CaseFacts:
    """Facts of a ride-hailing driver's case: one person."""
    subject = person(
        case.driver_name, case.number, type=IdentifierType(case.document_type), on=timezone.localdate(case.filed_at)
    )
    party = Party(
        subject,
        Role.APPLICANT,
        authorisation=_authorisation(case.consent_no, case.consent_from, case.consent_until),
    )
    return _facts(case, "ride-hailing-driver", (party,))


def _facts(case: FoodBusinessCase | RideHailingDriverCase, matter: str, parties: tuple[Party, ...]) -> CaseFacts:
    return CaseFacts(
        case_no=case.case_no,
        matter=matter,
        organ=case.organ,
        region=case.region,
        filed_at=case.filed_at,
        accepted_at=case.accepted_at,
        parties=parties,
        materials=tuple(sorted(case.materials)),
        due_on=deadlines.decision_due(case.case_no),
    )


def _person_party(row: CasePerson, on: date) -> Party:
    subject = person(row.name, row.number, type=IdentifierType(row.document_type), on=on)
    return Party(
        subject,
        Role(row.role),
        since=row.since,
        until=row.until,
        authorisation=_authorisation(row.consent_no, row.consent_from, row.consent_until),
    )


def _authorisation(number: str, start: date | None, end: date | None) -> Authorisation | None:
    """A consent that was refused or left empty is none."""
    if not number or start is None or end is None:
        return None
    return Authorisation(number, start, end)


def _is_named(subject: Subject, number: str) -> bool:
    """Whether a registered number, whose type is not kept, is one of the subject's."""
    registered = normalised_number(number)
    return any(Identifier(i.type, registered).matching_number == i.matching_number for i in subject.identifiers)


class OwnRegister:
    """The organ's own register of penalties as a source of the gate.

    It is in this database, so it may be asked inside a transaction, and a statutory bar that it
    proves never waits for a platform.
    """

    remote = False

    def __init__(self, name: str) -> None:
        """Keep the configured name."""
        self.name = name

    def query(self, query: Query, *, timeout: float) -> CreditReport:
        """Every decision in force that names the subject by its full number, whichever print of it was registered."""
        asked_at = timezone.now()
        status, reason, records = QueryStatus.OK, "", self._records(query.subject)
        if query.subject.primary is None:
            status, reason = QueryStatus.REJECTED, "unidentified"
        return CreditReport(
            party=query.party,
            source=self.name,
            status=status,
            asked_at=asked_at,
            answered_at=timezone.now(),
            records=records,
            reason=reason,
        )

    def _records(self, subject: Subject) -> tuple[CreditRecord, ...]:
        if subject.kind is SubjectKind.ORGANISATION:
            codes = [i.number for i in subject.identifiers]
            rows = PenaltyDecision.objects.filter(unit_code__in=codes, revoked=False)
            return tuple(self._record(row, "") for row in rows.order_by("pk"))
        people = PenaltyPerson.objects.filter(
            number_digest__in=[keyed_digest(untyped_matching_number(i.number)) for i in subject.identifiers],
            decision__revoked=False,
        ).select_related("decision")
        return tuple(self._record(p.decision, p.role) for p in people.order_by("pk") if _is_named(subject, p.number))

    def _record(self, row: PenaltyDecision, role: str) -> CreditRecord:
        return CreditRecord(
            record_id=f"penalty-{row.pk}",
            source=self.name,
            list_type="penalty",
            severity=Severity.GENERAL,
            title=str(PenaltyEvent(row.event).label),
            decided_on=row.decided_on,
            decided_by=row.decided_by,
            document_no=row.document_no,
            match=MatchGrade.EXACT,
            event=row.event,
            domain=row.domain,
            role_then=role,
        )
