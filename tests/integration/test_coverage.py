"""``manage.py credit_coverage`` and the start-up checks: the same look at the installation, in two languages."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.template import Context, Engine
from viewflow import this
from viewflow.workflow import flow
from viewflow.workflow.flow import FlowViewset

import approval_hook
from approval_hook import cases, clock
from approval_hook.checks import check_flows
from approval_hook.conf import conf
from approval_hook.errors import CaseInvalid, MatterNotConfigured
from approval_hook.hosts.viewflow import Gate, coverage
from approval_hook.hosts.viewflow import inject as put
from approval_hook.hosts.viewflow.graph import relink
from approval_hook.hosts.viewflow.injection import eject
from approval_hook.rulebook import RuleBook
from tests.flows import flows
from tests.flows.facts import facts_of
from workflows.flows import FoodBusinessFlow

pytestmark = pytest.mark.django_db

LINEAR = "tests.flows.flows.LinearFlow"


@pytest.fixture(autouse=True)
def _rules_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The start-up checks read the rule files afresh each time, which is most of what these tests would do."""
    monkeypatch.setattr(cases, "file_book", _read_once)


def _read_once() -> RuleBook:
    return _book_at(conf().rules)


@cache
def _book_at(path: Path) -> RuleBook:
    return RuleBook(path)


@pytest.fixture
def configure(settings: Any) -> Any:
    """Change keys of the settings; ``gated`` takes flows out of NOT_GATED."""

    def into(*gated: str, **changes: Any) -> None:
        real = settings.APPROVAL_HOOK
        kept = {path: reason for path, reason in real["NOT_GATED"].items() if path not in gated}
        settings.APPROVAL_HOOK = {**real, "NOT_GATED": kept, **changes}

    return into


def run(*args: str) -> tuple[str, str]:
    """Output of the command, and the message it fails with; empty when it passes."""
    out = StringIO()
    try:
        call_command("credit_coverage", *args, stdout=out, stderr=StringIO())
    except CommandError as error:
        return out.getvalue(), str(error) if error.returncode == 1 else ""
    return out.getvalue(), ""


def machine() -> dict[str, Any]:
    """The same as JSON; ``failed`` says what the command said."""
    out, failed = run("--json")
    return {**json.loads(out), "failed": failed}


def flow_of(found: dict[str, Any], name: str) -> dict[str, Any]:
    """One flow of the JSON."""
    (row,) = [f for f in found["flows"] if f["flow"] == name]
    return row


def told() -> list[tuple[str | None, str]]:
    """Id and text of the start-up checks, but for the hook points that a test's gate leaves out."""
    return [(m.id, m.msg) for m in check_flows(None) if m.id != "approval_hook.W024"]


def test_the_application_is_covered() -> None:
    """Both shipped flows are covered, every test flow is excepted with its reason, and the command passes."""
    found = machine()
    assert found["failed"] == ""
    assert found["complete"] is True
    assert found["faults"] == []
    assert flow_of(found, "workflows.flows.food.FoodBusinessFlow") == {
        "flow": "workflows.flows.food.FoodBusinessFlow",
        "title": "食品经营许可（新办）",
        "matter": {"code": "food-business", "name": "食品经营许可（新办）"},
        "accepts": ["accept"],
        "protects": ["decide"],
        "issues": ["deliver"],
        "mode": "enforce",
        "placed": {"accept": "gate", "decide": "gate"},
        "covered": True,
        "ways_around": {},
        "not_gated_because": None,
    }
    assert flow_of(found, LINEAR)["not_gated_because"] == "测试用流程，不办理许可"
    assert not flow_of(found, LINEAR)["covered"]
    assert told() == []


def test_every_matter_of_the_rules_is_served_or_listed() -> None:
    """The second part holds exactly the matters without a flow, for information."""
    found = machine()
    served = {f["matter"]["code"] for f in found["flows"] if f["matter"]}
    listed = [m["code"] for m in found["matters_without_flow"]]
    rules = cases.file_book().on(clock.today()).rules
    assert served == {"food-business", "ride-hailing-driver"}
    assert sorted([*served, *listed]) == sorted(m.code for m in rules.matters)
    assert {"code": "tour-guide", "name": "导游证核发"} in found["matters_without_flow"]


