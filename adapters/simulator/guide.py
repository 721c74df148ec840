"""What the command prints for whoever integrates: settings, subjects to try, how to steer. Chinese or English."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.simulator.control import TOKEN_HEADER
from adapters.simulator.examples import Example, examples
from adapters.simulator.server import Simulator

__all__ = ["LANGUAGES", "LIMITS", "Guide"]

LANGUAGES = ("zh", "en")

#: As an entry of ``PLATFORMS`` may have them; the two quotas are the platform's to say.
LIMITS: Mapping[str, Any] = {
    "AT_ONCE": 8,
    "PER_DAY": 20_000,
    "PER_MINUTE": 600,
    "RESERVE": 0.2,
    "BREAKER": {"FAILURES": 5, "SECONDS": 30},
}
_TOKEN, _CONTROL = "CREDIT_PLATFORM_TOKEN", "CREDIT_CONTROL_TOKEN"
_DES, _SM4, _SM2 = "CREDIT_DES_KEY", "CREDIT_SM4_KEY", "CREDIT_SM2_PRIVATE_KEY"

_WORDS = {
    "title": ("模拟信用平台已启动：{url}", "The simulated credit platform is ready: {url}"),
    "secrets": (
        "1. 密钥（只在本机有效）。在使用它的终端里执行：",
        "1. Secrets, of use here only. In the terminal that uses them:",
    ),
    "own": ("1. 密钥用你已设置的环境变量：{names}", "1. Secrets are in the environment variables you set: {names}"),
    "settings": (
        "2. 设置片段，放进 APPROVAL_HOOK；取你要接的接口，来源名须与规则中的来源一致：",
        "2. For APPROVAL_HOOK in the settings; take the interface you want, under a name that the rules use:",
    ),
    "application": ("   本仓库的应用不改设置，只需：", "   The application of this repository needs no change, only:"),
    "subjects": ("3. 可试用的主体（共 {count} 个，全部虚构）：", "3. Subjects to try, of {count}, all invented:"),
    "nobody": (
        "3. 主库是空的，用 --seed 生成，或用控制接口录入。",
        "3. The master file is empty: fill it by --seed, or through the control interface.",
    ),
    "faults": (
        "4. 控制接口 {control}（另开终端；先设好上面的变量）：",
        "4. Control interface {control}, in another terminal with the variables above:",
    ),
    "in_force": ("   起始故障：{faults}", "   Faults in force: {faults}"),
    "slow": ("二十次里约有一次三秒后才答复", "one answer in twenty comes after three seconds"),
    "down": ("全部返回 500（停机）", "everything is HTTP 500 (an outage)"),
    "behave": ("恢复正常", "behave again"),
    "see": ("看生效中的故障", "the faults in force"),
    "repair": (
        "把一条记录改为已修复（1 有效，2 已修复，3 已移出，5 异议中）",
        "one row becomes repaired (1 active, 2 repaired, 3 removed, 5 disputed)",
    ),
    "look": ("看一个主体", "one subject"),
    "ledger": ("看台账：平台收到的每次查询", "the ledger: every query that arrived"),
    "end": ("按 Ctrl-C 结束。", "Ctrl-C ends it."),
    "ended": ("已结束，共收到 {count} 次查询。", "Ended; {count} queries arrived."),
}


@dataclass(frozen=True, slots=True)
class Guide:
    """The text for one run; secrets are named, and shown only where the command made them itself."""

    language: str
    token_env: str | None
    control_env: str | None

    def ready(self, simulator: Simulator) -> str:
        """Everything there is to know at the start."""
        return "\n".join(
            (
                self._say("title", url=simulator.url),
                "",
                *self._secrets(simulator),
                "",
                self._say("settings"),
                *(f"   {line}" for line in self._snippet(simulator)),
                self._say("application"),
                f"   export CREDIT_PLATFORM_URL={simulator.url}",
                "",
                *self._subjects(simulator),
                "",
                *self._steering(simulator),
                "",
                self._say("end"),
            )
        )

    def ended(self, simulator: Simulator) -> str:
        """How many queries arrived."""
        return self._say("ended", count=len(simulator.ledger))

    def _say(self, word: str, **facts: object) -> str:
        return _WORDS[word][LANGUAGES.index(self.language)].format(**facts)

    def _secrets(self, simulator: Simulator) -> Iterable[str]:
        given = [name for name in (self.token_env, self.control_env) if name]
        made = {
            **({} if self.token_env else {_TOKEN: simulator.token}),
            **({} if self.control_env else {_CONTROL: simulator.control_token}),
            _DES: simulator.keys.des,
        }
        if simulator.keys.sm is not None:
            made |= {_SM4: simulator.keys.sm.sm4, _SM2: simulator.keys.sm.caller_private}
        if given:
            yield self._say("own", names=", ".join(given))
        if made:
            yield self._say("secrets")
        yield from (f"   export {name}={shlex.quote(value)}" for name, value in made.items())

    def _snippet(self, simulator: Simulator) -> Iterable[str]:
        facts = {"url": simulator.url, "caller": simulator.paasid, "token_name": self.token_env or _TOKEN}
        facts |= {"des_name": _DES, "sm4_name": _SM4, "sm2_name": _SM2}
        if (sm := simulator.keys.sm) is not None:
            facts |= {"app_code": sm.app_code, "caller_public": sm.caller_public, "platform_public": sm.platform_public}
        yield '"PLATFORMS": {'
        for shape in dict.fromkeys(simulator.shapes.values()):
            if shape.wiring is None:
                continue
            options = {
                key: value.format(**facts) if isinstance(value, str) else value
                for key, value in shape.wiring.options.items()
            }
            yield f'    "{shape.wiring.source}": {{'
            yield f'        "BACKEND": "{shape.wiring.backend}",'
            yield f'        "OPTIONS": {json.dumps(options)},'
            yield f'        "LIMITS": {json.dumps(LIMITS)},'
            yield "    },"
        yield "},"

    def _subjects(self, simulator: Simulator) -> Iterable[str]:
        held = simulator.register.all()
        yield self._say("subjects", count=len(held)) if held else self._say("nobody")
        for example in examples(held):
            yield f"   {self._title(example)}"
            for subject in example.subjects:
                yield f"      {subject.name}  {'  '.join(i.number for i in subject.identifiers)}"

    def _title(self, example: Example) -> str:
        return f"{example.word}（{example.zh}）" if self.language == "zh" else f"{example.word} ({example.en})"

    def _steering(self, simulator: Simulator) -> Iterable[str]:
        yield self._say("faults", control=simulator.control_url)
        if in_force := simulator.faults.all():
            yield self._say("in_force", faults=", ".join(f"{f.kind.value}={f.probability:g}" for f, _ in in_force))
        with_rows = next((s for s in simulator.register.all() if s.records), None)
        number = with_rows.identifiers[0].number if with_rows else "NUMBER"
        record = with_rows.records[0].record_id if with_rows else "RECORD"
        for word, method, path, data in (
            ("slow", "POST", "faults", {"kind": "slow", "seconds": 3, "probability": 0.05}),
            ("down", "POST", "faults", {"kind": "http_500"}),
            ("see", "GET", "faults", None),
            ("behave", "DELETE", "faults", None),
            ("look", "GET", f"subjects/{number}", None),
            ("repair", "PATCH", f"records/{record}", {"state": "2"}),
            ("ledger", "GET", "ledger", None),
        ):
            body = "" if data is None else f" -d '{json.dumps(data)}'"
            header = f'-H "{TOKEN_HEADER}: ${self.control_env or _CONTROL}"'
            yield f"   # {self._say(word)}"
            yield f"   curl -s -X {method} {header}{body} {simulator.control_url}/{path}"
