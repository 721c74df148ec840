"""The policy desk: who may see it, what each page says, and how two people bring a workbook into force."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.auth.models import Group, Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from openpyxl import load_workbook

from approval_hook import cases, clock, keeping
from approval_hook.models import RuleDraft, RuleRevision
from approval_hook.rulebook import LoadedRules
from approval_hook.threelists import naming, words
from approval_hook.threelists.drafting import import_draft
from approval_hook.threelists.workbook import write_workbook
from tests.unit.threelists.building import rules as small_rules
from workflows.groups import CLERKS, RULE_AUTHORS, RULE_PUBLISHERS
from workflows.policydesk import wording
from workflows.policydesk.saying import Sayings
from workflows.policydesk.sections import SECTIONS

KEY = slice(16)


def person(name: str, *groups: str) -> Client:
    """Sign in somebody of these groups who belongs to no licensing organ."""
    user = User.objects.create_user(name)
    user.groups.set(Group.objects.filter(name__in=groups))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def author() -> Client:
    """Somebody who drafts."""
    return person("author", RULE_AUTHORS)


@pytest.fixture
def publisher() -> Client:
    """Somebody who publishes."""
    return person("publisher", RULE_PUBLISHERS)


@pytest.fixture
def shipped() -> LoadedRules:
    """The rule set that comes with the program."""
    return cases.book().all()[-1]


@pytest.fixture
def small(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LoadedRules:
    """A small rule set without an error of the analysis, in the place of the shipped one; files are always read."""
    monkeypatch.setattr(cases, "_FILES_BELIEVED", 0.0)
    folder = tmp_path / "rules"
    folder.mkdir()
    plain = small_rules().plain()
    (folder / "2026-01-01.yaml").write_text(yaml.safe_dump(plain, allow_unicode=True), encoding="utf-8")
    settings.APPROVAL_HOOK = {**settings.APPROVAL_HOOK, "RULES": str(folder)}
    return cases.book().all()[-1]


def workbook(base: LoadedRules, header: str = "实施机关", value: str = "另一机关") -> bytes:
    """The lists of a version with one cell of its first measure changed."""
    book = load_workbook(io.BytesIO(write_workbook(base.rules)))
    sheet = book["备忘录措施清单"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index(header) + 1).value = value
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sent(raw: bytes, **changes: Any) -> dict[str, Any]:
    """The form of a new draft as the browser sends it."""
    first_day = clock.today() + timedelta(days=30)
    form = {"title": "新的规则", "revision": "r-2", "valid_from": first_day.isoformat()}
    return form | changes | {"workbook": SimpleUploadedFile("清单.xlsx", raw)}


def drafted(base: LoadedRules, by: str = "author") -> RuleDraft:
    """A draft by somebody who is signed in already."""
    user = User.objects.get(username=by)
    first_day = clock.today() + timedelta(days=30)
    return import_draft(base, workbook(base), "清单.xlsx", "新的规则", "r-2", first_day, user)


def at(draft: RuleDraft, step: str = "") -> str:
    """Address of a page about a draft."""
    return f"/rules/drafts/{draft.pk}/" + (f"{step}/" if step else "")


def text_of(response: Any) -> str:
    """The page without its tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def browsing(loaded: LoadedRules) -> list[str]:
    """Every page that only shows."""
    rules, top = loaded.rules, f"/rules/{loaded.digest[KEY]}/"
    return [
        "/rules/",
        "/rules/drafts/",
        "/rules/compare/",
        top,
        *(f"{top}{section}/" for section in SECTIONS),
        f"{top}matters/{rules.matters[0].code}/",
        f"{top}measures/{rules.measures[0].id}/",
        f"{top}lists/{rules.list_types[0].code}/",
        *(f"{top}bars/{bar.id}/" for bar in rules.bars[:1]),
        f"{top}bases/{rules.bases[0].id}/",
        f"{top}findings/",
        f"{top}findings/?grade=error&page=2",
        f"{top}unverified/",
        f"{top}reach/",
        f"{top}reach/?by=matter&page=2",
        f"{top}reach/picture/",
        f"{top}reach/picture/?all=1&kind=sanction",
    ]


