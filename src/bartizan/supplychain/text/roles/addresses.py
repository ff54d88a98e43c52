"""Addresses and accounts in a text, and which of them nothing in it accounts for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

import re2

from bartizan.supplychain.formats.words import words
from bartizan.supplychain.text.roles.role import Mark, Role

_ADDRESS = re2.compile(
    r"(?i)\b(?:h(?:tt|xx)ps?|wss?|ftp)://(?:[^\s/@:`'\"<>]{1,64}@)?"
    r"([a-z0-9-]+(?:(?:\.|\[\.\]|\(dot\))[a-z0-9-]+)+|\[[0-9a-f:.]+\]|[0-9]{8,10}\b|0x[0-9a-f]{8}\b)(?::[0-9]+)?|"
    r"\b([a-z0-9-]+(?:\[\.\][a-z0-9-]+)+)|"
    r"[a-z0-9._%+-]+@([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})\b|\b([a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net|org|io|dev|co|cc|app|"
    r"me|site|top|xyz|info|online|support|cloud|run|one|ai|sh|us|ru|cn|de|fr|it|es|nl|pl|br|in|uk|eu|tech|link|click|support|help|shop|store|pro|host|space|center))"
    r"(?:[/\s`'\").,;:]|$)"
)
_KNOWN = words(
    """
    github.com githubusercontent.com gitlab.com bitbucket.org codeberg.org google.com google.dev googleapis.com
    gstatic.com microsoft.com azure.com windows.com office.com live.com outlook.com amazonaws.com amazon.com
    anthropic.com claude.com claude.ai openai.com chatgpt.com huggingface.co hf.co pypi.org pythonhosted.org
    npmjs.com npmjs.org nodejs.org python.org pytorch.org docker.com docker.io debian.org ubuntu.com
    fedoraproject.org redhat.com apache.org mozilla.org wikipedia.org wikimedia.org w3.org schema.org
    json-schema.org ietf.org iana.org cloudflare.com vercel.com netlify.com heroku.com stripe.com paypal.com
    twilio.com slack.com atlassian.com atlassian.net notion.so notion.com linear.app figma.com sentry.io
    datadoghq.com codecov.io grafana.com prometheus.io elastic.co mongodb.com postgresql.org mysql.com redis.io
    sqlite.org kubernetes.io k8s.io helm.sh terraform.io hashicorp.com golang.org go.dev rust-lang.org crates.io
    ruby-lang.org rubygems.org php.net packagist.org nuget.org maven.org readthedocs.io readthedocs.org
    stackoverflow.com medium.com reddit.com youtube.com youtu.be twitter.com x.com linkedin.com facebook.com
    instagram.com tiktok.com whatsapp.com arxiv.org doi.org crossref.org orcid.org semver.org
    conventionalcommits.org keepachangelog.com editorconfig.org opensource.org gnu.org creativecommons.org spdx.org
    modelcontextprotocol.io agentskills.io cursor.com cursor.sh visualstudio.com vscode.dev jetbrains.com
    npmmirror.com unpkg.com jsdelivr.net cdnjs.com tailwindcss.com react.dev reactjs.org vuejs.org nextjs.org
    angular.dev angular.io svelte.dev vitejs.dev vite.dev deno.com deno.land bun.sh astral.sh openstreetmap.org
    weather.com open-meteo.com owasp.org mitre.org cve.org openrouter.ai mistral.ai deepseek.com groq.com cohere.com
    perplexity.ai ollama.com europa.eu apple.com icloud.com dropbox.com box.com zoom.us salesforce.com hubspot.com
    shopify.com ghcr.io quay.io yandex.com yandex.ru vk.com telegram.org baidu.com tencent.com aliyun.com
    aliyuncs.com alibaba.com qq.com wechat.com feishu.cn dingtalk.com mailchimp.com sendgrid.com airtable.com
    asana.com trello.com clickup.com monday.com
    """
)
"""Domains as they are registered: the same name under another ending is somebody else's."""
_PLACEHOLDERS = words(
    """
    example acme placeholder company mycompany yourcompany yourdomain domain mydomain yoursite mysite yourapp myapp foo
    bar sample test demo localhost internal corp evil attacker host server
    """
)
_TAKEN = words("com net org")
"""Under these, everyday placeholders have been taken long since, or are reserved."""
_SHARED = words(
    """
    vercel.app netlify.app herokuapp.com pages.dev workers.dev r2.dev github.io gitlab.io web.app firebaseapp.com
    azurewebsites.net blob.core.windows.net s3.amazonaws.com onrender.com fly.dev ngrok.io ngrok-free.app
    trycloudflare.com glitch.me repl.co surge.sh deno.dev supabase.co on.aws amazonaws.com run.app
    """
)
"""Where anybody may have a name, which then says whose it is."""
_RESERVED = words("test example invalid localhost local lan localdomain internal intra svc corp home arpa")
"""Last labels that lead nowhere outside."""
_NEAR_BY = re.compile(
    r"^(?:127|10|192\.168|172\.(?:1[6-9]|2[0-9]|3[01]))\.|^0\.0\.0\.0$|^\[::1\]$|(?:^|\.)(?:your|my)-[a-z-]+\.[a-z]+$"
)
_LEADS = re2.compile(
    r"(?:\b(?:to|at|from|via|through|on|in|by|with|address|an|a|bei|nach|von|chez|sur|en|por|su|na|do|to)|на|к|"
    r"[:到至へに를은의]) ?[`'\"<(]?$"
)
_BEFORE, _BEGINNING = 12, 600
_FRONT = re.compile(r"\s*---\n.{0,4000}?\n---", re.DOTALL)
_TITLE = re.compile(r"(?m)^#+[ \t].{0,200}")
_FILE_LIKE = re.compile(
    r"(?i)\.(?:md|py|js|ts|sh|json|ya?ml|toml|txt|rs|go|rb|html?|css|mdc|me|app|dev|run|in|it|us|is)$"
)
_SECOND_LEVEL = words("co com net org gov ac edu or ne")
_WORD = re.compile(r"[^\W_]{3,}")
_IBAN = re2.compile(
    r"\b(?:ad|ae|al|at|az|ba|be|bg|bh|br|by|ch|cr|cy|cz|de|dk|do|ee|eg|es|fi|fo|fr|gb|ge|gi|gl|gr|gt|hr|hu|ie|il|iq|is|"
    r"it|jo|kw|kz|lb|li|lt|lu|lv|mc|md|me|mk|mr|mt|mu|nl|no|pk|pl|ps|pt|qa|ro|rs|sa|se|si|sk|sm|tn|tr|ua|va|xk)[0-9]{2}"
    r" ?[a-z0-9]{4}(?: ?[0-9]{4}){1,6}(?: ?[0-9]{1,3})?\b"
)
_MOST_LETTERS, _LEAST_DIGITS = 6, 9
_WALLET = re2.compile(
    r"\b0x[0-9a-f]{40}\b|\bbc1[02-9ac-hj-np-z]{25,60}\b|\b[13][1-9a-hj-km-np-z]{25,34}\b|\bt[1-9a-hj-km-np-z]{33}\b|"
    r"\b(?:pix|upi)\b[^\n]{0,24}\S+@\S+"
)
_NUMBERED = re2.compile(
    r"(?:account|konto|compte|cuenta|conta|conto|rekening|hesap|счет|счёт|рахун|账号|账户|帐号|帳號|口座|振込先|계좌|حساب|खात)[^\n0-9]{0,24}"
    r"([0-9][0-9 -]{5,24}[0-9])"
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}")
_PHONE = re2.compile(r"(?:\+[0-9]{1,3}[ -]|\b0[89]00[ -])[0-9][0-9 ()-]{6,16}[0-9]\b")


