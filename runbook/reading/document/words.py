"""The words by which a heading tells what stands under it, in the languages that runbooks are written in."""

from __future__ import annotations

import re
from typing import Literal

Role = Literal[
    "triggers", "never", "before", "verify", "monitor", "success", "checklist", "communicate", "contacts", "report",
    "after", "lessons", "practices", "trouble", "reference", "history", "",
]  # fmt: skip

_ROLLBACK = (
    r"roll(?:ing|ed)?[ -]?back|rollback|revert|restor|undo|downgrad|fail[ -]?over|recover|previous (?:version|release)"
    r"|switch ?back|back ?out|reversi[oó]n|revertir|reverter|restaur|retour (?:arri[eè]re|en arri[eè]re)|ripristin"
    r"|zur[uü]ck|wiederherstell|annul|回滚|回滾|回退|恢复|恢復|還原|还原|ロールバック|切り戻し|復元|復旧|롤백|복구|되돌"
)
_PROCEDURE = (
    r"procedure|\bprocess\b|steps?\b|instructions?|how[ -]to|execut|playbook|runbook|mitigation|remediation|resolution"
    r"|\bresponse\b|\bactions?\b|\bintervention|procedimiento|procedimento|pasos\b|passos\b|proc[ée]dure|[ée]tapes|procedura"
    r"|passi\b|schritte|ablauf|vorgehen|手順|步骤|步驟|流程|절차|단계"
)

_MONITOR = (
    r"monitor|key metrics|metrics to|observab|what to watch|watch(?:ing)? (?:the|for)"
    r"|surveill|überwach|監視|监控|監控|모니터링"
)
_ROLE_WORDS: tuple[tuple[Role, str], ...] = (
    (
        "reference",
        r"^examples?\b|^how (?:it|this|the|automat)\b|\bread(?:ing)? (?:next|on|more|the code)\b|^what happens|^prevent|preventi(?:ve|on)|\bdrills?\b|rollback test(?:s|ing)?\b|rehears",
    ),
    (
        "never",
        r"(?:when|reasons?|do|should|must)\b.{0,20}\b(?:not|never|don.?t)\b.{0,24}(?:roll|revert|pause|use)"
        r"|(?:don.?t|do not|never|not to) (?:roll|revert)|no rollback|not a rollback|fix[ -]?forward"
        r"|cu[aá]ndo no|quand ne pas|quando n[aã]o|quando non|wann nicht|不要回滚|不应回滚|しない(?:場合|とき)|하지 않",
    ),
    (
        "history",
        r"\bhistory\b|change ?log|revision (?:log|table)|\blog of\b|past (?:incidents?|rollbacks)|timeline$"
        r"|^timeline|table of contents|^contents$|historial|historique|cronologia|änderungs|履歴|历史|歷史|이력|목차|目次|目录",
    ),
    (
        "practices",
        r"best practices?|good practices?|buenas pr[aá]cticas|bonnes pratiques|ベストプラクティス|最佳实践|모범 사례",
    ),
    (
        "lessons",
        r"lessons?|(?:common|frequent|typical|known|historical).{0,24}\bcauses?\b|lecciones|le[cç]ons|lezioni|li[cç][oõ]es"
        r"|教訓|经验教训|교훈",
    ),
    (
        "report",
        r"(?:report|post-?mortem|incident|rca).{0,24}\b(?:template|form|format)\b|template.{0,20}(?:report|incident)"
        r"|plantilla|mod[eè]le de rapport|modello|vorlage|テンプレート|报告模板|보고서",
    ),
    (
        "success",
        r"success(?:ful)? (?:criteria|indicators?|metrics|conditions|checklist|when|if)|criteria (?:for|of) success|success$|exit criteria|acceptance criteria|definition of done|done when|criteria for (?:recovery|closing)"
        r"|criterios de [eé]xito|crit[eè]res de r[eé]ussite|criteri di successo|erfolg|成功|완료 기준",
    ),
    (
        "verify",
        r"verif|validat(?:e\b|ing\b|ion)|smoke[ -]?tests?|sanity|health ?checks?$|(?:post|after).{0,20}\b(?:checks?|tests?|testing)\b"
        r"|integrity checks?|confirm(?:ation|ing)? (?:recovery|success|the)|success checks?|überprüf|prüfung|\bprüfen|nachkontrolle"
        r"|comprob|検証|確認|验证|驗證|확인|검증",
    ),
    (
        "monitor",
        rf"{_MONITOR}|dashboards?\b",
    ),
    (
        "before",
        r"pre[ -]?requisit|prerequis|pr[eé]requis|requirements|requisitos|before (?:you|roll|the|start|any)|pre-?flight"
        r"|pre[ -]?(?:rollback|deploy\w*|migration|restore|incident)|preparation|voraussetz|assess|diagnos|triage"
        r"|investigat|identif|\bdetect|initial|evidence|preserve|antes (?:de|do)|avant|prima d|vor dem|前提|事前"
        r"|准备|前置|사전",
    ),
    (
        "triggers",
        r"trigger|\bwhen (?:to|should|do|you|we|a )|symptom|indicators?|decision (?:matrix|criteria|tree|guide|table)"
        r"|rollback (?:criteria|conditions|thresholds?|if)|thresholds?$|conditions? (?:for|to|requiring)|\bsigns\b"
        r"|go ?/ ?no-?go|cu[aá]ndo|\bquand\b|\bquando\b|\bwann\b|ausl[oö]ser|disparadores|s[ií]ntomas|d[eé]clencheurs"
        r"|トリガー|判断|発動|触发|觸發|何时|何時|いつ|條件|条件|언제|트리거|조건",
    ),
    (
        "communicate",
        r"communicat|notif(?:y|ic)|announce|status ?(?:page|update)|stakeholder|message templates?|templates?$"
        r"|comunica|benachricht|kommunik|連絡文|通知|소통|공지",
    ),
    (
        "contacts",
        r"contacts?\b|escalat|on-?call\b|who to call|phone|contactos?|contatt|contatos?|ansprechpartner|kontakt"
        r"|escalad|連絡先|エスカレーション|联系人|聯絡|연락",
    ),
    ("checklist", r"check ?-?list|lista de verifica|liste de contr|チェックリスト|检查清单|检查表|체크리스트"),
    (
        "after",
        r"post[ -]?(?:rollback|incident|mortem|recovery|failover|restor\w*|deploy\w*|revert|event)"
        r"|after (?:the |a |you )?(?:roll|incident|recover|restor|fail|revert)|follow[ -]?ups?|next steps|aftermath"
        r"|root cause|\brca\b|despu[eé]s|apr[eè]s|dopo (?:il|la)|depois|nach dem|nachbereit|事後|事后|사후|후속",
    ),
    (
        "trouble",
        r"troubleshoot|common (?:issues|problems|errors|failures|pitfalls)|known (?:issues|problems)|\bfaq\b|pitfalls|gotchas"
        r"|problemas|probl[eè]mes|problemi|fehlerbeheb|トラブル|故障排除|常见问题|문제 해결",
    ),
    (
        "reference",
        r"reference|appendix|related|^links|see also|resources|glossary|overview|^purpose|^scope|background|^context"
        r"|how it works|architecture|useful commands|cheat ?-?sheet|^notes?$|^about|limitations|^examples?\b|introduc"
        r"|prevent|drill|automat|maintenance|\bquick ref|referencia|r[eé]f[eé]rence|riferiment|anhang|参考|參考|概要|概述"
        r"|참고|개요",
    ),
)
ROLES = tuple((role, re.compile(words, re.I)) for role, words in _ROLE_WORDS)
"""What a heading must say for each role; the first that fits counts."""

