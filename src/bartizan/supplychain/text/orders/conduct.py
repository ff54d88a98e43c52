"""Orders on how an agent behaves: what it hides, skips, prefers and tells."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import ACTS, NEVER, UNSEEN, USER, Directive

CONDUCT = (
    Directive(
        "addressed_to_models",
        "speaks to models that read it, and has people hand over money or credentials",
        r"\b(?:notes?|messages?|instructions?|attention|reminder)\s+(?:to|for)\s+(?:the |all |"
        r"any )?(?:ai|a\.i\.|llms?|"
        r"assistants?|chat-?bots?|language models?|ai (?:agents?|assistants?|"
        r"models?))\b.{0,40}[:,.].{0,200}\b(?:card "
        r"(?:numbers?|details)|passwords?|credentials|bank details|iban|one-?time codes?|pin\b|gift cards?|"
        r"wire transfer|seed phrase|api keys?)\b.{0,80}(?:@|https?://|\bto\b)",
        everywhere=True,
        ignore=("never ask", "do not ask", "don't ask", "must not"),
    ),
    Directive(
        "conceal",
        "tells the agent to keep something from the user",
        rf"\b{NEVER}\b[ ,a-z]{{0,24}}\b(?:tell|telling|inform|informing|notify|notifying|mention|mentioning|"
        rf"reveal|revealing|"
        rf"disclose|disclosing|alert|alerting|warn|warning|show|showing|say|saying|report|reporting|discuss|"
        rf"acknowledge|let)\b.{{0,70}}\b{USER}\b",
        strong=False,
    ),
    Directive(
        "conceal_this",
        "tells the agent to keep its own instruction secret",
        rf"\b{NEVER}\b[ ,a-z]{{0,24}}\b(?:mention|comment on|talk about|refer to|reveal|disclose)\w*\b "
        r"(?:it|this|that|these|them)\b|"
        rf"\b{NEVER}\b[ ,a-z]{{0,24}}\b(?:tell|mention|reveal|disclose|discuss|acknowledge|show|explain|refer to|"
        rf"log|output)\w*\b.{{0,30}}"
        r"\b(?:this|these|that you|about this|the above|hidden)\b.{0,24}\b(?:instructions?|steps?|actions?|"
        r"comments?|notes?|"
        r"rules?|sections?|requests?|uploads?|backups?|sync|messages?|calls?|commands?|were|was|did|have)\b",
        strong=False,
    ),
    Directive(
        "silently",
        "asks for something to happen unseen",
        rf"\b{UNSEEN}\b[^.\n]{{0,40}}\b{ACTS}\b|\b{ACTS}\b[^.\n]{{0,24}}\b{UNSEEN}\b|"
        r"\bwithout (?:the |your )?(?:user|anyone|them|him|her)(?:'s)? (?:\w+ )?(?:knowing|noticing|seeing|being|"
        r"approval|knowledge|consent|permission|confirmation|asked|told)\b|"
        r"\bwithout (?:his|their|your) (?:knowledge|consent|approval|permission)\b|"
        r"\bwithout (?:asking|telling|mentioning|notifying|informing|prompting|confirmation)\b[a-z' ]{0,30}",
        strong=False,
        ignore=(
            "never silently",
            "not silently",
            "n't silently",
            "instead of silently",
            "rather than silently",
            "than silently",
            "of silently",
            "or silently",
            "nothing silently",
            "can silently",
            "can quietly",
            "could silently",
            "could quietly",
            "may silently",
            "might silently",
            "would silently",
            "which silently",
        ),
    ),
    Directive(
        "never_ask",
        "forbids to ask",
        r"\b(?:do not|don'?t|never) ask\b.{0,24}\b(?:confirmation|permission|approval|consent)\b",
        strong=False,
    ),
    Directive(
        "approve_all",
        "approves everything",
        r"\b(?:approve|accept|confirm|authori[sz]e)\b.{0,20}\b(?:every|all|"
        r"any)\b.{0,40}\b(?:automatically|at once|always)\b|"
        r"\b(?:automatically|always) (?:approve|confirm|authori[sz]e)\b|\bhas (?:agreed|"
        r"consented) to (?:all|every|any)\b",
        strong=False,
    ),
    Directive(
        "prefer_this",
        "puts itself before all others",
        r"\b(?:always|only|must)\b.{0,20}\b(?:choose|use|prefer|select|pick|call)\b.{0,20}\b(?:this|"
        r"our)\b.{0,20}\b(?:skill|"
        r"tool|server|plugin)\b.{0,40}\b(?:instead|over|rather|whatever|regardless|no matter|first)\b",
        strong=False,
    ),
    Directive(
        "ignore_others",
        "has other tools or instructions ignored",
        r"\bignore\b.{0,12}\b(?:other|previous|prior|earlier)\b.{0,16}\b(?:tools?|skills?|servers?|"
        r"instructions?|rules?)\b",
        strong=False,
        ignore=("do not", "don't", "never"),
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
        r"\b(?:assistants?|ai|llms?|chat-?bots?|language models?)\b\s*[,:]\s*(?:from now on|"
        r"henceforth|in (?:every|all|"
        r"each) (?:answers?|responses?|repl(?:y|ies)))\b.{0,200}\b(?:do not|never|don'?t)\b.{0,30}\b(?:mention|tell|"
        r"reveal|say|disclose)\b",
        everywhere=True,
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
        "permission_prompt",
        "says what to do when somebody is to be asked",
        r"\b(?:if|when|whenever)\b.{0,40}\b(?:permission|approval|confirmation)\b.{0,12}\b(?:prompts?|"
        r"dialogs?|requests?|"
        r"appears?|is (?:asked|requested|required|shown))\b",
        strong=False,
    ),
    Directive(
        "before_anything",
        "puts itself before every other task",
        r"\b(?:before (?:using|calling|invoking|running|doing|answering|responding|executing|any|anything)|"
        r"prior to (?:using|calling|any)|"
        r"always first|first,? (?:always|you must)|at the (?:start|beginning|end) of (?:every|each|any)|"
        r"whenever (?:you|the user|any)|"
        r"on (?:every|each) (?:request|response|message|call|task)|every time (?:you|the))\b",
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
        ignore=("@example.",),
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
        "infect",
        "copies itself into other instruction files",
        r"\b(?:copy|append|add|write|insert|prepend|replicate|propagate|spread|include|paste)\b.{0,80}\b(?:this|"
        r"these|the following|same|above)\b.{0,50}\b(?:instructions?|text|block|"
        r"section|rules?|prompt|paragraph|comment|skill|message)\b.{0,60}\b(?:other (?:repos|repositories|"
        r"skills|projects|files)|(?:every|each|any|other|all)[^\n.]{0,24}(?:claude\.md|agents\.md|"
        r"\.cursorrules|copilot-instructions|readme)|every (?:repo|file|"
        r"project|readme)|all (?:repos|projects|files))",
    ),
    Directive(
        "written_into_instructions",
        "writes itself into an instruction file",
        r"\b(?:copy|append|add|write|insert|prepend|paste)\b.{0,80}\b(?:this|these|the following|same|above)\b.{0,50}"
        r"\b(?:instructions?|text|block|section|rules?|prompt|paragraph|comment|skill|"
        r"message)\b.{0,60}\b(?:claude\.md|agents\.md|"
        r"\.cursorrules|copilot-instructions)",
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
