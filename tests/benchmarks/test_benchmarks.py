"""The benchmark itself: its verdicts, and that a run checks the evidence it made."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from approval_hook.policy.decision import Channel, ObligationKind, Outcome
from approval_hook.policy.receipt import receipt_from_bytes
from tests.benchmarks import core, deadlines, flow, flow_cases, http, lists, prove, sweep
from tests.benchmarks.__main__ import main
from tests.benchmarks.apart import ROOT
from tests.benchmarks.figures import Figure, exit_code
from tests.benchmarks.policy_set import cases_of, full_policy
from tests.postgres import database, server


@pytest.mark.parametrize(
    ("value", "target", "lower_is_better", "short"),
    [
        (1.45, 1.45, True, False),
        (1.454, 1.45, True, False),  # as printed
        (1.46, 1.45, True, True),
        (4.49, 4.5, False, True),
        (4.5, 4.5, False, False),
        (9.0, None, True, False),
    ],
)
def test_figure_falls_short_on_the_wrong_side_of_its_bar(
    value: float, target: float | None, lower_is_better: bool, short: bool
) -> None:
    """A cost may not be above its bar, a speed not below, and the verdict agrees with the printed number."""
    figure = Figure("flow.x", value, target, None, ("A/A 1.00",), lower_is_better)
    assert figure.falls_short is short
    assert ("FALLS SHORT" in figure.line()) is short
    assert exit_code([figure]) == int(short)


def test_line_names_ratio_target_goal_and_control() -> None:
    """The line holds what the convention asks for."""
    line = Figure("flow.visible_sqlite", 1.3, 1.45, 1.2, ("A/A 1.00", "9 rounds")).line()
    assert line.split() == [
        *("flow.visible_sqlite", "1.30x", "target", "<=", "1.45x", "goal", "1.20x", "ok"),
        *("(A/A", "1.00,", "9", "rounds)"),
    ]


def test_measuring_nothing_is_a_failure() -> None:
    """A run without a figure does not pass."""
    assert exit_code([]) == 1


def test_missed_bar_makes_the_command_fail_after_printing_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The figures are the last lines on the screen, also when one falls short."""
    figures = [Figure("flow.a", 1.0, 1.45, None, ()), Figure("flow.b", 9.9, 1.45, None, ())]
    monkeypatch.setattr("tests.benchmarks.__main__.AREAS", {"flow": lambda long: figures})
    assert main(["--only", "flow"]) == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[-2:]] == ["flow.a", "flow.b"]


def _added(result: flow_cases.Result) -> dict[str, list[int]]:
    """By statement, how often each shape says it more than the plain flow."""
    plain = result.shapes["plain"].counted
    shapes = [result.shapes[name].counted for name in ("inside", "visible", "parked")]
    names = {name for shape in shapes for name in shape}
    added = {name: [shape.get(name, 0) - plain.get(name, 0) for shape in shapes] for name in names}
    return {name: numbers for name, numbers in added.items() if any(numbers)}


def _documented() -> dict[str, list[int]]:
    """The same as the table of the documentation says it."""
    text = (ROOT / "docs" / "explanation" / "performance.md").read_text("utf-8")
    rows = re.findall(r"^\| `([A-Z]+(?: \w+)?)` \| (\d+) \| (\d+) \| (\d+) \|", text, re.MULTILINE)
    return {name: [int(number) for number in numbers] for name, *numbers in rows}


def test_flow_cases_run_and_replay_on_sqlite(tmp_path: Path) -> None:
    """A short run finishes every case, counts the evidence and re-evaluates each decision."""
    result = flow._run(f"sqlite:///{tmp_path / 'cases.sqlite3'}", 0.5)
    assert result.database.startswith("SQLite")
    assert set(result.shapes) == {"plain", "plain_again", *flow.BARS}
    # Each gated shape ran the warm-up, one counted case and the timed rounds.
    assert result.decisions == len(flow.BARS) * (9 + result.rounds)
    assert result.shapes["plain"].statements == result.shapes["plain_again"].statements
    assert _added(result) == _documented()
    counted = [result.shapes[name].statements for name in ("plain", "inside", "visible", "parked")]
    assert counted == sorted(set(counted))


def test_flow_cases_refuse_a_database_with_evidence_of_somebody_else(tmp_path: Path) -> None:
    """A second run on the same database finds more rows than cases and fails instead of printing figures."""
    url = f"sqlite:///{tmp_path / 'cases.sqlite3'}"
    flow._run(url, 0.1)
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.benchmarks.settings", "TEST_DATABASE_URL": url}
    again = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.flow_cases", "0.1"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert "inquiries, replies and decisions are" in again.stderr
    assert again.stdout == ""


@pytest.mark.postgres
def test_flow_load_counts_the_cases_of_all_workers() -> None:
    """Two workers on one server: every gated case has its evidence, and every turn of each variant is counted."""
    with server() as own, database(own) as url:
        load = flow._load(url, 2, 1.0)
    assert (load.workers, load.rounds) == (2, 1)
    assert set(load.rates) == {"plain", "visible", "parked", "plain_again"}
    assert all(rate > 0 for rate in load.rates.values())
    # Each worker warms up twice five gated cases before it counts.
    assert load.decisions > 2 * 10


