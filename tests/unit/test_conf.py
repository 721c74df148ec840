"""The settings dict: every wrong shape is loud, secrets are named and never shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from approval_hook.conf import CallbackSettings, Conf, conf
from approval_hook.errors import ConfigurationError
from approval_hook.limits import Budget, Limits, Window
from approval_hook.platforms import platforms

SECRET = "hunter2-hunter2-hunter2"

TOKEN_NAME = "CONF_TEST_TOKEN"

GOOD: dict[str, Any] = {
    "RULES": "fixtures/rules/guangdong",
    "PLATFORMS": {
        "province": {
            "BACKEND": "adapters.gateway.GatewayPlatform",
            "OPTIONS": {"base_url": "https://credit.example.gov.cn", "paasid": "x", "token_secret": "CONF_TEST_TOKEN"},
        }
    },
    "FLOWS": {"a.Flow": {"matter": "m", "facts": "a.facts", "protects": ["decide"]}},
    "DIGEST_SECRET": "CONF_TEST_DIGEST",
    "FIELD_SECRET": "CONF_TEST_FIELD",
}


class Keeper:
    """A backend that only keeps what it was built with."""

    remote = False

    def query(self, query: Any, *, timeout: float) -> Any:
        """Never asked."""
        raise AssertionError

    def __init__(self, name: str, token: str) -> None:
        """Keep both."""
        self.name, self.token = name, token


@pytest.fixture
def configured(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put a variation of good settings in force."""
    monkeypatch.setenv("CONF_TEST_TOKEN", SECRET)

    def into(**changes: Any) -> Conf:
        settings.APPROVAL_HOOK = {k: v for k, v in {**GOOD, **changes}.items() if v is not None}
        return conf()

    return into


def platform(**changes: Any) -> dict[str, Any]:
    """PLATFORMS with one entry changed."""
    return {"province": {**GOOD["PLATFORMS"]["province"], **changes}}


def flow(**changes: Any) -> dict[str, Any]:
    """FLOWS with one entry changed; None takes a key away."""
    entry = {**GOOD["FLOWS"]["a.Flow"], **changes}
    return {"a.Flow": {k: v for k, v in entry.items() if v is not None}}


def test_good_settings_become_a_frozen_object(configured: Any) -> None:
    """Names, paths and defaults are read once, into an object that cannot be changed."""
    found = configured()
    assert found.rules == Path("fixtures/rules/guangdong")
    assert found.interactive_seconds == 2.0
    assert found.flows[0].protects == ("decide",)
    assert found.flows[0].accepts == ()
    assert found.expected_matters == ()
    assert found.not_gated == {}
    assert found.flows[0].mode == "enforce"
    with pytest.raises(AttributeError):
        found.rules = Path("elsewhere")
    with pytest.raises(TypeError):
        found.platforms["other"] = None


def test_limits_become_a_frozen_object(configured: Any) -> None:
    """Each limit is read into numbers; a share is rounded up in favour of the decisions; what is not set is none."""
    full = {
        "AT_ONCE": 4,
        "BREAKER": {"FAILURES": 5, "SECONDS": 30},
        "PER_DAY": 1000,
        "PER_MINUTE": 7,
        "RESERVE": 0.2,
        "MAINTENANCE": [("Sun 02:00", "Sun 04:00"), ["Sun 23:00", "Mon 01:30"]],
    }
    limits = configured(PLATFORMS=platform(LIMITS=full)).platforms["province"].limits
    windows = (Window(8760, 8880), Window(10020, 90))
    assert limits == Limits(4, 5, 30.0, Budget(1000, 200), Budget(7, 2), windows)
    with pytest.raises(AttributeError):
        limits.at_once = 5
    seven = configured(PLATFORMS=platform(LIMITS={"PER_DAY": 100, "RESERVE": 0.07})).platforms["province"].limits
    assert seven.per_day == Budget(100, 7)
    only = configured(PLATFORMS=platform(LIMITS={"AT_ONCE": 1})).platforms["province"].limits
    assert only == Limits(at_once=1)
    assert configured().platforms["province"].limits is None


