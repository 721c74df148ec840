"""What an analysis says: findings, each with its place, its remedy and a cell that shows it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

from approval_hook.policy.case import Role
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.words import Word

#: "error": the rule set must not be published; "warning": somebody should look; "note": good to know.
Grade = Literal["error", "warning", "note"]


class FindingKind(Word):
    """What is wrong with a rule set, or worth knowing (docs/explanation/rule-analysis.md)."""

    CONFLICT = "conflict"  # two rows reach one cell and ask for different things
    NEVER_FIRES = "never-fires"  # a row that no case can meet
    NO_BASIS = "no-basis"  # an adverse effect that its bases do not carry
    ROLE_NOT_QUERIED = "role-not-queried"  # a row names a role that the matter never asks about
    STATUTORY_TOLERABLE = "statutory-tolerable"  # a material of law or regulation that may come later
    SUPPLEMENT_LATE = "supplement-late"  # a supplement may end later than the decision allows
    DUPLICATE = "duplicate"  # two rows say the same about one cell
    UNUSED_MEASURE = "unused-measure"  # a measure that no matter uses
    OUTSIDE_EDITION = "outside-edition"  # a measure fires on days on which its list edition is not in force
    PROOF_NOT_QUERIED = "proof-not-queried"  # a bar names a proof that no source of the matter can give
    WRONG_KIND = "wrong-kind"  # a row reaches only applicants of a kind that may not apply
    NO_GROUND_DAYS = "no-ground-days"  # a ground reaches a party on some days of validity, not on all
    NO_DISPLAY_PERIOD = "no-display-period"  # a severity whose records would be shown for ever
    EXEMPTION_IDLE = "exemption-idle"  # an exemption that exempts nothing: unverified, or not on these days
    EXEMPTION_OVERLAP = "exemption-overlap"  # two exemptions cover the same cases
    NO_MEASURE = "no-measure"  # a severe list that causes nothing at a matter: O-06
    NO_MEASURE_DAYS = "no-measure-days"  # the same on some days of validity
    UNREACHED_MATTER = "unreached-matter"  # a matter that no measure reaches
    ROLE_WITHOUT_EFFECT = "role-without-effect"  # an incentive names roles other than the applicant
    UNKNOWN_DOMAIN = "unknown-domain"  # a bar looks for a field that no matter belongs to
    UNUSED = "unused"  # a part that nothing names
    UNVERIFIED_BASIS = "unverified-basis"  # shown to the administrator; carries nothing adverse


class Witness(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A concrete cell that shows a finding; a field that plays no part is empty."""

    matter: str = ""
    list_type: str = ""
    role: Role | None = None
    kind: SubjectKind | None = None
    region: str = ""  # six digits
    on: date | None = None
    event: str = ""
    domain: str = ""
    role_then: str = ""
    proof: str = ""  # "own_register" or "platform"
    material: str = ""

    def words(self) -> str:
        """The cell in Chinese, for a row of a report; empty when no field plays a part."""
        parts = (
            ("事项", self.matter),
            ("名单", self.list_type),
            ("角色", self.role or ""),
            ("主体", self.kind or ""),
            ("地域", self.region),
            ("日期", self.on.isoformat() if self.on else ""),
            ("事件", self.event),
            ("领域", self.domain),
            ("当时角色", self.role_then),
            ("证明来源", self.proof),
            ("材料", self.material),
        )
        return "，".join(f"{name} {value}" for name, value in parts if value)


class Finding(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing found in a rule set."""

    kind: FindingKind
    severity: Grade
    place: str  # part and id, as the messages of a malformed rule file name it
    text: str  # Chinese: what it is and what to do
    rules: tuple[str, ...]  # ids of the rules and parts it is about
    witness: Witness | None = None


class Analysis(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything found in one rule set, in an order that does not depend on chance."""

    revision: str
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be mended before the rule set is published; empty means none."""
        return self._graded("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What somebody should look at."""
        return self._graded("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What is good to know."""
        return self._graded("note")

    def _graded(self, grade: Grade) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity == grade)


def listed(names: tuple[str, ...], most: int = 6) -> str:
    """Names in a sentence, the first few of them."""
    shown = "、".join(names[:most])
    return shown if len(names) <= most else f"{shown}等{len(names)}个"
