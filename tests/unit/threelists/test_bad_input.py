"""Everything that goes wrong on a sheet: told at its cell, in Chinese, with the remedy; never imported by halves."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.formula import ArrayFormula

from approval_hook.policy.catalogue import RuleSet
from approval_hook.threelists import layout
from approval_hook.threelists.layout import GUIDE, READ
from approval_hook.threelists.problems import Problems
from approval_hook.threelists.sheets import heading
from approval_hook.threelists.workbook import Imported, read_workbook, write_workbook
from tests.unit.policy.building import rules as shipped
from tests.unit.threelists.building import (
    APPLICATIONS,
    MEASURES,
    MEMOS,
    TYPES,
    at,
    edited,
    exported,
    imported,
    places,
    put,
    repacked,
    rules,
)


def only(found: Imported, sheet: str, cell: str, said: str) -> str:
    """The one problem, at this place, in these words; returns its remedy."""
    assert found.data is None
    assert [(p.sheet, p.cell) for p in found.problems] == [(sheet, cell)], found.problems
    assert said in found.problems[0].message
    assert found.problems[0].remedy
    return found.problems[0].remedy


def measures(found: Imported) -> list[dict[str, Any]]:
    """The measures of a workbook without problems."""
    assert found.problems == ()
    assert found.data is not None
    return list(found.data["measures"])


# Sheets and headers


@pytest.mark.parametrize("title", [s.title for s in READ])
def test_a_missing_sheet_is_named(title: str) -> None:
    """An empty list keeps its sheet; a sheet that is gone is a mistake."""
    assert "导出" in only(imported(lambda book: book.remove(book[title])), title, "", "缺少")


def test_a_renamed_sheet_is_recognised_as_the_missing_one() -> None:
    """The remedy names the sheet that was probably meant."""

    def rename(book: Any) -> None:
        book[TYPES].title = "措施类型清单"

    assert "措施类型清单" in only(imported(rename), TYPES, "", "缺少")


def test_a_sheet_nobody_knows_is_passed_over_with_a_note() -> None:
    """A scratch sheet harms nobody, and the person is told that it was not read."""
    found = imported(lambda book: book.create_sheet("草稿"))
    assert found.data == rules().plain()
    assert found.notes == ("“草稿”不是清单，没有读取。",)


def test_a_copy_of_a_list_is_not_passed_over() -> None:
    """Somebody may believe that the copy is the list."""

    def copy(book: Any) -> None:
        book.copy_worksheet(book[APPLICATIONS]).title = f"{APPLICATIONS} (2)"

    only(imported(copy), f"{APPLICATIONS} (2)", "", "不会被读取")


def test_two_sheets_of_one_name_are_refused() -> None:
    """A space makes another sheet to the program, and the same to a person."""
    only(imported(lambda book: book.create_sheet(f" {MEMOS}")), f" {MEMOS}", "", "有两个")


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
@pytest.mark.parametrize("title", [MEASURES, "依据", "草稿"])
def test_a_hidden_sheet_is_reported(title: str, state: str) -> None:
    """Whichever it is: nobody looked at it."""

    def hide(book: Any) -> None:
        if title not in book.sheetnames:
            book.create_sheet(title)
        book[title].sheet_state = state

    only(imported(hide), title, "", "隐藏")


def test_a_missing_header_is_named() -> None:
    """The rows below are not read, so the one mistake makes one message."""
    only(imported(lambda book: book[MEASURES].delete_cols(10)), MEASURES, "第1行", "缺少“实施机关”")


def test_reading_columns_may_go_and_columns_may_move() -> None:
    """What is only for people is not needed, and order means nothing."""

    def move(book: Any) -> None:
        page = book[MEMOS]
        page.delete_cols(5)
        page.move_range(f"D1:D{page.max_row}", cols=3)

    assert imported(move).data == rules().plain()


def test_a_header_twice_is_refused() -> None:
    """Nobody knows which column counts."""

    def twice(book: Any) -> None:
        book[TYPES]["I1"] = "奖惩性质"

    only(imported(twice), TYPES, "I1", "重复")


def test_an_unknown_header_is_refused_with_the_nearest_one() -> None:
    """A misspelt column would be lost without a word."""

    def misspell(book: Any) -> None:
        book[TYPES]["F1"] = "依据编码"

    found = imported(misspell)
    assert places(found) == [(TYPES, "F1"), (TYPES, "第1行")]
    assert "依据编号" in found.problems[0].remedy


@pytest.mark.parametrize("value", [1, True, "=A2", datetime(2026, 1, 1)])  # noqa: DTZ001 - spreadsheets have no zone
def test_a_header_that_is_no_text_is_refused(value: Any) -> None:
    """Numbers, logical values, formulas and dates are no headers."""
    found = imported(put(MEMOS, "依据编号", 1, value))
    assert places(found)[0] == (MEMOS, at(MEMOS, "依据编号", 1))
    assert found.data is None


def test_a_title_row_above_the_headers_is_refused() -> None:
    """The header is in the first row; the remedy says so."""
    found = imported(lambda book: book[MEMOS].insert_rows(1))
    assert all(p.sheet == MEMOS and "第1行" in p.remedy for p in found.problems)


def test_headers_with_marks_spaces_and_full_width_forms_are_read() -> None:
    """What a person cannot see makes no difference."""

    def disguise(book: Any) -> None:
        book[MEMOS]["A1"] = "\ufeff备忘录 编号\u200b"
        book[MEMOS]["B1"] = "　备忘录名称\n"
        book[MEMOS].title = f"{MEMOS} "

    assert imported(disguise).data == rules().plain()


def test_content_without_a_header_is_reported_once_a_column() -> None:
    """A remark beside the table would be lost."""

    def remark(book: Any) -> None:
        book[MEMOS]["H2"] = book[MEMOS]["H3"] = "待核"

    only(imported(remark), MEMOS, "H2", "没有表头")


def test_a_sheet_without_anything_is_reported() -> None:
    """Not even a header."""
    only(imported(lambda book: book[MEMOS].delete_rows(1, 10)), MEMOS, "", "空的")


# What cannot be seen


def test_hidden_and_filtered_rows_are_reported() -> None:
    """A filter hides rows as well; they are neither used nor skipped."""

    def flat(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet4.xml"
        assert b'<row r="6"' in parts[name]
        parts[name] = parts[name].replace(b'<row r="6"', b'<row r="6" ht="0" customHeight="1"')

    def hide(book: Any) -> None:
        book[APPLICATIONS].row_dimensions[4].hidden = True

    assert places(imported(hide)) == [(APPLICATIONS, "第4行")]
    assert places(read_workbook(repacked(flat), rules())) == [(APPLICATIONS, "第6行")]


def test_many_hidden_rows_are_counted() -> None:
    """The list stays readable."""

    def hide(book: Any) -> None:
        for number in range(3, 60):
            book[APPLICATIONS].row_dimensions[number].hidden = True
            book[APPLICATIONS][f"A{number}"] = "matter-0"

    hidden = [p for p in imported(hide).problems if "隐藏" in p.message]
    assert len(hidden) == 21
    assert "57行" in hidden[-1].message


def test_hidden_columns_are_reported() -> None:
    """Also one of no width, one of a group, and the header row."""

    def hide(book: Any) -> None:
        book[MEASURES].column_dimensions["E"].hidden = True
        book[MEASURES].row_dimensions[1].hidden = True

    assert places(imported(hide)) == [(MEASURES, "第1行"), (MEASURES, "E列")]


def test_a_sheet_that_hides_by_default_is_reported() -> None:
    """Rows without a height of their own are hidden then."""

    def hide(book: Any) -> None:
        book[MEMOS].sheet_format.zeroHeight = True

    only(imported(hide), MEMOS, "", "默认隐藏")


def test_too_many_columns_and_a_list_that_is_a_chart_are_refused() -> None:
    """Sixty columns are three times what a list has."""
    only(imported(lambda book: book[MEMOS].cell(2, 70, "x")), MEMOS, "", "列有内容")

    def chart(book: Any) -> None:
        book.remove(book[MEMOS])
        book.create_chartsheet(MEMOS)

    only(imported(chart), MEMOS, "", "不是表格")


def test_hidden_empty_columns_to_the_right_do_no_harm() -> None:
    """Many people hide the unused part of a sheet."""

    def hide(book: Any) -> None:
        book[MEMOS].column_dimensions.group("J", "XFD", hidden=True)

    assert imported(hide).data == rules().plain()


def test_merged_cells_are_reported() -> None:
    """Only the first of them holds a value, and a person sees it in all."""
    found = imported(lambda book: book[APPLICATIONS].merge_cells("C2:C3"))
    assert (APPLICATIONS, "C2:C3") in places(found)
    assert "取消合并" in found.problems[0].remedy


@pytest.mark.parametrize("header", ["措施名称", "备忘录名称", "措施编号", "生效日期", "名单编号", "奖惩性质"])
@pytest.mark.parametrize("value", ["=1+1", ArrayFormula("A2:A2", "=1+1")])
def test_formulas_are_refused_in_every_column(header: str, value: Any) -> None:
    """Also in those for reading: what is shown is not what is stored."""
    found = imported(put(MEASURES, header, 2, value))
    assert (MEASURES, at(MEASURES, header, 2)) in places(found)
    assert "公式" in found.problems[0].message
    assert "数值" in found.problems[0].remedy


@pytest.mark.parametrize("header", ["措施名称", "措施编号", "生效日期", "奖惩性质"])
def test_error_values_are_refused(header: str) -> None:
    """#REF! is what is left of a lost reference."""
    found = imported(put(MEASURES, header, 2, "#REF!"))
    assert found.problems[0].cell == at(MEASURES, header, 2)
    assert "#REF!" in found.problems[0].message


