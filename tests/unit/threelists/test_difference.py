"""Every change of every part is told, and only changes."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from approval_hook.errors import RulesInvalid
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import LegalBasis
from approval_hook.threelists.difference import ORDER, Change, Orphans, differences, label, orphans
from approval_hook.threelists.naming import PART_LABELS, shown
from tests.unit.policy.building import rules as shipped
from tests.unit.threelists.building import rule_data, rules

_OTHER = {"person": "organisation", "organisation": "person", "mandatory": "recommended", "recommended": "mandatory"}


def changed(change: Any) -> tuple[Change, ...]:
    """The differences after a change in the plain data of the small rule set."""
    data = rules().plain()
    change(data)
    return differences(rules(), RuleSet.parse(data))


@cache
def _leaves() -> tuple[tuple[Any, ...], ...]:
    """Paths to every value in the plain data of the shipped rules, one row of each part."""
    found: list[tuple[Any, ...]] = []

    def walk(value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, (*path, key))
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            walk(value[0], (*path, 0))
            walk(value[-1], (*path, -1))
        else:
            found.append(path)

    walk(shipped().plain(), ())
    return tuple(found)


def test_a_rule_set_does_not_differ_from_itself() -> None:
    """Nor from the same content read anew."""
    for each in (rules(), shipped()):
        assert differences(each, each) == ()
        assert differences(each, RuleSet.parse(each.plain())) == ()


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_no_difference_means_the_same_digest(data: Any) -> None:
    """Change any value anywhere: if it still is a rule set, the change is told, and told the same both ways."""
    plain = shipped().plain()
    *path, last = data.draw(st.sampled_from(_leaves()))
    at: Any = plain
    for step in path:
        at = at[step]
    value = at[last]
    if isinstance(value, bool):
        at[last] = not value
    elif isinstance(value, int):
        at[last] = value + 1
    elif isinstance(value, list):
        at[last] = value[1:] if len(value) > 1 else value + value
    else:
        at[last] = _OTHER.get(value, f"{value or ''}x")
    try:
        other = RuleSet.parse(plain)
    except RulesInvalid:
        return
    there, back = differences(shipped(), other), differences(other, shipped())
    assert bool(there) == (shipped().digest != other.digest)
    mirror = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted((c.part, c.key, mirror[c.kind]) for c in there) == sorted((c.part, c.key, c.kind) for c in back)
    assert {(c.key, f.name, str(f.before), str(f.after)) for c in there for f in c.fields} == {
        (c.key, f.name, str(f.after), str(f.before)) for c in back for f in c.fields
    }


def test_a_changed_field_is_told_with_both_values() -> None:
    """Part, key, title and the name of the field in Chinese."""

    def change(data: Any) -> None:
        data["measures"][0].update(effect="strict_review", organ="另一机关")
        data["applications"][0]["may_refuse"] = False

    measure, application = changed(change)
    assert (measure.part, measure.part_zh, measure.key, measure.kind) == (
        "measures",
        "备忘录措施清单",
        "measure-0",
        "changed",
    )
    assert [(f.label_zh, f.before, f.after) for f in measure.fields] == [
        ("措施效果", "limit_entry", "strict_review"),
        ("实施机关", "某局、某委，会同某办", "另一机关"),
    ]
    assert application.title == "合成事项：限制取得许可；从严,从重"
    assert application.key == "matter-0 / measure-0"


def test_rows_added_and_removed_carry_all_their_fields() -> None:
    """Before is empty for the one, after for the other."""

    def change(data: Any) -> None:
        data["memos"].append({"code": "memo-9", "title": "新备忘录", "kind": "sanction", "basis": []})
        del data["applications"][0]

    memo, application = changed(change)
    assert (memo.kind, application.kind) == ("added", "removed")
    assert {(f.name, f.before, f.after) for f in memo.fields if f.name != "basis"} == {
        ("code", None, "memo-9"),
        ("title", None, "新备忘录"),
        ("kind", None, "sanction"),
    }
    assert all(f.after is None for f in application.fields)


def test_the_order_of_rows_is_a_difference() -> None:
    """The digest says so; the rows themselves are the same."""
    (change,) = changed(lambda data: data["memos"].reverse())
    assert (change.part, change.key, change.kind) == ("memos", "", "changed")
    assert [(f.name, f.before, f.after) for f in change.fields] == [(ORDER, ["memo-1", "002"], ["002", "memo-1"])]


def test_scalars_nested_values_and_materials_are_told() -> None:
    """Of the rule set itself, of a matter, and of its materials."""

    def change(data: Any) -> None:
        data["revision"] = "other"
        data["conventions"]["last_day"] = "excluded"
        data["matters"][1]["freshness"]["issue"] = 5
        data["matters"][2]["materials"][0]["title"] = "另一材料"
        del data["matters"][3]["materials"][5]

    itself, matter, gone, material = changed(change)
    assert [f.name for f in itself.fields] == ["revision", "conventions.last_day"]
    assert (matter.key, [f.name for f in matter.fields]) == ("matter-1", ["freshness.issue"])
    assert (gone.key, gone.kind) == ("matter-3 / paper-5", "removed")
    assert (material.key, material.title) == ("matter-2 / paper-0", "合成事项：另一材料")


def test_a_row_of_every_part_has_a_title() -> None:
    """Whatever changes can be named to a person."""
    empty = {name for name, value in shipped().plain().items() if isinstance(value, list)}
    nothing = RuleSet.model_construct(**{**dict(shipped()), **dict.fromkeys(empty, ())})
    found = differences(nothing, shipped())
    # The state authority is a list of the rule set itself.
    assert {c.part for c in found} == ({*empty, "rule_set", "materials"} - {"status_authority"})
    assert all(c.title for c in found)


def test_every_part_and_field_has_a_chinese_name() -> None:
    """A new field of the rule set is not shown without one."""

    def names(model: type[BaseModel], part: str) -> None:
        for name, info in model.model_fields.items():
            inner = _model_in(info.annotation)
            if inner is None or (inner is LegalBasis and name == "basis"):
                assert label(part, name) != name
            elif part == "rule_set" and name in PART_LABELS:
                names(inner, name)
            elif name == "materials":
                names(inner, "materials")
            elif name == "clock":
                assert label(part, name) != name
            else:
                for nested in inner.model_fields:
                    assert label(part, f"{name}.{nested}") != f"{name}.{nested}"

    names(RuleSet, "rule_set")
    assert label("materials", "matter") != "matter"
    parts = {n for n in RuleSet.model_fields if _model_in(RuleSet.model_fields[n].annotation)} - {"conventions"}
    assert set(PART_LABELS) == parts | {"rule_set", "materials"}


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model in ``Model`` or ``tuple[Model, ...]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = getattr(annotation, "__args__", ())
    return next((found for each in inside if (found := _model_in(each))), None)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("effect", "limit_entry", "限制准入"),
        ("roles", ["applicant", "investor"], "申请人、举办者出资人和股东"),
        ("may_refuse", True, "是"),
        ("valid_to", None, "无"),
        ("memo", "", "无"),
        ("basis", [], "无"),
        ("days", 20, "20"),
        ("title", "law", "law"),
    ],
)
def test_values_are_shown_in_chinese(name: str, value: object, text: str) -> None:
    """Words of a vocabulary are translated, texts and codes are not."""
    assert shown(name, value) == text


def test_orphans_are_rows_that_nothing_is_tied_to() -> None:
    """Allowed, and worth a look."""
    data = rule_data()
    data["applications"] = [a for a in data["applications"] if a["matter"] != "matter-3"]
    data["memos"].append({"code": "memo-9", "title": "新备忘录", "kind": "sanction", "basis": []})
    data["measure_types"].append({**data["measure_types"][0], "code": "type-9", "title": "新类别"})
    found = orphans(RuleSet.parse(data))
    assert found == Orphans(
        measures=(("others-1", "限制高消费"),),
        matters=(("matter-3", "合成事项"),),
        measure_types=(("type-9", "新类别"),),
        memos=(("memo-9", "新备忘录"),),
    )
    assert found
    assert not Orphans((), (), (), ())


def test_an_exemption_is_told_although_there_was_none() -> None:
    """The part is unwritten while it is empty; its first row is an addition like any other."""
    exemption = {
        "id": "trial",
        "title": "示例豁免",
        "matter": "matter-1",
        "region": "",
        "points": ["decision"],
        "valid_from": "2026-01-01",
        "valid_to": None,
        "basis": ["law-1"],
    }
    (change,) = changed(lambda data: data.update(exemptions=[exemption]))
    assert (change.part, change.key, change.kind, change.title) == ("exemptions", "trial", "added", "示例豁免")
    assert PART_LABELS[change.part] == "豁免"
