"""``manage.py platform_simulator`` as a process: what it prints can be used as it stands."""

from __future__ import annotations

import argparse
import ast
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class

from adapters.simulator import Simulator
from adapters.simulator.__main__ import main
from adapters.simulator.commandline import add_options
from adapters.simulator.control import ControlClient
from approval_hook.conf import conf
from approval_hook.platforms import platforms
from approval_hook.policy.records import QueryStatus, RecordState, Severity
from approval_hook.policy.subjects import organisation
from approval_hook.testing import make_query

ROOT = Path(__file__).parents[2]
ON = date(2026, 10, 1)
END = {"en": "Ctrl-C ends it.", "zh": "按 Ctrl-C 结束。"}


@contextmanager
def started(*arguments: str, language: str = "en", **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process, and what it printed until it was ready."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "platform_simulator", "--port", "0", "--language", language, *arguments],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "workflows.site.settings"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.rstrip() == END[language]:
                break
        assert lines, "nothing was printed"
        assert lines[-1].rstrip() == END[language], "".join(lines)
        yield process, "".join(lines)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def exports(text: str) -> dict[str, str]:
    """The variables that the guide tells to set."""
    return dict(re.findall(r"^ +export (\w+)=(\S+)$", text, re.MULTILINE))


def snippet(text: str) -> dict[str, Any]:
    """The PLATFORMS that the guide tells to put into the settings."""
    found = re.search(r'^ +("PLATFORMS": \{\n.*?^   \}),$', text, re.MULTILINE | re.DOTALL)
    assert found, text
    made: dict[str, Any] = ast.literal_eval("{" + found[1] + "}")["PLATFORMS"]
    return made


def offered(text: str, word: str) -> tuple[str, str]:
    """Name and number of the first firm that the guide offers under a word."""
    below = text.split(f"   {word} (", 1)[1]
    name, number = re.findall(r"^ {6}(\S+)  (9[0-9A-Z]{17})", below, re.MULTILINE)[0]
    return name, number


@pytest.mark.django_db(transaction=True)  # the limits of the snippet count in the database
def test_the_guide_can_be_followed_to_the_letter(
    settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Secrets, settings and subjects work as printed; Ctrl-C ends it with the number of queries."""
    ledger = tmp_path / "ledger.jsonl"
    with started("--subjects", "120", "--ledger", str(ledger), "--fault", "slow=0.05,seconds=0.01") as (process, text):
        for name, value in exports(text).items():
            monkeypatch.setenv(name, value)
        settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "PLATFORMS": snippet(text)}
        sources = platforms()
        assert set(sources) == {"province", "city", "reward", "sealed", "town"}
        assert all(conf().platforms[name].limits for name in sources)
        for source in sources.values():

            def ask(word: str, source: Any = source) -> Any:
                firm = organisation(*offered(text, word), on=ON)
                return source.query(make_query(firm, f"{source.name}-{word}"), timeout=5)

            clean, serious, disputed = ask("clean"), ask("serious"), ask("disputed")
            assert (clean.status, clean.records) == (QueryStatus.OK, ())
            assert [r.severity for r in serious.records] == [Severity.SERIOUS]
            assert [r.state for r in disputed.records] == [RecordState.DISPUTED]
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
        assert process.returncode == 0, out
        assert out == f"Ended; {len(ledger.read_text().splitlines())} queries arrived.\n"


def test_the_control_commands_work_as_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two faults are put in force beside the one from the start, all are lifted, a row is changed."""
    with started("--subjects", "60", "--fault", "http_500=0.01") as (_, text):
        for name, value in exports(text).items():
            monkeypatch.setenv(name, value)
        commands = re.findall(r"^ +(curl -s .*)$", text, re.MULTILINE)
        slow, down, see, behave, look, repair, log = (
            subprocess.run(["bash", "-c", c], capture_output=True, text=True, check=True).stdout for c in commands
        )
    assert (slow, down, behave, repair, log) == (*("{}",) * 4, "[]")
    assert re.findall(r'"kind": "(\w+)"', see) == ["http_500", "slow", "http_500"]
    assert '"records": [{' in look


def test_a_secret_that_is_set_is_named_and_not_shown() -> None:
    """Given by the name of a variable it stands nowhere on the screen; the text is Chinese unless asked otherwise."""
    secret = "not-for-the-screen-0123456789"
    options = ("--token-env", "MY_TOKEN", "--control-token-env", "MY_CONTROL", "--subjects", "60")
    with started(*options, language="zh", MY_TOKEN=secret, MY_CONTROL=secret) as (_, text):
        assert secret not in text
        assert "MY_TOKEN, MY_CONTROL" in text
        named = [entry["OPTIONS"] for entry in snippet(text).values()]
        assert {o.get("token_secret", o.get("login_secret")) for o in named} == {"MY_TOKEN"}
        url = exports(text)["CREDIT_PLATFORM_URL"]
        client = ControlClient(f"{url}/control", secret)
        assert len(client.subjects()) == 60
        client.close()


def test_every_interface_of_the_simulator_is_in_the_snippet() -> None:
    """An adapter that ships can be configured from the guide."""
    with Simulator() as simulator:
        shapes = set(simulator.shapes.values())
    # A data submission service answers no query, so it is no entry of PLATFORMS.
    assert [type(shape).__name__ for shape in shapes if shape.wiring is None] == ["SubmissionShape"]
    assert len({shape.wiring.source for shape in shapes if shape.wiring}) == len(shapes) - 1


def test_the_command_takes_every_option_of_the_module() -> None:
    """One parser, with subjects and the guide from the start here."""
    plain = argparse.ArgumentParser()
    add_options(plain)
    parser = load_command_class("workflows.site", "platform_simulator").create_parser("manage.py", "platform_simulator")
    ours = {action.dest: action for action in parser._actions}
    assert {a.dest for a in plain._actions} <= set(ours)
    assert {a.dest: a.type for a in plain._actions} == {a.dest: ours[a.dest].type for a in plain._actions}
    assert (parser.get_default("tell"), parser.get_default("port")) == ("guide", 8799)


@pytest.fixture
def same_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own process keeps its signal handlers."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.mark.usefixtures("same_signals")
def test_a_port_that_is_taken_is_told_in_two_languages() -> None:
    """No traceback, exit code 1, from the module and from the command."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        with pytest.raises(SystemExit) as ended:
            main(["--port", port])
        assert f"端口 {port} 已被占用" in str(ended.value)
        assert f"Port {port} is taken" in str(ended.value)
        command = [sys.executable, "manage.py", "platform_simulator", "--port", port]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"端口 {port} 已被占用" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("same_signals")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--token-env", "NOT_SET_ANYWHERE"], "NOT_SET_ANYWHERE"),
        (["--ledger", "/nowhere/ledger.jsonl"], "台账文件打不开"),
        (["--ledger", "README.md"], "不是本程序所写"),
    ],
)
def test_what_cannot_be_used_is_told(arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names it, and nothing is served; a file that is no ledger stays as it is."""
    monkeypatch.chdir(ROOT)
    before = (ROOT / "README.md").read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert told in str(ended.value)
    assert (ROOT / "README.md").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fault", "nonsense=0.5"], "no fault"),
        (["--fault", "slow=1.5"], "no fault"),
        (["--fault", "slow=often"], "no fault"),
        (["--fault", "slow=0.5,speed=1"], "no fault"),
        (["--fault", "slow,times=-1"], "no fault"),
        (["--port", "70000"], "0 to 65535"),
        (["--subjects", "0"], "from 1"),
    ],
)
def test_a_malformed_option_is_a_usage_error(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped fault is an error at the start, not a fault that never strikes."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err
