"""``manage.py rules_check``: rows, JSON and the exit code."""

from __future__ import annotations

import json
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from approval_hook import cases
from approval_hook.rulebook import RuleBook
from tests.benchmarks.policy_set import policy_data


def clean() -> dict[str, Any]:
    """Plain data of a rule set without an error: every measure asks for the same, of roles that are queried."""
    data = deepcopy(policy_data(44))
    for row in data["applications"]:
        row.update(force="mandatory", valid_from="2024-01-01", valid_to=None)
    for measure in data["measures"]:
        measure["roles"] = ["applicant"]
    return data


def contradictory() -> dict[str, Any]:
    """The same with a second measure of the same type that asks for less."""
    data = clean()
    data["measures"].append({**data["measures"][0], "id": "weaker"})
    data["applications"].append({**data["applications"][0], "measure": "weaker", "force": "recommended"})
    return data


def written(folder: Path, data: dict[str, Any], name: str = "2026-01-01.yaml") -> Path:
    """The data as a rule file; JSON is YAML without the aliases that a dump would make."""
    path = folder / name
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def check(*args: str) -> tuple[str, str]:
    """Output of the command, and the message it fails with; empty when it passes."""
    out = StringIO()
    try:
        call_command("rules_check", *args, stdout=out, stderr=StringIO())
    except CommandError as error:
        return out.getvalue(), str(error) if error.returncode == 1 else ""
    return out.getvalue(), ""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty configured directory of rule sets."""
    folder = tmp_path / "rules"
    folder.mkdir()
    monkeypatch.setattr(cases, "book", lambda: RuleBook(folder))
    monkeypatch.setattr(cases, "file_book", lambda: RuleBook(folder))
    return folder


def test_a_rule_set_without_errors_passes_with_its_notes(tmp_path: Path) -> None:
    """Warnings and notes are shown and do not fail."""
    text, failed = check(str(written(tmp_path, clean())))
    assert failed == ""
    head, *rows = text.splitlines()
    assert head.startswith("规则 synthetic：错误 0 处，警告 ")
    assert any(row.startswith("提示\tno-measure\tlist_types(list-quiet)\t") and "（例：事项 " in row for row in rows)


def test_a_contradiction_fails_with_its_row(tmp_path: Path) -> None:
    """An error makes the command fail and stands in the first rows, with a cell that shows it."""
    text, failed = check(str(written(tmp_path, contradictory())))
    assert "共 " in failed
    row = text.splitlines()[1].split("\t")
    assert row[:2] == ["错误", "conflict"]
    assert "weaker（limit_entry，推荐性）" in row[3]
    assert "请统一要求" in row[3]


def test_json_holds_the_same_findings(tmp_path: Path) -> None:
    """One object on standard output and nothing else, also when the command fails."""
    text, failed = check(str(written(tmp_path, contradictory())), "--json")
    assert failed
    found = json.loads(text)
    assert found["valid"] is True
    (one,) = found["rule_sets"]
    assert one["revision"] == "synthetic"
    first = one["findings"][0]
    assert (first["kind"], first["severity"]) == ("conflict", "error")
    assert first["witness"]["matter"] == "matter-0"
    assert "weaker" in first["rules"]


def test_an_invalid_file_gives_each_problem_as_a_row(tmp_path: Path) -> None:
    """What the loader refuses is listed problem by problem, without a traceback."""
    data = clean()
    data["bases"][0]["verified"] = False
    data["title"] = ""
    data["title_en"] = "unknown"
    path = written(tmp_path, data)
    text, failed = check(str(path))
    rows = text.splitlines()
    assert f"共 {len(rows)} 处" in failed
    assert len(rows) > 1
    assert all(row.startswith("错误\tinvalid\t") and row.endswith("。") for row in rows)
    found = json.loads(check(str(path), "--json")[0])
    assert found["valid"] is False
    assert len(found["problems"]) == len(rows)


@pytest.mark.parametrize("name", ["gone.yaml", "folder/gone"])
def test_a_path_that_is_not_there_is_a_row(tmp_path: Path, name: str) -> None:
    """A mistyped path is told as such and not looked up as a revision."""
    text, failed = check(str(tmp_path / name))
    assert "无法读取" in text
    assert failed


def test_without_an_argument_every_configured_rule_set_is_checked(configured: Path) -> None:
    """All of them are reported, and one bad one fails the command."""
    written(configured, clean())
    later = {**contradictory(), "revision": "later", "valid_from": "2027-01-01"}
    written(configured, later, "2027-01-01.yaml")
    text, failed = check()
    assert failed
    heads = [line.split("：")[0] for line in text.splitlines() if line.startswith("规则 ")]
    assert heads == ["规则 synthetic", "规则 later"]


def test_a_configured_revision_is_found_by_name(configured: Path) -> None:
    """A name that is no path is a revision; an unknown one is a row."""
    written(configured, clean())
    assert check("synthetic")[1] == ""
    text, failed = check("unheard-of")
    assert "找不到版本“unheard-of”" in text
    assert failed


@pytest.mark.parametrize("args", [(), ("synthetic",)])
def test_rule_files_are_checked_without_a_database(
    configured: Path, monkeypatch: pytest.MonkeyPatch, args: tuple[str, ...]
) -> None:
    """Before there is a database the files can still be checked."""

    def away() -> list[Any]:
        raise DatabaseError

    monkeypatch.setattr(cases, "book", lambda: RuleBook(configured, away))
    written(configured, clean())
    assert check(*args)[1] == ""


def test_wrong_settings_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration error is one sentence."""
    from approval_hook.errors import ConfigurationError

    def wrong() -> RuleBook:
        raise ConfigurationError("RULES is missing")

    monkeypatch.setattr(cases, "book", wrong)
    assert check() == ("", "系统设置有误：RULES is missing")