def test_call_backs_become_a_frozen_object(configured: Any) -> None:
    """The secret is named, the rest has a default; a source without them has none."""
    brief = configured(PLATFORMS=platform(CALLBACK={"SECRET": "NAME"})).platforms["province"].callback
    assert brief == CallbackSettings("NAME", 300.0, 60)
    full = {"SECRET": "NAME", "TOLERANCE": 60, "PER_MINUTE": 5}
    assert configured(PLATFORMS=platform(CALLBACK=full)).platforms["province"].callback == CallbackSettings(
        "NAME", 60.0, 5
    )
    assert configured().platforms["province"].callback is None


@pytest.mark.parametrize(
    ("callback", "says"),
    [
        ({}, "missing keys \\['SECRET'\\]"),
        ({"SECRET": ""}, "CALLBACK.SECRET'\\] must be a non-empty text"),
        ({"SECRET": "NAME", "TOLERANCE": 0}, "CALLBACK.TOLERANCE'\\] must be a number of seconds above 0"),
        ({"SECRET": "NAME", "PER_MINUTE": 0}, "CALLBACK.PER_MINUTE'\\] must be a whole number of at least 1"),
        ({"SECRET": "NAME", "TOLERANC": 5}, "Did you mean 'TOLERANCE'"),
        ([], "must be a dict"),
    ],
)
def test_malformed_call_backs_stop_the_start(configured: Any, callback: Any, says: str) -> None:
    """Each names its place."""
    with pytest.raises(ConfigurationError, match=says):
        configured(PLATFORMS=platform(CALLBACK=callback))


def test_limits_of_a_local_source_are_an_error(configured: Any) -> None:
    """A source of this process needs no limits; set there, they would say something that is not so."""
    keeper = {"BACKEND": f"{__name__}.Keeper", "OPTIONS": {"token_secret": TOKEN_NAME}, "LIMITS": {"AT_ONCE": 1}}
    configured(PLATFORMS={"one": keeper})
    with pytest.raises(ConfigurationError, match="The platform one is not remote, so it takes no LIMITS"):
        platforms()


