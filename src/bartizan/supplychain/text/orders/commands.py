"""Command lines that fetch and run, open a way in, or carry files out, by programs that every system has."""

from __future__ import annotations

from bartizan.supplychain.text.orders.words import INSTALLERS, KEY_FILE, Directive

_KNOWN = (
    "github.com/", "gitlab.com/", "bitbucket.org/", "codeberg.org/", "huggingface.co/", "download.pytorch.org",
    "pypi.org", "files.pythonhosted.org", "registry.npmjs.org", "localhost", "127.0.0.1", "pypi.nvidia.com",
    "wheels.", "pkg.dev", "azure.com", "amazonaws.com", "gitee.com",
)  # fmt: skip
"""Places from which packages are built as a habit; none of them vouches for a package."""
_VAULT = (
    r"(?:vault (?:kv )?(?:get|read)|aws secretsmanager get-secret-value|aws ssm get-parameters?\b|"
    r"gcloud secrets versions "
    r"access|kubectl get secrets?|security find-(?:generic|internet)-password|pass show|op (?:read|item get)|"
    r"gh auth token|gcloud auth print-access-token|aws sts get-session-token|docker inspect[^\n|]{0,40}env)"
)

_KEPT_PATH = (
    r"(?:\.ssh['\"/\\, )]{1,8}(?:id_[a-z0-9]+|config|authorized)|\bid_(?:rsa|ed25519)\b|"
    r"\.aws['\"/\\, )]{1,8}(?:credentials|config)|['\"/]\.env['\"]|"
    r"/etc/(?:passwd|shadow)\b|\.netrc\b|\.git-credentials|\.kube['\"/\\, )]{1,8}config|"
    r"\.docker['\"/\\, )]{1,8}config\.json|wallet\.dat|login data\b|"
    r"cookies\.sqlite|\.npmrc['\"]|\.pypirc)"
)
"""Paths of secrets as programs write them, also in pieces."""
_SENDING = (
    r"(?:\brequests\.(?:post|put|get|request)|\bhttpx\.|\burlopen\b|\burllib\.request|\bfetch\s*\(|"
    r"\baxios\b|\bnet::http|\bhttp\.client|"
    r"\bxmlhttprequest|\bsmtplib|\bsocket\.|\bcurl\b|\bwget\b|\binvoke-(?:webrequest|restmethod)|"
    r"\bhttp\.post|\bwebsocket)"
)
_READING = (
    r"(?:\bopen\s*\(|\bread_(?:text|bytes)\b|\breadfile(?:sync)?\b|\bfile\.read\b|\bget-content\b|"
    r"\bfs\.read|\bjoinpath\b|\bexpanduser\b|"
    r"\bos\.path\.join\b)"
)

