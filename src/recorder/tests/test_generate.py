"""How tokens are chosen."""

from pathlib import Path

import torch
from reading import Trace
from tiny_models import llama, random_tokens

from raas_recorder import Generate, record


def test_greedy_is_what_transformers_generates(tmp_path: Path) -> None:
    model = llama()
    prompt = random_tokens(10)
    tokens = record(model, prompt, Generate(20), tmp_path / "a", layers=[0], source="s", source_license="l")
    expected = model.generate(torch.tensor([prompt]), max_new_tokens=20, do_sample=False)
    assert tokens == expected[0].tolist()
    assert model.config._attn_implementation == "eager"


def test_a_stop_token_is_the_last_that_is_read(tmp_path: Path) -> None:
    prompt = random_tokens(10)
    origin = {"layers": [0], "source": "s", "source_license": "l"}
    free = record(llama(), prompt, Generate(20), tmp_path / "a", **origin)
    stop = free[14]
    model = llama()
    model.generation_config.eos_token_id = [stop]
    stopped = record(model, prompt, Generate(20), tmp_path / "b", **origin)
    assert stopped == free[: free.index(stop, 10) + 1]
    assert Trace(tmp_path / "b").tensors["layers.0.k"].shape[0] == len(stopped)
    assert record(model, prompt, Generate(20, stop_tokens=()), tmp_path / "c", **origin) == free


def draws(generate: Generate, logits: torch.Tensor, count: int) -> list[int]:
    random = generate.random()
    return [generate.choose(logits, random) for _ in range(count)]


def test_samples_follow_the_distribution_within_the_nucleus() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()
    nucleus = draws(Generate(1, temperature=1, top_p=0.75, seed=1), logits, 4000)
    shares = torch.bincount(torch.tensor(nucleus), minlength=4) / 4000
    assert torch.allclose(shares, torch.tensor([0.625, 0.375, 0, 0]), atol=0.03)
    flatter = draws(Generate(1, temperature=2, seed=1), logits, 4000)
    shares = torch.bincount(torch.tensor(flatter), minlength=4) / 4000
    expected = torch.tensor([0.5, 0.3, 0.15, 0.05]).sqrt()
    assert torch.allclose(shares, expected / expected.sum(), atol=0.03)


def test_one_seed_one_text() -> None:
    logits = torch.zeros(50)
    generate = Generate(1, temperature=1, seed=3)
    assert draws(generate, logits, 20) == draws(generate, logits, 20)
    assert draws(generate, logits, 20) != draws(Generate(1, temperature=1, seed=4), logits, 20)