def test_the_desk_is_closed_to_everybody_else(sign_in: Callable[..., Client], shipped: LoadedRules) -> None:
    """Officers get a page that says who may, visitors the login, and neither sees the link."""
    clerk = sign_in("lin", CLERKS)
    assert "/rules/" not in clerk.get("/work/").content.decode()
    for url in [*browsing(shipped), f"/rules/{shipped.digest[KEY]}/draft/", "/rules/drafts/1/"]:
        refused = clerk.get(url)
        assert refused.status_code == 403, url
        assert "起草或发布规则的人员" in refused.content.decode()
        assert Client().get(url).headers["Location"].startswith("/login/"), url


def test_policy_staff_start_at_the_rules(author: Client, publisher: Client) -> None:
    """Whoever belongs to no organ is led to the rules, and offered no list of cases."""
    for client in (author, publisher):
        page = client.get("/", follow=True)
        assert page.redirect_chain[0][0] == "/rules/"
        assert "待认领" not in page.content.decode()


def test_every_page_shows_and_asks_one_thing(author: Client, publisher: Client, shipped: LoadedRules) -> None:
    """All pages open for both groups, with one primary button at most and nothing inline."""
    for client in (author, publisher):
        for url in browsing(shipped):
            response = client.get(url)
            html = response.content.decode()
            assert response.status_code == 200, url
            assert html.count("btn primary") <= 1, url
            assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:|<script(?![^>]*\ssrc=\"/static/)", html), url
            assert len(re.findall(r"<h1", html)) == 1, url


def test_every_matter_and_measure_has_its_page(author: Client, shipped: LoadedRules) -> None:
    """No rule of the shipped set breaks its page, and each quotes what it rests on."""
    top, rules = f"/rules/{shipped.digest[KEY]}/", shipped.rules
    pages = [(f"matters/{m.code}/", m.title, m.basis) for m in rules.matters]
    pages += [(f"measures/{m.id}/", m.title, m.basis) for m in rules.measures]
    pages += [(f"lists/{t.code}/", t.title, t.basis) for t in rules.list_types]
    pages += [(f"bars/{b.id}/", b.title, b.basis) for b in rules.bars]
    for path, title, bases in pages:
        text = text_of(author.get(top + path))
        assert title in text, path
        for basis in bases:
            assert basis.quote in text, path
            assert basis.version.isoformat() in text, path
            assert basis.verified or "未核实" in text, path


def test_wrong_addresses_are_not_found(author: Client, publisher: Client, shipped: LoadedRules) -> None:
    """Unknown versions, rules, sections and drafts answer 404, not a crash."""
    top = f"/rules/{shipped.digest[KEY]}/"
    for url in (
        "/rules/0123456789abcdef/",
        "/rules/nothing/",
        "/rules/drafts/999/",
        "/rules/drafts/999/publish/",
        "/rules/compare/?old=0123456789abcdef",
        "/rules/compare/?old=%2e%2e",
        *(f"{top}{part}/no-such/" for part in ("matters", "measures", "lists", "bars", "bases")),
        f"{top}no-such-section/",
    ):
        assert publisher.get(url).status_code == 404, url
    assert author.get("/rules/0123456789abcdef/draft/").status_code == 404
    assert author.get("/rules/0123456789abcdef/lists.xlsx").status_code == 404


def test_the_list_names_states_and_people(author: Client, publisher: Client, small: LoadedRules) -> None:
    """A version in force, a draft and what is to be done stand on the first page."""
    text = text_of(author.get("/rules/"))
    assert "现行" in text
    assert "起草新版本" in text
    draft = drafted(small)
    text = text_of(author.get("/rules/"))
    assert "提交草案“新的规则”" in text
    assert "起草中" in text
    assert "没有等待您发布的草案" in text_of(publisher.get("/rules/"))
    author.post(at(draft, "submit"), {"seen": draft.digest})
    assert "审查草案“新的规则”" in text_of(publisher.get("/rules/"))


def test_unverified_bases_stand_with_their_rules(author: Client, shipped: LoadedRules) -> None:
    """Each unverified basis is listed once, with the rules that rest on it."""
    wanted = {b.id for b in shipped.rules.bases if not b.verified}
    page, seen, rested = 1, [], 0
    while True:
        listed = author.get(f"/rules/{shipped.digest[KEY]}/unverified/?page={page}").context["page"]
        seen += [basis.id for basis, _rules in listed]
        rested += sum(bool(rules) for _basis, rules in listed)
        if not listed.has_next():
            break
        page += 1
    assert sorted(seen) == sorted(wanted)
    assert rested > 100


