"""Parts of the area ``lists``, each in a process of its own: ``python -m tests.benchmarks.lists_cases PART ...``.

``make FILE ROWS`` writes a synthetic list; ``before FILE ROWS`` copies it into a table of texts; ``load FILE ROWS``
takes it in with ``lists_sync``; ``after FILE ROWS`` copies again, copies and makes the indexes that a look-up needs,
and looks subjects up. Each prints what it took as JSON. ``DJANGO_SETTINGS_MODULE`` and ``TEST_DATABASE_URL`` as for
the others.
"""

from __future__ import annotations

import gc
import hashlib
import json
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from approval_hook.policy.checkdigits import USCC_ALPHABET, resident_check_digit, uscc_check_digit

SOURCE, LIST_TYPE = "court", "court_defaulter"
COLUMNS = (
    "record_id,severity,title,decided_on,decided_by,document_no,category,state,published_on,display_until,valid_until,"
    "scope,event,domain,role_then,name,id_type,number"
)
_TITLES = ("有履行能力而拒不履行生效法律文书确定义务", "违反财产报告制度", "违反限制消费令", "其他规避执行")
_GIVEN = "示例明华建国志强丽娟海燕文军"
#: Subjects looked up in one run: half of them are in the list.
ASKED = 1_200


def codes() -> Iterator[str]:
    """Valid codes, one after the other, none twice."""
    for n in range(31**6):
        body = "".join(USCC_ALPHABET[n // 31**place % 31] for place in range(6))
        seventeen = f"91440300MA5{body}"
        yield seventeen + uscc_check_digit(seventeen)


def residents() -> Iterator[str]:
    """Valid resident numbers, none twice."""
    for n in range(10**9):
        born = date(1950, 1, 1) + timedelta(days=n % 18_000)
        place, sequence = divmod(n // 18_000, 999)
        seventeen = f"{440100 + place:06d}{born:%Y%m%d}{sequence + 1:03d}"
        yield seventeen + resident_check_digit(seventeen)


def make(path: Path, rows: int) -> None:
    """Half organisations and half persons, in random order of their numbers' kinds, with their manifest."""
    rng = random.Random(7)  # noqa: S311 - invents subjects, not secrets
    firms, people = codes(), residents()
    digest = hashlib.sha256()
    with path.open("wb") as file:

        def write(text: str) -> None:
            raw = text.encode()
            digest.update(raw)
            file.write(raw)

        write(COLUMNS + "\n")
        for start in range(0, rows, 10_000):
            lines = []
            for n in range(start, min(start + 10_000, rows)):
                if n % 2:
                    who = f"广州示例{n:x}餐饮有限公司,统一社会信用代码,{next(firms)}"
                else:
                    who = f"陈示{_GIVEN[n % 14]}{_GIVEN[n // 14 % 14]},居民身份证,{next(people)}"
                day = f"2026-{n % 9 + 1:02d}-{n % 28 + 1:02d}"
                lines.append(
                    f"GD2026{n:010d},4,{_TITLES[rng.randrange(4)]},{day},广州市示例区人民法院,"
                    f"（2026）粤0104执{n % 90_000 + 1}号,C1-01,1,{day},2029-01-01,,national,,,,{who}"
                )
            write("\n".join(lines) + "\n")
    announced = {
        "list_type": LIST_TYPE,
        "version": f"bench-{rows}",
        "as_of": datetime.now(UTC).isoformat(),
        "count": rows,
        "digest": digest.hexdigest(),
    }
    Path(f"{path}.json").write_text(json.dumps(announced), "utf-8")
    say({"bytes": path.stat().st_size})


def bare(path: Path, *, indexed: bool = False) -> float:
    """COPY of the file into a table of texts, committed; then dropped, outside the clock."""
    from django.db import connection

    columns = ", ".join(f"{name} text" for name in COLUMNS.split(","))
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(f"CREATE TABLE bare ({columns})")
        started = time.perf_counter()
        with path.open("rb") as file, cursor.copy("COPY bare FROM STDIN (FORMAT csv, HEADER)") as copy:
            while data := file.read(1 << 20):
                copy.write(data)
        if indexed:
            cursor.execute("CREATE UNIQUE INDEX ON bare (record_id)")
            cursor.execute("CREATE INDEX ON bare (number)")
            cursor.execute("CREATE INDEX ON bare (name)")
        seconds = time.perf_counter() - started
        cursor.execute("SELECT count(*) FROM bare")
        (rows,) = cursor.fetchone()
        cursor.execute("DROP TABLE bare")
    if rows < 1:
        raise SystemExit("nothing was copied")
    return seconds


def load(path: Path) -> None:
    """``lists_sync`` of the file, checked against what the manifest announces."""
    from django.core.management import call_command
    from django.db import connection

    from approval_hook.models import MirroredEdition, MirroredRow

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
    started = time.perf_counter()
    call_command("lists_sync", source=SOURCE, file=path, stdout=sys.stderr)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    edition = MirroredEdition.objects.get(active=True)
    stored = MirroredRow.objects.filter(edition_id=edition.rows_in).exclude(record_id="").count()
    if not stored == edition.rows == edition.count:
        raise SystemExit(f"{stored} rows are stored, {edition.count} were announced")
    say({"seconds": seconds, "rows": stored, "peak_mb": peak})


def look() -> dict[str, float]:
    """Point look-ups in random turns, every answer checked: half of the subjects are in the list."""
    from django.db import connection

    from adapters.mirror import MirrorPlatform
    from approval_hook.mirroring import keys, storing
    from approval_hook.mirroring.store import StoredLists
    from approval_hook.models import MirroredEdition
    from approval_hook.policy.records import QueryStatus
    from approval_hook.policy.subjects import Subject, organisation, person
    from approval_hook.testing import make_query

    edition, on = MirroredEdition.objects.get(active=True), date(2026, 11, 1)
    half = ASKED // 4

    def some(numbers: Iterator[str], build: Callable[[str], Subject]) -> list[tuple[Subject, bool]]:
        """Subjects from all over the list, and as many from behind its end."""
        held = edition.rows // 2
        step = max(held // half, 1)
        inside = list(islice(islice(numbers, 0, held, step), half))
        outside = list(islice(numbers, held, held + half))
        return [(build(n), True) for n in inside] + [(build(n), False) for n in outside]

    asked = some(codes(), lambda n: organisation("广州示例某餐饮有限公司", n, on=on))
    asked += some(residents(), lambda n: person("陈示无此人", n, on=on))
    lists = StoredLists()
    platform = MirrorPlatform("mirror", lists)
    connection.ensure_connection()
    statement = f"SELECT body FROM {storing.partition(edition.rows_in)} WHERE number_key = %s"
    number_keys = {id(s): keys.key(keys.digests([keys.number_text(s.identifiers[0].number)])[0]) for s, _ in asked}

    def bare_one(subject: Subject) -> bool:
        # psycopg itself, without Django's cursor around it.
        found = connection.connection.execute(statement, [number_keys[id(subject)]]).fetchall()
        return bool(found)

    def look_up(subject: Subject) -> bool:
        return bool(lists.look_up(subject).entries)

    def query(subject: Subject) -> bool:
        report = platform.query(make_query(subject, "bench"), timeout=5)
        if report.status is not QueryStatus.OK:
            raise SystemExit(f"the mirror answered {report.status} {report.reason}")
        return bool(report.records)

    ways = {"bare": bare_one, "bare_again": bare_one, "look_up": look_up, "query": query}
    times: dict[str, list[float]] = {name: [] for name in ways}
    rng = random.Random(11)  # noqa: S311 - turns, not secrets
    rng.shuffle(asked)
    gc.disable()
    for turn, (subject, is_held) in enumerate(asked):
        for name in rng.sample(list(ways), len(ways)):
            started = time.perf_counter()
            found = ways[name](subject)
            if turn >= 100:
                times[name].append(time.perf_counter() - started)
            if found is not is_held:
                raise SystemExit(f"{name} found {found} where the list has {is_held}")
    return {name: statistics.median(found) * 1e6 for name, found in times.items()}


def say(found: dict[str, Any]) -> None:
    """Print the result, the only thing on the standard output."""
    sys.stdout.write(json.dumps(found))


def main(part: str, path: Path, rows: int) -> None:
    """Run one part."""
    if part == "make":
        make(path, rows)
        return
    import django

    django.setup()
    from django.core.management import call_command

    if part == "before":
        call_command("migrate", verbosity=0)
        say({"bare": bare(path)})
    elif part == "load":
        load(path)
    else:
        say({"bare": bare(path), "indexed": bare(path, indexed=True), "looks": look()})


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
