"""Clouds and hosting: formats as the providers publish them."""

from __future__ import annotations

from bartizan.inspection.interface import Extent, Pattern
from bartizan.inspection.secrets.formats import credible, glue, secret


def cloud() -> tuple[Pattern, ...]:
    """Rows of this group."""
    return (
        secret("aws_access_key_id", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b", 22, check=credible(17), literals=("akia", "asia", "abia", "acca"), examples=(glue("AKIA", "PYCDYBK377OXTZQ6"),), counter_examples=("AKIAIOSFODNN7EXAMPLE", "AKIAAAAAAAAAAAAAAAAA")),
        secret("aws_bedrock_key", r"ABSK[A-Za-z0-9+/]{100,300}", 306, check=credible(90), literals=("absk",), examples=(glue("ABSK", "KRrYV3CJC/BZHhm5S6xxMYHxq2B5kRP0r6UV1cZB3urJ1mKpWx+KA7EvZtxr9Pko2JjCKlpXFB7BSv0h", "D9Oi22Jc8FQF6cA1EZeXrddMgg1mhzLaPI89Aay6Sa7XXhV6"),)),
        secret("aws_mws_key", r"amzn\.mws\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 47, check=credible(30), literals=("amzn.mws.",), examples=(glue("amzn.", "mws.", "9f51f7f7-c0fa-6316-39aa-e99aca8f3b30"),)),
        secret("gcp_api_key", r"\bAIza[A-Za-z0-9_-]{35}", 41, check=credible(34), literals=("aiza",), examples=(glue("AIza", "R2CDjlt1BC5Gco7fcopoFShyAO9H5sLwzcZ"),), counter_examples=("AIzaXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",)),
        secret("gcp_oauth_secret", r"GOCSPX-[A-Za-z0-9_-]{28}", 37, check=credible(28), literals=("gocspx-",), examples=(glue("GOCSPX-", "jS6dDb1qrWMYJc_fwFp64OJxA-6E"),)),
        secret("gcp_oauth_token", r"\bya29\.[A-Za-z0-9_-]{20,500}", 507, check=credible(22), literals=("ya29.",), examples=(glue("ya29.", "gQaISMKsvrBsD37GL4JayTZwkJrj_L-21Dikr4w7T2iuSzSuY9Ui2NICGDmb"),)),
        secret("azure_client_secret", r"\b[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", 42, check=credible(34), literals=("q~",), examples=(glue("4gD", "8Q~", "KbaEgXwZfQ1cSD652OvHjHFFbp48WEXJC7"),)),
        secret("azure_storage_key", r"AccountKey=(?P<hit>[A-Za-z0-9+/]{86}==)", 101, check=credible(80), literals=("accountkey=",), examples=(glue("AccountKey=", "e4oo8VYFlMfaKQzYUit8pxbkcM5yeDswqoiAvYxGJ9Bgi4ycOAw3sI7qijLYLsGhkcfSVOnh/LGu48qc", "lNx+QT", "=="),), counter_examples=("AccountKey=key",)),
        secret("azure_marked_key", r"\b[A-Za-z0-9+/]{40,76}(?:AzCa|AzFu|AzSe|ACDb|APIM|AIoT|\+ASt|\+AEh|\+ASb|JQQJ99)[A-Za-z0-9+/]{5,32}", 116, check=credible(70), literals=("azca", "azfu", "azse", "acdb", "apim", "aiot", "+ast", "+aeh", "+asb", "jqqj99"), apart=True, score=0.9, examples=(glue("Vs2qEKbQWAS0T1hi0aZTx35qP3kGpsGpL2Yfx1DxOZpl9CmOrkDt", "JQQJ99", "QiKoyCvEU9259XxebXDCchuV0D"),)),
        secret("azure_devops_token", r"\b[A-Za-z0-9]{76}AZDO[A-Za-z0-9]{4}\b", 86, check=credible(70), literals=("azdo",), examples=(glue("uNkixRz91tzLXiYrokk4zpavHOXPQnbGi9gKVHijEUfw80MecQept5afS7bvMp3jfcD8uzhNN3Kn", "AZDO", "QFcu"),)),
        secret("azure_shared_access", r"[?&]sig=(?P<hit>[A-Za-z0-9+/%]{40,80}(?:%3D|=))", 90, check=credible(40), literals=("sig=",), examples=(glue("https://a.blob.core.windows.net/c?sv=2024-11-04&sig=", "rmIdjh5tYTXMRsSQTEM4vbxPEEUlVQxH8G5RmMkSsRH", "%3D"),), counter_examples=("?sig=abc",)),
        secret("alibaba_access_key", r"\bLTAI[A-Za-z0-9]{12,26}\b", 32, check=credible(14), literals=("ltai",), examples=(glue("LTAI", "d9MRHONf216qhYmDQIOF"),)),
        secret("tencent_secret_id", r"\bAKID[A-Za-z0-9]{32,48}\b", 54, check=credible(32), literals=("akid",), examples=(glue("AKID", "sYVMgtin76l1SkpUXj7oIHBj3fu2nTkG"),)),
        secret("digitalocean_token", r"do[opr]_v1_[0-9a-f]{64}", 73, check=credible(64), literals=("_v1_",), examples=(glue("dop_", "v1_", "5ad912bbf5c4a965e648cb64eee382e9f9732773c14b48072799da537901b739"),)),
        secret("cloudflare_origin_ca_key", r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}", 178, check=credible(160), literals=("v1.0-",), examples=(glue("v1.0-", "29a7552bcdf8e76e7d9abfc6", "-", "cfbf38ea3aba3b782033735f15434f3cb8fecb37f8cc701e66c2f9d02c37744458d540c4d292cf63", "12de70342ea36a7b8c57cd7139e0f05cb07947c8f5664027fcc17152272ec92435"),)),
        secret("heroku_key", r"HRKU-[A-Za-z0-9_-]{36,100}", 107, check=credible(38), literals=("hrku-",), examples=(glue("HRKU-", "AA", "qWQUuMKT4fOREMdkI2GXyozTSrWg3Jb4v7pwOkccOcH7ls9SuS0kygsu1u"),)),
        secret("fly_token", r"\bfm[12][ar]?_[A-Za-z0-9+/=_-]{80,900}", 907, check=credible(80), literals=("fm1_", "fm2_", "fm1a_", "fm1r_"), examples=(glue("fm2_", "+JkOTRGUrSIR5WZ8FOI5pGe+Vz3GlX2dCQaCMRY/hV5tcJMl11bxefDClL+AUByzYS1U+vcq17cNyuZw", "2XGPcATMTAVnTmZrrkg2wUUPv18/5Q9CwuT5q5OQDaNROHavp6K5i6BVcIAc"),)),
        secret("netlify_token", r"\bnf[pcoub]_[A-Za-z0-9]{36,40}\b", 46, check=credible(36), literals=("nfp_", "nfc_", "nfo_", "nfu_", "nfb_"), examples=(glue("nfp_", "2WRQC400sAz6T56RB8WMCIkPgAGYNxcTebhj"),)),
        secret("render_key", r"\brnd_[A-Za-z0-9]{28,32}\b", 38, check=credible(28), literals=("rnd_",), examples=(glue("rnd_", "nMomiaKrBlOFAAO2OeZ1qhG9P6VG"),)),
        secret("scaleway_key", r"\bSCW[A-Z0-9]{17}\b", 22, check=credible(17), literals=("scw",), score=0.6, examples=(glue("SCW", "BOMH587M0IZ1NUZMI"),)),
        secret("yandex_key", r"\bAQVN[A-Za-z0-9_-]{35,38}", 44, check=credible(36), literals=("aqvn",), examples=(glue("AQVN", "IKPHts4IZ3FCtDWTO12V-NB_VbOm703B9vTE"),)),
        secret("vault_token", r"\bhv[sbr]\.[A-Za-z0-9_-]{24,300}", 306, check=credible(24), literals=("hvs.", "hvb.", "hvr."), examples=(glue("hvs.", "yhwK-YwBJ_LSDr4tKp7iCjK4aWUK0iHby-3WQkTvojS0g8feoB-2WrqTtkBlTkPzk0ApyPnRMG501aYp", "UDOo9MIFJj"),), counter_examples=("hvs.your-token-here",)),
        secret("terraform_token", r"\b[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,70}", 95, check=credible(70), literals=(".atlasv1.",), examples=(glue("JA9WmWKRnG7JhO", ".atlasv1.", "rvUol-vqTD6Fsd7Q12DGvhAyANAv8h5U3l-8oAfAsCH3Ua5cnZNYOCvVNIEAIUJ91cc"),)),
        secret("pulumi_token", r"\bpul-[0-9a-f]{40}\b", 46, check=credible(40), literals=("pul-",), examples=(glue("pul-", "edd076c1eb5fc59385048baa54e4a9ec63e47cbe"),)),
        secret("doppler_token", r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}", 91, check=credible(40), literals=("dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."), examples=(glue("dp.pt.", "yLdNuRVfkhGjHqf2FdB77yGI78IuAMU6Wsg5e8zgAsG"),)),
        secret("planetscale_credential", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9=._-]{32,64}", 79, check=credible(32), literals=("pscale_",), examples=(glue("pscale_", "tkn_", "64dWVyxHwrwClOVfnzIKfuHeD1m9_Ew9UcKfhFnVbv3"),)),
        secret("supabase_key", r"\bsb(?:p_[0-9a-f]{40}|_secret_[A-Za-z0-9_-]{20,60})", 72, check=credible(24), literals=("sbp_", "sb_secret_"), examples=(glue("sbp_", "84a15d0b0d3f4645a1ba5cee2db578877ed87b09"),)),
        secret("databricks_token", r"\bdapi[0-9a-f]{32}(?:-\d)?", 40, check=credible(32), literals=("dapi",), examples=(glue("dapi", "41be5d8ba16bb58e45474677049ee00e"),)),
        secret("tailscale_key", r"tskey-[a-z]{3,10}-[A-Za-z0-9]{8,40}(?:-[A-Za-z0-9]{16,60})?", 120, check=credible(18), literals=("tskey-",), examples=(glue("tskey-", "auth-", "gkoc3iLCc6PnOR", "-", "e0BupKz5pdOdsjmWkiOldfSm9CCc4D5Z"),)),
        secret("dynatrace_token", r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}", 98, check=credible(80), literals=("dt0",), examples=(glue("dt0c01.", "DO5NGQGXKPS7VKMHHEMLP8HL", ".", "HOZU62S2W4ES1CX6S2DJEQ1HUHPL1ML38PUHEW1152M2IRZ42CFRW5PG0Z8QV6X1"),)),
        secret("kubernetes_client_key", r"client-key-data: {0,4}(?P<hit>[A-Za-z0-9+/]{60,900}={0,2})", 924, extent=Extent.STEM, stems=("client-key-data",), check=credible(50), literals=("client-key-data",), examples=(glue("client-key-data: ", "e7jCqAHv5SzkmEomgncgMdvJIawU4NW51QpmXfAXP+Vk3M5DIeBStJOx71C2TpUs1dATpr7GeXO2Qoe1", "qhroYOgz4VlonY1EKNDZuDyOWHVXa3NXGOZxDxvyzQVF5p8BGDgNztanJcXcQVfyCycUK1dHW4f2x2O1", "GsUvQVz/qlG4E2hZJFVabXdhG0Fnxqmjt/+FgHac"),)),
    )
