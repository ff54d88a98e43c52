"""Model providers and AI services: formats as the providers publish them or their clients check them."""

from __future__ import annotations

from bartizan.core.threat import Severity
from bartizan.inspection.interface import Pattern
from bartizan.inspection.secrets.formats import credible, glue, secret


def models() -> tuple[Pattern, ...]:
    """Rows of this group."""
    return (
        secret("openai_key", r"\bsk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{32,300}", 313, check=credible(34), literals=("sk-proj-", "sk-svcacct-", "sk-admin-", "sk-none-"), severity=Severity.CRITICAL, examples=(glue("sk-", "proj-", "A4Si4QPQejpz3KXOHao9odvh4OsVwmLGjr8qiauyg3ye8gPio9Al9uoPGMp_Zx_EyRwQSn1-DK", "T3Blbk", "FJ", "MW-DtLf-3My3CWMAJwkD_eIQzOzhbH3UbqL-fwXt3VEtugcr_ygkHd86uT9Rrvbj9UPafRf_xc"),), counter_examples=("sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",)),
        secret("openai_legacy_key", r"\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", 53, check=credible(40), literals=("t3blbkfj",), severity=Severity.CRITICAL, examples=(glue("sk-", "c95qHPo4AgxrXsPkEvAB", "T3Blbk", "FJ", "5djOMbcV76jRQXIns802"),)),
        secret("anthropic_key", r"\bsk-ant-(?:[a-z]{3,8}\d\d-)?[A-Za-z0-9_-]{32,200}", 220, check=credible(36), literals=("sk-ant-",), severity=Severity.CRITICAL, examples=(glue("sk-ant-", "api03-", "YvPCPlRr302l1L6bCaDVyP8Y1ZyGjvv2irGtUkxv7eNVpXLi61_n2x-jPgx8qc3ogzsnOeAI6LU8Kc7O", "m9FLpGIpPBMyW", "AA"),), counter_examples=("sk-ant-api03-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",)),
        secret("openrouter_key", r"\bsk-or-(?:v\d-)?[0-9a-f]{48,80}", 91, check=credible(48), literals=("sk-or-",), examples=(glue("sk-or-", "v1-", "7a167a9f870c44744af01b74b4b4f61d33f0582ee935badca36709d586236aa5"),)),
        secret("compatible_api_key", r"\bsk-[A-Za-z0-9]{32,64}\b", 69, check=credible(34), literals=("sk-",), score=0.85, examples=(glue("sk-", "2da41370114a580adff632b3d48efdc0"),), counter_examples=("sk-learnlearnlearnlearnlearnlearnlearn",)),
        secret("hugging_face_token", r"\b(?:hf_|api_org_)[A-Za-z0-9]{30,60}", 70, check=credible(32), literals=("hf_", "api_org_"), examples=(glue("hf_", "ErpcMPsnflHstjGzyJErLrbtFdTQedOsnA"),), counter_examples=("hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",)),
        secret("replicate_token", r"\br8_[A-Za-z0-9]{37,40}", 45, check=credible(36), literals=("r8_",), examples=(glue("r8_", "HiywazIWkdAeQsmW63g4igBYpThaLbNxU3A8l"),)),
        secret("groq_key", r"\bgsk_[A-Za-z0-9]{48,60}", 66, check=credible(46), literals=("gsk_",), examples=(glue("gsk_", "NFnhNHgqUTNWMvZhstUSTnkWwf25UXPHFieOY1BEZwnecTWDXurZ"),)),
        secret("perplexity_key", r"\bpplx-[A-Za-z0-9]{40,64}", 71, check=credible(40), literals=("pplx-",), examples=(glue("pplx-", "ZZdfT1VHQgcc5zAzTK9OmorhWsP3qD2hC8j0sT7l7kCEcNyq"),)),
        secret("xai_key", r"\bxai-[A-Za-z0-9]{60,100}", 106, check=credible(60), literals=("xai-",), examples=(glue("xai-", "hSY5k7EpgkMlriLvyOYzNNxkMkBhCmxAfOcR4l7xL36FWN4KnCmJxjRzvUJAhLiK42nOR1NQWQJV8lor"),)),
        secret("nvidia_key", r"\bnvapi-[A-Za-z0-9_-]{60,80}", 88, check=credible(60), literals=("nvapi-",), examples=(glue("nvapi-", "kIW35ITUkNkTuarqUqGdMbUVyPvfaMJFj7YkALzqUYCUJZLeRRc2TQpNPtF58zm9"),)),
        secret("langsmith_key", r"\blsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}", 53, check=credible(44), literals=("lsv2_",), examples=(glue("lsv2_", "pt_", "7ee707fde312e459a19efc7ecc3989f4", "_", "d20c0e3e10"),)),
        secret("langfuse_key", r"\bsk-lf-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", 44, check=credible(36), literals=("sk-lf-",), examples=(glue("sk-lf-", "d755bf8b-604d-95a1-dab6-20aa3123a039"),)),
        secret("pinecone_key", r"\bpcsk_[A-Za-z0-9_]{40,80}", 87, check=credible(40), literals=("pcsk_",), examples=(glue("pcsk_", "cvyPIu", "_", "LJMCZxS4m4GMkSg5n5dMvZPNSaZHIt4Tgqss1airr1DepyhrG7S1QnXFOutnuY"),)),
        secret("cerebras_key", r"\bcsk-[a-z0-9]{40,60}\b", 66, check=credible(40), literals=("csk-",), examples=(glue("csk-", "mi5qhq2sehiap2y7bvhfbnfk10havlk360szo0d7aidyzm9h"),)),
        secret("fireworks_key", r"\bfw_[A-Za-z0-9]{22,40}\b", 45, check=credible(22), literals=("fw_",), score=0.85, examples=(glue("fw_", "7CIMAwjtidCEO7VojDCttHLP"),)),
        secret("together_key", r"\btgp_v1_[A-Za-z0-9_-]{40,60}", 69, check=credible(40), literals=("tgp_v1_",), examples=(glue("tgp_v1_", "GZrX4K4W6Iqa0sDLu6XZcMclws9xVTFD35Vei9GCWPj"),)),
        secret("elevenlabs_key", r"\bsk_[0-9a-f]{48}\b", 53, check=credible(46), literals=("sk_",), examples=(glue("sk_", "ba5286c797f6c130613f4426179ce4ac9544a9bdbb2ff289"),)),
        secret("jina_key", r"\bjina_[A-Za-z0-9_-]{50,70}", 77, check=credible(50), literals=("jina_",), examples=(glue("jina_", "f28UHYm5qTTfxAp1QjBydR5ZFPrwfDeJbS7RfsgoYY6cANn07lE7qOJDkJOe"),)),
        secret("voyage_key", r"\b(?:pa|al)-[A-Za-z0-9_-]{43}\b", 48, check=credible(42, 18), score=0.7, examples=(glue("pa-", "wvcxmDuDXsodAQwPWR7vfvq4z0WJD3htQ5yjk5vwKXd"),), counter_examples=("pa-this-is-a-long-slug-of-words-in-a-link-here",)),
        secret("tavily_key", r"\btvly-(?:dev-|prod-)?[A-Za-z0-9]{28,60}", 72, check=credible(28), literals=("tvly-",), examples=(glue("tvly-", "dev-", "FOyqnqKZhBYORuksg4WyJdmaeg8tnD36"),)),
        secret("firecrawl_key", r"\bfc-[0-9a-f]{32}\b", 37, check=credible(30), literals=("fc-",), examples=(glue("fc-", "200e7e158a721d53e0f8863911597b09"),)),
        secret("deepgram_or_assembly_key", r"\bdg_[A-Za-z0-9]{30,60}\b", 65, check=credible(30), literals=("dg_",), score=0.7, examples=(glue("dg_", "8rjxU1grxCPKJUyRawPtl0Vkg57uQ8jR7sONFVvq"),)),
        secret("weights_and_biases_key", r"\bwandb_v\d_[A-Za-z0-9_-]{40,100}", 111, check=credible(40), literals=("wandb_v",), examples=(glue("wandb_", "v1_", "W16M_OFmhXcoI-goZe8EpTYArE1ivxMqAOjax2V9vqwokFLvLjmtt3pbh3VL"),)),
    )
