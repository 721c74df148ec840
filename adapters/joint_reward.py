"""A joint-reward platform (联合奖惩) asked over SOAP, by name.

Three operations of ``adapters/wsdl/joint_reward.wsdl``, each with systemId, loginName, operatorName (we give the organ,
no clerk's name) and a reserved, empty parameter; each returns an XML document as text::

    getTypeList(filter)                             which lists there are
    getListPage(subjectName, redCount, blackCount)  rows after the first redCount red and blackCount black ones
    commitFeedback(request)                         what became of a case

    <rs><result>true</result><resultcode>200</resultcode><message/>
      <list><redblackTypeList requestId="" subjectName="" redCount="1" blackCount="0">
        <subject name="" code=""/>
        <redblackType unitedId="" unitedType="red|black" unitedName="">
          <redblackDetailList><redblackDetail id="" name="" code="">
            <redblackDetailContent title="认定日期" content="2026-01-05"/>
    </...></rs>

``resultcode`` is read as an element, and ``message``, which may repeat what was asked, is not read at all.
``redCount`` and ``blackCount`` of a reply count the rows of all pages. The titles are those of
``adapters.joint_reward_documents``. The measures that the platform attaches to a list (``unionPairList``) are
dropped: measures come from our own rule set. A row without 失信严重程度 on a black list is serious, as a
joint-sanction list is by definition.

**What "clean" may mean here.** The platform is asked by name alone, and that a name is not found says nothing about a
subject: the firm may be registered, or listed, under another spelling or a former name. So a reply is an answer about
our subject only where the platform itself ties the name to our code:

- It repeats the name, with one ``requestId`` and the same counts on every page, and every row that it counted came,
  once, in its colour. Nothing less is complete.
- Our full code stands in ``subject``, the subjects that it holds under this name, or in a row. Otherwise the answer
  is ``unknown-subject``, whatever rows of namesakes came with it. A platform that has no ``subject`` elements can
  bring hits and never "no record"; make another source the required one.
- Each row is graded by its own code. Rows of other firms of the same or a longer name are dropped and counted; a row
  of another firm that the name does not explain spoils the whole reply. A row without a readable code stays possible.
- Characters lost or shifted on the way change the name too, so the repeated name is also the proof of the encoding.

What is left: rows that the platform keeps under a former name alone are found only if it joins them by code.

**Persons are not asked about.** A name would bring the records of everybody of that name, people who are no party to
any case and about whom we have no ground to ask (R-36, R-39). The answer is ``unidentified``.

There is no code for partial or pending, no clock and no case: only our own register of inquiries tells why it was
asked. Lists cannot be fetched whole, because pages are given by subject name, without version, date or count of a
list; the mirror takes them from another source.

Source: domain facts 3.7, 4.1 (P1), 4.2 and 4.4; repeated name, counts, subjects and titles are design.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Unpack

from adapters.delivery import Batch, firsts, in_order, send_batches
from adapters.http import Deadline, HttpOptions
from adapters.joint_reward_documents import (
    NamedList,
    Page,
    named_lists,
    read_page,
    read_record,
    read_states,
    verdict,
)
from adapters.joint_reward_feedback import feedback_batches
from adapters.matching import same_name
from adapters.platform import UNKNOWN_SUBJECT, Answer, Exchanges, HttpPlatform
from adapters.rows import MOST_ROWS, check_strangers
from adapters.soap import Node, SoapService, parse_document
from approval_hook.errors import ConfigurationError, PlatformRefused, PlatformReplyInvalid
from approval_hook.policy.records import MatchGrade, QueryStatus
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject
from approval_hook.ports import Feedback, ItemOutcome, Probe, Query

__all__ = ["JointRewardPlatform"]

_PATH = "services/JointReward"
_MOST_PAGES = 50


class JointRewardPlatform(HttpPlatform):
    """Asks a joint-reward platform about organisations, and tells it what became of the case."""

    def __init__(
        self,
        name: str,
        base_url: str,
        system_id: str,
        login: str,
        *,
        lists: Mapping[str, str] | None = None,
        scope: str = "",
        inner_encoding: str = "UTF-8",
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: https, or http to this computer.
            system_id: the calling system, as registered at the platform.
            login: its login itself, resolved by the settings.
            lists: type of a list in the rule set by the platform's ``unitedId``; the others keep their id.
            scope: where a row holds that has no 适用范围, e.g. ``province:44``; without it such a row is an error.
            inner_encoding: what the platform's inner documents declare, ``UTF-8`` or ``GBK``; see ``adapters.soap``.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        super().__init__(name, base_url, clock=clock, **http)
        self._lists = dict(lists or {})
        if not (system_id and login) or inner_encoding.upper() not in ("UTF-8", "GBK"):
            raise ConfigurationError(
                f"Platform {name}: system_id and login must be given, inner_encoding UTF-8 or GBK."
            )
        if len(set(self._lists.values())) != len(self._lists):
            raise ConfigurationError(f"Platform {name}: two lists of the platform have one type.")
        self._caller: dict[str, Any] = {"systemId": system_id, "loginName": login, "reserved": ""}
        self._scope = scope
        self._encoding = inner_encoding
        self._service = SoapService(name, "joint_reward.wsdl")

    def askable(self, subject: Subject) -> Sequence[Identifier]:
        """The one code by which rows are told apart; none for a person."""
        return [i for i in super().askable(subject) if i.type is IdentifierType.USCC][:1]

    def ask(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
        """Read page after page until every counted row is there."""
        pages: list[Page] = []
        held = {"red": 0, "black": 0}
        while not pages or held != pages[0].counts:
            page = self._page(query, held, exchanges)
            if isinstance(page, Answer):
                return page
            pages.append(page)
            for listed, _ in page.rows:
                held[listed.colour] += 1
            self._check_progress(pages, held)
        rows = [row for page in pages for row in page.rows]
        records = tuple(read_record(listed, detail, query, self.name, self._scope) for listed, detail in rows)
        if len({r.record_id for r in records}) != len(records):
            raise PlatformReplyInvalid(f"{self.name}: a row comes twice.")
        names = [name for name, code in pages[0].subjects if code.upper() == identifier.number]
        shown = [detail.attributes.text_or_empty("name", longest=200) for _, detail in rows]
        check_strangers(zip(shown, records, strict=True), (query.subject.name, *names), self.name)
        if not names and not any(r.match is MatchGrade.EXACT for r in records):
            return Answer(QueryStatus.REJECTED, UNKNOWN_SUBJECT)
        return Answer(
            QueryStatus.OK,
            "",
            records=records,
            receipt_no=pages[0].request_id,
            name_differs=not all(same_name(name, query.subject.name) for name in names),
        )

    def feed_back(self, items: Sequence[Feedback], *, timeout: float) -> Sequence[ItemOutcome]:
        """Send feedback, all of one query in one request; as ``ports.FeedbackTarget`` says.

        ``feedback_id`` is the uuid. First the platform is asked for its lists, because feedback names one by id,
        colour and name; an item about a list that the platform does not have is refused unsent.
        """
        deadline = Deadline(timeout)
        first = firsts(items, _feedback_id)
        wanted = list(first.values())
        lists = self._named_lists(deadline) if wanted else {}
        settled, requests = feedback_batches(wanted, lists)
        batches = [self._batch(ids, arguments) for ids, arguments in requests]
        outcomes = settled | send_batches(self._http, _PATH, batches, deadline, settled=len(settled))
        return in_order(items, _feedback_id, first, outcomes)

    def _batch(self, ids: Sequence[str], arguments: dict[str, Any]) -> Batch:
        def read(raw: bytes) -> Mapping[str, ItemOutcome]:
            document = self._document("commitFeedback", raw)
            return read_states(document, arguments["request"]["requestId"], ids, self.name)

        return ids, self._service.outgoing("commitFeedback", self._caller | arguments), read

    def probe(self, *, timeout: float) -> Probe:
        """Test connection and credentials by asking for the lists; as ``ports.Probing`` says."""
        deadline = Deadline(timeout)
        self._named_lists(deadline)
        return Probe(certificate_until=self._http.certificate_until(deadline))

    def _named_lists(self, deadline: Deadline) -> Mapping[str, NamedList]:
        """Every list of the platform by its type in the rule set."""
        outgoing = self._service.outgoing("getTypeList", self._caller | {"operatorName": "", "filter": ""})
        raw = self._http.post(_PATH, outgoing, deadline=deadline, idempotent=True)
        document = self._document("getTypeList", raw)
        if verdict(document, self.name)[0] is not QueryStatus.OK:
            raise PlatformRefused(f"{self.name}: the platform does not tell us its lists.")
        told = named_lists(document.one("list").one("redblackTypeList"), self._lists, self.name)
        return {named.list_type: named for named, _ in told}

    def _page(self, query: Query, held: Mapping[str, int], exchanges: Exchanges) -> Page | Answer:
        arguments = self._caller | {
            "operatorName": query.organ,
            "subjectName": query.subject.name,
            "redCount": held["red"],
            "blackCount": held["black"],
        }
        raw = exchanges.fetch(_PATH, self._service.outgoing("getListPage", arguments))
        document = self._document("getListPage", raw)
        status, reason = verdict(document, self.name)
        if status is not QueryStatus.OK:
            return Answer(status, reason)
        page = read_page(document, self._lists, self.name)
        if not same_name(page.name, query.subject.name):
            raise PlatformReplyInvalid(f"{self.name}: the reply is about another subject.")
        return page

    def _document(self, operation: str, raw: bytes) -> Node:
        text = self._service.returned(operation, raw)
        return parse_document(text, self.name, root="rs", encoding=self._encoding)

    def _check_progress(self, pages: Sequence[Page], held: Mapping[str, int]) -> None:
        first, last = pages[0], pages[-1]
        if not last.same_answer(first):
            raise PlatformReplyInvalid(f"{self.name}: the answer changed between two of its pages.")
        too_many = any(held[colour] > count for colour, count in first.counts.items())
        stuck = not last.rows and held != first.counts
        if too_many or stuck or len(pages) > _MOST_PAGES or sum(first.counts.values()) > MOST_ROWS:
            raise PlatformReplyInvalid(f"{self.name}: rows are missing or too many.")


def _feedback_id(item: Feedback) -> str:
    return item.feedback_id
