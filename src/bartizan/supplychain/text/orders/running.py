"""Orders that run, fetch or plant something."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import INSTALLERS, SHELL, Directive

_FED = (
    r"(?:ba|z|da|k)?sh\b|perl\b|ruby\b|node\b|php\b|iex\b|powershell\b|"
    r"python[0-9.]*[ \t]*(?:-[ \t]*)?(?:$|[\n\"'`;&)|,])"
)
"""What runs what it is fed; Python with ``-c`` or ``-m`` only reads it."""
_HOSTS = ("https://raw.githubusercontent.com/", "https://github.com/")
"""Where projects keep their own installers: what runs has an author with a name, and no fixed content."""
RUNNING = (
    Directive(
        "add_dependency",
        "has a package slipped into projects",
        r"\b(?:add|install|include|insert|require|append)\b.{0,40}\b(?:dependenc(?:y|ies)|packages?|script tags?)\b"
        r".{0,60}"
        r"\b(?:every|each|all|any|package\.json|requirements\.txt|pyproject\.toml|go\.mod|cargo\.toml)",
        strong=False,
        ignore=("require(",),
    ),
    Directive(
        "remote_script",
        "runs what an address answers",
        rf"\b(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod|fetch)\b[^\n|]{{0,100}}[./:$][^\n|]{{0,100}}\|"
        rf"\s*(?:sudo\s+)?(?:-?\w+\s+)?(?:{_FED})",
        ignore=(*INSTALLERS, *_HOSTS, "localhost", "127.0.0.1"),
    ),
    Directive(
        "remote_script_of_project",
        "runs what somebody's repository holds at the moment",
        rf"\b(?:curl|wget)\b[^\n|]{{0,100}}(?:raw\.githubusercontent\.com|github\.com)/[^\n|]{{0,100}}\|"
        rf"\s*(?:sudo\s+)?(?:{_FED})",
        ignore=INSTALLERS,
        strong=False,
        alone=True,
    ),
    Directive(
        "remote_script_substituted",
        "runs what an address answers",
        rf"(?:eval|source|{SHELL})\s*(?:-c\s*)?[\"']?\s*(?:\$\(|<\(|`)\s*(?:curl|wget)\b|"
        r"(?:^|[\s;&|`])\.\s+(?:\$\(|<\()\s*(?:curl|wget)\b",
        ignore=INSTALLERS,
    ),
    Directive(
        "remote_script_saved",
        "stores what an address answers, and runs it",
        r"\b(?:curl|wget)\b[^\n]{0,160}(?:-o|-O|>)\s*[^\n;&|]{1,80}(?:;|&&|\n)\s*(?:sudo\s+)?(?:chmod \+x|"
        r"chmod 7[0-9]{2}|bash|sh|python[0-9.]*)\b",
        ignore=INSTALLERS,
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
        "root_for_all",
        "takes the machine's own protection away",
        r"(?:>>|tee -a)\s*/etc/(?:sudoers|passwd|shadow)\b|\bnopasswd\s*:\s*all\b|"
        r"\bchmod\s+(?:-r\s+)?[0-7]?777\s+/(?:etc|usr|bin)",
        strong=False,
    ),
    Directive(
        "remote_instructions",
        "has instructions followed that stand at an address",
        r"\b(?:fetch|download|load|read|get|visit|open|check)\b.{0,40}https?://\S+.{0,80}\b(?:follow|"
        r"execute|obey|carry out|"
        r"apply|do)\b.{0,30}\b(?:instructions?|steps|commands?|orders?|it says|what it)\b",
        strong=False,
    ),
    Directive(
        "again_and_again",
        "is to be done again and again",
        r"\bevery (?:\w+ )?(?:hours?|minutes?|days?|heartbeat)\b|\bon (?:each|every) (?:start|session|heartbeat)\b|"
        r"\bperiodically\b",
        strong=False,
    ),
    Directive(
        "run_from_address",
        "has a script run from an address",
        r"\b(?:run|execute|paste)\b the (?:script|command|code|snippet)s?\b.{0,40}\b(?:at|from|"
        r"published|in|on)\b.{0,20}"
        r"https?://",
        strong=False,
        ignore=INSTALLERS,
    ),
    Directive(
        "index_planted",
        "has packages taken from another index from now on",
        r"\b(?:registry|index-url|extra-index-url|channels?)\b\s*[=:]\s*https?://\S+.{0,60}(?:\.npmrc|"
        r"pip\.conf|\.pypirc|"
        r"\.condarc|\.yarnrc|uv\.toml)",
        ignore=("pypi.org", "registry.npmjs.org", "npm.pkg.github.com", "localhost", "127.0.0.1"),
    ),
    Directive(
        "fetched_and_planted",
        "plants what an address answers where it runs or opens the door",
        r"\b(?:curl|wget)\b[^\n|]{0,160}>>?\s*\S*(?:authorized_keys|\.bashrc|\.zshrc|\.profile|"
        r"\.bash_profile|crontab|"
        r"\.git/hooks)",
    ),
    Directive(
        "locked_download",
        "has a program fetched in an archive that scanners cannot open",
        r"\b(?:download|fetch|get|grab)\b.{0,120}https?://\S+\.(?:zip|7z|rar|exe|msi|dmg|pkg|tar\.gz)\b.{0,80}"
        r"\bpass(?:word|phrase|code)\b\W{0,6}\w",
        ignore=("do not", "don't", "never", "avoid"),
    ),
    Directive(
        "fallback_login",
        "has an account put into code that somebody knows the password of",
        r"\b(?:add|create|insert|include|keep|accept)\b.{0,60}\b(?:account|user|login|"
        r"admin)\b.{0,60}\bpass(?:word|code)\b"
        r"\s*(?:is |of |=|:)?\s*['\"`][^'\"`\n]{3,}['\"`]"
        r"|\b(?:accept|allow|hard-?code)\b.{0,24}\bpass(?:word|code)\b.{0,4}['\"`][^'\"`\n]{3,}['\"`]",
        strong=False,
        ignore=("test", "example", "fixture", "demo", "docker", "never", "do not"),
    ),
    Directive(
        "other_index",
        "has packages taken from another index",
        r"\b(?:always|must|only|instead)\b.{0,60}\b(?:mirror|index|registry|--index-url|"
        r"--extra-index-url|--registry)\b"
        r".{0,30}https?://|\b(?:mirror|index|registry)\b.{0,20}https?://\S+.{0,40}\b(?:for (?:all|any|"
        r"every)|pip|npm) "
        r"?install",
        strong=False,
        ignore=("pypi.org", "registry.npmjs.org", "download.pytorch.org", "localhost", "127.0.0.1"),
    ),
    Directive(
        "push_elsewhere",
        "has a repository copied to an address",
        r"\b(?:commit|push|mirror|clone)\b.{0,40}\bto\b.{0,24}(?:https?://|git@|ssh://)",
        strong=False,
        ignore=("github.com", "gitlab.com", "localhost", "bitbucket.org"),
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
        "authorized_keys",
        "lets somebody else log in",
        r"(?:ssh-(?:rsa|ed25519) [a-z0-9+/=]{20,}|public key).{0,120}authorized_keys|"
        r"authorized_keys.{0,60}ssh-(?:rsa|ed25519)",
        ignore=("id_ed25519.pub", "id_rsa.pub", "id_ecdsa.pub"),
    ),
    Directive(
        "sabotage",
        "has code weakened or data destroyed without being seen",
        r"\b(?:insert|add|introduce|plant|leave|include|inject|hide)\b.{0,50}\b(?:back-?door|vulnerabilit(?:y|ies)|"
        r"malicious|malware|hidden (?:function|endpoint|admin)|"
        r"hard-?coded (?:password|admin|credential)|logic bomb|key-?logger|crypto-?miner|miner)\b",
        ignore=(
            "not to",
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
        r"\brm\s+-[a-z]*r[a-z]*f?[a-z]*\s+(?:--no-preserve-root\s+)?(?:/(?:\s|$|[*`'\")]|home|etc|usr|"
        r"var(?:\s|$|/(?:log|www|lib(?:\s|$))))|"
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
)
