"""Speak SOAP 1.1 without network of its own: zeep builds and reads the envelopes, ``HttpClient`` carries them.

zeep reads what fits and passes over the rest: an envelope with the answer of another operation, or with two
answers, gives the first text it finds. So the parsed envelope must first be exactly one answer to the operation asked.

Encodings. The envelope must be UTF-8, as WS-I Basic Profile 1.1 (R1012) has it, by its content type, by its XML
declaration and by its bytes; one that declares GBK is refused even where its bytes would decode, because UTF-8
read as GBK often decodes too, to other characters. A document carried as text inside was decoded with
its envelope, so its own declaration can only tell what the platform believes: it must be the one expected from this
platform. U+FFFD in it means that characters were lost before they reached us.

Source: domain facts 4.1 (P1, P5).
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import SimpleNamespace
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

import zeep
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser
from zeep.exceptions import Fault
from zeep.wsdl.utils import etree_to_string

from adapters.http import Outgoing
from adapters.wire import Fields
from approval_hook.errors import PlatformError, PlatformRefused, PlatformReplyInvalid, PlatformUnavailable

__all__ = ["Node", "SoapService", "parse_document"]

_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_DEEPEST = 20
_MOST_ELEMENTS = 50_000
_DECLARATION = re.compile(r"[\ufeff\s]*<\?xml\s[^>]*?\?>")
_ENCODING = re.compile(r"encoding\s*=\s*[\"']([^\"']*)[\"']")


class SoapService:
    """The operations of one service. Safe for several threads."""

    def __init__(self, source: str, wsdl: str) -> None:
        """Read the description ``wsdl`` that this package ships; nothing is sent.

        Args:
            source: name of the platform, for errors.
            wsdl: file name below ``adapters/wsdl``.
        """
        self._source = source
        described = io.BytesIO(files("adapters").joinpath("wsdl", wsdl).read_bytes())
        self._client: Any = zeep.Client(  # type: ignore[no-untyped-call] # zeep annotates half of itself
            described,
            transport=_NoNetwork(),  # type: ignore[no-untyped-call] # the same
            plugins=[_OneAnswer()],
            settings=zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True),
        )
        self._binding: Any = self._client.service._binding

    def outgoing(self, operation: str, arguments: Mapping[str, Any]) -> Callable[[], Outgoing]:
        """Body and headers of a call, the same for every attempt. Texts must be ``xmlrows.sendable``."""
        envelope = self._client.create_message(self._client.service, operation, **arguments)
        body = etree_to_string(envelope)  # type: ignore[no-untyped-call] # zeep annotates half of itself
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "Accept": "text/xml",
            "SOAPAction": f'"{self._binding.get(operation).soapaction}"',
        }
        return lambda: (body, headers)

    def returned(self, operation: str, raw: bytes) -> str:
        """The text that an operation returned.

        Raises:
            PlatformRefused: a SOAP fault that says the fault is ours.
            PlatformUnavailable: any other SOAP fault.
            PlatformReplyInvalid: not one answer to this operation in UTF-8.
        """
        failure: PlatformError
        try:
            _check_bytes(raw)
            reply = SimpleNamespace(status_code=200, headers={"Content-Type": "text/xml"}, content=raw)
            text = self._binding.process_reply(self._client, self._binding.get(operation), reply)
        except Fault as fault:
            ours = str(fault.code or "").rpartition(":")[2] == "Client"
            refused = PlatformRefused if ours else PlatformUnavailable
            failure = refused(f"{self._source}: the platform answered with a SOAP fault.")
        # zeep lets whatever its parser stumbles over through.
        except (zeep.exceptions.Error, LookupError, TypeError, ValueError, AttributeError, RecursionError):
            failure = PlatformReplyInvalid(f"{self._source}: the reply is not one answer in SOAP and UTF-8.")
        else:
            if isinstance(text, str) and text:
                return text
            failure = PlatformReplyInvalid(f"{self._source}: the reply is empty.")
        # Raised outside the handlers: the original errors carry the payload.
        raise failure


class _NoNetwork(zeep.Transport):
    """Loads and sends nothing."""

    def load(self, url: Any) -> NoReturn:
        raise RuntimeError("no network")

    get = post = post_xml = load  # type: ignore[assignment] # none of them is ever to run


class _OneAnswer(zeep.Plugin):
    """Refuses an envelope that is not exactly one answer to the operation, or one fault."""

    def ingress(self, envelope: Any, http_headers: Any, operation: Any) -> tuple[Any, Any]:
        bodies = [child for child in envelope if child.tag == _ENVELOPE + "Body"]
        inside = list(bodies[0]) if len(bodies) == 1 else []
        wanted = (operation.output.body.qname.text, _ENVELOPE + "Fault")
        if envelope.tag != _ENVELOPE + "Envelope" or len(inside) != 1 or inside[0].tag not in wanted:
            raise ValueError("not one answer")
        if inside[0].tag == wanted[0] and any(len(part) for part in inside[0]):
            raise ValueError("elements where text was expected")
        return envelope, http_headers


def _check_bytes(raw: bytes) -> None:
    text = raw.decode("utf-8")
    # Before it is parsed, because the parser expands entities that stand in attributes.
    if "<!DOCTYPE" in text or _declared(text) not in ("", "utf-8"):
        raise ValueError("a document type, or another encoding")


def _declared(text: str) -> str:
    """Encoding named by an XML declaration, in lower case; empty when it names none."""
    declaration = _DECLARATION.match(text)
    named = _ENCODING.search(declaration.group()) if declaration else None
    return named[1].lower() if named else ""


class Node:
    """One element, read strictly: what is missing, or comes twice, is loud. Printing it shows no content."""

    def __init__(self, element: Element, source: str, path: str = "") -> None:
        """Read ``element``; ``path`` is where it stands, for messages."""
        self._element = element
        self._source = source
        self._path = path
        self.attributes = Fields(element.attrib, source, f"{path}@")

    def __repr__(self) -> str:
        return f"Node({self._path or 'document'})"

    def one(self, tag: str) -> Node:
        """The inner element with this name.

        Raises:
            PlatformReplyInvalid: missing, or there twice.
        """
        found = self._element.findall(tag)
        if len(found) != 1:
            raise PlatformReplyInvalid(f"{self._source}: element {self._path}{tag} is not there once.")
        return Node(found[0], self._source, f"{self._path}{tag}.")

    def many(self, tag: str, *, most: int) -> list[Node]:
        """The inner elements with this name, in order; none is allowed.

        Raises:
            PlatformReplyInvalid: more than ``most``.
        """
        found = self._element.findall(tag)
        if len(found) > most:
            raise PlatformReplyInvalid(f"{self._source}: there are too many elements {self._path}{tag}.")
        return [Node(one, self._source, f"{self._path}{tag}[{n}].") for n, one in enumerate(found)]

    def texts(self, *tags: str) -> Fields:
        """The texts of inner elements, each there once and without elements inside, by name."""
        found = {tag: self.one(tag)._element for tag in tags}
        for tag, element in found.items():
            if len(element):
                raise PlatformReplyInvalid(f"{self._source}: element {self._path}{tag} is not text.")
        return Fields({tag: element.text or "" for tag, element in found.items()}, self._source, self._path)

    def pairs(self, tag: str, key: str, value: str, *, most: int) -> Fields:
        """Inner elements that pair a title with a content in two attributes, as fields by title.

        Raises:
            PlatformReplyInvalid: an attribute is missing, or a title comes twice.
        """
        attributes = [node.attributes for node in self.many(tag, most=most)]
        made = {a.text(key, longest=60): a.text_or_empty(value, longest=4000) for a in attributes}
        if len(made) != len(attributes):
            raise PlatformReplyInvalid(f"{self._source}: a title of {self._path}{tag} comes twice.")
        return Fields(made, self._source, self._path)


def parse_document(text: str, source: str, *, root: str, encoding: str = "UTF-8") -> Node:
    """Parse an XML document that was carried as text.

    Args:
        text: the document.
        source: name of the platform, for errors.
        root: name of its outermost element.
        encoding: what its declaration may name; none is always allowed.

    Raises:
        PlatformReplyInvalid: not well-formed, another root or encoding, with a document type or entities, too
            deep, too many elements, or with characters lost.
    """
    element: Element | None = None
    if "\ufffd" not in text and _declared(text) in ("", encoding.lower()):
        # The encoding named here goes before that of the declaration.
        parser = DefusedXMLParser(target=_Bounded(), encoding="utf-8", forbid_dtd=True)
        try:
            parser.feed(text.encode("utf-8"))
            element = parser.close()
        except (ParseError, DefusedXmlException, ValueError):
            element = None
    # Raised outside the handler: the original error may quote the document.
    if element is None or element.tag != root:
        raise PlatformReplyInvalid(f"{source}: the document in the reply is malformed, or in another encoding.")
    return Node(element, source)


class _Bounded(TreeBuilder):
    """Builds a tree that is neither deep nor large."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = self._elements = 0

    def start(self, tag: Any, attrs: Any, /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > _DEEPEST or self._elements > _MOST_ELEMENTS:
            raise ValueError("too deep or too large")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)