def test_sweep_finds_what_the_bare_join_finds(tmp_path: Path) -> None:
    """A short run finds each case that slipped past, the same that the peer counts, and none of them twice."""
    result = sweep.run(f"sqlite:///{tmp_path / 'cases.sqlite3'}", 400)
    assert (result.cases, result.found) == (401, 40)
    figures = sweep._figures("sqlite", result)
    assert [figure.name for figure in figures] == ["sweep.minute_sqlite", "sweep.join_sqlite"]
    assert figures[0].value == pytest.approx(result.seconds * sweep.FULL / 401 / 60)


def test_deadlines_are_all_fired_and_lapse_once(tmp_path: Path) -> None:
    """A short run fires every deadline, writes every lapse, and finds nothing the second time."""
    result = deadlines.run(f"sqlite:///{tmp_path / 'cases.sqlite3'}", 300)
    assert result.cases == 300
    names = [figure.name for figure in deadlines.figures_of("sqlite", result)]
    assert names == ["deadlines.half_minute_sqlite", "deadlines.memory_sqlite"]


def test_client_layer_is_measured_on_complete_answers() -> None:
    """A short run checks every answer, and every query of the whole layer was counted by the quota."""
    result = http.run(0.5)
    assert min(result.bare, result.bare_again, result.adapter, result.whole) > 0
    assert result.leased >= result.rounds
    assert result.six >= result.one >= 0.2


@pytest.mark.postgres
def test_lists_are_imported_and_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short run stores every row that was made, and finds each subject that the list holds and no other."""
    result = lists.run(2_000)
    assert result.rows == 2_000
    assert min(*result.bare, result.indexed, result.load, result.peak_mb, *result.looks.values()) > 0
    monkeypatch.setattr(lists, "run", lambda rows: result)
    figures = {figure.name: figure for figure in lists.measure(long=False)}
    assert figures["lists.import"].value == pytest.approx(sum(result.bare) / 2 / result.load)
    assert {name for name, figure in figures.items() if figure.target is not None} == {
        "lists.import",
        "lists.memory",
        "lists.look_up",
    }


@pytest.mark.parametrize("hit_heavy", [False, True])
def test_core_and_zen_agree_case_by_case(hit_heavy: bool) -> None:
    """A short run compares every decision in full with the peer's and makes every receipt again."""
    versus = core.Versus.of(full_policy(40)).run(11, 1, hit_heavy=hit_heavy, cases=80)
    assert versus.checked == 2 * 80
    # Cases come in turns of sixty, and those of the first round do not count.
    assert len(versus.ratios) == len(versus.control) == len(versus.lookups) == 2


def test_core_cases_reach_what_a_decision_can_hold() -> None:
    """The drawn cases reach every outcome, and most reasons why an effect is not lawful."""
    ours = core.Ours.of(full_policy(4000))
    decisions = [receipt_from_bytes(raw).decision for raw, _ in ours.decide(cases_of(300, 5, hit_heavy=True))]
    decisions += [receipt_from_bytes(raw).decision for raw, _ in ours.decide(cases_of(300, 6))]
    assert {reason.outcome for d in decisions for reason in d.reasons} == set(Outcome)
    assert {d.channel for d in decisions} == set(Channel) - {Channel.TOLERANT}
    assert {m.kind for d in decisions for m in d.measures} == {"bar", "sanction", "incentive"}
    assert {o.kind for d in decisions for o in d.obligations} == set(ObligationKind)
    assert len({refused.why for d in decisions for refused in d.refused}) >= 15
    assert any(d.tolerated for d in decisions)
    assert any(d.suppressed for d in decisions)


@pytest.mark.parametrize(("kind", "hit_heavy"), [("bar", True), ("sanction", True), ("incentive", False)])
def test_core_and_zen_that_differ_in_one_rule_fail(kind: str, hit_heavy: bool) -> None:
    """A rule that fires on our side and that zen lacks is found, and no figure comes out."""
    data, seed = full_policy(400), 11
    made = core.Ours.of(data).decide(cases_of(60, seed, hit_heavy=hit_heavy))
    case, rule = next(
        (receipt.case, measure.measure)
        for receipt in (receipt_from_bytes(raw) for raw, _ in made)
        for measure in receipt.decision.measures
        if measure.kind == kind
    )
    lacking = {
        **data,
        "bars": [bar for bar in data["bars"] if bar["id"] != rule],
        "applications": [a for a in data["applications"] if (a["matter"], a["measure"]) != (case.matter, rule)],
    }
    assert len(lacking["bars"]) + len(lacking["applications"]) == 400 - 1
    with pytest.raises(SystemExit, match="zen and we differ about 4401-"):
        core.Versus.of(data, lacking).run(seed, 0, hit_heavy=hit_heavy, cases=60)


def test_core_receipt_that_does_not_come_out_again_fails() -> None:
    """A receipt that its own inputs do not give stops the run."""
    ours = core.Ours.of(full_policy(40))
    ((raw, digest),) = ours.decide(cases_of(1, 3))
    ours.replay([(raw, digest)])
    with pytest.raises(SystemExit, match="does not come out again"):
        ours.replay([(raw, digest[::-1])])


def test_proof_of_two_hundred_nodes_is_under_its_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short run checks both flows against the dominator tree and holds the 50 ms."""
    monkeypatch.setattr(prove, "ROUNDS", 5)
    figures = {figure.name: figure for figure in prove.measure(long=False)}
    assert set(figures) == {"prove.200_nodes", "prove.vs_dominators", "prove.growth"}
    assert not figures["prove.200_nodes"].falls_short
