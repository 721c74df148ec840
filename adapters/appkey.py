"""A provincial credit platform behind a gateway that knows its callers by appKey.

Two methods, each asked with ``uscc`` and the signed fields of ``adapters.signing``::

    POST /credit/api/subject    {"code", "msg", "description", "data": [{"name", "idType", "idNumber"}]}
    POST /credit/api/records    {"code", "msg", "description", "datas": [...], "dataCount": 1}

``code`` is 00 success, 96 data error, 97 missing parameter, 98 wrong type, 99 failure. Rows of
``datas`` as in ``adapters.rows``. ``msg`` and ``description`` may repeat what was asked and are not read.

The gateway takes GET as well. We post a form, because servers and proxies write URLs to their logs and
may answer GET from a cache. No name is sent: the gateway matches names fuzzily, and a code is enough.

The reply has neither query id nor echo, so this is what an answer must prove:

- *The subject is known.* There is no code for an unknown one. Its own number must stand in ``data``,
  otherwise the answer is ``unknown-subject``. ``data`` has no count, so nothing else is read from it.
- *The answer is complete.* Only the counted method decides: ``dataCount`` must equal the rows, and both
  must be there. There are no pages.
- *The rows are about the subject.* Every row is checked again. One with another number is dropped
  and counted only where the fuzzy look-up explains it, because the name in it holds ours; any
  other means that the whole reply is about somebody else.

An empty ``datas``, or one with rows of like names alone, repeats nothing of the question. That it answers
this one rests on the exchange itself: one line under TLS, no redirects, no cache. Where a source with an
echo can be had, make that the required one.

There is no list to synchronise, no receipt, no clock and no code for partial or pending. The case does not
go with the question: only our own register of inquiries tells why it was asked.
There is no ``probe`` either: both methods want a code, so each call is about somebody, and the description does not
say that the signature is looked at before a missing code is refused. ``check_platforms`` reports it as not probed.
Organisations only: a person's number in ``uscc`` would find nothing and look clean.

Source: domain facts 4.1 (P2), 4.2 and 4.4; what stands in the rows is design.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Unpack
from urllib.parse import urlencode

from adapters.http import HttpOptions, Outgoing
from adapters.matching import same_name
from adapters.platform import UNKNOWN_SUBJECT, Answer, Exchanges, HttpPlatform
from adapters.rows import MOST_ROWS, check_strangers, read_rows
from adapters.signing import AppKeySigner
from approval_hook.errors import ConfigurationError
from approval_hook.policy.records import QueryStatus
from approval_hook.policy.subjects import Identifier, IdentifierType, Subject
from approval_hook.ports import Query

__all__ = ["AppKeyPlatform"]

_SUBJECT = "credit/api/subject"
_RECORDS = "credit/api/records"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_STATUS = {
    "00": (QueryStatus.OK, ""),
    "96": (QueryStatus.UNAVAILABLE, "data-error"),
    "97": (QueryStatus.REJECTED, "missing-parameter"),
    "98": (QueryStatus.REJECTED, "wrong-type"),
    "99": (QueryStatus.UNAVAILABLE, "failure"),
}


class AppKeyPlatform(HttpPlatform):
    """Asks the platform whose gateway takes appKey, requestTime and sign."""

    def __init__(
        self,
        name: str,
        base_url: str,
        app_key: str,
        token: str,
        *,
        sign: str = "md5",
        request_time: str = "digits",
        clock: Callable[[], datetime] | None = None,
        **http: Unpack[HttpOptions],
    ) -> None:
        """Prepare; nothing is asked.

        Args:
            name: short name as configured, copied into reports.
            base_url: of the gateway; https, or http to this computer.
            app_key: the caller, as registered at the gateway.
            token: the shared secret itself, resolved by the settings.
            sign: ``md5``, ``hmac-sha256`` or ``hmac-sm3``, as the gateway demands.
            request_time: ``digits`` for 14 digits, or ``milliseconds``.
            clock: the present moment, aware; the computer's clock when not given.
            http: see ``HttpClient``.

        Raises:
            ConfigurationError: an option is malformed.
        """
        super().__init__(name, base_url, clock=clock, **http)
        if not (app_key and token):
            raise ConfigurationError(f"Platform {name}: app_key and token must be given.")
        self._signer = AppKeySigner(app_key, token, method=sign, time_form=request_time)

    def askable(self, subject: Subject) -> Sequence[Identifier]:
        """The subject's codes; none for a person."""
        return [i for i in super().askable(subject) if i.type is IdentifierType.USCC]

    def ask(self, query: Query, identifier: Identifier, nth: int, exchanges: Exchanges) -> Answer:
        """First whether the subject is known, then its records."""
        found = exchanges.post(_SUBJECT, lambda: self._outgoing(identifier))
        status, reason = found.code("code", _STATUS)
        if status is not QueryStatus.OK:
            return Answer(status, reason)
        registered = [
            row.text("name", longest=200)
            for row in found.objects("data", most=MOST_ROWS)
            if row.text_or_empty("idNumber", longest=40).upper() == identifier.number
        ]
        if not registered:
            return Answer(QueryStatus.REJECTED, UNKNOWN_SUBJECT)
        listed = exchanges.post(_RECORDS, lambda: self._outgoing(identifier))
        status, reason = listed.code("code", _STATUS)
        if status is not QueryStatus.OK:
            return Answer(status, reason)
        rows = listed.objects("datas", most=MOST_ROWS)
        records = read_rows(rows, query, self.name, count=listed.number("dataCount", least=0, most=MOST_ROWS))
        shown = [row.text_or_empty("name", longest=200) for row in rows]
        check_strangers(zip(shown, records, strict=True), (query.subject.name, *registered), self.name)
        return Answer(
            QueryStatus.OK,
            "",
            records=tuple(records),
            name_differs=not all(same_name(name, query.subject.name) for name in registered),
        )

    def _outgoing(self, identifier: Identifier) -> Outgoing:
        return urlencode({"uscc": identifier.number} | self._signer.fields()).encode(), _FORM
