"""The words of the contract: how a server may misbehave, and what it received."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from approval_hook.policy.subjects import Subject
from approval_hook.ports import Query

#: Misbehaviour after which no answer may count as "no record". ``break_with`` gets these words.
FAULTS = (
    "slow",  # the answer comes after the deadline
    "drip",  # the body comes byte by byte
    "drip_head",  # the headers come byte by byte
    "hang",  # no answer at all
    "reset",  # the connection is reset
    "cut",  # the connection ends in the middle of the body
    "http_401",
    "http_429",
    "http_500",
    "http_502",
    "redirect",  # to a login page
    "login_page",  # HTML with status 200
    "empty",  # status 200, no body
    "bad_json",  # or what your platform speaks: complete by its length, unreadable
    "duplicate_key",  # one field twice, with two contents
    "gbk",  # another charset than declared
    "gbk_declared",  # the same the other way round
    "unescaped",  # a character in a text that your format wants escaped
    "bomb",  # nested without end, or entities that expand
    "error_document",  # your protocol's own form of an error, with status 200
    "oversize",
    "half_page",  # the second page never comes
    "duplicate_page",  # the second page repeats the first
    "wrong_subject",
    "wrong_query",
    "unknown_state",  # a row state without meaning
    "unknown_status",  # a reply code without meaning
    "missing_field",
    "missing_rows",  # fewer rows than announced
    "naive_time",  # a time without offset
    "clock_skew",  # the platform's clock is hours ahead
    "partial",
    "pending",
    "refused",  # the platform says in its own words that we may not ask
    "quota",  # the platform says that we used up the queries of the day
    "bad_signature",  # 401 with a body that looks like an answer
    "clock_behind",  # the platform's clock is hours behind
    "similar_subject",  # the answer about a number that differs in one character and its check digits
    "middle_page_empty",  # the second of three pages comes without its rows
    "middle_page_twice",  # the second of three pages repeats the first
    "row_field_missing",
    "bad_date",  # in a form that no table has
    "busy",  # the platform says in its own words that it is busy, and to try later
)

#: The same for a platform that encrypts and signs its replies, see ``EnvelopedPlatformContract``.
ENVELOPE_FAULTS = (
    "forged_signature",  # the platform's signature does not fit
    "old_timestamp",  # sealed hours ago
    "wrong_app_code",  # for another caller
    "not_encrypted",  # a genuine signature around a document that anybody can read
    "other_key",  # encrypted with another key
)

#: Of these every server on a line is able, whatever it speaks, so nobody leaves them out.
ALWAYS = frozenset(
    {
        *("slow", "drip", "drip_head", "hang", "reset", "cut", "empty", "bad_json", "oversize", "missing_field"),
        *("http_401", "http_429", "http_500", "http_502", "redirect", "login_page"),
    }
)

#: What ``Simulator.failures`` says of a fault that the shape has no way to show.
INEXPRESSIBLE = "inexpressible"

#: Seconds allowed to the adapter in these tests, and how much later it may come back.
DEADLINE = 0.6
SLACK = 0.3

_AS_OF = date(2026, 10, 1)


@dataclass(frozen=True, slots=True)
class Received:
    """One query as the platform received it."""

    asked: str  # digest of what was asked, query id included, without what each attempt makes anew
    genuine: bool  # the signature fits and is not one that was used up before


def make_query(subject: Subject, query_id: str) -> Query:
    """A query of the contract about ``subject``."""
    return Query(
        query_id=query_id,
        party="0123456789abcdef",
        subject=subject,
        matter="food-business",
        case_no="HT-2026-0001",
        organ="示例市市场监督管理局",
        ground="L-07",
        as_of=_AS_OF,
    )