def test_table_is_aligned_in_chinese() -> None:
    """Every column begins at one place on the screen, Chinese characters counted twice."""
    out, failed = run()
    assert failed == ""
    lines = out.splitlines()
    excepted = len(settings.APPROVAL_HOOK["NOT_GATED"])
    assert lines[0].endswith(f"流程 {excepted + 2} 个，已覆盖 2 个，注明不设闸口 {excepted} 个，需要处理 0 个")
    start = next(i for i, line in enumerate(lines) if line.startswith("流程 "))
    table = lines[start : lines.index("")]
    assert table[0].split() == ["流程", "事项", "受理环节", "决定环节", "闸口", "证明"]

    def begins(line: str) -> list[int]:
        columns, column, blanks = [], 0, 2
        for char in line:
            if char != " " and blanks >= 2:
                columns.append(column)
            blanks = blanks + 1 if char == " " else 0
            column += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        return columns

    assert len({tuple(begins(line)) for line in table}) == 1
    food = next(line for line in table if "FoodBusinessFlow" in line)
    assert food.split()[-2:] == ["插入节点：accept、decide", "已覆盖"]
    assert any(line.startswith("规则中有、本系统没有流程办理的事项 56 个") for line in lines)


def test_flow_without_gate_or_reason_is_open(configure: Any) -> None:
    """Fail closed: 未配置, exit code 1, E020, and both say what to do."""
    configure(LINEAR)
    out, failed = run()
    assert failed == "覆盖检查未通过，共 1 处；请逐条改正后重新检查。"
    assert f"{LINEAR}：未配置信用核查闸口。请在 APPROVAL_HOOK['FLOWS'] 中配置" in out
    row = next(line for line in out.splitlines() if line.startswith(LINEAR))
    assert row.split()[-1] == "未配置"
    assert "需要处理 1 个" in out
    assert machine()["faults"] == [{"kind": "no_gate", "place": LINEAR, "detail": []}]
    assert told() == [("approval_hook.E020", f"{LINEAR} has no credit gate.")]


def test_way_around_is_named_and_fails(inject: Any, configure: Any) -> None:
    """A flow with a path around its gate fails with the path, in the table, in JSON and at start-up."""
    name = "tests.flows.flows.BoundaryFlow"
    configure(name)
    inject(flows.BoundaryFlow)
    boundary = flows.BoundaryFlow.review__timeout
    boundary._next = flows.BoundaryFlow.decide
    try:
        out, failed = run()
        found = machine()
        ids = told()
    finally:
        boundary._next = flows.BoundaryFlow.credit_before_decide
    assert failed
    assert f"{name}：环节 decide 可以绕过闸口到达：start → review → review__timeout → decide。" in out
    path = ["start", "review", "review__timeout", "decide"]
    assert flow_of(found, name)["ways_around"] == {"decide": path}
    assert not flow_of(found, name)["covered"]
    assert ids == [
        (
            "approval_hook.E005",
            f"{name}: decide can be reached around the credit gate: start -> review -> review__timeout -> decide.",
        )
    ]


def test_guard_only_is_told_and_warned_of(inject: Any, configure: Any) -> None:
    """Behind SplitFirst only the guard stands: it holds, and whoever reads the table or the checks is told."""
    name = "tests.flows.flows.FirstWinsFlow"
    configure(name)
    inject(flows.FirstWinsFlow)
    out, _ = run()
    row = next(line for line in out.splitlines() if line.startswith(name))
    assert "仅守卫：decide" in row
    assert "已覆盖" in row
    assert (flow_of(machine(), name)["placed"], flow_of(machine(), name)["covered"]) == ({"decide": "guard"}, True)
    assert [i for i, _ in told()] == ["approval_hook.W025"]
    eject(flows.FirstWinsFlow)
    put(flows.FirstWinsFlow, Gate("food-business", facts_of, ("split",)))
    assert flow_of(machine(), name)["covered"]
    assert told() == []


