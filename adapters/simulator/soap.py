"""What the SOAP shapes are made of: requests understood, and replies bent on the wire."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from adapters.simulator.answers import Reply, json_reply
from adapters.simulator.faults import Fault, FaultKind

__all__ = ["read_call", "soap_fault", "soap_reply"]

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_HEADERS = {"Content-Type": "text/xml; charset=utf-8"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_BOMB = (
    '<!DOCTYPE bomb [<!ENTITY a "示例示例示例示例示例">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + "]>"
)
#: Shown by status alone, as in JSON.
_BY_STATUS = frozenset(
    {FaultKind.HTTP_401, FaultKind.HTTP_429, FaultKind.HTTP_502, FaultKind.REDIRECT, FaultKind.LOGIN_PAGE}
)


def read_call(body: bytes, namespace: str) -> tuple[str, Element] | None:
    """Operation and its element; ``None`` for anything but one call in this namespace."""
    try:
        envelope = ElementTree.fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        return None
    calls = list(envelope.find(f"{{{_SOAP}}}Body") or ())
    if len(calls) != 1 or not calls[0].tag.startswith(f"{{{namespace}}}"):
        return None
    return calls[0].tag.rpartition("}")[2], calls[0]


def soap_fault(status: int, who: str = "Server") -> Reply:
    """The protocol's own error; ``who`` is Server or Client."""
    envelope, body = _envelope()
    fault = SubElement(body, f"{{{_SOAP}}}Fault")
    SubElement(fault, "faultcode").text = f"S:{who}"
    SubElement(fault, "faultstring").text = "示例错误"
    return Reply(status, _DECLARATION.encode() + tostring(envelope, encoding="utf-8"), _HEADERS)


def soap_reply(namespace: str, operation: str, text: str, fault: Fault | None) -> Reply:
    """A text returned by an operation as bytes, bent by a fault that shows in bytes or status.

    Args:
        namespace: of the service.
        operation: that was called.
        text: what it returns, already bent by a fault that shows in its fields.
        fault: what is in force.
    """
    kind = fault.kind if fault else None
    if kind in _BY_STATUS:
        return json_reply({}, fault, other_code="")
    envelope, body = _envelope()
    response = SubElement(body, f"{{{namespace}}}{operation}Response")
    SubElement(response, "return").text = "甲&乙" + text if kind is FaultKind.UNESCAPED else text
    whole = tostring(envelope, encoding="unicode")
    match kind:
        case FaultKind.HTTP_500:
            return soap_fault(500)
        case FaultKind.ERROR_DOCUMENT:
            return soap_fault(200)
        case FaultKind.EMPTY:
            return Reply(200, b"", _HEADERS)
        case FaultKind.BAD_JSON:
            whole = whole[: len(whole) // 2]
        case FaultKind.UNESCAPED:
            whole = whole.replace("甲&amp;乙", "甲&乙")
        case FaultKind.BOMB:
            return Reply(200, (_DECLARATION + _BOMB + whole.replace("</return>", "&i;</return>")).encode(), _HEADERS)
        case FaultKind.GBK:
            return Reply(200, (_DECLARATION + whole + "<!-- 示例 -->").encode("gbk"), _HEADERS)
        case FaultKind.GBK_DECLARED:
            return Reply(200, (_DECLARATION.replace("UTF-8", "GBK") + whole).encode(), _HEADERS)
        case FaultKind.OVERSIZE:
            whole += " " * 4_000_000
        case _:
            pass
    return Reply(200, (_DECLARATION + whole).encode(), _HEADERS)


def _envelope() -> tuple[Element, Element]:
    envelope = Element(f"{{{_SOAP}}}Envelope")
    return envelope, SubElement(envelope, f"{{{_SOAP}}}Body")