def test_same_dict_is_read_once_and_a_new_dict_afresh(configured: Any) -> None:
    """The settings are cached by identity, so that a test or a reload brings a new dict."""
    assert configured() is conf()
    assert configured(INTERACTIVE_SECONDS=1.5).interactive_seconds == 1.5
    assert configured(EMERGENCY_HOURS=72).emergency_hours == 72


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"RULE": "x"}, "unknown keys ['RULE']"),
        (
            {"FLOW": {}},
            "unknown keys ['FLOW']. Did you mean 'FLOWS' for 'FLOW'? The keys are CHANNELS, DIGEST_SECRET, EMERGENCY",
        ),
        ({"COLOUR": 1}, "unknown keys ['COLOUR']. The keys are CHANNELS, DIGEST_SECRET, "),
        ({"RULES": None}, "missing keys ['RULES']"),
        ({"PLATFORMS": None}, "missing keys ['PLATFORMS']"),
        ({"DIGEST_SECRET": None}, "missing keys ['DIGEST_SECRET']"),
        ({"DIGEST_SECRET": ""}, "DIGEST_SECRET"),
        ({"FIELD_SECRET": 5}, "FIELD_SECRET"),
        ({"PLATFORMS": []}, "PLATFORMS"),
        ({"PLATFORMS": platform(OPTION={})}, "unknown keys ['OPTION']"),
        ({"PLATFORMS": platform(BACKEND="")}, "PLATFORMS.province.BACKEND"),
        ({"PLATFORMS": platform(OPTIONS=[1])}, "PLATFORMS.province.OPTIONS"),
        ({"PLATFORMS": platform(LIMITS=[])}, "'PLATFORMS.province.LIMITS'] must be a dict"),
        ({"PLATFORMS": platform(LIMITS={})}, "limits nothing"),
        ({"PLATFORMS": platform(LIMITS={"RESERVE": 0.5, "AT_ONCE": 1})}, "RESERVE needs PER_DAY or PER_MINUTE"),
        ({"PLATFORMS": platform(LIMITS={"PER_DAYS": 1})}, "Did you mean 'PER_DAY' for 'PER_DAYS'?"),
        *(
            ({"PLATFORMS": platform(LIMITS={key: wrong})}, f"LIMITS.{key}'] must be a whole number of at least 1")
            for key in ("AT_ONCE", "PER_DAY", "PER_MINUTE")
            for wrong in (0, -1, 1.5, True, "5", None)
        ),
        *(
            ({"PLATFORMS": platform(LIMITS={"PER_DAY": 10, "RESERVE": wrong})}, "LIMITS.RESERVE'] must be a share")
            for wrong in (1, -0.1, True, "0.5", float("nan"))
        ),
        ({"PLATFORMS": platform(LIMITS={"PER_DAY": 3, "RESERVE": 0.9})}, "RESERVE leaves nothing of 3 for acceptance"),
        ({"PLATFORMS": platform(LIMITS={"BREAKER": {"FAILURES": 5}})}, "missing keys ['SECONDS']"),
        ({"PLATFORMS": platform(LIMITS={"BREAKER": {"FAILURES": 0, "SECONDS": 1}})}, "BREAKER.FAILURES"),
        ({"PLATFORMS": platform(LIMITS={"BREAKER": {"FAILURES": 1, "SECONDS": 0}})}, "a number of seconds above 0"),
        ({"PLATFORMS": platform(LIMITS={"BREAKER": 5})}, "BREAKER'] must be a dict"),
        *(
            ({"PLATFORMS": platform(LIMITS={"MAINTENANCE": wrong})}, "MAINTENANCE")
            for wrong in ("Sun 02:00", 5, ["Sun 02:00"], [("Sun 02:00",)], [("Sun 02:00", "Sun 02:00")])
        ),
        *(
            ({"PLATFORMS": platform(LIMITS={"MAINTENANCE": [("Sun 02:00", wrong)]})}, "another end in China time")
            for wrong in ("Sun 24:00", "Sun 4:00", "周日 04:00", "sun 04:00", 4)
        ),
        *(({"EMERGENCY_HOURS": wrong}, "from 1 to 72") for wrong in (0, 73, 1.5, True, "6")),
        *(({"FLOWS": flow(mode=wrong)}, "there is no off switch") for wrong in ("off", "", "OBSERVE", False, 0)),
        ({"FLOWS": flow(protect=["x"])}, "unknown keys ['protect']"),
        ({"FLOWS": flow(protect=["x"])}, "Did you mean 'protects' for 'protect'? The keys are accepts, facts, "),
        ({"FLOWS": flow(matter=None)}, "missing keys ['matter']"),
        ({"FLOWS": flow(protects=[])}, "there is no off switch"),
        ({"FLOWS": flow(protects="decide")}, "must be a list of node names"),
        ({"FLOWS": flow(issues="deliver")}, "must be a list of node names"),
        ({"FLOWS": flow(accepts=[1])}, "must be a list of node names"),
        ({"EXPECTED_MATTERS": "food-business"}, "must be a list of matter codes"),
        ({"NOT_GATED": ["a.LeaveFlow"]}, "NOT_GATED"),
        ({"NOT_GATED": {"a.LeaveFlow": " "}}, "must say why the flow is no licensing flow"),
        ({"NOT_GATED": {"a.LeaveFlow": True}}, "must say why the flow is no licensing flow"),
    ],
)
def test_every_wrong_shape_is_named(configured: Any, changes: dict[str, Any], says: str) -> None:
    """A mistyped, missing or misshapen key stops with its place; nothing is ignored and nothing defaulted."""
    with pytest.raises(ConfigurationError) as raised:
        configured(**changes)
    assert says in str(raised.value)


@pytest.mark.parametrize("word", ["ENABLED", "FAIL_OPEN", "DISABLE", "OBSERVE"])
def test_there_is_no_off_switch(configured: Any, word: str) -> None:
    """No key turns the gate off or lets it fail open."""
    with pytest.raises(ConfigurationError, match="unknown keys"):
        configured(**{word: True})


