"""Messaging, payment, mail and business services: formats as the providers publish them."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.interface import Pattern
from bartizan.inspection.secrets.formats import credible, glue, numeric_head, secret


def services() -> tuple[Pattern, ...]:
    """Rows of this group."""
    return (
        secret("slack_token", r"\bxox[abcdeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,250}", 262, check=credible(15), literals=("xoxa", "xoxb", "xoxc", "xoxd", "xoxe", "xoxo", "xoxp", "xoxr", "xoxs"), examples=(glue("xoxb-", "308800273419", "-", "910836753530", "-", "HXFQHwyyMyCCfT6aK7Bxjd0i"),), counter_examples=("xoxb-your-token-here", "xoxb-xxxxxxxxxxxx")),
        secret("slack_app_token", r"\bxapp-\d-[A-Z0-9]{9,12}-\d{10,14}-[0-9a-f]{64}", 101, check=credible(80), literals=("xapp-",), examples=(glue("xapp-", "1-A", "X2056J83V2", "-", "0615194100900", "-", "dd8ddd44d558d1fd37026283c36a15bd08b93b9a62f7c639ce9b2902fa05060a"),)),
        secret("slack_webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<hit>[A-Z0-9]{8,12}/[A-Z0-9]{8,20}/[A-Za-z0-9]{18,32})", 94, check=credible(40, 14), literals=("hooks.slack.com/",), examples=(glue("https://hooks.slack", ".com/services/T", "K9MT07TTQB", "/B", "JEIUXVRT9A", "/", "K6ALNLojS5SL9zwJ9bWDVwMy"),), counter_examples=("https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",)),
        secret("discord_bot_token", r"\b[MNO][A-Za-z0-9_-]{22,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,40}", 80, check=numeric_head, examples=(glue("NDgyOTEwNTczODQ2MjAxOTU3", ".", "MMYAYF", ".", "O2I4vWaY3Ka9XYBxqedMG7Tj5whH2hNuKR2xVI"),), counter_examples=("Maaaaaaaaaaaaaaaaaaaaaaa.aaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaa",)),
        secret("discord_webhook", r"discord(?:app)?\.com/api/webhooks/\d{17,20}/[A-Za-z0-9_-]{60,70}", 121, check=credible(80), literals=("/api/webhooks/",), examples=(glue("https://discord", ".com/api/webhooks/", "199413178565388726", "/", "jToW3vq76Ge2HQ3Bs59AczcN19W9UAcXYb2U_dDUiD6TCUiDKJ2CUDYpgcRPzN7mpnUa"),)),
        secret("telegram_bot_token", r"\b\d{8,10}:AA[A-Za-z0-9_-]{32,34}", 49, check=credible(40), literals=(":aa",), examples=(glue("3851872642", ":", "AA", "Fk4Rmyg3ozlBg_o2ZV_2_ep6ELoTaaF2x"),)),
        secret("microsoft_teams_webhook", r"webhook\.office\.com/webhookb2/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}@[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/IncomingWebhook/[0-9a-f]{32}/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 190, check=credible(100), literals=("webhook.office.com/",), examples=(glue("https://x.webhook", ".office.com/webhookb2/", "28446be0-5eb3-0b53-d242-fc423d60cdab", "@", "8bef78bb-672d-e172-a2d3-8d0dba9089da", "/IncomingWebhook/", "e755702dbceea97414070cd33e40edfd", "/", "53598a75-9a4e-f191-7b4d-852e3cfcbf1b"),)),
        secret("stripe_key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,250}", 260, check=credible(22), literals=("sk_live_", "rk_live_", "sk_test_", "rk_test_"), severity=Severity.CRITICAL, examples=(glue("sk_live_", "QbhJhQvQqgyLsEHFzKHfkFFV"),), counter_examples=("sk_test_xxxxxxxxxxxxxxxxxxxxxxxx",)),
        secret("stripe_webhook_secret", r"\bwhsec_[A-Za-z0-9+/]{24,100}", 108, check=credible(26), literals=("whsec_",), examples=(glue("whsec_", "GBy4Wllqfktq8zfvUgrd591skBso9wI2"),)),
        secret("square_token", r"\b(?:sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,43}|EAAA[A-Za-z0-9_-]{56,64})", 70, check=credible(22), literals=("sq0atp-", "sq0csp-", "sq0idp-", "eaaa"), examples=(glue("sq0atp-", "n69P0Su2Kw92fpqmaHeOjI"),)),
        secret("paypal_braintree_token", r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}", 75, check=credible(40), literals=("access_token$",), examples=(glue("access_token$", "production$", "gqpe44rsf44mq8wo", "$", "165b95236c4ff73a63df805dd5e80729"),)),
        secret("plaid_token", r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 57, check=credible(36), literals=("access-sandbox-", "access-development-", "access-production-"), examples=(glue("access-production-", "c263654c-028b-4e14-45c2-360ac8c0db25"),)),
        secret("shopify_token", r"\bshp(?:at|ca|pa|ss|tka|ua)_[0-9a-fA-F]{32}", 41, check=credible(32), literals=("shpat_", "shpca_", "shppa_", "shpss_", "shptka_", "shpua_"), examples=(glue("shpat_", "c2f6d791ec146b573f060dff216088cc"),)),
        secret("razorpay_key", r"\brzp_(?:live|test)_[A-Za-z0-9]{14,24}", 35, check=credible(16), literals=("rzp_live_", "rzp_test_"), examples=(glue("rzp_live_", "9MiSr14fNALfmi"),)),
        secret("flutterwave_key", r"FLWSECK(?:_TEST)?-[0-9a-fA-F]{12,40}(?:-X)?", 57, check=credible(22), literals=("flwseck",), examples=(glue("FLWSECK-", "e1686311c2356fb820764d282eaa53eb", "-X"),)),
        secret("twilio_key", r"\bSK[0-9a-f]{32}\b", 36, check=credible(30), score=0.85, examples=(glue("SK", "c64f3e0ddb5b9acc575fbf5ab8fbf28d"),)),
        secret("twilio_account", r"\bAC[0-9a-f]{32}\b", 36, check=credible(30), score=0.6, severity=Severity.MEDIUM, examples=(glue("AC", "73f5da4352d274dad192618db2f4de9d"),)),
        secret("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}", 80, check=credible(55), literals=("sg.",), examples=(glue("SG.", "dLTQDsVhly2SuSrPMCEk3g", ".", "SAVxqqGKiLL-p8B-hK44CcbVLZEc8Pcs6KSIIxYK5MH"),)),
        secret("mailgun_key", r"\bkey-[0-9a-f]{32}\b", 38, check=credible(32), literals=("key-",), examples=(glue("key-", "811a4b06b6ca27e616bdc055ffe09d6b"),)),
        secret("mailchimp_key", r"\b[0-9a-f]{32}-us\d{1,2}\b", 39, check=credible(30), literals=("-us",), examples=(glue("56ee73e1fc3a6cc6bce4aaba1103472a", "-us14"),)),
        secret("brevo_key", r"xkeysib-[0-9a-f]{64}-[A-Za-z0-9]{16}", 91, check=credible(80), literals=("xkeysib-",), examples=(glue("xkeysib-", "a9cb34b131f0a063cfd83367d070f3ff5beeffd3d014538c8e1901e81bd0eb0a", "-", "QtMIadMuFFyeJGFz"),)),
        secret("resend_key", r"\bre_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}", 38, check=credible(32), literals=("re_",), examples=(glue("re_", "2b2nuJkp", "_", "eDDSFCZyyt9S17rrSMuqePCo"),)),
        secret("hubspot_token", r"\bpat-(?:na|eu)\d-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 46, check=credible(36), literals=("pat-na", "pat-eu"), examples=(glue("pat-na1-", "bdb9bca2-1e88-ef60-ca53-0c060375abe5"),)),
        secret("asana_token", r"\b[12]/\d{12,20}(?:/\d{12,20})?:[0-9a-f]{32}\b", 78, check=credible(40), examples=(glue("1/", "7498122755967259", ":", "530802d150502ff49d42087783ed9eb1"),)),
        secret("facebook_token", r"\bEAA[A-Za-z][A-Za-z0-9]{90,300}", 306, check=credible(90), score=0.85, examples=(glue("EAA", "CEd", "SSCihSiWtL2uWWpRxVTpLfn3jAYNyxTCgOGQ4rM0X1gFWWK6dJNXWefG5GgUFBPlL9ekgLIMttzWENlT", "IVVqHjx1h3snMEKvdw7AuTfLJ4Tm2zr56c0KT8062yoSOr1rZUnnLifWyyGyMMDXJjU0xktEzgvVVOGd"),)),
        secret("twitter_bearer", r"A{20}[A-Za-z0-9%]{60,120}", 142, check=credible(60), literals=("aaaaaaaaaaaaaaaaaaaa",), score=0.85, examples=(glue("AAAAAAAAAAAAAAAAAAAAAA", "iYkQx44BM2K8LwCDXgj9rzR7MOYWJ7dHv109PFMo7l4S89BFjBBVnLjOhHX9LDWvpsQAGxidAu7SH3ti"),)),
        secret("mapbox_secret_token", r"\bsk\.eyJ[A-Za-z0-9_-]{40,200}\.[A-Za-z0-9_-]{20,40}", 249, check=credible(60), literals=("sk.eyj",), examples=(glue("sk.", "eyJ", "jSJN5AuMddanriTAE9fawrCm3HiEYBsZo2lDRqcsYyaADIbOK5Zbw0o5942y60oGQniEHQLFxnrv_aeQ", ".", "Att1NnAUNeo9gDz0pG0Gvk"),)),
        secret("shippo_key", r"shippo_(?:live|test)_[0-9a-f]{40}", 54, check=credible(40), literals=("shippo_",), examples=(glue("shippo_", "live_", "50824ca6c6468a80e4ef038679a239b646f9c1dc"),)),
        secret("easypost_key", r"\bEZ[AT]K[A-Za-z0-9]{54}", 60, check=credible(50), literals=("ezak", "eztk"), examples=(glue("EZAK", "jZBPERt0SZqiyzPYjjizwCDL1r8VCCbQSsrWSKkPPv8rbPPG6FPhv3"),)),
        secret("typeform_token", r"\btfp_[A-Za-z0-9_-]{40,60}", 66, check=credible(40), literals=("tfp_",), examples=(glue("tfp_", "Fx1ldpSqk9QaH85hzvkhh6CZ43G4-J-BSb0z3hl8plFttQOj9UPM_8axKce"),)),
        secret("intercom_token", r"\bdG9rO[A-Za-z0-9_-]{54}={0,2}", 63, check=credible(50), literals=("dg9ro",), score=0.9, examples=(glue("dG9rO", "osFvDW4y4iMN5MY9hDbvrvw9iVwQHJTb2CcUsE4MWSlIXVk9AtdAMY"),)),
    )
