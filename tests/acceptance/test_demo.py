"""The demonstration, run as a user runs it: as a process of its own, over real HTTP."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import requests
import yaml

from approval_hook.policy.decision import Outcome
from approval_hook.policy.subjects import IdentifierType, parse_identifier
from workflows.site.demo.cases import CASES_FILE, read_cases
from workflows.site.demo.cast import draw
from workflows.site.demo.table import Row, render, width, wrap

pytestmark = pytest.mark.xdist_group("demo")

ROOT = Path(__file__).resolve().parents[2]
CASES = {case.name: case for case in read_cases()}
EXPECTED = {name: case.outcome.value for name, case in CASES.items()}
ON = date(2026, 11, 23)

ONE_CASE = """
as_of: 2026-10-01
cases:
  - {name: only-case, shows: 示例, matter: ride-hailing-driver, outcome: %s, stage: filed}
"""


@dataclass(frozen=True)
class Run:
    """One finished run."""

    code: int
    out: str
    err: str
    state: Path

    @property
    def rows(self) -> dict[str, list[str]]:
        """Cells of the first line of each row, by case name."""
        split = [re.split(r"\s{2,}", line.strip()) for line in self.out.splitlines()]
        return {cells[0]: cells for cells in split if cells[0] in CASES and len(cells) > 4}

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome class by case name."""
        return {name: cells[3] for name, cells in self.rows.items()}


def _environment(state: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR"}}
    return kept | {"WORKFLOWS_STATE_DIR": str(state), "COLUMNS": "160"}


def _command(*options: str) -> list[str]:
    return [sys.executable, "manage.py", "demo", "--port", "0", *options]


def _run(state: Path, *options: str) -> Run:
    done = subprocess.run(
        _command("--once", *options),
        cwd=ROOT,
        env=_environment(state),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr, state)


def _only_filed(text: str) -> str:
    data = yaml.safe_load(text)
    for case in data["cases"]:
        case["stage"] = "filed"
        case.pop("settle", None)
    return yaml.safe_dump(data, allow_unicode=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Run]]]:
    """The four full runs, two at a time."""
    filed = tmp_path_factory.mktemp("cases") / "filed.yaml"
    filed.write_text(_only_filed(CASES_FILE.read_text(encoding="utf-8")), encoding="utf-8")
    options = {
        "default": (),
        "seed": ("--seed", "2"),
        # The outcome is known once a case is filed, so this run goes no further.
        "flip": ("--flip", "food-ordinary", "--cases", str(filed)),
        "down": ("--platform-down",),
    }
    states = {name: tmp_path_factory.mktemp(name) for name in options}
    (states["default"] / "workflows.sqlite3").write_text("somebody's own database")
    with ThreadPoolExecutor(max_workers=2) as pool:
        yield {name: pool.submit(_run, states[name], *given) for name, given in options.items()}


def test_every_case_gets_its_outcome(runs: dict[str, Future[Run]]) -> None:
    """The table shows every outcome class for the case that expects it, and the command succeeds."""
    run = runs["default"].result()
    assert run.code == 0, run.out[-2000:] + run.err[-2000:]
    assert run.outcomes == EXPECTED
    assert set(run.outcomes.values()) == {outcome.value for outcome in Outcome}
    assert {cells[1] for cells in run.rows.values()} == {"食品经营许可（新办）", "网约车驾驶员证（新办）"}
    assert len(run.rows) >= 14
    assert "双向无差异" in run.out
    assert "保障农民工工资支付条例 第四十八条" in run.out
    assert max(map(width, run.out.splitlines())) <= 160


def test_the_state_is_private_and_foreign_files_survive(runs: dict[str, Future[Run]]) -> None:
    """Secrets are readable by their owner only, and a file the demonstration did not make stays as it was."""
    run = runs["default"].result()
    secrets = list((run.state / "secrets").iterdir())
    assert len(secrets) == 6
    assert {oct(path.stat().st_mode & 0o777) for path in secrets} == {"0o600"}
    assert (run.state / "workflows.sqlite3").read_text() == "somebody's own database"


def test_no_personal_number_is_printed_or_logged(runs: dict[str, Future[Run]]) -> None:
    """Numbers of persons appear neither in the table nor in the log of the application."""
    run = runs["default"].result()
    shown = run.out + run.err + (run.state / "demo.log").read_text(encoding="utf-8")
    shapes = re.findall(r"(?<!\d)\d{6}(?:19|20)\d{9}[\dX](?!\d)", shown)
    assert shapes == []
    assert "••••" in run.out


def test_another_seed_keeps_the_outcomes(runs: dict[str, Future[Run]]) -> None:
    """Another seed draws other applicants for the same cases, which end the same way."""
    first, second = runs["default"].result(), runs["seed"].result()
    assert second.code == 0, second.out[-2000:]
    assert second.outcomes == EXPECTED
    firms = [name for name, case in CASES.items() if case.is_firm]
    assert {first.rows[n][2] for n in firms} != {second.rows[n][2] for n in firms}


