"""From a workbook to a published version: one person drafts, another one publishes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext as _

from approval_hook import clock
from approval_hook.errors import RulesInvalid
from approval_hook.models import RuleDraft
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists.drafting import (
    DraftRefused,
    base_of,
    import_draft,
    publish,
    reimport,
    rename,
    rules_of,
    send_back,
    submit,
    withdraw,
)
from approval_hook.threelists.layout import READ
from approval_hook.threelists.problems import ListsInvalid, SheetProblem
from approval_hook.threelists.workbook import write_workbook
from workflows.policydesk.access import authors_only, policy_staff, publishers_only
from workflows.policydesk.comparing import adverse_rules, compared, shown_changes
from workflows.policydesk.draftforms import (
    DraftForm,
    PublishForm,
    RenameForm,
    ReturnForm,
    WithdrawForm,
    WorkbookForm,
)
from workflows.policydesk.drafts import (
    OPEN,
    Standing,
    State,
    draft_rows,
    draft_step,
    is_author,
    may_review,
    named,
    returned_because,
    standing,
    steps_of,
)
from workflows.policydesk.versions import KEY_DIGITS, Reading, opened, reading, version_of_draft, versions
from workflows.policydesk.versions import State as VersionState

PAGE_DRAFTS = 30
_LISTS = tuple(sheet.part for sheet in READ)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@policy_staff
def draft_list(request: HttpRequest) -> HttpResponse:
    """Every draft, also those that are closed."""
    drafts = RuleDraft.objects.order_by("-changed_at")
    page = Paginator(drafts, PAGE_DRAFTS).get_page(request.GET.get("page"))
    return render(request, "policydesk/drafts.html", {"page": page, "drafts": draft_rows(page.object_list)})


@policy_staff
def download(request: HttpRequest, key: str) -> HttpResponse:
    """The three lists of a version as a workbook."""
    version, content = opened(key)
    if version.draft is not None:
        # A workbook says which version it came from, and only a version in its own right can be drafted from.
        raise Http404
    return _workbook(write_workbook(content.rules), version.revision)


def _workbook(raw: bytes, name: str) -> HttpResponse:
    """A workbook to be saved under a name."""
    response = HttpResponse(raw, content_type=XLSX)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}.xlsx"
    return response


@policy_staff
def download_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """The lists of a draft as a workbook that names the base, so that it can be uploaded again as a change."""
    found = get_object_or_404(RuleDraft, pk=pk)
    rules = rules_of(found)
    return _workbook(write_workbook(rules, base_of(found).rules), rules.revision)


@policy_staff
def new(request: HttpRequest, key: str) -> HttpResponse:
    """起草: upload a changed workbook under a new name; see the errors, or the draft with its differences."""
    authors_only(request.user)
    version, content = opened(key)
    if version.draft is not None:
        raise Http404
    taken, _problems = versions()
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = DraftForm(*sent, taken=taken, initial={"title": content.rules.title})
    latest = max((v for v in taken if v.state != VersionState.KEPT), key=lambda v: v.first_day, default=version)
    context: dict[str, Any] = {
        "form": form,
        "version": version,
        "rules": content.rules,
        "latest": latest if latest.key != version.key else None,
    }
    if request.method != "POST":
        return render(request, "policydesk/draft_new.html", context)
    if form.is_valid():
        given = form.cleaned_data
        try:
            draft = import_draft(
                LoadedRules(content.rules, version.digest, version.revision),
                form.raw(),
                form.file_name,
                given["title"],
                given["revision"],
                given["valid_from"],
                request.user,
            )
        except (RulesInvalid, DraftRefused) as error:
            context |= _refused(error)
        else:
            messages.success(request, _("已读入四张表，存为草案；其余各表没有读取。还没有提交，不影响任何办件。"))
            _tell_if_unchanged(request, draft)
            return redirect("policydesk:draft", draft.pk)
    else:
        # Not after a refused file: the list of errors stands above, and the cursor would scroll past it.
        form.focus_first()
    return render(request, "policydesk/draft_new.html", context, status=422)


def _tell_if_unchanged(request: HttpRequest, draft: RuleDraft) -> None:
    """Say it when the uploaded lists are those of the base."""
    lists = [{part: rules.plain()[part] for part in _LISTS} for rules in (base_of(draft).rules, rules_of(draft))]
    if lists[0] == lists[1]:
        messages.warning(request, _("四张表与起草所用的版本完全相同，没有任何改动。请核对是否选错了文件。"))


def _refused(error: RulesInvalid | DraftRefused) -> dict[str, Any]:
    """What a page shows of a workbook or step that was refused."""
    if isinstance(error, ListsInvalid):
        return {"sheet_problems": _grouped(error.rows), "listed": len(error.rows), "total": error.total}
    if isinstance(error, RulesInvalid):
        return {"problems": error.problems}
    return {"problems": (str(error),)}


def _grouped(rows: Sequence[SheetProblem]) -> list[tuple[str, str, str, str]]:
    """Problems by sheet and row; those with the same message and remedy on one sheet stand together.

    Returns:
        Sheet, cells, message and remedy.
    """
    order = {name: n for n, name in enumerate(("", *(sheet.title for sheet in READ)))}
    cells: dict[tuple[str, str, str], list[str]] = {}
    for row in sorted(rows, key=lambda p: (order.get(p.sheet, len(order)), p.sheet, _row_of(p.cell))):
        cells.setdefault((row.sheet, row.message, row.remedy), []).append(row.cell)
    return [
        (sheet, "、".join(dict.fromkeys(filter(None, held))), message, remedy)
        for (sheet, message, remedy), held in cells.items()
    ]


def _row_of(cell: str) -> int:
    found = re.search(r"\d+", cell)
    return int(found[0]) if found else 0


def _draft(pk: int) -> tuple[RuleDraft, Reading]:
    """A draft and its content.

    Raises:
        Http404: there is none.
        RulesInvalid: its content is not what its digest says.
    """
    draft = get_object_or_404(RuleDraft, pk=pk)
    return draft, reading(draft.digest)


def _context(request: HttpRequest, draft: RuleDraft, content: Reading) -> dict[str, Any]:
    """What every page about a draft shows."""
    try:
        where = standing(draft, content.rules)
    except RulesInvalid:
        # The page of the draft tells what is wrong with the rule files.
        where = Standing()
    shown = shown_changes(where.undone, where.before, content.rules) if where.before else []
    return {
        "standing": where,
        "undone": shown,
        "author_name": named(draft.author),
        "reviewer_name": named(draft.reviewer) if draft.reviewer else "",
        "history": steps_of(draft),
        "returned_because": returned_because(draft),
        "may_rename": is_author(request.user, draft) and draft.state in (State.WRITING, State.RETURNED),
        "draft": draft,
        "rules": content.rules,
        "version": version_of_draft(draft),
        "base": draft.base[:KEY_DIGITS],
        "step": draft_step(request.user, draft, content, where),
        "may_change": is_author(request.user, draft) and draft.state in OPEN,
        "may_submit": is_author(request.user, draft)
        and draft.state in (State.WRITING, State.RETURNED)
        and content.rules.valid_from > clock.today()
        and not (where.replaced or where.clash),
        "may_review": may_review(request.user, draft) and draft.state == State.SUBMITTED,
    }


@policy_staff
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """A draft: what is to be done, and everything that it changes."""
    found, content = _draft(pk)
    context = _context(request, found, content) | {"on_draft": True}
    try:
        base = base_of(found)
    except RulesInvalid as error:
        return render(request, "policydesk/draft.html", context | {"problems": error.problems})
    context |= compared(reading(base.digest), content, request.GET.get("part", ""), request.GET.get("page"))
    context |= {"base_revision": base.rules.revision, "old": {"key": context["base"]}, "new": context["version"]}
    return render(request, "policydesk/draft.html", context)


def _as_seen(request: HttpRequest, draft: RuleDraft) -> None:
    """Refuse a step on a content that the person has not seen.

    Raises:
        DraftRefused: the draft was changed meanwhile.
    """
    if request.POST.get("seen") != draft.digest:
        raise DraftRefused(_("草案刚刚有了新的内容。"), _("请核对新的差异后再办理。"))


def _own(request: HttpRequest, draft: RuleDraft) -> None:
    """Let only the author pass.

    Raises:
        PermissionDenied: somebody else's draft.
    """
    authors_only(request.user)
    if not is_author(request.user, draft):
        raise PermissionDenied(_("这是他人起草的草案，由起草人处理。您可以另行起草。"))


def _others(request: HttpRequest, draft: RuleDraft) -> None:
    """Let only a second person pass.

    Raises:
        PermissionDenied: the user may not publish, or wrote the draft.
    """
    publishers_only(request.user)
    if not may_review(request.user, draft):
        raise PermissionDenied(_("起草人不能审查或发布自己的草案，请由另一名有发布权限的人员办理。"))


def _elsewhere(request: HttpRequest, draft: RuleDraft, states: tuple[str, ...]) -> HttpResponse | None:
    """Lead back to the draft when it is not in a state in which this page has a use; ``None`` when it is."""
    if draft.state in states:
        return None
    state = gettext(draft.get_state_display())
    messages.warning(request, _("草案现为“%(state)s”，不能这样处理。") % {"state": state})
    return redirect("policydesk:draft", draft.pk)


@policy_staff
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Put another workbook in the place of a draft's content."""
    found, content = _draft(pk)
    _own(request, found)
    if closed := _elsewhere(request, found, OPEN):
        return closed
    form = WorkbookForm(request.POST, request.FILES) if request.method == "POST" else WorkbookForm()
    context = _context(request, found, content) | {"form": form}
    if request.method != "POST":
        return render(request, "policydesk/draft_change.html", context)
    if form.is_valid():
        try:
            reimport(found, form.raw(), form.file_name, request.user)
        except (RulesInvalid, DraftRefused) as error:
            context |= _refused(error)
        else:
            messages.success(request, _("已用新文件的四张表替换草案内容，其余各表没有读取。请核对差异后提交。"))
            _tell_if_unchanged(request, found)
            return redirect("policydesk:draft", pk)
    else:
        form.focus_first()
    return render(request, "policydesk/draft_change.html", context, status=422)


