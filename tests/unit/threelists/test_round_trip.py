"""What is written is read back unchanged, and the file is fit to work in."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from approval_hook.errors import RulesInvalid
from approval_hook.policy.case import Role
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.records import Severity
from approval_hook.policy.rules import BasisType, Effect, Force, Level
from approval_hook.policy.subjects import SubjectKind
from approval_hook.threelists import words
from approval_hook.threelists.layout import HELP, READ
from approval_hook.threelists.workbook import read_workbook, write_workbook
from tests.benchmarks.policy_set import policy_data
from tests.unit.policy.building import rules as shipped
from tests.unit.threelists.building import MEASURES, exported, rule_data, rules

_UNSEEN = "".join(map(chr, [*range(9), *range(11, 32)]))
_TEXT = (
    st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Cn", "Zl", "Zp"]), min_size=1, max_size=40)
    .map(str.strip)
    .filter(bool)
    .filter(lambda text: "x005F_" not in text and "_x" not in text)
)
_DAY = st.dates(date(1900, 1, 1), date(9999, 12, 31)).map(date.isoformat)


@pytest.mark.parametrize("make", [rules, shipped], ids=["small", "shipped"])
def test_round_trip_is_exact(make: Any) -> None:
    """Every value and the order of rows come back."""
    found = read_workbook(write_workbook(make()), make())
    assert (found.problems, found.notes) == ((), ())
    assert found.data == make().plain()
    assert RuleSet.parse(found.data).digest == make().digest


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_round_trip_of_any_text_and_day(draw: st.DataObject) -> None:
    """Whatever is typed into a text or a date: formulas, commas, quotes, numbers, rare characters."""
    data = rule_data()
    for row in data["measures"]:
        row.update(title=draw.draw(_TEXT), organ=draw.draw(_TEXT), title_en=draw.draw(_TEXT))
        first, last = sorted([draw.draw(_DAY), draw.draw(_DAY)])
        row.update(valid_from=first, valid_to=draw.draw(st.sampled_from([None, last])))
    data["memos"][0]["title"] = draw.draw(_TEXT)
    made = RuleSet.parse(data)
    assert read_workbook(write_workbook(made), made).data == made.plain()


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "http://a.b/c", "001", "TRUE", "1e5", "'a", "a_b_"])
def test_texts_that_spreadsheets_reinterpret_stay_texts(text: str) -> None:
    """No formula, link, number or logical value comes of a text."""
    data = rule_data()
    data["measures"][0]["organ"] = text
    made = RuleSet.parse(data)
    raw = write_workbook(made)
    assert read_workbook(raw, made).data == made.plain()
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        sheets = b"".join(archive.read(n) for n in archive.namelist() if "worksheets/" in n)
    assert b"<f>" not in sheets
    assert b"hyperlink" not in sheets


def test_the_same_rules_make_the_same_bytes() -> None:
    """Nothing of the moment or the machine is in the file."""
    assert write_workbook(rules()) == exported()


def test_the_sheets_guide_whoever_fills_them_in() -> None:
    """Drop-downs where one value is chosen, text format, a frozen header, protected help, titles beside codes."""
    book = load_workbook(io.BytesIO(exported()))
    assert set(book.sheetnames) == {*(s.title for s in READ), *HELP}
    for sheet in READ:
        page = book[sheet.title]
        assert page.freeze_panes == "A2"
        lists = [v for v in page.data_validations.dataValidation if v.type == "list"]
        chosen = [c for c in sheet.columns if not c.many and not c.reading and (c.words or c.names)]
        assert len(lists) == len(chosen)
        assert all(v.showErrorMessage and v.errorStyle in (None, "stop") for v in lists)
        assert {cell.number_format for cell in page[2] if cell.value is not None} == {"@"}
    assert all(book[name].protection.sheet for name in HELP)
    assert not any(book[s.title].protection.sheet for s in READ)
    assert book[MEASURES]["B2"].value == rules().memos[0].title


@pytest.mark.parametrize(
    "text", ["两\n行", *(f"甲{c}乙" for c in _UNSEEN[:3]), "甲\u200b乙", "_x0041_", "甲\u2028乙", "长" * 5001]
)
def test_what_a_sheet_cannot_hold_is_refused_before_it_is_lost(text: str) -> None:
    """Rather no file than a file that reads back as something else."""
    data = rule_data()
    data["measures"][0]["title"] = text
    with pytest.raises(RulesInvalid) as caught:
        write_workbook(RuleSet.parse(data))
    # The rules themselves refuse what cannot be seen; the workbook refuses the rest.
    assert caught.value.problems[0].startswith(("measures(measure-0).title", "measures[0].title"))


def test_repeated_values_and_ancient_days_are_refused() -> None:
    """A list that names the same twice, and a day before the calendar of spreadsheets."""
    data = rule_data()
    data["measures"][0].update(kinds=["person", "person"], valid_from="1899-12-31")
    with pytest.raises(RulesInvalid) as caught:
        write_workbook(RuleSet.parse(data))
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("vocabulary", "values"),
    [
        (words.ROLES, Role),
        (words.SUBJECTS, SubjectKind),
        (words.SEVERITIES, Severity),
        (words.BASIS_TYPES, BasisType),
        (words.EFFECTS, get_args(Effect)),
        (words.FORCES, get_args(Force)),
        (words.LEVELS, get_args(Level)),
    ],
)
def test_every_value_has_one_word_of_its_own(vocabulary: Any, values: Any) -> None:
    """No value is without a word, and no word stands for two."""
    assert set(vocabulary) == {str(v) for v in values}
    assert len(words.by_word(vocabulary)) == len(vocabulary)


def test_drop_downs_fit_the_limits_of_the_file_format() -> None:
    """255 characters for the words of a drop-down and for a hint."""
    for sheet in READ:
        for column in sheet.columns:
            assert len(column.hint) <= 255
            assert not column.words or column.many or len(",".join(column.words.values())) <= 255


def test_reading_and_writing_need_no_django() -> None:
    """The sheets are usable from a plain script."""
    code = (
        "import sys, approval_hook.threelists.workbook, approval_hook.threelists.difference;"
        "sys.exit(any(m.split('.')[0] == 'django' for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_long_list_is_written_and_read() -> None:
    """Four thousand rows, and as many as a sheet may have."""
    made = RuleSet.parse(policy_data(4000))
    assert read_workbook(write_workbook(made), made).data == made.plain()
