"""Reading the rules: every version, what is in it, what is unverified, and two of them side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from approval_hook.models import RuleDraft
from approval_hook.policy.catalogue import RuleSet
from approval_hook.presenting import real_names
from approval_hook.threelists.known import titles_of
from workflows.policydesk import details
from workflows.policydesk.access import may_author, may_publish, policy_staff
from workflows.policydesk.citing import PAGES
from workflows.policydesk.comparing import compared
from workflows.policydesk.drafts import OPEN, desk_step, draft_rows
from workflows.policydesk.saying import said
from workflows.policydesk.sections import SECTIONS, listing
from workflows.policydesk.versions import (
    Reading,
    Version,
    in_force_or_next,
    opened,
    version_of_draft,
    versions,
)
from workflows.policydesk.wording import FINDINGS, GRADES, word

PAGE_VERSIONS = 20
PAGE_LINES = 40
PAGE_BASES = 20
PAGE_FINDINGS = 40


def base_context(version: Version, content: Reading, here: str) -> dict[str, Any]:
    """What every page inside a version shows above its own matter.

    Args:
        version: the version.
        content: its content.
        here: key of the tab that is open.
    """
    rules = content.rules
    counts = {
        "matters": len(rules.matters),
        "measures": len(rules.measures),
        "lists": len(rules.list_types),
        "bars": len(rules.bars),
        "bases": len(content.citing.bases),
        "clocks": len(rules.clocks),
        "tolerances": sum(m.tolerance != "never" for matter in rules.matters for m in matter.materials),
    }
    return {
        "version": version,
        "rules": rules,
        "here": here,
        "tabs": [(key, section.title, counts.get(key)) for key, section in SECTIONS.items()],
        "finding_count": len(content.analysis.findings),
    }


@policy_staff
def version_list(request: HttpRequest) -> HttpResponse:
    """规则版本: files, publications and drafts, with what the reader should do next."""
    found, problems = versions()
    names = real_names({n for v in found for n in (v.author, v.publisher) if n})
    found = [replace(v, author=names.get(v.author, ""), publisher=names.get(v.publisher, "")) for v in found]
    drafts = RuleDraft.objects.order_by("-changed_at")
    waiting = list(drafts.filter(state__in=OPEN)[:PAGE_VERSIONS])
    return render(
        request,
        "policydesk/versions.html",
        {
            "step": desk_step(request.user, waiting, in_force_or_next(found)),
            "page": Paginator(found, PAGE_VERSIONS).get_page(request.GET.get("page")),
            "drafts": draft_rows(waiting),
            "all_drafts": drafts.count(),
            "problems": problems,
        },
    )


@policy_staff
def overview(request: HttpRequest, key: str) -> HttpResponse:
    """One version: counts, what is unverified and what that silences, what the analysis found."""
    version, content = opened(key)
    names = real_names({n for n in (version.author, version.publisher) if n})
    version = replace(version, author=names.get(version.author, ""), publisher=names.get(version.publisher, ""))
    found, _problems = versions()
    citing, analysis = content.citing, content.analysis
    kinds = Counter((f.severity, f.kind) for f in analysis.findings)
    counts: Counter[str] = Counter(f.severity for f in analysis.findings)
    return render(
        request,
        "policydesk/version.html",
        base_context(version, content, "overview")
        | {
            "unverified": [(b, citing.rules.get(b.id, ())) for b in citing.unverified[:5]],
            "unverified_count": len(citing.unverified),
            "silenced": citing.silenced,
            "departments": len({m.department for m in content.rules.matters}),
            "grades": [(grade, title, counts[grade]) for grade, title in GRADES.items()],
            "kinds": [(word(GRADES, g), word(FINDINGS, kind), n) for (g, kind), n in kinds.items()],
            "others": [v for v in found if v.key != key],
            "may_author": may_author(request.user),
            "may_publish": may_publish(request.user),
        },
    )


@policy_staff
def section(request: HttpRequest, key: str, section: str) -> HttpResponse:
    """One list of a version, with a search and pages."""
    chosen = SECTIONS.get(section)
    if chosen is None:
        raise Http404
    version, content = opened(key)
    text = request.GET.get("q", "").strip()[:100]
    lines = listing(chosen, content, text)
    page: Page[Any] = Paginator(lines, PAGE_LINES).get_page(request.GET.get("page"))
    page.object_list = [(line, list(zip(chosen.columns, line.cells, strict=True))) for line in page.object_list]
    return render(
        request,
        "policydesk/section.html",
        base_context(version, content, section)
        | {
            "section": chosen,
            "q": text,
            "total": len(lines),
            "page": page,
        },
    )


def _detail(template: str, tab: str, gather: Callable[[Reading, str], dict[str, Any]]) -> Callable[..., HttpResponse]:
    """A page about one rule."""

    @policy_staff
    def page(request: HttpRequest, key: str, code: str) -> HttpResponse:
        version, content = opened(key)
        return render(request, template, base_context(version, content, tab) | gather(content, code))

    return page


matter = _detail("policydesk/matter.html", "matters", details.matter_page)
measure = _detail("policydesk/measure.html", "measures", details.measure_page)
list_type = _detail("policydesk/list.html", "lists", details.list_page)
bar = _detail("policydesk/bar.html", "bars", details.bar_page)
basis = _detail("policydesk/basis.html", "bases", details.basis_page)


@policy_staff
def unverified(request: HttpRequest, key: str) -> HttpResponse:
    """Every unverified basis with the rules that rest on it; those that silence an adverse rule first."""
    version, content = opened(key)
    bases = [(b, content.citing.rules.get(b.id, ())) for b in content.citing.unverified]
    return render(
        request,
        "policydesk/unverified.html",
        base_context(version, content, "overview")
        | {
            "silenced": content.citing.silenced,
            "total": len(bases),
            "page": Paginator(bases, PAGE_BASES).get_page(request.GET.get("page")),
        },
    )


@policy_staff
def findings(request: HttpRequest, key: str) -> HttpResponse:
    """What the analysis found in a version, by grade."""
    version, content = opened(key)
    grade = request.GET.get("grade", "")
    kept = [f for f in content.analysis.findings if grade not in GRADES or f.severity == grade]
    page: Page[Any] = Paginator(kept, PAGE_FINDINGS).get_page(request.GET.get("page"))
    named = rule_pages(content.rules)
    page.object_list = [
        {
            "finding": f,
            **said(f, content.names),
            "kind": word(FINDINGS, f.kind),
            "grade": word(GRADES, f.severity),
            "rules": [(code, *named.get(code, ("", code))) for code in f.rules[:12]],
            "more": max(0, len(f.rules) - 12),
        }
        for f in page.object_list
    ]
    counts: Counter[str] = Counter(f.severity for f in content.analysis.findings)
    return render(
        request,
        "policydesk/findings.html",
        base_context(version, content, "findings")
        | {
            "page": page,
            "grade": grade if grade in GRADES else "",
            "grades": [(g, title, counts[g]) for g, title in GRADES.items()],
            "total": sum(counts.values()),
        },
    )


def rule_pages(rules: RuleSet) -> dict[str, tuple[str, str]]:
    """Name of the address about a rule, and its title, by code."""
    titles = titles_of(rules)
    titles["bars"] = {b.id: b.title for b in rules.bars}
    parts = ("bases", "matters", "list_types", "bars", "measures")
    return {code: (PAGES[part], title) for part in parts for code, title in titles[part].items()}


@policy_staff
def compare(request: HttpRequest) -> HttpResponse:
    """Two versions side by side; without a choice the newest beside the one before it."""
    found, _problems = versions()
    choices = [*found]
    for draft in RuleDraft.objects.filter(state__in=OPEN).order_by("-changed_at")[:PAGE_VERSIONS]:
        choices.insert(0, version_of_draft(draft))
    keys = [v.key for v in choices]
    old, new = request.GET.get("old", ""), request.GET.get("new", "")
    if request.GET.get("swap"):
        return redirect(f"{request.path}?old={new}&new={old}")
    context: dict[str, Any] = {"choices": choices}
    if not old and not new and len(keys) > 1:
        old, new = keys[1], keys[0]
    # One of the two was chosen: the newest other one stands beside it.
    old = old or next((k for k in keys if k != new), "")
    new = new or next((k for k in keys if k != old), "")
    if old and new:
        before, first = opened(old)
        after, second = opened(new)
        context |= {"old": before, "new": after}
        context |= compared(first, second, request.GET.get("part", ""), request.GET.get("page"))
        context["headline"] = _("%(old)s 与 %(new)s") % {"old": before.revision, "new": after.revision}
    return render(request, "policydesk/compare.html", context)