SEVERAL = re.compile(
    r"\b(?:strategies|types|options|methods|scenarios|approaches|ways|alternatives|estrategias|opciones|m[eé]todos|tipos"
    r"|escenarios|strat[eé]gies|m[eé]thodes|sc[eé]narios|opzioni|strategie|metodi|optionen|methoden|varianten)\b"
    r"|方法|シナリオ|方案|방법",
    re.I,
)
"""A heading that announces alternatives, even where those are only numbered."""

STEP = re.compile(r"^(?:step|phase|stage|paso|passo|[ée]tape|schritt|fase|ステップ|手順|步骤|步驟|단계)\s*\d", re.I)

OF_STEPS: frozenset[Role] = frozenset({"before", "verify", "monitor", "communicate", "after"})
"""The roles that a heading `Step 3: …` can have; its other words are what the step does."""

NO_WAYS: frozenset[Role] = frozenset(
    {"triggers", "never", "success", "contacts", "report", "lessons", "practices", "history", "communicate",
     "reference"}
)  # fmt: skip
"""Roles under which `Level 1`, `Scenario A` are not ways to roll back."""

CARRIED: frozenset[Role] = frozenset(
    {"triggers", "never", "success", "contacts", "report", "after", "lessons", "practices", "history", "communicate",
     "verify", "monitor", "trouble", "reference", "checklist", "before"}
)  # fmt: skip
"""Roles that hold for what stands below, where the heading there says nothing stronger."""

STRONGER: dict[Role, frozenset[Role]] = {
    "triggers": frozenset({"never"}),
    "never": frozenset(),
    "success": frozenset(),
    "contacts": frozenset(),
    "report": frozenset(),
    "communicate": frozenset({"contacts"}),
    "after": frozenset({"verify", "monitor", "report", "lessons", "practices", "contacts", "communicate"}),
    "lessons": frozenset({"practices"}),
    "practices": frozenset({"lessons"}),
    "history": frozenset(),
    "verify": frozenset({"contacts", "success", "report", "communicate"}),
    "monitor": frozenset({"contacts", "success", "triggers"}),
    "trouble": frozenset({"contacts"}),
    "reference": frozenset({"contacts", "lessons", "practices", "report", "verify", "monitor", "triggers", "success"}),
    "before": frozenset({"contacts", "triggers", "checklist"}),
    "checklist": frozenset({"verify"}),
}
"""Which roles below a role are their own."""

