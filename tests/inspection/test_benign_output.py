"""Usual text that looks like data: none of it may be flagged at the default threshold."""

from __future__ import annotations

import pytest

from bartizan.core.passage import Surface
from bartizan.inspection.canaries import CanaryDetector
from bartizan.inspection.hazards import HazardDetector
from bartizan.inspection.interface import View
from bartizan.inspection.personal_data import personal_data_detector
from bartizan.inspection.secrets import secret_detector

DETECTORS = (
    personal_data_detector(),
    secret_detector(),
    HazardDetector(("docs.python.org", "*.example.org")),
    CanaryDetector({"c": "BLUE-FALCON-7731-kestrel"}),
)

TEXTS = (
    "The price rose from $1,299.99 to $1,349.00 (3.8 %), i.e. EUR 1.234.567,89 or 1 234 567 in total.",
    "On 2024-05-06T12:30:45.123Z and 06/05/2024 at 12:30:45 we shipped; next date: 31.12.2025.",
    "Order 4711-0815, invoice 2024-000123, ticket #123456789, tracking 1Z999AA10123456784.",
    "Order number 9876543210 and reference 100200300400 were merged into case 00123456.",
    "Upgrade from 1.2.3 to 10.4.1-rc.2+build.5; Python 3.11.7, Chrome/120.0.6099.109, kernel 6.1.0-18.",
    "SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08, MD5 d41d8cd98f00b204e9800998ecf8427e.",
    "commit de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3 (HEAD -> main), short de9f2c7",
    "id 550e8400-e29b-41d4-a716-446655440000, also 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "ISBN 978-3-16-148410-0 and ISBN-10 0-306-40615-2, ISSN 2049-3630, DOI 10.1000/182",
    "Coordinates 52.520008, 13.404954 and 40°26'46\"N 79°58'56\"W; UTM 33U 391779 5820073",
    '127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326',
    "2024-05-06 12:30:45,123 INFO worker[1234] served 192.168.1.10:8080 in 12.5ms, rss=123456kB",
    "1700000000 seconds, 1700000000000 milliseconds, 1612310000000 and 0x7fff5fbff8a8",
    "def login(user, password): token = make_token(user); return {'password': hash(password), 'token': token}",
    "password = getpass.getpass('Password: ')\napi_key = os.environ[\"API_KEY\"]\nsecret = config.get('secret')",
    "curl -H 'Authorization: Bearer $TOKEN' https://api.example.org/v1/items?limit=10&offset=20",
    "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nexport AWS_SECRET_ACCESS_KEY=<your secret key>",
    'client = OpenAI(api_key="sk-...")  # or YOUR_API_KEY',
    "Your password must be 8-64 characters long; the password is case-sensitive. Reset your password here.",
    "The secret is to let the dough rest. The key is patience; the token gesture was appreciated.",
    "| Year | Population |\n|---|---|\n| 2010 | 123 456 789 |\n| 2020 | 987 654 321 |",
    "3.14159265358979323846264338327950288419716939937510 and 2.718281828459045",
    "Phone a friend at seven; call 911 in an emergency. Room 101, gate 42B, flight LH 1234.",
    "for (i = 0; i < n; i++) { if (a[i] > b[j]) { swap(&a[i], &b[j]); } }  // std::vector<int> v(10);",
    'let xs = vec![1, 2, 3]; println!("{}", xs[0]); const y = arr.map((x) => x * 2)[0](1);',
    "See the [documentation](https://docs.python.org/3/library/re.html) and [our guide](https://www.example.org/a?b=c).",
    "![diagram](https://img.example.org/flow.png) ![logo](images/logo.svg)",
    "<details><summary>More</summary>H<sub>2</sub>O<br/>x<sup>2</sup></details> <kbd>Ctrl</kbd>",
    "$$\\sum_{i=1}^{n} x_i^2 \\le 10^{-6}$$ and \\(a_{12}\\) with \\frac{1}{2}",
    "3-4 eggs, 250 g flour, 1/2 tsp salt, bake 25-30 min at 180 °C (350 °F), serves 4-6.",
    "The score was 3-2 (1-1, 2-1); season 2023/2024; pages 123-145; verses 3:16-18; ratio 16:9.",
    "GTIN 4006381333931, part no. A2C59511953, model XPS-13-9310, S/N 5CD1234ABC, size 10.5 x 20.3 x 5 cm.",
    "電話は不要です。価格は12,800円、2024年5月6日発売。版本1.2.3，共1234567个。",
    "Der Preis beträgt 1.299,00 €; gültig vom 01.05.2024 bis 31.12.2024, Art.-Nr. 123.456.78, PLZ 10115 Berlin.",
    "Le numéro 12 345 678 901 est le nombre d'octets; réf. 2024-05-06-001.",
    "00:00:12.345 --> 00:00:15.678  Welcome back, it is 12:30.",
    "color: #ff8800; margin: 0 auto; rgb(255, 136, 0); background: url(/img/a.png) no-repeat;",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "eth0: flags=4163 mtu 1500 inet 10.0.0.5 netmask 255.255.255.0 inet6 fe80::1 ether ff:ff:ff:ff:ff:ff",
    "SELECT id, name FROM users WHERE created_at > '2024-01-01' AND (a = 1 OR b = 2) ORDER BY id LIMIT 10;",
    "Use `rm -r build/` and `git push origin main`; then `pip install requests==2.31.0`.",
    "Dear {{ name }}, your appointment is on {% if day %}{{ day }}{% endif %}. ${HOME}/bin",
    "ACGTACGTACGTTAGCTAGCTAGCATCGATCGATCGATCAGCTAGCTAGCATCAGCATCAGC",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ0b3RhbGx5LXB1YmxpYy1rZXktYnl0ZXM user@host",
    "-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUF\n-----END CERTIFICATE-----",
)


def flagged(text: str) -> list[tuple[str, str]]:
    views = [View("original", text)]
    return [
        (signal.rule, text[signal.span.start : signal.span.end])
        for detector in DETECTORS
        for signal in detector.detect(views, Surface.OUTPUT)
        if signal.score >= 0.5
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_usual_text_is_clean(text: str) -> None:
    assert not flagged(text)
