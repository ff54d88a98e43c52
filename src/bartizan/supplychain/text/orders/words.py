"""What a directive is, and the words that many of them are made of (RE2 syntax)."""

from __future__ import annotations

import msgspec

CREDENTIAL = (
    r"(?:api[ _-]?keys?|secrets?|credentials?|passwords?|passwd|private[ _-]?keys?|ssh[ _-]?keys?|"
    r"access[ _-]?tokens?|"
    r"auth(?:entication)?[ _-]?tokens?|bearer[ _-]?tokens?|session[ _-]?(?:tokens?|cookies?)|cookies|"
    r"seed[ _-]?phrases?|"
    r"mnemonics?|environment variables|env vars|\benv\b output|\.env\b|id_rsa|id_ed25519|\.ssh/|\.aws/|\.kube/|"
    r"\.npmrc|"
    r"\.netrc|\.pypirc|\.git-credentials|wallet\.dat|keychain|kubeconfig|/etc/shadow|\bprintenv\b)"
)
PRIVATE = (
    r"(?:(?:conversation|chat|message|browsing|shell|command) (?:history|transcript|log|context)|(?:full|entire|"
    r"whole|"
    r"complete) (?:conversation|transcript|chat|context|prompt)|system prompt|user'?s? (?:prompts?|messages?|"
    r"emails?|files?|"
    r"documents|personal data|address|contacts)|source code|all files|customer (?:data|records))"
)
SEND = (
    r"(?:send|post|upload|forward|transmit|submit|exfiltrate|e-?mail|copy|leak|report|ship|relay|push|append|include|"
    r"attach|embed|encode|pass|put|insert|add|write)"
)
PLACE = (
    r"(?:https?://|webhook|ngrok|requestbin|pastebin|telegram|discord\.com/api|burp|interact\.sh|oast\.|\bcurl\b|"
    r"\bwget\b|"
    r"\bnc\b|\bfetch\(|\bdns\b|[a-z0-9._-]+@[a-z0-9.-]+\.[a-z]{2,}|image url|query (?:string|parameter)|"
    r"our (?:server|"
    r"endpoint|collector)|external (?:server|endpoint|url)|remote (?:server|host|endpoint)|attacker|collector)"
)
KEY_FILE = (
    r"(?:~|\$home|/root|/home/[a-z0-9_-]+|%userprofile%)?/?\.?(?:\.ssh/(?:id_[a-z0-9]+|config)|id_rsa\b|"
    r"id_ed25519\b|\.aws/credentials|\.kube/config|\.netrc|\.git-credentials|\.pypirc|\.cursor/mcp\.json|"
    r"\.config/(?:gcloud|gh/hosts|rclone)|(?:~|\$home)/\.[a-z0-9_-]+/(?:\.env|credentials|auth\.json|"
    r"tokens?\.json)|"
    r"/etc/shadow|wallet\.dat|login data|cookies\.sqlite|\.docker/config\.json)"
)
USER = r"(?:the |any |your )?(?:user|human|person|operator|developer|owner|reviewer|anyone|customer|client|people)s?"
NEVER = (
    r"(?:do not|don'?t|never|must not|mustn'?t|should not|avoid|without|refrain from|no need to|"
    r"under no circumstances)"
)
SHELL = r"(?:ba|z|da|k)?sh\b|python[0-9.]*\b|perl\b|ruby\b|node\b|php\b|iex\b|powershell\b"
UNSEEN = (
    r"(?:silently|secretly|covertly|quietly|stealthily|discreetly|behind the scenes|in the background without|"
    r"invisibly|unnoticed)"
)
ACTS = (
    r"(?:send|upload|append|run|execute|install|add|copy|include|read|collect|fetch|delete|write|forward|exfiltrate|"
    r"transmit|change|replace|modify|insert|inject|store|commit|push|call|invoke|pass|attach|bcc|encode|submit|relay|"
    r"ship|download|create|register|enable|disable|grant|approve|move|swap|alter|do (?:it|so|this|that))"
)
INSTALLERS = (
    "astral.sh/", "sh.rustup.rs", "get.docker.com", "raw.githubusercontent.com/homebrew/install", "bun.sh/install",
    "deno.land/", "deno.land/install.sh", "get.pnpm.io", "raw.githubusercontent.com/nvm-sh/nvm",
    "install.python-poetry.org",
    "pixi.sh/install", "ollama.com/install.sh", "deb.nodesource.com", "cli.anthropic.com", "claude.ai/install.sh",
    "get.helm.sh", "raw.githubusercontent.com/helm/helm", "mise.run", "starship.rs/install.sh", "bootstrap.pypa.io",
    "get.nextflow.io", "get.sdkman.io", "socket.dev/install.sh", "install.julialang.org", "get.volta.sh",
    "fnm.vercel.app/install",
    "get.k3s.io", "get-ghcup.haskell.org",
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
    alone: bool = False
    """A weak one that holds a text without another beside it: people read it before anything is loaded."""
    everywhere: bool = False
    """Means the same in documents and corpora, which are full of what other directives look for."""
