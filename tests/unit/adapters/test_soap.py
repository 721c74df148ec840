"""Envelopes and inner documents: what is built can be read, and nothing but a typed error comes of what cannot."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.soap import Node, SoapService, parse_document
from adapters.xmlrows import sendable
from approval_hook.errors import PlatformError, PlatformReplyInvalid

SERVICE = SoapService("it", "submission.wsdl")
REPLY = (
    '<?xml version="1.0" encoding="UTF-8"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body>'
    '<n:submitDataResponse xmlns:n="urn:data-submission"><return>{}</return></n:submitDataResponse></S:Body>'
    "</S:Envelope>"
)
DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?><rs><result>true</result><list a="1"><b c="甲" d="乙"/></list>&amp;</rs>'
)
SENDABLE = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"))


@given(text=SENDABLE)
def test_any_text_arrives_as_it_was_sent(text: str) -> None:
    """Markup, quotes and characters beyond the first plane are written so that a plain parser reads them back."""
    assert sendable(text)
    body, headers = SERVICE.outgoing("submitData", {"data": text})()
    found = fromstring(body).find(".//data")  # noqa: S314 - our own bytes
    assert found is not None
    assert (found.text or "") == text
    assert headers["SOAPAction"] == '"urn:data-submission:submitData"'


@pytest.mark.parametrize("text", ["\x00", "\x0b", "a\x1fb", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_carry_is_known_before(text: str) -> None:
    """There is no way to write these, escaped or not."""
    assert not sendable("甲", text)
    with pytest.raises(ValueError, match=r"XML compatible|surrogates"):
        SERVICE.outgoing("submitData", {"data": text})


@given(at=st.integers(0, len(REPLY.encode()) - 1), new=st.binary(max_size=4), cut=st.integers(0, 40))
def test_a_spoilt_envelope_gives_its_text_or_a_typed_error(at: int, new: bytes, cut: int) -> None:
    """Whatever a few bytes do to an envelope, nothing else comes out, and the error tells nothing of it."""
    whole = REPLY.format("绝密").encode()
    spoilt = whole[:at] + new + whole[at + cut :]
    try:
        text = SERVICE.returned("submitData", spoilt)
    except PlatformError as error:
        assert "绝密" not in str(error)  # noqa: PT017 - most examples are errors, some are not
        assert error.__context__ is None  # noqa: PT017 - the same
        return
    assert text


@given(body=st.binary(max_size=300))
def test_any_bytes_give_a_typed_error(body: bytes) -> None:
    """Noise is no envelope."""
    with pytest.raises(PlatformReplyInvalid):
        SERVICE.returned("submitData", body)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('encoding="UTF-8"', 'encoding="GBK"'),
        ("encoding='UTF-8'", "encoding='gb18030'"),
        ("?>", '?><!DOCTYPE S [<!ENTITY a "b">]>'),
        ("</return>", "</return><return>other</return>"),
    ],
)
def test_an_envelope_of_plain_letters_is_read_as_strictly(old: str, new: str) -> None:
    """What would come out the same in any encoding is refused all the same where the declaration is another."""
    plain = REPLY.format("plain").replace('encoding="UTF-8"', old if "encoding" in old else 'encoding="UTF-8"')
    assert SERVICE.returned("submitData", plain.encode()) == "plain"
    with pytest.raises(PlatformReplyInvalid):
        SERVICE.returned("submitData", plain.replace(old, new, 1).encode())


@given(at=st.integers(0, len(DOCUMENT) - 1), new=st.text(max_size=4), cut=st.integers(0, 30))
def test_a_spoilt_document_is_a_document_or_a_typed_error(at: int, new: str, cut: int) -> None:
    """The same for what an envelope carries, lone surrogates included."""
    with contextlib.suppress(PlatformReplyInvalid):
        assert isinstance(parse_document(DOCUMENT[:at] + new + DOCUMENT[at + cut :], "it", root="rs"), Node)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rs",
        "<other/>",
        "<rs>\ud800</rs>",
        "<rs>甲\ufffd</rs>",
        '<?xml version="1.0" encoding="GBK"?><rs/>',
        '<?xml version="1.0" encoding=""?><rs/>',
        '<?xml version="1.0"?><?xml version="1.0" encoding="GBK"?><rs/>',
        "<!DOCTYPE rs><rs/>",
        '<!DOCTYPE rs SYSTEM "http://127.0.0.1/x"><rs/>',
        '<!DOCTYPE rs [<!ENTITY a SYSTEM "file:///etc/hostname">]><rs>&a;</rs>',
        "<rs>" + "<a/>" * 60_000 + "</rs>",
    ],
)
def test_what_is_not_one_plain_document_is_invalid(text: str) -> None:
    """Document types, entities, other encodings, lost characters, other roots, too many elements."""
    with pytest.raises(PlatformReplyInvalid):
        parse_document(text, "it", root="rs")


def test_an_expected_declaration_does_not_change_the_characters() -> None:
    """They were decoded with the envelope; GBK in the declaration is only what the platform believes."""
    text = '<?xml version="1.0" encoding="GBK"?><rs><a>甲乙</a></rs>'
    assert parse_document(text, "it", root="rs", encoding="GBK").texts("a").text("a") == "甲乙"


def test_one_many_texts_and_pairs_are_strict() -> None:
    """What is missing, comes twice or holds elements is loud, and a node shows no content."""
    node = parse_document('<rs><a>1</a><b/><b/><c><d/></c><p t="x" v="1"/><p t="y" v=""/></rs>', "it", root="rs")
    assert node.texts("a").text("a") == "1"
    assert node.pairs("p", "t", "v", most=2).text("x") == "1"
    assert "1" not in repr(node.one("a"))
    for bad in (
        lambda: node.one("b"),
        lambda: node.one("missing"),
        lambda: node.texts("c"),
        lambda: node.many("b", most=1),
        lambda: node.pairs("p", "t", "w", most=2),
        lambda: node.pairs("p", "t", "v", most=1),
        lambda: parse_document('<rs><p t="x" v="1"/><p t="x" v="1"/></rs>', "it", root="rs").pairs(
            "p", "t", "v", most=9
        ),
    ):
        with pytest.raises(PlatformReplyInvalid):
            bad()


def test_threads_do_not_mix_envelopes() -> None:
    """One service serves many callers at a time."""

    def round_trip(n: int) -> bool:
        body, _ = SERVICE.outgoing("submitData", {"data": f"text {n}"})()
        return f"text {n}<".encode() in body and SERVICE.returned("submitData", REPLY.format(n).encode()) == str(n)

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert all(pool.map(round_trip, range(400)))
