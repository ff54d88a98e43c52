"""Facts of JSON and Markdown beside a model: configurations, tokenizers, model cards. All of it is asserted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bartizan.supplychain.bom.bill import Fact
from bartizan.supplychain.bom.reading.interface import asserted, measured
from bartizan.supplychain.budget import Budget
from bartizan.supplychain.formats import json_text, yaml_text
from bartizan.supplychain.interface import MalformedError
from bartizan.supplychain.source import ByteSource

_LARGEST_CARD = 1 << 20
_CONFIG = {
    "architectures": "architecture",
    "model_type": "architecture_family",
    "torch_dtype": "declared_dtype",
    "dtype": "declared_dtype",
    "vocab_size": "vocabulary",
    "max_position_embeddings": "context_length",
    "num_hidden_layers": "layers",
    "hidden_size": "width",
    "transformers_version": "producer_tool",
    "_name_or_path": "base_model",
}
_CARD = {
    "license": "licence",
    "license_name": "licence",
    "language": "language",
    "pipeline_tag": "task",
    "task_categories": "task",
    "datasets": "dataset",
    "base_model": "base_model",
    "library_name": "framework",
    "tags": "tag",
    "pretty_name": "title",
    "size_categories": "declared_size",
}


def read_config(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """``config.json`` of a Hugging Face model. Raises `MalformedError`."""
    root = _object(source)
    by = f"text of {source.name}"
    for key, name in _CONFIG.items():
        yield from asserted(name, root.get(key), by)
    quantisation = root.get("quantization_config")
    if isinstance(quantisation, dict):
        yield from asserted("quantisation", quantisation.get("quant_method"), by)
    labels = root.get("id2label")
    if isinstance(labels, dict):
        yield from asserted("output", ", ".join(str(one) for one in list(labels.values())[:50]), by)
    budget.step(len(root))


def read_tokenizer(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """Algorithm and entries of a ``tokenizer.json`` of the tokenizers library. Raises `MalformedError`."""
    root = _object(source)
    model = root.get("model")
    if not isinstance(model, dict):
        return
    yield from (measured("algorithm", one.value) for one in asserted("algorithm", model.get("type"), ""))
    vocabulary = model.get("vocab")
    added = root.get("added_tokens")
    if isinstance(vocabulary, dict | list):
        known = set(vocabulary) if isinstance(vocabulary, dict) else set()
        more = [one for one in added if isinstance(one, dict)] if isinstance(added, list) else []
        extra = sum(1 for one in more if isinstance(one.get("content"), str) and one["content"] not in known)
        yield measured("vocabulary", len(vocabulary) + (extra if isinstance(vocabulary, dict) else 0))
    budget.step(1_000)


def read_card(source: ByteSource, budget: Budget) -> Iterator[Fact]:
    """The front matter of a model or dataset card (``README.md``), and its first heading. Raises `MalformedError`."""
    raw = source.read(0, _LARGEST_CARD)
    by = f"text of {source.name}"
    if not raw.startswith((b"---\n", b"---\r\n")):
        return
    end = raw.find(b"\n---", 4)
    if end < 0:
        return
    documents = yaml_text.decode(raw[4:end], budget).documents
    card = documents[0] if documents and isinstance(documents[0], dict) else {}
    for key, name in _CARD.items():
        yield from asserted(name, card.get(key), by)
    index = card.get("model-index")
    for entry in index[:8] if isinstance(index, list) else ():
        yield from _metrics(entry, by)


def _metrics(entry: Any, by: str) -> Iterator[Fact]:
    results = entry.get("results") if isinstance(entry, dict) else None
    for result in results[:16] if isinstance(results, list) else ():
        if not isinstance(result, dict):
            continue
        data = result.get("dataset")
        on = str(data.get("name") or data.get("type") or "") if isinstance(data, dict) else ""
        metrics = result.get("metrics")
        for metric in metrics[:16] if isinstance(metrics, list) else ():
            if isinstance(metric, dict) and metric.get("type") and metric.get("value") is not None:
                shown = f"{metric['type']}={metric['value']}" + (f" on {on}" if on else "")
                yield from asserted("metric", shown, by)


def _object(source: ByteSource) -> dict[str, Any]:
    if source.size > json_text.LARGEST:
        raise MalformedError(f"a JSON document of {source.size} bytes", 0)
    root = json_text.decode(source.read(0, source.size)).root
    if not isinstance(root, dict):
        raise MalformedError("the document is no object", 0)
    return root
