"""The shape that ``adapters.joint_reward`` asks: SOAP, by name, rows of every firm whose name holds the asked one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from adapters.matching import name_within
from adapters.simulator.answers import ANY_ROW, OTHER_NAME, OTHERS, Reply, row, rows_of, similar_number
from adapters.simulator.faults import Fault, FaultKind
from adapters.simulator.inbox import Inbox
from adapters.simulator.register import Register, SimulatedIdentifier, SimulatedSubject
from adapters.simulator.shapes import Holdings, Question, Shape, Wiring
from adapters.simulator.shapes.gateway import PAGE_ROWS
from adapters.simulator.soap import read_call, soap_fault, soap_reply

__all__ = ["JOINT_REWARD_LISTS", "JointRewardShape"]

_NAMESPACE = "urn:joint-reward"
_OPERATIONS = frozenset({"getTypeList", "getListPage", "commitFeedback"})
_DEGREES = {"1": "轻微", "2": "一般", "3": "重点关注", "4": "严重"}
_STATES = {"1": "有效", "2": "已修复", "3": "已移出", "4": "已更正", "5": "异议中", "0": "未整合"}

#: Colour and name of the lists that the platform keeps, by its own id.
JOINT_REWARD_LISTS = {
    "court_defaulter": ("black", "失信被执行人名单"),
    "food_serious": ("black", "食品安全严重违法生产经营者名单"),
    "serious_dishonesty": ("black", "严重失信主体名单"),
    "wage_arrears": ("black", "拖欠农民工工资失信联合惩戒对象名单"),
    "watch_list": ("black", "信用状况重点关注对象名单"),
    "abnormal_operation": ("black", "经营异常名录"),
    "penalty": ("black", "行政处罚信息"),
    "general": ("black", "一般失信信息"),
    "integrity_model": ("red", "诚信典型名单"),
}

_TITLES = {
    "认定日期": "decidedOn",
    "认定单位": "decidedBy",
    "认定文号": "documentNo",
    "主要事实": "title",
    "公布日期": "publishedOn",
    "公示截止期": "displayUntil",
    "有效期至": "validUntil",
    "失信类别代码": "category",
    "适用范围": "scope",
    "事件代码": "event",
    "领域代码": "domain",
    "当时职务": "roleThen",
    "证件类型": "idType",
}

#: Faults of the fields after which feedback was not taken.
_NOT_TAKEN = frozenset(
    {FaultKind.HTTP_401, FaultKind.HTTP_429, FaultKind.HTTP_502, FaultKind.REDIRECT, FaultKind.LOGIN_PAGE}
    | {FaultKind.REFUSED, FaultKind.QUOTA, FaultKind.BUSY, FaultKind.ERROR_DOCUMENT, FaultKind.UNKNOWN_STATUS}
)
#: Faults after which the last of the feedback was not taken, and the reply does not say so clearly.
_LAST_NOT_TAKEN = frozenset(
    {FaultKind.PARTIAL, FaultKind.MISSING_ROWS, FaultKind.DUPLICATE_PAGE}
    | {FaultKind.WRONG_SUBJECT, FaultKind.UNKNOWN_STATE, FaultKind.WRONG_QUERY}
)


_MIDDLE = (FaultKind.MIDDLE_PAGE_EMPTY, FaultKind.MIDDLE_PAGE_TWICE)
#: Faults that only a page of rows can show.
_OF_ROWS = frozenset(
    {FaultKind.SIMILAR_SUBJECT, FaultKind.ROW_FIELD_MISSING, FaultKind.BAD_DATE, FaultKind.STRANGERS_ROW, *_MIDDLE}
)


class JointRewardShape(Shape):
    """Names alone find rows, and a name that nobody has finds nothing, without a word for it."""

    paths = ("/services/JointReward",)
    wiring = Wiring(
        "reward",
        "adapters.joint_reward.JointRewardPlatform",
        {"base_url": "{url}", "system_id": "{caller}", "login_secret": "{token_name}"},
    )
    inexpressible = {
        FaultKind.NAIVE_TIME: "the reply tells no time",
        FaultKind.CLOCK_SKEW: "the reply tells no time",
        FaultKind.CLOCK_BEHIND: "the reply tells no time",
        FaultKind.BAD_SIGNATURE: "nobody signs",
        FaultKind.PARTIAL: "no code means partial; too few rows show in the counts (missing_rows)",
        FaultKind.PENDING: "no code means pending",
    }

    def __init__(self, system_id: str, login: str) -> None:
        """Know one caller."""
        self._caller = (system_id, login)

    def lacks(self, question: Question, kind: FaultKind) -> bool:
        """Feedback can be taken in part, or be under way."""
        if question.said["operation"] != "commitFeedback":
            return super().lacks(question, kind)
        told = kind in (FaultKind.PARTIAL, FaultKind.PENDING)
        return kind in _OF_ROWS or (super().lacks(question, kind) and not told)

    def read(self, path: str, body: bytes) -> Question | None:
        """``None`` without a known operation, or without a name or an id where it takes one."""
        call = read_call(body, _NAMESPACE)
        if call is None or call[0] not in _OPERATIONS:
            return None
        operation, element = call
        said: dict[str, Any] = {child.tag: child.text or "" for child in element} | {"operation": operation}
        asked = hashlib.sha256(body).hexdigest()
        if operation == "getTypeList":
            return Question(path, said, asked)
        if operation == "getListPage":
            page = said.get("subjectName", ""), said.get("redCount", ""), said.get("blackCount", "")
            if not all(page) or not (page[1] + page[2]).isdigit():
                return None
            return Question(path, said, asked, page[0], page=1 + (int(page[1]) + int(page[2])) // PAGE_ROWS)
        request = element.find("request")
        if request is None or not request.get("requestId") or request.find("feedback") is None:
            return None
        said |= {"requestId": request.get("requestId"), "feedback": [_feedback(f) for f in request.findall("feedback")]}
        return Question(path, said, asked, said["feedback"][0]["name"])

    def problem(self, headers: Mapping[str, str], body: bytes) -> str:
        """Whether the caller is the one that is known."""
        call = read_call(body, _NAMESPACE)
        said = {child.tag: child.text or "" for child in call[1]} if call else {}
        return "" if (said.get("systemId"), said.get("loginName")) == self._caller else "login"

    def refusal(self, problem: str) -> Reply:
        """A fault of the caller for what is malformed, HTTP 401 for a stranger."""
        return soap_fault(200, "Client") if problem == "malformed" else Reply(401, b"")

    def reply(self, question: Question, holdings: Holdings, fault: Fault | None) -> Reply:
        """Lists, one page, or what became of feedback."""
        operation, kind = question.said["operation"], fault.kind if fault else None
        if kind is FaultKind.HALF_PAGE and question.page > 1:
            return soap_fault(500)
        if operation == "commitFeedback":
            text = _text(_committed(question, holdings.inbox, kind))
        elif operation == "getTypeList":
            text = _text(_lists())
        else:
            text = _text(self.page(question, holdings.register, fault))
        if kind is FaultKind.UNKNOWN_STATUS:
            text = text.replace(">200</resultcode>", ">777</resultcode>")
        if kind in (FaultKind.REFUSED, FaultKind.QUOTA, FaultKind.BUSY):
            code = "500" if kind is FaultKind.BUSY else "403"
            text = text.replace(">true</result><resultcode>200<", f">false</result><resultcode>{code}<")
        if kind is FaultKind.DUPLICATE_KEY:
            text = text.replace("<resultcode>", "<resultcode>403</resultcode><resultcode>", 1)
        if kind is FaultKind.MISSING_FIELD:
            text = text.replace("<list>", "<ignored>").replace("</list>", "</ignored>")
        return soap_reply(_NAMESPACE, operation, text, fault)

    def page(self, question: Question, register: Register, fault: Fault | None) -> Element:
        """Document with one page of rows, bent by a fault that shows in its fields."""
        kind = fault.kind if fault else None
        name = question.number
        found = [s for s in register.all() if name_within(name, s.name)]
        if kind is FaultKind.WRONG_SUBJECT:
            codes = {i.number for s in found for i in s.identifiers}
            number = SimulatedIdentifier("uscc", next(code for code in OTHERS if code not in codes))
            name, found = OTHER_NAME, [SimulatedSubject("organisation", OTHER_NAME, (number,), (ANY_ROW,))]
        if kind is FaultKind.SIMILAR_SUBJECT:
            known = found[0].identifiers[0].number if found else OTHERS[0]
            number = SimulatedIdentifier("uscc", similar_number(known))
            found = [SimulatedSubject("organisation", name, (number,), (ANY_ROW,))]
        rows = [r for subject in found for r in rows_of(subject, fault)]
        held = int(question.said["redCount"]) + int(question.said["blackCount"])
        counts = {colour: sum(_colour(r) == colour for r in rows) for colour in ("red", "black")}
        shown = rows[held : held + PAGE_ROWS]
        request_id = "RB" + hashlib.sha256(name.encode()).hexdigest()[:20]
        if kind in (FaultKind.HALF_PAGE, FaultKind.MISSING_ROWS):
            counts["black"] += 1
        if kind is FaultKind.DUPLICATE_PAGE:
            shown = rows[:PAGE_ROWS]
            counts = {c: 2 * sum(_colour(r) == c for r in shown) for c in counts} if shown else {"red": 0, "black": 1}
        if kind in _MIDDLE:
            counts["black"] += 2 * PAGE_ROWS
            shown = [] if held and kind is FaultKind.MIDDLE_PAGE_EMPTY else rows[:PAGE_ROWS]
        if kind is FaultKind.WRONG_QUERY:
            # A page more than there should be, which belongs to another query.
            counts["black"] += 1
            if held:
                nobody = SimulatedSubject("organisation", name, (SimulatedIdentifier("uscc", ""),))
                shown = shown or [row(ANY_ROW, nobody)]
                request_id += "-another"
        root = _answered()
        lists = SubElement(SubElement(root, "list"), "redblackTypeList", requestId=request_id, subjectName=name)
        lists.attrib |= {f"{colour}Count": str(count) for colour, count in counts.items()}
        for subject in found:
            SubElement(lists, "subject", name=subject.name, code=subject.identifiers[0].number)
        _append(lists, shown)
        if kind is FaultKind.EXTRA_FIELDS:
            lists.set("phone", "020-00000000")
            SubElement(root, "advice").text = "020-00000000"
        return root


def _feedback(element: Element) -> dict[str, Any]:
    texts = {child.tag: child.text or "" for child in element if child.tag not in ("action", "unionPair", "detail")}
    return texts | {
        "uuid": element.get("uuid", ""),
        "action": [a.text or "" for a in element.findall("action")],
        "unionPair": [[p.get("itemName", ""), p.get("content", "")] for p in element.findall("unionPair")],
        "detail": [[d.get("title", ""), d.get("content", "")] for d in element.findall("detail")],
    }


def _answered() -> Element:
    root = Element("rs")
    SubElement(root, "result").text = "true"
    SubElement(root, "resultcode").text = "200"
    SubElement(root, "message").text = "示例说明"
    return root


def _text(document: Element) -> str:
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(document, encoding="unicode")


def _lists() -> Element:
    root = _answered()
    lists = SubElement(SubElement(root, "list"), "redblackTypeList", requestId="")
    for united_id, (colour, name) in JOINT_REWARD_LISTS.items():
        SubElement(lists, "redblackType", unitedId=united_id, unitedType=colour, unitedName=name)
    return root


def _colour(found: Mapping[str, Any]) -> str:
    return "red" if found["severity"] == "9" else "black"


def _append(lists: Element, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows below the lists they are on, each list once."""
    below: dict[tuple[str, str], Element] = {}
    for found in rows:
        key = (found["listType"], _colour(found))
        if key not in below:
            # A list has one colour; a row of the other one is on a list of its own.
            known = JOINT_REWARD_LISTS.get(key[0], (key[1], "未命名名单"))
            united_id = key[0] if known[0] == key[1] else f"{key[0]}-{key[1]}"
            listed = SubElement(lists, "redblackType", unitedId=united_id, unitedType=key[1], unitedName=known[1])
            pair = SubElement(
                SubElement(listed, "unionPairList"), "unionPair", itemName="示例备忘录", originDept="示例局"
            )
            SubElement(pair, "unionPairContent", content="从严审核, 限制申请")
            below[key] = SubElement(listed, "redblackDetailList")
        detail = SubElement(below[key], "redblackDetail", id=found["recordId"])
        detail.attrib |= {"name": found["name"] or "", "code": found["idNumber"] or ""}
        contents = {title: found[key] for title, key in _TITLES.items() if found[key] is not None}
        contents |= {"罚款金额（万元）": "2.5"} | ({"当前状态": _STATES[found["state"]]} if "state" in found else {})
        if found["severity"] in _DEGREES:
            contents["失信严重程度"] = _DEGREES[found["severity"]]
        for title, content in contents.items():
            SubElement(detail, "redblackDetailContent", title=title, content=content)


