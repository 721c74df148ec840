"""What each measure does at each matter: one effect per row of 应用事项清单, with what it really reaches."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from approval_hook.policy.analysis import FindingKind, ReachedCell
from approval_hook.policy.catalogue import Matter
from approval_hook.policy.rules import Application, Bases, Measure
from approval_hook.threelists import words
from workflows.policydesk.versions import Reading
from workflows.policydesk.wording import force_word, listed, period


@dataclass(frozen=True, slots=True)
class Effect:
    """One measure at one matter."""

    matter: Matter
    measure: Measure
    row: Application
    roles: tuple[str, ...]  # in words, those that it reaches
    refuses: bool  # a refusal may rest on it
    dead: str  # why no case can meet it; "": it works

    @property
    def shape(self) -> str:
        """The mark that stands for it in the picture."""
        if self.dead:
            return "dead"
        return "refuse" if self.refuses else self.row.force

    @property
    def force(self) -> str:
        """Mandatory or recommended, and whether it may refuse, in words."""
        return effect_words(self.shape, self.measure.kind, self.row.force)

    @property
    def period(self) -> str:
        """From when to when it applies."""
        return period(self.row.valid_from, self.row.valid_to)

    @property
    def bases(self) -> Bases:
        """What names the matter first, then what the measure rests on."""
        return tuple({b.id: b for b in (*self.row.basis, *self.measure.basis)}.values())


def effect_words(shape: str, kind: str, force: str) -> str:
    """A mark of the picture in words."""
    text = force_word(kind, force)
    if shape == "refuse":
        return _("%(force)s，可据以不予许可") % {"force": text}
    return _("%(force)s，但不会适用") % {"force": text} if shape == "dead" else text


def effects(reading: Reading) -> tuple[Effect, ...]:
    """Every row of 应用事项清单 whose matter and measure exist, in the order of the rule set."""
    matters = {m.code: m for m in reading.rules.matters}
    measures = {m.id: m for m in reading.rules.measures}
    cells: defaultdict[tuple[str, str], list[ReachedCell]] = defaultdict(list)
    for cell in reading.reach.cells:
        cells[cell.matter, cell.measure].append(cell)
    found = []
    for row in reading.rules.applications:
        matter, measure = matters.get(row.matter), measures.get(row.measure)
        if matter is None or measure is None:
            continue
        met = cells[row.matter, row.measure]
        roles = tuple(dict.fromkeys(cell.role.value for cell in met))
        found.append(
            Effect(
                matter,
                measure,
                row,
                tuple(listed(words.ROLES, [role]) for role in roles),
                any(cell.may_refuse for cell in met),
                "" if met else why_dead(reading, row),
            )
        )
    return tuple(found)


def why_dead(reading: Reading, row: Application) -> str:
    """Why no case can meet a row, as the analysis says it."""
    place = f"applications({row.matter} / {row.measure})"
    for finding in reading.analysis.findings:
        if finding.kind == FindingKind.NEVER_FIRES and finding.place == place:
            return reading.names.text(finding.text)
    return _("由其他机关实施，本机关不能采取。")
