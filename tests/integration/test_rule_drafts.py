"""From a workbook to rules in force: two people, one publication, nothing by halves, nothing changed afterwards."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from openpyxl import load_workbook

from approval_hook import cases, clock, keeping
from approval_hook.errors import AppendOnlyError, RulesInvalid
from approval_hook.models import CalendarEdition, RuleDraft, RuleRevision
from approval_hook.policy.analysis import Analysis, Finding, FindingKind
from approval_hook.policy.canonical import canonical_bytes
from approval_hook.policy.catalogue import RuleSet
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists import drafting
from approval_hook.threelists.drafting import DraftRefused
from approval_hook.threelists.history import entries
from approval_hook.threelists.layout import APPLICATIONS, MEASURES
from approval_hook.threelists.problems import ListsInvalid
from approval_hook.threelists.replacing import replaced_by, undone
from approval_hook.threelists.workbook import write_workbook
from approval_hook.workcalendar import published_calendar
from tests.unit.threelists.building import rules as small_rules

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    keeping.forget()
    yield
    keeping.forget()


@pytest.fixture
def author() -> Any:
    """Somebody who may draft, and publish what others drafted."""
    return someone("author", "author_rules", "publish_rules")


@pytest.fixture
def publisher() -> Any:
    """Somebody who may publish."""
    return someone("publisher", "publish_rules")


@pytest.fixture(autouse=True)
def base(settings: Any, tmp_path: Path) -> LoadedRules:
    """The one rule set in force: small, and without an error of the analysis."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "2026-01-01.yaml").write_text(yaml.safe_dump(small_rules().plain(), allow_unicode=True), encoding="utf-8")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(folder)}
    return cases.file_book().all()[-1]


def someone(name: str, *permissions: str) -> Any:
    """A user with these permissions."""
    user = get_user_model().objects.create_user(name)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return get_user_model().objects.get(pk=user.pk)


def a_day(base: LoadedRules, more: int = 30) -> date:
    """A first day that lies ahead and is nobody's."""
    return max(clock.today(), base.rules.valid_from) + timedelta(days=more)


def workbook(base: LoadedRules, organ: str = "另一机关") -> bytes:
    """The workbook of the base with the organ of its first measure changed."""
    book = load_workbook(io.BytesIO(write_workbook(base.rules)))
    headers = [cell.value for cell in book[MEASURES.title][1]]
    book[MEASURES.title].cell(2, headers.index("实施机关") + 1).value = organ
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def drafted(base: LoadedRules, by: Any, **changes: Any) -> RuleDraft:
    """A draft from that workbook."""
    values: dict[str, Any] = {
        "raw": workbook(base),
        "file_name": "清单.xlsx",
        "title": "新的规则",
        "revision": "r-2",
        "valid_from": a_day(base),
        "by": by,
    }
    return drafting.import_draft(base, **(values | changes))


def submitted(base: LoadedRules, by: Any, **changes: Any) -> RuleDraft:
    """The same, submitted."""
    draft = drafted(base, by, **changes)
    drafting.submit(draft, by)
    return draft


def test_two_people_bring_a_workbook_into_force(
    base: LoadedRules, author: Any, publisher: Any, django_capture_on_commit_callbacks: Any
) -> None:
    """Draft, submission, publication; from its first day the rule book answers with it, and not before."""
    draft = drafted(base, author, file_name="C:\\表\\清单.xlsx")
    assert (draft.state, draft.title, draft.base, draft.source_name) == (
        "writing",
        "新的规则",
        base.digest,
        "清单.xlsx",
    )
    drafting.submit(draft, author)
    assert draft.state == "submitted"
    assert keeping.published_rules() == ()
    with django_capture_on_commit_callbacks(execute=True):
        made = drafting.publish(draft, publisher, "按会议决定")
    assert (draft.state, draft.reviewer) == ("published", "publisher")
    assert (made.author, made.publisher, made.note, made.origin) == ("author", "publisher", "按会议决定", "published")
    rules = cases.book().on(a_day(base))
    assert (rules.rules.revision, rules.digest) == ("r-2", draft.digest)
    assert rules.rules.measures[0].organ == "另一机关"
    assert cases.book().on(a_day(base) - timedelta(days=1)).digest == base.digest


