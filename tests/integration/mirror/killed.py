"""Run by ``test_killed`` in processes of its own: ``python -m tests.integration.mirror.killed PART``."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any


def main(part: str) -> None:
    """Take a good edition in, begin one that hangs in its middle, or say what is there."""
    import django

    django.setup()
    from django.conf import settings

    lists = {"court": {"MAX_AGE_HOURS": {"court_defaulter": 48}}}
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "LISTS": lists}
    from django.core.management import call_command

    from approval_hook.mirroring import loading, reading
    from approval_hook.models import MirroredEdition, MirroredRow
    from approval_hook.ports import ListEdition, ListEntry
    from tests.integration.mirror.conftest import LIST, entry

    reading._BATCH = 2  # type: ignore[misc] # so that some batches are stored before the end

    class Source:
        def editions(self, *, timeout: float) -> Any:
            return ()

        def entries(self, edition: ListEdition, *, timeout: float) -> Iterator[ListEntry]:
            for n in range(edition.count):
                yield entry(f"{edition.version}-{n}")
            if edition.version == "hangs":
                sys.stdout.write("half\n")
                sys.stdout.flush()
                time.sleep(600)

    if part == "migrate":
        call_command("migrate", verbosity=0)
    elif part != "tell":
        edition = ListEdition(LIST, part, datetime.now(UTC), 7)
        assert loading.load(Source(), edition, name="court", timeout=60).loaded
    found = MirroredEdition.objects.order_by("pk").values_list("version", "state", "reason", "active")
    ids = MirroredRow.objects.exclude(record_id="").values_list("record_id", flat=True)
    sys.stdout.write(json.dumps([list(map(list, found)), sorted({i.rpartition("-")[0] for i in ids})]))


if __name__ == "__main__":
    main(sys.argv[1])
