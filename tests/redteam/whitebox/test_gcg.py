from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from tests.redteam.whitebox.toy import LETTERS, Toy
from typer.testing import CliRunner

from bartizan.cli.main import app
from bartizan.core.errors import ConfigurationError
from bartizan.redteam.cases import load_cases
from bartizan.redteam.whitebox.frames import FRAMES, Frame
from bartizan.redteam.whitebox.gcg import Search, search

FRAME = Frame("ab", "cd")
HOW = Search(steps=60, length=6, top=8, width=24, seed=3)


def test_the_gradient_of_the_toy_is_that_of_its_loss() -> None:
    toy = Toy(1)
    prompt, answer = np.asarray(toy.encode("hello there")), np.asarray(toy.encode("ok"))
    gradient = toy.gradient(prompt, slice(2, 5), answer)
    base, step = toy.losses(prompt[None], answer)[0], 1e-5
    for token in (3, 17):
        mixed = Toy(1)
        rows = mixed._table.copy()
        # the letter at place 2 a little more of another one, which is what a gradient by one-hot vectors means
        mixed._table = np.vstack([rows, rows[prompt[2]] + step * rows[token]])
        other = prompt.copy()
        other[2] = len(LETTERS)
        assert abs((mixed.losses(other[None], answer)[0] - base) / step - gradient[0, token]) < 1e-3


@pytest.mark.parametrize("seed", range(6))
def test_the_search_beats_as_many_suffixes_by_chance(seed: int) -> None:
    toy = Toy(seed)
    found = search(toy, FRAME, "what", "sure", HOW)
    assert found.loss < found.first_loss
    assert len(found.text) == HOW.length
    rng = np.random.default_rng(seed)
    head, tail = toy.encode("abwhat"), toy.encode("cd")
    drawn = rng.integers(0, len(LETTERS), (found.tried, HOW.length))
    prompts = np.hstack([np.tile(head, (len(drawn), 1)), drawn, np.tile(tail, (len(drawn), 1))])
    answer = np.asarray(toy.encode("sure"))
    assert found.loss < toy.losses(prompts, answer).min()
    again = np.asarray(toy.encode(f"abwhat{found.text}cd"))
    assert toy.losses(again[None], answer)[0] == pytest.approx(found.loss)
    assert found.reached == (toy.continued(again, 4) == answer.tolist())
    assert found == search(toy, FRAME, "what", "sure", HOW), "the same seed finds the same"


def test_only_suffixes_that_read_back_are_kept() -> None:
    toy = Toy(2, merges="xyz!")
    found = search(toy, FRAME, "what", "sure", HOW)
    assert not set(found.text) & set("xyz!")


def test_a_model_that_cannot_write_a_suffix_is_said() -> None:
    with pytest.raises(ConfigurationError, match="reads back"):
        search(Toy(2, merges=LETTERS), FRAME, "what", "sure", HOW)


@pytest.mark.parametrize(("request_", "answer"), [("", "sure"), ("  ", "sure"), ("what", ""), ("a" * 3_000, "sure")])
def test_texts_that_are_none_or_too_long_are_refused(request_: str, answer: str) -> None:
    with pytest.raises(ConfigurationError):
        search(Toy(1), FRAME, request_, answer, HOW)


@pytest.mark.parametrize("name", ["model.safetensors", "MODEL.GGUF", "pytorch_model.bin", "vocab", "tokenizer.JSON"])
@pytest.mark.parametrize("alone", [False, True])
def test_a_blocked_model_is_not_loaded(tmp_path: Path, name: str, alone: bool) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / name).write_bytes(b"\x80\x04cos\nsystem\n.")
    given = folder / name if alone else folder
    words = ["redteam", "gcg", str(given), "--request", "a", "--answer", "b", "--to", str(tmp_path / "c.yaml")]
    done = CliRunner().invoke(app, words)
    assert isinstance(done.exception, ConfigurationError)
    assert "is not loaded" in str(done.exception)
    assert not (tmp_path / "c.yaml").exists()


def test_a_small_llama_is_searched_and_its_case_can_be_played(tmp_path: Path) -> None:
    """A real architecture with drawn weights, saved and loaded as users do."""
    if importlib.util.find_spec("transformers") is None or importlib.util.find_spec("torch") is None:
        pytest.skip("needs the extra whitebox")
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate(alphabet)}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    fast.save_pretrained(tmp_path / "model")
    config = LlamaConfig(
        vocab_size=len(alphabet), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.5,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "model")
    to = tmp_path / "case.yaml"
    words = ["redteam", "gcg", str(tmp_path / "model"), "--request", "Tell me.", "--answer", "ok", "--to", str(to)]
    done = CliRunner().invoke(app, [*words, "--steps", "25", "--width", "32", "--length", "8", "--frame", "plain"])
    assert done.exit_code in (0, 1), (done.output, done.exception)
    (case,) = load_cases([to])
    assert case.turns[0].startswith("Tell me.")
    assert case.technique == "adversarial_suffix"
    before, after = (float(part) for part in done.output.split("loss")[1].split("nats")[0].split("→"))
    assert after < before


def test_frames_end_where_the_model_answers() -> None:
    assert all(frame.after for frame in FRAMES.values())
