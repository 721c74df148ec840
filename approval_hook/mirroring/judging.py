"""Whether a whole and sound edition may take the place of the one in use.

An edition that empties a list, or leaves less of it than the settings allow, makes everybody clean who stands in the
rest. So it waits for a person who asked the source, and that person's word is about that very edition.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from django.db import models

from approval_hook.logs import get_logger
from approval_hook.mirroring.problems import EditionRefused, ListShrunken
from approval_hook.models import MirroredEdition
from approval_hook.ports import ListEdition

State = MirroredEdition.State


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A person's word that a suddenly small edition is right.

    Attributes:
        version: of that edition; its content is the one that was refused.
        by: account that was named.
        system_user: of the operating system, with its host.
        reason: why.
    """

    version: str
    by: str
    system_user: str
    reason: str


def is_known(source: str, edition: ListEdition) -> bool:
    """Whether there is nothing to do: it is or was in use, or it was refused and the list has gone on since."""
    tried = MirroredEdition.objects.filter(source=source, list_type=edition.list_type)
    same = tried.filter(version=edition.version)
    if same.filter(state=State.GOOD).exists():
        return True
    left_behind = tried.filter(active=True, as_of__gt=edition.as_of).exists()
    return left_behind and same.filter(state=State.REFUSED, base=edition.base, as_of=edition.as_of).exists()


def judge(row: MirroredEdition, old: MirroredEdition | None, least_share: float, acceptance: Acceptance | None) -> None:
    """Look at an edition with its digest and rows before it is taken into use, and note who accepted it.

    Args:
        row: the edition; every one of its rows is read.
        old: the one in use.
        least_share: of the rows in use that have to be left.
        acceptance: a person's word.

    Raises:
        EditionRefused: it is older, or the word was about other content.
        ListShrunken: too few rows, and nobody's word.
    """
    if old is not None and old.as_of > row.as_of:
        raise EditionRefused("older")
    if row.rows >= _least_rows(old, least_share):
        return
    if acceptance is None or acceptance.version != row.version:
        raise ListShrunken(row.rows, old.rows if old is not None else 0)
    if not shrunken(row.source, row.list_type, row.version).filter(base=row.base, digest=row.digest).exists():
        raise EditionRefused("not-as-confirmed")
    row.accepted_by, row.accepted_as = acceptance.by, acceptance.system_user
    row.accepted_because = acceptance.reason
    get_logger().error(
        "shrunken list edition accepted",
        alarm=True,
        source=row.source,
        list=row.list_type,
        version=row.version,
        rows=row.rows,
        by=acceptance.by,
        system_user=acceptance.system_user,
        reason=acceptance.reason,
    )


def shrunken(source: str, list_type: str, version: str) -> models.QuerySet[MirroredEdition]:
    """Editions that were refused because they leave too few rows."""
    return MirroredEdition.objects.filter(
        source=source,
        list_type=list_type,
        version=version,
        state=State.REFUSED,
        reason="shrunken",
    )


def _least_rows(old: MirroredEdition | None, share: float) -> int:
    """A list without rows is not believed either, unless the one in use is without, as somebody confirmed."""
    if old is None:
        return 1
    return max(1, math.ceil(round(old.rows * share, 6))) if old.rows else 0