class Addresses:
    """The addresses of one text.

    Args:
        text: folded (small letters).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._found = [
            (found.start(), found.end(), host, bool(found.group(4)))
            for found in _ADDRESS.finditer(text)
            for host in (_plain(next(part for part in found.groups() if part)),)
        ]

    def strangers(self) -> Iterator[Mark]:
        """Addresses that belong to no place that the text is about: its purpose does not name them, and nobody
        would know them."""
        for start, end, host, bare in self._found:
            owner, ending = _owner(host), host.rpartition(".")[2]
            if f"{owner}.{ending}" in _KNOWN or ending in _RESERVED or (owner in _PLACEHOLDERS and ending in _TAKEN):
                continue
            if _NEAR_BY.search(host) or (bare and _FILE_LIKE.search(host)):
                continue
            if host.endswith((".edu", ".gov", ".mil", ".int")) or ".ac." in host or ".edu." in host or ".gov." in host:
                continue
            if bare and self._text[end - 1] == "." and self._text[end : end + 1].isalnum():  # an attribute in code
                continue
            if bare and _LEADS.search(self._text[max(0, start - _BEFORE) : start]) is None:
                continue
            if start and self._text[start - 1].isalpha():  # the rest of a name in other letters
                continue
            if self._named(owner):
                continue
            yield Mark(Role.STRANGER, start, end)

    def accounts(self) -> Iterator[Mark]:
        """Bank accounts, wallets and telephone numbers."""
        for found in _IBAN.finditer(self._text):
            number = found.group()
            if sum(map(str.isdigit, number)) >= _LEAST_DIGITS and sum(map(str.isalpha, number)) <= _MOST_LETTERS:
                yield Mark(Role.ACCOUNT, found.start(), found.end())
        for found in _NUMBERED.finditer(self._text):
            if not _DATE.match(found.group(1)):
                yield Mark(Role.ACCOUNT, found.start(1), found.end(1))
        for found in _WALLET.finditer(self._text):
            yield Mark(Role.ACCOUNT, found.start(), found.end())
        for found in _PHONE.finditer(self._text):
            yield Mark(Role.CONTACT, found.start(), found.end())

    def _named(self, owner: str) -> bool:
        if not owner or owner.replace(".", "").isdigit():
            return False
        if owner in self._words:
            return True
        parts = [part for part in re.split(r"[-_]", owner) if len(part) > 2]
        return len(parts) > 1 and all(part in self._words for part in parts)

    @cached_property
    def _words(self) -> frozenset[str]:
        """Words by which the text says what it is for: front matter, headings and beginning, outside of addresses."""
        front = _FRONT.match(self._text)
        parts = (front.group() if front else "", self._text[:_BEGINNING], *_TITLE.findall(self._text))
        whole = " \n ".join(parts)
        cut = [0, *(edge for found in _ADDRESS.finditer(whole) for edge in found.span()), len(whole)]
        return frozenset(word for at in range(0, len(cut), 2) for word in _WORD.findall(whole[cut[at] : cut[at + 1]]))


def _plain(host: str) -> str:
    """Without the brackets by which people keep an address from being a link."""
    return host.replace("[.]", ".").replace("(dot)", ".")


def _owner(host: str) -> str:
    """The label that somebody registered: ``example`` of ``api.example.co.uk``; of numbers all of them."""
    labels = host.casefold().split(".")
    for shared in _SHARED:
        if host.endswith("." + shared):
            return host[: -len(shared) - 1].rpartition(".")[2]
    if labels[-1].isdigit():
        return host
    if len(labels) > 2 and labels[-2] in _SECOND_LEVEL:
        return labels[-3]
    return labels[-2] if len(labels) > 1 else labels[0]