def test_flow_that_only_observes_is_not_shown_as_held(inject: Any, configure: Any) -> None:
    """Covered, and the table says in the same cell that nothing of it is held."""
    configure(LINEAR)
    inject(flows.LinearFlow)
    eject(flows.LinearFlow)
    put(flows.LinearFlow, Gate("food-business", facts_of, ("decide",), mode="observe"))
    assert flow_of(machine(), LINEAR)["mode"] == "observe"
    (line,) = [line for line in run()[0].splitlines() if line.startswith(LINEAR)]
    assert line.endswith("已覆盖（仅观察，不拦办件）")


def test_gated_flow_among_the_exceptions_is_a_contradiction(inject: Any) -> None:
    """A reason not to gate what is gated is a lie in the settings."""
    inject(flows.LinearFlow)
    out, failed = run()
    assert failed
    assert f"{LINEAR}：已有闸口，又列入 NOT_GATED" in out
    assert [i for i, _ in told()] == ["approval_hook.E021"]


@pytest.mark.parametrize("path", ["tests.flows.flows.GoneFlow", "tests.flows.facts.facts_of", "nowhere.Flow"])
def test_exception_that_names_no_flow_is_an_error(configure: Any, path: str) -> None:
    """A renamed flow must not leave its exception behind for the next one of that name."""
    configure(NOT_GATED={**_exceptions(), path: "内部流程"})
    out, failed = run()
    assert failed
    assert f"NOT_GATED 中的 {path} 不是流程" in out
    assert [(i, path in text) for i, text in told()] == [("approval_hook.E021", True)]


def _exceptions() -> dict[str, str]:
    from tests.settings import APPROVAL_HOOK

    return dict(APPROVAL_HOOK["NOT_GATED"])


def test_exception_under_another_name_of_the_class_counts(configure: Any, monkeypatch: Any) -> None:
    """The class is excepted, not its spelling."""
    monkeypatch.setattr("tests.flows.facts.Renamed", flows.LinearFlow, raising=False)
    configure(LINEAR)
    assert [i for i, _ in told()] == ["approval_hook.E020"]
    kept = {k: v for k, v in _exceptions().items() if k != LINEAR}
    configure(NOT_GATED={**kept, "tests.flows.facts.Renamed": "测试用流程"})
    assert told() == []


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("tour-guide", "expected_unserved", "EXPECTED_MATTERS 中的事项“tour-guide”没有设闸口的流程办理"),
        ("tour-gide", "expected_unknown", "EXPECTED_MATTERS 中的事项“tour-gide”不在现行规则中"),
    ],
)
def test_expected_matter_must_be_known_and_served(configure: Any, code: str, kind: str, says: str) -> None:
    """What an installation says it serves has a flow with a gate, or start-up stops."""
    configure(EXPECTED_MATTERS=["food-business", code])
    out, failed = run()
    assert failed
    assert says in out
    assert machine()["faults"] == [{"kind": kind, "place": code, "detail": []}]
    assert [i for i, _ in told()] == ["approval_hook.E022"]


def test_unknown_matter_and_missing_source_are_told(configure: Any, settings: Any, monkeypatch: Any) -> None:
    """E004: a gate whose matter no rule set knows, and a matter whose source nobody configured."""
    configure(LINEAR)
    put(flows.LinearFlow, Gate("no-such-matter", facts_of, ("decide",)))
    real = settings.APPROVAL_HOOK
    settings.APPROVAL_HOOK = {**real, "PLATFORMS": {"province": real["PLATFORMS"]["province"]}}
    try:
        out, _ = run()
        found, messages = machine(), told()
    finally:
        eject(flows.LinearFlow)
    assert f"{LINEAR}：事项“no-such-matter”未配置信用核查规则" in out
    assert next(line for line in out.splitlines() if line.startswith(LINEAR)).split()[-1] == "事项未配置"
    assert flow_of(found, LINEAR)["matter"] == {"code": "no-such-matter", "name": None}
    food = "workflows.flows.food.FoodBusinessFlow"
    assert {"kind": "source_missing", "place": food, "detail": ["own_register"]} in found["faults"]
    assert {"kind": "matter_unknown", "place": LINEAR, "detail": ["no-such-matter"]} in found["faults"]
    assert {i for i, _ in messages} == {"approval_hook.E004"}
    assert any("its cases are refused" in text for _, text in messages)