def test_a_flipped_record_changes_its_row_only(runs: dict[str, Future[Run]]) -> None:
    """A severe record entered through the control interface changes exactly the row of its subject."""
    run = runs["flip"].result()
    assert run.code == 0, run.out[-2000:]
    changed = {name: after for name, after in run.outcomes.items() if after != EXPECTED[name]}
    assert changed == {"food-ordinary": "O-06"}
    assert "变化：food-ordinary：O-10 → O-06" in run.out
    assert f"变化 1 行，其余 {len(CASES) - 1} 行不变" in run.out


def test_a_stopped_platform_proves_nothing_clean(runs: dict[str, Future[Run]]) -> None:
    """Without the platform every row that needs it is O-00; the own register's bars and the unasked stay."""
    run = runs["down"].result()
    assert run.code == 0, run.out[-2000:]
    stays = {name for name, case in CASES.items() if case.register_ or (not case.consent and not case.is_firm)}
    assert run.outcomes == {name: EXPECTED[name] if name in stays else "O-00" for name in CASES}
    assert "收到 0 次" in run.out


def test_a_wrong_outcome_fails_and_is_named(tmp_path: Path) -> None:
    """With ``--once`` a row that is not as expected makes the command fail and is named."""
    cases = tmp_path / "cases.yaml"
    cases.write_text(ONE_CASE % "O-04", encoding="utf-8")
    run = _run(tmp_path / "state", "--cases", str(cases))
    assert run.code != 0
    assert "不符预期：only-case：O-04 → O-09" in run.out


def test_it_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    """The pages answer at the printed address, the directory is taken meanwhile, and Ctrl-C ends every child."""
    cases = tmp_path / "cases.yaml"
    cases.write_text(ONE_CASE % "O-09", encoding="utf-8")
    state = tmp_path / "state"
    with (tmp_path / "out").open("w") as out:
        running = subprocess.Popen(
            _command("--cases", str(cases)), cwd=ROOT, env=_environment(state), stdout=out, stderr=out
        )
    try:
        address, control = _entrances(tmp_path / "out", running)
        assert requests.get(f"{address}login/", timeout=5).status_code == 200
        refused = _run(state)
        assert refused.code != 0
        assert "另一个演示正在使用" in refused.err
        running.send_signal(signal.SIGINT)
        assert running.wait(15) == 0
    finally:
        running.kill()
        running.wait()
    for gone in (address, control):
        with pytest.raises(requests.ConnectionError):
            requests.get(gone, timeout=2)


def _entrances(out: Path, running: subprocess.Popen[bytes]) -> tuple[str, str]:
    until = time.monotonic() + 60
    while time.monotonic() < until and running.poll() is None:
        text = out.read_text(encoding="utf-8")
        if "按 Ctrl-C 结束" in text:
            pages = re.search(r"页面：(\S+)", text)
            control = re.search(r"控制接口：(\S+)", text)
            assert pages
            assert control
            return pages.group(1), control.group(1)
        time.sleep(0.2)
    raise AssertionError(out.read_text(encoding="utf-8")[-2000:])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_drawn_number_is_valid(seed: int) -> None:
    """Each drawn number passes its check digits, and no two firms share name or code."""
    cast = draw(list(CASES.values()), seed, ON)
    actors = [actor for drawn in cast for actor in drawn.actors]
    for actor in actors:
        parse_identifier(actor.number, type=IdentifierType(actor.id_type), field="号码", on=ON)
    assert len({actor.number for actor in actors}) == len(actors)
    firms = [actor.name for actor in actors if actor.kind == "organisation"]
    assert len(set(firms)) == len(firms)
    assert cast == draw(list(CASES.values()), seed, ON) != draw(list(CASES.values()), seed + 1, ON)


@pytest.mark.parametrize("columns", [160, 120, 80, 40])
def test_the_table_fits_the_terminal(columns: int) -> None:
    """No line is wider than the terminal, however many wide characters it holds, and no text is lost."""
    row = Row(
        case="food-listed",
        case_no="440104-20261123-0006",
        matter="食品经营许可（新办）",
        applicant="广州示例丁供应链有限公司",
        number="914401••••••••6C9Q",
        outcome="O-05",
        channel="依法限制",
        measures=("拖欠农民工工资联合惩戒：依法限制市场准入", "  据保障农民工工资支付条例 第四十八条"),
        due="法定办结 2026-12-21",
        ms=12,
    )
    text = render([row, row], columns)
    assert max(map(width, text.splitlines())) <= columns
    letters = re.sub(r"\s", "", text)
    for word in ("food-listed", "O-05", "依法限制", "2026-12-21"):
        assert letters.count(word) >= 2


def test_columns_line_up_under_wide_characters() -> None:
    """The outcome stands in the same terminal column whether the applicant's name is wide or narrow."""
    rows = [Row("a", "1", "事项", name, "n", "O-10", "普通程序", (), "", 5) for name in ("示例有限公司", "abc")]
    lines = [line for line in render(rows, 160).splitlines() if "O-10" in line]
    assert len({width(line[: line.index("O-10")]) for line in lines}) == 1


def test_wrapping_keeps_every_character() -> None:
    """Wrapped lines joined again are the text, and each fits."""
    text = "依据 abc 保障农民工工资支付条例"
    parts = wrap(text, 7)
    assert "".join(parts) == text
    assert max(map(width, parts)) <= 7
