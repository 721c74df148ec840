"""Whether a whole and sound edition may take the place of the one in use.

An edition that empties a list, or leaves less of it than the settings allow, makes everybody clean who stands in the
rest. So it waits for a person who asked the source, and that person's word is about that very edition.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models

from approval_hook.logs import get_logger
from approval_hook.mirroring import watching
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


def passed_over(source: str, edition: ListEdition, content: Callable[[], str]) -> str:
    """Why an edition need not be read.

    Args:
        source: its name in the settings.
        edition: as announced.
        content: gives the digest of what the source announced, or of its file; empty where it gives none.

    Returns:
        ``known`` where it is or was in use, or was refused and the list has gone on since; ``another-content`` where
        another edition of this version was in use; empty where it has to be read, anew where its rows are damaged.
    """
    tried = MirroredEdition.objects.filter(source=source, list_type=edition.list_type)
    same = tried.filter(version=edition.version)
    left_behind = tried.filter(active=True, as_of__gt=edition.as_of).exists()
    if left_behind and same.filter(state=State.REFUSED, base=edition.base, as_of=edition.as_of).exists():
        return "known"
    used = same.filter(state=State.GOOD).order_by("-pk").first()
    if used is None or (used.active and used.rows_in in watching.damaged(count=False)):
        return ""
    return "another-content" if _is_another(used, edition, content) else "known"


def _is_another(used: MirroredEdition, edition: ListEdition, content: Callable[[], str]) -> bool:
    """Whether what is announced is not what was taken in under its version; a whole list and the step to it are."""
    if not edition.base and edition.count != used.rows:
        return True
    if edition.base != used.base:
        return False
    digest = content()
    if digest and used.announced:
        return digest != used.announced
    return (edition.as_of, edition.count) != (used.as_of, used.count)


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
    if row.rows >= _least_rows(row, old, least_share):
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


def _least_rows(row: MirroredEdition, old: MirroredEdition | None, share: float) -> int:
    """A list without rows is not believed either, unless the one in use is without, as somebody confirmed."""
    if old is None:
        return 1
    if row.as_of == old.as_of:
        return old.rows  # of two lists of one moment the shorter one lacks something
    return max(1, math.ceil(round(old.rows * share, 6))) if old.rows else 0
