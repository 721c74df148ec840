"""Unsound rule files are refused whole, with every problem, its place and its remedy in Chinese."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from pydantic import ValidationError

from approval_hook.errors import CaseInvalid, RulesInvalid
from approval_hook.policy.case import Authorisation, Role
from approval_hook.policy.catalogue import GatePoint, RuleSet, due_date, release_date
from approval_hook.policy.soundness import structural_problems
from approval_hook.policy.workdays import DueDate
from approval_hook.workcalendar import published_calendar

from .building import BOSS, DRIVER, FIRM, ON, food_rules_with, rules, rules_of_food, rules_with

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
    ("unknown key", lambda d: food(d).update(colour="red"), ".colour：是未知字段；请删除，或按规则文件说明改正拼写。"),
    ("missing key", lambda d: food(d).pop("title"), ".title：缺少；请补上。"),
    (
        "float for text",
        lambda d: d.update(revision=1.0),
        "revision：应为文字；请加引号，避免被读成数字、日期或布尔值。",
    ),
    ("number for date", lambda d: d.update(valid_from=20261001), "valid_from：应为日期；请按 2026-10-01 的格式填写。"),
    ("text for bool", lambda d: food(d).update(quota_limited="no"), ".quota_limited：应为 true 或 false；请改正。"),
    (
        "float for days",
        lambda d: food(d).update(promised_days=1.5),
        ".promised_days：应为整数；请填写不带引号、不带小数点的整数。",
    ),
    (
        "unknown role",
        lambda d: bar(d).update(roles=["neighbour"]),
        ".roles[0]：的取值不在允许范围内；请按规则文件说明选择。",
    ),
    ("measure without basis", lambda d: wage(d).update(basis=[]), ".basis：不能为空；请至少填写一项。"),
    ("bar without basis", lambda d: bar(d).update(basis=[]), ".basis：不能为空；请至少填写一项。"),
    (
        "memorandum as basis",
        lambda d: document(d, "nmg", "memorandum"),
        (
            "measures(wage-48-entry).basis[0]（保障农民工工资支付条例）："
            "类型“memorandum”不能作为不利措施的依据（备忘录不是依据）；"
            "请改引法律、行政法规、地方性法规或中央政策文件。"
        ),
    ),
    (
        "unverified basis",
        lambda d: named(d, "bases", bar(d)["basis"][0]).update(verified=False),
        (
            "bars(food-135-applicant).basis[0]（食品安全法）：依据未核实，不得据以作出不利处理；"
            "请核对原文后设 verified: true，或停用本条。"
        ),
    ),
    (
        "refusal by policy",
        lambda d: document(d, "spaq", "central_policy"),
        (
            "bars(food-135-applicant).basis[0]（食品安全法）：政策文件不能作为不予许可的依据；"
            "请改引法律、法规，或设 may_refuse: false。"
        ),
    ),
    (
        "list without basis",
        lambda d: list_type(d, "city_uncivil").update(reference_only=False),
        (
            "list_types(city_uncivil).basis：没有已核实的法律、行政法规、地方性法规或中央政策文件依据，"
            "不得产生不利影响；请补充依据，或设 reference_only: true。"
        ),
    ),
    (
        "local list made national",
        lambda d: list_type(d, "watch_list").update(scope="national"),
        "list_types(watch_list).scope：只有地方性法规依据的名单不能全国适用；请改为 province:44 等地域。",
    ),
    (
        "bad scope",
        lambda d: list_type(d, "watch_list").update(scope="广东"),
        (
            ".scope：的写法不符合要求；代码只用字母、数字、短横线和下划线；"
            "地域写作 national、province:44、city:4401 或 agreement:协议编号。"
        ),
    ),
    (
        "statutory material tolerated",
        lambda d: material(d, "safety-rules").update(tolerance="everyone", supplement_days=1),
        (
            "matters(food-business).materials(safety-rules).tolerance：法律法规要求的材料不得容缺；"
            "请设 tolerance: never，或核对 kind。"
        ),
    ),
    (
        "main material tolerated",
        lambda d: material(d, "service-address").update(main=True),
        (
            "matters(food-business).materials(service-address).tolerance：主要材料不得对所有人容缺；"
            "请改为 good_credit 或 never，或改为次要材料。"
        ),
    ),
    (
        "statutory without law",
        lambda d: material(d, "service-address").update(kind="statutory"),
        (
            "matters(food-business).materials(service-address).basis：未写明已核实的法律法规依据；"
            "请补充依据，或改为 kind: internal。"
        ),
    ),
    (
        "supplement after the decision",
        lambda d: material(d, "service-address").update(supplement_days=13),
        (
            "matters(food-business).materials(service-address).supplement_days：补交期限晚于决定期限前3个工作日；"
            "请改为合计不超过17日。"
        ),
    ),
    (
        "unknown matter",
        lambda d: bar(d).update(matters=["nail-salon"]),
        "bars(food-135-applicant).matters：事项“nail-salon”不存在；请改用 matters 中的编号。",
    ),
    (
        "unknown list",
        lambda d: wage(d).update(list_types=["nobody"]),
        "measures(wage-48-entry).list_types：名单“nobody”不存在；请改用 list_types 中的编号。",
    ),
    (
        "sanction on a watch list",
        lambda d: wage(d).update(list_types=["watch_list"]),
        "measures(wage-48-entry).list_types：名单“watch_list”不是有依据的严重失信名单，不得对应惩戒措施；请删除。",
    ),
    (
        "sanction without list",
        lambda d: wage(d).update(list_types=[]),
        "measures(wage-48-entry).list_types：惩戒措施须写明对应名单；请补上。",
    ),
    (
        "sanction with a bonus",
        lambda d: wage(d).update(effect="green_channel"),
        "measures(wage-48-entry).effect：惩戒措施不能是激励；请改正。",
    ),
    (
        "incentive that limits",
        lambda d: named(d, "measures", "green-channel").update(effect="limit_entry"),
        "measures(green-channel)：激励措施不得限制准入，也不按名单触发；请核对 kind、effect、list_types。",
    ),
    (
        "unknown category",
        lambda d: list_type(d, "penalty").update(category="C9"),
        "list_types(penalty).category：类别“C9”不存在；请改用 categories 中的编号，或留空。",
    ),
    (
        "duplicate bar",
        lambda d: d["bars"].append(dict(bar(d))),
        (
            "principles、list_types、grounds、bars、measures、leniencies、good_credit_routes、exemptions："
            "编号“food-135-applicant”出现2次；请改成互不相同的编号。"
        ),
    ),
    (
        "duplicate material",
        lambda d: food(d)["materials"].append(material(d, "safety-rules")),
        "matters(food-business).materials：编号“safety-rules”出现2次；请改成互不相同的编号。",
    ),
    (
        "missing principle",
        lambda d: d["principles"].pop(),
        "principles：缺少通则“underlying-decision”；请补上它的标题和依据。",
    ),
    (
        "useless principle",
        lambda d: d["principles"][0].update(id="nice"),
        "principles：通则“nice”没有任何用处；请删除或改正拼写。",
    ),
    (
        "missing period",
        lambda d: d["display_periods"].remove(named(d, "display_periods", "serious")),
        "display_periods：缺少“serious”的公示期限；请补上最短和最长月数。",
    ),
    (
        "period upside down",
        lambda d: d["display_periods"][1].update(min_months=99),
        "display_periods(general)：最短期限长于最长期限；请核对月数。",
    ),
    (
        "period of good",
        lambda d: d["display_periods"][0].update(severity="good"),
        "display_periods(good)：守信信息不设公示期限；请删除。",
    ),
    (
        "rule set ends first",
        lambda d: d.update(valid_to="2026-01-01"),
        "valid_to：早于 valid_from；请核对规则文件的有效期。",
    ),
    (
        "measure ends first",
        lambda d: wage(d).update(valid_to="2000-01-01"),
        "measures(wage-48-entry).valid_to：早于 valid_from；请核对有效期。",
    ),
    (
        "agent asked",
        lambda d: food(d)["queried_roles"].append("agent"),
        "matters(food-business).queried_roles：代理人不是核查对象；请删除 agent。",
    ),
    (
        "agent with ground",
        lambda d: d["grounds"][0]["roles"].append("agent"),
        "grounds(gd-market-53).roles：代理人不是核查对象；请删除 agent。",
    ),
    (
        "applicant not asked",
        lambda d: food(d).update(queried_roles=["principal"]),
        "matters(food-business).queried_roles：缺少 applicant；申请人必查。",
    ),
    (
        "persons asked by local rule",
        lambda d: d["grounds"][0].update(kinds=["organisation", "person"]),
        "grounds(gd-market-53).basis：查询依据的层级不够或未核实；自然人须有法律或行政法规，单位至少须有地方性法规。",
    ),
    (
        "source twice",
        lambda d: food(d)["advisory_sources"].append("province"),
        "matters(food-business).advisory_sources：“province”已是必查来源；请从一处删除。",
    ),
    (
        "promise too long",
        lambda d: food(d).update(promised_days=21),
        "matters(food-business).promised_days：承诺时限长于法定期限20日；请改短。",
    ),
    (
        "invisible character",
        lambda d: d.update(title="甲\u200b乙"),
        "title：含有不可见的字符；请删除控制字符、零宽字符和方向符后重新输入。",
    ),
    (
        "unknown clock",
        lambda d: food(d).update(clock="soon"),
        "matters(food-business).clock：期限“soon”不在 clocks 中；请补上该期限或改正编号。",
    ),
    (
        "unknown basis",
        lambda d: bar(d).update(basis=["nothing-1"]),
        "bars(food-135-applicant).basis：依据“nothing-1”不在 bases 中；请补上该依据或改正编号。",
    ),
    (
        "basis written out",
        lambda d: bar(d).update(basis=[{"quote": "x"}]),
        "bars(food-135-applicant).basis：依据应写编号；请改为 bases 中的编号。",
    ),
    (
        "basis of no document",
        lambda d: d["bases"][0].update(document="lost"),
        "bases(xkf-78).document：文件“lost”不在 documents 中；请补上该文件或改正编号。",
    ),
    *(
        (
            f"basis with a {key} of its own",
            lambda d, key=key, own=own: d["bases"][0].update({key: own}),
            f"bases(xkf-78).{key}：取自所引的文件，不在依据中填写；请从本行删除，需要改动时修改 documents 中的文件。",
        )
        for key, own in (("version", "2020-01-01"), ("type", "law"), ("scope", None))
    ),
    (
        "documents are missing",
        lambda d: d.pop("documents"),
        "bases(xkf-78).document：文件“xkf”不在 documents 中；请补上该文件或改正编号。",
    ),
    (
        "documents are no list",
        lambda d: d.update(documents=7),
        "bases(xkf-78).document：文件“xkf”不在 documents 中；请补上该文件或改正编号。",
    ),
    (
        "clocks are no list",
        lambda d: d.update(clocks=7),
        "matters(food-business).clock：期限“decision”不在 clocks 中；请补上该期限或改正编号。",
    ),
    (
        "malformed basis",
        lambda d: d["bases"][0].update(quote=7),
        "bases(xkf-78).quote：应为文字；请加引号，避免被读成数字、日期或布尔值。",
    ),
    (
        "row of no measure",
        lambda d: row(d).update(measure="lost"),
        "applications(food-business / lost).measure：措施“lost”不存在；请改用 measures 中的编号。",
    ),
    (
        "row of no matter",
        lambda d: row(d).update(matter="lost"),
        "applications(lost / wage-48-entry).matter：事项“lost”不存在；请改用 matters 中的编号。",
    ),
    (
        "row at another level",
        lambda d: row(d).update(level="省级"),
        "applications(food-business / wage-48-entry).level：事项为县级，此处写省级；请改成一致。",
    ),
    (
        "row without basis",
        lambda d: row(d).update(basis=[]),
        "applications(food-business / wage-48-entry).basis：限制准入须写明适用于本事项的依据；请补上。",
    ),
    (
        "row twice",
        lambda d: d["applications"].append(dict(row(d))),
        "applications：编号“food-business / wage-48-entry”出现2次；请改成互不相同的编号。",
    ),
    (
        "incentive refuses",
        lambda d: row(d, measure="green-channel").update(may_refuse=True),
        (
            "applications(food-business / green-channel).may_refuse：激励措施和其他机关的措施不能据以不予许可；"
            "请设 false。"
        ),
    ),
    (
        "unknown measure type",
        lambda d: wage(d).update(type="lost"),
        "measures(wage-48-entry).type：措施类别“lost”不存在；请改用 measure_types 中的编号。",
    ),
    (
        "type of the other kind",
        lambda d: wage(d).update(type=named(d, "measures", "green-channel")["type"]),
        "measures(wage-48-entry).type：措施类别“type-green-channel”与 kind 不一致（惩戒与激励不得混用）；请核对。",
    ),
    (
        "unknown memo",
        lambda d: wage(d).update(memo="lost"),
        "measures(wage-48-entry).memo：备忘录“lost”不存在；请改用 memos 中的编号，或留空。",
    ),
    (
        "unknown edition",
        lambda d: d["measure_types"][0].update(edition="lost"),
        "measure_types(market-entry).edition：清单版本“lost”不存在；请改用 editions 中的编号。",
    ),
    (
        "unknown display",
        lambda d: list_type(d, "penalty").update(display="lost"),
        "list_types(penalty).display：公示期限“lost”不存在；请写 severity、source 或 display_periods 的编号。",
    ),
    (
        "unknown agreement",
        lambda d: list_type(d, "watch_list").update(scope="agreement:lost"),
        "list_types(watch_list).scope：互认协议“lost”不存在；请改用 agreements 中的编号。",
    ),
    (
        "unnamed source",
        lambda d: d["sources"].pop(0),
        "matters：核查来源“province”不在 sources 中；请补上该来源的名称。",
    ),
    (
        "days without tolerance",
        lambda d: material(d, "safety-rules").update(supplement_days=1),
        "matters(food-business).materials(safety-rules).supplement_days：不得容缺的材料没有补交期限；请填 0。",
    ),
    (
        "tolerance without days",
        lambda d: material(d, "service-address").update(supplement_days=0),
        (
            "matters(food-business).materials(service-address).supplement_days：可以容缺的材料须写明补交期限；"
            "请填写工作日数。"
        ),
    ),
    (
        "years of a red list",
        lambda d: d["good_credit_routes"][0].update(years=3),
        "good_credit_routes(good-red-list).years：只有“连续若干年无不良记录”须写年数；请核对。",
    ),
    (
        "period named like a word",
        lambda d: d["display_periods"].append({**d["display_periods"][0], "id": "source", "severity": None}),
        "display_periods(source)：编号 severity、source 另有含义；请改用别的编号。",
    ),
    (
        "ground of no source",
        lambda d: d["grounds"][1].update(sources=["nowhere"]),
        "grounds(food-135-persons).sources：没有事项使用来源“nowhere”；请核对来源名称。",
    ),
    (
        "refusal by more inspections",
        lambda d: row(d, measure="food-113-checks").update(may_refuse=True),
        "applications(food-business / food-113-checks).may_refuse：只有限制准入的措施可以据以不予许可；请设 false。",
    ),
    (
        "list named twice",
        lambda d: wage(d).update(list_types=["wage_arrears"] * 2),
        "measures(wage-48-entry).list_types：编号“wage_arrears”出现2次；请改成互不相同的编号。",
    ),
    (
        "event named twice",
        lambda d: bar(d).update(events=["licence_revoked"] * 2),
        "bars(food-135-applicant).events：编号“licence_revoked”出现2次；请改成互不相同的编号。",
    ),
    (
        "list where its law is none",
        lambda d: list_type(d, "shenzhen_serious").update(scope="city:4401"),
        "list_types(shenzhen_serious).scope：名单的地域超出其依据的适用地域；请缩小地域，或补充在该地域适用的依据。",
    ),
    (
        "list of an agreement beyond its law",
        lambda d: list_type(d, "shenzhen_serious").update(scope="agreement:pearl-river-delta"),
        "list_types(shenzhen_serious).scope：名单的地域超出其依据的适用地域；请缩小地域，或补充在该地域适用的依据。",
    ),
    (
        "law of an agreement",
        lambda d: named(d, "documents", "szxy").update(scope="agreement:pearl-river-delta"),
        "list_types(shenzhen_serious).scope：名单的地域超出其依据的适用地域；请缩小地域，或补充在该地域适用的依据。",
    ),
    (
        "malformed clock",
        lambda d: d["clocks"][0].update(days="soon"),
        ".days：应为整数；请填写不带引号、不带小数点的整数。",
    ),
    ("clock is no mapping", lambda d: d["clocks"].append("soon"), "：应为一组字段；请按规则文件说明填写。"),
    (
        "matters are no list",
        lambda d: d.update(matters="all"),
        "matters：应为列表；请逐项以“- ”开头填写，没有则写 []。",
    ),
    ("matter is no mapping", lambda d: d["matters"].append("all"), "：应为一组字段；请按规则文件说明填写。"),
    ("clock of a matter is no id", lambda d: food(d).update(clock=20), ".clock：应为一组字段；请按规则文件说明填写。"),
    (
        "bases are no list",
        lambda d: d.update(bases="all"),
        "clocks(decision).basis：依据“xkf-42”不在 bases 中；请补上该依据或改正编号。",
    ),
    ("basis is no list", lambda d: bar(d).update(basis="all"), ".basis：应为列表；请逐项以“- ”开头填写，没有则写 []。"),
    (
        "unknown basis of a paper",
        lambda d: material(d, "service-address").update(basis=["lost"]),
        "matters(food-business).materials(service-address).basis：依据“lost”不在 bases 中；请补上该依据或改正编号。",
    ),
    (
        "unknown basis of a row without id",
        lambda d: row(d).update(basis=["lost"]),
        "applications[0].basis：依据“lost”不在 bases 中；请补上该依据或改正编号。",
    ),
    (
        "unknown basis of a bar without a proper id",
        lambda d: d["bars"].insert(0, {**bar(d), "id": 7, "basis": ["lost"]}),
        "bars[0].basis：依据“lost”不在 bases 中；请补上该依据或改正编号。",
    ),
    (
        "revision too long",
        lambda d: d.update(revision="a" * 65),
        "revision：不符合要求（string_too_long）；请按规则文件说明改正。",
    ),
    (
        "two bases of one id",
        lambda d: d["bases"].append(dict(d["bases"][0])),
        "bases：编号“xkf-78”出现2次；请改成互不相同的编号。",
    ),
    ("basis is no mapping", lambda d: d["bases"].insert(0, "xkf-1"), "：应为一组字段；请按规则文件说明填写。"),
    (
        "unverified ground",
        lambda d: named(d, "bases", "gdscjg-53").update(verified=False),
        "grounds(gd-market-53).basis：查询依据的层级不够或未核实；自然人须有法律或行政法规，单位至少须有地方性法规。",
    ),
    (
        "ground of a policy",
        lambda d: d["grounds"][0].update(basis=["p98-6-1"]),
        "grounds(gd-market-53).basis：查询依据的层级不够或未核实；自然人须有法律或行政法规，单位至少须有地方性法规。",
    ),
    (
        "ground of no matter",
        lambda d: d["grounds"][1]["matters"].append("lost"),
        "grounds(food-135-persons).matters：事项“lost”不存在；请改用 matters 中的编号。",
    ),
    (
        "agent barred",
        lambda d: bar(d)["roles"].append("agent"),
        "bars(food-135-applicant)：代理人不是核查对象；请删除 agent。",
    ),
    (
        "agent sanctioned",
        lambda d: wage(d)["roles"].append("agent"),
        "measures(wage-48-entry)：代理人不是核查对象；请删除 agent。",
    ),
    (
        "incentive of a list",
        lambda d: named(d, "measures", "green-channel").update(list_types=["wage_arrears"]),
        "measures(green-channel)：激励措施不得限制准入，也不按名单触发；请核对 kind、effect、list_types。",
    ),
    (
        "sanction on a list for reference",
        lambda d: wage(d).update(list_types=["tax_major"]),
        "measures(wage-48-entry).list_types：名单“tax_major”不是有依据的严重失信名单，不得对应惩戒措施；请删除。",
    ),
    (
        "row of a memorandum",
        lambda d: row(d).update(basis=["nmg-48", "p133-3"]),
        (
            "applications(food-business / wage-48-entry).basis[1]（粤府〔2016〕133号）："
            "类型“local_policy”不能作为不利措施的依据（备忘录不是依据）；"
            "请改引法律、行政法规、地方性法规或中央政策文件。"
        ),
    ),
    (
        "refusing row of a policy",
        lambda d: row(d).update(basis=["p98-6-1"], may_refuse=True),
        (
            "applications(food-business / wage-48-entry).basis[0]（国办发〔2016〕98号）："
            "政策文件不能作为不予许可的依据；请改引法律、法规，或设 may_refuse: false。"
        ),
    ),
    (
        "measure of others refuses",
        lambda d: row(d).update(measure="wage-48-bidding", may_refuse=True),
        (
            "applications(food-business / wage-48-bidding).may_refuse：激励措施和其他机关的措施不能据以不予许可；"
            "请设 false。"
        ),
    ),
    (
        "leniency of no agreement",
        lambda d: d["leniencies"][0].update(scope="agreement:lost"),
        "leniencies(minor-corrected).scope：互认协议“lost”不存在；请改用 agreements 中的编号。",
    ),
    (
        "clean years without years",
        lambda d: d["good_credit_routes"][1].update(years=None),
        "good_credit_routes(good-clean-years).years：只有“连续若干年无不良记录”须写年数；请核对。",
    ),
    (
        "green promise too long",
        lambda d: food(d).update(green_promised_days=21),
        "matters(food-business).green_promised_days：承诺时限长于法定期限20日；请改短。",
    ),
    (
        "more days without tolerance",
        lambda d: material(d, "safety-rules").update(good_credit_extra_days=1),
        "matters(food-business).materials(safety-rules).supplement_days：不得容缺的材料没有补交期限；请填 0。",
    ),
    (
        "no room for a supplement",
        lambda d: named(d, "clocks", "decision").update(days=2),
        (
            "matters(food-business).materials(service-address).supplement_days：补交期限晚于决定期限前3个工作日；"
            "请改为合计不超过0日。"
        ),
    ),
    (
        "period named severity",
        lambda d: d["display_periods"].append({**d["display_periods"][0], "id": "severity", "severity": None}),
        "display_periods(severity)：编号 severity、source 另有含义；请改用别的编号。",
    ),
    (
        "no check before the decision",
        lambda d: food(d).update(points=["acceptance", "issue"]),
        (
            "matters(food-business).points：缺少 decision；"
            "决定前必须核查，除非有已核实的豁免在全部地域和整个有效期内免除。"
        ),
    ),
    (
        "point twice",
        lambda d: food(d).update(points=["decision", "decision"]),
        "matters(food-business).points：编号“decision”出现2次；请改成互不相同的编号。",
    ),
    (
        "unknown point",
        lambda d: food(d).update(points=["decision", "review"]),
        ".points[1]：的取值不在允许范围内；请按规则文件说明选择。",
    ),
]


@pytest.mark.parametrize(("change", "said"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_rule_file_names_the_place_and_the_remedy(change: Callable[[Data], object], said: str) -> None:
    """The file is refused and the message says where and what to do."""
    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
    told = caught.value.problems
    counted = said.startswith((".", "："))  # in a place with a number that has no meaning here
    assert any(problem == said or (counted and problem.endswith(said)) for problem in told), told


SOUND: list[tuple[str, Callable[[Data], object]]] = [
    (
        "list of an agreement inside its law",
        lambda d: list_type(d, "watch_list").update(scope="agreement:pearl-river-delta"),
    ),
    ("list of a city inside its law", lambda d: list_type(d, "watch_list").update(scope="city:4403")),
    ("list of a province by a law", lambda d: list_type(d, "penalty").update(scope="province:44")),
    (
        "list of an agreement inside one city",
        lambda d: (
            d["agreements"][0].update(regions=["440304", "440305"]),
            list_type(d, "shenzhen_serious").update(scope="agreement:pearl-river-delta"),
        ),
    ),
    (
        "national list with a local law beside the law",
        lambda d: list_type(d, "penalty").update(basis=["gdscjg-51", "cff-48"]),
    ),
    ("bar of no matter", lambda d: bar(d).update(matters=[])),
    ("bar of no matter on a guide", lambda d: bar(d).update(matters=[], basis=["guide-food-business-1"])),
    ("bar on a policy that refuses nothing", lambda d: bar(d).update(may_refuse=False, basis=["p98-6-1"])),
    (
        "period of lists",
        lambda d: d["display_periods"].append({**d["display_periods"][0], "id": "longer", "severity": None}),
    ),
    ("period of one length", lambda d: d["display_periods"][1].update(min_months=12)),
    ("sanction on a policy", lambda d: wage(d).update(basis=["p98-6-1"])),
    ("inspections without a basis of their own", lambda d: row(d, measure="food-113-checks").update(basis=[])),
    ("refusing row of a regulation", lambda d: row(d).update(basis=["nmg-48"], may_refuse=True)),
    ("rule set of a day", lambda d: d.update(valid_to=d["valid_from"])),
    ("measure of a day", lambda d: wage(d).update(valid_to=wage(d)["valid_from"])),
    ("promise of the whole clock", lambda d: food(d).update(promised_days=20, green_promised_days=20)),
    (
        "supplement to the last day",
        lambda d: material(d, "service-address").update(supplement_days=12, good_credit_extra_days=5),
    ),
    (
        "main paper from good credit later",
        lambda d: material(d, "service-address").update(main=True, tolerance="good_credit"),
    ),
    ("ground for an advisory source", lambda d: d["grounds"][1].update(sources=["city_list"])),
]


@pytest.mark.parametrize("change", [s[1] for s in SOUND], ids=[s[0] for s in SOUND])
def test_what_is_only_unusual_is_sound(change: Callable[[Data], object]) -> None:
    """A list may reach less than its law, a bar may close nothing that is offered, a rule may live for a day."""
    assert food_rules_with(change)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("documents", "id"),
        ("sources", "name"),
        ("categories", "code"),
        ("agreements", "id"),
        ("display_periods", "id"),
        ("editions", "id"),
        ("measure_types", "code"),
        ("memos", "code"),
        ("clocks", "id"),
        ("matters", "code"),
    ],
)
def test_no_part_has_two_rows_of_one_id(part: str, name: str) -> None:
    """What is named by an id is named by one only."""
    other = {"documents": {"title": "别的文件"}, "display_periods": {"severity": None}}.get(part, {})
    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(lambda d: d[part].append({**d[part][0], **other}))
    code = rules_of_food()[part][0][name]
    assert caught.value.problems == (f"{part}：编号“{code}”出现2次；请改成互不相同的编号。",)


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("principles", "id"),
        ("list_types", "code"),
        ("grounds", "id"),
        ("measures", "id"),
        ("leniencies", "id"),
        ("good_credit_routes", "id"),
    ],
)
def test_no_two_rules_of_any_kind_share_an_id(part: str, name: str) -> None:
    """A reason names a rule by its id alone, so that a bar may not be called like anything else."""
    code = rules_of_food()[part][0][name]
    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(lambda d: d["bars"].append({**bar(d), "id": code}))
    place = "principles、list_types、grounds、bars、measures、leniencies、good_credit_routes、exemptions"
    assert caught.value.problems == (f"{place}：编号“{code}”出现2次；请改成互不相同的编号。",)


def test_a_document_and_a_severity_are_described_once() -> None:
    """A document under two ids, or two display periods of one severity, would leave open which one counts."""

    def change(data: Data) -> None:
        data["documents"].append({**named(data, "documents", "spaq"), "id": "again"})
        data["display_periods"].append({**named(data, "display_periods", "minor"), "id": "again"})

    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
    version = named(rules_of_food(), "documents", "spaq")["version"]
    assert caught.value.problems == (
        f"documents 的标题和版本：编号“食品安全法（{version}）”出现2次；请改成互不相同的编号。",
        "display_periods 的 severity：编号“minor”出现2次；请改成互不相同的编号。",
    )


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ("grounds", "grounds(gd-market-53)"),
        ("measures", "measures(wage-48-entry)"),
        ("applications", "applications(food-business / wage-48-entry)"),
        ("agreements", "agreements(pearl-river-delta)"),
        ("editions", "editions(national-2021)"),
    ],
)
def test_nothing_ends_before_it_begins(part: str, place: str) -> None:
    """Every part with a period of validity is checked for it."""
    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(lambda d: d[part][0].update(valid_from="2026-10-02", valid_to="2026-10-01"))
    assert caught.value.problems == (f"{place}.valid_to：早于 valid_from；请核对有效期。",)


@pytest.mark.parametrize(("days", "most"), [(30, 11), (59, 32), (60, 30), (119, 73), (120, 71)])
def test_a_clock_in_calendar_days_leaves_room_for_a_long_holiday(days: int, most: int) -> None:
    """Five days in seven work, less a week and less two days in every sixty, less the buffer before the decision."""

    def change(data: Data, total: int) -> None:
        named(data, "clocks", "decision").update(unit="days", days=days)
        for paper in food(data)["materials"]:
            if paper["tolerance"] != "never":
                paper.update(supplement_days=1, good_credit_extra_days=0)
        material(data, "service-address").update(supplement_days=total - 1, good_credit_extra_days=1)

    assert food_rules_with(lambda d: change(d, most))
    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(lambda d: change(d, most + 1))
    (problem,) = caught.value.problems
    assert problem.endswith(f"请改为合计不超过{most}日。")


def test_a_week_in_calendar_days_leaves_no_room_at_all() -> None:
    """Such a clock may run out in a long holiday, so that nothing may be handed in later."""

    def change(data: Data) -> None:
        data.update(supplement_buffer_days=0)
        named(data, "clocks", "decision").update(unit="days", days=7)
        food(data).update(promised_days=7)
        for paper in food(data)["materials"]:
            paper.update(tolerance="never", supplement_days=0, good_credit_extra_days=0)
        material(data, "service-address").update(tolerance="everyone", supplement_days=1)

    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
    (problem,) = caught.value.problems
    assert problem.endswith("补交期限晚于决定期限前0个工作日；请改为合计不超过0日。")


def test_a_clock_shorter_than_the_buffer_is_sound_where_nothing_is_handed_in_later() -> None:
    """Only papers that may be missing at first need room before the decision."""

    def change(data: Data) -> None:
        named(data, "clocks", "decision").update(days=2)
        food(data).update(promised_days=2, green_promised_days=2)
        for paper in food(data)["materials"]:
            paper.update(tolerance="never", supplement_days=0, good_credit_extra_days=0)

    assert food_rules_with(change)


def test_a_fault_does_not_hide_the_next_one() -> None:
    """Rows behind a row that is left alone, or that is wrong itself, are checked as well."""

    def change(data: Data) -> None:
        data["measures"].append({**wage(data), "id": "behind-the-incentives", "list_types": []})
        data["applications"].insert(0, {**row(data), "measure": "lost"})
        data["applications"].append({**row(data), "matter": "lost"})
        data["list_types"].insert(0, {**list_type(data, "city_uncivil"), "code": "for-reference"})
        list_type(data, "penalty").update(basis=[])

    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
    assert [problem.partition("：")[0] for problem in caught.value.problems] == [
        "list_types(penalty).basis",
        "measures(behind-the-incentives).list_types",
        "applications(food-business / lost).measure",
        "applications(lost / wage-48-entry).matter",
    ]


def test_a_broken_basis_does_not_hide_the_next_one() -> None:
    """Each basis is told by its own id, with everything that is wrong with it."""

    def change(data: Data) -> None:
        data["bases"][0].update(document="lost", scope="national")
        data["bases"][1].update(quote=7, type="law")
        data["bases"].insert(0, {"quote": "无编号"})
        data["bases"][-1].update(quote=7)

    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
    second, last = (rules_of_food()["bases"][number]["id"] for number in (1, -1))
    own = "取自所引的文件，不在依据中填写；请从本行删除，需要改动时修改 documents 中的文件。"
    assert [problem for problem in caught.value.problems if problem.startswith("bases(")] == [
        "bases(0).document：文件“None”不在 documents 中；请补上该文件或改正编号。",
        f"bases(xkf-78).scope：{own}",
        "bases(xkf-78).document：文件“lost”不在 documents 中；请补上该文件或改正编号。",
        f"bases({second}).type：{own}",
        f"bases({second}).quote：应为文字；请加引号，避免被读成数字、日期或布尔值。",
        f"bases({last}).quote：应为文字；请加引号，避免被读成数字、日期或布尔值。",
    ]


def test_what_is_no_rule_file_at_all_says_so() -> None:
    """Without a place inside the file, the file itself is named."""
    with pytest.raises(ValidationError) as caught:
        RuleSet.model_validate("规则")
    assert structural_problems(caught.value) == ["规则文件：应为一组字段；请按规则文件说明填写。"]


def test_all_problems_are_reported_at_once() -> None:
    """Two faults in different parts are both reported."""

    def change(data: Data) -> None:
        bar(data).update(matters=["nail-salon"])
        material(data, "safety-rules").update(tolerance="everyone", supplement_days=1)

    with pytest.raises(RulesInvalid) as caught:
        food_rules_with(change)
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
    with pytest.raises(CaseInvalid) as caught:
        rules().matter("nail-salon")
    told = caught.value
    assert (told.field, told.message) == ("事项", "事项“nail-salon”未配置信用核查规则。")
    assert told.remedy == "请联系系统管理员在规则文件中配置该事项后再办理。"


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
    assert matter.material("safety-rules").code == "safety-rules"
    with pytest.raises(CaseInvalid) as caught:
        matter.material("credit-report")
    told = caught.value
    assert (told.field, told.message) == ("材料", "材料“credit-report”不在本事项的材料清单内。")
    assert told.remedy == "请按办事指南选择材料。"


def test_each_gate_point_has_its_own_freshness() -> None:
    """How old an answer may be depends on where in the case it is used."""
    minutes = {"acceptance": 1440, "decision": 60, "issue": 5}
    matter = food_rules_with(lambda d: food(d).update(freshness=minutes)).matter("food-business")
    assert {point.value: matter.fresh_minutes(point) for point in GatePoint} == minutes
    assert matter.fresh_minutes("decision") == 60


def test_the_basis_that_names_the_matter_comes_first() -> None:
    """At a matter, a measure rests on the basis of its row, then on its own; without one, on its own only."""
    own = wage(rules_of_food())["basis"]
    book = food_rules_with(lambda d: row(d).update(basis=["spaq-35", own[0]]))
    assert [b.id for b in book.rule_basis("wage-48-entry", "food-business")] == ["spaq-35", *own]
    assert [b.id for b in book.rule_basis("wage-48-entry")] == own
    (gone_on,) = [p for p in book.principles if p.id == "clock-never-stops"]
    assert book.rule_basis("clock-never-stops", "food-business") == gone_on.basis


def test_a_rule_set_is_written_as_it_was_read() -> None:
    """Only plain JSON values, documents, bases and clocks by id, and parsing them gives the same rule set."""
    plain = rules_of_food()
    book = RuleSet.parse(plain)
    assert book.plain() == plain
    assert json.loads(book.canonical) == plain
    assert plain["valid_from"] == "2026-10-01"
    assert plain["valid_to"] is None
    assert food(plain)["clock"] == "decision"
    assert food(plain)["subject_kind"] == "organisation"
    assert food(plain)["quota_limited"] is False
    assert food(plain)["basis"] == ["spaq-35"]
    assert set(plain["bases"][0]) == {"id", "document", "article", "quote", "verified"}
    assert plain["bases"][0]["document"] == "xkf"


def test_what_a_rule_set_does_not_name_has_no_title_and_no_effect() -> None:
    """Unknown rules, sources, lists and grounds are shown as they are written and mean nothing."""
    book = rules()
    assert book.rule_title("nobody") == "nobody"
    assert book.rule_title("green-channel", english=True) == "green channel"
    assert book.source_title("gossip") == "gossip"
    assert book.source_title("creditchina") == "信用中国"
    assert book.rule_title("green-channel") == named(rules_of_food(), "measures", "green-channel")["title"]
    assert book.list_type("nobody") is None
    assert book.list_type("penalty") in book.list_types
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
    lists = food_rules_with(lambda d: d["grounds"][1].update(sources=["city_list", "creditchina"]))
    assert lists.sources_for("food-135-persons", lists.matter("food-business")) == ((), ("creditchina", "city_list"))
    assert book.ground_for(FIRM, food_matter, "440104", ON) == book.ground_for(FIRM, "food-business", "440104", ON)


def test_the_due_date_of_a_clock_in_calendar_days_is_a_calendar_day() -> None:
    """Thirty days are thirty days, and provisional beyond the published calendar."""
    matter = rules().matter("private-school")
    assert matter.clock.unit == "days"
    assert due_date(matter, date(2026, 6, 1), published_calendar()).on == date(2026, 6, 1) + timedelta(
        days=matter.clock.days
    )
    last = published_calendar().published_until
    begun = last - timedelta(days=matter.clock.days)
    assert due_date(matter, begun, published_calendar()) == DueDate(last, provisional=False)
    assert due_date(matter, begun + timedelta(days=1), published_calendar()).provisional


def test_replies_are_kept_only_where_the_rules_say_so_and_silence_keeps_the_digest() -> None:
    """A source that says nothing keeps none of its replies, and the rule set the digest it had before the field."""
    assert not any(rules().keeps_raw(source.name) for source in rules().sources)
    assert not rules().keeps_raw("nobody")

    def keep(data: dict[str, Any]) -> None:
        data["sources"][0]["keep_raw"] = True

    keeping = rules_with(keep)
    kept = [source.name for source in keeping.sources if keeping.keeps_raw(source.name)]
    assert kept == [keeping.sources[0].name]
    assert [("keep_raw" in source) for source in keeping.plain()["sources"]] == [True] + [False] * (
        len(keeping.sources) - 1
    )
    assert rules_with(lambda data: data["sources"][0].update(keep_raw=False)).digest == rules().digest
    assert keeping.digest != rules().digest


def test_a_clock_is_reminded_of_by_its_own_row_or_the_common_one() -> None:
    """Without either nobody is reminded before it is over; a row of no clock and one that warns first are refused."""
    shipped = rules()
    assert shipped.reminder("delivery") != shipped.reminder("anything-else") == shipped.reminder("default")
    assert rules_with(lambda data: data.update(reminders=[])).reminder("delivery") is None
    row = {"id": "delivery", "normal_workdays": 2, "warning_workdays": 3}
    for change, why in ((row | {"id": "nothing"}, "不在 clocks 中"), (row, "预警早于一般提醒")):
        with pytest.raises(RulesInvalid, match=why):
            rules_with(lambda data, change=change: data.update(reminders=[change]))


def test_a_message_that_the_rules_lack_is_told() -> None:
    """Nothing is sent in words that nobody approved."""
    code = rules().messages[0].code
    assert rules().message(code).code == code
    with pytest.raises(CaseInvalid, match="没有消息模板"):
        rules().message("nothing")
