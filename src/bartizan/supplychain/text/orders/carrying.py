"""Orders that carry credentials or private content away."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import CREDENTIAL, KEY_FILE, PLACE, PRIVATE, SEND, Directive

CARRYING = (
    Directive(
        "exfiltrate_secret",
        "tells the agent to carry credentials to an address",
        rf"\b{SEND}\b.{{0,90}}(?:{CREDENTIAL}|{KEY_FILE}).{{0,120}}\b(?:to|at|via|through|into|in|using|with|as|"
        rf"on)\b.{{0,60}}{PLACE}|"
        rf"(?:{CREDENTIAL}|{KEY_FILE}).{{0,60}}\b(?:sent|posted|uploaded|forwarded|transmitted|submitted|e-?mailed|copied|"
        rf"relayed|shipped|pushed|attached|backed up)\b.{{0,24}}\b(?:to|at|via|through|into|with|on)\b.{{0,40}}{PLACE}",
        ignore=(
            "authorization header",
            "never send",
            "do not send",
            "don't send",
            ".env.local",
            ".env.example",
            ".env.sample",
        ),
    ),
    Directive(
        "exfiltrate_private",
        "tells the agent to carry private content to an address",
        rf"\b(?:send|post|upload|forward|transmit|exfiltrate|leak|relay|append|encode|"
        rf"copy)\b.{{0,60}}{PRIVATE}.{{0,80}}"
        r"(?:https?://|webhook|ngrok|[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|image url|query (?:string|parameter))",
    ),
    Directive(
        "read_secret_file",
        "has a file of credentials read",
        r"(?:\bcat|\bread|\bopen|\bload|\bretrieve|\bcollect|\bgrab|\baccess|\bfetch|\bprint|\bprovide|\binclude|"
        r"contents? of)\b"
        rf".{{0,40}}{KEY_FILE}",
        strong=False,
        ignore=(".pub",),
    ),
    Directive(
        "publish_secret_file",
        "has a file of credentials handed on",
        rf"\b(?:commit|push|check in|publish)\b.{{0,60}}{KEY_FILE}",
        ignore=("do not", "don't", "never", "avoid", "must not", ".pub", "public key"),
    ),
    Directive(
        "private_and_secret",
        "has the conversation and credentials passed on together",
        rf"\b(?:append|include|add|attach|prepend|embed|paste|copy|put|"
        rf"pass)\b.{{0,50}}\b(?:conversation|chat|messages?|"
        rf"prompts?)\b.{{0,50}}\b(?:and|plus|with|as well as)\b.{{0,30}}{CREDENTIAL}",
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
        "collect_secrets",
        "gathers credentials",
        rf"\b(?:collect|gather|harvest|extract|dump|scan for|search for|find|grab|steal|list)\b.{{0,40}}{CREDENTIAL}",
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
        "image_exfiltration",
        "has content carried away in the address of a picture or link",
        r"\b(?:append|add|embed|encode|put|include|insert)\b.{0,80}\b(?:(?:the|api|that|its) key|token|"
        r"secret|password|"
        r"conversation|messages?|"
        r"transcript|summary|contents?)\b.{0,80}(?:image url|!\[|query (?:string|parameter)|https?://\S+[?&]\w+=)",
    ),
    Directive(
        "code_exfiltration",
        "carries code that sends a file of credentials away",
        rf"\b(?:urlopen|requests\.(?:post|put|get)|httpx\.(?:post|put)|fetch\(|axios\.post|"
        rf"http\.client)[^\n]{{0,200}}"
        rf"{KEY_FILE}|{KEY_FILE}[^\n]{{0,200}}\b(?:urlopen|requests\.(?:post|put)|httpx\.(?:post|put)|fetch\(|"
        r"axios\.post)|"
        r"\b(?:json|data|params)\s*=\s*(?:dict\(|str\(|json\.dumps\(){0,2}os\.environ\s*\)?|"
        r"json\.stringify\(process\.env\)",
    ),
    Directive(
        "upload_secret",
        "has credentials uploaded",
        rf"(?:{CREDENTIAL}|{KEY_FILE}).{{0,80}}\b(?:upload|send|post|forward|transmit|"
        rf"exfiltrate)\b (?:it|them|these|those|"
        rf"its contents?|their contents?|the files?)\b.{{0,24}}\bto\b.{{0,24}}(?:{PLACE})",
        ignore=(".pub", "never", "do not", "don't", "must not", "localhost"),
    ),
    Directive(
        "name_lookup",
        "carries the output of a command away in a name that is looked up",
        r"\b(?:nslookup|dig|host|ping)\b[^\n`]{0,40}\$\([^)\n]{1,120}\)",
    ),
    Directive(
        "pass_contents",
        "has what was read passed on in a call or a text",
        r"\b(?:include|put|pass|add|attach|embed|send|append|paste)\b.{0,16}\b(?:its|the|their|file'?s?) contents?\b"
        r".{0,40}\b(?:calls?|requests?|parameters?|url|header|query|commit messages?|pull requests?|"
        r"description|log)\b|"
        r"\b(?:append|paste|include|attach)\b.{0,10}\b(?:it|them)\b.{0,12}\bto (?:the |each |every )?"
        r"(?:commit messages?|pull requests?|requests?|calls?|query|url)\b",
        strong=False,
    ),
    Directive(
        "address_of_private",
        "has private content put into an address",
        r"https?://\S+[?&]\w+=[<{$\[]{1,2}[^>}\]\n]{0,40}(?:conversation|history|secret|password|"
        r"prompt|messages?\b|transcript|"
        r"credential)",
    ),
    Directive(
        "hand_over",
        "has credentials handed to something that need not have them",
        r"\b(?:pass|give|hand|supply|print|output|show|echo)\b(?: (?:it|this|them|over|the|all|every|"
        r"any|your))*.{0,16}"
        rf"\b(?:all|every|the|your)\b.{{0,16}}(?:{CREDENTIAL})",
        strong=False,
        ignore=("do not", "don't", "never", "must not", "should not", "as environment", "via environment"),
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
)
