"""The demonstration's cases as data: what each is, what is expected of it, how far it is driven."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from approval_hook.policy.decision import Outcome

CASES_FILE = Path(__file__).resolve().parents[3] / "fixtures" / "demo" / "cases.yaml"

Days = tuple[int, int]  # least and most, both included


class Stage(StrEnum):
    """Where a case is left."""

    FILED = "filed"  # waits for acceptance
    ACCEPTED = "accepted"  # waits for review
    REVIEWED = "reviewed"  # waits for the decision
    HELD = "held"  # the credit gate holds the decision
    DECIDED = "decided"  # granted, waits for delivery
    DELIVERED = "delivered"
    REFUSED = "refused"

    @property
    def shown(self) -> str:
        """The stage in Chinese, as the command names it."""
        return _STAGE_TITLES[self]


_STAGE_TITLES = {
    Stage.FILED: "待受理",
    Stage.ACCEPTED: "待审查",
    Stage.REVIEWED: "待决定",
    Stage.HELD: "待核",
    Stage.DECIDED: "待送达",
    Stage.DELIVERED: "已送达",
    Stage.REFUSED: "不予许可",
}


class Who(StrEnum):
    """A subject of a case."""

    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"
    OFFICER = "officer"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordSpec(_Strict):
    """One row at the simulated platform; codes in the platform's own spelling."""

    subject: Who
    list_types: tuple[str, ...] = Field(min_length=1)
    severity: Literal["1", "2", "3", "4", "9"]
    state: Literal["1", "2", "3", "4", "5"] = "1"
    days_ago: Days
    masked: bool = False


class RegisterSpec(_Strict):
    """One decision in the organ's own register."""

    subject: Who
    event: str
    domain: str
    days_ago: Days
    role: str = ""


class FaultSpec(_Strict):
    """How the platform misbehaves when it is asked about one subject."""

    subject: Who
    kind: str


class SettleSpec(_Strict):
    """One officer's act on the credit opinion."""

    by: Literal["clerk", "second_clerk", "head", "second_head", "manager"]
    action: str
    reason: str = Field(min_length=4)


class CaseSpec(_Strict):
    """One case."""

    name: str
    shows: str
    matter: Literal["food-business", "ride-hailing-driver"]
    outcome: Outcome
    stage: Stage
    firm_age: Days | None = None
    consent: bool = True  # of every person of the case to be queried
    records: tuple[RecordSpec, ...] = ()
    register_: tuple[RegisterSpec, ...] = Field(default=(), alias="register")
    fault: FaultSpec | None = None
    settle: tuple[SettleSpec, ...] = ()
    promised: tuple[str, ...] = ()  # codes of materials that follow on a promise, signed online by the representative

    @property
    def is_firm(self) -> bool:
        """Whether the applicant is a firm."""
        return self.matter == "food-business"

    @model_validator(mode="after")
    def _fits_its_matter(self) -> CaseSpec:
        if self.is_firm != (self.firm_age is not None):
            raise ValueError(f"{self.name}: firms have firm_age, drivers have none")
        subjects = {row.subject for row in self.records} | {row.subject for row in self.register_}
        if subjects - {Who.APPLICANT} and not self.is_firm:
            raise ValueError(f"{self.name}: a driver's case has one subject")
        if self.promised and not self.is_firm:
            raise ValueError(f"{self.name}: only a firm's representative has an account here")
        return self


class CaseFile(_Strict):
    """The whole file."""

    as_of: date
    cases: tuple[CaseSpec, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_are_unique(self) -> CaseFile:
        names = [case.name for case in self.cases]
        if len(set(names)) != len(names):
            raise ValueError("two cases share a name")
        if sum(bool(case.promised) for case in self.cases) > 1:
            raise ValueError("more than one case rests on a promise: there is one applicant's account")
        return self


def read_cases(path: Path = CASES_FILE) -> tuple[CaseSpec, ...]:
    """Every case, in the order of the file.

    Raises:
        pydantic.ValidationError: the file names an unknown field or misses one; correct it.
        OSError: the file cannot be read.
    """
    return CaseFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8"))).cases
