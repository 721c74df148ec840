"""The sheets of the workbook: names, columns, what a cell holds and where its value goes in the rule data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from approval_hook.threelists import words

#: Rows with content that one sheet may hold. A province has some ten thousand matters at three levels and names a
#: measure at few of them; a longer list is a mistake, and reading it would only keep the person waiting.
MAX_ROWS = 20_000
#: Problems that are told one by one; the rest is counted.
MAX_PROBLEMS = 200

#: Where the workbook says which rule set it was exported from.
BASE_REVISION = "基准版本"
BASE_DIGEST = "基准摘要"


class Form(Enum):
    """What a cell holds."""

    CODE = "code"  # one code
    CODES = "codes"  # codes, one a line
    TEXT = "text"  # free text in one line
    WORD = "word"  # one word of a vocabulary
    WORDS = "words"  # words of a vocabulary, one a line
    DAY = "day"
    TITLES = "titles"  # for reading: what the codes of another column are called


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a sheet that is read."""

    header: str
    field: str  # of the rule data; of a reading column, the field whose codes it spells out
    form: Form
    hint: str  # shown beside the cell; at most 255 characters
    names: str = ""  # the part of the rule set that a code must be in; "": this sheet gives the code
    words: Mapping[Any, str] | None = None
    optional: bool = False  # the cell may be empty
    width: int = 16

    @property
    def many(self) -> bool:
        """Whether a cell holds several values, one a line."""
        return self.form in (Form.CODES, Form.WORDS)

    @property
    def reading(self) -> bool:
        """Whether the column is there for people only."""
        return self.form is Form.TITLES


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet that is read, and the part of the rule set that it holds."""

    title: str
    part: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def column(self, field: str) -> Column:
        """The column that holds a field."""
        return next(c for c in self.columns if c.field == field and not c.reading)


_ONE_A_LINE = "每行一个，用 Alt+Enter 换行，不要用逗号或顿号分隔。"
_TITLE_HINT = "仅供阅读，可留空；填写时必须与编号一致。"


def _code(header: str, field: str, names: str = "", *, optional: bool = False, width: int = 22) -> Column:
    hint = f"填写“{PART_SHEETS[names]}”中的编号。" if names else "字母、数字、短横线和下划线，本表内不得重复。"
    return Column(header, field, Form.CODE, hint + ("没有则留空。" if optional else ""), names, None, optional, width)


def _codes(header: str, field: str, names: str, *, optional: bool = False) -> Column:
    return Column(
        header, field, Form.CODES, f"“{PART_SHEETS[names]}”中的编号，{_ONE_A_LINE}", names, None, optional, 22
    )


def _titles(header: str, field: str, names: str, width: int = 28) -> Column:
    return Column(header, field, Form.TITLES, _TITLE_HINT, names, None, True, width)


def _text(header: str, field: str, width: int = 30) -> Column:
    return Column(header, field, Form.TEXT, "写成一行，不要换行。", width=width)


def _word(header: str, field: str, vocabulary: Mapping[Any, str], width: int = 12) -> Column:
    return Column(header, field, Form.WORD, f"选择：{'、'.join(vocabulary.values())}。", words=vocabulary, width=width)


def _words(header: str, field: str, vocabulary: Mapping[Any, str]) -> Column:
    return Column(header, field, Form.WORDS, f"可选值见“{GUIDE}”，{_ONE_A_LINE}", words=vocabulary, width=20)


_DAYS = (
    Column("生效日期", "valid_from", Form.DAY, "按 2026-10-01 的格式填写。", width=13),
    Column(
        "失效日期",
        "valid_to",
        Form.DAY,
        "最后有效的一天，按 2026-10-01 的格式填写；长期有效请留空。",
        optional=True,
        width=13,
    ),
)

GUIDE = "填写说明"
#: The sheet in which the codes of a part are found.
PART_SHEETS = {
    "measures": "备忘录措施清单",
    "measure_types": "措施类别清单",
    "applications": "应用事项清单",
    "memos": "备忘录",
    "bases": "依据",
    "list_types": "名单",
    "matters": "事项",
    "editions": "清单版本",
}

MEASURES = Sheet(
    PART_SHEETS["measures"],
    "measures",
    ("id",),
    (
        _code("备忘录编号", "memo", "memos", optional=True, width=16),
        _titles("备忘录名称", "memo", "memos"),
        _code("措施编号", "id", width=28),
        _text("措施名称", "title", 36),
        _text("英文名称", "title_en"),
        _word("奖惩性质", "kind", words.KINDS, 10),
        _code("措施类别编号", "type", "measure_types", width=18),
        _titles("措施类别名称", "type", "measure_types"),
        _word("措施效果", "effect", words.EFFECTS, 18),
        _text("实施机关", "organ"),
        _codes("名单编号", "list_types", "list_types", optional=True),
        _titles("名单名称", "list_types", "list_types"),
        _words("适用对象", "kinds", words.SUBJECTS),
        _words("落实到人", "roles", words.ROLES),
        *_DAYS,
        _codes("依据编号", "basis", "bases"),
        _titles("依据条文", "basis", "bases", 34),
    ),
)
MEASURE_TYPES = Sheet(
    PART_SHEETS["measure_types"],
    "measure_types",
    ("code",),
    (
        _code("措施类别编号", "code"),
        _text("措施类别名称", "title", 36),
        _code("清单版本编号", "edition", "editions"),
        _titles("清单版本名称", "edition", "editions"),
        _word("奖惩性质", "kind", words.KINDS, 10),
        _codes("依据编号", "basis", "bases"),
        _titles("依据条文", "basis", "bases", 34),
    ),
)
APPLICATIONS = Sheet(
    PART_SHEETS["applications"],
    "applications",
    ("matter", "measure"),
    (
        _code("事项编号", "matter", "matters"),
        _titles("事项名称", "matter", "matters"),
        _code("措施编号", "measure", "measures", width=28),
        _titles("措施名称", "measure", "measures", 36),
        _word("行使层级", "level", words.LEVELS, 10),
        _word("实施力度", "force", words.FORCES, 10),
        _word("可据以不予许可", "may_refuse", words.ANSWERS, 16),
        *_DAYS,
        Column(
            "依据编号",
            "basis",
            Form.CODES,
            f"写明适用于本事项的依据：“依据”中的编号，{_ONE_A_LINE}",
            "bases",
            None,
            True,
            22,
        ),
        _titles("依据条文", "basis", "bases", 34),
    ),
)
MEMOS = Sheet(
    PART_SHEETS["memos"],
    "memos",
    ("code",),
    (
        _code("备忘录编号", "code"),
        _text("备忘录名称", "title", 48),
        _word("奖惩性质", "kind", words.KINDS, 10),
        _codes("依据编号", "basis", "bases", optional=True),
        _titles("依据条文", "basis", "bases", 34),
    ),
)
#: The sheets that are read, in the order in which their codes can be known.
READ = (MEMOS, MEASURE_TYPES, MEASURES, APPLICATIONS)
#: The sheets that are only there to be looked at.
HELP = (GUIDE, *(PART_SHEETS[part] for part in ("bases", "list_types", "matters", "editions")))

#: What an application's key looks like in the problems of a rule set.
KEY_SEPARATOR = " / "
