"""The parts of a rule set that have no page of their own, each in one line."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from approval_hook.policy.catalogue import RuleSet
from approval_hook.policy.rules import Bases, DisplayPeriod, Ground
from approval_hook.threelists import words
from approval_hook.threelists.naming import PART_LABELS
from workflows.policydesk.wording import listed, period, scope, word

Other = tuple[str, str, str, str, Bases]  # code, title, part, facts, bases


def other_lines(rules: RuleSet) -> Iterator[Other]:
    """Code, title, part, facts and bases of every such rule."""
    for part, code, title, facts, bases in _lines(rules):
        yield code, title, _(PART_LABELS[part]), facts, bases


def display_title(item: DisplayPeriod) -> str:
    """What a display period is for."""
    if item.severity is None:
        return item.id
    return _("%(severity)s的公示期限") % {"severity": word(words.SEVERITIES, item.severity.value)}


def ground_facts(ground: Ground, rules: RuleSet) -> str:
    """About whom, where and when a ground lets an organ ask."""
    parts = [
        listed(words.SUBJECTS, (kind.value for kind in ground.kinds)),
        listed(words.ROLES, (role.value for role in ground.roles)),
    ]
    if ground.market_only:
        parts.append(_("仅限经营主体"))
    if ground.sources:
        parts.append(_("只可查%(sources)s") % {"sources": "、".join(rules.source_title(s) for s in ground.sources)})
    parts.append(period(ground.valid_from, ground.valid_to))
    return "；".join(parts)


def _lines(rules: RuleSet) -> Iterator[Other]:
    for p in rules.principles:
        yield "principles", p.id, p.title, "", p.basis
    for g in rules.grounds:
        yield "grounds", g.id, g.title, ground_facts(g, rules), g.basis
    for d in rules.display_periods:
        months = _("%(low)d 至 %(high)d 个月") % {"low": d.min_months, "high": d.max_months}
        start = _("自决定之日起") if d.start == "decision" else _("自公示之日起")
        yield "display_periods", d.id, display_title(d), f"{months}，{start}", d.basis
    for r in rules.good_credit_routes:
        facts = _("连续 %(n)d 年无不良记录") % {"n": r.years} if r.years else _("列入守信名单")
        yield "good_credit_routes", r.id, r.title, facts, r.basis
    for i in rules.leniencies:
        yield "leniencies", i.id, i.title, scope(i.scope, rules), i.basis
    for c in rules.categories:
        yield "categories", c.code, c.title, "、".join(c.origins), ()
    for a in rules.agreements:
        yield "agreements", a.id, a.title, f"{'、'.join(a.regions)}；{period(a.valid_from, a.valid_to)}", a.basis
    for t in rules.measure_types:
        yield "measure_types", t.code, t.title, f"{word(words.KINDS, t.kind)}；{t.edition}", t.basis
    for e in rules.editions:
        yield "editions", e.id, e.title, period(e.valid_from, e.valid_to), e.basis
    for memo in rules.memos:
        yield "memos", memo.code, memo.title, word(words.KINDS, memo.kind), memo.basis
    for procedure in rules.excluded_procedures:
        yield "excluded_procedures", procedure.id, procedure.title, _("不计入法定期限，须书面告知"), procedure.basis
    for message in rules.messages:
        yield "messages", message.code, message.title, message.text, message.basis
    clocks = {clock.id: clock.title for clock in rules.clocks}
    for reminder in rules.reminders:
        facts = _("到期前 %(normal)d 个工作日提醒，%(warning)d 个工作日预警") % {
            "normal": reminder.normal_workdays,
            "warning": reminder.warning_workdays,
        }
        yield "reminders", reminder.id, clocks.get(reminder.id, _("其他期限")), facts, ()
    for lapse in rules.lapses:
        yield "lapses", lapse.id, lapse.title, _("逾期后依法如此"), lapse.basis
    for text in rules.promise_texts:
        yield "promise_texts", text.id, text.title, "".join(text.paragraphs), text.basis
    for bar in rules.promise_bars:
        yield "promise_bars", bar.id, bar.title, period(bar.valid_from, bar.valid_to), bar.basis
    for source in rules.sources:
        facts = _("答复原文加密留存") if source.keep_raw else _("答复只留摘要")
        yield "sources", source.name, source.title, facts, ()
    for document in rules.documents:
        kind = word(words.BASIS_TYPES, document.type.value)
        facts = f"{kind} · {document.version.isoformat()} · {scope(document.scope, rules)}"
        yield "documents", document.id, document.title, facts, ()
