"""Filing a case: one way in for the page, for online applications and for imports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.utils import timezone

from workflows.models import CaseNumberSequence, LicenceCase, Source

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Filing:
    """Where, how and when an application came in."""

    organ: str  # name of the receiving organ
    region: str  # 6-digit region code of the organ
    source: Source
    filed_at: datetime  # aware

    def stamp(self, case: LicenceCase) -> None:
        """Give the case its number, organ, source and time."""
        case.case_no = CaseNumberSequence.next_case_no(self.region, timezone.localdate(self.filed_at))
        case.organ = self.organ
        case.region = self.region
        case.source = self.source
        case.filed_at = self.filed_at


class Intake(Protocol):
    """An application form with its data: checks itself, then fills a case."""

    def is_valid(self) -> bool:
        """Whether every field holds what it must."""
        ...

    def problems(self) -> dict[str, list[str]]:
        """Every problem by field, in Chinese; empty when valid."""
        ...

    def save_to(self, case: Any, filing: Filing) -> LicenceCase:
        """Save the case and its people; only after ``is_valid``."""
        ...


class FilingInvalid(Exception):
    """The application has field errors; nothing was saved."""

    def __init__(self, problems: dict[str, list[str]]) -> None:
        """Keep the problems by field, in Chinese."""
        self.problems = problems
        super().__init__("; ".join(f"{field}: {' '.join(texts)}" for field, texts in problems.items()))


def file_case(
    flow_class: Any,
    data: Mapping[str, Any],
    *,
    organ: str,
    region: str,
    source: Source = Source.ONLINE,
    filed_at: datetime | None = None,
) -> Any:
    """File an application from code, checked exactly as the page checks it.

    Args:
        flow_class: a licensing flow, e.g. ``FoodBusinessFlow``.
        data: field name -> text as typed; dates as ``YYYY-MM-DD``, ``materials`` a list of
            codes, ``persons`` (firms only) a list of such mappings.
        organ: name of the receiving organ.
        region: its 6-digit region code.
        source: how the application came in.
        filed_at: aware time of filing, not in the future; None means now.

    Returns:
        The case, saved, with its first tasks open.

    Raises:
        FilingInvalid: show the problems to the applicant; nothing was saved.
        ValueError: ``filed_at`` is naive or in the future.
    """
    now = timezone.now()
    moment = filed_at or now
    if timezone.is_naive(moment) or moment > now:
        raise ValueError("filed_at must be an aware time that is not in the future")
    intake = flow_class.intake_class.from_mapping(data, on=timezone.localdate(moment))
    if not intake.is_valid():
        raise FilingInvalid(intake.problems())
    with transaction.atomic():
        return flow_class.start_by_code.run(intake=intake, filing=Filing(organ, region, source, moment))