def test_an_adverse_rule_on_an_unverified_basis_is_told(author: Client, small: LoadedRules, settings: Any) -> None:
    """A bar that is kept without matters because its basis is unverified is shown as without effect."""
    data: dict[str, Any] = small.rules.plain()
    law = next(b for b in data["bases"] if b["id"] == "law-1")
    data["bases"].append({**law, "id": "law-9", "article": "第九条", "verified": False})
    bar = {
        "id": "bar-9",
        "title": "停用的限制",
        "title_en": "Parked",
        "licence": "示例许可",
        "matters": [],
        "may_refuse": True,
    }
    bar |= {"events": ["licence_revoked"], "domains": ["same_licence"], "roles": ["applicant"], "roles_then": []}
    data["bars"].append(bar | {"period_years": 3, "start": "decision", "proofs": ["platform"], "basis": ["law-9"]})
    path = Path(settings.APPROVAL_HOOK["RULES"]) / "2026-01-01.yaml"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    top = f"/rules/{cases.book().all()[-1].digest[KEY]}/"
    for path_ in ("", "unverified/"):
        text = text_of(author.get(top + path_))
        assert "不起作用" in text
        assert "停用的限制" in text
    assert "现不起作用" in text_of(author.get(top + "bars/bar-9/"))


def test_the_search_works_without_script(author: Client, shipped: LoadedRules) -> None:
    """Every word of a search must be in the line; codes and materials are found too; markup is text."""
    top = f"/rules/{shipped.digest[KEY]}/"

    def found(path: str, q: str) -> list[str]:
        return [line.code for line, _cells in author.get(top + path, {"q": q}).context["page"]]

    assert found("matters/", "食品 经营许可") == ["food-business"]
    assert found("matters/", "FOOD-BUSINESS") == ["food-business"]
    assert "food-business" in found("matters/", "送达地址确认书")
    assert found("bases/", "未核实")
    assert found("measures/", "没有这样的措施") == []
    assert "<b>x" not in author.get(top + "matters/", {"q": "<b>x"}).content.decode()


def test_reach_is_the_same_in_table_reverse_and_picture(author: Client, shipped: LoadedRules) -> None:
    """Measure to matters, matter to measures and the marks of the picture tell of the same pairs."""
    top = f"/rules/{shipped.digest[KEY]}/reach/"
    pairs: dict[str, set[tuple[str, str]]] = {}
    for by in ("measure", "matter"):
        held: list[Any] = []
        for page in (1, 2):
            held += author.get(top, {"by": by, "page": page}).context["page"].object_list
        pairs[by] = {(e.measure.id, e.matter.code) for _row, each in held for e in each}
    picture = author.get(top + "picture/").context["picture"]
    drawn = {(m.effect.measure.id, m.effect.matter.code) for m in picture.marks}
    assert pairs["measure"] == pairs["matter"] == drawn
    assert {(a.measure, a.matter) for a in shipped.rules.applications} == drawn
    assert len(picture.rows) == len(shipped.rules.matters)


def test_the_picture_tells_kinds_apart_without_colour(author: Client, shipped: LoadedRules) -> None:
    """Marks differ in form, each has a text, and the drawing has a title and a description."""
    html = author.get(f"/rules/{shipped.digest[KEY]}/reach/picture/").content.decode()
    for form in ('class="solid" r=', 'class="hollow"', 'class="solid" d='):
        assert form in html
    assert '<title id="picture-title">' in html
    assert '<desc id="picture-desc">' in html
    assert "→ 食品经营许可（新办）：强制性" in html
    assert "<script" not in html.split("<main")[1]


def test_a_filter_narrows_table_and_picture(author: Client, shipped: LoadedRules) -> None:
    """One department, sanctions only; an unknown department filters nothing."""
    top = f"/rules/{shipped.digest[KEY]}/reach/picture/"
    few = author.get(top, {"department": "税务局", "kind": "sanction"}).context["picture"]
    assert [row.matter.code for row in few.rows] == ["tax-relief"]
    assert len(author.get(top, {"department": "无此部门"}).context["picture"].rows) == len(shipped.rules.matters)


