"""The sentences of a decision in plain tables: one row a code, for clerk and applicant, in Chinese and English.

Braces name facts that ``approval_hook.policy.explain`` fills in as data; what platforms wrote is never a template.

Source: domain facts 5.1, 5.2, 5.3, R-44 to R-46.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from approval_hook.policy.decision import (
    Actor,
    ObligationKind,
    Outcome,
    Why,
)
from approval_hook.policy.records import QueryStatus, Severity
from approval_hook.policy.subjects import SubjectKind
from approval_hook.policy.words import Word


class Audience(Word):
    """Who reads a sentence."""

    CLERK = "clerk"
    APPLICANT = "applicant"


class Language(Word):
    """In which language it is written."""

    ZH = "zh"
    EN = "en"


class Words(NamedTuple):
    """One sentence or phrase in its four forms."""

    clerk: str
    clerk_en: str
    applicant: str
    applicant_en: str

    def said(self, audience: Audience, language: Language) -> str:
        """The form for this reader."""
        if audience is Audience.CLERK:
            return self.clerk if language is Language.ZH else self.clerk_en
        return self.applicant if language is Language.ZH else self.applicant_en


class Plain(NamedTuple):
    """One sentence or phrase that is the same for every reader, or that only one of them reads."""

    zh: str
    en: str

    def said(self, language: Language) -> str:
        """The form in this language."""
        return self.zh if language is Language.ZH else self.en


SENTENCES: Mapping[Why, Words] = {
    # Reasons
    Why.SOURCE_INCOMPLETE: Words(
        "必查来源“{source}”{status}，未查清不等于没有记录；案件照常受理，须补查。",
        "Required source {source} {status}; it gave no complete answer, this is not a clean result, and a re-check "
        "is owed.",
        "一个应查的信息来源{status}，信用核查还没有完成；这不会使{you}受到不利影响。",
        "One of the sources {status}, so the credit check is not complete; this does not count against you.",
    ),
    Why.NAME_DIFFERS: Words(
        "{identity}不符，无法确认所查主体，请核对申请人提供的{identity}。",
        "The number is registered under another name; check the {identity} that the applicant gave.",
        "填写的{identity}与登记的不一致，信用核查还没有完成。",
        "The {identity} that were given do not fit each other, so the credit check is not complete.",
    ),
    Why.FUTURE_DATED: Words(
        "记录的决定日期晚于核查日，来源数据有误，按未查清处理。",
        "The record is dated after the check; the source is in error, so nothing could be told.",
        "一个信息来源给出的日期有误，信用核查还没有完成；这不会使{you}受到不利影响。",
        "A source gave a wrong date, so the credit check is not complete; this does not count against you.",
    ),
    Why.BARRED: Words(
        "{rule}：{party}的{record}符合该法定限制，是否适用由负责人决定。",
        "{rule}: {record} of {party} meets this statutory bar; the head decides whether it applies.",
        "{you}的{record}可能符合一项法律规定：{rule}。是否适用还没有决定。",
        "Because of {record}, a rule of law may apply to you: {rule}. This is not decided yet.",
    ),
    Why.LISTED_MEASURE: Words(
        "{party}列入{rule}，{named}拟采取{measures}，须告知并听取陈述申辩后由负责人决定。",
        "{party} is listed ({rule}); {named}what is proposed, {measures}, needs notice, a hearing of the party and the "
        "head.",
        "{you}列入{rule}，依据是{record}；可能采取{measures}，是否采取还没有决定。",
        "You are listed ({rule}) because of {record}; {measures} may follow. This is not decided yet.",
    ),
    Why.STRICTER_REVIEW: Words(
        "{party}列入{rule}，{named}拟采取{measures}，经科室确认后适用，仍按法定条件决定。",
        "{party} is listed ({rule}); {named}what is proposed, {measures}, needs the section to confirm it; the "
        "decision still follows the statutory conditions.",
        "{you}列入{rule}，依据是{record}；可能采取{measures}，但仍按法律规定的条件作出决定。",
        "You are listed ({rule}) because of {record}; {measures} may follow, but the legal conditions alone decide.",
    ),
    Why.SEVERE: Words(
        "{party}有{degree}记录（{rule}）。本事项没有对应的限制措施，经科室确认可从严审核，仍按法定条件决定。",
        "{degree} record ({rule}) exists. No measure restricts this matter; the section may confirm stricter review "
        "by statutory conditions.",
        "因{you}的{record}，申请可能会被更仔细地审核；决定只看法律规定的条件，不会多要材料。",
        "Because of {record}, the application may be looked at more closely; the legal conditions alone decide, and "
        "no extra papers are asked for.",
    ),
    Why.GENERAL: Words(
        "{party}有{degree}记录（{rule}）。按普通程序办理，不享受守信便利，不得增加材料。",
        "{degree} record ({rule}) exists. The ordinary procedure applies, without bonus and without extra materials.",
        "因{you}的{record}，本次申请不享受信用便利；申请照常办理，不会多要材料。",
        "Because of {record}, there are no credit benefits; the application goes on as usual, without extra papers.",
    ),
    Why.RELATED: Words(
        "{party}有{degree}记录（{rule}）。属关联人员记录，仅供了解，不影响申请人。",
        "{degree} record ({rule}) exists. It concerns a related person and is for information only.",
        "有一条信息与本次申请无关，不影响{you}的申请。",
        "One piece of information has no bearing on this application and does not affect it.",
    ),
    Why.POSSIBLE_MATCH: Words(
        "{party}疑似有一条记录，仅凭姓名或部分号码不能认定，决定前由两人核实身份。",
        "A record may belong to {party} by name or masked number only; two people must settle it.",
        "有一条信息可能属于{you}，也可能属于别人；核实清楚之前不使用它。",
        "One piece of information may be about you or about somebody else; it is not used until this is settled.",
    ),
    Why.DISPUTED: Words(
        "{party}的一条记录正在异议、复议或诉讼中，暂不执行措施，案件继续办理。",
        "A record of {party} is under objection, review or litigation; its measure is suspended and the case goes on.",
        "{you}的{record}正在异议、复议或诉讼中；结果出来之前不据此采取措施，申请照常办理。",
        "An objection, review or lawsuit about {record} is open; nothing follows from it until then, and the "
        "application goes on.",
    ),
    Why.GONE: Words(
        "已修复、移出、更正或公示期满的信息不再展示和使用，按没有处理。",
        "Repaired, removed, corrected or expired rows are neither shown nor used.",
        "已经修复、移出、更正或者过了公示期的信息没有使用。",
        "Information that was repaired, removed or corrected, or has expired, was not used.",
    ),
    Why.AGENT: Words(
        "代理人不是核查对象，只核对委托手续。",
        "An agent is not checked; only the mandate is verified.",
        "代办的人不查信用，只核对委托手续。",
        "Whoever acts for you is not checked; only the mandate is.",
    ),
    Why.ROLE_NOT_CHECKED: Words(
        "本事项不核查该角色。",
        "This matter does not check this role.",
        "本次申请不需要查询{you}的信用信息。",
        "This application needs no look at your credit information.",
    ),
    Why.NO_NUMBER: Words(
        "没有可供平台比对的证件号码，无法核查；按普通程序办理，不加分、不减损。",
        "No number can be matched by a platform; the ordinary path applies, without bonus and without burden.",
        "{you}的证件号码无法用来查询信用信息，所以没有查询；申请照常办理，不受影响。",
        "Your document has no number that can be looked up, so nothing was asked; the application goes on as usual.",
    ),
    Why.NO_GROUND: Words(
        "未授权且无法定查询依据，不查询、不加分、不减损。",
        "There is neither a statutory ground nor an authorisation: not asked, no bonus, no burden.",
        "{you}没有授权查询信用信息，法律也没有要求查询，所以没有查询；申请照常办理，不受影响。",
        "You gave no consent and no law calls for it, so nothing was asked; the application goes on as usual.",
    ),
    Why.EXEMPTED: Words(
        "依规定本事项在这一环节免予信用核查，未查询；按普通程序办理，不加分、不减损。",
        "The rules exempt this matter from the credit check here: not asked, no bonus, no burden.",
        "按规定这次申请不查询{you}的信用信息；申请照常办理，不受影响。",
        "The rules exempt this application from the credit check; it goes on as usual.",
    ),
    Why.NOTHING_FOUND: Words(
        "必查来源均已完整应答，没有可用的失信记录。",
        "Every required source answered completely; there is no usable adverse record.",
        "应查的信息来源都已完整答复，没有可以使用的不良记录。",
        "Every source that had to be asked answered in full; there is no adverse record that may be used.",
    ),
    Why.ONLY_BARS_CHECKED: Words(
        "本人未授权查询公共信用信息，只依法核对了法律规定的限制，未发现限制；不加分、不减损。",
        "Without an authorisation only what the law itself restricts was checked, and nothing was found; no bonus, "
        "no burden.",
        "没有授权查询信用信息，所以只核对了法律本身规定的限制，没有发现；申请照常办理，不受影响。",
        "Without your consent only restrictions made by law were looked for; there are none, and the application "
        "goes on as usual.",
    ),
    Why.RED_LIST: Words(
        "{party}列入有效的守信名单（{title}），符合“{rule}”。",
        "{party} holds a valid red-list entry.",
        "{you}有一项有效的守信荣誉：{title}。",
        "You hold a valid record of good credit: {title}.",
    ),
    Why.CLEAN_YEARS: Words(
        "{party}在核查日前连续{years}没有可用的不良信用记录，符合“{rule}”。",
        "No usable adverse record in the {years} before the check.",
        "{you}在核查日前连续{years}没有可以使用的不良记录。",
        "In the {years} before the check there is no adverse record that may be used.",
    ),
    Why.FIRST_MINOR: Words(
        "这是{party}唯一的一条记录，且已及时纠正；依“{rule}”，可以不予惩戒。",
        "It is the only record of {party} and was corrected in time; under “{rule}” sanctions may be waived.",
        "{you}的{record}是初次且已及时纠正，可以从宽处理。",
        "The matter of {record} was a first one and was put right in time, so it may be treated leniently.",
    ),
    # Refused effects
    Why.SOURCE_NOT_CONFIGURED: Words(
        "来源“{source}”未列入本事项的核查来源，其结果不使用。",
        "Source {source} is not configured for this matter; its answer is not used.",
        "不在本次核查范围内的信息没有使用。",
        "Information from outside the scope of this check was not used.",
    ),
    Why.ROWS_WITHOUT_GROUND: Words(
        "没有查询依据，所得记录一律不使用。",
        "There was no ground to ask, so no record of this party is used.",
        "没有查询依据的信息一律没有使用。",
        "Information that there was no ground to ask for was not used.",
    ),
    Why.MINOR_PERSON: Words(
        "当事人未满十八周岁，不适用失信惩戒规则。",
        "The person is under eighteen; sanction rules do not apply.",
        "未满十八周岁的人不适用失信惩戒规则。",
        "Sanction rules do not apply to people under eighteen.",
    ),
    Why.UNCLASSIFIED: Words(
        "{record}的名单类型未归类，不产生任何影响；已提示系统管理员。",
        "The list type of {record} is not in the rule set (unclassified) and has no effect.",
        "一条类别不明的信息没有使用。",
        "One piece of information of unknown kind was not used.",
    ),
    Why.CONTRADICTORY: Words(
        "“{rule}”是守信名单，却标为失信，来源数据矛盾，不产生影响。",
        "A good-standing list ({rule}) marked as misconduct contradicts itself and has no effect.",
        "一条自相矛盾的信息没有使用。",
        "One piece of information that contradicts itself was not used.",
    ),
    Why.REFERENCE_ONLY: Words(
        "“{rule}”没有已核实的法律法规或中央政策依据，仅供参考，不产生影响。",
        "The list ({rule}) has no verified basis; it is for reference only and has no effect.",
        "一条没有法律依据的信息没有使用。",
        "One piece of information without a basis in law was not used.",
    ),
    Why.OUT_OF_SCOPE: Words(
        "“{rule}”的适用地域不含本机关所在地，不产生影响。",
        "The list ({rule}) does not apply in the region of this organ.",
        "一条只在其他地区适用的信息没有使用。",
        "One piece of information that counts only in another region was not used.",
    ),
    Why.NO_UNDERLYING_DECISION: Words(
        "记录缺少决定（认定）文书号，不得据以限制、惩戒或从严。",
        "No underlying decision is named, so the entry carries neither a bar nor sanction nor scrutiny.",
        "一条没有写明决定文书的信息不作为不利依据。",
        "One piece of information names no decision, so nothing adverse rests on it.",
    ),
    Why.ROLE_NOT_NAMED: Words(
        "{rules}的依据未列明该角色，不影响申请人。",
        "The basis of {rules} does not name this role; the applicant is not burdened.",
        "一项措施的依据没有列明这个身份，不适用。",
        "The basis of a measure does not name this role, so it does not apply.",
    ),
    Why.KIND_NOT_TARGETED: Words(
        "{rules}的依据不针对此类主体，不影响申请人。",
        "The basis of {rules} does not target this kind of subject; the applicant is not burdened.",
        "一项措施不针对{you}这类申请人，不适用。",
        "A measure is not meant for applicants of your kind, so it does not apply.",
    ),
    Why.LEFT_ROLE: Words(
        "该人在决定（认定）作出前或申请前已离任，{rules}的依据不及于此人。",
        "The person had left the role; the basis of {rules} does not reach.",
        "在决定作出前或申请前已经离任的，不适用。",
        "It does not apply to somebody who had left the role before.",
    ),
    Why.JOINED_LATER: Words(
        "该人任职晚于决定作出，且记录未载明其当时职务，{rules}的依据不及于此人。",
        "The person took the role after the decision and no earlier role is recorded; the basis of {rules} does not "
        "reach.",
        "在决定作出后才任职的，不适用。",
        "It does not apply to somebody who took the role afterwards.",
    ),
    Why.ROLE_THEN_UNKNOWN: Words(
        "记录未载明该人当时属于依据列明的责任人员，{rules}的依据不及于此人。",
        "The record does not show that the person held a responsible role then; the basis of {rules} does not reach.",
        "没有证据表明当时负有责任的，不适用。",
        "It does not apply where nothing shows a responsible role at that time.",
    ),
    Why.BASIS_UNVERIFIED: Words(
        "{rules}的依据未核实，不得据以限制。",
        "The basis of {rules} is not verified and can burden nobody.",
        "一项依据还没有核实的措施不适用。",
        "A measure whose basis is not verified does not apply.",
    ),
    Why.NEEDS_OWN_REGISTER: Words(
        "{rules}须以本机关登记的处罚决定为证，平台记录不足。",
        "{rules}: proof must stand in the organ's own register; the record of a platform is not enough.",
        "一项限制缺少足够的证据，不适用。",
        "A restriction lacks sufficient proof and does not apply.",
    ),
    Why.MEASURE_OF_OTHERS: Words(
        "{rules}由其他机关或单位实施，本机关无权采取。",
        "{rules}: carried out by other bodies; this organ can never select it.",
        "由其他单位负责的措施，与本次申请无关。",
        "Measures of other bodies have no bearing on this application.",
    ),
    Why.NOT_IN_FORCE: Words(
        "{rules}在核查当日不在有效期内，不适用。",
        "{rules}: not in force on the day of the check, so without effect.",
        "一项目前没有生效的措施不适用。",
        "A measure that is not in force does not apply.",
    ),
    Why.MINOR_CORRECTED: Words(
        "该失信轻微且已及时纠正，依“{rule}”不予惩戒，不产生影响。",
        "The misconduct was minor and corrected in time; under “{rule}” it carries no sanction.",
        "{you}的{record}情节轻微且已及时纠正，不作为不利依据。",
        "The matter of {record} was minor and was put right in time; nothing adverse rests on it.",
    ),
    Why.RESTRUCTURED: Words(
        "法院已裁定批准重整计划，依“{rule}”，此前的失信记录不产生影响。",
        "A court has approved the restructuring plan; under “{rule}” earlier records have no effect.",
        "法院已批准{you}的重整计划，此前的{record}不作为不利依据。",
        "A court has approved your restructuring plan; nothing adverse rests on {record} from before.",
    ),
    Why.RED_AND_BLACK: Words(
        "同时列入守信名单和失信名单，以失信记录为准，不给予守信激励。",
        "Listed for good and for bad credit at once: the adverse record prevails, and no incentive is given.",
        "{you}同时有守信记录和不良记录，本次不享受信用便利。",
        "You have both a good and an adverse record, so there are no credit benefits this time.",
    ),
    Why.NO_PRIORITY_UNDER_QUOTA: Words(
        "本事项有数量限制，按受理先后顺序决定，不适用绿色通道优先。",
        "The licence is limited in number and decided in order of acceptance; no priority applies.",
        "这项许可有数量限制，按受理先后顺序决定，信用良好也不能提前。",
        "This licence is limited in number and decided in order of acceptance; good credit gives no priority.",
    ),
}

# Words of a refused effect where the same code is also a reason with words of its own.
REFUSED: Mapping[Why, Words] = {
    Why.RELATED: Words(
        "没有依据把关联人员的该记录用于限制申请人。",
        "No basis lets this record of a related person burden the applicant.",
        "与本次申请无关的信息没有用来限制{you}。",
        "Information that has no bearing on this application was not used against you.",
    ),
}

# Refused effects that tell the applicant something about the case and not only about data.
TOLD = frozenset(
    {
        Why.MINOR_PERSON,
        Why.MINOR_CORRECTED,
        Why.RESTRUCTURED,
        Why.RED_AND_BLACK,
        Why.NO_PRIORITY_UNDER_QUOTA,
    }
)

NO_ANSWER = ("还没有完整答复", "has not answered in full")
# By the detail of the reason: a query status, "unknown-subject", why nobody was asked, or "" without any report.
STATUS: Mapping[str, Words] = {
    "": Words("没有查询结果", "has no result", *NO_ANSWER),
    "unknown-subject": Words(
        "查无此主体，请核对名称和号码",
        "knows no such subject (check name and number)",
        "没有查到填写的名称和号码（请核对）",
        "does not know the name and number you gave (please check them)",
    ),
    QueryStatus.PARTIAL: Words("只返回了部分内容", "answered only in part", *NO_ANSWER),
    QueryStatus.PENDING: Words("尚未返回结果", "has not answered yet", *NO_ANSWER),
    QueryStatus.UNAVAILABLE: Words("未能应答", "did not answer", *NO_ANSWER),
    QueryStatus.REJECTED: Words("拒绝了查询", "refused the query", *NO_ANSWER),
    QueryStatus.NOT_CONFIGURED: Words("尚未配置", "is not set up", *NO_ANSWER),
    "busy": Words(
        "查询排队过长，本次没有查询",
        "was not asked, because too many queries were waiting for it",
        "此刻查询较多，还没有查询，稍后再查",
        "is busy and will be asked again later",
    ),
    "breaker-open": Words(
        "连续没有应答，已暂停查询，本次没有查询",
        "was not asked, because it had failed to answer several times in a row and queries to it are suspended",
        "暂时没有应答，恢复后再查",
        "is not answering for now and will be asked again later",
    ),
    "quota": Words(
        "今日查询配额已用完，本次没有查询",
        "was not asked, because the queries allowed for today are used up",
        "今天可查询的次数已用完，之后再查",
        "takes no more queries today and will be asked again later",
    ),
    "rate": Words(
        "查询频次已到上限，本次没有查询",
        "was not asked, because as many queries as it takes in a minute had been sent",
        "此刻查询较多，还没有查询，稍后再查",
        "is busy and will be asked again later",
    ),
    "maintenance": Words(
        "正在维护，本次没有查询",
        "was not asked, because it is under maintenance at this time",
        "正在维护，维护结束后再查",
        "is under maintenance and will be asked again afterwards",
    ),
    "deadline": Words(
        "在时限内没有轮到，本次没有查询",
        "was not asked, because the time allowed for all queries was over",
        "这次还没有查到，稍后再查",
        "was not reached in time and will be asked again later",
    ),
}

DEGREES: Mapping[str, Plain] = {
    Severity.SERIOUS: Plain("严重失信", "a severe"),
    Severity.WATCH: Plain("重点关注", "a watch-level"),
    Severity.GENERAL: Plain("一般失信", "a general"),
    Severity.MINOR: Plain("轻微失信", "a minor"),
}
SOME_DEGREE = Plain("不良", "an adverse")

PARTY = {True: Plain("申请人", "the applicant"), False: Plain("关联人员", "a related person")}
IDENTITY = {
    SubjectKind.PERSON: Plain("姓名与证件号码", "name and document number"),
    SubjectKind.ORGANISATION: Plain("名称与代码", "name and code"),
}
NAMED = Plain("依据列明了该角色；", "the basis names this role; ")
YOU = {
    SubjectKind.PERSON: Plain("您", "you"),
    SubjectKind.ORGANISATION: Plain("贵单位", "you"),
}
A_RECORD = Plain("一条记录", "a record")
THE_RECORD = Plain("记录“{title}”", "the record “{title}”")
UNTITLED = Plain("未注明", "unnamed")
SOME_MEASURES = Plain("所列措施", "the listed measures")
YEARS = Plain("{years}年", "{years} calendar years")
SOME_YEARS = Plain("规定年限", "required years")

SEPARATELY = Plain(
    "与本次申请有关的其他人员或单位，核查情况只分别告知其本人，不在这里列出。",
    "What was checked about others named in the application is told to each of them alone.",
)

HEADLINES: Mapping[Outcome, Words] = {
    Outcome.UNAVAILABLE: Words(
        "信用平台没有完整答复，按普通程序办理，待补查。",
        "The credit platform gave no complete answer; the ordinary procedure applies and a re-check is owed.",
        "信用核查还没有完成。",
        "The credit check is not complete yet.",
    ),
    Outcome.AMBIGUOUS: Words(
        "有疑似记录，须两人核实是否同一主体。",
        "There is a possible match; two people must settle whether it is the same subject.",
        "有一条信息需要核实是否属于{you}。",
        "It has to be settled whether one piece of information is about you.",
    ),
    Outcome.DISPUTED: Words(
        "记录在异议核实中，暂不执行，{lane}。",
        "A record is in dispute and suspended; {lane}.",
        "{you}有一条记录正在核实，暂不使用，{lane}。",
        "One of your records is in dispute and not used for now; {lane}.",
    ),
    Outcome.GONE: Words(
        "没有可用的不良记录，按普通程序办理。",
        "There is no usable adverse record; the ordinary procedure applies.",
        "信用核查没有发现影响{you}本次申请的情况。",
        "The credit check found nothing that affects your application.",
    ),
    Outcome.BARRED: Words(
        "查到法定限制，须由负责人听取申辩后决定。",
        "A statutory bar was found; the head decides after a hearing.",
        "{you}的情况可能符合法律规定的限制，还没有作出决定。",
        "A restriction made by law may apply to you; this is not decided yet.",
    ),
    Outcome.LISTED_MEASURE: Words(
        "严重失信且有适用措施，须由负责人听取申辩后决定。",
        "A severe record with a listed measure was found; the head decides after a hearing.",
        "{you}列入严重失信名单，法律法规对本次申请规定了相应的措施，还没有作出决定。",
        "You are on a list of severe misconduct, and the law names a measure for this application; this is not "
        "decided yet.",
    ),
    Outcome.SEVERE: Words(
        "严重失信主体，建议从严审核，由科室确认。",
        "A severe record was found; stricter review is proposed, and the section confirms it.",
        "{you}有严重失信记录，申请可能会被更仔细地审核。",
        "You have a severe record; the application may be looked at more closely.",
    ),
    Outcome.GENERAL: Words(
        "有一般不良记录，照常办理，不享受信用便利。",
        "A general adverse record was found; the case goes on as usual, without credit benefits.",
        "{you}有不良记录，但不影响申请照常办理。",
        "You have an adverse record, but the application goes on as usual.",
    ),
    Outcome.RELATED: Words(
        "关联人员有记录，仅供参考，不影响本办件。",
        "A related person has a record; it is for information only and does not affect this case.",
        "信用核查没有发现影响{you}本次申请的情况。",
        "The credit check found nothing that affects your application.",
    ),
    Outcome.GOOD: Words(
        "信用良好，{lane}。",
        "Credit is good; {lane}.",
        "{you}信用良好，{lane}。",
        "Your credit is good; {lane}.",
    ),
    Outcome.ORDINARY: Words(
        "没有查到不良记录，按普通程序办理。",
        "No adverse record was found; the ordinary procedure applies.",
        "信用核查没有发现影响{you}本次申请的情况。",
        "The credit check found nothing that affects your application.",
    ),
}
NOT_ASKED = Words(
    "没有查询（没有依据或本人未授权），按普通程序办理。",
    "Nobody was asked about (no ground or no consent); the ordinary procedure applies.",
    "本次没有查询{you}的信用信息。",
    "Your credit information was not looked at this time.",
)
SOME_NOT_ASKED = Plain(
    "有当事人因没有依据或未授权，没有查询或没有全部查询。",
    "A party was not, or not fully, asked about for want of a ground.",
)
# Reasons that keep "nothing was found" from meaning everybody.
UNASKED = frozenset({Why.NO_GROUND, Why.NO_NUMBER, Why.ONLY_BARS_CHECKED})
RECHECK = Plain(
    "另有必查来源没有查清，须补查。", "Besides, a required source could not be told, and a re-check is owed."
)
LANES = {
    True: Words("可走绿色通道", "the green channel is open", "可以优先办理", "your application is handled first"),
    False: Words("照常办理", "the case goes on as usual", "申请照常办理", "the application goes on as usual"),
}

# What reaches the applicant's case through a related person, without saying what was found about whom.
THROUGH_OTHERS: Mapping[Outcome, Plain] = {
    Outcome.BARRED: Plain(
        "法律规定的一项限制可能影响本次申请，还没有作出决定。",
        "A restriction made by law may affect this application; this is not decided yet.",
    ),
    Outcome.LISTED_MEASURE: Plain(
        "法律法规规定的一项措施可能影响本次申请，还没有作出决定。",
        "A measure named by law may affect this application; this is not decided yet.",
    ),
    Outcome.AMBIGUOUS: Plain("信用核查还没有完成。", "The credit check is not complete yet."),
    Outcome.UNAVAILABLE: Plain("信用核查还没有完成。", "The credit check is not complete yet."),
    Outcome.SEVERE: Plain(
        "本次申请可能会被更仔细地审核。",
        "This application may be looked at more closely.",
    ),
}

HEARING = Plain(
    "作出决定前，会把事实、依据和可能采取的措施书面告知{you}，{you}可以陈述和申辩；系统不会自动作出不予许可的决定。",
    "Before any decision you are told in writing the facts, the legal basis and what may follow, and you may state "
    "your case; no licence is refused automatically.",
)
GOES_ON = Plain(
    "申请照常办理，不停下来等；没有查清的信息不会对{you}不利。",
    "The application goes on and does not wait; what could not be told does not count against you.",
)
ORDINARY_PATH = Plain(
    "申请按普通程序办理，只看法律规定的条件。",
    "The application takes the ordinary procedure, and the legal conditions alone decide.",
)
MEANINGS: Mapping[Outcome, Plain] = {
    Outcome.UNAVAILABLE: GOES_ON,
    Outcome.AMBIGUOUS: GOES_ON,
    Outcome.DISPUTED: Plain(
        "核实期间不因这条记录对{you}采取措施。",
        "Nothing is done because of this record while it is being verified.",
    ),
    Outcome.GONE: ORDINARY_PATH,
    Outcome.BARRED: HEARING,
    Outcome.LISTED_MEASURE: HEARING,
    Outcome.SEVERE: Plain(
        "是否这样审核还要确认；决定只看法律规定的条件，符合条件的依法准予，不会多要材料。",
        "Whether this is done has yet to be confirmed; the legal conditions alone decide, whoever meets them gets the "
        "licence, and no extra papers are asked for.",
    ),
    Outcome.GENERAL: Plain(
        "申请按普通程序办理，不会多要材料，但不享受信用便利。",
        "The application takes the ordinary procedure, without extra papers and without credit benefits.",
    ),
    Outcome.RELATED: ORDINARY_PATH,
    Outcome.GOOD: Plain(
        "法律规定的条件和材料不变。",
        "The conditions and papers that the law requires stay the same.",
    ),
    Outcome.ORDINARY: ORDINARY_PATH,
}

KINDS: Mapping[str, Words] = {
    "bar": Words(
        "法定限制“{title}”（{effect}），{until}；{refusal}，{decided}。",
        "Statutory bar “{title}” ({effect}), {until}; {refusal}, and {decided}.",
        "法律规定：{title}，{until}。是否适用于{you}还没有决定。",
        "The law says: {title}, {until}. Whether this applies to you is not decided yet.",
    ),
    "sanction": Words(
        "{force}措施“{title}”（{effect}），{until}；{refusal}，{decided}。",
        "The {force} measure “{title}” ({effect}), {until}; {refusal}, and {decided}.",
        "可能采取的措施：“{title}”（{effect}），{until}。是否采取还没有决定。",
        "A measure that may follow: “{title}” ({effect}), {until}. This is not decided yet.",
    ),
    "incentive": Words(
        "{force}激励“{title}”（{effect}），{until}。",
        "The {force} incentive “{title}” ({effect}), {until}.",
        "因信用良好，{you}可以享受“{title}”（{effect}），{until}。",
        "Thanks to good credit you get “{title}” ({effect}), {until}.",
    ),
}
FORCES = {
    "mandatory": Plain("强制性", "mandatory"),
    "recommended": Plain("推荐性", "recommended"),
}
EFFECTS: Mapping[str, Words] = {
    "limit_entry": Words("限制准入", "entry restricted", "限制取得许可", "the licence may be restricted"),
    "strict_review": Words("从严审核", "stricter review", "更仔细地审核", "a closer look at the application"),
    "withhold_convenience": Words("限制便利措施", "conveniences withheld", "不享受便利", "no conveniences"),
    "key_supervision": Words("纳入重点监管", "closer supervision", "日后检查较多", "more inspections later"),
    "of_others": Words("由其他单位实施", "carried out by others", "由其他单位负责", "carried out by others"),
    "green_channel": Words("绿色通道", "green channel", "优先办理", "handled first"),
    "longer_supplement": Words("容缺受理", "tolerance of missing papers", "补交材料时间更长", "more time for papers"),
    "fewer_inspections": Words("减少检查", "fewer inspections", "日后检查较少", "fewer inspections later"),
}
REFUSALS = {
    True: Plain("依据可以支持不予许可", "its basis may carry a refusal"),
    False: Plain("不得据以不予许可", "it carries no refusal"),
}
BY_HEAD = Plain("是否适用由负责人决定", "the head decides whether it applies")
BY_SECTION = Plain("是否适用由科室确认", "the section confirms whether it applies")
DECIDED: Mapping[str, Plain] = {"limit_entry": BY_HEAD}
UNTIL = Plain("到{day}为止", "until {day}")
LAST_DAY = {
    "included": Plain("到{day}为止（含当日）", "until {day}, that day included"),
    "excluded": Plain("到{day}为止（不含当日）", "until {day}, that day not included"),
}
ENDLESS: Mapping[str, Plain] = {
    "bar": Plain("没有期限（终身）", "for life"),
    "sanction": Plain("没有载明结束日期", "without a stated end"),
    "incentive": Plain("没有结束日期", "without an end date"),
}

DUTIES: Mapping[ObligationKind, Words] = {
    ObligationKind.HEAD_DECIDES: Words(
        "请告知事实、依据和拟采取的措施，听取陈述申辩并经法制审核后，由{by}最迟在{due}决定是否适用；{silence}。",
        "Tell the party facts, basis and intended measure, hear it and have the legal review done; then {by} decides "
        "by {due} whether it applies. {silence}.",
        "法律规定的限制或措施是否适用，最迟在{due}决定；决定前{you}可以陈述和申辩，{silence}。",
        "Whether the restriction or measure applies is decided by {due}; you may state your case before. {silence}.",
    ),
    ObligationKind.SECTION_CONFIRMS: Words(
        "请{by}最迟在{due}写明理由，确认或不予从严审核；{silence}。",
        "By {due} {by} confirms or declines stricter review, with reasons. {silence}.",
        "申请是否要更仔细地审核，最迟在{due}确认；{silence}。",
        "Whether the application is looked at more closely is settled by {due}. {silence}.",
    ),
    ObligationKind.TWO_CONFIRM_IDENTITY: Words(
        "请由{by}最迟在{due}分别核实该记录是否属于此人；{silence}。",
        "By {due} {by} settle, each alone, whether the record belongs to this party. {silence}.",
        "一条信息是否属于{you}，最迟在{due}核实；{silence}。",
        "Whether one piece of information is about you is settled by {due}. {silence}.",
    ),
    ObligationKind.SUPERVISOR_RELEASES: Words(
        "请{by}最迟在{due}安排人工核查并留存证据，或决定不计信用影响；{silence}。",
        "By {due} {by} has the look-up done by hand with evidence, or decides without credit effect. {silence}.",
        "没有完成的信用核查，最迟在{due}处理；{silence}。",
        "The open part of the credit check is dealt with by {due}. {silence}.",
    ),
}
NO_EFFECT = ("到期没有处理的，不影响本次申请", "If nothing is done by then, the application is not affected")
LAPSES: Mapping[ObligationKind, Words] = {
    ObligationKind.HEAD_DECIDES: Words(
        "到期未决定的，不产生任何信用影响",
        "Without a decision by then there is no credit effect",
        *NO_EFFECT,
    ),
    ObligationKind.SECTION_CONFIRMS: Words(
        "到期未确认的，按普通程序办理",
        "Without confirmation by then the ordinary procedure applies",
        *NO_EFFECT,
    ),
    ObligationKind.TWO_CONFIRM_IDENTITY: Words(
        "到期未核实的，不产生任何信用影响",
        "Without that by then there is no credit effect",
        *NO_EFFECT,
    ),
    ObligationKind.SUPERVISOR_RELEASES: Words(
        "到期未处理的，按不计信用影响办理并补查",
        "Without that by then the case goes on without credit effect, and a re-check is owed",
        *NO_EFFECT,
    ),
}
STAYS = Words(
    "到期未处理的，不自动适用，也不视为放行，办件仍须等待决定",
    "Silence neither applies it nor releases the case, which stays held until somebody decides",
    "没有决定之前不适用",
    "It does not apply before it is decided",
)
ACTORS = {
    Actor.HEAD: Plain("行政机关负责人", "the head of the organ"),
    Actor.SECTION: Plain("科室负责人", "the head of the section"),
    Actor.TWO_OFFICERS: Plain("两名工作人员", "two officers"),
    Actor.SUPERVISOR: Plain("审批负责人", "the supervisor"),
}
NO_DUE_DATE = Plain("受理后的法定决定日", "the statutory decision date that acceptance sets")

TOLERATED = Words(
    "缺少的“{material}”可以容缺受理，须在{day}前（含当日）补交。",
    "The missing “{material}” is tolerated and has to be supplied by {day}.",
    "缺少的“{material}”可以先不交，请最迟在{day}补交；办件不停下来等。",
    "The missing “{material}” may follow; please supply it by {day}. The application does not wait for it.",
)

DUE = Plain(
    "本次申请除依法延长外，最迟在{due}作出决定；信用核查不延长这个期限。",
    "Unless it is lawfully extended, the decision is due by {due}; the credit check does not extend this time.",
)
DUE_PROVISIONAL = Plain(
    "本次申请除依法延长外，预计最迟在{due}作出决定，放假安排公布后可能调整；信用核查不延长这个期限。",
    "Unless it is lawfully extended, the decision is expected by {due}, which may move once the holidays are "
    "published; the credit check does not extend this time.",
)
DUE_UNKNOWN = Plain(
    "受理后会告知作出决定的期限；信用核查不延长这个期限。",
    "The time for the decision is told on acceptance; the credit check does not extend it.",
)

# What the applicant can do, by the codes of the applicant's own reasons.
ACTS: tuple[tuple[frozenset[Why], Plain], ...] = (
    (
        frozenset({Why.NAME_DIFFERS, Why.POSSIBLE_MATCH}),
        Plain(
            "请核对填写的名称和号码；有误的，请尽快更正。",
            "Please check the name and number you gave, and correct them soon if they are wrong.",
        ),
    ),
    (
        frozenset({Why.NO_GROUND, Why.ONLY_BARS_CHECKED}),
        Plain(
            "{you}可以书面授权查询信用信息；不授权也照常办理。",
            "You may give written consent to the credit check; without it the application goes on all the same.",
        ),
    ),
    (
        frozenset({Why.BARRED, Why.LISTED_MEASURE, Why.STRICTER_REVIEW, Why.SEVERE, Why.GENERAL}),
        Plain(
            "认为记录有误的，可以提出异议；核实期间暂不执行有关措施，办件不停。",
            "If you think a record is wrong, you may object; while it is verified nothing is done because of it, and "
            "the application goes on.",
        ),
    ),
    (
        frozenset({Why.LISTED_MEASURE, Why.STRICTER_REVIEW, Why.SEVERE, Why.GENERAL}),
        Plain(
            "已经纠正并履行义务的，符合条件时可以在“信用中国”网站申请信用修复；修复后的记录不再使用。",
            "If you have put the matter right and done your duties, you may apply for credit repair at the website "
            "“信用中国” once the conditions are met; a repaired record is no longer used.",
        ),
    ),
)
ASK = Plain(
    "有疑问的，可以向{organ}询问，也可以要求说明理由。",
    "If you have questions, you may ask {organ}, and you may ask for the reasons.",
)

WINDOW = Plain("办理窗口", "the service window")

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
WEEKDAYS = Plain("一二三四五六日", "Mon Tue Wed Thu Fri Sat Sun")
