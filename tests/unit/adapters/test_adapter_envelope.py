"""Envelopes: published test vectors, what goes in comes out, and any changed byte keeps it shut."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.des_message import DesMessage, SignedReply
from adapters.envelope import SmEnvelope
from adapters.sm2 import Sm2Signer, Sm2Verifier, generate
from approval_hook.errors import ConfigurationError, PlatformReplyInvalid

NOW = datetime(2026, 10, 1, 9, 0, tzinfo=UTC)

# GB/T 32918.5-2017, appendix A.2: key pair, message "message digest", signature (r, s).
PRIVATE = "3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"
PUBLIC = (
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
R = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
S = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA

# GB/T 32907-2016, appendix A.1: key and plain text are the same.
SM4_PLAIN = "0123456789abcdeffedcba9876543210"
SM4_HIDDEN = "681edf34d206965e86b3e94f536e4246"

# FIPS 81, table B1: ECB.
DES_KEY = "0123456789abcdef"
DES_PLAIN = b"Now is the time for all "
DES_HIDDEN = "3fa40e8a984d48156a271787ab8883f9893d51ec4b563b53"

OURS, THEIRS = generate(), generate()
SM4_KEY = "00112233445566778899aabbccddeeff"


def side(own: tuple[str, str] = OURS, peer: tuple[str, str] = THEIRS, **options: Any) -> SmEnvelope:
    """One side of the envelope at a fixed moment."""
    given = {"app_code": "app", "sm4_key": SM4_KEY, "clock": lambda: NOW} | options
    return SmEnvelope(private_key=own[0], public_key=own[1], peer_public_key=peer[1], **given)


def platform(**options: Any) -> SmEnvelope:
    """The other side."""
    return side(THEIRS, OURS, **options)


def test_the_published_sm2_signature_is_verified() -> None:
    """GB/T 32918.5: the signature of the standard fits its message and no other."""
    verifier = Sm2Verifier(PUBLIC)
    assert verifier.fits(b"message digest", encode_dss_signature(R, S))
    assert verifier.fits(b"message digest", Sm2Signer(PRIVATE, PUBLIC).sign(b"message digest"))
    assert not verifier.fits(b"message digesT", encode_dss_signature(R, S))
    assert not verifier.fits(b"message digest", encode_dss_signature(R, S - 1))
    assert not Sm2Verifier(OURS[1]).fits(b"message digest", encode_dss_signature(R, S))


@pytest.mark.parametrize(
    "signature", [b"", b"\x30\x00", b"x" * 72, encode_dss_signature(0, 0)], ids=["empty", "hollow", "text", "zero"]
)
def test_what_is_no_signature_does_not_fit(signature: bytes) -> None:
    """And raises nothing."""
    assert not Sm2Verifier(PUBLIC).fits(b"message digest", signature)


def test_the_published_sm4_block_is_made() -> None:
    """GB/T 32907: the block of the standard, behind it one block of padding."""
    hidden = side(sm4_key=SM4_PLAIN, mode="ecb").hidden(bytes.fromhex(SM4_PLAIN))
    assert hidden[:32] == SM4_HIDDEN
    assert len(hidden) == 64


def test_the_published_des_blocks_are_made() -> None:
    """FIPS 81: the blocks of the standard, behind them one block of padding."""
    hidden = base64.b64decode(DesMessage(DES_KEY).encrypt(DES_PLAIN))
    assert hidden[:24].hex() == DES_HIDDEN
    assert len(hidden) == 32


@settings(max_examples=40, deadline=None)
@given(document=st.binary(max_size=400), mode=st.sampled_from(["cbc", "ecb"]))
def test_what_one_side_seals_the_other_opens(document: bytes, mode: str) -> None:
    """In both modes, both ways, whatever the bytes."""
    assert platform(mode=mode).open(side(mode=mode).seal(document), "it") == document
    assert side(mode=mode).open(platform(mode=mode).seal(document), "it") == document


def test_two_envelopes_of_one_document_have_nothing_in_common() -> None:
    """In CBC the start value is random, and every signature is."""
    one, other = (json.loads(side().seal(b"0" * 64)) for _ in range(2))
    assert one["data"]["encData"][:64] != other["data"]["encData"][:64]
    assert one["signData"] != other["signData"]


SEALED = platform().seal('{"code": "0", "name": "陈示例"}'.encode())


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(SEALED) - 1), mask=st.integers(1, 255))
def test_a_changed_byte_keeps_an_envelope_shut(place: int, mask: int) -> None:
    """Whichever byte, whatever it becomes."""
    changed = bytearray(SEALED)
    changed[place] ^= mask
    with pytest.raises(PlatformReplyInvalid):
        side().open(bytes(changed), "it")


def test_every_byte_counts() -> None:
    """The same for each place in turn, with the smallest change and with that of a letter's case."""
    for place in range(len(SEALED)):
        for mask in (0x01, 0x20):
            changed = bytearray(SEALED)
            changed[place] ^= mask
            with pytest.raises(PlatformReplyInvalid):
                side().open(bytes(changed), "it")