def test_the_workbook_comes_down_and_goes_up(author: Client, small: LoadedRules) -> None:
    """What is downloaded is the workbook of that version; uploaded with a change it becomes a draft."""
    response = author.get(f"/rules/{small.digest[KEY]}/lists.xlsx")
    assert response.content == write_workbook(small.rules)
    assert response.headers["Content-Disposition"].startswith("attachment;")
    page = author.post(f"/rules/{small.digest[KEY]}/draft/", sent(workbook(small)), follow=True)
    draft = RuleDraft.objects.get()
    assert page.redirect_chain[-1][0] == at(draft)
    text = text_of(page)
    assert "另一机关" in text
    assert "某局、某委，会同某办" in text
    assert "备忘录措施清单" in text
    assert RuleRevision.objects.filter(origin="published").count() == 0


def test_a_wrong_workbook_is_told_by_sheet_and_cell(author: Client, small: LoadedRules) -> None:
    """The errors name sheet, cell and remedy; what was typed stays; nothing is stored."""
    raw = workbook(small, "奖惩性质", "处罚")
    page = author.post(f"/rules/{small.digest[KEY]}/draft/", sent(raw, title="改过的名称"))
    assert page.status_code == 422
    text = text_of(page)
    assert "文件中有 1 处错误，全部没有导入" in text
    assert "备忘录措施清单" in text
    assert "F2" in text
    assert 'value="改过的名称"' in page.content.decode()
    assert 'value="r-2"' in page.content.decode()
    assert not RuleDraft.objects.exists()


@pytest.mark.parametrize(
    ("raw", "said"),
    [(b"", "文件是空的"), (b"PK\x03\x04 broken", "文件已损坏"), ("名称,编号".encode("gbk"), "GBK")],
    ids=["empty", "broken", "csv"],
)
def test_a_hostile_file_is_refused_politely(author: Client, small: LoadedRules, raw: bytes, said: str) -> None:
    """No file makes the page fail; each answer says what it is."""
    page = author.post(f"/rules/{small.digest[KEY]}/draft/", sent(raw))
    assert page.status_code == 422
    assert said in text_of(page)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"revision": "../x"}, "版本号只能用字母"),
        ({"revision": ""}, "请填写新版本号"),
        ({"valid_from": "2020-01-01"}, "生效日期须晚于今天"),
        ({"title": ""}, "请填写名称"),
        ({"title": "甲\u202e乙"}, "名称"),
    ],
)
def test_wrong_fields_are_told_beside_the_field(
    author: Client, small: LoadedRules, changes: dict[str, str], said: str
) -> None:
    """A used name, a day that has come and an empty field are refused in words."""
    page = author.post(f"/rules/{small.digest[KEY]}/draft/", sent(workbook(small), **changes))
    assert page.status_code == 422
    assert said in text_of(page)
    assert not RuleDraft.objects.exists()


def test_names_and_days_that_are_taken_are_told(author: Client, small: LoadedRules) -> None:
    """A revision in use is refused beside its field."""
    form = sent(workbook(small), revision=small.rules.revision)
    page = author.post(f"/rules/{small.digest[KEY]}/draft/", form)
    assert "已经用过" in text_of(page)
    assert "errorlist" in page.content.decode()


def test_two_people_publish(
    author: Client, publisher: Client, small: LoadedRules, django_capture_on_commit_callbacks: Any
) -> None:
    """The author submits, somebody else gives a reason and publishes; both are recorded, and the version is there."""
    draft = drafted(small)
    assert author.post(at(draft, "submit"), {"seen": draft.digest}).status_code == 302
    page = publisher.get(at(draft, "publish"))
    assert "申请人会读到的不利规则" in text_of(page)
    assert small.rules.bases[0].quote in text_of(page)
    assert "data-deliberate" in page.content.decode()
    answer = {"seen": draft.digest, "note": "依据省信用办会议决定", "sure": "on"}
    with django_capture_on_commit_callbacks(execute=True):
        assert publisher.post(at(draft, "publish"), answer).status_code == 302
    made = RuleRevision.objects.get(origin="published")
    assert (made.author, made.publisher, made.note) == ("author", "publisher", "依据省信用办会议决定")
    keeping.forget()
    text = text_of(publisher.get("/rules/"))
    assert "待生效" in text
    assert "author → publisher" in text
    assert "已发布，自" in text_of(author.get(at(draft)))
    again = publisher.post(at(draft, "publish"), answer, follow=True)
    assert "现为“已发布”，不能这样处理" in text_of(again)
    assert RuleRevision.objects.filter(origin="published").count() == 1