@policy_staff
def rename_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """改名称、版本号或生效日期: what the lists say stays."""
    found, content = _draft(pk)
    _own(request, found)
    if closed := _elsewhere(request, found, (State.WRITING, State.RETURNED)):
        return closed
    rules = content.rules
    initial = {"title": found.title, "revision": rules.revision, "valid_from": rules.valid_from, "seen": found.digest}
    form = RenameForm(request.POST or None, taken=versions()[0], initial=initial)
    context = _context(request, found, content)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            _as_seen(request, found)
            rename(found, given["title"], given["revision"], given["valid_from"], request.user)
        except (RulesInvalid, DraftRefused) as error:
            context |= _refused(error)
        else:
            messages.success(request, _("已改好。草案回到起草中，请核对后提交。"))
            return redirect("policydesk:draft", pk)
    return _form_page(request, "policydesk/draft_rename.html", context, form)


@policy_staff
def hand_in(request: HttpRequest, pk: int) -> HttpResponse:
    """提交审查; read as a page, as after a login, it leads back to the draft."""
    if request.method != "POST":
        return redirect("policydesk:draft", pk)
    found, _content = _draft(pk)
    _own(request, found)
    try:
        _as_seen(request, found)
        submit(found, request.user)
    except DraftRefused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已提交，等待另一人审查和发布。"))
    return redirect("policydesk:draft", pk)