def test_a_signature_in_another_spelling_of_base64_does_not_fit() -> None:
    """The last letter before the padding has bits that count for nothing; one spelling of them is accepted."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    envelope = json.loads(SEALED)
    while not envelope["signData"].endswith("="):
        envelope = json.loads(platform().seal(b"{}"))
    text = envelope["signData"]
    bare = text.rstrip("=")
    other = bare[:-1] + letters[letters.index(bare[-1]) + 1] + text[len(bare) :]
    assert base64.b64decode(other) == base64.b64decode(text)
    assert side().open(json.dumps(envelope).encode(), "it")
    with pytest.raises(PlatformReplyInvalid, match="signature"):
        side().open(json.dumps(envelope | {"signData": other}).encode(), "it")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"version": "1.0.1"}, "version"),
        ({"encType": "AES"}, "encType"),
        ({"signType": "SM3"}, "signType"),
        ({"appCode": "another"}, "appCode"),
        ({"timestamp": int(NOW.timestamp())}, "timestamp"),
        ({"timestamp": str(int(NOW.timestamp() * 1000))}, "timestamp"),
        ({"timestamp": int(NOW.timestamp() * 1000) + 1}, "signature"),
        ({"timestamp": int(NOW.timestamp() * 1000) + 600_000}, "moment"),
        ({"timestamp": int(NOW.timestamp() * 1000) - 600_000}, "moment"),
        ({"data": {}}, "encData"),
        ({"data": "00"}, "data"),
        ({"data": {"encData": "00" * 16}}, "signature"),
        ({"signData": ""}, "signData"),
        ({"signData": "AAAA"}, "signature"),
        ({"signData": "not base64"}, "signature"),
    ],
)
def test_each_field_is_checked(changes: dict[str, Any], why: str) -> None:
    """The error names what does not fit, and nothing of the document."""
    with pytest.raises(PlatformReplyInvalid, match=why) as caught:
        side().open(json.dumps(json.loads(SEALED) | changes).encode(), "it")
    assert caught.value.__cause__ is None
    assert "示例" not in str(caught.value)


@pytest.mark.parametrize("field", ["data", "appCode", "version", "encType", "signType", "timestamp", "signData"])
def test_each_field_must_be_there(field: str) -> None:
    """A missing field is loud."""
    envelope = {key: value for key, value in json.loads(SEALED).items() if key != field}
    with pytest.raises(PlatformReplyInvalid, match=field):
        side().open(json.dumps(envelope).encode(), "it")


def test_an_envelope_is_opened_in_its_time_only() -> None:
    """Up to the window's edge, before and after, and not beyond."""
    for seconds, opens in ((0, True), (299, True), (-299, True), (301, False), (-301, False)):
        moment = NOW + timedelta(seconds=seconds)
        late = side(clock=lambda moment=moment: moment)
        if opens:
            assert late.open(SEALED, "it")
        else:
            with pytest.raises(PlatformReplyInvalid, match="moment"):
                late.open(SEALED, "it")