def test_nobody_publishes_their_own_draft(small: LoadedRules) -> None:
    """Somebody with both permissions may draft and publish, but not the same draft."""
    both = person("author", RULE_AUTHORS, RULE_PUBLISHERS)
    draft = drafted(small)
    both.post(at(draft, "submit"), {"seen": draft.digest})
    assert "起草人不能发布自己的草案" in text_of(both.get(at(draft)))
    for step in ("publish", "return"):
        for answer in (both.get(at(draft, step)), both.post(at(draft, step), {"note": "同意发布", "sure": "on"})):
            assert answer.status_code == 403
            assert "另一名有发布权限的人员" in answer.content.decode()
    draft.refresh_from_db()
    assert draft.state == RuleDraft.State.SUBMITTED


def test_publication_needs_a_reason_and_a_check(author: Client, publisher: Client, small: LoadedRules) -> None:
    """Without reason or tick nothing is published, and what was typed stays."""
    draft = drafted(small)
    author.post(at(draft, "submit"), {"seen": draft.digest})
    page = publisher.post(at(draft, "publish"), {"seen": draft.digest, "note": "依据会议决定"})
    assert page.status_code == 422
    assert "依据会议决定" in page.content.decode()
    assert "请核对后勾选" in text_of(page)
    page = publisher.post(at(draft, "publish"), {"seen": draft.digest, "note": " ", "sure": "on"})
    assert "请填写发布理由" in text_of(page)
    assert not RuleRevision.objects.filter(origin="published").exists()


def test_what_has_changed_meanwhile_is_not_published(author: Client, publisher: Client, small: LoadedRules) -> None:
    """A publisher who saw an older content is told to look again."""
    draft = drafted(small)
    author.post(at(draft, "submit"), {"seen": draft.digest})
    page = publisher.post(at(draft, "publish"), {"seen": "0" * 64, "note": "依据会议决定", "sure": "on"})
    assert page.status_code == 422
    assert "草案刚刚有了新的内容" in text_of(page)
    stale = author.post(at(draft, "withdraw"), {"seen": "0" * 64, "sure": "on"}, follow=True)
    assert "草案刚刚有了新的内容" in text_of(stale)
    draft.refresh_from_db()
    assert draft.state == RuleDraft.State.SUBMITTED


def test_a_draft_is_sent_back_mended_and_withdrawn(author: Client, publisher: Client, small: LoadedRules) -> None:
    """The author reads why, uploads again, and may give the draft up; a second step at a closed draft is refused."""
    draft = drafted(small)
    author.post(at(draft, "submit"), {"seen": draft.digest})
    assert publisher.post(at(draft, "return"), {"seen": draft.digest, "note": ""}).status_code == 422
    publisher.post(at(draft, "return"), {"seen": draft.digest, "note": "第二行的机关写错了"})
    text = text_of(author.get(at(draft)))
    assert "publisher 退回：第二行的机关写错了" in text
    mended = SimpleUploadedFile("改.xlsx", workbook(small, value="第三机关"))
    text = text_of(author.post(at(draft, "change"), {"workbook": mended}, follow=True))
    assert "第三机关" in text
    wrong = SimpleUploadedFile("错.xlsx", workbook(small, "措施效果", "随便"))
    assert "全部没有导入" in text_of(author.post(at(draft, "change"), {"workbook": wrong}))
    draft.refresh_from_db()
    assert author.post(at(draft, "withdraw"), {"seen": draft.digest}).status_code == 422
    author.post(at(draft, "withdraw"), {"seen": draft.digest, "sure": "on"})
    assert "草案已撤回" in text_of(author.get(at(draft)))
    text = text_of(author.post(at(draft, "submit"), {"seen": draft.digest}, follow=True))
    assert "不能这样处理" in text