@policy_staff
def withdraw_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """撤回草案: give it up, after a second thought."""
    found, content = _draft(pk)
    _own(request, found)
    if closed := _elsewhere(request, found, OPEN):
        return closed
    form = WithdrawForm(request.POST or None, initial={"seen": found.digest})
    if request.method == "POST" and form.is_valid():
        try:
            _as_seen(request, found)
            withdraw(found, request.user)
        except DraftRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("草案已撤回，留档备查。"))
        return redirect("policydesk:draft", pk)
    return _form_page(request, "policydesk/draft_withdraw.html", _context(request, found, content), form)


@policy_staff
def send_draft_back(request: HttpRequest, pk: int) -> HttpResponse:
    """退回修改: with the reason that the author reads."""
    found, content = _draft(pk)
    _others(request, found)
    if closed := _elsewhere(request, found, (State.SUBMITTED,)):
        return closed
    form = ReturnForm(request.POST or None, initial={"seen": found.digest})
    context = _context(request, found, content)
    if request.method == "POST" and form.is_valid():
        try:
            _as_seen(request, found)
            send_back(found, request.user, form.cleaned_data["note"])
        except DraftRefused as error:
            context |= _refused(error)
        else:
            messages.success(request, _("已退回，起草人会看到您的意见。"))
            return redirect("policydesk:draft", pk)
    return _form_page(request, "policydesk/draft_return.html", context, form)


@policy_staff
def publish_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """发布: the second person, with a reason, after seeing what it will burden anybody with."""
    found, content = _draft(pk)
    _others(request, found)
    if closed := _elsewhere(request, found, (State.SUBMITTED,)):
        return closed
    form = PublishForm(request.POST or None, initial={"seen": found.digest})
    context = _context(request, found, content)
    if request.method == "POST" and form.is_valid():
        try:
            _as_seen(request, found)
            publish(found, request.user, form.cleaned_data["note"])
        except (RulesInvalid, DraftRefused) as error:
            context |= _refused(error)
        else:
            first_day = content.rules.valid_from.isoformat()
            messages.success(request, _("已发布，自 %(day)s 起施行。") % {"day": first_day})
            return redirect("policydesk:draft", pk)
    base = reading(base_of(found).digest)
    context |= compared(base, content, "", None)
    context["adverse"] = adverse_rules(base, content)
    context["me"] = named(request.user.get_username())
    return _form_page(request, "policydesk/draft_publish.html", context, form)


def _form_page(request: HttpRequest, template: str, context: dict[str, Any], form: Any) -> HttpResponse:
    """A page with a form; sent but not taken, it comes back with everything typed and says so to machines as well."""
    form.focus_first()
    return render(request, template, context | {"form": form}, status=422 if request.method == "POST" else 200)