def test_a_genuine_envelope_under_another_key_is_not_read() -> None:
    """The signature fits and the document is unreadable: an error, or bytes that are not the document."""
    for n in range(20):
        stranger = platform(sm4_key=f"{n:032x}")
        try:
            assert side().open(stranger.seal(b'{"code": "0"}'), "it") != b'{"code": "0"}'
        except PlatformReplyInvalid as error:
            assert "decrypted" in str(error)  # noqa: PT017 - one of two outcomes


REPLY = SignedReply("secret", DesMessage(DES_KEY), clock=NOW.timestamp)
MADE = REPLY.make(DesMessage(DES_KEY).encrypt('{"code": "0", "name": "陈示例"}'.encode()))


def test_a_signed_reply_is_opened() -> None:
    """And holds what was hidden."""
    assert json.loads(REPLY.open(MADE, "it")) == {"code": "0", "name": "陈示例"}


def test_every_byte_of_a_signed_reply_counts() -> None:
    """DES would not see a changed block; the signature does."""
    for place in range(len(MADE)):
        for mask in (0x01, 0x02, 0x20, 0x80):
            changed = bytearray(MADE)
            changed[place] ^= mask
            with pytest.raises(PlatformReplyInvalid):
                REPLY.open(bytes(changed), "it")


def test_des_alone_does_not_see_a_change() -> None:
    """Why the signature is there: a flipped bit in the message can leave a document that still parses."""
    message = DesMessage(DES_KEY)
    hidden = bytearray(base64.b64decode(message.encrypt(b'{"records": ["8 bytes!8 bytes!8 bytes!8 bytes!"]}')))
    del hidden[24:32]
    shorter = message.decrypt(base64.b64encode(bytes(hidden)).decode())
    assert shorter is not None
    assert json.loads(shorter) == {"records": ["8 bytes!8 bytes!8 bytes!"]}


@pytest.mark.parametrize(
    ("secret", "seconds", "why"),
    [("other", 0, "signature"), ("secret", 400, "moment"), ("secret", -400, "moment")],
)
def test_a_reply_of_another_secret_or_time_is_refused(secret: str, seconds: int, why: str) -> None:
    """Each for its own reason."""
    moment = NOW + timedelta(seconds=seconds)
    made = SignedReply(secret, DesMessage(DES_KEY), clock=moment.timestamp).make("AAAA")
    with pytest.raises(PlatformReplyInvalid, match=why):
        REPLY.open(made, "it")


@pytest.mark.parametrize("message", ["", "AAAA", "AAAAAAAAAAA=", "示例", "A" * 12])
def test_what_is_no_message_is_not_decrypted(message: str) -> None:
    """And raises nothing."""
    assert DesMessage(DES_KEY).decrypt(message) is None


@settings(max_examples=50, deadline=None)
@given(document=st.binary(max_size=200))
def test_a_message_comes_out_as_it_went_in(document: bytes) -> None:
    """Whatever the bytes."""
    message = DesMessage(DES_KEY)
    assert message.decrypt(message.encrypt(document)) == document


def test_the_last_bit_of_a_key_byte_does_not_count() -> None:
    """DES ignores the parity bits, so both spellings of a key are the same key."""
    assert DesMessage("0123456789abcdef").encrypt(b"x") == DesMessage("0022446688aaccee").encrypt(b"x")


@pytest.mark.parametrize(
    ("private", "public"),
    [(PRIVATE, OURS[1]), (OURS[0], PUBLIC), ("0" * 64, PUBLIC), ("", PUBLIC), (PRIVATE, ""), (PRIVATE, PUBLIC[:-2])],
    ids=["another public", "another private", "zero", "no private", "no public", "a short public"],
)
def test_keys_that_do_not_belong_together_are_found_at_once(private: str, public: str) -> None:
    """A mistake in the settings is found when the source is built, and the error holds no key."""
    with pytest.raises(ConfigurationError) as caught:
        Sm2Signer(private, public)
    assert PRIVATE not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
