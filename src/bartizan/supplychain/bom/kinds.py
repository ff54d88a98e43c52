"""What a file is, by its content first and its name second, and which readers look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from bartizan.supplychain.bom.bill import Kind
from bartizan.supplychain.bom.reading import documents, gguf, onnx, safetensors, tables
from bartizan.supplychain.bom.reading.interface import Reader

MODEL_FORMATS = frozenset({"safetensors", "gguf", "onnx", "hdf5", "tensorflow"})
_TEXTUAL = frozenset({"text", "json", "yaml", "python"})
_MODEL_ENDINGS = (
    ".safetensors", ".gguf", ".onnx", ".ort", ".pt", ".pth", ".ckpt", ".h5", ".hdf5", ".keras", ".tflite", ".pkl",
    ".pickle", ".joblib", ".nemo", ".mar", ".pt2", ".mlmodel", ".ubj", ".skops", ".pb", ".bin", ".model", ".cbm",
)  # fmt: skip
_DATA_ENDINGS = (
    ".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".arrow", ".feather", ".npy", ".npz", ".tfrecord", ".avro",
)  # fmt: skip
_TOKENIZERS = frozenset(
    {
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "vocab.txt", "merges.txt", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
    }
)  # fmt: skip
_PROMPTS = frozenset({"skill.md", "agents.md", "claude.md", "gemini.md", ".cursorrules", "copilot-instructions.md"})
_PROMPT_ENDINGS = (".prompt", ".prompty", ".jinja", ".j2")
_PROMPT_FOLDERS = frozenset({"prompts", "prompt", "skills"})
_BY_FORMAT: MappingProxyType[str, Reader] = MappingProxyType(
    {"safetensors": safetensors.read, "gguf": gguf.read, "onnx": onnx.read, "npy": tables.read_npy}
)
CARD, CONFIG = "README.md", "config.json"
_BY_NAME: MappingProxyType[str, Reader] = MappingProxyType(
    {CARD: documents.read_card, CONFIG: documents.read_config, "tokenizer.json": documents.read_tokenizer}
)
_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")


def kind_of(path: str, formats: Sequence[str]) -> Kind:
    """The kind of a file at ``path`` (with ``/``), of which scanners recognised ``formats``."""
    place = PurePosixPath(path)
    name, seen = place.name.lower(), set(formats)
    if name in _TOKENIZERS:
        return Kind.TOKENIZER
    if name.endswith(_DATA_ENDINGS):
        return Kind.DATASET
    folders = {part.lower() for part in place.parts[:-1]}
    if name in _PROMPTS or name.endswith(_PROMPT_ENDINGS) or (folders & _PROMPT_FOLDERS and seen & _TEXTUAL):
        return Kind.PROMPT
    if seen & MODEL_FORMATS or name.endswith(_MODEL_ENDINGS) or ("pickle" in seen and not seen & _TEXTUAL):
        return Kind.MODEL
    return Kind.FILE


def readers_of(path: str, formats: Sequence[str]) -> Iterator[tuple[str, Reader]]:
    """The readers for a file, with the name of what each reads."""
    name = PurePosixPath(path).name
    for one in formats:
        if one in _BY_FORMAT:
            yield one, _BY_FORMAT[one]
    if name in _BY_NAME:
        yield name, _BY_NAME[name]
    if name.lower().endswith(_LINES):
        yield "lines", tables.read_lines
