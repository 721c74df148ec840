"""Take an edition of a list in, or refuse it: the last good one stays in use until the next is whole and checked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from django.db import DatabaseError, transaction

from approval_hook import clock
from approval_hook.conf import ListSettings, conf
from approval_hook.errors import ConfigurationError, PlatformError
from approval_hook.logs import get_logger
from approval_hook.mirroring import csvfile, judging, reading, storing
from approval_hook.mirroring.alone import alone, worker
from approval_hook.mirroring.csvfile import RowProblem
from approval_hook.mirroring.judging import Acceptance
from approval_hook.mirroring.problems import EditionRefused, ListShrunken
from approval_hook.mirroring.reading import Batch, Reading
from approval_hook.models import MirroredEdition
from approval_hook.ports import ListEdition, ListSource

State = MirroredEdition.State
#: Our clock and the source's may differ by so much.
_AHEAD = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one edition.

    Attributes:
        edition: as it was offered.
        loaded: it is in use now.
        reason: why not; ``known``: an edition with this version is or was in use, or was refused and is older than the
            one in use, so there was nothing to do.
        rows: of the whole list with this edition in it, where it was loaded or is ``shrunken``; else 0.
        rows_in_use: of the list in use, where this one is ``shrunken``; else 0.
        problems: the first refused rows.
        refused: how many rows were refused.
    """

    edition: ListEdition
    loaded: bool
    reason: str = ""
    rows: int = 0
    rows_in_use: int = 0
    problems: tuple[RowProblem, ...] = ()
    refused: int = 0

    @property
    def is_refused(self) -> bool:
        """Whether somebody should look into it."""
        return not self.loaded and self.reason != "known"


def load(
    source: ListSource,
    edition: ListEdition,
    *,
    name: str,
    timeout: float,
    advance: Callable[[int], object] = lambda n: None,
    acceptance: Acceptance | None = None,
) -> Outcome:
    """Fetch one edition from a source and take it in.

    Args:
        source: has announced the edition.
        edition: as announced.
        name: of the source in ``APPROVAL_HOOK["LISTS"]``.
        timeout: seconds for fetching all of it.
        advance: is told how many more rows were read.
        acceptance: a person's word that an edition that was refused as ``shrunken`` is right.

    Raises:
        ConfigurationError: the settings name no such list.
    """

    def batches(found: Reading) -> Iterator[Batch]:
        incremental = bool(edition.base)
        entries = source.entries(edition, timeout=timeout)
        before, digest = 0, hashlib.sha256()
        for batch in reading.from_entries(entries, edition.list_type, clock.today(), found, incremental=incremental):
            for row in batch.rows:
                digest.update(f"{row.record_id}\0{row.body}\n".encode())
            advance(found.count - before)
            before = found.count
            yield batch
        # The source's own digest is over its files or pages, which only its adapter sees and compares.
        found.digest = digest.hexdigest()

    return _load(edition, name, batches, acceptance, lambda: edition.digest, of_file=False)


def load_file(
    path: Path,
    *,
    name: str,
    advance: Callable[[int], object] = lambda n: None,
    vectorised: bool = True,
    acceptance: Acceptance | None = None,
) -> Outcome:
    """Take in the edition in a CSV file, as the manifest beside it announces it.

    Args:
        path: of the CSV file.
        name: of the source in ``APPROVAL_HOOK["LISTS"]``.
        advance: is told how many more bytes were read.
        vectorised: False reads row by row although polars is installed; the result is the same.
        acceptance: a person's word that an edition that was refused as ``shrunken`` is right.

    Raises:
        EditionRefused: the manifest cannot be read.
        ConfigurationError: the settings name no such list.
    """
    found = csvfile.manifest(path)
    return _load(
        found.edition,
        name,
        lambda r: reading.from_file(path, found, clock.today(), r, advance, vectorised=vectorised),
        acceptance,
        lambda: found.edition.digest or csvfile.digest_of(path),
        of_file=True,
    )


def _load(
    edition: ListEdition,
    name: str,
    batches: Callable[[Reading], Iterator[Batch]],
    acceptance: Acceptance | None,
    content: Callable[[], str],
    *,
    of_file: bool,
) -> Outcome:
    settings = _settings(name, edition)
    with alone(name, edition.list_type) as is_alone:
        if not is_alone:
            return Outcome(edition, loaded=False, reason="busy")
        _sweep(name, edition.list_type)
        reason = judging.passed_over(name, edition, content)
        if reason == "known":
            return Outcome(edition, loaded=False, reason=reason)
        row = MirroredEdition.objects.create(
            source=name,
            list_type=edition.list_type,
            version=edition.version,
            base=edition.base,
            as_of=edition.as_of,
            count=edition.count,
            state=State.LOADING,
            worker=worker(),
            announced=edition.digest,
            began_at=clock.now(),
        )
        found = Reading()
        if reason:
            return _refused(row, edition, found, reason)
        try:
            checked = _checked(batches(found), found, edition, of_file=of_file)
            _put(row, checked, found, settings.least_share, acceptance, of_file=of_file)
        except (EditionRefused, PlatformError) as error:
            outcome = _refused(row, edition, found, error.reason)
            if isinstance(error, ListShrunken):
                return replace(outcome, rows=error.rows, rows_in_use=error.rows_in_use)
            return outcome
        except BaseException as error:
            # Whatever it is, the edition is not taken in; an interrupt ends the program after that.
            _refused(row, edition, found, "interrupted" if not isinstance(error, Exception) else "failed")
            raise
        _prune(settings, edition.list_type)
    get_logger().info(
        "list edition loaded", source=name, list=edition.list_type, version=edition.version, rows=row.rows
    )
    return Outcome(edition, loaded=True, rows=row.rows)