def _committed(question: Question, inbox: Inbox, kind: FaultKind | None) -> Element:
    """Take what can be taken, and say of each feedback what became of it."""
    request_id: str = question.said["requestId"]
    sent: list[dict[str, Any]] = question.said["feedback"]
    root = _answered()
    told = SubElement(SubElement(root, "list"), "feedbackList", requestId=request_id)
    for position, item in enumerate(sent, start=1):
        last = position == len(sent)
        taken = kind not in _NOT_TAKEN and not (last and kind in _LAST_NOT_TAKEN)
        reason = _take(item, request_id, inbox) if taken else "1002"
        state = "未提交" if reason else "已提交"
        said = {"uuid": item["uuid"], "state": state, "receiptNo": f"F-{item['uuid']}", "reason": reason}
        _bend(told, said, kind, last=last, first=sent[0]["uuid"])
    if kind is FaultKind.WRONG_QUERY:
        told.set("requestId", "another-query")
    if kind is FaultKind.EXTRA_FIELDS:
        told.set("phone", "020-00000000")
    return root


def _bend(told: Element, said: dict[str, str], kind: FaultKind | None, *, last: bool, first: str) -> None:
    """Append what is said about one feedback, untrue where a fault strikes the last of them."""
    match kind:
        case FaultKind.PENDING:
            said = said | {"state": "提交中"}
        case FaultKind.UNKNOWN_STATE if last:
            said = said | {"state": "已接收", "reason": ""}
        case FaultKind.WRONG_SUBJECT if last:
            said = said | {"uuid": "another-feedback", "state": "已提交", "reason": ""}
        case FaultKind.WRONG_QUERY | FaultKind.UNKNOWN_STATUS:
            said = said | {"state": "已提交", "reason": ""}
        case FaultKind.DUPLICATE_PAGE if last:
            said = said | {"uuid": first, "state": "已提交", "reason": ""}
            SubElement(told, "feedback", said)
        case FaultKind.MISSING_ROWS if last:
            return
        case _:
            pass
    SubElement(told, "feedback", said)


def _take(item: dict[str, Any], request_id: str, inbox: Inbox) -> str:
    """Keep one feedback; the reason why not, as a code, or nothing."""
    if item["unitedId"] and JOINT_REWARD_LISTS.get(item["unitedId"]) != (item["unitedType"], item["unitedName"]):
        return "1002"
    document = item | {"requestId": request_id}
    if not inbox.take("feedback", item["uuid"], document):
        kept = next(one for one in inbox.all() if (one["kind"], one["id"]) == ("feedback", item["uuid"]))
        return "" if kept["document"] == document else "1004"
    return ""
