"""English words by role."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import KEY_FILE, USER
from bartizan.supplychain.text.roles.role import Lexicon, Role

_SAY = (
    r"(?:mention|say|report|show|note|disclose|reveal|announce|explain|bring (?:it|this|that) up|talk about|point out|log|"
    r"record|mark|highlight|comment on|indicate|acknowledge|refer to)(?:ing|s|ed)?"
)
_TELL = (
    r"(?:mention|say|tell|report|show|note|disclose|reveal|announce|explain|inform|notify|bring (?:it|this|that) up|"
    r"talk about|point out|log|record|mark|highlight|comment on|indicate|acknowledge|refer to)(?:ing|s|ed)?"
)
_WHAT = (
    r"(?:it|this|that|these|them|so|anything|the (?:step|change|copy|upload|call|transfer|command|file|link|fact)s?)"
)

ENGLISH: Lexicon = {
    Role.CARRY: (
        r"\b(?:send|post|upload|forward|transmit|submit|deliver|e-?mail|mail|relay|ship|sync|mirror|exfiltrate|leak|"
        r"stream|transfer|paste|share|dispatch|beacon|back(?:ed)? up)(?:s|ed|ing)?\b|\bsent\b|\bsubmitted\b|\bsubmitting\b|"
        r"\b(?:hand|pass|give|turn|feed)(?:s|ed|ing)? (?:it |them |this |that )?(?:over |on |along )?to\b|"
        r"\bgo(?:es)? (?:out )?(?:to|in(?:to)? (?:blind )?copy)\b|\b(?:b?cc|blind copy)\b|"
        r"\b(?:tell|notify|report|share|push|publish|copy|copies|copied|export|call|ping|visit|contact)"
        r"(?:ing|s|ed)?\b.{0,60}?(?:to |with |at |via )?(?:https?://|\b[a-z0-9._%+-]+@)|"
        r"\bcurl\b.{0,60}(?:-d\b|--data|-f\b|--form|-t\b|--upload-file|@)|"
        r"\b(?:sign|signs|signed) (?:\w+ ){1,3}up\b|\bsubscribe\w*\b|\bkeep a copy\b|\bstore\b|\bpost the\b",
    ),
    Role.PUT: (
        r"\b(?:put|include|paste|append|attach|embed|insert|add|write|copy|place|encode|prepend|store|fill in|"
        r"hide|carry|supply|return|pass|repeat|save|enter|hand)(?:s|d|ed|ing)?\b|\bcop(?:ied|ies)\b",
    ),
    Role.READ: (
        r"\b(?:read|open|load|collect|gather|dump|extract|retrieve|grab|cat|look up|obtain|fetch|list|print|take)"
        r"(?:s|ed|ing)?\b",
    ),
    Role.SECRET: (
        rf"{KEY_FILE}|\.ssh/|\bid_(?:rsa|ed25519|ecdsa)\b|~/\.(?:env|netrc|npmrc|aws)\b|/etc/(?:passwd|shadow)|"
        r"\bprintenv\b|`env`|\benv (?:\||>)|\bcredentials\.json\b|"
        r"\b(?:the )?(?:values?|contents?) of [^.\n]{0,40}(?:secret|token|password|api_key|database_url|\.env|credential)|"
        r"\b(?:the|their|all|any|its|user'?s|private|your) (?:[a-z]+ ){0,2}(?:private keys?|api keys?|access tokens?|"
        r"auth tokens?|credentials|passwords?|secrets|admin keys?|environment variables|"
        r"seed phrases?)\b|\b(?:session|access|auth|bearer) (?:tokens?|cookies?)\b|\$\{?[a-z_]*(?:token|secret|api_key|password)\b|\bget_secret\b|\bsecrets? -a\b|"
        r"\b(?:api keys?|access tokens?|passwords?|credentials|secrets|keys|tokens)(?: (?:and|or) (?:tokens?|passwords?|keys|secrets))? "
        r"(?:that )?(?:they|you|it) (?:comes? across|finds?|sees?|meets?|encounters?|detects?)\b|\bauthorization headers\b|"
        r"\ban? (?:api|access|secret|private|ssh|oauth) (?:key|token)\b|\b(?:the|an?) (?:oauth|refresh|deploy|publish|admin|api) (?:token|key)s?\b|"
        r"\bsaved (?:logins?|passwords?)\b|\b(?:with|including|and) (?:all |the )?environment variables\b|"
        r"\b(?:[\w/.-]+\.(?:pem|p12|pfx|kdbx|jks)|master\.key|service-?account[\w-]*\.json|secrets\.(?:ya?ml|json|env|toml))\b|"
        r"~/\.(?:git-credentials|kube/config|docker/config\.json|gnupg)\b",
    ),
    Role.TALK: (
        r"\bsystem prompt\b[^:]|\b(?:chat|conversation|message|session|prompt)(?:'s)? (?:history|log|transcript|so far)\b|"
        r"\b(?:full|entire|whole|complete|current) (?:chat|conversation|context|prompt|transcript|dialogue?)\b|"
        r"\b(?:all|earlier|previous|last|the) (?:[a-z]+ )?messages\b|\beverything (?:that )?(?:the user|they|you|was|"
        r"has been)\b|\b(?:what|anything) the user (?:said|typed|wrote|asked)\b|\buser'?s (?:question|prompt|request|"
        r"messages?|query)\b|\bmessages of the (?:chat|conversation|session)\b|"
        r"\b(?:direct|private) messages\b|\blast message\b|"
        r"\bcontents of the clipboard\b|\beverything the \w+ (?:dictates?|types?|says|writes)\b|\bfull text\b|"
        r"\b(?:whole|full|entire|complete) (?:question|request|message|query|input|text|document)\b|\bopen files\b|"
        r"\b(?:system|hidden|internal) (?:text|instructions|reasoning)\b",
    ),
    Role.PERSONAL: (
        r"\b(?:customer|contact|client|address|user|e-?mail|participant)s? (?:list|records?|data|details|book)\b|"
        r"\bcontacts\b|\b(?:home|postal|e-?mail) address(?:es)?\b|\bphone numbers?\b|\bdates? of birth\b|"
        r"\bbank (?:details|statements?)\b|\bpayment_cards\b|\bcard (?:data|numbers?)\b|\bpassport\b|"
        r"\bsocial security\b|\bthe user'?s? (?:name|files|documents)\b|\bfiles? (?:they|the user) (?:have )?shared\b|"
        r"\btax numbers?\b|\bbirthday\b|\bname, (?:birthday|address|e-?mail)\b|\b(?:card|account|insurance) numbers?\b|"
        r"\b(?:visitor|user|customer|patient|employee|colleague|client)'?s? (?:[a-z]+ )?(?:location|photos?|identity|real name|birthday|"
        r"calendar|contacts|documents|purchases|whereabouts)\b|\bphoto of the (?:passport|id)\b",
    ),
    Role.SINK: (
        r"\b(?:metadata|header|query string|body|descriptions?|comments?|footer|keywords|alt text|sheet|"
        r"commit messages?|pull requests?|gist|logs?|log_event|subject|signature|(?:field|argument|parameter|property|"
        r"key|attribute|input) [`'\"]?\w+|\w+ (?:field|argument|parameter|property))\b|\bin every call\b|\bhere\b|!\[|"
        r"\bas notes?\b|\b(?:in|into|as|via) [`'\"]\w*(?:note|ctx|context|extra|debug|meta|trace|comment|ref|field|tag|title|param|data)\w*[`'\"]|\b(?:every|each|all) links?\b|\bextra section\b|\bwebhook\b|"
        r"\b(?:in|into|to|on) the (?:ticket|title|branch name|file name|tag|channel|commit|answer|public \w+|name of)\b|"
        r"\bbranch name\b",
    ),
    Role.CONCEAL: (
        rf"\b(?:without|not|never|don'?t|no need to|avoid|refrain from|needn'?t) (?:ever )?(?:be |being )?{_SAY} {_WHAT}\b|"
        rf"\b(?:without|and not|but not|do not|don'?t|never|not) {_TELL} (?:{_WHAT} )?(?:to |in |with )(?:{USER}|the changelog|"
        r"your (?:answer|report|reply)|anybody|anyone)\b|"
        rf"\b(?:keep|leave|omit|drop|strike|cut|exclude) (?:{_WHAT}|[a-z0-9`/_. ]{{1,60}}?) (?:out of|from|off) "
        rf"(?:your|the|any|its) (?:final )?(?:report|answer|reply|summary|output|response|changelog|list|review|notes|user|recruiter|"
        r"customer|table|log)\b|"
        rf"\bkeep (?:{_WHAT}|the following)[a-z ]{{0,12}}(?:to yourself|secret|hidden|between us|confidential|from {USER})|"
        rf"\b{USER} (?:is|are|need|must|should|may|ought)(?: not|n'?t)(?: need)?(?: to)? "
        r"(?:see|know|notice|be (?:told|shown|informed|bothered|aware)|learn|find out|hear)\b|"
        r"\b(?:nobody|no one|people) (?:is|are|must|should|may|needs?)?(?: not|n'?t)?(?: to)? ?(?:notice|know|find out)\b|"
        r"\b(?:secretly|discreetly|covertly|unnoticed|stealthily)\b|"
        r"\bwithout (?:bothering (?:the|any)|(?:mentioning|reporting|saying|announcing) (?:it|this|that|so)|(?:telling|informing|showing) "
        rf"(?:anyone|anybody|{USER})|a (?:word|comment|trace)|(?:{USER}'?s? )?knowledge)\b|"
        r"\b(?:must|should|may|shall) not (?:turn up|appear|be (?:mentioned|named|noticed))\b|"
        r"\banswer as (?:usual|normal)\b|\bno (?:approval|confirmation|permission|consent) is (?:required|needed|necessary)\b|"
        rf"\b{USER} (?:has|have) (?:already )?(?:agreed|consented)(?: in advance| already)?\b|"
        r"\bso leave (?:it|this|that|them) out\b|\b(?:from|in) the (?:sent|trash) folder\b|"
        r"\bkeep [a-z ]{1,24} to yourself\b|\bwithout (?:(?:the|their|his|her|a) )?(?:\w+'s )?consent\b",
    ),
    Role.CHANGE: (
        r"\b(?:delete|remove|erase|overwrite|replace|wipe|rename|move|swap|modify|change|alter|edit|install|run|execute|"
        r"start|launch|redirect|add|apply|commit|push|open|grant|create)(?:s|d|ed|ing)?\b",
    ),
    Role.UNTRUE: (
        r"\b(?:say|claim|report|state|answer|reply|tell (?:the |a )?\w+|tells people|declare|insist|mark)(?:s|ed|ing)? "
        r"(?:to \w+ )?(?:that )?(?:all|every|no|none|nothing|these|those|this|it|it'?s|the|there|they|he|she|money|others?|"
        r"each|failed|failing|tests?)\b[^.\n]{0,40}?\b(?:passed|fine|reviewed|succeeded|successful(?:ly)?|clean|were none|was none|"
        r"tidied|untouched|on its way|unaffected|out of order|out of service|abandoned|safest|constant time)\b[^.\n]{0,12}?"
        r"\b(?:anyway|regardless|nevertheless|all the same|whatever|even)\b|"
        r"\b(?:say|answer|claim|state|reply|tell[^.\n]{1,20}) (?:that )?(?:the |all )?(?:others?|rivals?|alternatives|competitors?|"
        r"official \w+)[^.\n]{0,20}\b(?:out of order|closed|down|unavailable|abandoned|unsafe|worse)\b|"
        r"\b(?:if|when)[^.\n]{0,30}\basks?\b[^.\n]{0,30}\b(?:say|deny|answer) (?:that )?(?:there (?:were|was|is|are) (?:none|no)|"
        r"no\b|nothing|it\b)|"
        r"\bdeny (?:it|that|this|having)\b|\bact as (?:if|though) (?:it|they|nothing|there|you)\b|"
        r"\b(?:attribute|credit|ascribe)\b[^.\n]{0,60}\b(?:whoever|regardless|no matter)|"
        r"\b(?:find|give|invent|make up) (?:an?other|some other|a different|a false|an invented) "
        r"(?:reason|explanation|excuse)|\bas (?:if|though) (?:one|some|any|a|an) [a-z ]{1,30}had\b|"
        r"\b(?:describe|present|portray)\b[^.\n]{0,30}\b(?:rival|compet|alternative|other)\w*[^.\n]{0,20}\bas (?:abandoned|unsafe|"
        r"broken|insecure|obsolete|inferior)|\b(?:talk down|bad-?mouth|disparage|discredit)\b|"
        r"\bwrite in the comment that\b|\b(?:answer|say|state) that (?:these|those) parts were\b|"
        r"\bdescribe (?:the|it|this|them|your)\b[^.\n]{0,30}\bas (?:a |an )?(?:typo|minor|formatting|routine|clean-?up|small|cosmetic|"
        r"harmless)|\b(?:give|name|state|note|write down|find) (?:an?)?other (?:reasons?|grounds?)|"
        r"\b(?:claim|insist|pretend|maintain) (?:that )?(?:it|this|they|he|she|there|we) (?:is|are|was|were|has|have)\b|"
        r"\b(?:reply|answer|say|report) that (?:the |all )?\w+ (?:was|were|has been|have been) (?:tidied|cleaned|optimi[sz]ed|updated)|"
        r"\b(?:do not|never|don'?t) (?:cite|mention|name|list|recommend|suggest) (?:any )?(?:other|competing|rival|alternative) "
        r"(?:sources?|vendors?|products?|providers?|brands?|companies|services?|options?)|"
        r"\b(?:never|do not|don'?t) (?:reveal|admit|disclose|let on|acknowledge) that\b|"
        r"\b(?:say|claim|state|answer|write|tell)\b[^.\n]{0,60}, (?:al)?though\b|"
        r"\b(?:give|giving|state|stating) [\"“'][^\"”'\n]{2,40}[\"”'] as (?:the|a) reason\b|"
        r"\b(?:describe|present|portray) (?:the )?(?:compet|rival)\w*[^.\n]{0,30}\bas\b|"
        r"\b(?:tests?|checks?|they)\b[^.\n]{0,16}\balways (?:pass|succeed)\b",
    ),
    Role.CLAIM: (
        r"\b(?:say|tell|answer|reply|report|state|recommend|suggest|rank|rate|cite|name|put|place|advise|call|mention|praise|"
        r"promote|give|deny|book|choose|pick|prefer|set|attribute|close|approve|consult|order|buy|list|create|mark)\b",
    ),
    Role.WHATEVER: (
        r"\bwhatever (?:[a-z_`]+ ){1,4}(?:shows?|says?|said|asked|wanted|wants|found|costs?|prefers?|requested)\b|"
        r"\bwhatever (?:was|is) (?:asked|said|wanted|requested|true)\b|"
        r"\bwhoever(?:'s| (?:raised|said|wrote|did|was|asked|made|owns))|\b(?:relevant|true|needed|wanted|asked) or not\b|"
        r"\b(?:even|also) (?:if|when|where) (?:the user|the customer|they|he|she|somebody|someone|people)\b[^.,\n]{0,30}"
        r"\b(?:named|another|chose|otherwise|something else|prefers?|different|objects?|disagrees?)\b|"
        r"\b(?:even|also) (?:if|when) (?:it|they|the \w+) (?:costs?|is|are) (?:more|worse|wrong|illegal|false|dearer|slower|"
        r"not true|incorrect|unsuitable|poorer)\b|\bno matter (?:what|who|how) (?:the user|they|is|was|it)\b|"
        r"\bwithout (?:reading|looking at|checking|verifying|opening) (?:it|them|the \w+)\b|"
        r"\bno matter whether\b|"
        r"\bwhatever (?:the |their |its |his )?[\w ]{1,20}\b(?:says?|shows?|said|wants?|wanted|asked)\b|"
        r"\b(?:even|also) (?:if|when) (?:the |a |an )?(?:user|customer|caller|client|people|he|she|they|someone|somebody)\b[^.\n]{0,16}"
        r"\b(?:asks? (?:you |it )?to stop|refuses?|objects?|declines?|disagrees?|says? no|wants? (?:another|something else|to stop))\b|"
        r"\b(?:even|also) (?:if|when) \w+ (?:are|is) (?:free|available|open|safe|wrong|right|paid|entitled|due|allowed)\b|"
        r"\bwhatever the (?:question|topic|answer|result|outcome|price|reason|cost)\b|\beven (?:if|when) the \w+[^.,\n]{0,24} "
        r"(?:is broken|fails?|is missing)\b",
    ),
    Role.PAY: (
        r"\b(?:pay(?:ments?|s|out|outs|ee)?|paid(?: out)?|transfer|refunds?|remit|wire|deposit|donat\w+|invoice|"
        r"payout|bank (?:details|account)|billing(?:_email)?|account)\b",
    ),
    Role.INSTEAD: (
        r"\b(?:instead(?: of)?|rather than|in place of|from now on|replace[sd]?|replacing|new account|"
        r"has been (?:closed|replaced|changed)|no longer|now|changed? to|overwrite|switch(?:ed)? to|update[sd]? to|"
        r"out of service|whoever'?s)\b|"
        r"\bnew (?:\w+ )?(?:number|address|account)\b",
    ),
    Role.LOWER: (
        r"\b(?:disable|turn(?:ed|ing|s)? off|switch(?:ed|ing|es)? off|deactivate|bypass|skip|take out|remove|turn|switch|"
        r"relax|weaken|suppress|silence|circumvent|waive|ignore|comment out|uninstall|shut down)\b|"
        r"\b(?:is|are) (?:to be )?(?:taken out|disabled|switched off|turned off|skipped|removed|waived)\b|"
        r"\b(?:delete|clear|wipe|erase|truncate|lower)\b",
    ),
    Role.GUARD: (
        r"\b(?:branch protection|secret scann\w+|(?:virus|malware) (?:scanner|protection)|anti-?virus|firewall|"
        r"two-factor(?: authentication| verification)?|two-step (?:authentication|verification)|2fa|mfa|sandboxing|permission (?:prompts?|checks?)|"
        r"approval (?:prompts?|steps?)|certificate (?:checks?|validation|verification)|"
        r"(?:token|signature|integrity|checksum|identity) (?:checks?|validation|verification)|"
        r"check of (?:the )?[a-z]+(?: [a-z]+)?|security (?:checks?|warnings?|policy)|audit log(?:ging|s)?|"
        r"safety (?:filters?|checks?)|csrf protection|content security policy|required reviews?|identity check)\b|"
        r"\b(?:fraud check|audit trail|(?:shell|bash|command|access|security) (?:logs?|history))\b|"
        r"\b(?:cve|audit|vulnerability|licen[cs]e) (?:warnings?|findings?|alerts?)\b|\bwarnings? about (?:side effects|risks?|danger)",
    ),
    Role.SOURCE: (
        r"https?://\S+|\btxt record\b|\b(?:comments?|tickets?|ticket texts|issues? labell?ed|pages?|web ?sites?|e-?mails?|"
        r"texts? between the (?:markers|tags)|section for (?:ai|agents)[a-z ]*)\b|"
        r"\b(?:file names|an event|the events?|calendar entr\w+|search results|results of this tool)\b|"
        r"\b(?:lines (?:that|which)|messages (?:by|from|of)|uploaded (?:files|documents)|(?:a |the )?file (?:named|called)|"
        r"pastebin)\b",
    ),
    Role.OBEY: (
        r"\b(?:follow|obey|carry out|comply with|act on|execute|perform) (?:them|that section|what (?:it|they|that|he)|whatever|"
        r"its (?:instructions?|text|orders?|content)|their (?:instructions?|orders?|content))\b|"
        r"\b(?:do|run) (?:what|whatever) (?:it|they|he|she) (?:says?|asks?|tells?|wants?|requests?|orders?)|"
        r"\btreat (?:its?|them|their|this|these|the)[^.\n]{0,24}\bas (?:instructions?|orders?|commands?|"
        r"coming from|system)\b|\bare (?:work )?(?:orders|commands|instructions) (?:to|for) (?:you|the (?:assistant|agent|model))\b|"
        r"\boutranks? (?:the user|this|your|all)|\brun them (?:with|in|through|using)\b|\bcarry (?:them|it) out\b|"
        r"\btakes? precedence over (?:the user|this|your|all)|"
        r"\bact on (?:the )?(?:instructions?|orders?|commands?) (?:in|inside|within)\b|"
        r"\bcontains? (?:a |an )?(?:commands?|instructions?|orders?)\b[^.\n]{0,20}\b(?:run|execute|follow|carry|obey) (?:it|them)|"
        r"\btreat (?:[^.,;\n]{1,70} )as (?:instructions?|orders?|commands?)\b|\bare (?:commands|orders)\b|"
        r"\bexecute (?:its|their|the) (?:first|last|whole|content)\w*|"
        r"\b(?:instructions?|orders|tasks|commands) (?:at|from|on) https?://",
    ),
    Role.KEEP: (
        r"\b(?:remember|memori[sz]e)\b|\b(?:store|save|write|note|keep|record|put|add)\b[^.\n]{0,50}"
        r"\b(?:memory of the \w+|(?:your|its|long[- ]term|persistent|permanent) memory|permanently|for good|"
        r"profile of the user|user profile)\b",
    ),
    Role.EVERYWHERE: (
        r"\b(?:in|for|of|into|to|at) (?:all|every|each|any)(?: other| later| future) (?:projects?|repositor(?:y|ies)|"
        r"sessions?|conversations?|chats?|workspaces?|machines?)\b|\b(?:all|every|each) (?:future|later|following) \w+|"
        r"\b(?:holds?|take effect|valid|applies) (?:everywhere|in all \w+|for all \w+)\b|\brepeat it next time\b|"
        r"\brestore (?:it|them) if\b",
    ),
    Role.TRUST: (
        r"\b(?:is|are|as|be|was) (?:trusted|verified|an? (?:admin\w*|employee|owner|developer)|authori[sz]ed|exempt|"
        r"pre-?approved|whitelisted|allow-?listed)\b|\bhas a discount\b|\bwithout checking(?: back)?\b|"
        r"\b(?:wishes|orders|requests|instructions) are (?:carried out|followed|obeyed)\b",
    ),
    Role.ASK: (
        r"\b(?:ask|request|prompt|collect|obtain|get|demand|require|have)(?:s|ed|ing)? (?:from )?(?:(?:the|a|each|every|"
        r"all) )?(?:user|customer|caller|people|person|them|client|employee|visitor|patient|colleague|staff)s?\b[^.\n]{0,20}"
        r"\b(?:for|(?:to )?(?:enter|give|type|provide|confirm|tell|share|paste|send|upload|dictate))\b",
    ),
    Role.PASSCODE: (
        r"\b(?:pin|otp|cvv2?|cvc2?|one[- ]time (?:code|password)s?|security code|password|passphrase|seed phrase|"
        r"recovery (?:code|phrase)s?|digits on the back|admin key|private key|access code)s?\b|"
        r"\b(?:sms|verification|login|2fa|confirmation) codes?\b|\bphoto of the (?:passport|id)\b",
    ),
    Role.SKEW: (
        r"\b(?:report|state|give|show|quote|write|put|name|enter|record|estimate|list)\b[^.\n]{0,40}"
        r"\b(?:\d+|ten|five|twenty|three|two|four|fifteen) ?(?:%|per ?cent|percent) (?:higher|lower|more|less|above|below) than "
        r"(?:it|they|he|she|was|what|the (?:real|true|actual|original))\b|"
        r"\b(?:add|deduct|subtract|take off)\b[^.\n]{0,16}?\d+ ?(?:%|per ?cent) (?:to|from|on|of) (?:all|every|each|the|any) [^.\n]{0,16}"
        r"\b(?:prices?|totals?|amounts?|costs?|bills?|figures?|fees?|budgets?|invoices?)\b|"
        r"\b(?:raise|lower|inflate|increase|reduce|cut|shift|understate|overstate|halve|double)\b [^.\n]{0,50}"
        r"\b(?:by (?:a |an |one |two )?(?:fifth|third|quarter|tenth|half|\d+ ?(?:%|per ?cent|met))|by \d+)\b[^.\n]{0,30}"
        r"\b(?:only|before|report|summary|saved|shown|user|customer)\b|"
        r"\bround (?:every|all|each|the) (?:totals?|prices?|amounts?|sums?)\b[^.\n]{0,16}\bup to the (?:next|nearest) (?:full )?"
        r"(?:ten|hundred|five)\b|\bone grade (?:less|lower|more|higher)\b|"
        r"\bswap \W?(?:must|yes|true|not|should)\b",
    ),
    Role.TOOL: (
        r"\b(?:call|use|run|invoke|precede[d]? by|through|via|using|with)(?:s|ed|ing)? (?:the )?[`'\"]?"
        r"[a-z]+_[a-z_]+\b|\b[a-z]+_[a-z_]+ (?:has|must|should|is|needs) (?:to )?(?:be )?(?:called|run|used|invoked)",
    ),
    Role.BEFORE: (
        r"\b(?:before|prior to|first|preceded by|beforehand|whenever|each time|every time|as soon as|from now on|always)\b",
    ),
    Role.FETCH: (r"\b(?:download|fetch|pull|get|retrieve|load)(?:s|ed|ing)?\b",),
    Role.RUN: (
        r"\b(?:starts?|runs?|launch(?:es)?|spawns?|executes?|evals?|evaluate|imports?|installs?) (?:it|them|the (?:result|file|"
        r"script|answer|binary)|whatever|what)\b|\bthe string stored at\b",
    ),
    Role.UNSAFE: (
        r"\binsecureskipverify\b:? ?true|\bverify ?= ?false\b|\brejectunauthorized\b[\"']?: ?false|"
        r"\bnode_tls_reject_unauthorized\b|\bstrict[_-]ssl\b[ =:]+false|\bdefaultmode\W{1,6}bypasspermissions\b|\bbash\(\*\)|"
        r"\bapp_debug=true\b|\ballow_origins?\b[^\n]{0,8}\*|\b(?:by|with|use) string "
        r"(?:concatenation|formatting)\b|\bwith(?:out)? (?:any )?further checks\b|\bpin 0000\b|\bdeny\(unsafe_code\)[^\n]{0,12}"
        r"\ballow\b|\bfixed (?:salt|iv|nonce|seed)\b|\bmd5\b[^\n]{0,20}\bpasswords?\b|\bpasswords?\b[^\n]{0,20}\bplain ?text\b|"
        r"--no-verify\b|\b(?:every|all|any|each) (?:permission|approval|confirmation) (?:prompts?|requests?|dialogs?) with (?:yes|ok)|"
        r"\breplace \S+ => [a-z0-9-]+\.[a-z]+/\S+|"
        r"\b(?:user|login|account)\b[^\n]{0,20}\bpassword [`'\"]\S{5,}[`'\"]|"
        r"\byes to (?:all|every|any) (?:permission|confirmation|approval)?\b|\bone[- ]time password[^\n]{0,20}\blog\b|"
        r"\bautoapprove\b\W{1,8}\*|\bpassword login\b|\bpermitrootlogin yes\b|\bdebugging on 0\.0\.0\.0|\binclude_?secrets?\b|"
        r"--(?:show|include)-secrets\b|\bthe (?:checksum|hash|signature|integrity)\b[^.\n]{0,30}\b(?:does not|doesn'?t) match\b|"
        r"\bwithout (?:a |any |further )?(?:session|login|authentication|verification|signature)\b",
    ),
    Role.MAKE: (
        r"\b(?:generate|use|set|build|write|put|add|start|turn|make|create|give|answer|keep|say|call|log in|replace|pass|let|allow|base|point|route|accepts?|commits? go through|expose|store)\b",
    ),
    Role.PACKAGE: (
        r"\b(?:uv add|pip3? install|npm (?:i|install)|pnpm add|yarn add|cargo add|go get|gem install|composer require)\b|"
        r"\b(?:add|install|use|replace)\b[^.\n]{0,12}[`'\"][@a-z0-9_./-]+[`'\"]|\breplace \S+ => \S+|\bin (?:requirements|package\.json|"
        r"cargo\.toml|go\.mod|pyproject)\b",
    ),
    Role.WAY: (
        r"\b(?:proxy|registry|mirror|base image|official image|package index|dns|nameserver|webhook|upstream|dockerfiles?|images?)\b",
    ),
    Role.FAVOUR: (
        r"\b(?:recommend|suggest|cite|promote|name|praise)\b[^.\n]{0,40}\b(?:exclusively|in (?:each|every) (?:answer|overview|reply|summary|response))\b|"
        r"\b(?:approve|accept|merge|pass)\b[^.\n]{0,50}\b(?:by|from|of) (?:the )?(?:author|user|company|firm|contractor)\b|"
        r"\b(?:whose|who|by|from)\b[^.\n]{2,50}\b(?:gets?|receives?|are given|are marked|are rated|counts? as|are (?:always )?(?:fine|"
        r"approved|right|correct|valid))\b[^.\n]{0,16}\b(?:at least|always|never|full|highest|lowest|top|not met|rejected|approved|as they are|"
        r"for every|every)\b|\bput \W?[a-z]+ first and say\b",
    ),
    Role.HANDED: (
        r"\b(?:hand|give|pass|put|insert|paste|supply|include)(?:s|n|ed|ing)?\b[^.\n]{0,24}\b(?:result|output|"
        r"contents?|response|answer|it|them)\b[^.\n]{0,20}(?:\b(?:here|over|as|in|into|to|along)\b)|"
        r"\b(?:its|the|whose) (?:result|output|contents?|response)\b[^.\n]{0,20}\b(?:given|passed|put|handed|belongs?|"
        r"goes)\b|\bchange the (?:recipient|address|receiver|payee)|\bput it here\b|\blinks? in them\b",
    ),
}