def _settings(name: str, edition: ListEdition) -> ListSettings:
    settings = conf().lists.get(name)
    if settings is None or edition.list_type not in settings.max_age:
        raise ConfigurationError(f"APPROVAL_HOOK['LISTS'] names no list {edition.list_type!r} of source {name!r}.")
    return settings


def _checked(batches: Iterator[Batch], found: Reading, edition: ListEdition, *, of_file: bool) -> Iterator[Batch]:
    """The batches; what was announced is compared before the last of them can be committed."""
    if edition.as_of.tzinfo is None or edition.as_of > clock.now() + _AHEAD:
        raise EditionRefused("in-the-future")
    yield from batches
    if of_file and edition.digest and found.digest != edition.digest:
        raise EditionRefused("digest-differs")
    if found.refused:
        raise EditionRefused("rows")
    if found.count != edition.count:
        raise EditionRefused("count-differs")


def _put(
    row: MirroredEdition,
    batches: Iterator[Batch],
    found: Reading,
    least_share: float,
    acceptance: Acceptance | None,
    *,
    of_file: bool,
) -> None:
    """Store the rows and take them into use, or leave no trace of them."""
    using = storing.database().alias

    def switch(old: MirroredEdition | None) -> None:
        row.digest = found.digest
        if of_file:
            row.announced = found.digest
        judging.judge(row, old, least_share, acceptance)
        _switch(row, old)

    if row.base:
        with transaction.atomic(using=using):
            base = _in_use(row)
            if base is None or base.version != row.base:
                raise EditionRefused("base-differs")
            row.rows, row.rows_in = storing.put_changes(row, base, batches), base.rows_in
            switch(base)
    elif storing.database().vendor == "postgresql":
        with transaction.atomic(using=using):
            row.rows, row.rows_in = storing.put_whole(row, batches), row.pk
            switch(_in_use(row))
    else:
        row.rows, row.rows_in = storing.put_whole(row, batches), row.pk
        with transaction.atomic(using=using):
            switch(_in_use(row))


def _in_use(row: MirroredEdition) -> MirroredEdition | None:
    rows = MirroredEdition.objects.select_for_update()
    return rows.filter(source=row.source, list_type=row.list_type, active=True).first()


def _switch(row: MirroredEdition, old: MirroredEdition | None) -> None:
    if old is not None:
        # The rows of an incremental edition's base are no longer those of the base.
        MirroredEdition.objects.filter(pk=old.pk).update(active=False, rows_in=0 if row.base else old.rows_in)
    row.state, row.active, row.loaded_at, row.worker = State.GOOD, True, clock.now(), ""
    row.save()


def _refused(row: MirroredEdition, edition: ListEdition, found: Reading, reason: str) -> Outcome:
    with suppress(DatabaseError):
        if storing.database().vendor != "postgresql":
            storing.drop(row.pk)
        MirroredEdition.objects.filter(pk=row.pk).update(
            state=State.REFUSED, reason=reason, active=False, rows=0, rows_in=0, digest=found.digest, worker=""
        )
    get_logger().error(
        "list edition refused",
        alarm=True,
        source=row.source,
        list=row.list_type,
        version=row.version,
        reason=reason,
        refused_rows=found.refused,
    )
    return Outcome(edition, loaded=False, reason=reason, problems=tuple(found.problems), refused=found.refused)


def _prune(settings: ListSettings, list_type: str) -> None:
    """Let go of the rows of old editions; what cannot be let go of now is tried after the next one."""
    good = MirroredEdition.objects.filter(source=settings.name, list_type=list_type, state=State.GOOD, rows_in__gt=0)
    newest_first = list(dict.fromkeys(good.order_by("-active", "-pk").values_list("rows_in", flat=True)))
    for rows_in in newest_first[settings.keep :]:
        try:
            storing.drop(rows_in)
        except DatabaseError as error:
            get_logger().warning("old list edition not dropped", source=settings.name, error=type(error).__name__)
        else:
            good.filter(rows_in=rows_in).update(rows_in=0)


def _sweep(name: str, list_type: str) -> None:
    """Clear away what a killed process left; only called while no other one loads this list."""
    for row in MirroredEdition.objects.filter(source=name, list_type=list_type, state=State.LOADING):
        _refused(row, _edition_of(row), Reading(), "interrupted")


def _edition_of(row: MirroredEdition) -> ListEdition:
    return ListEdition(row.list_type, row.version, row.as_of, row.count, row.base)
