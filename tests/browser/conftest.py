"""Start the demonstration once and give each test a logged-in page of a real Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / "screenshots"


@dataclass(frozen=True)
class Demo:
    """Where the running demonstration is and what it printed."""

    url: str
    password: str
    output: str
    state: Path  # its folder, with the database

    def case_numbers(self) -> dict[str, str]:
        """Case number by outcome class, one of each, as the table shows them."""
        found: dict[str, str] = {}
        outcome = ""
        for line in self.output.splitlines():
            row = re.search(r"\bO-(\d\d)\b", line)
            if row:
                outcome = f"O-{row.group(1)}"
            number = re.search(r"\b\d{6}-\d{8}-\d{4}\b", line)
            if number and outcome:
                found.setdefault(outcome, number.group(0))
                outcome = ""
        return found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Run ``manage.py demo`` until its pages are served; stop it at the end."""
    state = tmp_path_factory.mktemp("demo")
    env = {k: v for k, v in os.environ.items() if not k.startswith(("WORKFLOWS_", "CREDIT_", "DATABASE_URL"))}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env |= {"WORKFLOWS_STATE_DIR": str(state), "PYTHONUNBUFFERED": "1"}
    output = state / "printed.txt"
    with output.open("w") as sink:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, stdout=sink, stderr=subprocess.STDOUT
        )
        try:
            yield _await(process, output, state)
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: subprocess.Popen[bytes], output: Path, state: Path) -> Demo:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        printed = output.read_text()
        url, password = re.search(r"页面：(http://[^/\s]+)/", printed), re.search(r"（全部账号）：(\S+)", printed)
        if url and password and "Ctrl-C" in printed:
            return Demo(url.group(1), password.group(1), printed, state)
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise AssertionError(f"The demonstration did not come up:\n{output.read_text()[-2000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The system's Chromium; its absence is a failure, never a skip."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.fail("Chromium is missing: install the Debian packages chromium and fonts-noto-cjk.")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=path, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def visit(demo: Demo, chromium: Any) -> Iterator[Callable[..., Any]]:
    """Log in as a demo user and return a page that fails the test on foreign requests or script errors."""
    contexts = []
    faults: list[str] = []

    def log_in(user: str, width: int = 1440, height: int = 900) -> Any:
        context = chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda r: faults.append(r.url) if not r.url.startswith((demo.url, "data:")) else None)
        page.on("pageerror", lambda e: faults.append(str(e)))
        page.on(
            "console", lambda m: faults.append(m.text) if m.type == "error" and "status of 4" not in m.text else None
        )
        page.goto(demo.url + "/")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", demo.password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "login" not in url)
        return page

    yield log_in
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def shoot() -> Callable[..., None]:
    """Keep a screenshot under ``screenshots/`` for people to look at."""
    SHOTS.mkdir(exist_ok=True)

    def save(page: Any, name: str) -> None:
        page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)

    return save
