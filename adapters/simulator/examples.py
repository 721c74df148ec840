"""Subjects of a population to try things on, by what is to be seen with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from adapters.simulator.population import POPULATION_DAY
from adapters.simulator.register import SimulatedRecord, SimulatedSubject
from adapters.simulator.shapes.gateway import PAGE_ROWS

__all__ = ["Example", "examples"]

_TODAY = POPULATION_DAY.isoformat()


@dataclass(frozen=True, slots=True)
class Example:
    """What is to be seen, in one word and in Chinese and English, and whom to try it with."""

    word: str
    zh: str
    en: str
    subjects: tuple[SimulatedSubject, ...]


_Test = Callable[[SimulatedSubject], bool]


def _all_rows(test: Callable[[SimulatedRecord], bool]) -> _Test:
    return lambda s: bool(s.records) and all(test(r) for r in s.records)


def _shown(record: SimulatedRecord) -> bool:
    return record.id_number is None and (record.display_until or _TODAY) >= _TODAY


_WORDS: tuple[tuple[str, str, str, _Test], ...] = (
    ("clean", "没有记录", "no records", lambda s: not s.records),
    (
        "hit",
        "一般不良记录",
        "a general record",
        _all_rows(lambda r: _shown(r) and r.state == "1" and r.severity == "2"),
    ),
    ("serious", "严重失信", "a severe record", _all_rows(lambda r: _shown(r) and r.state == "1" and r.severity == "4")),
    ("disputed", "异议核实中", "a disputed record", _all_rows(lambda r: r.state == "5")),
    ("good", "守信激励", "a good record", _all_rows(lambda r: _shown(r) and r.state == "1" and r.severity == "9")),
    ("repaired", "已修复", "a repaired record", _all_rows(lambda r: r.state == "2")),
    ("removed", "已移出", "a removed record", _all_rows(lambda r: r.state == "3")),
    ("expired", "公示期已满", "display is over", _all_rows(lambda r: (r.display_until or _TODAY) < _TODAY)),
    ("masked", "记录中号码打码", "a row with a masked number", _all_rows(lambda r: "*" in (r.id_number or ""))),
    ("pages", "记录多于一页", "rows on several pages", lambda s: len(s.records) > PAGE_ROWS),
    ("aliases", "一人多证", "several numbers", lambda s: len(s.identifiers) > 1),
    ("branch", "名称包含他人名称", "a name that holds another's", lambda s: s.name.endswith("分公司")),
    ("rare", "名称有生僻字", "a rare character in the name", lambda s: any(ord(c) > 0xFFFF for c in s.name)),
    ("long", "名称很长", "a long name", lambda s: len(s.name) > 100),
)


def examples(subjects: Sequence[SimulatedSubject], *, each: int = 2) -> tuple[Example, ...]:
    """At most ``each`` subjects for every word that has any; the first ones, which a larger population has too."""
    names = Counter(s.name for s in subjects if s.kind == "organisation")
    words: tuple[tuple[str, str, str, _Test], ...] = (
        *_WORDS,
        ("namesake", "同名不同码", "the same name, another code", lambda s: names[s.name] > 1),
    )
    found = ((word, zh, en, tuple(islice(filter(test, subjects), each))) for word, zh, en, test in words)
    return tuple(Example(*one) for one in found if one[3])