ROLLBACK = re.compile(_ROLLBACK, re.I)
FORWARD = re.compile(
    r"\b(?:roll(?:ing|ed)?|fix(?:ing|ed)?|mov(?:e|ing))[ -]?forward|\bforward[ -]fix|\bhot[ -]?fix", re.I
)
BACK = re.compile(
    r"roll(?:ing|ed)?[ -]?back|revert|undo|downgrad|previous|switch ?back|back ?out|zur[uü]ck|arri[eè]re|回滚|回退|切り戻し"
    r"|ロールバック|롤백",
    re.I,
)
"""`Recovery (rolling forward)` is no way back; `Rollback of a hotfix` is one."""
PROCEDURE = re.compile(_PROCEDURE, re.I)

TECHNOLOGY = re.compile(
    r"\b(?:vercel|railway|render|heroku|netlify|fly(?:\.io)?|kubernetes|k8s|kubectl|kustomize|helm|docker|compose|swarm"
    r"|nomad|ecs|eks|fargate|lambda|aws|gcp|gke|gcloud|google cloud|cloud run|azure|aks|cloudflare|cloudfront"
    r"|terraform|pulumi|git|github|gitlab|jenkins|argo ?cd|flux|ansible|systemd|pm2|supabase|neon|planetscale|postgres(?:ql)?"
    r"|mysql|mongodb|redis|prisma|alembic|flyway|liquibase|npm|nginx|iis|app ?engine|beanstalk|amplify|firebase"
    r"|openshift|rancher|spinnaker|codedeploy|cloudformation|feature flags?|dashboard|cli|ui|api|web ?app|frontend"
    r"|backend|database|config(?:uration)?)\b",
    re.I,
)

ALTERNATIVE = re.compile(
    r"^(?P<word>option|method|strategy|scenario|level|approach|variant|alternative|path|plan|tier|proc[eé]d(?:ure|imiento)|procedura|opci[oó]n|op[cç][aã]o"
    r"|m[eé]todo|estrat[eé]gia|escenario|cen[aá]rio|m[eé]thode|strat[eé]gie|sc[eé]nario|opzione|metodo|strategia|variante"
    r"|methode|szenario|方法|方式|方案|オプション|シナリオ|옵션|방법|시나리오)\s*#?\s*"
    r"(?P<label>[0-9]{1,2}[a-z]?|[A-Z]|[ivxIVX]{1,4})?(?=\W|$)[\s:.)\]–—-]*",
    re.I,
)
LETTERED = re.compile(r"^(?P<label>[A-H])[.)]\s+(?=\S)")
NUMBERED = re.compile(
    r"^(?:(?:step|phase|stage|part|paso|passo|[ée]tape|schritt|fase|phase|ステップ|手順|步骤|步驟|단계|第)\s*)?"
    r"(?P<label>\d+(?:\.\d+)*)(?:\s*(?:[.):、章步]|[-–—:]\s|(?<=[a-zA-Z] \d)(?=\s|$))|(?<=\d\.\d)(?=\s))\s*",
    re.I,
)

MONITOR = re.compile(_MONITOR, re.I)
"""What is done there is monitoring, where `Rollback via the dashboard` only names the place."""
CHECKLIST = re.compile(dict(_ROLE_WORDS)["checklist"], re.I)
NEEDED = re.compile(
    r"pre[ -]?requisit|prerequis|pr[eé]requis|requirements|requisitos|\bbefore (?:you|the|roll|start|any)|pre-?flight"
    r"|pre[ -]?(?:rollback|restore)|voraussetz|antes d|\bavant\b|prima d|vor dem|前提|事前|前置|사전",
    re.I,
)
"""Headings of what has to be there, or to be so, before one begins."""

BEFORE = re.compile(r"\bpre\b|\bpre-|before|prepar|prerequis|antes|avant|prima|vor\b|事前|前|사전|\bplan", re.I)
AFTER = re.compile(
    r"\bpost\b|\bpost-|after|follow|despu[eé]s|apr[eè]s|dopo|depois|nach\b|事後|事后|后|後|사후|이후", re.I
)

IMMEDIATE = re.compile(
    r"immediate|critical|no questions|automatic|emergency|\bp0\b|sev-?[01]\b|without (?:delay|asking)|at once|mandatory|must"
    r"|inmediat|imm[eé]diat|imediat|sofort|kritisch|cr[ií]tic|立即|即時|緊急|紧急|즉시",
    re.I,
)
CONDITIONAL = re.compile(
    r"condition|consider|assess|evaluat|investigat|severe|\bhigh\b|medium|warning|manual|discuss|judg|case[ -]by[ -]case|maybe"
    r"|\bp[123]\b|sev-?[2345]\b|condicional|optional|bedingt|检查|検討|評価|条件|조건",
    re.I,
)
