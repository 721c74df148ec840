"""What good credit adds, and which missing materials may follow later.

Source: 133/(四), 442/23 (two routes, incentives); R-13, R-14 (three years); L-08 (quota); L-10 (容缺 for everyone).
"""

from __future__ import annotations

from collections.abc import Sequence

from approval_hook.policy.assess import ADULT_YEARS, is_minor
from approval_hook.policy.decision import FiredMeasure, Outcome, ToleratedMaterial, Why
from approval_hook.policy.findings import PartyTally, Tally
from approval_hook.policy.periods import add_years
from approval_hook.policy.rules import GoodCreditRoute, Material
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.workdays import DueDate, WorkCalendar, add_workdays

_QUIET = frozenset({Outcome.GONE})
_QUIET_OR_DISPUTED = _QUIET | {Outcome.DISPUTED}
_BLACK = frozenset({Outcome.BARRED, Outcome.LISTED_MEASURE, Outcome.SEVERE, Outcome.GENERAL})


def grant_good_credit(whole: Tally, parties: Sequence[PartyTally]) -> bool:
    """Give the applicant what good credit adds where a route is met and nobody who must be checked stands in doubt.

    Args:
        whole: tally of the case.
        parties: every party of the case; only those whose role the matter checks count.

    Returns:
        Whether good credit was found.
    """
    quiet = _QUIET_OR_DISPUTED if whole.point_disputes else _QUIET
    applicant = parties[0]
    for found in parties:
        if found.party.role in whole.plan.queried and not (found.answered_in_full and found.outcomes <= quiet):
            for record in applicant.good if applicant.outcomes & _BLACK else ():
                applicant.refuse("red-and-black", Why.RED_AND_BLACK, record)
            return False
    met = False
    for route in whole.plan.routes:
        met = _take_route(applicant, route) or met
    if met:
        applicant.outcomes.discard(Outcome.GONE)
        _fire_incentives(applicant)
    return met


def _take_route(found: PartyTally, route: GoodCreditRoute) -> bool:
    if route.kind == "red_list":
        for record in found.good:
            found.reason(Outcome.GOOD, route.id, Why.RED_LIST, record)
        return bool(found.good)
    # A disputed or a forgiven record burdens nobody, but "no bad record" cannot rest on it.
    if found.blemished or Outcome.DISPUTED in found.outcomes or not _old_enough(found, route):
        return False
    found.reason(Outcome.GOOD, route.id, Why.CLEAN_YEARS)
    return True


def _old_enough(found: PartyTally, route: GoodCreditRoute) -> bool:
    party, on = found.party, found.whole.on
    if route.years is None or is_minor(party, on):
        return False
    window_start = add_years(on, -route.years)
    if party.kind is SubjectKind.ORGANISATION:
        return party.established_on is not None and party.established_on <= window_start
    return party.born_on is not None and add_years(party.born_on, ADULT_YEARS) <= window_start


def _fire_incentives(found: PartyTally) -> None:
    whole = found.whole
    for measure in whole.plan.incentives[found.party.kind]:
        if not measure.valid_from <= whole.on <= measure.valid_to:
            continue
        if measure.effect == "green_channel" and whole.plan.quota_limited:
            found.refuse("order-of-acceptance", Why.NO_PRIORITY_UNDER_QUOTA)
            continue
        whole.measures.append(
            FiredMeasure(
                measure.id,
                "incentive",
                measure.effect,
                measure.force,
                False,
                found.party.ref,
                "",
                "",
                measure.ends,
            )
        )


def tolerated(whole: Tally, due: DueDate, calendar: WorkCalendar, buffer_days: int) -> tuple[ToleratedMaterial, ...]:
    """Missing materials that may follow later; all of what is missing must be tolerable, or none is.

    Args:
        whole: tally of the case.
        due: statutory decision date, or what it would be if the case were accepted on the day it was filed.
        calendar: working days.
        buffer_days: a supplement ends so many working days before ``due``.

    The incentive of a longer supplement, where it was granted, adds materials and days and takes none away.
    """
    given, spared = whole.case.materials, whole.case.not_needed
    if whole.plan.material_codes.issubset(given):
        return ()
    # Only a paper with a condition can be spared; whatever else the host says, it stays missing.
    missing = [m for m in whole.plan.materials if m.code not in given and not (m.condition and m.code in spared)]
    good = any(measure.effect == "longer_supplement" for measure in whole.measures)
    if not missing or not all(tolerable(m, good=good, public=whole.plan.public_tolerance) for m in missing):
        return ()
    start = whole.case.accepted_on or whole.case.filed_on
    latest = add_workdays(due.on, -buffer_days, calendar).on
    if latest <= start:
        return ()
    found = []
    for material in missing:
        days = material.supply_days(good=good)
        found.append(ToleratedMaterial(material.code, min(add_workdays(start, days, calendar).on, latest)))
    return tuple(found)


def tolerable(material: Material, *, good: bool, public: bool) -> bool:
    """Whether a missing material may follow after acceptance.

    Args:
        material: of the matter.
        good: good credit was found, and with it the longer supplement.
        public: the matter is on the public list (L-10).
    """
    # What a law or regulation requires is never tolerated missing, whatever the data say.
    if material.kind != "internal" or material.tolerance == "never":
        return False
    if good:
        return True
    return public and material.tolerance == "everyone" and not material.main
