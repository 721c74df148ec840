"""Which hook points a matter has stands in the rules; where they are stands in the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from viewflow.workflow.models import Task
from viewflow.workflow.status import STATUS

from approval_hook.checks import check_flows
from approval_hook.errors import ConfigurationError
from approval_hook.models import Inquiry, IssueReading
from approval_hook.policy.catalogue import RuleSet
from approval_hook.rulebook import RuleBook
from tests.flows import flows
from tests.flows.facts import firm_data

pytestmark = pytest.mark.django_db


@pytest.fixture
def points(settings: Any, tmp_path: Path) -> Any:
    """Put the shipped rules in force with other hook points of the food matter."""

    def into(*names: str) -> RuleSet:
        data = RuleBook(Path(settings.APPROVAL_HOOK["RULES"])).all()[0].rules.plain()
        matters: Any = data["matters"]
        next(m for m in matters if m["code"] == "food-business")["points"] = list(names)
        (tmp_path / "2026-10-01.yaml").write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(tmp_path)}
        return RuleSet.parse(data)

    return into


def findings(flow: str) -> list[tuple[str, str]]:
    """Findings about one flow: id, and which key of the settings."""
    found = [m for m in check_flows(None) if m.msg.startswith(flow)]
    return [(str(m.id), next(k for k in ("accepts", "issues") if f"'{k}'" in m.msg)) for m in found]


def finished(process: Any, node: str) -> bool:
    """Whether the newest task of a node is done."""
    ref = f"testflows/flows.{process.flow_class.__name__}.{node}"
    return bool(Task.objects.filter(process=process, flow_task=ref).latest("pk").status == STATUS.DONE)


def test_a_declared_point_that_is_not_placed_is_found(inject: Any, credit: Any) -> None:
    """The matter has all three points; a flow that places the decision only is told about the others."""
    inject(flows.LinearFlow)
    assert findings("LinearFlow") == [("approval_hook.W024", "accepts"), ("approval_hook.W024", "issues")]


def test_a_placed_point_that_is_not_declared_is_found_and_does_nothing(inject: Any, credit: Any, points: Any) -> None:
    """Neither acceptance nor issue is a point of the matter: nothing is asked, nothing read there, and it is told."""
    points("decision")
    inject(flows.HumanFlow, protects=("decide",), accepts=("review",), issues=("deliver",))
    assert findings("HumanFlow") == [("approval_hook.W024", "accepts"), ("approval_hook.W024", "issues")]
    process = flows.HumanFlow.start_by_code.run(data=firm_data())
    assert finished(process, "credit_before_review")
    assert not Inquiry.objects.exists()


def test_all_points_placed_is_no_finding(inject: Any, credit: Any) -> None:
    """Rules and settings agree."""
    inject(flows.HumanFlow, protects=("decide",), accepts=("review",), issues=("deliver",))
    assert findings("HumanFlow") == []


def test_an_automatic_issue_step_is_read_once(inject: Any, credit: Any) -> None:
    """The read belongs to the end of the step, so a function that issues the licence is read exactly once."""
    inject(flows.LinearFlow, protects=("accept",), issues=("decide",))
    process = flows.LinearFlow.start.run(data=firm_data())
    flows.LinearFlow.accept.run(Task.objects.get(process=process, flow_task=flows.LinearFlow.accept))
    assert finished(process, "decide")
    assert [r.node for r in IssueReading.objects.all()] == ["decide"]


def test_a_rule_set_with_every_point_written_is_the_same_rule_set(points: Any) -> None:
    """The default is unwritten in the canonical form, in whatever order it was written, so digests stay."""
    assert points("issue", "decision", "acceptance").digest == points("acceptance", "decision", "issue").digest
    assert "points" not in str(points("acceptance", "decision", "issue").plain()["matters"])
    assert points("decision").digest != points("acceptance", "decision", "issue").digest


def test_a_node_is_not_decision_and_issue(inject: Any, credit: Any) -> None:
    """A step that is held cannot be one that never is."""
    with pytest.raises(ConfigurationError, match="issue and acceptance or decision"):
        inject(flows.LinearFlow, protects=("decide",), issues=("decide",))
