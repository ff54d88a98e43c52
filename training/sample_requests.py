"""Lets a small chat model write harmless requests around words that attacks use, for the benign side.

A chat model that is given the beginning of a user's turn goes on as a user would (Magpie, arXiv 2406.08464); given a
word that a first training run took for an attack, it writes what that word is doing in ordinary requests (after the
over-defence training of PIGuard, arXiv 2410.22770). What comes out is committed: ``corpora/sampled_requests.txt``.

    python -m training.sample_requests --model FOLDER --gguf FILE --words FILE --count 16000 --out FILE
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

SEED = 20261123
SYSTEM = "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
USER = "<|im_start|>user\n"
ANSWER = "<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>\n<|im_start|>user\n"
END = "<|im_end|>"
ANSWERS = (
    "Sure, here is a first version. Tell me what to change.",
    "There are three points to consider: cost, time and quality. In short, start small and measure.",
    "Once upon a time there was a village by the sea where nobody locked the door.",
    "The result is 42. I first added the two numbers and then divided by three.",
    '{"name": "Harbour Lights", "year": 1994, "rating": 4.5}',
    "Dear team, thank you for your hard work this quarter. The next meeting is on Monday.",
)
OPENINGS = (
    "{w}", "{W}", "{W}", "Please {w}", "Please {w}", "Please {w}", "Please write a {w}", "Please make sure the {w}",
    "How does the {w}", "How do I {w}", "How can I {w}", "What is the {w}", "What does {w}", "What are the {w}",
    "Why is the {w}", "Why do people {w}", "Write a story about a {w}", "Write an essay about {w}", "Write a poem that {w}",
    "Explain why {w}", "Explain how to {w}", "Ensure that all {w}", "Ensure the {w}", "Describe the {w}", "Describe a {w}",
    "Create a {w}", "Create a list of {w}", "Design a {w}", "Develop a {w}", "I need to {w}", "I want to {w}", "I have a {w}",
    "My {w}", "The {w}", "A {w}", "Can you {w}", "Could you {w}", "Help me {w}", "Help me understand the {w}", "You are a {w}",
    "You must {w}", "You should {w}", "Imagine a {w}", "Imagine that {w}", "Begin by {w}", "Start with the {w}",
    "Translate the word {w}", "Use the word {w}", "Use only {w}", "Follow the {w}", "Do not {w}", "Always {w}", "Never {w}",
    "Act as a {w}", "Pretend to be a {w}", "Summarize the {w}", "Rewrite the {w}", "Compare the {w}", "Discuss the {w}",
    "Give me a {w}", "Tell me about {w}", "Show me how to {w}", "If the {w}", "When the {w}", "In the {w}", "Is it {w}",
    "Are there any {w}", "Take the {w}", "Check the {w}", "Find the {w}", "Remove the {w}", "Review the {w}", "Let's {w}",
)  # fmt: skip
FOLLOWING = (
    "Now", "Rewrite your previous", "Can you", "Modify your", "In your previous answer", "Please", "Make it", "What",
    "Start every", "Take your last", "Repeat", "Do the same", "Ignore the", "Forget the", "Change the", "Revise your", "Why did you",
    "Are you sure", "From now on, answer", "Instead of", "Translate your", "Add", "Shorten", "Your answer", "Expand", "Give me another",
)  # fmt: skip


def beginnings(rng: random.Random, words: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of what stands before the user's turn and how the turn begins."""
    while True:
        kind = rng.random()
        if kind < 0.2:
            yield SYSTEM + USER, ""
        elif kind < 0.35:
            first = rng.choice(
                ("Write a short text for me.", "Help me with this.", "Give me an example.", "Explain it to me.")
            )
            yield SYSTEM + USER + first + ANSWER.format(answer=rng.choice(ANSWERS)), rng.choice(FOLLOWING)
        else:
            word = rng.choice(words)
            if rng.random() < 0.12:
                word = word.upper()
            opening = rng.choice(OPENINGS)
            yield SYSTEM + USER, opening.format(w=word, W=word[:1].upper() + word[1:])


def main() -> None:
    """Write one request a line; a line break in a request is written ``\\n``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--words", type=Path, required=True, help="one word a line")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=192)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    torch.set_num_threads(2)
    torch.manual_seed(SEED)
    rng = random.Random(SEED)
    tokenizer = AutoTokenizer.from_pretrained(options.model, gguf_file=options.gguf)
    plain = GgufConfig(dequantize=True)
    model = AutoModelForCausalLM.from_pretrained(
        options.model, gguf_file=options.gguf, dtype=torch.bfloat16, quantization_config=plain
    ).eval()
    tokenizer.padding_side = "left"
    tokenizer.pad_token = tokenizer.eos_token
    ends = tokenizer.convert_tokens_to_ids(END)
    source = beginnings(rng, options.words.read_text(encoding="utf-8").split())
    written: set[str] = set()
    begun = time.monotonic()
    with options.out.open("w", encoding="utf-8") as out:
        while len(written) < options.count and time.monotonic() - begun < 60 * options.minutes:
            chosen = [next(source) for _ in range(options.batch)]
            inputs = tokenizer([before + start for before, start in chosen], return_tensors="pt", padding=True)
            with torch.no_grad():
                outputs = model.generate(
                    **inputs,
                    do_sample=True,
                    temperature=0.8,
                    top_p=0.95,
                    max_new_tokens=rng.choice((20, 28, 40, 56)),
                    eos_token_id=ends,
                )
            for (_, start), output in zip(chosen, outputs, strict=True):
                said = tokenizer.decode(output[inputs.input_ids.shape[1] :], skip_special_tokens=False)
                text = finished(start + said.split(END)[0], END in said or "<|endoftext|>" in said)
                if text and text not in written:
                    written.add(text)
                    out.write(text.replace("\n", "\\n") + "\n")
            out.flush()
            print(f"{len(written)} in {time.monotonic() - begun:.0f} s", flush=True)


def finished(text: str, ended: bool) -> str:
    """``text``, without a last sentence that was cut off; empty when nothing is left."""
    text = text.replace("<|endoftext|>", "").strip()
    if not ended:
        ends = [match.end() for match in re.finditer(r"[.!?](?=\s|$)", text)]
        text = text[: ends[-1]] if ends else ""
    return text if len(text) > 3 else ""


if __name__ == "__main__":
    main()