@pytest.mark.parametrize("header", ["措施名称", "措施编号", "依据编号"])
@pytest.mark.parametrize("text", ["a\u200bb", "a\u202eb", "a_x0007_b", "a\tb", "a\ufeffb"])
def test_characters_that_cannot_be_seen_are_refused(header: str, text: str) -> None:
    """Zero width, direction marks, control characters, a byte order mark in the middle."""
    found = imported(put(MEASURES, header, 2, text))
    assert (MEASURES, at(MEASURES, header, 2)) in places(found)
    assert "看不见" in found.problems[0].message


# Cells


def test_marks_and_spaces_around_a_value_do_no_harm() -> None:
    """A byte order mark, spaces of any width, line breaks of another system, full-width letters in a code."""

    def disguise(book: Any) -> None:
        put(MEASURES, "措施类别编号", 2, "\ufeff ｅｎｔｒｙ　")(book)
        put(MEASURES, "依据编号", 2, "law-2_x000D_\nlaw-1\n")(book)
        put(MEASURES, "奖惩性质", 2, " 惩 戒 ")(book)
        put(MEASURES, "措施名称", 2, f" {rules().measures[0].title}\u3000")(book)

    assert imported(disguise).data == rules().plain()


@pytest.mark.parametrize("value", [1, 1.5, 10**20])
def test_a_number_where_a_text_is_wanted_is_refused(value: Any) -> None:
    """001 has become 1 by then; nobody can tell."""
    found = imported(put(TYPES, "措施类别编号", 3, value))
    assert found.problems[0].cell == at(TYPES, "措施类别编号", 3)
    assert "前面的 0" in found.problems[0].message
    assert "文本" in found.problems[0].remedy


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("header", ["可据以不予许可", "生效日期", "措施编号"])
def test_logical_values_are_refused(header: str, value: bool) -> None:
    """是 and 否 are words; TRUE is what a program made of them."""
    only(imported(put(APPLICATIONS, header, 2, value)), APPLICATIONS, at(APPLICATIONS, header, 2), "逻辑值")


