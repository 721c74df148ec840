"""Templates as data: what the law demands cannot be left out, and an organ's own come first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.checks import CheckMessage
from msgspec import convert, to_builtins

from workflows.notices.catalogue import catalogue
from workflows.notices.checks import check_address, check_notices
from workflows.notices.conf import conf
from workflows.notices.errors import NoticeRefused, NoticeSettingsInvalid, TemplatesInvalid
from workflows.notices.facts import KINDS
from workflows.notices.templates import Demand, Template, problems
from workflows.site.demo.officers import ORGANS

DAY = date(2026, 11, 18)
DEMANDS = [
    pytest.param(kind, demand, id=f"{kind}-{n}")
    for kind, found in catalogue().demands.items()
    for n, demand in enumerate(found.contents)
]


def changed(kind: str, change: Callable[[Any], Any]) -> list[str]:
    """What is wrong with the shipped template of a kind once it was changed as plain data."""
    data = to_builtins(catalogue().template(kind, DAY))
    template = convert(change(data), Template, strict=False)
    return problems(template, catalogue().demands[kind])


def reworded(old: str, new: str) -> Callable[[Any], Any]:
    """Replace words in every text."""

    def change(data: Any) -> Any:
        if isinstance(data, str):
            return data.replace(old, new)
        if isinstance(data, dict):
            return {key: change(value) for key, value in data.items()}
        return [change(value) for value in data] if isinstance(data, (list, tuple)) else data

    return change


def without(demand: Demand) -> Callable[[Any], Any]:
    """Take one compulsory content out."""
    if demand.fields:
        return reworded(f"{{{demand.fields[-1]}}}", "某某")
    if demand.words:
        return reworded(demand.words[-1], "某某")

    def change(data: Any) -> Any:
        body = []
        for block in data["body"]:
            if demand.block and block["block"] == demand.block:
                continue
            if demand.columns and block["block"] == "items":
                block["columns"] = [c for c in block["columns"] if c["show"] != demand.columns[-1]]
            body.append(block)
        return data | {"body": body}

    return change


@pytest.mark.parametrize(("kind", "demand"), DEMANDS)
def test_a_template_without_a_compulsory_content_is_refused(kind: str, demand: Demand) -> None:
    """Whichever of the compulsory contents is taken out of the shipped template, it is named with its basis."""
    assert changed(kind, lambda data: data) == []
    told = [problem for problem in changed(kind, without(demand)) if f"“{demand.what}”（{demand.basis}）" in problem]
    assert len(told) == 1


def test_a_compulsory_content_that_depends_on_another_fact_does_not_count() -> None:
    """The statutory date in a row that shows only when something else is known may be missing on paper."""

    def change(data: Any) -> Any:
        for block in data["body"]:
            for row in block.get("rows", ()):
                if "{statutory_due}" in row["text"]:
                    row["when"] = "promised_due"
        return data

    assert any("法定办结期限" in problem for problem in changed("acceptance", change))


@pytest.mark.parametrize("odd", ["{nobody}", "{applicant.pk}", "{0}", "{applicant!r}", "{applicant:>9}", "{", "{}"])
def test_a_placeholder_that_names_no_fact_is_refused(odd: str) -> None:
    """Only plain names of known facts stand in braces: no attribute, index, conversion or format."""
    found = changed("acceptance", reworded("联系人：", f"{odd}联系人："))
    assert any("占位符" in problem for problem in found)


@pytest.fixture
def own(settings: Any, tmp_path: Path) -> Path:
    """A directory of the organ's own beside the shipped one."""
    settings.NOTICES = {**settings.NOTICES, "OWN_TEMPLATES": [str(tmp_path)]}
    return tmp_path


def put(folder: Path, name: str, **changes: Any) -> None:
    """Write the shipped acceptance template with changes."""
    shipped = yaml.safe_load((conf().directories()[0] / "acceptance.yaml").read_text(encoding="utf-8"))
    (folder / name).write_text(yaml.safe_dump(shipped | changes, allow_unicode=True), encoding="utf-8")