def test_subclass_of_a_gated_flow_is_told(monkeypatch: Any, configure: Any) -> None:
    """A subclass that shares the nodes of a gated flow has no gate and would wait there for ever."""
    sub = type("SubFoodFlow", (FoodBusinessFlow,), {"__module__": flows.__name__})
    monkeypatch.setattr(flows, "SubFoodFlow", sub, raising=False)
    name = "tests.flows.flows.SubFoodFlow"
    try:
        assert {i for i, text in told() if name in text} == {"approval_hook.E020", "approval_hook.E011"}
        configure(NOT_GATED={**_exceptions(), name: "内部流程"})
        assert {i for i, text in told() if name in text} == {"approval_hook.E011"}
    finally:
        # Viewflow adds the edges of the subclass to the nodes that both share.
        relink(FoodBusinessFlow)


def test_flow_at_an_address_is_found_wherever_it_was_made() -> None:
    """A class that no module names is no flow of the installation until the site shows it."""

    class HiddenFlow(flow.Flow):
        start = flow.StartHandle(flows.start_with).Next(this.end)
        end = flow.End()

    assert HiddenFlow not in coverage.installed_flows()
    _ = FlowViewset(HiddenFlow).urls
    try:
        assert HiddenFlow in coverage.installed_flows()
    finally:
        HiddenFlow.parent = None


def test_flow_without_a_start_is_no_flow_of_its_own(monkeypatch: Any) -> None:
    """A base class for other flows can hold no case."""

    class BaseFlow(flow.Flow):
        end = flow.End()

    BaseFlow.__module__ = flows.__name__
    monkeypatch.setattr(flows, "BaseFlow", BaseFlow, raising=False)
    assert BaseFlow not in coverage.installed_flows()


def test_without_sound_rules_the_proof_is_shown_and_the_command_fails(configure: Any, tmp_path: Path) -> None:
    """No rule set in force: nothing is said of matters, and nothing passes."""
    configure(RULES=str(tmp_path))
    found = machine()
    assert "今天没有可用的规则" in found["failed"]
    assert found["complete"] is False
    assert found["rules_revision"] is None
    assert found["matters_without_flow"] == []
    out, _ = run()
    assert "（无可用规则）" in out
    assert told() == []  # E002 says it


def test_published_rules_are_asked_where_there_is_a_database(monkeypatch: Any) -> None:
    """The command looks at published rule sets, and falls back to the files where it cannot."""
    asked = []

    def unreachable() -> Any:
        asked.append(1)
        raise DatabaseError

    monkeypatch.setattr(cases, "book", unreachable)
    errors = StringIO()
    call_command("credit_coverage", stdout=StringIO(), stderr=errors)
    assert asked
    assert "不含已发布的规则" in errors.getvalue()


def test_wrong_settings_are_told_in_chinese_and_do_not_break_the_checks(settings: Any) -> None:
    """The command says what is wrong with the settings; the flow check leaves that to E001."""
    settings.APPROVAL_HOOK = {"RULE": "x"}
    out, failed = run()
    assert out == ""
    assert failed.startswith("系统设置有误：settings.APPROVAL_HOOK: unknown keys ['RULE']")
    assert told() == []


def test_our_own_page_says_not_configured_and_what_to_do() -> None:
    """The plain page of the gate, for hosts that do not override it."""
    folder = Path(approval_hook.__file__).parent / "templates"
    page = Engine(dirs=[str(folder)], libraries={"i18n": "django.templatetags.i18n"}).get_template(
        "approval_hook/invalid.html"
    )
    with pytest.raises(MatterNotConfigured) as raised:
        cases.file_book().on(clock.today()).rules.matter("no-such-matter")
    shown = page.render(Context({"error": raised.value, "not_configured": True}))
    for words in (
        "<h1>本事项未配置信用核查，未保存</h1>",
        "事项“no-such-matter”未配置信用核查规则。",
        "请联系系统管理员在规则文件中配置该事项后再办理。",
        "不是您填错。法定期限照常计算。",
    ):
        assert words in shown
    assert "未配置" not in page.render(Context({"error": CaseInvalid("证件号码", "不对。", "请更正。")}))