@pytest.mark.parametrize("value", [date(2026, 10, 1), time(8, 0)])
def test_a_date_where_a_text_is_wanted_is_refused(value: Any) -> None:
    """A spreadsheet makes dates of codes such as 10-1."""
    found = imported(put(MEASURES, "措施名称", 2, value))
    only(found, MEASURES, at(MEASURES, "措施名称", 2), "日期或时间")


@pytest.mark.parametrize(
    ("value", "number_format"),
    [
        ("2027-01-01", None),
        ("2027/1/1", None),
        ("2027.1.1", None),
        ("2027年1月1日", None),
        ("２０２７年１月１日", None),
        (" 2027-01-01 ", None),
        (date(2027, 1, 1), "yyyy-mm-dd"),
        (date(2027, 1, 1), 'yyyy"年"m"月"d"日"'),
        (46388, "General"),
        (46388, "@"),
    ],
)
def test_days_are_read_in_every_common_form(value: Any, number_format: str | None) -> None:
    """As text, as a date cell, as the number of a day."""
    found = imported(put(MEASURES, "生效日期", 2, value, number_format))
    assert measures(found)[0]["valid_from"] == "2027-01-01"


@pytest.mark.parametrize(("value", "number_format"), [(44926, "General"), (44926, "yyyy-mm-dd")])
def test_days_of_the_1904_system_are_counted_from_1904(value: Any, number_format: str) -> None:
    """Workbooks made on old Macs count from another day."""

    def change(book: Any) -> None:
        book.epoch = CALENDAR_MAC_1904
        put(MEASURES, "生效日期", 2, value, number_format)(book)

    assert measures(imported(change))[0]["valid_from"] == "2027-01-01"


