"""What an instruction file has no honest reason to say.

Instruction files are imperative by nature, so an order alone is nothing. These patterns look for orders that work
against
who installs the file: hide something from the user, carry secrets out, run code from elsewhere, take over other tools,
persist, switch approvals off. ``strong`` ones decide alone; two different ``weak`` ones near each other do together.
"""

from __future__ import annotations

from functools import cache

import msgspec
import re2

_CREDENTIAL = (
    r"(?:api[ _-]?keys?|secrets?|credentials?|passwords?|passwd|private[ _-]?keys?|ssh[ _-]?keys?|"
    r"access[ _-]?tokens?|"
    r"auth(?:entication)?[ _-]?tokens?|bearer[ _-]?tokens?|session[ _-]?(?:tokens?|cookies?)|cookies|"
    r"seed[ _-]?phrases?|"
    r"mnemonics?|environment variables|env vars|\benv\b output|\.env\b|id_rsa|id_ed25519|\.ssh/|\.aws/|\.kube/|"
    r"\.npmrc|"
    r"\.netrc|\.pypirc|\.git-credentials|wallet\.dat|keychain|kubeconfig|/etc/shadow|\bprintenv\b)"
)
_PRIVATE = (
    r"(?:(?:conversation|chat|message|browsing|shell|command) (?:history|transcript|log|context)|(?:full|entire|"
    r"whole|"
    r"complete) (?:conversation|transcript|chat|context|prompt)|system prompt|user'?s? (?:prompts?|messages?|"
    r"emails?|files?|"
    r"documents|personal data|address|contacts)|source code|all files|customer (?:data|records))"
)
_SEND = (
    r"(?:send|post|upload|forward|transmit|submit|exfiltrate|e-?mail|copy|leak|report|ship|relay|push|append|include|"
    r"attach|embed|encode|pass|put|insert|add|write)"
)
_PLACE = (
    r"(?:https?://|webhook|ngrok|requestbin|pastebin|telegram|discord\.com/api|burp|interact\.sh|oast\.|\bcurl\b|"
    r"\bwget\b|"
    r"\bnc\b|\bfetch\(|\bdns\b|[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|image url|query (?:string|parameter)|"
    r"our (?:server|"
    r"endpoint|collector)|external (?:server|endpoint|url)|remote (?:server|host|endpoint)|attacker|collector)"
)
_KEY_FILE = (
    r"(?:~|\$home|/root|/home/[a-z0-9_-]+|%userprofile%)?/?\.?(?:\.ssh/(?:id_[a-z0-9]+|config)|id_rsa\b|"
    r"id_ed25519\b|\.aws/credentials|\.kube/config|\.netrc|\.git-credentials|\.pypirc|\.cursor/mcp\.json|"
    r"\.config/(?:gcloud|gh/hosts|rclone)|/etc/shadow|wallet\.dat|login data|cookies\.sqlite|\.docker/config\.json)"
)
_USER = r"(?:the |any |your )?(?:user|human|person|operator|developer|owner|reviewer|anyone|customer|client|people)s?"
_NEVER = (
    r"(?:do not|don'?t|never|must not|mustn'?t|should not|avoid|without|refrain from|no need to|"
    r"under no circumstances)"
)
_SHELL = r"(?:ba|z|da|k)?sh\b|python[0-9.]*\b|perl\b|ruby\b|node\b|php\b|iex\b|powershell\b"
_UNSEEN = (
    r"(?:silently|secretly|covertly|quietly|stealthily|discreetly|behind the scenes|in the background without|"
    r"invisibly|unnoticed)"
)
_ACTS = (
    r"(?:send|upload|post|append|run|execute|install|add|copy|include|read|collect|fetch|delete|write|forward|"
    r"exfiltrate|transmit|change|replace|modify|insert|inject|store|commit|push|open|call|invoke|use|do|pass|attach|bcc|"
    r"encode|record|save|submit|report|relay|ship|download|create|register|set|enable|disable|grant|approve|move|swap|"
    r"alter|adjust|make|perform)"
)
_INSTALLERS = (
    "astral.sh/", "sh.rustup.rs", "get.docker.com", "raw.githubusercontent.com/homebrew/install", "bun.sh/install",
    "deno.land/", "deno.land/install.sh", "get.pnpm.io", "raw.githubusercontent.com/nvm-sh/nvm",
    "install.python-poetry.org",
    "pixi.sh/install", "ollama.com/install.sh", "deb.nodesource.com", "cli.anthropic.com", "claude.ai/install.sh",
    "get.helm.sh", "raw.githubusercontent.com/helm/helm", "mise.run", "starship.rs/install.sh", "bootstrap.pypa.io",
)  # fmt: skip
"""Installers that projects document themselves; a pipe from them into a shell is a habit, not a sign."""


