"""Notices that follow from a step by themselves: receipt and privacy notice with filing, 受理通知书 with acceptance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.promises import SignedBy
from workflows import materials, promising
from workflows.clerk import clock, credit_bridge
from workflows.notices.errors import NoticeRefused
from workflows.notices.facts import AcceptanceFacts, CreditPrivacyFacts, Facts, Item, ReceiptFacts, ToleranceFacts
from workflows.notices.issuing import in_force, issue_or_log
from workflows.notices.wording import in_chinese

_LONGEST_NAME = 200


def receipt_facts(case: Any) -> ReceiptFacts:
    """What was handed in, and when the system registered it."""
    here = [m for m in materials.catalogue_of(case) if m.code in case.materials]
    items = tuple(Item(str(m.title), m.code) for m in here)
    return ReceiptFacts(case.filed_at, str(case.get_source_display()), items)


def privacy_facts(case: Any) -> CreditPrivacyFacts | None:
    """Who is queried, on which ground and where, as the rules in force say; None where nobody is.

    Raises:
        NoticeRefused: the rules in force do not say.
    """
    try:
        queries = credit_bridge.told_queries(case)
    except CaseInvalid as error:
        raise NoticeRefused("查询对象", error.message, error.remedy) from None
    except RulesInvalid:
        raise NoticeRefused("查询对象", "没有生效的信用核查规则。", "请规则管理人员发布后再出具。") from None
    items = tuple(Item(q.about, note=f"依据：{q.ground}。查询：{q.sources}") for q in queries)
    return CreditPrivacyFacts(items) if items else None


def acceptance_facts(case: Any) -> AcceptanceFacts:
    """The dates of an accepted case.

    Raises:
        NoticeRefused: it is not accepted, or the rules in force do not say how long it takes.
    """
    if case.accepted_at is None:
        raise NoticeRefused("受理日期", "办件还没有受理。", "请先办理受理。")
    accepted_on = timezone.localdate(case.accepted_at)
    due = clock.last_day(case, accepted_on)
    if due is None:
        raise NoticeRefused("法定办结期限", "现行规则没有本事项的办理期限。", "请规则管理人员补充后再出具。")
    panel = credit_bridge.panel_for(case)
    promised = panel.promised_on if panel is not None else None
    supply = case.supply_until if materials.missing(materials.catalogue_of(case), case.materials) else None
    return AcceptanceFacts(accepted_on, due, promised, supply)


def tolerance_facts(case: Any) -> ToleranceFacts | None:
    """What may follow, until when, and the promise that was signed; None where no promise was.

    Raises:
        NoticeRefused: its words were erased, or the rules in force do not say why a material may follow.
    """
    found = promising.given(case)
    signature = found.steps[0].signature if found is not None and found.steps else None
    if found is None or signature is None:
        return None
    words = found.promise.words.text()
    if words is None:
        raise NoticeRefused("承诺书文本", "承诺书文本已依法删除。", "删除前出具的文书仍然有效。")
    titles = materials.titles_of(case)
    try:
        why = promising.why_tolerated(case, found.promise.items)
    except (CaseInvalid, promising.PromiseRefused) as error:
        raise NoticeRefused("可以容缺的理由", str(error), "请联系规则管理人员后再出具。") from None
    items = tuple(Item(titles.get(code, code), code, why[code]) for code in found.promise.items)
    agent = signature.by is SignedBy.AGENT
    return ToleranceFacts(
        items,
        found.standing.due,
        "代理人" if agent else f"申请人 {case.applicant_name}"[:_LONGEST_NAME],
        f"授权委托书 {signature.mandate_no}" if agent else "申请人本人签署，无委托",
        words,
        found.promise.version,
    )


#: Kinds whose facts follow from the case.
FACTS_OF: dict[str, Callable[[Any], Facts | None]] = {
    "receipt": receipt_facts,
    "credit_privacy": privacy_facts,
    "acceptance": acceptance_facts,
    "tolerance": tolerance_facts,
}


def facts_of(case: Any, kind: str) -> Facts | None:
    """The facts of a notice that follow from the case, in Chinese whatever the officer reads; None where it has none.

    Raises:
        NoticeRefused: the case does not give them yet.
    """
    with in_chinese():
        return FACTS_OF[kind](case)


def gives(case: Any, kind: str) -> bool:
    """Whether a notice of this kind is to be given about the case, though a fact of it may be wanting."""
    try:
        return facts_of(case, kind) is not None
    except NoticeRefused:
        return True


def after_filing(case: Any, by: Any) -> list[str]:
    """Issue what the law wants at once with a filing.

    Returns:
        Why one could not be issued, in Chinese, one text each. The filing stands.
    """
    return _issued(case, by, "receipt", "credit_privacy")


def after_acceptance(case: Any, by: Any) -> list[str]:
    """Issue the 受理通知书, and on a promise the 容缺受理通知书, in the place of those that were taken back."""
    return _issued(case, by, "acceptance", "tolerance")


def _issued(case: Any, by: Any, *kinds: str) -> list[str]:
    refused = []
    for kind in kinds:
        try:
            facts = facts_of(case, kind)
        except NoticeRefused as error:
            refused.append(str(error))
            continue
        why_not = issue_or_log(case, kind, facts, by, supersedes=in_force(case, kind)) if facts is not None else ""
        refused += [why_not] if why_not else []
    return list(dict.fromkeys(refused))