@pytest.mark.parametrize(
    ("value", "number_format", "said"),
    [
        ("2027-02-29", None, "没有"),
        ("2027年13月1日", None, "没有"),
        ("2027-1/1", None, "不是日期"),
        ("01/02/2027", None, "不是日期"),
        ("27-01-01", None, "不是日期"),
        ("1850-01-01", None, "过早"),
        ("明年", None, "不是日期"),
        (2027, "General", "不是可用的日期"),
        (20270101, "General", "不是可用的日期"),
        (46388.5, "General", "不是可用的日期"),
        (-1, "General", "不是可用的日期"),
        (10**12, "General", "不是可用的日期"),
        (datetime(2027, 1, 1, 8, 30), "yyyy-mm-dd hh:mm", "时刻"),  # noqa: DTZ001 - spreadsheets have no zone
        (time(8, 0), "hh:mm", "时间"),
    ],
)
def test_what_is_no_day_is_refused(value: Any, number_format: str | None, said: str) -> None:
    """Impossible, ambiguous or improbable days are not guessed at."""
    found = imported(put(MEASURES, "生效日期", 2, value, number_format))
    only(found, MEASURES, at(MEASURES, "生效日期", 2), said)


@pytest.mark.filterwarnings("ignore:Cell .* is marked as a date")
def test_a_day_out_of_the_calendar_is_refused() -> None:
    """A date cell with a number that no calendar holds."""

    def change(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet2.xml"
        cell = at(MEASURES, "生效日期", 2).encode()
        start = parts[name].index(b'<c r="' + cell + b'"')
        end = parts[name].index(b"</c>", start) + len(b"</c>")
        parts[name] = parts[name][:start] + b'<c r="' + cell + b'"><v>99999999999</v></c>' + parts[name][end:]

    found = read_workbook(repacked(change), rules())
    only(found, MEASURES, at(MEASURES, "生效日期", 2), "不是可用的日期")


def test_long_term_is_written_as_an_empty_cell() -> None:
    """The word for it is refused with that remedy; an empty cell is read."""
    found = imported(put(MEASURES, "失效日期", 2, "长期有效"))
    assert "留空" in only(found, MEASURES, at(MEASURES, "失效日期", 2), "不是日期")
    assert measures(imported(put(MEASURES, "失效日期", 2, None)))[0]["valid_to"] is None


@pytest.mark.parametrize("header", ["措施编号", "措施名称", "奖惩性质", "生效日期", "适用对象", "依据编号"])
def test_what_must_be_filled_in_is_asked_for(header: str) -> None:
    """An empty cell, and one with only spaces."""
    for value in (None, " \u3000"):
        found = imported(put(MEASURES, header, 2, value))
        assert (MEASURES, at(MEASURES, header, 2)) in places(found)
        assert "没有填写" in next(p for p in found.problems if p.cell == at(MEASURES, header, 2)).message


def test_words_outside_the_vocabulary_are_refused_with_the_choices() -> None:
    """Also words of the rule file, which nobody here should have to know."""
    for word in ("强制", "mandatory"):
        found = imported(put(APPLICATIONS, "实施力度", 2, word))
        assert "强制性、推荐性" in only(found, APPLICATIONS, at(APPLICATIONS, "实施力度", 2), word)


@pytest.mark.parametrize("mark", ",，、;；")
@pytest.mark.parametrize(
    ("header", "values"), [("依据编号", ("law-1", "law-2")), ("适用对象", ("自然人", "法人和非法人组织"))]
)
def test_several_values_are_never_split_at_commas(mark: str, header: str, values: tuple[str, str]) -> None:
    """A real client broke on it: free text holds commas too. The remedy is one a line."""
    found = imported(put(MEASURES, header, 2, mark.join(values)))
    assert "每行一" in only(found, MEASURES, at(MEASURES, header, 2), mark)


@pytest.mark.parametrize("header", ["依据编号", "适用对象"])
def test_a_value_twice_in_a_cell_is_refused(header: str) -> None:
    """Two lines of the same."""

    def twice(book: Any) -> None:
        cell = book[MEASURES][at(MEASURES, header, 2)]
        cell.value = f"{cell.value}\n{cell.value}"

    assert (MEASURES, at(MEASURES, header, 2)) in places(imported(twice))


def test_a_line_break_in_a_name_and_a_text_without_end_are_refused() -> None:
    """A name is one line; a cell holds no essay."""
    only(imported(put(MEASURES, "实施机关", 2, "甲局\n乙局")), MEASURES, at(MEASURES, "实施机关", 2), "换行")
    only(imported(put(MEASURES, "实施机关", 2, "长" * 6000)), MEASURES, at(MEASURES, "实施机关", 2), "超过")


# Rows


def test_blank_rows_at_the_end_do_no_harm() -> None:
    """Formatted, or with spaces only."""

    def blank(book: Any) -> None:
        page = book[MEMOS]
        page["A9"] = " "
        page["B5000"].number_format = "@"

    assert imported(blank).data == rules().plain()


def test_a_blank_row_in_the_middle_is_passed_over_with_a_note() -> None:
    """Nothing is lost by it, and rows below keep their numbers."""

    def gap(book: Any) -> None:
        book[MEMOS].insert_rows(3, 2)

    found = imported(gap)
    assert found.data == rules().plain()
    assert found.notes == (f"“{MEMOS}”第3行起有2个空行，已跳过。",)

    def wrong(book: Any) -> None:
        gap(book)
        book[MEMOS]["C5"] = "奖励"

    only(imported(wrong), MEMOS, "C5", "奖励")


@pytest.mark.parametrize(
    ("sheet", "header"),
    [(MEASURES, "措施编号"), (TYPES, "措施类别编号"), (MEMOS, "备忘录编号"), (APPLICATIONS, "事项编号")],
)
def test_a_row_twice_is_refused_with_the_number_of_the_first(sheet: str, header: str) -> None:
    """Even if both say the same."""

    def twice(book: Any) -> None:
        page = book[sheet]
        for source, target in zip(page[2], page[page.max_row + 1], strict=True):
            target.value = source.value

    found = imported(twice)
    assert "与第2行重复" in found.problems[0].message
    assert found.problems[0].sheet == sheet
    assert found.problems[0].cell.startswith(at(sheet, header, 1)[0])


@pytest.mark.parametrize(
    ("sheet", "header", "code", "near"),
    [
        (APPLICATIONS, "事项编号", "mater-0", "matter-0"),
        (APPLICATIONS, "措施编号", "measure_0", "measure-0"),
        (APPLICATIONS, "依据编号", "law-3", "law-"),
        (MEASURES, "措施类别编号", "ENTRY", "entry"),
        (MEASURES, "备忘录编号", "memo-7", "memo-1"),
        (MEASURES, "名单编号", "lists3", "list3"),
        (TYPES, "清单版本编号", "2O24", "2024"),
        (MEMOS, "依据编号", "1aw-1", "law-1"),
    ],
)
def test_an_unknown_code_comes_with_the_nearest_known_one(sheet: str, header: str, code: str, near: str) -> None:
    """And with its title, so that the person can judge."""
    found = imported(put(sheet, header, 2, code))
    problem = next(p for p in found.problems if p.cell == at(sheet, header, 2))
    assert f"“{code}”" in problem.message
    assert near in problem.remedy
    assert "（" in problem.remedy


def test_a_code_like_no_other_comes_without_a_guess() -> None:
    """Rather no suggestion than a wild one."""
    found = imported(put(APPLICATIONS, "事项编号", 2, "zzzzzzzz"))
    assert found.problems[0].remedy == "请改用“事项”中的编号"


@pytest.mark.parametrize("text", ["事项 1", "事项一", "-a", "a.b"])
def test_what_is_no_code_is_refused(text: str) -> None:
    """Spaces inside, Chinese, dots."""
    found = imported(put(APPLICATIONS, "事项编号", 2, text))
    assert "不是编号" in next(p for p in found.problems if p.cell == "A2").message


def test_a_title_that_is_another_codes_is_an_error() -> None:
    """Code and title disagree: one of the two is wrong, and only the person knows which."""
    found = imported(put(APPLICATIONS, "措施名称", 2, rules().measures[1].title))
    said = found.problems[0].message
    assert places(found) == [(APPLICATIONS, at(APPLICATIONS, "措施名称", 2))]
    assert "measure-0" in said
    assert "measure-1" in said


def test_a_title_without_a_code_names_the_code() -> None:
    """The title alone is not a choice, but the remedy spares the search."""
    found = imported(put(MEASURES, "备忘录编号", 2, None))
    assert "memo-1" in only(found, MEASURES, at(MEASURES, "备忘录名称", 2), "没有写编号")


def test_titles_may_be_left_out_and_must_be_as_many_as_codes() -> None:
    """Empty is fine; half of them is not."""

    def clear(book: Any) -> None:
        put(MEASURES, "依据条文", 2, None)(book)
        put(APPLICATIONS, "措施名称", 2, None)(book)

    assert imported(clear).data == rules().plain()
    found = imported(put(MEASURES, "依据条文", 2, "合成法 第二条"))
    only(found, MEASURES, at(MEASURES, "依据条文", 2), "1行")


def test_a_measure_can_be_renamed_without_touching_every_row_that_names_it() -> None:
    """The former title beside the code still fits, unless another measure bears it now."""
    found = imported(put(MEASURES, "措施名称", 2, "新的名称"))
    assert measures(found)[0]["title"] == "新的名称"

    def swap(book: Any) -> None:
        put(MEASURES, "措施名称", 2, rules().measures[1].title)(book)
        put(MEASURES, "措施名称", 3, rules().measures[0].title)(book)

    assert imported(swap).data is None


# The whole


def test_rows_are_added_removed_and_moved() -> None:
    """The workbook is the list: what is not in it is not in the rules."""

    def work(book: Any) -> None:
        page = book[APPLICATIONS]
        page.delete_rows(2)
        row = page.max_row + 1
        for header, value in {
            "事项编号": "matter-3",
            "措施编号": "incentive-1",
            "行使层级": "县级",
            "实施力度": "推荐性",
            "可据以不予许可": "否",
            "生效日期": "2027-01-01",
        }.items():
            page[at(APPLICATIONS, header, row)] = value

    found = imported(work)
    assert found.data is not None
    before = rules().plain()["applications"]
    assert found.data["applications"][:-1] == before[1:]  # type: ignore[index]  # a list
    assert found.data["applications"][-1] == {
        "matter": "matter-3",
        "measure": "incentive-1",
        "level": "县级",
        "force": "recommended",
        "may_refuse": False,
        "valid_from": "2027-01-01",
        "valid_to": None,
        "basis": [],
    }


@pytest.mark.parametrize(
    ("sheet", "header", "value", "said"),
    [
        (APPLICATIONS, "行使层级", "市级", "事项为县级"),
        (APPLICATIONS, "依据编号", None, "须写明适用于本事项的依据"),
        (APPLICATIONS, "失效日期", "2001-01-01", "早于"),
        (MEASURES, "措施效果", "绿色通道", "惩戒措施不能是激励"),
        (MEASURES, "落实到人", "代理人", "代理人不是核查对象"),
        (MEASURES, "名单编号", "list15", "严重失信名单"),
    ],
)
def test_what_the_rule_set_finds_is_told_at_the_row(sheet: str, header: str, value: Any, said: str) -> None:
    """In the words of the sheet, not of the rule file."""

    def change(book: Any) -> None:
        put(sheet, header, 2, value)(book)
        for reading in ("名单名称", "依据条文"):
            if sheet == MEASURES or reading == "依据条文":
                put(sheet, reading, 2, None)(book)

    found = imported(change)
    problem = next(p for p in found.problems if said in p.message)
    assert (problem.sheet, problem.cell) == (sheet, at(sheet, header, 2))
    assert not any(word in str(problem) for word in ("may_refuse", "valid_", "list_types", "kind", "agent"))


def test_a_code_that_another_rule_bears_is_told_at_the_row() -> None:
    """Measures share their name space with lists, bars and grounds."""

    def clash(book: Any) -> None:
        page = book[MEASURES]
        row = next(r for r in range(2, 9) if page[at(MEASURES, "措施编号", r)].value == "others-1")
        page[at(MEASURES, "措施编号", row)] = "list1"

    found = imported(clash)
    assert "已用于" in found.problems[0].message
    assert found.problems[0].cell.startswith("C")


def test_a_basis_that_carries_nothing_adverse_is_told_at_the_row() -> None:
    """A memorandum is no basis (L-01); the shipped rules hold bases of every rank."""
    weak = next(b.id for b in shipped().bases if not b.carries_adverse)
    number = next(
        i for i, m in enumerate(shipped().measures, start=2) if m.kind == "sanction" and m.effect != "of_others"
    )

    def change(book: Any) -> None:
        put(MEASURES, "依据编号", number, weak)(book)
        put(MEASURES, "依据条文", number, None)(book)

    book = load_workbook(io.BytesIO(write_workbook(shipped())))
    change(book)
    target = io.BytesIO()
    book.save(target)
    found = read_workbook(target.getvalue(), shipped())
    only(found, MEASURES, at(MEASURES, "依据编号", number), "")
    assert "verified" not in str(found.problems[0])


def test_a_workbook_of_another_version_is_refused() -> None:
    """It would undo what others changed since."""
    newer = RuleSet.parse({**rules().plain(), "revision": "newer"})
    found = read_workbook(exported(), newer)
    assert "newer" in found.problems[0].message
    assert "synthetic" in found.problems[0].message
    assert found.problems[0].sheet == GUIDE


def test_without_the_guide_the_version_is_not_known_and_that_is_noted() -> None:
    """A list from elsewhere can be imported; the person is told what was not checked."""
    for raw in (edited(lambda book: book.remove(book[GUIDE])), edited(lambda book: book[GUIDE].delete_rows(1, 90))):
        found = read_workbook(raw, rules())
        assert found.data == rules().plain()
        assert "无法核对" in found.notes[0]


def test_problems_come_in_the_order_of_the_sheets_and_beyond_200_are_counted() -> None:
    """Cells first, then what rows owe each other."""

    def spoil(book: Any) -> None:
        for row in range(2, 90):
            for header in ("行使层级", "实施力度", "可据以不予许可"):
                put(APPLICATIONS, header, row, "？")(book)

    found = imported(spoil)
    rows = len(rules().applications)
    # Three wrong cells in each row that was there; in each new one also two codes and the first day are missing.
    assert (len(found.problems), found.total, found.data) == (200, 3 * rows + 6 * (88 - rows), None)
    numbers = [int("".join(c for c in p.cell if c.isdigit())) for p in found.problems]
    assert numbers == sorted(numbers)


def test_a_problem_reads_as_one_sentence() -> None:
    """Sheet, cell, what, how."""
    found = imported(put(MEMOS, "奖惩性质", 2, "奖励"))
    assert str(found.problems[0]) == "“备忘录” C2：“奖励”不在可选值之内；请从中选择：惩戒、激励。"


def test_a_misspelt_header_is_taken_for_the_column_that_is_missing() -> None:
    """Not for one of a similar name that is there."""
    found = Problems()
    headers = [c.header if c.header != "名单编号" else "名单编码" for c in layout.MEASURES.columns]
    sheet = Workbook().active
    sheet.append(headers)
    heading(layout.MEASURES, sheet[1], found)
    assert "请改正为“名单编号”" in next(p.remedy for p in found.rows if "名单编码" in p.message)