def test_drafting_is_for_authors_and_their_own(author: Client, publisher: Client, small: LoadedRules) -> None:
    """Publishers and other authors cannot change, submit or withdraw a draft."""
    draft = drafted(small)
    other = person("second", RULE_AUTHORS)
    for client in (publisher, other):
        assert client.get(at(draft)).status_code == 200
        for step in ("change", "withdraw"):
            assert client.get(at(draft, step)).status_code == 403
        assert client.post(at(draft, "submit"), {"seen": draft.digest}).status_code == 403
    assert publisher.get(f"/rules/{small.digest[KEY]}/draft/").status_code == 403
    assert other.get(at(draft, "publish")).status_code == 403
    assert author.get(at(draft, "submit")).headers["Location"] == at(draft)


def test_a_draft_of_an_older_version_shows_what_it_would_undo(
    author: Client, publisher: Client, small: LoadedRules
) -> None:
    """Draft, review and publish pages name the version in between and its changes; nothing is published."""
    second = person("second", RULE_AUTHORS)
    first = drafted(small)
    day = clock.today() + timedelta(days=40)
    raw = write_workbook(small.rules)
    late = import_draft(small, raw, "旧.xlsx", "旧底稿", "r-3", day, User.objects.get(username="second"))
    second.post(at(late, "submit"), {"seen": late.digest})
    author.post(at(first, "submit"), {"seen": first.digest})
    publisher.post(at(first, "publish"), {"seen": first.digest, "note": "依据会议决定", "sure": "on"})
    keeping.forget()
    for client, step in ((second, ""), (publisher, ""), (publisher, "publish")):
        text = text_of(client.get(at(late, step)))
        assert "起草之后又发布了 r-2，以下 1 处改动会被取消" in text
        assert "另一机关" in text
    answer = {"seen": late.digest, "note": "依据会议决定", "sure": "on"}
    page = publisher.post(at(late, "publish"), answer)
    assert page.status_code == 422
    assert "请撤回后从版本“r-2”重新起草" in text_of(page)
    assert RuleRevision.objects.filter(origin="published").count() == 1
    assert "不是最新的版本" in text_of(author.get(f"/rules/{small.digest[KEY]}/draft/"))


def test_a_clash_is_shown_and_mended(author: Client, publisher: Client, small: LoadedRules) -> None:
    """A draft whose revision was taken says so before submission and gets another; who did what stays readable."""
    first, second = drafted(small), drafted(small)
    author.post(at(first, "submit"), {"seen": first.digest})
    publisher.post(at(first, "publish"), {"seen": first.digest, "note": "依据会议决定", "sure": "on"})
    keeping.forget()
    assert "版本号“r-2”已经用过" in text_of(author.get(at(second)))
    day = (clock.today() + timedelta(days=20)).isoformat()
    form = {"seen": second.digest, "title": "改名的规则", "revision": "r-2", "valid_from": day}
    assert "已经用过" in text_of(author.post(at(second, "name"), form))
    page = author.post(at(second, "name"), form | {"revision": "r-9"}, follow=True)
    text = text_of(page)
    assert "提交审查" in text
    assert "改名称、版本号或生效日期" in text
    assert "r-9" in text_of(author.get("/rules/drafts/"))
    assert publisher.get(at(second, "name")).status_code == 403
    assert "依据会议决定" in text_of(author.get(at(first)))


def test_a_draft_comes_down_as_a_workbook_that_goes_up_again(author: Client, small: LoadedRules) -> None:
    """Its help sheet names the base, so that it can be uploaded as a change; the same lists again are told."""
    draft = drafted(small)
    raw = author.get(f"{at(draft)}lists.xlsx").content
    page = author.post(at(draft, "change"), {"workbook": SimpleUploadedFile("x.xlsx", raw)}, follow=True)
    assert "已用新文件的四张表替换草案内容" in text_of(page)
    same = SimpleUploadedFile("x.xlsx", write_workbook(small.rules))
    assert "没有任何改动" in text_of(author.post(at(draft, "change"), {"workbook": same}, follow=True))


def test_findings_speak_in_names(shipped: LoadedRules) -> None:
    """Codes become titles with the code in brackets, values and fields become words."""
    names = Sayings(shipped.rules)
    measure, matter = shipped.rules.measures[0], shipped.rules.matters[0]
    assert names.place(f"measures({measure.id})") == f"措施“{measure.title}”（{measure.id}）"
    both = f"事项“{matter.title}”（{matter.code}） · 措施“{measure.title}”（{measure.id}）"
    assert names.place(f"applications({matter.code} / {measure.id})") == both
    said = names.text(f"{measure.id}（limit_entry，强制性）；请在 applications 中补上，或改 queried_roles。")
    assert (
        said == f"“{measure.title}”（{measure.id}）（限制准入，强制性）；请在 “应用事项清单” 中补上，或改 “核查对象”。"
    )
    assert names.text("O-06 和 no-such-code") == "O-06 和 no-such-code"


