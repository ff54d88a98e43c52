"""English phrases that are an order by themselves: about people who are told what is not so, work that is not done, checks
that are passed over. Kept apart from the words of `english`, which mean something only together."""

from __future__ import annotations

from bartizan.supplychain.text.roles.role import Lexicon, Role

_PEOPLE = (
    r"(?:callers?|customers?|clients?|patients?|applicants?|guests?|people|them|users?|visitors?|tenants?|students?)"
)
_GOOD = (
    r"(?:false positives?|approved|safe|resolved|passed|paid|verified|trusted|low[- ]risk|benign|reviewed|not met|fixed|"
    r"having (?:agreed|consented)|compliant|clean|acceptable|harmless|duplicates?)"
)
_FAULTS = (
    r"(?:missing \w+|security|vulnerab\w*|errors?|findings?|faults?|bugs?|risks?|leaks?|failures?|warnings?|problems?|"
    r"violations?|defects?|conflicts? of interest)"
)

CONDUCT: Lexicon = {
    Role.UNTRUE: (
        rf"\b(?:asked|asks?) (?:about|for)\b[^.\n]{{0,40}}\b(?:say|answer|reply|tell {_PEOPLE}) (?:that )?(?:they|competitors?|rivals?|"
        r"others?|all others|nobody|it is not)\b|"
        rf"\btell (?:the |a |every |each )?{_PEOPLE}\b[^.\n]{{0,40}} that (?:it is|this is|that is|nobody|no one|there is no|an? \w+|the \w+)[^.\n]{{0,24}}"
        r"\b(?:impossible|not possible|available|too late|unlawful|mandatory|required by law|not needed|unnecessary|sold out|expired|broken)\b|"
        r"\b(?:do not|don'?t|without|never|instead of) (?:run(?:ning)?|execut(?:e|ing)|read(?:ing)?|check(?:ing)?|test(?:ing)?)\b"
        r"[^.\n]{0,40}[;,:]? (?:and |but |just )?(?:write|report|say|state|claim|answer|mark)\b[^.\n]{0,16}"
        r"\b(?:all|passed|green|done|ok|fine|approved|successful)\b|"
        r"\b(?:quote|present|report|show|write|label|bill|sell|describe|phrase|word)\b[^.\n]{0,50}\bas (?:if|though) (?:it|they|he|she) "
        r"(?:were|was|had)\b|\bso that (?:it|they|this) (?:looks?|appears?|reads?|seems?) (?:as (?:if|though)|like)\b",
    ),
    Role.FAVOUR: (
        rf"\b(?:mark|label|classify|treat|rate|close|count|report)\b[^.\n]{{0,50}}\b(?:all|every|each|any)\b[^.\n]{{0,50}}\bas {_GOOD}\b|"
        rf"\b(?:mark|label|classify|treat|rate|count|report)\b[^.\n]{{0,60}}\b(?:from|by|in|of|at) [^.\n]{{2,40}}\bas {_GOOD}\b|"
        rf"\b(?:do not|never|don'?t) (?:comment on|report|flag|mention|point out|raise|list|warn about|look for) (?:any |the )?{_FAULTS}"
        r"[^.\n]{0,40}\b(?:by|from|of|in) (?:the )?(?:vendor|author|code (?:of|by)|supplier|partner|company|team|our)\b|"
        rf"\bin (?:reviews?|reports?|audits?) (?:of|for)[^.\n]{{2,60}}, (?:do not|never|don'?t) (?:comment|report|flag|mention|point out)\b|"
        r"\b(?:positive|favourable|favorable|negative|unfavourable) about (?:the )?\w+[^.\n]{0,20}\bwhatever\b|"
        rf"\b(?:steer|nudge|lure) {_PEOPLE} (?:to|towards)\b|\b(?:rate|grade|score) (?:\w+ ){{1,8}}(?:with )?at least [0-9]|"
        rf"\btreat (?:everybody|everyone|all \w+) as {_GOOD}|\b(?:highest|best) commission\b|"
        r"\b(?:send|message|mail|invite)\b[^.\n]{0,30}\ball (?:of )?(?:the )?(?:user'?s? )?contacts\b|"
        r"\b(?:delete|remove|skip|disable|comment out|deleting|removing|skipping) (?:the |all )?failing tests\b",
    ),
    Role.SKEW: (
        r"\b(?:twice|double|half|three times|ten times) the (?:recommended|real|actual|stated|true|prescribed|original|agreed|usual)\b|"
        r"\b(?:offer|charge|bill|sell)\b[^.\n]{0,60}[0-9]+ ?(?:%|per ?cent) (?:above|below|over|under)\b",
    ),
    Role.GRANT: (
        r"\b(?:give|grant|assign|add)\b[^.\n]{0,50}\b(?:the )?(?:role|group) [`'\"]?(?:admin\w*|owner|root|sudo)\b|"
        r"\b(?:give|grant|assign)\b[^.\n]{0,50}\b(?:admin\w*|owner|root|push|full) (?:role|rights?|access|permissions?)\b|"
        r"\b(?:open|expose)\b[^.\n]{0,60}\b(?:to (?:all addresses|everyone|anyone|the (?:whole )?(?:internet|world))|0\.0\.0\.0/0)|"
        r"\b(?:give|grant|assign)\b[^.\n]{0,60}\b(?:write access|sudo (?:rights|access)|shell access)\b",
    ),
    Role.SELF: (
        r"\b(?:replace|overwrite|rewrite) (?:this|these) (?:file|skill|rules?|instructions?|document|prompt)\b",
    ),
    Role.AGENT_FILE: (
        r"~/\.(?:claude/(?:claude\.md|settings\.json)|claude\.json|cursor/(?:mcp\.json|rules/\S+)|codex/\S+|gemini/\S+|"
        r"windsurf/\S+|config/opencode/\S+)",
    ),
    Role.OUTSIDE: (
        r"\b(?:public|external|foreign|outside) (?:channel|chat|gist|bucket|repo\w*|forum|server|party|partner|address|system|support|"
        r"folder|drive|account)s?\b|\bthird[- ]part(?:y|ies)\b|\b(?:resellers?|vendors?|suppliers?|partners?|contractors?|integration team|"
        r"support team|data brokers?)\b|\b(?:telegram|discord|pastebin)\b",
    ),
    Role.ACCOUNT: (
        r"\b(?:wallet|account) of (?:the|its|this) (?:developer|author|operator|vendor|skill)\b|\b(?:developer|author|operator|vendor)'s "
        r"(?:own )?(?:wallet|account)\b",
    ),
    Role.ITSELF: (
        r"\b(?:after|before) (?:each|every|any) \W?\w+\W?,? (?:call|use|run) this\b|\bthis tool must (?:run|be (?:called|used)) "
        r"(?:first|before|after)\b|\bcall this tool (?:again|first|before|after)\b",
    ),
    Role.EVERY: (
        r"\b(?:in|into|to|at the end of|of|on) (?:every|each|all|any) \w+|\b(?:every|each) (?:answer|commit|mail|reply|article|page)\b",
    ),
}