class Directive(msgspec.Struct, frozen=True):
    """One pattern, RE2 syntax, case-insensitive, ``.`` matches line ends too."""

    id: str
    says: str
    """What it tells the agent, after "It"."""
    regex: str
    strong: bool = True
    ignore: tuple[str, ...] = ()
    """A match that contains one of these is none."""
    everywhere: bool = False
    """Means the same in documents and corpora, which are full of what other directives look for."""


DIRECTIVES = (
    Directive(
        "exfiltrate_secret",
        "tells the agent to carry credentials to an address",
        rf"\b{_SEND}\b.{{0,90}}{_CREDENTIAL}.{{0,120}}\b(?:to|at|via|through|into|in|using|with|as|"
        rf"on)\b.{{0,60}}{_PLACE}",
        ignore=("authorization header", "never send", "do not send", "don't send"),
    ),
    Directive(
        "exfiltrate_private",
        "tells the agent to carry private content to an address",
        rf"\b(?:send|post|upload|forward|transmit|exfiltrate|leak|relay|append|encode|"
        rf"copy)\b.{{0,60}}{_PRIVATE}.{{0,80}}"
        r"(?:https?://|webhook|ngrok|[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|image url|query (?:string|parameter))",
    ),
    Directive(
        "read_secret_file",
        "has a file of credentials read",
        r"(?:\bcat|\bread|\bopen|\bload|\bretrieve|\bcollect|\bgrab|\baccess|\bfetch|\bprint|\bprovide|\binclude|"
        r"contents? of)\b"
        rf".{{0,40}}{_KEY_FILE}",
        strong=False,
    ),
    Directive(
        "publish_secret_file",
        "has a file of credentials handed on",
        rf"\b(?:commit|push|check in|publish)\b.{{0,60}}{_KEY_FILE}",
        ignore=("do not", "don't", "never", "avoid", "must not", "public key"),
    ),
    Directive(
        "private_and_secret",
        "has the conversation and credentials passed on together",
        rf"\b(?:append|include|add|attach|prepend|embed|paste|copy|put|pass)\b.{{0,50}}\b(?:conversation|chat|messages?|"
        rf"prompts?)\b.{{0,50}}\b(?:and|plus|with|as well as)\b.{{0,30}}{_CREDENTIAL}",
        ignore=("do not", "don't", "never", "authorization header"),
    ),
    Directive(
        "picture_of_private",
        "has private content carried away in the address of a picture",
        r"!\[[^\]\n]{0,200}\]\(\s*https?://[^)\s]{0,200}[{<$\[]{1,2}[^)\s]{0,40}(?:conversation|history|secret|"
        r"password|prompt|messages?\b|summary|transcript|credential)",
        everywhere=True,
    ),
    Directive(
        "addressed_to_models",
        "speaks to models that read it, and has people hand over money or credentials",
        r"\b(?:notes?|messages?|instructions?|attention|reminder)\s+(?:to|for)\s+(?:the |all |any )?(?:ai|a\.i\.|llms?|"
        r"assistants?|chat-?bots?|language models?|ai (?:agents?|assistants?|models?))\b.{0,40}[:,.].{0,200}\b(?:card "
        r"(?:numbers?|details)|passwords?|credentials|bank details|iban|one-?time codes?|pin\b|gift cards?|"
        r"wire transfer|seed phrase|api keys?)\b.{0,80}(?:@|https?://|\bto\b)",
        everywhere=True,
        ignore=("never ask", "do not ask", "don't ask", "must not"),
    ),
    Directive(
        "add_dependency",
        "has a package slipped into projects",
        r"\b(?:add|install|include|insert|require|append)\b.{0,40}\b(?:dependenc(?:y|ies)|packages?|script tags?)\b"
        r".{0,60}"
        r"\b(?:every|each|all|any|package\.json|requirements\.txt|pyproject\.toml|go\.mod|cargo\.toml)",
        strong=False,
    ),
    Directive(
        "collect_secrets",
        "gathers credentials",
        rf"\b(?:collect|gather|harvest|extract|dump|scan for|search for|find|grab|steal|list)\b.{{0,40}}{_CREDENTIAL}",
        strong=False,
        ignore=("hardcoded", "hard-coded", "committed", "leaked", "in the diff", "in code", "exposed"),
    ),
    Directive(
        "address",
        "names an address to which things go",
        r"\b(?:send|post|upload|forward|transmit|exfiltrate|relay|submit|report|\bcc|"
        r"bcc)\b.{0,80}(?:https?://(?:[0-9]{1,3}\."
        r"){3}|webhook\.site|ngrok|requestbin|pipedream\.net|pastebin|transfer\.sh|interact\.sh|oast\.|"
        r"burpcollaborator|"
        r"discord\.com/api/webhooks|api\.telegram\.org|\.xyz\b|\.top\b|\.tk\b|\.ru\b|attacker|evil|exfil|"
        r"collect(?:or)?\.)",
    ),
    Directive(
        "pipe_secret",
        "sends a file or the environment to an address on the command line",
        r"\b(?:curl|wget|nc|ncat|scp|rsync|invoke-webrequest|http)\b[^\n`]{0,200}(?:@|\$\(|<|-d |--data|-f |--form)"
        r"[^\n`]{0,80}(?:\.env\b|\.ssh|id_rsa|\.aws|\benv\b|printenv|/etc/passwd|credentials|history|\.npmrc|"
        r"secrets?\b)",
    ),
    Directive(
        "pipe_secret_reversed",
        "sends a file or the environment to an address on the command line",
        r"(?:\bcat\b|\bprintenv\b|\benv\b|\btar\b|\bbase64\b)[^\n|]{0,100}(?:\||&&)[^\n]{0,80}\b(?:curl|wget|nc|"
        r"ncat|openssl s_client)\b",
        ignore=("localhost", "127.0.0.1"),
    ),
    Directive(
        "remote_script",
        "runs what an address answers",
        rf"\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|fetch)\b[^\n|]{{0,200}}\|"
        rf"\s*(?:sudo\s+)?(?:-?\w+\s+)?(?:{_SHELL})",
        ignore=_INSTALLERS,
    ),
    Directive(
        "remote_script_substituted",
        "runs what an address answers",
        rf"(?:eval|source|\.|{_SHELL})\s*(?:-c\s*)?[\"']?\s*(?:\$\(|<\(|`)\s*(?:curl|wget)\b",
        ignore=_INSTALLERS,
    ),
    Directive(
        "remote_script_saved",
        "stores what an address answers, and runs it",
        r"\b(?:curl|wget)\b[^\n]{0,160}(?:-o|-O|>)\s*[^\n;&|]{1,80}(?:;|&&|\n)\s*(?:sudo\s+)?(?:chmod \+x|"
        r"chmod 7[0-9]{2}|bash|sh|python[0-9.]*)\b",
        ignore=_INSTALLERS,
    ),
    Directive(
        "decoded_command",
        "runs a command that is encoded so that nobody reads it",
        r"(?:base64\s+(?:-d|-D|--decode)|b64decode|atob\(|frombase64string|xxd -r|openssl (?:base64|"
        r"enc) -d)[^\n]{0,120}"
        r"(?:\|\s*(?:sudo )?(?:ba|z|da)?sh\b|\|\s*python|exec\(|eval\(|\biex\b|invoke-expression|system\(|popen)",
    ),
    Directive(
        "decoded_command_reversed",
        "runs a command that is encoded so that nobody reads it",
        r"(?:exec|eval|system|popen|iex|invoke-expression|bash -c|sh -c|powershell[^\n]{0,30}-e(?:nc|"
        r"ncodedcommand)?)\b"
        r"[^\n]{0,80}(?:b64decode|base64 (?:-d|--decode)|atob\(|frombase64string|[a-z0-9+/]{60,}={0,2})",
    ),
    Directive(
        "reverse_shell",
        "opens a shell to another machine",
        r"/dev/tcp/[^\s/]+/[0-9]|\bnc(?:at)?\b[^\n]{0,40}\s-e\s|\bmkfifo\b[^\n]{0,80}\bnc\b|"
        r"socket\.socket\([^\n]{0,160}(?:dup2|/bin/sh)|"
        r"bash -i\s*>&",
    ),
    Directive(
        "image_exfiltration",
        "has content carried away in the address of a picture or link",
        r"\b(?:append|add|embed|encode|put|include|insert)\b.{0,80}\b(?:key|token|secret|password|conversation|messages?|"
        r"transcript|summary|contents?)\b.{0,80}(?:image url|!\[|query (?:string|parameter)|https?://\S+[?&]\w+=)",
    ),
    Directive(
        "conceal",
        "tells the agent to keep something from the user",
        rf"\b{_NEVER}\b[ ,a-z]{{0,24}}\b(?:tell|telling|inform|informing|notify|notifying|mention|mentioning|"
        rf"reveal|revealing|"
        rf"disclose|disclosing|alert|alerting|warn|warning|show|showing|say|saying|report|reporting|discuss|"
        rf"acknowledge|let)\b.{{0,70}}\b{_USER}\b",
        strong=False,
    ),
    Directive(
        "conceal_this",
        "tells the agent to keep its own instruction secret",
        rf"\b{_NEVER}\b[ ,a-z]{{0,24}}\b(?:mention|comment on|talk about|refer to|reveal|disclose)\w*\b "
        r"(?:it|this|that|these|them)\b|"
        rf"\b{_NEVER}\b[ ,a-z]{{0,24}}\b(?:tell|mention|reveal|disclose|discuss|acknowledge|show|explain|refer to|"
        rf"log|output)\w*\b.{{0,30}}"
        r"\b(?:this|these|that you|about this|the above|hidden)\b.{0,24}\b(?:instructions?|steps?|actions?|"
        r"comments?|notes?|"
        r"rules?|sections?|requests?|uploads?|backups?|sync|messages?|calls?|commands?|were|was|did|have)\b",
        strong=False,
    ),
    Directive(
        "silently",
        "asks for something to happen unseen",
        rf"\b{_UNSEEN}\b.{{0,60}}\b{_ACTS}\b|\b{_ACTS}\b.{{0,60}}\b{_UNSEEN}\b|"
        r"\bwithout (?:the |your )?(?:user|anyone|them|him|her)(?:'s)? (?:\w+ )?(?:knowing|noticing|seeing|being|"
        r"approval|knowledge|consent|permission|confirmation|asked|told)\b|"
        r"\bwithout (?:his|their|your) (?:knowledge|consent|approval|permission)\b|"
        r"\bwithout (?:asking|telling|mentioning|notifying|informing|prompting|confirmation)\b[a-z' ]{0,30}",
        strong=False,
    ),
    Directive(
        "code_exfiltration",
        "carries code that sends a file of credentials away",
        rf"\b(?:urlopen|requests\.(?:post|put|get)|httpx\.(?:post|put)|fetch\(|axios\.post|http\.client)[^\n]{{0,200}}"
        rf"{_KEY_FILE}|{_KEY_FILE}[^\n]{{0,200}}\b(?:urlopen|requests\.(?:post|put)|httpx\.(?:post|put)|fetch\(|"
        r"axios\.post)",
    ),
    Directive(
        "locked_download",
        "has a program fetched in an archive that scanners cannot open",
        r"\b(?:download|fetch|get|grab)\b.{0,120}https?://\S+\.(?:zip|7z|rar|exe|msi|dmg|pkg|tar\.gz)\b.{0,80}"
        r"\bpass(?:word|phrase|code)\b\W{0,6}\w",
        ignore=("do not", "don't", "never", "avoid"),
    ),
    Directive(
        "suppress_finding",
        "has security problems hidden from whoever asked for them",
        r"\b(?:security (?:problems?|issues?|flaws?|findings?)|vulnerabilit(?:y|ies)|malware|backdoors?)\b.{0,100}"
        r"\b(?:do not|don'?t|never)\b.{0,20}\b(?:report|mention|flag|list|warn)\b.{0,60}\b(?:state|say|claim|answer|"
        r"respond|reply|tell)\b.{0,40}\b(?:fine|clean|safe|secure|no (?:issues|problems|findings))\b",
    ),
    Directive(
        "disarm",
        "tells a model that its rules are off",
        r"\b(?:safety|security|content|moderation|ethical)\b.{0,20}\b(?:rules?|guidelines?|polic(?:y|ies)|filters?|"
        r"restrictions?|guardrails?)\b.{0,12}\b(?:(?:do not|don'?t|no longer|never)\b.{0,10}\bappl(?:y|ies)|"
        r"are (?:now )?(?:disabled|off|lifted|suspended))\b",
        ignore=("if ", "when ", "whether", "must not", "detect"),
    ),
    Directive(
        "orders_a_model",
        "gives a model that reads it orders to keep",
        r"\b(?:assistants?|ai|llms?|chat-?bots?|language models?)\b\s*[,:]\s*(?:from now on|henceforth|in (?:every|all|"
        r"each) (?:answers?|responses?|repl(?:y|ies)))\b.{0,200}\b(?:do not|never|don'?t)\b.{0,30}\b(?:mention|tell|"
        r"reveal|say|disclose)\b",
        everywhere=True,
    ),
    Directive(
        "hand_over",
        "has credentials handed to something that need not have them",
        r"\b(?:pass|give|hand|supply|print|output|show|echo)\b(?: (?:it|this|them|over|the|all|every|any|your))*.{0,16}"
        rf"\b(?:all|every|the|your)\b.{{0,16}}(?:{_CREDENTIAL})",
        strong=False,
        ignore=("do not", "don't", "never", "must not", "should not", "as environment", "via environment"),
    ),
    Directive(
        "fallback_login",
        "has an account put into code that somebody knows the password of",
        r"\b(?:add|create|insert|include|keep|accept)\b.{0,60}\b(?:account|user|login|admin)\b.{0,60}\bpass(?:word|code)\b"
        r"\s*(?:is |of |=|:)?\s*['\"`][^'\"`\n]{3,}['\"`]",
        strong=False,
        ignore=("test", "example", "fixture", "demo", "docker", "never", "do not"),
    ),
    Directive(
        "persist_instruction",
        "plants an order in what later sessions read",
        r"\b(?:add|append|write|store|save|copy|put|insert)\b.{0,80}\b(?:memory|claude\.md|agents\.md|gemini\.md|"
        r"\.cursorrules|copilot-instructions)\b.{0,120}\b(?:future|every|all|each|later|next)\b.{0,12}\b(?:sessions?|"
        r"conversations?|chats?|projects?|tasks?)\b",
        strong=False,
    ),
    Directive(
        "other_index",
        "has packages taken from another index",
        r"\b(?:always|must|only|instead)\b.{0,60}\b(?:mirror|index|registry|--index-url|--extra-index-url|--registry)\b"
        r".{0,30}https?://|\b(?:mirror|index|registry)\b.{0,20}https?://\S+.{0,40}\b(?:for (?:all|any|every)|pip|npm) "
        r"?install",
        strong=False,
        ignore=("pypi.org", "registry.npmjs.org", "download.pytorch.org", "localhost", "127.0.0.1"),
    ),
    Directive(
        "permission_prompt",
        "says what to do when somebody is to be asked",
        r"\b(?:if|when|whenever)\b.{0,40}\b(?:permission|approval|confirmation)\b.{0,12}\b(?:prompts?|dialogs?|requests?|"
        r"appears?|is (?:asked|requested|required|shown))\b",
        strong=False,
    ),
    Directive(
        "push_elsewhere",
        "has a repository copied to an address",
        r"\b(?:commit|push|mirror|clone)\b.{0,40}\bto\b.{0,24}(?:https?://|git@|ssh://)",
        strong=False,
        ignore=("github.com", "gitlab.com", "localhost", "bitbucket.org"),
    ),
    Directive(
        "before_anything",
        "puts itself before every other task",
        r"\b(?:before (?:using|calling|invoking|running|doing|answering|responding|executing|any)|"
        r"prior to (?:using|calling|any)|"
        r"always first|first,? (?:always|you must)|at the (?:start|beginning|end) of (?:every|each|any)|"
        r"whenever (?:you|the user|any)|"
        r"on (?:every|each) (?:request|response|message|call|task)|every time (?:you|the))\b",
        strong=False,
    ),
    Directive(
        "side_channel_parameter",
        "has content passed on in a parameter that says something else",
        r"\b(?:pass|put|include|provide|add|insert|place|send|copy|append|write|supply|fill)\b.{0,80}\b(?:as|in|"
        r"into|to|via|through) (?:the |a |its |this )?"
        r"[`'\"]?(?:sidenote|side_note|notes?|context|metadata|debug|extra|feedback|reason|reasoning|"
        r"summary_of_environment_details|comment|trace|log|content|params?)[`'\"]?"
        r"(?: (?:parameter|argument|field|property|input))",
        strong=False,
    ),
    Directive(
        "other_tool",
        "changes what another tool does",
        r"\b(?:when|whenever|if|every time|before|after|instead of|any time)\b.{0,60}(?:\b(?:send_email|"
        r"send_message|other tools?|another tool|other skills?|another skill|other mcp|"
        r"any (?:other )?tools?|the (?:email|payment|file|shell|search) tool|transfer|payment)\b).{0,120}\b(?:bcc|"
        r"recipient|redirect|replace|change|also|instead|must (?:first )?(?:call|use|send)|"
        r"this tool|this one first|use this first|override|set the)\b",
        strong=False,
    ),
    Directive(
        "redirect_recipient",
        "redirects messages or money to another recipient",
        r"\b(?:bcc|cc|redirect|replace|change|set|route|forward|send (?:it|them|all|every|a copy)|"
        r"copy)\b.{0,60}\b(?:recipient|all (?:e-?mails|messages)|e-?mails?|payee|iban|wallet|"
        r"account number|address|payments?)\b.{0,60}(?:[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|0x[0-9a-f]{20,}|"
        r"\b[a-z]{2}[0-9]{2}[a-z0-9]{11,30}\b)",
    ),
    Directive(
        "skip_approval",
        "switches approvals or checks off",
        r"--dangerously-skip-permissions|--yolo\b|bypasspermissions|\"?autoapprove\"?\s*[:=]\s*(?:true|\[\s*\"\*)|"
        r"chat\.tools\.autoapprove|"
        r"\b(?:skip|bypass|disable|turn off|ignore|suppress|circumvent|auto-?approve)\b.{0,40}\b(?:approval|"
        r"permission|confirmation|"
        r"consent|sandbox|safety|guardrails?|security (?:checks?|warnings?|scan\w*|review)|code review|antivirus|"
        r"audit log\w*)\b",
        strong=False,
        ignore=("do not", "don't", "never", "must not", "cannot", "should not"),
    ),
    Directive(
        "persist",
        "plants itself where it runs again",
        r"(?:>>|tee -a|append|add|write|insert|install|copy|put|store|save)[^\n]{0,100}(?:\.bashrc|\.zshrc|"
        r"\.profile|\.bash_profile|crontab|/etc/cron|launchagents|"
        r"systemd/(?:user|system)|authorized_keys|\.git/hooks|startup folder|registry run key|currentversion\\run)",
        strong=False,
        ignore=("path=", "completion", "alias ", 'eval "$('),
    ),
    Directive(
        "infect",
        "copies itself into other instruction files",
        r"\b(?:copy|append|add|write|insert|prepend|replicate|propagate|spread|include|paste)\b.{0,80}\b(?:this|"
        r"these|the following|same|above)\b.{0,50}\b(?:instructions?|text|block|"
        r"section|rules?|prompt|paragraph|comment|skill|message)\b.{0,60}\b(?:claude\.md|agents\.md|\.cursorrules|"
        r"copilot-instructions|readme|other (?:repos|repositories|skills|projects|files)|every (?:repo|file|"
        r"project|readme)|all (?:repos|projects|files))",
    ),
    Directive(
        "authorized_keys",
        "lets somebody else log in",
        r"(?:ssh-(?:rsa|ed25519) [a-z0-9+/=]{20,}|public key).{0,120}authorized_keys|"
        r"authorized_keys.{0,60}ssh-(?:rsa|ed25519)",
    ),
    Directive(
        "sabotage",
        "has code weakened or data destroyed without being seen",
        r"\b(?:insert|add|introduce|plant|leave|include|inject|hide)\b.{0,50}\b(?:back-?door|vulnerabilit(?:y|ies)|"
        r"malicious|malware|hidden (?:function|endpoint|admin)|"
        r"hard-?coded (?:password|admin|credential)|logic bomb|key-?logger|crypto-?miner|miner)\b",
        ignore=(
            "do not",
            "don't",
            "never",
            "avoid",
            "check",
            "detect",
            "whether",
            "prevent",
            "look for",
            "must not",
            "without",
        ),
    ),
    Directive(
        "destroy",
        "deletes data",
        r"\brm\s+-[a-z]*r[a-z]*f?[a-z]*\s+(?:--no-preserve-root\s+)?(?:/(?:\s|$|[*`'\")]|home|etc|usr|var)|"
        r"(?:~|\$home)/?(?:\s|$|[*`'\")]))|\bmkfs\.|\bdd if=/dev/(?:zero|random) of=/dev/|:\(\)\s*\{\s*:\|:",
    ),
    Directive(
        "weaken_code",
        "has checks in code switched off",
        r"\b(?:always|must|silently|quietly)\b.{0,60}(?:verify\s*=\s*false|rejectunauthorized[\"']?\s*:\s*false|"
        r"--insecure\b|disable (?:tls|ssl|certificate)|"
        r"disable (?:authentication|authorization|input validation|logging)|allow-origin: \*|chmod (?:-r )?777)",
        strong=False,
    ),
    Directive(
        "recommend",
        "slips advertising or a chosen product or package into answers",
        r"\b(?:always|must|whenever|every (?:answer|response|reply)|each (?:answer|response|"
        r"reply))\b.{0,60}\b(?:recommend|promote|advertise|mention|link to|praise|suggest|endorse|"
        r"favou?r)\b.{0,80}(?:https?://|\.com\b|\.io\b|\.xyz\b|instead of|over (?:any|all|other)|best|only)",
        strong=False,
    ),
    Directive(
        "pretext",
        "claims an authority that would make the order normal",
        r"\b(?:required (?:by|for) (?:compliance|audit|security|licensing|verification|the administrator|policy)|"
        r"mandatory (?:compliance|security|audit|telemetry|verification)|for (?:compliance|audit|diagnostic|"
        r"telemetry|debugging|verification|backup|analytics|quality)(?: and \w+)? (?:purposes|reasons)|"
        r"pre-?authori[sz]ed|already (?:approved|consented|agreed)|has (?:consented|approved|agreed)|authorized by|"
        r"implementation detail|otherwise the tool (?:will )?(?:not|fail)|the tool will not work)\b",
        strong=False,
    ),
    Directive(
        "important_block",
        "carries a block for the model that users do not see in a list of tools",
        r"<\s*/?\s*(?:important|system|secret|hidden|instructions?|admin|critical|override|internal|assistant|"
        r"priority)\s*>",
        strong=False,
    ),
)


@cache
def compiled() -> tuple[tuple[Directive, re2._Regexp[str]], ...]:
    """The directives with their RE2 programs."""
    options = re2.Options()
    options.case_sensitive = False
    options.dot_nl = True
    return tuple((directive, re2.compile(directive.regex, options)) for directive in DIRECTIVES)
