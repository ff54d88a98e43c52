"""Code hosting, packages, build and observability: formats as the providers publish them."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.interface import Pattern
from bartizan.inspection.secrets.formats import credible, glue, secret


def developer() -> tuple[Pattern, ...]:
    """Rows of this group."""
    return (
        secret("github_token", r"gh[pousr]_[A-Za-z0-9]{36,255}", 261, check=credible(38), literals=("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), severity=Severity.CRITICAL, examples=(glue("ghp_", "ciezOU0IrT3SuSHmSZXNbBS5Q9tMF2MMpfX0"),), counter_examples=("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",)),
        secret("github_fine_grained_token", r"github_pat_[A-Za-z0-9_]{36,255}", 268, check=credible(40), literals=("github_pat_",), severity=Severity.CRITICAL, examples=(glue("github_", "pat_", "67khhLZCQEctSl0jdcKh0L", "_", "CTnUvV4nLPRn1oq8vTKMSsrW7135d7fdMuibbzPK5VxI9HQWTzPFz3ayTOW"),), counter_examples=("github_pat_your_token_here_your_token_here_123",)),
        secret("gitlab_token", r"\bgl(?:pat|dt|rt|rtr|cbt|ptt|ft|imt|agent|wt|soat|ffct)-[A-Za-z0-9_.-]{20,200}", 210, check=credible(22), literals=("glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glimt-", "glagent-", "glwt-", "glsoat-", "glffct-"), examples=(glue("glpat-", "rvUrLPE2UeYtucrrDu-_"),), counter_examples=("glpat-xxxxxxxxxxxxxxxxxxxx",)),
        secret("gitlab_runner_registration", r"GR1348941[A-Za-z0-9_-]{20}", 31, check=credible(24), literals=("gr1348941",), examples=(glue("GR1348941", "ZRZFKq4yIwYAcfVMdhwT"),)),
        secret("atlassian_token", r"AT(?:ATT|CTT)3[A-Za-z0-9_=-]{60,250}", 258, check=credible(60), literals=("atatt3", "atctt3"), examples=(glue("ATATT3", "Z26-P2VsB3qfuNiQ01tElxhfrAZhs0F4qquphGGBAGkjHPbDmYujKg9Z6Un94zSiKwa_smjlzcFGbhT7", "4bXUrEUxEOnl0uOKFcMNCG3kQSDU7sWTDwTV6Psk7_Vmwpjel339hTTfcVJDd-uLEgcz6iizSf_Vkz32", "90apEMY7pp2SHFFh9Dc490Lq-d"),)),
        secret("bitbucket_app_password", r"\bATBB[A-Za-z0-9]{24,40}", 46, check=credible(26), literals=("atbb",), examples=(glue("ATBB", "JJFKElJ3Z5tiW8sZ8k2SUS8QiblUSgId"),)),
        secret("npm_token", r"\bnpm_[A-Za-z0-9]{36,100}", 106, check=credible(36), literals=("npm_",), examples=(glue("npm_", "Y5IIecKVHXndYShAqwuN5g7rdnx1i93NV0xu"),)),
        secret("pypi_token", r"pypi-AgE[A-Za-z0-9_-]{50,500}", 510, check=credible(50), literals=("pypi-age",), examples=(glue("pypi-", "AgEIcHlwaS5vcmc", "RZeBthh2jR76METw4u0NqCRiizk5SlAPTiPRVhlg830VQ0CmZ4KyBaVt3mtOXj1OaptdSJP8JQZGU5Gz", "gxW7oziLL3x3bhZ_c1nR2F48fGBntFCGSdttmSta"),)),
        secret("rubygems_key", r"rubygems_[0-9a-f]{48}", 59, check=credible(48), literals=("rubygems_",), examples=(glue("rubygems_", "aed52295abb46e07a428bfa80e1ba8d9713f381eddabaabd"),)),
        secret("crates_io_token", r"\bcio[A-Za-z0-9]{32}\b", 37, check=credible(32), score=0.8, examples=(glue("cio", "UMgK4zaZRDxUubLJ3bIZsTgDjLx7erDj"),)),
        secret("nuget_key", r"\boy2[a-z0-9]{43}\b", 48, check=credible(42), literals=("oy2",), examples=(glue("oy2", "7xo9po3k6h5sodfqtlisqnxz3usdvs6pjq7mrl6crur"),)),
        secret("clojars_token", r"CLOJARS_[0-9a-f]{60}", 70, check=credible(58), literals=("clojars_",), examples=(glue("CLOJARS_", "c3b6a314ae5b0f77841d4510cc06512697423ee57e8e8adc3c34879674a1"),)),
        secret("docker_hub_token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,40}", 51, check=credible(28), literals=("dckr_",), examples=(glue("dckr_", "pat_", "l03SUSD3TN-RH1tNmsxBkixfneD"),), counter_examples=("dckr_pat_your_token_goes_here_abc",)),
        secret("artifactory_key", r"\bAKCp[A-Za-z0-9]{69}", 75, check=credible(60), literals=("akcp",), examples=(glue("AKCp", "7NZFWgTuOuQ2BzUmljtyN255ArXYlT8NEamCP0O2ssLG7AyAeHAHGSIlSi5zEWc5FroR4"),)),
        secret("circleci_token", r"CCI(?:PAT|PRJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}", 72, check=credible(60), literals=("ccipat_", "cciprj_"), examples=(glue("CCIPAT_", "BA2VroFNFosE4xgx3mC59x", "_", "67e7d2939b5a32a792c3db66015fb8756f2f8c50"),)),
        secret("buildkite_token", r"\bbk[ucaw]a_[0-9a-f]{40}", 47, check=credible(38), literals=("bkua_", "bkca_", "bkaa_", "bkwa_"), examples=(glue("bkua_", "f3b21c93fc2b43b2601cce1a75d7b62819d0edf2"),)),
        secret("sonarqube_token", r"\bsq[uap]_[0-9a-f]{40}", 46, check=credible(38), literals=("squ_", "sqa_", "sqp_"), examples=(glue("sqp_", "a11f04e18369663047bf117617edd2e239646412"),)),
        secret("sourcegraph_token", r"\bsgp_(?:[0-9a-f]{16}_|local_)?[0-9a-f]{40}", 63, check=credible(38), literals=("sgp_",), examples=(glue("sgp_", "f969a6a67cf855fded19cbb9520e0f6c9011d9ab"),)),
        secret("postman_key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}", 66, check=credible(50), literals=("pmak-",), examples=(glue("PMAK-", "a555d27d7175cf6750f8f1eb", "-", "7860a5dc3271924406250da7e595d940e7"),)),
        secret("new_relic_key", r"\bNR(?:AK-[A-Z0-9]{27}|II-[A-Za-z0-9-]{32}|JS-[a-f0-9]{19}|AL-[A-Za-z0-9]{32,40})", 47, check=credible(22), literals=("nrak-", "nrii-", "nrjs-", "nral-"), examples=(glue("NRAK-", "TBKG6EV81S1OY7N6ZNWL8IXZWO0"),)),
        secret("sentry_token", r"sntry(?:s_[A-Za-z0-9+/=_-]{60,400}|u_[0-9a-f]{64})", 409, check=credible(60), literals=("sntrys_", "sntryu_"), examples=(glue("sntryu_", "7f151b3b7b954d8c040eed01e5dec681631c78be2dadafb17755e7495d38dd71"),)),
        secret("grafana_token", r"\bgl(?:sa_[A-Za-z0-9]{32}_[0-9a-fA-F]{8}|c_[A-Za-z0-9+/=]{32,400})", 406, check=credible(30), literals=("glsa_", "glc_"), examples=(glue("glsa_", "D1H4ve8FOow16DnZeMIh0uoP2qGN3IiW", "_", "c2f75ff5"),)),
        secret("linear_key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,64}", 76, check=credible(40), literals=("lin_api_", "lin_oauth_"), examples=(glue("lin_", "api_", "DH4VdGPc1GOaApy1pRXDYxij3h8nk5L9JlQUylcr"),)),
        secret("launchdarkly_key", r"\b(?:sdk|api|mob)-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 42, check=credible(30), score=0.8, examples=(glue("sdk-", "569cb2e0-fc1b-0f62-e3b5-993aae780547"),)),
        secret("figma_token", r"\bfig[dou]r?_[A-Za-z0-9_-]{38,60}", 68, check=credible(38), literals=("figd_", "figo_", "figu_", "figor_", "figur_"), examples=(glue("figd_", "wKjd8nwgll66TFt9WtInCCzeTJ_fJ_RY25afjuVw"),)),
        secret("notion_token", r"\b(?:ntn_[A-Za-z0-9]{40,60}|secret_[A-Za-z0-9]{43}\b)", 66, check=credible(40), literals=("ntn_", "secret_"), examples=(glue("ntn_", "gnNTnjQQY0iDvynLnpdCwDEhY2xL3BNX4DPB3hN37kjktb"),)),
        secret("airtable_token", r"\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}", 84, check=credible(70), examples=(glue("pat", "jpSecoFVjlhYjX", ".", "46aa70198755cd50511e463d9fe72895dbfab945785902f9b9e86003b38c81b7"),)),
        secret("contentful_token", r"CFPAT-[A-Za-z0-9_-]{43}", 51, check=credible(40), literals=("cfpat-",), examples=(glue("CFPAT-", "dKVj2hiegYuHFMyHFfqYe37DM-kmnFWg33W91gsdXo2"),)),
        secret("prefect_key", r"\bpn[ub]_[A-Za-z0-9]{36}", 42, check=credible(36), literals=("pnu_", "pnb_"), examples=(glue("pnu_", "cAAEfl3e3Fxdlz615U37f5AMQtGuYq5tnkUx"),)),
        secret("readme_key", r"rdme_[a-z0-9]{70}", 77, check=credible(66), literals=("rdme_",), examples=(glue("rdme_", "ul3gsmvs1oavv9l199tryptpn18p6kht56lu773e1p6ztyxi60gtam5iaco9vhz3fjupvm"),)),
        secret("onepassword_token", r"\bops_eyJ[A-Za-z0-9+/=_-]{200,900}", 909, check=credible(190), literals=("ops_eyj",), examples=(glue("ops_", "eyJ", "5hXvlO8cJ8kgXSxA6aeQgAos9G6uCGCaVqO8MfXZZOUt/Ll2iSSZg16xBj3z1jqqSojWPNl+oEcLNESx", "fkwShYDBcVYFYtaPlozdwy8g/qR4Ethml6unupwbFUP/MD4OVAgHOZUH9shhezEVMdQQP7/3kdhPUNC3", "EX3rE+8WW4dab0W+QmLoVzC5IIGocfmm9o1hNPVk4wubkn4tGNMnMiQtrZZEEHT9nehnDMuWx4KA5fvR", "Gc9bKziV+t2hlN9ChFcBIb71sWQWkP38l8NxZTlhQZljfdoQFz5b/32lJ7kL"),)),
    )
