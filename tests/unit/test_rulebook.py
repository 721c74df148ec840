"""Rule files on disk: what is refused, which one is in force, and when a file is read again."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
import yaml

from approval_hook.errors import RulesInvalid
from approval_hook.policy.canonical import canonical_bytes
from approval_hook.rulebook import RuleBook, load

SHIPPED = Path(__file__).resolve().parents[2] / "fixtures" / "rules" / "guangdong" / "2026-10-01"


def dated(folder: Path, first_day: str, **changes: str) -> Path:
    """Write the shipped rules with another first day and revision."""
    data = load(SHIPPED).rules.plain()
    data.update(valid_from=first_day, revision=f"r{changes.get('revision', first_day)}")
    data["valid_to"] = changes.get("valid_to")
    path = folder / f"{first_day}.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    return path


def test_the_digest_is_of_the_content_and_not_of_how_it_is_laid_out(tmp_path: Path) -> None:
    """A folder of files and one file with the same content are the same rule set."""
    loaded = load(SHIPPED)
    assert loaded.rules.revision == "guangdong-2026-10-01"
    one = tmp_path / "one.yaml"
    one.write_text(yaml.safe_dump(loaded.rules.plain(), allow_unicode=True), encoding="utf-8")
    assert load(one).digest == loaded.digest
    assert load(one).rules == loaded.rules
    assert loaded.rules.canonical == canonical_bytes(loaded.rules.plain())


def test_a_folder_says_which_file_is_wrong(tmp_path: Path) -> None:
    """The same scalar in two files, and a broken file, are named; an empty folder is no rule set."""
    folder = tmp_path / "2026-10-01"
    folder.mkdir()
    with pytest.raises(RulesInvalid, match="没有规则文件"):
        load(folder)
    (folder / "a.yaml").write_text("title: 甲\n", encoding="utf-8")
    (folder / "b.yaml").write_text("title: 乙\n", encoding="utf-8")
    with pytest.raises(RulesInvalid, match=r"b\.yaml：字段“title”在别的文件中已经有了"):
        load(folder)
    (folder / "b.yaml").write_bytes("title: 乙\n".encode("gbk"))
    with pytest.raises(RulesInvalid, match=r"b\.yaml：不是 UTF-8"):
        load(folder)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"revision: a\nrevision: b\n", "字段“revision”重复"),
        (b"a: &x [1]\nb: *x\n", "YAML 引用"),
        ("revision: 广东\n".encode("gbk"), "不是 UTF-8"),
        (b"#" * (5 * 1024 * 1024 + 1), "超过5MB"),
        (b"a: [1\n", "YAML 格式有误"),
        (b"a: 2026-02-30\n", "YAML 格式有误"),
        (b"- a\n", "最外层应为一组字段"),
        (b"", "最外层应为一组字段"),
        (b"1: a\n", "字段名应为文字"),
        (b"a: !!python/object/apply:os.getcwd []\n", "YAML 格式有误"),
        (b"[" * 5000, "嵌套超过"),
        (b"{}\n", "缺少"),
    ],
)
def test_what_is_not_a_plain_rule_file_is_refused(tmp_path: Path, raw: bytes, said: str) -> None:
    """Repeated keys, aliases, other encodings, giants and broken YAML are refused in Chinese."""
    path = tmp_path / "2026-10-01.yaml"
    path.write_bytes(raw)
    with pytest.raises(RulesInvalid) as caught:
        load(path)
    assert any(said in problem for problem in caught.value.problems)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """An unreadable path is a rule error, not a bare OSError."""
    with pytest.raises(RulesInvalid, match="无法读取"):
        load(tmp_path / "none.yaml")


def test_the_latest_begun_file_is_in_force(tmp_path: Path) -> None:
    """Each day has the rule set that began last; revisions find the older ones for replay."""
    dated(tmp_path, "2026-10-01")
    dated(tmp_path, "2027-01-01", valid_to="2027-06-30")
    book = RuleBook(tmp_path)
    assert book.on(date(2026, 12, 31)).rules.revision == "r2026-10-01"
    assert book.on(date(2027, 1, 1)).rules.revision == "r2027-01-01"
    assert book.revision("r2026-10-01").rules.valid_from == date(2026, 10, 1)
    for day in (date(2026, 9, 30), date(2027, 7, 1)):
        with pytest.raises(RulesInvalid, match="没有生效的规则文件"):
            book.on(day)
    with pytest.raises(RulesInvalid, match="找不到版本"):
        book.revision("lost")


def test_a_folder_must_be_unambiguous(tmp_path: Path) -> None:
    """An empty folder, a shared first day and a shared revision are refused."""
    book = RuleBook(tmp_path)
    with pytest.raises(RulesInvalid, match="没有规则文件"):
        book.all()
    first = dated(tmp_path, "2026-10-01")
    twin = tmp_path / "twin.yaml"
    twin.write_text(first.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(RulesInvalid, match="生效日相同"):
        book.all()
    twin.unlink()
    dated(tmp_path, "2027-01-01", revision="2026-10-01")
    with pytest.raises(RulesInvalid, match="重复"):
        book.all()


def test_a_file_is_read_again_only_when_it_changed(tmp_path: Path) -> None:
    """The same object comes back until the file's time or size changes."""
    path = dated(tmp_path, "2026-10-01")
    book = RuleBook(tmp_path)
    first = book.on(date(2026, 10, 2))
    assert book.on(date(2026, 10, 2)) is first
    os.utime(path, ns=(1, 1))
    assert book.on(date(2026, 10, 2)) is not first


def test_files_just_looked_at_are_believed_for_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case looks several times at the rules; a change of a file shows after the moment is over."""
    now = [100.0]
    monkeypatch.setattr("approval_hook.rulebook.time.monotonic", lambda: now[0])
    path = dated(tmp_path, "2026-10-01")
    book = RuleBook(tmp_path, believed=1.0)
    first = book.on(date(2026, 10, 2))
    os.utime(path, ns=(1, 1))
    now[0] += 0.9
    assert book.on(date(2026, 10, 2)) is first
    now[0] += 0.2
    assert book.on(date(2026, 10, 2)) is not first


def test_rules_to_come_stop_nothing_today(tmp_path: Path) -> None:
    """An unsound or half-copied rule set named by a later day is not looked at; once begun, it stops everything."""
    dated(tmp_path, "2026-10-01")
    (tmp_path / "2027-01-01.yaml").write_text("title: draft\n", encoding="utf-8")
    (tmp_path / "2028-01-01").mkdir()
    (tmp_path / "notes").mkdir()
    book = RuleBook(tmp_path)
    assert book.on(date(2026, 12, 31)).rules.revision == "r2026-10-01"
    with pytest.raises(RulesInvalid):
        book.on(date(2027, 1, 1))
    with pytest.raises(RulesInvalid):
        book.all()


@pytest.mark.parametrize("levels", [21, 2_000, 60_000])
def test_deep_nesting_is_refused_before_a_reader_recurses(tmp_path: Path, levels: int) -> None:
    """No depth of brackets reaches a recursive parser."""
    path = tmp_path / "deep.yaml"
    path.write_text("a: " + "[" * levels + "]" * levels, encoding="utf-8")
    with pytest.raises(RulesInvalid, match="嵌套超过"):
        load(path)
