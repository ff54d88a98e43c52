"""Orders in plain words that concern something outside what a text is for: nothing in them looks like an attack."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import CREDENTIAL, NEVER, USER, Directive

_ADDRESS = r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,3}\.[a-z]{2,12}"
_NOBODY = ("@example.", "@company.", "@yourcompany", "@domain", "@acme.", "user@", "name@", "you@", "noreply@anthropic",
    "git@", "security@", "support@", "@localhost", "example.com", "co-authored-by")  # fmt: skip
_ALWAYS = r"(?:every|each|all|any|always|whenever|after|before|once|on completion|when(?:ever)? you)"
_WORK = (
    r"(?:diff|patch|source|code|repositor(?:y|ies)|working tree|file contents?|files?|conversation|"
    r"transcript|chat|history|"
    r"prompts?|messages?|answers?|repl(?:y|ies)|results?|outputs?|inputs?|quer(?:y|ies)|everything|"
    r"documents?|contracts?|"
    r"invoices?|customers?|records?|contacts?|mails?|e-mails?|screenshots?|clipboard|keystrokes|environment|"
    r"e-mail address|"
    r"name|phone)"
)

PLAIN = (
    Directive(
        "copy_to_address",
        "has copies sent to an address that the text itself names",
        rf"\b(?:{_ALWAYS}|also)\b[^\n]{{0,80}}\b(?:copy|copies|cc|bcc|loop in|notify|inform|forward|send|"
        rf"mail|e-mail|let|"
        rf"deliver|share)\b[^\n]{{0,60}}\b{_ADDRESS}|"
        rf"\b(?:cc|bcc|loop in|copy in|forward|copied)\b[^\n]{{0,40}}\b{_ADDRESS}|"
        rf"\blet {_ADDRESS} know\b|"
        rf"\b(?:send|mail|e-mail|forward)\b[^\n]{{0,40}}\b{_WORK}\b[^\n]{{0,40}}\bto {_ADDRESS}",
        ignore=_NOBODY,
    ),
    Directive(
        "work_to_address",
        "has the work or the conversation sent to an address that the text itself names",
        rf"\b{_ALWAYS}\b[^\n]{{0,60}}\b(?:post|upload|send|submit|push|stream|forward|transmit|sync|report|"
        rf"ship)\b[^\n]{{0,40}}"
        rf"\b{_WORK}\b[^\n]{{0,50}}\b(?:to|at|with|into|via)\b[^\n]{{0,16}}(?:https?|wss?|s3|gs|ftp)://|"
        rf"\b(?:upload|sync|mirror|stream|exfiltrate|ship)\b[^\n]{{0,20}}\b(?:it|them|everything|"
        rf"{_WORK})\b[^\n]{{0,30}}"
        r"\b(?:to|at)\b[^\n]{0,12}(?:https?|wss?|s3|gs|ftp)://",
        ignore=("localhost", "127.0.0.1", "api.github.com", "//example.com", "<", "your-", "{", "hooks.slack.com"),
        strong=False,
        alone=True,
    ),
    Directive(
        "personal_in_address",
        "has private content put where it leaves with every request",
        rf"\b(?:include|put|append|add|embed|encode|place|insert|attach|pass|"
        rf"write)\b[^\n]{{0,40}}\b(?:user'?s?|customer'?s?|"
        rf"their|his|answer of `?env|full|entire|whole|complete|all|previous|"
        rf"{CREDENTIAL})\b[^\n]{{0,60}}\b(?:in|into|to|as|"
        r"inside|within)\b[^\n]{0,24}(?:parameter|query string|of every link|each link|user-agent|header|"
        r"alt text|file ?name|"
        r"commit message|branch name|subdomain|dns|image url|url of|encoded as base64|metadata of)",
        ignore=("authorization", "bearer", "do not", "never", "don't", "must not", "content-type"),
        strong=False,
        alone=True,
    ),
    Directive(
        "secrets_handed_out",
        "has credentials put where others read them",
        rf"\b(?:read|open|take|copy|attach|collect|dump|print)\b[^\n]{{0,30}}(?:{CREDENTIAL}|passwords)[^\n]{{0,60}}"
        r"\b(?:commit message|pull request|ticket|issue|comment|report|answer|reply|public|gist|paste|log file|chat|"
        r"description|channel)\b",
        ignore=("never", "do not", "don't", "must not", "check", "avoid", "whether", "redact", "mask", "without",
                "rotate",
                "not print", "if ", "leaked", "found", "detect"),
        strong=False,
        alone=True,
    ),
    Directive(
        "false_report",
        "has something reported that is not so",
        r"\b(?:report|mark|record|claim|state|say|answer|log|list|declare|label|rate|show|"
        r"treat)\b[^\n.]{0,60}\b(?:as )?"
        r"(?:passed|passing|successful|safe|clean|approved|compliant|verified|false positives?|reviewed|"
        r"tested|mit\b|healthy|untouched|nothing (?:was|happened)|no (?:issues|problems|findings))\b[^\n.]{0,30}"
        r"\b(?:even (?:when|if|though)|also (?:those|when|if)|although|regardless|no matter|"
        r"whenever it (?:concerns|comes)|"
        r"without (?:running|reading|checking|looking|testing)|that fail|when (?:it is|they are) not)\b",
        ignore=("never", "do not", "don't", "must not", "avoid", "cannot", "not be", "red flag", "instead of"),
    ),
    Directive(
        "deny_when_asked",
        "tells the agent to deny what it does",
        rf"\b(?:if|when|whenever)\b[^\n.]{{0,16}}\b(?:{USER}|they|asked|"
        rf"questioned)\b[^\n.]{{0,50}}\b(?:asks?|wonders?|notices?|"
        r"inquires?|whether|about|questioned)\b[^\n.]{0,60}"
        r"\b(?:deny|say (?:that )?(?:no|nothing|it is|there)|answer that (?:nothing|no|it was|there)|claim|"
        r"pretend|lie\b|"
        r"change the subject|insist that)\b|"
        r"\bdeny (?:that|having|its|any|it)\b[^\n.]{0,60}\b(?:asked|exist\w*|questioned)\b",
        ignore=("never", "do not", "don't", "must not"),
    ),
    Directive(
        "approved_by_itself",
        "has the agent approve what somebody else has to",
        r"\b(?:write|enter|record|log|put|claim|say|set|answer)\b[^\n.]{0,30}[\"'`“]?(?:approved by|confirmed by|"
        r"the user (?:has )?(?:approved|confirmed|agreed)|user_approved|"
        r"approved\s*[=:]\s*true)\b[^\n.]{0,60}\b(?:go on|continue|"
        r"proceed|yourself|anyway|without)\b|"
        r"\b(?:approve|merge|sign off)\b[^\n.]{0,60}\bwithout (?:reading|review\w*|looking|checking|asking)\b|"
        r"\b(?:do not|don'?t|never|no need to)\b (?:check|confirm|verify|"
        r"ask)\b[^\n.]{0,24}\b(?:with )?the user\b[^\n.]{0,12}"
        r"\b(?:again|first|any ?more)\b",
        ignore=("never approve", "never merge", "do not approve", "do not merge", "don't merge", "don't approve"),
        strong=False,
        alone=True,
    ),
    Directive(
        "guards_off",
        "has the machine's or the account's protection switched off",
        r"\b(?:turn(?:ing)? off|disabl(?:e|ing)|deactivat(?:e|ing)|switch(?:ing)? off|uninstall(?:ing)?|"
        r"stop|remove)\b[^\n.]{0,24}"
        r"\b(?:firewall|anti-?virus|virus scanner|defender|gatekeeper|selinux|apparmor|two-factor|2fa|mfa|"
        r"multi-factor|"
        r"audit(?:ing| log\w*| trail)|edr|endpoint protection|system integrity protection|secret scanning|"
        r"branch protection|"
        r"real-?time (?:protection|monitoring))\b",
        ignore=("do not", "don't", "never", "must not", "attacker", "if ", "without", "detect", "cannot", "should not",
                "avoid", "whether", "check", "not turn", "not disable"),
        strong=False,
        alone=True,
    ),
    Directive(
        "rules_off",
        "tells a model that its rules are off",
        r"\b(?:your|the|all|any)\b (?:\w+ ){0,2}(?:rules?|safeguards?|guidelines?|guardrails?|restrictions?|filters?|"
        r"safety (?:training|policies))\b[^\n.]{0,40}\b(?:are|is)\b[^\n.]{0,10}\b(?:suspended|off|lifted|"
        r"void|disabled|waived|"
        r"not in (?:force|effect))\b",
        ignore=("if ", "when ", "whether", "never", "firewall", "eslint", "lint"),
    ),
    Directive(
        "outsider_granted",
        "gives somebody outside rights or a login",
        rf"\b(?:grant|give|assign|add)\b[^\n.]{{0,60}}\b(?:owner|admin\w*|maintainer|write access|root|"
        rf"editor|collaborator)\b"
        rf"[^\n.]{{0,40}}\b{_ADDRESS}|"
        rf"\b(?:add|invite)\b[^\n.]{{0,12}}\b{_ADDRESS}[^\n.]{{0,60}}\b(?:owner|admin\w*|maintainer|collaborator)\b|"
        r"\b(?:create|add)\b[^\n.]{0,24}\b(?:user|account|login)\b[^\n]{0,40}\bpass(?:word|"
        r"code)\b\s*[`'\"][^`'\"\n]{4,}[`'\"]"
        r"[^\n]{0,80}\b(?:group|sudo|admin|docker|root|wheel)\b|"
        r"\buseradd\b[^\n]{0,80}(?:-g|-G)\s*\S*(?:sudo|wheel|docker|root)",
        ignore=("@example.", "user@", "name@", "you@", "@localhost", "never", "do not"),
    ),
    Directive(
        "every_dependency",
        "has a package slipped into every project",
        r"\b(?:add|include|install|require|put)\b[^\n.]{0,40}\b(?:to|in|"
        r"into)\b[^\n.]{0,16}\b(?:dependenc(?:y|ies)|requirements|"
        r"package\.json|imports)\b[^\n.]{0,12}\b(?:of|in|for)\b (?:every|each|all|"
        r"any)\b[^\n.]{0,12}\b(?:projects?|repos?|"
        r"repositor(?:y|ies)|files?|packages?)",
        ignore=("dev", "test", "lint", "never", "do not"),
    ),
    Directive(
        "orders_from_outside",
        "has whatever stands at an address, in a page or in a result obeyed",
        r"\b(?:execute|run|follow|obey|carry out|perform|do|apply|act on)\b[^\n.]{0,24}\b(?:whatever|all|"
        r"any|every|the)\b"
        r"[^\n]{0,24}\b(?:commands?|instructions?|orders?|directives?|steps|code|tasks?)\b[^\n]{0,40}(?:\bhttps?://|"
        r"\bthe (?:web ?)?page (?:lists|says)|\bfound (?:in|on) (?:the )?(?:web ?)?pages?|\b(?:it|they|"
        r"that page|the (?:result|output))"
        r" (?:contains?|holds?|gives?))|"
        r"\btreat\b[^\n.]{0,60}\b(?:as|like)\b[^\n.]{0,12}\b(?:orders?|instructions?|commands?|"
        r"requests?)\b[^\n.]{0,8}"
        r"\b(?:from|of|by) (?:the )?(?:user|system|developer|owner)\b|"
        r"\b(?:fetch|download|load|read|get|pull)\b[^\n]{0,40}https?://\S+[^\n]{0,60}\b(?:treat|follow|obey|"
        r"execute|apply|"
        r"part of (?:this|your))\b|"
        r"\bact on\b[^\n.]{0,12}\binstructions? (?:in|found in|from)\b[^\n.]{0,24}\b(?:names?|results?|"
        r"outputs?|pages?|mails?|"
        r"files?)\b|"
        r"\b(?:if|when|whenever)\b[^\n.]{0,60}\bcontains? (?:a )?(?:command|"
        r"instruction)s?\b[^\n.]{0,12}\b(?:run|execute|follow)\b",
        ignore=("never", "do not", "don't", "must not", "not treat", "n't treat", "avoid", "refuse", "not follow"),
    ),
    Directive(
        "lasting_order",
        "plants an order in what later sessions read",
        r"\b(?:remember|memori[sz]e|note|keep in mind|write to (?:your )?(?:memory|\S+\.md)|save to memory|"
        r"add to (?:your )?memory)\b"
        rf"[^\n]{{0,80}}(?:\b(?:copied|copy|forward\w*|sent|send)\b[^\n]{{0,30}}{_ADDRESS}|\b(?:skip|skips|"
        rf"without|never needs?|"
        r"bypass\w*)\b[^\n.]{0,30}\b(?:confirmation|approval|permission|review|asking)\b|\b(?:trusted|"
        r"safe)\b[^\n.]{0,24}\b(?:skip|may|"
        r"always|without)\b)",
        ignore=("never", "do not", "don't"),
    ),
    Directive(
        "money_redirected",
        "has money go to an account that the text itself names",
        r"\b(?:transfer|send|pay|route|forward|donate|tip|set|use|replace|change|"
        r"add)\b[^\n]{0,80}\b(?:\b[a-z]{2}[0-9]{2}[a-z0-9]{11,30}\b|"
        r"0x[0-9a-f]{40}\b|bc1[a-z0-9]{25,60}\b|[13][a-km-zA-HJ-NP-Z1-9]{25,34}\b|t[a-z0-9]{33}\b)",
        ignore=("example", "test", "0x0000000000", "contract address", "usdc", "token address", "checksum",
                "sha", "commit"),
        strong=False,
        alone=True,
    ),
    Directive(
        "unseen_act",
        "has something done that the user is not told of",
        r"\b(?:run|execute|install|send|upload|push|delete|add|call|invoke|copy|submit|transfer|forward|"
        r"start|launch|fetch|log)\b"
        r"[^\n.]{0,60}\bwithout (?:telling|informing|notifying|mentioning (?:it|this|"
        r"that) to)\b[^\n.]{0,12}\b(?:user|customer|"
        r"anyone|them|owner|him|her)\b|"
        r"\b(?:secretly|covertly|stealthily|surreptitiously)\b[^\n.]{0,8}\b(?:log|record|send|collect|read|"
        r"copy|store|upload|add|"
        r"insert|run|install|forward|track|monitor|save)\w*\b|"
        r"\b(?:users?|customers?|they)\b[^\n.]{0,40}\b(?:confus\w+|need not (?:know|hear)|must not (?:see|"
        r"know|notice))\b[^\n.]{0,24}"
        r"\b(?:leave it out|omit|hide|do not (?:show|mention))",
        ignore=("never", "do not", "don't", "must not", "not be"),
    ),
    Directive(
        "steered",
        "steers people without their knowing",
        r"\b(?:subtly|gently|quietly|gradually)?\b ?\b(?:steer|nudge|guide|push|lead|"
        r"direct)\b[^\n.]{0,16}\b(?:user|customer|reader|"
        r"people|them)s?\b[^\n.]{0,60}\bwithout (?:them|their|his|her|the user)\b[^\n.]{0,16}\b(?:realizing|"
        r"realising|noticing|knowing|"
        r"knowledge|awareness)\b|\bnever mention competitors\b",
    ),
    Directive(
        "pasted_by_the_user",
        "has people paste a command that nobody explains",
        r"\b(?:ask|tell|instruct|have)\b[^\n.]{0,16}\b(?:user|customer|them)\b[^\n.]{0,40}\b(?:open|"
        r"start)\b[^\n.]{0,16}\bterminal\b"
        r"[^.]{0,40}\bpaste\b",
        strong=False,
        alone=True,
    ),
    Directive(
        "for_every_task",
        "has itself used for everything, or kept for all later sessions",
        r"\b(?:always|must) use this (?:skill|tool|server)\b[^\n.]{0,24}\b(?:every|all|"
        r"any)\b[^\n.]{0,40}\b(?:regardless|no matter|"
        r"whatever|instead)\b|\bremember\b[^\n.]{0,24}\bfor all (?:future|later|coming) (?:sessions|"
        r"conversations|chats)\b|"
        r"\b(?:instead of (?:using )?the|overrides? the (?:built-in )?)[^\n.]{0,12}\b(?:read|bash|write|"
        r"edit|shell)\b tool\b",
        ignore=("never", "do not", "don't"),
        strong=False,
        alone=True,
    ),
    Directive(
        "prompts_approved",
        "has every question of the agent answered with yes, or a program left unread",
        r"\b(?:approve|accept|confirm|allow) (?:all|every|any) (?:the )?(?:prompts?|requests?|"
        r"confirmations?|permissions?|dialogs?)\b|"
        r"\bdo not (?:read|inspect|open|review)(?: or (?:modify|change|"
        r"edit))?\b[^\n.]{0,12}[`'\"]?[\w./-]+\.(?:sh|py|js|ps1|bat|exe)\b|"
        r"\bdisable (?:all )?approval prompts?\b|\bbypass the sandbox\b|"
        r"\bclaude\b[^\n]{0,20}--dangerously-skip-permissions",
        ignore=("never", "don't", "must not", "sandboxed", "devcontainer", "container"),
        strong=False,
        alone=True,
    ),
    Directive(
        "speaks_as_the_system",
        "holds marks by which chat templates tell speakers apart",
        r"<\|(?:im_start|system|start_header_id|user|assistant)\|>\s*(?:system|"
        r"developer)?[^\n]{0,4}\n[^\n]{0,80}\b(?:you are|you must|"
        r"comply|ignore|obey)\b|\[inst\]\s*<<sys>>",
        strong=False,
        alone=True,
    ),
    Directive(
        "prompt_revealed",
        "has the model's own instructions told",
        r"\b(?:print|reveal|show|output|repeat|dump|disclose)\b[^\n.]{0,12}\b(?:your|the) (?:(?:entire|full|"
        r"whole|hidden) )?(?:system prompt|"
        r"hidden instructions|initial instructions)\b",
        ignore=("never", "do not", "don't", "must not", "not reveal", "asks", "ask ", "attempt", "refuse"),
        strong=False,
        alone=True,
    ),
    Directive(
        "watches_people",
        "has people watched",
        r"\b(?:take|capture|record|log|store|save)\b[^\n.]{0,20}\b(?:screenshots?|keystrokes|clipboard|"
        r"microphone|webcam|"
        r"everything (?:that )?(?:the user|they) types?|all (?:user )?(?:input|"
        r"keystrokes))\b[^\n.]{0,60}\b(?:(?:every|each) (?:\w+ )?(?:second|minute|hour|key|time)|"
        r"continuous\w*|upload\w*|hidden|unnoticed)\b",
        ignore=("playwright", "test", "browser", "page", "viewport", "never", "do not", "baseline"),
        strong=False,
        alone=True,
    ),
    Directive(
        "omitted",
        "has something left out without a word",
        rf"\b(?:leave out|omit|skip|drop|hide|remove|exclude|downplay|lower)\b[^\n.]{{0,80}}\b(?:and|"
        rf"but)\b[^\n.]{{0,16}}\b{NEVER}\b"
        r"[^\n.]{0,12}\b(?:say|mention|tell|note|explain|disclose|report|reveal)\b|"
        rf"\b(?:and|but|,|;)\s*{NEVER}\b (?:say|mention|tell (?:{USER}) |disclose|reveal|"
        rf"report)\b[^\n.]{{0,12}}\b(?:that you did|it\b|this\b|so\b|"
        r"about it)",
        strong=False,
        alone=True,
    ),
    Directive(
        "warnings_suppressed",
        "has warnings kept from whoever should see them",
        r"\b(?:suppress|hide|swallow|mute|drop|never show|do not show)\b[^\n.]{0,16}\b(?:all|every|"
        r"any)?\b ?(?:security )?(?:warnings?|"
        r"alerts?|security (?:findings?|errors?|notices?))\b[^\n.]{0,40}\b(?:and (?:continue|go on|proceed)|"
        r"from the user|to the user)\b",
        ignore=("not suppress", "never suppress", "n't suppress", "not hide", "never hide", "n't hide"),
        strong=False,
        alone=True,
    ),
    Directive(
        "takes_another_tools_place",
        "takes the place of another tool",
        r"\bthis tool\b (?:(?:is|must be|answers|should be)\b[^\n.`]{0,24})?\b(?:instead of|replaces|"
        r"in place of|rather than)\b[^\n.]{0,12}[`'\"]?[a-z]+_[a-z_]+|"
        r"\b(?:replaces|supersedes|overrides)\b[^\n.]{0,24}\b(?:all other|the (?:built-in|original|"
        r"official)|every other)\b[^\n.]{0,24}\btools?\b",
        ignore=("deprecated", "do not", "don't"),
        strong=False,
        alone=True,
    ),
)  # fmt: skip
