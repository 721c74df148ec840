"""One notice of each kind about an invented case, and a font that holds one rare character."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from msgspec.structs import replace

from workflows.notices.catalogue import catalogue
from workflows.notices.document import Document
from workflows.notices.facts import (
    AcceptanceFacts,
    CaseWords,
    CorrectionFacts,
    CreditPrivacyFacts,
    ExtensionFacts,
    Facts,
    Item,
    ReceiptFacts,
    ServiceFacts,
    SpecialProcedureFacts,
    ToleranceFacts,
)
from workflows.notices.wording import checked, document

DAY = date(2026, 11, 18)
LATER = date(2026, 12, 16)
MOMENT = datetime(2026, 11, 18, 2, 24, tzinfo=UTC)
CASE = CaseWords(
    organ="天河区市场监督管理局（示例）",
    applicant="粤悦里餐饮（示例）有限公司",
    applicant_id="91440300MA5FKAEH40",
    matter="食品经营许可（新办）",
    case_no="440106-20261118-0042",
    filed_on=date(2026, 11, 17),
    contact="行政许可窗口（示例）",
    phone="020-0000-0000",
    address="广州市天河区示例路 2 号",
    hours="工作日 9:00–17:00",
    review_organ="天河区人民政府（示例）",
    court="示例铁路运输法院",
)
_ITEMS = (
    Item("主体资格证明（营业执照复印件）", "business-licence-copy", "属于次要材料，可以共享核验"),
    Item("送达地址确认书", "service-address", "属于次要材料"),
)
FACTS: dict[str, Facts] = {
    "receipt": ReceiptFacts(MOMENT, "窗口", _ITEMS),
    "acceptance": AcceptanceFacts(DAY, LATER, date(2026, 11, 27)),
    "tolerance": ToleranceFacts(
        _ITEMS,
        date(2026, 11, 25),
        "代理人",
        "授权委托书 WT-2026-1",
        "容缺受理承诺书\n申请人自愿选择容缺受理。\n承诺按期补交。",
        "tolerance-promise@guangdong-2026-10-01",
    ),
    "correction": CorrectionFacts(_ITEMS, date(2026, 12, 2)),
    "extension": ExtensionFacts("现场核查发现布局与图纸不符。", 10, LATER, date(2026, 12, 30), "赵示例"),
    "special_procedure": SpecialProcedureFacts("专家评审", "示例条例第三条", date(2026, 11, 23), 15, "另行通知"),
    "service_return": ServiceFacts("受理通知书（某号）", "留置送达", MOMENT, "拒收", "法定代表人", "不认可", "吴示例"),
    "credit_privacy": CreditPrivacyFacts((Item("陈＊＊（法定代表人）", note="依据本人授权（SQ-2026-1）"),)),
}


def made(kind: str, facts: Facts | None = None, **words: str) -> Document:
    """A finished notice; ``words`` stand in the place of the case's."""
    template = catalogue().template(kind, DAY)
    case, facts = checked(replace(CASE, **words)), checked(facts or FACTS[kind])
    number, code = f"穗天市监食许{template.word}〔2026〕42号", "ABCD-EFGH-JKMN-PQRS"
    verify = "核验：打开 https://licensing.example.gov.cn/verify/ ，输入文号和核验码。"
    return document(template, case, facts, number=number, code=code, verify=verify, day=DAY)


def rare_font(folder: Path, character: str = "𠮷") -> Path:
    """A font of the organ's own that holds this one character, as a solid block."""
    pen = TTGlyphPen(None)
    for step, point in enumerate([(80, 0), (80, 800), (920, 800), (920, 0)]):
        (pen.lineTo if step else pen.moveTo)(point)
    pen.closePath()
    block = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "rare"])
    font.setupCharacterMap({ord(character): "rare"})
    font.setupGlyf({".notdef": TTGlyphPen(None).glyph(), "rare": block})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "rare": (1000, 80)})
    font.setupHorizontalHeader(ascent=880, descent=-120)
    font.setupNameTable({"familyName": "Organ Rare", "styleName": "Regular", "psName": "OrganRare-Regular"})
    font.setupOS2(sTypoAscender=880, sTypoDescender=-120, usWinAscent=880, usWinDescent=120)
    font.setupPost()
    path = folder / "organ-rare.ttf"
    font.save(path)
    return path
