"""Unsound rule files are refused whole, with every problem, its place and its remedy in Chinese."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.case import Authorisation, Role
from approval_hook.policy.catalogue import GatePoint, due_date, release_date
from approval_hook.workcalendar import published_calendar

from .building import BOSS, DRIVER, FIRM, ON, rules, rules_with

Data = dict[str, Any]


def food(data: Data) -> Data:
    """The food matter."""
    return next(m for m in data["matters"] if m["code"] == "food-business")


def named(data: Data, part: str, name: str) -> Data:
    """One item of a part by its id or code."""
    return next(item for item in data[part] if name in (item.get("id"), item.get("code")))


def bar(data: Data, code: str = "food-135-applicant") -> Data:
    """One bar."""
    return named(data, "bars", code)


def wage(data: Data) -> Data:
    """The measure of the wage list."""
    return named(data, "measures", "wage-48-entry")


def row(data: Data, matter: str = "food-business", measure: str = "wage-48-entry") -> Data:
    """One row of 应用事项清单."""
    return next(a for a in data["applications"] if (a["matter"], a["measure"]) == (matter, measure))


def document(data: Data, name: str, kind: str) -> None:
    """Make a document another kind of document."""
    named(data, "documents", name)["type"] = kind


def material(data: Data, code: str) -> Data:
    """One material of the food matter."""
    return next(m for m in food(data)["materials"] if m["code"] == code)


def list_type(data: Data, code: str) -> Data:
    """One list type."""
    return next(t for t in data["list_types"] if t["code"] == code)


BAD: list[tuple[str, Callable[[Data], object], str]] = [
    ("unknown key", lambda d: food(d).update(colour="red"), ".colour：是未知字段"),
    ("missing key", lambda d: food(d).pop("title"), ".title：缺少"),
    ("float for text", lambda d: d.update(revision=1.0), "revision：应为文字"),
    ("number for date", lambda d: d.update(valid_from=20261001), "valid_from：应为日期"),
    ("text for bool", lambda d: food(d).update(quota_limited="no"), "quota_limited：应为 true 或 false"),
    ("float for days", lambda d: food(d).update(promised_days=1.5), "promised_days：应为整数"),
    ("unknown role", lambda d: bar(d).update(roles=["neighbour"]), "roles[0]：的取值不在允许范围内"),
    ("measure without basis", lambda d: wage(d).update(basis=[]), ".basis：不能为空"),
    ("bar without basis", lambda d: bar(d).update(basis=[]), ".basis：不能为空"),
    (
        "memorandum as basis",
        lambda d: document(d, "nmg", "memorandum"),
        "measures(wage-48-entry).basis[0]（保障农民工工资支付条例）：类型“memorandum”不能作为不利措施的依据",
    ),
    (
        "unverified basis",
        lambda d: named(d, "bases", bar(d)["basis"][0]).update(verified=False),
        "bars(food-135-applicant).basis[0]（食品安全法）：依据未核实",
    ),
    (
        "refusal by policy",
        lambda d: document(d, "spaq", "central_policy"),
        "政策文件不能作为不予许可的依据",
    ),
    (
        "list without basis",
        lambda d: list_type(d, "city_uncivil").update(reference_only=False),
        "list_types(city_uncivil).basis：没有已核实的",
    ),
    (
        "local list made national",
        lambda d: list_type(d, "watch_list").update(scope="national"),
        "只有地方性法规依据的名单不能全国适用",
    ),
    ("bad scope", lambda d: list_type(d, "watch_list").update(scope="广东"), "scope：的写法不符合要求"),
    (
        "statutory material tolerated",
        lambda d: material(d, "safety-rules").update(tolerance="everyone", supplement_days=1),
        "materials(safety-rules).tolerance：法律法规要求的材料不得容缺",
    ),
    (
        "main material tolerated",
        lambda d: material(d, "service-address").update(main=True),
        "materials(service-address).tolerance：主要材料不得对所有人容缺",
    ),
    (
        "statutory without law",
        lambda d: material(d, "service-address").update(kind="statutory"),
        "materials(service-address).basis：未写明已核实的法律法规依据",
    ),
    (
        "supplement after the decision",
        lambda d: material(d, "service-address").update(supplement_days=13),
        "补交期限晚于决定期限前3个工作日",
    ),
    ("unknown matter", lambda d: bar(d).update(matters=["nail-salon"]), "事项“nail-salon”不存在"),
    ("unknown list", lambda d: wage(d).update(list_types=["nobody"]), "名单“nobody”不存在"),
    (
        "sanction on a watch list",
        lambda d: wage(d).update(list_types=["watch_list"]),
        "名单“watch_list”不是有依据的严重失信名单",
    ),
    ("sanction without list", lambda d: wage(d).update(list_types=[]), "惩戒措施须写明对应名单"),
    ("sanction with a bonus", lambda d: wage(d).update(effect="green_channel"), "惩戒措施不能是激励"),
    (
        "incentive that limits",
        lambda d: named(d, "measures", "green-channel").update(effect="limit_entry"),
        "激励措施不得限制准入",
    ),
    ("unknown category", lambda d: list_type(d, "penalty").update(category="C9"), "类别“C9”不存在"),
    ("duplicate bar", lambda d: d["bars"].append(dict(bar(d))), "编号“food-135-applicant”出现2次"),
    ("duplicate material", lambda d: food(d)["materials"].append(material(d, "safety-rules")), "“safety-rules”出现2次"),
    ("missing principle", lambda d: d["principles"].pop(), "缺少通则“underlying-decision”"),
    ("useless principle", lambda d: d["principles"][0].update(id="nice"), "通则“nice”没有任何用处"),
    ("missing period", lambda d: d["display_periods"].remove(named(d, "display_periods", "serious")), "缺少“serious”"),
    ("period upside down", lambda d: d["display_periods"][1].update(min_months=99), "最短期限长于最长期限"),
    ("period of good", lambda d: d["display_periods"][0].update(severity="good"), "守信信息不设公示期限"),
    ("rule set ends first", lambda d: d.update(valid_to="2026-01-01"), "valid_to：早于 valid_from"),
    (
        "measure ends first",
        lambda d: wage(d).update(valid_to="2000-01-01"),
        "measures(wage-48-entry).valid_to：早于 valid_from",
    ),
    ("agent asked", lambda d: food(d)["queried_roles"].append("agent"), "代理人不是核查对象"),
    ("agent with ground", lambda d: d["grounds"][0]["roles"].append("agent"), "代理人不是核查对象"),
    ("applicant not asked", lambda d: food(d).update(queried_roles=["principal"]), "申请人必查"),
    (
        "persons asked by local rule",
        lambda d: d["grounds"][0].update(kinds=["organisation", "person"]),
        "自然人须有法律或行政法规",
    ),
    ("source twice", lambda d: food(d)["advisory_sources"].append("province"), "“province”已是必查来源"),
    ("promise too long", lambda d: food(d).update(promised_days=21), "承诺时限长于法定期限20日"),
    ("invisible character", lambda d: d.update(title="甲\u200b乙"), "title：含有不可见的字符"),
    ("unknown clock", lambda d: food(d).update(clock="soon"), "期限“soon”不在 clocks 中"),
    ("unknown basis", lambda d: bar(d).update(basis=["nothing-1"]), "bars(food-135-applicant).basis：依据“nothing-1”"),
    ("basis written out", lambda d: bar(d).update(basis=[{"quote": "x"}]), "依据应写编号"),
    ("basis of no document", lambda d: d["bases"][0].update(document="lost"), "文件“lost”不在 documents 中"),
    ("malformed basis", lambda d: d["bases"][0].update(quote=7), ".quote：应为文字"),
    ("row of no measure", lambda d: row(d).update(measure="lost"), "措施“lost”不存在"),
    ("row of no matter", lambda d: row(d).update(matter="lost"), "事项“lost”不存在"),
    ("row at another level", lambda d: row(d).update(level="省级"), "事项为县级，此处写省级"),
    ("row without basis", lambda d: row(d).update(basis=[]), "限制准入须写明适用于本事项的依据"),
    ("row twice", lambda d: d["applications"].append(dict(row(d))), "“food-business / wage-48-entry”出现2次"),
    ("incentive refuses", lambda d: row(d, measure="green-channel").update(may_refuse=True), "不能据以不予许可"),
    ("unknown measure type", lambda d: wage(d).update(type="lost"), "措施类别“lost”不存在"),
    (
        "type of the other kind",
        lambda d: wage(d).update(type=named(d, "measures", "green-channel")["type"]),
        "不得混用",
    ),
    ("unknown memo", lambda d: wage(d).update(memo="lost"), "备忘录“lost”不存在"),
    ("unknown edition", lambda d: d["measure_types"][0].update(edition="lost"), "清单版本“lost”不存在"),
    ("unknown display", lambda d: list_type(d, "penalty").update(display="lost"), "公示期限“lost”不存在"),
    ("unknown agreement", lambda d: list_type(d, "watch_list").update(scope="agreement:lost"), "互认协议“lost”不存在"),
    ("unnamed source", lambda d: d["sources"].pop(0), "核查来源“province”不在 sources 中"),
    ("days without tolerance", lambda d: material(d, "safety-rules").update(supplement_days=1), "不得容缺的材料没有"),
    ("tolerance without days", lambda d: material(d, "service-address").update(supplement_days=0), "须写明补交期限"),
    ("years of a red list", lambda d: d["good_credit_routes"][0].update(years=3), "须写年数"),
    (
        "period named like a word",
        lambda d: d["display_periods"].append({**d["display_periods"][0], "id": "source", "severity": None}),
        "编号 severity、source 另有含义",
    ),
    ("ground of no source", lambda d: d["grounds"][1].update(sources=["nowhere"]), "没有事项使用来源“nowhere”"),
    (
        "refusal by more inspections",
        lambda d: row(d, measure="food-113-checks").update(may_refuse=True),
        "只有限制准入的措施可以据以不予许可",
    ),
    ("list named twice", lambda d: wage(d).update(list_types=["wage_arrears"] * 2), "“wage_arrears”出现2次"),
    ("event named twice", lambda d: bar(d).update(events=["licence_revoked"] * 2), "“licence_revoked”出现2次"),
    (
        "list where its law is none",
        lambda d: list_type(d, "shenzhen_serious").update(scope="city:4401"),
        "list_types(shenzhen_serious).scope：名单的地域超出其依据的适用地域",
    ),
    (
        "list of an agreement beyond its law",
        lambda d: list_type(d, "shenzhen_serious").update(scope="agreement:pearl-river-delta"),
        "名单的地域超出其依据的适用地域",
    ),
    (
        "law of an agreement",
        lambda d: named(d, "documents", "szxy").update(scope="agreement:pearl-river-delta"),
        "list_types(shenzhen_serious).scope：名单的地域超出其依据的适用地域",
    ),
    ("malformed clock", lambda d: d["clocks"][0].update(days="soon"), "clocks[0].days：应为整数"),
    ("clock is no mapping", lambda d: d["clocks"].append("soon"), "应为一组字段"),
    ("matters are no list", lambda d: d.update(matters="all"), "matters：应为列表"),
    ("matter is no mapping", lambda d: d["matters"].append("all"), "应为一组字段"),
    ("clock of a matter is no id", lambda d: food(d).update(clock=20), ".clock：应为一组字段"),
    (
        "no check before the decision",
        lambda d: food(d).update(points=["acceptance", "issue"]),
        ".points：缺少 decision",
    ),
    ("point twice", lambda d: food(d).update(points=["decision", "decision"]), ".points：编号“decision”出现2次"),
    ("unknown point", lambda d: food(d).update(points=["decision", "review"]), ".points[1]：的取值不在允许范围内"),
    ("bases are no list", lambda d: d.update(bases="all"), "依据“xkf-42”不在 bases 中"),
    ("basis is no list", lambda d: bar(d).update(basis="all"), ".basis：应为列表"),
]


@pytest.mark.parametrize(("change", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_rule_file_names_the_place_and_the_remedy(change: Callable[[Data], object], said: str) -> None:
    """The file is refused and the message says where and what to do."""
    with pytest.raises(RulesInvalid) as caught:
        rules_with(change)
    (first, *_) = [p for p in caught.value.problems if said in p] or [""]
    assert said in first, caught.value.problems
    assert "；" in first


@pytest.mark.parametrize(
    "change",
    [
        lambda d: list_type(d, "watch_list").update(scope="agreement:pearl-river-delta"),
        lambda d: list_type(d, "watch_list").update(scope="city:4403"),
        lambda d: bar(d).update(matters=[]),
        lambda d: d["display_periods"].append({**d["display_periods"][0], "id": "longer", "severity": None}),
    ],
    ids=["list of an agreement inside its law", "list of a city inside its law", "bar of no matter", "period of lists"],
)
def test_a_narrower_rule_is_sound(change: Callable[[Data], object]) -> None:
    """A list may reach less than its law does, a bar may close nothing that is offered, a period may serve no class."""
    assert rules_with(change)


def test_all_problems_are_reported_at_once() -> None:
    """Two faults in different parts are both reported."""

    def change(data: Data) -> None:
        bar(data).update(matters=["nail-salon"])
        material(data, "safety-rules").update(tolerance="everyone", supplement_days=1)

    with pytest.raises(RulesInvalid) as caught:
        rules_with(change)
    text = "\n".join(caught.value.problems)
    assert "nail-salon" in text
    assert "法律法规要求的材料不得容缺" in text


def test_the_shipped_rules_rest_on_verified_bases_only() -> None:
    """Nothing adverse of an offered matter rests on an unverified basis."""
    for bar_ in rules().bars:
        assert all(b.carries_adverse for b in bar_.basis)
    measures = {m.id: m for m in rules().measures}
    for measure in measures.values():
        harmless = measure.kind == "incentive" or measure.effect == "of_others"
        assert harmless or all(b.carries_adverse for b in measure.basis)
    for application in rules().applications:
        if measures[application.measure].kind == "sanction":
            assert all(b.carries_adverse for b in application.basis)
        assert not application.may_refuse or all(b.carries_refusal for b in application.basis)


def test_the_four_categories_of_r20_are_complete() -> None:
    """Four headings and their thirty-eight sub-items are there with their origin."""
    codes = [c.code for c in rules().categories]
    assert [sum(c.startswith(f"C{i}-") for c in codes) for i in (1, 2, 3, 4)] == [10, 20, 2, 6]
    origin = {c.code: c.origins for c in rules().categories}
    assert origin["C1-09"] == ("133",)
    assert origin["C1-03"] == ("442",)


def test_an_unknown_matter_is_not_configured() -> None:
    """A matter that is missing fails closed with its own message (R-02)."""
    with pytest.raises(CaseInvalid, match="未配置"):
        rules().matter("nail-salon")


def test_grounds_follow_kind_role_and_day() -> None:
    """Firms rest on L-07, named persons on 食品安全法 第一百三十五条, others on consent, agents on nothing."""
    book = rules()
    assert book.ground_for(FIRM, "food-business", "440104", ON) == "gd-market-53"
    assert book.ground_for(BOSS, "food-business", "440104", ON) == "authorisation:SQ-示例-1"
    assert book.ground_for(replace(BOSS, authorisation=None), "food-business", "440104", ON) == "food-135-persons"
    assert book.ground_for(DRIVER, "ride-hailing-driver", "440104", ON) == "authorisation:SQ-示例-1"
    assert book.ground_for(DRIVER, "ride-hailing-driver", "440104", date(2027, 1, 1)) == "licensing-78-applicant"
    agent = type(DRIVER)("a", DRIVER.kind, Role.AGENT, True, authorisation=Authorisation("x", ON, ON))
    assert book.ground_for(agent, "food-business", "440104", ON) == ""
    assert book.ground_for(FIRM, "food-business", "440104", date(2021, 1, 1)) == ""
    school = replace(FIRM, market=False)
    assert book.ground_for(school, "food-business", "440104", ON) == ""  # L-07 is about market subjects
    assert book.ground_for(FIRM, "food-business", "330106", ON) == ""  # and is law in Guangdong only


def test_a_matter_knows_its_clock_its_freshness_and_its_materials() -> None:
    """Due date, release date, freshness and materials come from the matter."""
    matter = rules().matter("food-business")
    due = due_date(matter, ON, published_calendar())
    assert due.on == date(2026, 11, 9)
    assert release_date(due.on, published_calendar()) == date(2026, 11, 5)
    assert matter.fresh_minutes(GatePoint.DECISION) == matter.fresh_minutes("acceptance") == 1440
    assert matter.fresh_minutes("issue") == 1440
    assert matter.material("safety-rules").tolerance == "never"
    with pytest.raises(CaseInvalid, match="材料清单"):
        matter.material("credit-report")


def test_what_a_rule_set_does_not_name_has_no_title_and_no_effect() -> None:
    """Unknown rules, sources, lists and grounds are shown as they are written and mean nothing."""
    book = rules()
    assert book.rule_title("nobody") == "nobody"
    assert book.rule_title("green-channel", english=True) == "green channel"
    assert book.source_title("gossip") == "gossip"
    assert book.source_title("creditchina") == "信用中国"
    assert book.list_type("nobody") is None
    assert book.ground("authorisation:SQ-1") is None
    assert book.rule_basis("nobody", "food-business") == ()
    with pytest.raises(CaseInvalid, match="未配置"):
        book.plan("nail-salon")
    with pytest.raises(ValueError, match="nowhere"):
        book.matter("food-business").fresh_minutes("nowhere")


def test_a_ground_and_its_sources_belong_together() -> None:
    """A ground that suffices for every source of a matter has them all, a narrower one only its own."""
    book = rules()
    food_matter = book.matter("food-business")
    whole = (food_matter.required_sources, food_matter.advisory_sources)
    assert book.sources_for("gd-market-53", food_matter) == whole
    assert book.sources_for("authorisation:SQ-1", food_matter) == whole
    assert book.sources_for("food-135-persons", food_matter) == (("own_register",), ())
    assert book.ground_for(FIRM, food_matter, "440104", ON) == book.ground_for(FIRM, "food-business", "440104", ON)


def test_the_due_date_of_a_clock_in_calendar_days_is_a_calendar_day() -> None:
    """Thirty days are thirty days, and provisional beyond the published calendar."""
    matter = rules().matter("private-school")
    assert matter.clock.unit == "days"
    assert due_date(matter, date(2026, 6, 1), published_calendar()).on == date(2026, 6, 1) + timedelta(
        days=matter.clock.days
    )
    assert due_date(matter, date(2026, 12, 1), published_calendar()).provisional