def test_the_preview_shows_the_difference_and_stores_nothing(base: LoadedRules) -> None:
    """What changes against the base, and what is tied to nothing."""
    found = drafting.preview(base, workbook(base), title="", revision="r-2", valid_from=a_day(base))
    changes = {(c.part, f.name) for c in found.changes for f in c.fields}
    assert changes == {("rule_set", "revision"), ("rule_set", "valid_from"), ("measures", "organ")}
    assert found.rules.title == base.rules.title
    assert found.notes == ()
    assert not RuleDraft.objects.exists()


def test_a_workbook_with_problems_stores_nothing_and_tells_them_all(base: LoadedRules, author: Any) -> None:
    """The error carries every row."""
    book = load_workbook(io.BytesIO(write_workbook(base.rules)))
    for row in (2, 3):
        book[APPLICATIONS.title].cell(row, 1).value = "nobody"
    target = io.BytesIO()
    book.save(target)
    with pytest.raises(ListsInvalid) as caught:
        drafted(base, author, raw=target.getvalue())
    assert {(p.sheet, p.cell) for p in caught.value.rows} >= {(APPLICATIONS.title, "A2"), (APPLICATIONS.title, "A3")}
    assert caught.value.total == len(caught.value.rows)
    with pytest.raises(ListsInvalid):
        drafted(base, author, raw=b"nothing")
    assert not RuleDraft.objects.exists()


@pytest.mark.parametrize("days", [0, -1, -400])
def test_rules_begin_after_today(base: LoadedRules, author: Any, days: int) -> None:
    """Today has been decided on already."""
    with pytest.raises(DraftRefused, match="不溯及既往"):
        drafted(base, author, valid_from=clock.today() + timedelta(days=days))


def test_today_is_the_day_in_china(base: LoadedRules, author: Any) -> None:
    """At 17:00 in London the next day has begun."""
    day = a_day(base)
    before = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=8, minutes=1)
    with clock.standing_at(before):
        drafted(base, author, valid_from=day)
    with clock.standing_at(before + timedelta(minutes=2)), pytest.raises(DraftRefused):
        drafted(base, author, valid_from=day)


