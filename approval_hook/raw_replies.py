"""Replies as they came, kept in full only where the rule set says so, and then sealed (domain facts 4.4)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from approval_hook import privacy
from approval_hook.columns import new
from approval_hook.logs import get_logger
from approval_hook.models import RawReply, Reply
from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.records import CreditReport, QueryStatus
from approval_hook.statements import insert

#: By query id, the bodies of its answer in the order in which they came.
Kept = Mapping[str, list[bytes]]


def to_keep(rules: RuleSet, queries: Iterable[Mapping[str, Any]]) -> Kept:
    """A place for the bodies of every query whose source's replies are kept."""
    return {q["query_id"]: [] for q in queries if rules.keeps_raw(q["source"])}


def seal(reply: Reply, answers: Mapping[str, CreditReport], kept: Kept) -> None:
    """Insert what was kept, in the transaction that inserts the reply.

    Only bodies that the digest of the report proves are kept. An answer whose bodies are not there is an alarm: its
    adapter does not hand them out (``ports.Query.keep``).
    """
    for query, pieces in kept.items():
        report = answers[query]
        if not report.raw_digest and report.status is not QueryStatus.OK:
            continue  # nothing came
        body = b"".join(pieces)
        if hashlib.sha256(body).hexdigest() != report.raw_digest:
            get_logger().error("raw reply not kept", alarm=True, source=report.source, reply=reply.pk)
            continue
        key_id, sealed = privacy.seal(body, RawReply.context(reply.pk, query))
        values = {"source": report.source, "digest": report.raw_digest, "key_id": key_id, "sealed": sealed}
        insert(new(RawReply, reply=reply, query=query, **values))