def test_every_slug_of_the_shipped_rules_has_its_word(shipped: LoadedRules) -> None:
    """A new event or domain in the rule files needs a word on the page."""
    used = {event for bar in shipped.rules.bars for event in bar.events}
    assert used - wording.EVENTS.keys() == set()
    fields = {domain for bar in shipped.rules.bars for domain in bar.domains}
    assert fields - wording.DOMAINS.keys() == set()
    assert wording.slugs(wording.DOMAINS, ["same_licence", "new_field"]) == "与所申请事项同一许可、new_field（代码）"


def test_errors_of_the_analysis_stop_the_publication(
    author: Client, publisher: Client, small: LoadedRules, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an error the author is told to mend, and the publisher is offered no publication."""
    from approval_hook.policy.analysis import Analysis, Finding, FindingKind
    from workflows.policydesk.versions import Reading, reading

    # What other tests derived from the same content must not be remembered here.
    reading.cache_clear()
    wrong = Analysis("r-2", (Finding(FindingKind.CONFLICT, "error", "bars(x)", "两条要求不一。", ("x",)),))
    monkeypatch.setattr(Reading, "analysis", wrong)
    draft = drafted(small)
    text = text_of(author.get(at(draft)))
    assert "更正 1 处错误后重新上传" in text
    assert "两条要求不一。" in text
    author.post(at(draft, "submit"), {"seen": draft.digest})
    assert "有 1 处错误，退回 author 修改" in text_of(publisher.get(at(draft)))
    html = publisher.get(at(draft, "publish")).content.decode()
    assert "现在不能发布" in html
    assert "确认发布" not in html


def test_a_draft_whose_day_has_come_is_to_be_withdrawn(author: Client, small: LoadedRules) -> None:
    """Rules do not look back: from its first day on a draft can only be given up."""
    draft = drafted(small)
    with clock.standing_at(clock.now() + timedelta(days=31)):
        text = text_of(author.get(at(draft)))
        assert "撤回，改用以后的日期另行起草" in text
        assert "提交审查" not in text


def test_two_versions_side_by_side(author: Client, small: LoadedRules) -> None:
    """Field by field before and after, by part; the same version twice has no difference."""
    draft = drafted(small)
    address = f"/rules/compare/?old={small.digest[KEY]}&new={draft.digest[KEY]}"
    page = author.get(address + "&part=measures")
    text = text_of(page)
    assert "改前" in text
    assert "某局、某委，会同某办" in text
    assert "另一机关" in text
    assert {c.change.part for c in page.context["page"]} == {"measures"}
    assert "没有差异" in text_of(author.get(f"/rules/compare/?old={draft.digest[KEY]}&new={draft.digest[KEY]}"))
    swapped = author.get(address + "&swap=1")
    assert swapped.headers["Location"] == f"/rules/compare/?old={draft.digest[KEY]}&new={small.digest[KEY]}"


def test_a_draft_is_browsed_like_a_version_but_not_drafted_from(author: Client, small: LoadedRules) -> None:
    """Every page of a version opens for a draft; its workbook would name a base that nobody can draft from."""
    draft = drafted(small)
    top = f"/rules/{draft.digest[KEY]}/"
    for path in ("", "matters/", "reach/", "reach/picture/", "findings/"):
        assert author.get(top + path).status_code == 200
    assert author.get(top + "lists.xlsx").status_code == 404
    assert author.get(top + "draft/").status_code == 404


def test_unsound_files_are_told_and_stored_versions_stay(author: Client, small: LoadedRules, settings: Any) -> None:
    """A broken rule file gives its problems on a page, never a crash."""
    path = Path(settings.APPROVAL_HOOK["RULES"]) / "2026-06-01.yaml"
    path.write_text("title: [", encoding="utf-8")
    page = author.get("/rules/")
    assert page.status_code == 200
    assert "2026-06-01.yaml" in text_of(page)
    broken = author.get(f"/rules/{small.digest[KEY]}/")
    assert broken.status_code == 503
    assert "规则读不出来" in text_of(broken)


def test_a_kept_version_is_listed_as_archived(author: Client, small: LoadedRules, settings: Any) -> None:
    """Rules that decisions rest on stay readable after their file is gone."""
    from approval_hook.workcalendar import published_calendar

    other = {**small.rules.plain(), "revision": "old-1", "title": "旧规则"}
    from approval_hook.policy.catalogue import RuleSet

    rules = RuleSet.parse(other)
    keeping.keep(LoadedRules(rules, rules.digest, "old.yaml"), published_calendar())
    assert "存档" in text_of(author.get("/rules/"))
    assert "旧规则" in text_of(author.get(f"/rules/{rules.digest[KEY]}/"))


def test_long_lists_have_pages(author: Client, shipped: LoadedRules) -> None:
    """No list of the shipped rules stands on one endless page."""
    page = author.get(f"/rules/{shipped.digest[KEY]}/bases/").context["page"]
    assert page.paginator.num_pages == -(-len(shipped.rules.bases) // 40)
    last = author.get(f"/rules/{shipped.digest[KEY]}/bases/?page=999").context["page"]
    assert last.number == page.paginator.num_pages


def test_every_word_of_the_core_has_its_english() -> None:
    """The closed vocabularies that the desk shows are all in the English catalogue."""
    vocabularies = (
        words.KINDS, words.EFFECTS, words.SUBJECTS, words.ROLES, words.FORCES, words.SEVERITIES, words.BASIS_TYPES,
        naming.PART_LABELS, naming.FIELD_LABELS,
    )  # fmt: skip
    shown = {text for vocabulary in vocabularies for text in vocabulary.values()}
    shown |= {str(label) for label in (*RuleDraft.State.labels, *RuleRevision.Origin.labels)}
    with translation.override("en"):
        assert sorted(text for text in shown if translation.gettext(text) == text) == []


def test_english_pages_are_english(author: Client, small: LoadedRules) -> None:
    """With English chosen the words around the rules are English."""
    author.post("/language/", {"language": "en", "next": "/rules/"})
    html = author.get("/rules/").content.decode()
    assert 'lang="en"' in html
    assert "Draft a new version" in html
    text = text_of(author.get(f"/rules/{small.digest[KEY]}/"))
    assert re.findall(r"[\u4e00-\u9fff]+", text.replace("合成规则", "").replace("中文", "")) == []


def test_the_groups_separate_duties() -> None:
    """Who drafts may not publish by group, and the reverse."""
    held = {
        name: set(Permission.objects.filter(group__name=name).values_list("codename", flat=True))
        for name in (RULE_AUTHORS, RULE_PUBLISHERS)
    }
    assert held == {RULE_AUTHORS: {"author_rules"}, RULE_PUBLISHERS: {"publish_rules"}}


def test_exemptions_are_listed_in_one_place(author: Client, small: LoadedRules, settings: Any) -> None:
    """One section shows matter, region, points, period and the quoted basis; without any it is empty."""
    address = f"/rules/{small.digest[KEY]}/exemptions/"
    empty = text_of(author.get(address))
    assert "这个版本没有这类内容" in empty
    assert "没有含" not in empty
    assert "示例豁免" not in author.get(address).content.decode()
    matter = small.rules.matters[0]
    exemption = {
        "id": "trial-exemption",
        "title": "示例豁免",
        "matter": matter.code,
        "region": "4401",
        "points": ["acceptance", "decision"],
        "valid_from": "2026-01-01",
        "valid_to": "2026-06-30",
        "basis": ["law-1"],
    }
    data = {**small_rules().plain(), "revision": "r-exempting", "exemptions": [exemption]}
    file = Path(settings.APPROVAL_HOOK["RULES"]) / "2026-01-01.yaml"
    file.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    loaded = cases.book().all()[-1]
    text = text_of(author.get(f"/rules/{loaded.digest[KEY]}/exemptions/"))
    for word in ("示例豁免", matter.title, "4401", "受理时、决定前", loaded.rules.exemptions[0].basis[0].quote):
        assert word in text
    assert "核查环节 受理时、决定前、发证时（只复读，不拦截）" in text_of(
        author.get(f"/rules/{loaded.digest[KEY]}/matters/{matter.code}/")
    )