def test_revision_and_first_day_are_nobodys(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Neither a file's, nor a publication's, nor one that a decision has cited."""
    with pytest.raises(DraftRefused, match="已经用过"):
        drafted(base, author, revision=base.rules.revision)
    with clock.standing_at(datetime(2025, 6, 1, tzinfo=UTC)), pytest.raises(DraftRefused, match="已有一个版本"):
        drafted(base, author, valid_from=base.rules.valid_from)
    drafting.publish(submitted(base, author), publisher)
    with pytest.raises(DraftRefused, match="已经用过"):
        drafted(base, author, valid_from=a_day(base, 31))
    with pytest.raises(DraftRefused, match="已有一个版本"):
        drafted(base, author, revision="r-3")
    old = RuleSet.parse(
        {**base.rules.plain(), "revision": "gone", "valid_from": "2020-01-01", "valid_to": "2020-12-31"}
    )
    keeping.keep(LoadedRules(old, old.digest, "gone.yaml"), published_calendar())
    with pytest.raises(DraftRefused, match="已经用过"):
        drafted(base, author, revision="gone", valid_from=a_day(base, 31))


@pytest.mark.parametrize(
    "changes", [{"title": "两\n行"}, {"title": "长" * 201}, {"title": "\u202e"}, {"revision": "r 2"}]
)
def test_malformed_names_are_refused(base: LoadedRules, author: Any, changes: Any) -> None:
    """Title and revision come from outside as well."""
    with pytest.raises((DraftRefused, RulesInvalid)):
        drafted(base, author, **changes)


def test_nobody_without_permission_drafts_or_publishes(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Each step asks for its own permission."""
    nobody = someone("nobody")
    for who in (nobody, publisher):
        with pytest.raises(PermissionDenied):
            drafted(base, who)
    draft = submitted(base, author)
    for step in (
        lambda: drafting.publish(draft, nobody),
        lambda: drafting.send_back(draft, nobody, "不行"),
        lambda: drafting.submit(draft, nobody),
        lambda: drafting.withdraw(draft, publisher),
        lambda: drafting.reimport(draft, workbook(base), "x.xlsx", publisher),
    ):
        with pytest.raises(PermissionDenied):
            step()
    assert not RuleRevision.objects.filter(origin="published").exists()


def test_nobody_publishes_their_own_draft(base: LoadedRules, author: Any) -> None:
    """Not even with every permission there is."""
    author.is_superuser = True
    author.save()
    draft = submitted(base, author)
    for step in (lambda: drafting.publish(draft, author), lambda: drafting.send_back(draft, author, "不行")):
        with pytest.raises(DraftRefused, match="自己的草案"):
            step()
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleRevision(
            digest="0" * 64,
            revision="x",
            origin="published",
            valid_from=a_day(base),
            content="{}",
            author="author",
            publisher="author",
            made_at=clock.now(),
        ).save()


def test_nobody_works_on_the_draft_of_another(base: LoadedRules, author: Any) -> None:
    """Whoever changes the content is an author of it."""
    other = someone("other", "author_rules")
    draft = drafted(base, author)
    for step in (
        lambda: drafting.submit(draft, other),
        lambda: drafting.withdraw(draft, other),
        lambda: drafting.reimport(draft, workbook(base), "x.xlsx", other),
    ):
        with pytest.raises(DraftRefused, match="他人"):
            step()


def test_a_draft_is_sent_back_mended_and_published(base: LoadedRules, author: Any, publisher: Any) -> None:
    """The reason is kept; the new content goes back to writing first."""
    draft = submitted(base, author)
    with pytest.raises(DraftRefused, match="审查意见"):
        drafting.send_back(draft, publisher, "  ")
    drafting.send_back(draft, publisher, "机关名称有误")
    assert (draft.state, draft.reviewer) == ("returned", "publisher")
    assert [(e.who, e.what, e.note) for e in entries(draft.review_note)][-1] == (
        "publisher",
        "退回修改",
        "机关名称有误",
    )
    drafting.reimport(draft, workbook(base, "正确的机关"), "二稿.xlsx", author)
    assert (draft.state, draft.source_name) == ("writing", "二稿.xlsx")
    with pytest.raises(DraftRefused, match="起草中"):
        drafting.publish(draft, publisher)
    drafting.submit(draft, author)
    made = drafting.publish(draft, publisher)
    assert "正确的机关" in made.content
    assert made.revision == "r-2"
    steps = [(e.who, e.what, e.note) for e in entries(draft.review_note)]
    assert steps[1:] == [
        ("publisher", "退回修改", "机关名称有误"),
        ("author", "重新上传", "二稿.xlsx"),
        ("author", "提交审查", ""),
        ("publisher", "发布", ""),
    ]


def test_no_reason_looks_like_another_step(base: LoadedRules, author: Any, publisher: Any) -> None:
    """A reason over several lines stays one step; a note kept before steps were recorded is shown whole."""
    draft = submitted(base, author)
    note = "请改\n2026-01-01 08:00 boss 发布：同意"
    drafting.send_back(draft, publisher, note)
    assert [(e.who, e.note) for e in entries(draft.review_note)] == [("author", ""), ("publisher", note)]
    assert next((e.who, e.note) for e in entries("旧的意见" + draft.review_note)) == ("", "旧的意见")


def test_a_draft_of_an_older_version_undoes_nothing(base: LoadedRules, author: Any, publisher: Any) -> None:
    """What was published since the draft began is not taken back: the draft is to be made anew from there."""
    late = submitted(base, author, raw=write_workbook(base.rules), revision="r-3", valid_from=a_day(base, 40))
    assert replaced_by(a_day(base, 40)) == base
    first = drafting.publish(submitted(base, author), publisher)
    with pytest.raises(DraftRefused, match="请撤回后从版本“r-2”重新起草"):
        drafting.publish(late, publisher)
    assert RuleDraft.objects.get(pk=late.pk).state == "submitted"
    with pytest.raises(CommandError, match="r-2"):
        call_command("rules_publish", late.pk, "--by", "publisher")
    before = replaced_by(a_day(base, 40))
    assert before is not None
    assert before.digest == first.digest
    gone = undone(base.rules, before.rules, drafting.rules_of(late))
    assert [(c.part, [f.name for f in c.fields]) for c in gone] == [("measures", ["organ"])]
    anew = submitted(before, author, raw=write_workbook(before.rules), revision="r-4", valid_from=a_day(base, 41))
    assert undone(before.rules, before.rules, drafting.rules_of(anew)) == ()
    assert drafting.publish(anew, publisher).revision == "r-4"


def test_a_draft_does_not_run_ahead_of_its_own_base(base: LoadedRules, author: Any, publisher: Any) -> None:
    """A draft of a version to come cannot begin before it; nothing is replaced before the first version."""
    drafting.publish(submitted(base, author), publisher)
    ahead = replaced_by(a_day(base, 40))
    assert ahead is not None
    early = submitted(ahead, author, raw=write_workbook(ahead.rules), revision="r-3", valid_from=a_day(base, 20))
    with pytest.raises(DraftRefused, match=base.rules.revision):
        drafting.publish(early, publisher)
    assert replaced_by(base.rules.valid_from) is None


def test_title_revision_and_first_day_are_changed(base: LoadedRules, author: Any, publisher: Any) -> None:
    """A draft whose name or day was taken meanwhile gets another; the lists stay, and it is submitted anew."""
    draft = submitted(base, author)
    drafting.publish(submitted(base, author), publisher)
    with pytest.raises(DraftRefused, match="待发布审查"):
        drafting.rename(draft, "改名", "r-9", a_day(base, 20), author)
    drafting.send_back(draft, publisher, "版本号已占用")
    with pytest.raises(DraftRefused, match="已经用过"):
        drafting.rename(draft, "改名", "r-2", a_day(base, 20), author)
    with pytest.raises(DraftRefused, match="已有一个版本"):
        drafting.rename(draft, "改名", "r-9", a_day(base), author)
    with pytest.raises(DraftRefused, match="名称"):
        drafting.rename(draft, " ", "r-9", a_day(base, 20), author)
    with pytest.raises(DraftRefused, match="他人"):
        drafting.rename(draft, "改名", "r-9", a_day(base, 20), someone("other", "author_rules"))
    drafting.rename(draft, "改名", "r-9", a_day(base, 20), author)
    rules = drafting.rules_of(draft)
    assert (draft.state, draft.title) == ("writing", "改名")
    assert (rules.title, rules.revision, rules.valid_from) == ("改名", "r-9", a_day(base, 20))
    assert rules.measures[0].organ == "另一机关"
    drafting.submit(draft, author)
    assert drafting.publish(draft, publisher).revision == "r-9"


@pytest.mark.parametrize("note", ["长" * 2001, "甲\u202e乙"])
def test_notes_are_bounded_and_visible(base: LoadedRules, author: Any, publisher: Any, note: str) -> None:
    """What is kept for good is readable."""
    draft = submitted(base, author)
    for step in (lambda: drafting.publish(draft, publisher, note), lambda: drafting.send_back(draft, publisher, note)):
        with pytest.raises(DraftRefused, match="意见"):
            step()
    assert RuleDraft.objects.get(pk=draft.pk).state == "submitted"


def test_a_draft_that_changed_after_it_was_looked_at_is_not_published(
    base: LoadedRules, author: Any, publisher: Any
) -> None:
    """The publisher saw other content; a second submission does not make it the same."""
    draft = submitted(base, author)
    seen = RuleDraft.objects.get(pk=draft.pk)
    drafting.reimport(draft, workbook(base, "偷换的机关"), "x.xlsx", author)
    assert draft.state == "writing"
    drafting.submit(draft, author)
    with pytest.raises(DraftRefused, match="被他人修改"):
        drafting.publish(seen, publisher)
    assert RuleDraft.objects.get(pk=draft.pk).state == "submitted"


def test_two_publishers_at_once_publish_once(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Both looked at the submitted draft; the second is told that it is done."""
    second = someone("second", "publish_rules")
    draft = submitted(base, author)
    copies = [RuleDraft.objects.get(pk=draft.pk) for _ in range(2)]
    drafting.publish(copies[0], publisher)
    with pytest.raises(DraftRefused, match="已发布"):
        drafting.publish(copies[1], second)
    assert RuleRevision.objects.get(origin="published").publisher == "publisher"


def test_two_drafts_for_one_revision_or_day_publish_once(
    base: LoadedRules, author: Any, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when both passed the look for a free name: the constraint decides, and the draft stays as it was."""
    first = submitted(base, author)
    second = submitted(base, author, valid_from=a_day(base, 31))
    third = submitted(base, author, revision="r-3")
    drafting.publish(first, publisher)
    with pytest.raises(DraftRefused, match="已经用过"):
        drafting.publish(second, publisher)
    for check in ("free", "started_from_it"):
        monkeypatch.setattr(drafting, check, lambda *args: None)
    for draft in (second, third):
        with pytest.raises(DraftRefused, match="没有发布"):
            drafting.publish(draft, publisher)
        assert RuleDraft.objects.get(pk=draft.pk).state == draft.state == "submitted"


def test_content_that_a_file_has_already_is_not_published(
    base: LoadedRules, author: Any, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of the same content exists; on SQLite the insert over it is passed over without an error."""
    draft = submitted(base, author)
    rules = drafting.rules_of(draft)
    keeping.keep(LoadedRules(rules, rules.digest, "x.yaml"), published_calendar())
    monkeypatch.setattr(drafting, "free", lambda *args: None)
    with pytest.raises(DraftRefused, match="没有发布"):
        drafting.publish(draft, publisher)
    assert RuleRevision.objects.get(pk=rules.digest).origin == "file"
    assert RuleDraft.objects.get(pk=draft.pk).state == "submitted"


def test_closed_drafts_take_no_step(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Withdrawn and published are ends."""
    gone = submitted(base, author)
    drafting.withdraw(gone, author)
    done = submitted(base, author)
    drafting.publish(done, publisher)
    for draft, state in ((gone, "已撤回"), (done, "已发布")):
        for step in (
            lambda d=draft: drafting.publish(d, publisher),
            lambda d=draft: drafting.send_back(d, publisher, "不行"),
            lambda d=draft: drafting.submit(d, author),
            lambda d=draft: drafting.withdraw(d, author),
        ):
            with pytest.raises(DraftRefused, match=state):
                step()


def test_a_draft_whose_day_has_come_is_not_published(base: LoadedRules, author: Any, publisher: Any) -> None:
    """It waited too long; its rules would reach back."""
    draft = submitted(base, author)
    noon = clock.now() + timedelta(days=(a_day(base) - clock.today()).days)
    with clock.standing_at(noon), pytest.raises(DraftRefused, match="不溯及既往"):
        drafting.publish(draft, publisher)


def test_content_changed_behind_the_use_cases_is_not_published(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Content and digest must fit; unsound content is refused however it got there."""
    draft = submitted(base, author)
    RuleDraft.objects.filter(pk=draft.pk).update(content=draft.content.replace("另一机关", "第三机关"))
    with pytest.raises(RulesInvalid, match="摘要不符"):
        drafting.publish(RuleDraft.objects.get(pk=draft.pk), publisher)
    RuleDraft.objects.filter(pk=draft.pk).update(content="{}")
    with pytest.raises(RulesInvalid):
        drafting.publish(RuleDraft.objects.get(pk=draft.pk), publisher)


def test_an_error_of_the_analysis_stops_the_publication(
    base: LoadedRules, author: Any, publisher: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contradictions are mended before anybody decides by them."""
    draft = submitted(base, author)
    finding = Finding(FindingKind.CONFLICT, "error", "applications(a / b)", "要求不一；请统一。", ())
    monkeypatch.setattr(drafting, "analyse", lambda rules, calendar: Analysis("r-2", (finding,)))
    with pytest.raises(RulesInvalid, match="要求不一"):
        drafting.publish(draft, publisher)
    assert not RuleRevision.objects.filter(origin="published").exists()


def test_what_is_published_never_changes(base: LoadedRules, author: Any, publisher: Any) -> None:
    """Neither through the models nor past them; the same for the calendar that decisions were counted with."""
    made = drafting.publish(submitted(base, author), publisher)
    keeping.keep(base, published_calendar())
    made.note = "改"
    for step in (made.save, made.delete, RuleRevision.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            step()
    for model in (RuleRevision, CalendarEdition):
        table = model._meta.db_table
        for statement in (f"UPDATE {table} SET made_at = made_at", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement)


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="REPLACE is SQLite's own")
def test_replacing_a_kept_row_changes_nothing(base: LoadedRules, author: Any, publisher: Any) -> None:
    """By content: passed over. By revision or first day of a publication: refused."""
    made = drafting.publish(submitted(base, author), publisher)
    columns = "digest, revision, origin, valid_from, content, author, publisher, note, made_at"
    insert = f"INSERT OR REPLACE INTO approval_hook_rulerevision ({columns}) SELECT "
    rest = "'published', valid_from, '{}', 'a', 'b', 'replaced', made_at FROM approval_hook_rulerevision"
    with connection.cursor() as cursor:
        cursor.execute(f"{insert} digest, revision, {rest}")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{insert} 'other', 'other', {rest}")
    assert list(RuleRevision.objects.filter(origin="published")) == [made]
    assert RuleRevision.objects.get(pk=made.pk).content == made.content


def test_keeping_twice_is_no_error_and_files_may_share_a_first_day(base: LoadedRules) -> None:
    """Every worker keeps what it decides by; only publications exclude each other by name and day."""
    for _ in range(2):
        keeping.forget()
        keeping.keep(base, published_calendar())
    other = RuleSet.parse({**base.rules.plain(), "title": "另一文件"})
    keeping.keep(LoadedRules(other, other.digest, "other.yaml"), published_calendar())
    assert RuleRevision.objects.filter(revision=base.rules.revision).count() == 2
    assert RuleRevision.objects.get(pk=base.digest).content.encode() == canonical_bytes(base.rules.plain())


def test_a_draft_whose_base_is_nowhere_cannot_be_mended(base: LoadedRules, author: Any) -> None:
    """The lists are a part of a whole; without the whole there is nothing to put them into."""
    draft = drafted(base, author)
    RuleDraft.objects.filter(pk=draft.pk).update(base="0" * 64)
    draft.refresh_from_db()
    with pytest.raises(RulesInvalid, match="规则库中没有"):
        drafting.reimport(draft, workbook(base), "x.xlsx", author)


def test_a_last_day_of_the_base_that_has_passed_is_not_taken_over(base: LoadedRules) -> None:
    """One that still lies ahead is."""
    for last, kept in ((a_day(base) - timedelta(days=1), None), (a_day(base), a_day(base))):
        rules = RuleSet.parse({**base.rules.plain(), "valid_to": last.isoformat()})
        found = drafting.preview(
            LoadedRules(rules, rules.digest, ""),
            write_workbook(rules),
            title="",
            revision="r-2",
            valid_from=a_day(base),
        )
        assert found.rules.valid_to == kept


# Commands


def run(*words: object) -> str:
    """What a command prints."""
    out = io.StringIO()
    call_command(*map(str, words), stdout=out, stderr=out)
    return out.getvalue()


def test_the_commands_lead_from_export_to_publication(
    base: LoadedRules, author: Any, publisher: Any, tmp_path: Path
) -> None:
    """Export, try, import, publish, in Chinese."""
    path = tmp_path / "lists.xlsx"
    revision = base.rules.revision
    assert revision in run("rules_export", path, "--revision", revision)
    assert path.read_bytes() == write_workbook(base.rules)
    with pytest.raises(CommandError, match="已存在"):
        run("rules_export", path, "--revision", revision)
    path.write_bytes(workbook(base))
    words = [path, "--revision", "r-2", "--valid-from", a_day(base), "--by", "author", "--base", revision]
    tried = run("rules_import", *words, "--dry-run")
    assert "实施机关" in tried
    assert "→ 另一机关" in tried
    assert "没有保存" in tried
    assert not RuleDraft.objects.exists()
    assert "待发布审查" in run("rules_import", *words, "--submit")
    draft = RuleDraft.objects.get()
    with pytest.raises(CommandError, match="自己的草案"):
        run("rules_publish", draft.pk, "--by", "author")
    assert "r-2" in run("rules_publish", draft.pk, "--by", "publisher", "--note", "同意")
    assert RuleRevision.objects.get(origin="published").note == "同意"


def test_the_import_command_lists_the_problems(
    base: LoadedRules, author: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With sheet and cell, on standard error, and nothing is stored."""
    book = load_workbook(io.BytesIO(write_workbook(base.rules)))
    book[APPLICATIONS.title].cell(2, 3).value = "nobody"
    path = tmp_path / "wrong.xlsx"
    book.save(path)
    words = [str(path), "--revision", "r-2", "--valid-from", str(a_day(base)), "--by", "author"]
    err = io.StringIO()
    with pytest.raises(CommandError, match="没有导入任何内容") as caught:
        call_command("rules_import", *words, "--base", base.rules.revision, stderr=err)
    assert caught.value.returncode == 1
    assert "“应用事项清单” C2：编号“nobody”不在“备忘录措施清单”中" in err.getvalue()
    assert not RuleDraft.objects.exists()


def test_commands_refuse_what_they_cannot_use(base: LoadedRules, author: Any, tmp_path: Path) -> None:
    """Each in one Chinese sentence."""
    path = tmp_path / "x.xlsx"
    good = {"--revision": "r-2", "--valid-from": a_day(base), "--by": "author", "--base": base.rules.revision}

    def refused(said: str, file: Path = path, **changes: object) -> None:
        given = good | {f"--{k.replace('_', '-')}": v for k, v in changes.items()}
        with pytest.raises(CommandError, match=said):
            run("rules_import", file, *(word for pair in given.items() for word in pair))

    refused("无法读取")
    path.write_bytes(write_workbook(base.rules))
    refused("没有可用的用户", by="nobody")
    refused("应为日期", valid_from="明天")
    refused("不溯及既往", valid_from=clock.today())
    refused("找不到版本", base="nothing")
    someone("reader")
    refused("没有起草规则的权限", by="reader")
    get_user_model().objects.filter(username="author").update(is_active=False)
    refused("没有可用的用户")
    get_user_model().objects.filter(username="author").update(is_active=True)
    draft = submitted(base, author)
    for words, said in (
        (["rules_publish", draft.pk, "--by", "reader"], "没有发布规则的权限"),
        (["rules_export", tmp_path / "y.csv"], "xlsx"),
        (["rules_export", tmp_path / "no" / "y.xlsx", "--revision", base.rules.revision], "无法写入"),
        (["rules_export", tmp_path / "y.xlsx", "--revision", "nothing"], "找不到版本"),
        (["rules_publish", "7", "--by", "reader"], "没有编号为 7"),
    ):
        with pytest.raises(CommandError, match=said):
            run(*words)
