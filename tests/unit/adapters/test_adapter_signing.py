"""Signing and verifying: headers of the x-tif gateway, fields of the appKey gateway."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from adapters.signing import (
    SIGN_METHODS,
    TIME_FORMS,
    AppKeySigner,
    AppKeyVerifier,
    TifSigner,
    TifVerifier,
    content_digest,
    signature,
)
from approval_hook.errors import ConfigurationError

NOW = 1_790_812_800.0
BODY = '{"queryId": "示例"}'.encode()


def test_the_formula() -> None:
    """The signature is SHA-256 over timestamp, token, nonce, timestamp in upper-case hexadecimal."""
    expected = hashlib.sha256(b"1790812800" + b"token" + b"abc" + b"1790812800").hexdigest().upper()
    assert signature("token", "1790812800", "abc") == expected


def test_the_digest_is_that_of_rfc_9530() -> None:
    """The digest header has the form of RFC 9530 (example of its appendix B.1)."""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_a_signed_request_is_accepted_once() -> None:
    """The gateway accepts what we sign, and refuses the same request a second time."""
    verifier = TifVerifier("me", "token", clock=lambda: NOW)
    headers = TifSigner("me", "token", clock=lambda: NOW).headers(BODY)
    assert verifier.problem(headers, BODY) == ""
    assert verifier.problem(headers, BODY) == "replay"


def test_every_attempt_is_fresh() -> None:
    """Two attempts never share a nonce, so a retry is not a replay."""
    verifier = TifVerifier("me", "token", clock=lambda: NOW)
    signer = TifSigner("me", "token", clock=lambda: NOW)
    assert [verifier.problem(signer.headers(BODY), BODY) for _ in range(20)] == [""] * 20


def test_lower_case_signatures_are_accepted() -> None:
    """Other clients of such gateways write the signature in lower case."""
    headers = TifSigner("me", "token", clock=lambda: NOW).headers(BODY)
    headers["x-tif-signature"] = headers["x-tif-signature"].lower()
    assert TifVerifier("me", "token", clock=lambda: NOW).problem(headers, BODY) == ""


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"x-tif-signature": "0" * 64}, "signature"),
        ({"x-tif-signature": ""}, "signature"),
        ({"x-tif-signature": "é"}, "signature"),
        ({"x-tif-paasid": "other"}, "signature"),
        ({"x-tif-nonce": "other"}, "signature"),
        ({"x-tif-nonce": ""}, "headers"),
        ({"x-tif-timestamp": "1790812801"}, "signature"),
        ({"x-tif-timestamp": "soon"}, "headers"),
        ({"x-tif-timestamp": "²"}, "headers"),
        ({"Content-Digest": content_digest(b"other")}, "digest"),
        ({"Content-Digest": ""}, "digest"),
    ],
)
def test_a_changed_request_is_refused(change: dict[str, str], problem: str) -> None:
    """Whatever is changed on the way is noticed."""
    headers = TifSigner("me", "token", clock=lambda: NOW).headers(BODY) | change
    assert TifVerifier("me", "token", clock=lambda: NOW).problem(headers, BODY) == problem


@pytest.mark.parametrize(("difference", "problem"), [(300, ""), (-300, ""), (301, "clock"), (-301, "clock")])
def test_clocks_may_differ_by_five_minutes(difference: int, problem: str) -> None:
    """Both edges of the window, both ways."""
    headers = TifSigner("me", "token", clock=lambda: NOW + difference).headers(BODY)
    assert TifVerifier("me", "token", clock=lambda: NOW).problem(headers, BODY) == problem


def test_a_replay_is_refused_for_as_long_as_its_timestamp_is_good() -> None:
    """A nonce from a fast clock is remembered until its timestamp is out of the window."""
    moment = [NOW]
    verifier = TifVerifier("me", "token", clock=lambda: moment[0])
    headers = TifSigner("me", "token", clock=lambda: NOW + 300).headers(BODY)
    assert verifier.problem(headers, BODY) == ""
    moment[0] = NOW + 600
    assert verifier.problem(headers, BODY) == "replay"
    moment[0] = NOW + 601
    assert verifier.problem(headers, BODY) == "clock"


def fields(method: str = "md5", time_form: str = "digits", now: float = NOW) -> dict[str, str]:
    """Signed fields of the caller ``me``."""
    return AppKeySigner("me", "secret", method=method, time_form=time_form, clock=lambda: now).fields()


def test_the_formulas_of_sign() -> None:
    """MD5 over key, secret and time as the platform demands; HMAC with the secret over key and time."""
    text = b"me20261001080000"
    sm3 = "4fd08523ac93cbd2cd8cd3a0984df44177c2e741f82c6061995ff0f4b505852e"  # by OpenSSL
    assert fields() == {
        "appKey": "me",
        "requestTime": "20261001080000",
        "sign": hashlib.md5(b"mesecret20261001080000", usedforsecurity=False).hexdigest(),
    }
    assert fields("hmac-sha256")["sign"] == hmac.new(b"secret", text, "sha256").hexdigest()
    assert fields("hmac-sm3")["sign"] == sm3
    assert fields(time_form="milliseconds")["requestTime"] == "1790812800000"


@pytest.mark.parametrize("method", SIGN_METHODS)
@pytest.mark.parametrize("time_form", TIME_FORMS)
def test_signed_fields_are_accepted_while_they_are_young(method: str, time_form: str) -> None:
    """Every method and form, at both edges of the window, both ways."""
    signed = fields(method, time_form)
    problems = [
        AppKeyVerifier("me", "secret", clock=lambda at=at: NOW + at).problem(signed) for at in (0, 300, -300, 301, -301)
    ]
    assert problems == ["", "", "", "clock", "clock"]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"sign": "0" * 32}, "signature"),
        ({"sign": ""}, "signature"),
        ({"sign": "é"}, "signature"),
        ({"sign": fields()["sign"].upper()}, "signature"),
        ({"appKey": "other"}, "signature"),
        (
            {"appKey": "mese", "sign": hashlib.md5(b"mesecret20261001080000", usedforsecurity=False).hexdigest()},
            "signature",
        ),
        ({"requestTime": "20261001080001"}, "signature"),
        ({"requestTime": "20261301080000"}, "fields"),
        ({"requestTime": "1790812800"}, "fields"),
        ({"requestTime": "soon"}, "fields"),
        ({"requestTime": "²" * 14}, "fields"),
        ({"requestTime": ""}, "fields"),
    ],
)
def test_changed_fields_are_refused(change: dict[str, str], problem: str) -> None:
    """Whatever is changed on the way is noticed, as far as this signature covers it."""
    assert AppKeyVerifier("me", "secret", clock=lambda: NOW).problem(fields() | change) == problem


@pytest.mark.parametrize("option", [{"method": "sha1"}, {"time_form": "seconds"}])
def test_an_unknown_method_is_a_configuration_error(option: dict[str, str]) -> None:
    """Nothing is signed by a method that nobody chose."""
    with pytest.raises(ConfigurationError):
        AppKeySigner("me", "secret", **({"method": "md5", "time_form": "digits"} | option))