def test_missing_settings_are_loud(settings: Any) -> None:
    """Without the dict nothing starts."""
    settings.APPROVAL_HOOK = None
    with pytest.raises(ConfigurationError, match="APPROVAL_HOOK is missing"):
        conf()
    settings.APPROVAL_HOOK = []
    with pytest.raises(ConfigurationError, match="must be a dict, not list"):
        conf()


def test_secret_comes_from_the_environment_or_a_file(
    configured: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The environment wins over a file of that name, and a trailing line break is not part of the secret."""
    (tmp_path / "CONF_TEST_FILE").write_text(SECRET + "\n", encoding="utf-8")
    found = configured(SECRETS_DIR=str(tmp_path))
    assert found.secret("CONF_TEST_FILE") == SECRET
    monkeypatch.setenv("CONF_TEST_FILE", "from-the-environment")
    assert found.secret("CONF_TEST_FILE") == "from-the-environment"


@pytest.mark.parametrize("name", ["CONF_TEST_NOWHERE", "../outside", "/etc/hostname"])
def test_missing_secret_names_itself_and_reads_nothing_outside(configured: Any, tmp_path: Path, name: str) -> None:
    """A secret that is not there is an error with its name; a path is never followed."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "outside").write_text(SECRET, encoding="utf-8")
    found = configured(SECRETS_DIR=str(tmp_path / "inside"))
    with pytest.raises(ConfigurationError) as raised:
        found.secret(name)
    assert (name if name.isupper() else "not a name") in str(raised.value)
    assert SECRET not in str(raised.value)


def test_backend_gets_the_secret_by_its_plain_name(configured: Any) -> None:
    """token_secret names it; the adapter receives it as token, resolved."""
    configured(PLATFORMS={"one": {"BACKEND": f"{__name__}.Keeper", "OPTIONS": {"token_secret": TOKEN_NAME}}})
    keeper = platforms()["one"]
    assert isinstance(keeper, Keeper)
    assert keeper.token == SECRET


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "http://not-this-computer.example", "paasid": "x", "token_secret": "CONF_TEST_TOKEN"},
        {"base_url": "https://ok.example", "paasid": "", "token_secret": "CONF_TEST_TOKEN"},
        {"base_url": "https://ok.example", "paasid": "x", "token_secret": "CONF_TEST_TOKEN", "typo": 1},
        {"base_url": "https://ok.example", "paasid": "x", "token_secret": "CONF_TEST_TOKEN", "attempts": "many"},
    ],
    ids=["plain http", "no caller", "unknown option", "wrong type"],
)
def test_no_secret_value_in_an_error(configured: Any, options: dict[str, Any]) -> None:
    """A platform that cannot be built says why, without the secret it was given."""
    configured(PLATFORMS=platform(OPTIONS=options))
    with pytest.raises(ConfigurationError) as raised:
        platforms()
    shown = f"{raised.value!s} {raised.value!r} {raised.value.__cause__!r}"
    assert SECRET not in shown


@pytest.mark.parametrize("order", [("token", "token_secret"), ("token_secret", "token")])
def test_an_option_is_given_as_a_secret_or_by_value_and_not_both(configured: Any, order: tuple[str, str]) -> None:
    """Which of the two would count is nobody's guess: check E003 says which options they are, without their values."""
    values = {"token": "pasted-by-mistake", "token_secret": TOKEN_NAME}
    configured(PLATFORMS={"one": {"BACKEND": f"{__name__}.Keeper", "OPTIONS": {key: values[key] for key in order}}})
    with pytest.raises(ConfigurationError, match="has token_secret and token in OPTIONS") as raised:
        platforms()
    assert SECRET not in str(raised.value)
    assert "pasted-by-mistake" not in str(raised.value)


def test_unimportable_backend_is_named(configured: Any) -> None:
    """A dotted path that leads nowhere is an error that names it."""
    configured(PLATFORMS=platform(BACKEND="adapters.nowhere.Platform"))
    with pytest.raises(ConfigurationError, match=r"adapters\.nowhere"):
        platforms()