def test_an_organ_changes_words_without_code(own: Path) -> None:
    """Its own template is taken from its first day, the later one from its own; before, the shipped one."""
    put(own, "a.yaml", version="own-1", valid_from=date(2026, 11, 1), title="受理告知书")
    put(own, "b.yaml", version="own-2", valid_from=date(2026, 12, 1))
    taken = {
        day: catalogue().template("acceptance", day).version for day in (date(2026, 10, 31), DAY, date(2027, 1, 1))
    }
    assert list(taken.values()) == ["gd-2026-10", "own-1", "own-2"]
    assert catalogue().template("receipt", DAY).version == "gd-2026-10"


def test_before_the_first_day_there_is_none() -> None:
    """A day without a template is refused by name."""
    with pytest.raises(NoticeRefused, match="受理通知书"):
        catalogue().template("acceptance", date(2026, 9, 30))


def test_an_organ_cannot_weaken_what_the_law_demands(own: Path) -> None:
    """A list of compulsory contents in its own directory is not read."""
    (own / "compulsory.yaml").write_text("kinds: {}", encoding="utf-8")
    assert set(catalogue().demands) == set(KINDS)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.yaml", "kind: [", "x.yaml 第"),
        ("x.yaml", "kind: acceptance", "x.yaml：字段有误"),
        ("x.yaml", "- a", "x.yaml：最外层"),
        ("organs.yaml", "organ: {}", "organs.yaml"),
        ("organs.yaml", "organs: [{organ: 某局}]", "organs.yaml：字段有误"),
    ],
)
def test_a_malformed_file_is_named(own: Path, name: str, text: str, told: str) -> None:
    """Nothing of the directories is used, and the message says which file and where."""
    (own / name).write_text(text, encoding="utf-8")
    with pytest.raises(TemplatesInvalid) as refused:
        catalogue()
    assert any(problem.startswith(told) for problem in refused.value.problems)
    assert ids(check_notices(None)) == ["workflows.E102"]


def test_two_versions_of_one_name_or_day_are_refused(own: Path) -> None:
    """A version names one text, and a day has one."""
    put(own, "a.yaml", version="own-1", valid_from=DAY)
    put(own, "b.yaml", version="own-1", valid_from=DAY)
    with pytest.raises(TemplatesInvalid) as refused:
        catalogue()
    assert [word in str(refused.value) for word in ("版本", "两个模板")] == [True, True]


def test_a_template_with_a_character_that_no_font_holds_is_refused_at_start_up(own: Path) -> None:
    """Words of a template are looked at before anybody needs them."""
    put(own, "a.yaml", version="own-1", valid_from=DAY, title="受理𠮷书")
    (found,) = check_notices(None)
    assert (found.id, "U+20BB7" in found.msg) == ("workflows.E102", True)


@pytest.mark.parametrize(
    "change",
    [
        {"TEMPLATES": "/no/such"},
        {"FONT_DIRS": ["relative"]},
        {"FONT_DIR": []},
        {"VERIFY_URL": "http://licensing.example.gov.cn/"},
        {"VERIFY_URL": "https:///verify/"},
    ],
    ids=str,
)
def test_wrong_settings_stop_the_start(settings: Any, change: dict[str, Any]) -> None:
    """A missing directory, an unknown key and an address without encryption are named."""
    settings.NOTICES = {**settings.NOTICES, **change}
    with pytest.raises(NoticeSettingsInvalid, match="NOTICES"):
        conf()
    assert ids(check_notices(None)) == ["workflows.E101"]


def test_the_shipped_installation_is_sound(settings: Any) -> None:
    """Nothing to mend; only an installation without an address to verify at is told so."""
    assert ids(check_notices(None)) == []
    assert ids(check_address(None)) == ["workflows.W101"]
    settings.NOTICES = {**settings.NOTICES, "VERIFY_URL": "https://licensing.example.gov.cn/verify/"}
    assert ids(check_address(None)) == []


def ids(found: Any) -> list[str]:
    """Ids of what a check says."""
    messages: list[CheckMessage] = list(found)
    return [str(message.id) for message in messages]


def test_the_organs_of_the_demonstration_can_issue_notices() -> None:
    """Each has details and a word for its matter."""
    for matter, organ in ORGANS.items():
        assert matter in catalogue().organ(organ.name).matters