COMMANDS = (
    Directive(
        "code_sends_secrets",
        "carries code that reads a file of credentials and sends something",
        rf"{_KEPT_PATH}.{{0,300}}{_SENDING}|{_SENDING}[^`]{{0,300}}{_KEPT_PATH}",
        ignore=(".pub", "never", "do not", "don't", "localhost", "127.0.0.1", ".gitignore", "must not"),
        strong=False,
        alone=True,
    ),
    Directive(
        "code_reads_secrets",
        "carries code that reads a file of credentials",
        rf"{_READING}[^\n`]{{0,80}}{_KEPT_PATH}|{_KEPT_PATH}[^\n`]{{0,40}}{_READING}",
        ignore=(".pub", "never", "do not", "don't", ".env.example", "dotenv"),
        strong=False,
        alone=True,
    ),
    Directive(
        "fed_in_steps",
        "runs what an address answers",
        r"\b(?:curl|wget|iwr|irm)\b[^\n|]{0,200}\|[^\n|]{1,80}\|\s*(?:sudo\s+)?(?:ba|z|da|k)?sh\b|"
        r"\b(?:curl|wget)\b[^\n|]{0,200}https?://[^\n|]{0,200}\|\s*(?:sudo\s+)?\$\{?\w+",
        ignore=(*INSTALLERS, "localhost", "127.0.0.1"),
    ),
    Directive(
        "home_deleted",
        "deletes data",
        r"\brm(?:\s+-{1,2}[\w-]+){1,4}\s+[\"']?(?:/|~/?|\$\{?home\}?/?)[\"']?(?:\*|\s|$|[`'\")])|"
        r"\bfind\s+[\"']?(?:/|~/?|\$\{?home\}?/?)[\"']?\s[^\n|;]{0,100}(?:-delete\b|-exec(?:dir)?\s+rm\b)|"
        r"\b(?:remove-item|rmdir|rd|del)\b[^\n]{0,60}(?:-recurse|/s)\b[^\n]{0,40}(?:\$home|"
        r"\$env:userprofile|%userprofile%|~|c:)\\?\*?(?:\s|$|[`'\")*])",
        ignore=("never", "do not", "don't", "block", "deny", "refuse"),
    ),
    Directive(
        "fetched_by_windows",
        "has Windows fetch a program and run it",
        r"\bmshta(?:\.exe)?\s+[\"']?(?:https?|vbscript|javascript):|\bregsvr32\b[^\n]{0,60}/i:\s*https?:|"
        r"\brundll32\b[^\n]{0,60}(?:javascript:|https?:)|\bcertutil\b[^\n]{0,40}-urlcache[^\n]{0,60}https?:|"
        r"\bbitsadmin\b[^\n]{0,60}/transfer[^\n]{0,60}https?:|\bmsiexec\b[^\n]{0,30}/i\s*https?:|"
        r"\bwmic\b[^\n]{0,30}process call create",
    ),
    Directive(
        "fetched_by_powershell",
        "runs what an address answers",
        r"\b(?:iex|invoke-expression)\b[^\n]{0,60}(?:downloadstring|net\.webclient|invoke-(?:webrequest|restmethod)|"
        r"\biwr\b|\birm\b)|(?:downloadstring|\biwr\b|\birm\b|invoke-(?:webrequest|restmethod))[^\n|]{0,160}\|\s*"
        r"(?:iex|invoke-expression)\b|-w(?:indowstyle)?\s+hidden\b",
        ignore=INSTALLERS,
    ),
    Directive(
        "fetched_by_interpreter",
        "runs what an address answers",
        r"\b(?:exec|eval|compile)\s*\(\s*[^\n]{0,80}(?:urlopen|urllib\.request|requests\.get|httpx\.get|fetch\()|"
        r"\b(?:perl|ruby|php|node)\s+-[er]\s[^\n]{0,100}(?:https?://|child_process|/dev/tcp|fsockopen|tcpsocket)",
    ),
    Directive(
        "package_from_address",
        "installs a package from an address that no index vouches for",
        r"\b(?:pip3?|uv pip|pipx)\s+install\b[^\n]{0,80}\s[\"']?(?:git\+)?(?:https?|ssh|ftp)://[^\s\"'`]+|"
        r"\b(?:pip3?|uv)\b[^\n]{0,40}install\b[^\n]{0,60}(?:--index-url|--extra-index-url|"
        r"-i)[ =]+https?://[^\s\"'`]+|"
        r"\b(?:npm|pnpm|yarn|npx|bunx?|bun)\b[^\n]{0,40}\s(?:git\+)?(?:https?|ssh)://[^\s\"'`]+|"
        r"\b(?:npm|pnpm|yarn)\b[^\n]{0,60}--registry[ =]+https?://[^\s\"'`]+",
        ignore=(*_KNOWN, *INSTALLERS, "//example.com", "//example.org", "npmjs.com", "<",
                 "$", "your-", "yourcompany", "internal"),
        strong=False,
        alone=True,
    ),
    Directive(
        "fetched_and_built",
        "fetches sources and runs their build with all rights",
        r"\bgit clone\b[^\n]{0,160}&&[^\n]{0,80}\bsudo\b",
        ignore=_KNOWN,
    ),
    Directive(
        "host_mounted",
        "starts a container that owns the machine",
        r"\bdocker\b[^\n]{0,80}\brun\b[^\n]{0,120}(?:-v|--volume)[ =]\"?/:/[^\n]{0,80}|"
        r"\bdocker run\b[^\n]{0,80}--privileged\b[^\n]{0,80}(?:-v|--volume|--pid[ =]host|--net(?:work)?[ =]host)|"
        r"\bnsenter\b[^\n]{0,60}(?:-t|--target)[ =]?1\b",
    ),
    Directive(
        "set_user_id",
        "lets anybody become root",
        r"\bchmod\s+[ugo]*\+s\s|\bchmod\s+(?:[2467][0-7]{3})\s+\S*(?:/bin/|sh\b|bash|python|/usr/)|"
        r"\bsetcap\s+cap_(?:setuid|sys_admin|dac_override)|"
        r"(?:echo|tee)[^\n]{0,80}all=\(all(?::all)?\)\s*nopasswd",
    ),
    Directive(
        "way_in",
        "opens a way into the machine from outside",
        r"\bssh\b[^\n]{0,40}\s-(?:f?n?t?n?)*r\s*\S*[0-9]+:\S+|\bngrok\s+(?:tcp|http)\s+22\b|"
        r"\bcloudflared tunnel\b[^\n]{0,40}ssh:|"
        r"\bsocat\b[^\n]{0,80}exec:|\bxhost\s+\+(?:\s|$)|"
        r"\b(?:port )?22\b.{0,30}\b(?:to|from|for)\b.{0,12}(?:0\.0\.0\.0/0|the (?:whole )?(?:internet|world))",
        ignore=("not open", "n't open", "never", "check", "does not", "detect", "flag", "finding", "avoid"),
    ),
    Directive(
        "runs_on_unseen",
        "leaves a program running that nobody sees",
        r"\bnohup\b[^\n]{0,80}(?:/tmp/|/dev/shm/|/var/tmp/|/\.)[^\n]{0,80}&|\b(?:bash|sh|"
        r"python3?)\s+/(?:tmp|dev/shm|var/tmp)"
        r"/\.[^\s]+",
    ),
    Directive(
        "command_replaced",
        "puts a program of its own in the place of a command that people use",
        r"\balias\s+(?:git|ssh|sudo|su|python3?|pip3?|npm|node|curl|wget|kubectl|aws|gcloud|docker|gpg)=[\"']?"
        r"(?:~|\$home|\$\{home\}|/tmp|/var/tmp|/dev/shm|/home|\.)/?\S*/\S+",
    ),
    Directive(
        "planted_schedule",
        "plants itself where it runs again",
        r"\bcrontab\s+-(?:\s|$)|\|\s*crontab\b|/etc/cron\.[a-z]+/\S+|\bschtasks\b[^\n]{0,40}/create\b|"
        r"\blaunchctl\s+(?:load|bootstrap)\b|currentversion\\run\b",
        strong=False,
        ignore=("crontab -l\n", "crontab -e"),
    ),
    Directive(
        "hooks_moved",
        "has every commit run programs from elsewhere",
        r"\bcore\.(?:hookspath|fsmonitor|sshcommand|pager)\b[ =\"']+[^\n]{0,10}(?:/tmp|/var/tmp|/dev/shm|"
        r"~/\.|https?:|/\.)",
    ),
    Directive(
        "remote_replaced",
        "has a repository pushed to an address",
        r"\bgit remote (?:set-url|add)\b[^\n]{0,40}(?:https?://|git@|ssh://)[^\n]{0,160}\bpush\b",
        ignore=("github.com", "gitlab.com", "bitbucket.org", "localhost", "gitee.com", "your-", "<", "example.com"),
    ),
    Directive(
        "vault_carried",
        "carries what a store of secrets answers away",
        rf"{_VAULT}[^\n]{{0,160}}(?:\|[^\n]{{0,60}}\b(?:curl|wget|nc|ncat|mail|ssh)\b|"
        r">\s*\S+[^\n]{0,80}\b(?:attach|upload|send|post|mail|publish)\b)",
    ),
    Directive(
        "store_of_secrets_read",
        "has a store of secrets or a file of credentials read out",
        rf"(?:^|[\n`$(|;&]\s*)(?:vault (?:kv )?(?:get|read) \S|aws secretsmanager get-secret-value\b|"
        rf"gcloud secrets versions access\b|"
        rf"gh auth token\b|cat \s*{KEY_FILE})",
        strong=False,
        alone=True,
    ),
    Directive(
        "secret_in_a_request",
        "sends a secret as content of a request",
        r"\b(?:curl|wget|http)\b[^`]{0,200}(?:-d|--data(?:-\w+)?|-f|--form)[ =]\s*[^\n]{0,60}(?:\$\{\{\s*secrets\.|"
        r"@/tmp/\.|\$\{?\w*(?:secret|password|private_key|deploy_key|access_key|github_token|npm_token)\w*)",
        ignore=("localhost", "127.0.0.1", "client_secret", "grant_type"),
        strong=False,
        alone=True,
    ),
    Directive(
        "decoded_and_used",
        "runs or follows what is encoded so that nobody reads it",
        r"(?:\$\(|`)\s*(?:echo|printf|cat)\b[^\n]{0,200}\|\s*base64\s+(?:-d|-D|--decode)\s*\)|"
        r"\bbase64\s+(?:-d|-D|--decode)\b[^\n]{0,80}>\s*\S+\.(?:md|txt|sh|py)\b[^\n]{0,80}\b(?:follow|read|"
        r"run|execute|bash|sh)\b",
    ),
    Directive(
        "metadata_service",
        "asks the cloud's metadata service for the machine's own credentials",
        r"(?:169\.254\.169\.254|metadata\.google\.internal|fd00:ec2::254|100\.100\.100\.200)[^\n]{0,120}"
        r"(?:security-credentials|/token|identity/oauth2|user-data|service-accounts)",
        ignore=("ssrf", "block", "never", "attack"),
    ),
    Directive(
        "files_carried",
        "copies files of credentials or the home folder to another machine",
        rf"\b(?:scp|rsync|aws s3 (?:cp|sync)|gsutil (?:-m )?(?:cp|rsync)|az storage blob upload|rclone (?:copy|sync)|"
        rf"curl\b[^\n]{{0,40}}(?:-t|-f|--upload-file|--form))\b?[^\n]{{0,80}}(?:{KEY_FILE}|~/(?:documents|"
        rf"desktop|downloads|\.)|\$home\b|"
        r"\.env\b|/etc/passwd)[^\n]{0,80}(?:@|s3://|gs://|https?://|\b[a-z0-9_-]+:)",
        ignore=(".pub", "localhost", "127.0.0.1", ".example"),
    ),
    Directive(
        "key_files_sought",
        "looks for files of keys all over the disk",
        r"\bfind\s+(?:/|~|\$home)\s[^\n]{0,80}(?:\*\.(?:pem|key|p12|pfx|kdbx|ppk|jks)|id_rsa|wallet|"
        r"\.env\b)[^\n]{0,80}"
        r"(?:-exec\s+(?:cp|cat|tar|curl|base64)|\|\s*(?:xargs|tar|curl|zip))",
    ),
    Directive(
        "traces_removed",
        "removes the traces of what it did",
        r"\bhistory -c\b|\bunset histfile\b|\bhistfile=/dev/null|rm\s+(?:-\w+\s+)?~?/?\S*\.(?:bash|zsh)_history\b|"
        r"\b(?:delete|clear|wipe|erase|remove)\b.{0,20}\b(?:shell|command|bash|terminal|audit|"
        r"system) (?:history|logs?)\b|"
        r"\bjournalctl\b[^\n]{0,20}--vacuum-time=1s|\bwevtutil\s+cl\b",
        ignore=("never", "do not", "don't", "detect", "attacker"),
    ),
    Directive(
        "trust_widened",
        "has a certificate trusted that whoever holds it can sign anything with",
        r"\b(?:install|add|import|trust)\b.{0,40}\b(?:root |ca |root ca )(?:certificate|cert)\b.{0,80}https?://|"
        r"(?:update-ca-certificates|security add-trusted-cert|certutil\s+-addstore)[^\n]{0,120}https?://|"
        r"curl[^\n]{0,120}https?://[^\n]{0,120}(?:update-ca-certificates|security add-trusted-cert|ca-certificates/)",
    ),
)  # fmt: skip
