"""A file is whole or not there; what cannot be recorded is refused by name and value."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from reading import Trace
from tiny_models import VOCABULARY, WINDOW, gemma2, llama, qwen2, random_tokens
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedModel

from raas_recorder import Generate, RecorderError, record

ORIGIN = {"source": "random tokens", "source_license": "CC0-1.0"}


def stop_at(step: int, what: Callable[[], None]) -> Callable[[int, int], None]:
    def progress(done: int, _most: int) -> None:
        if done >= step:
            what()

    return progress


def interrupt() -> None:
    raise KeyboardInterrupt


def test_rows_go_to_disk_while_recording(tmp_path: Path) -> None:
    sizes: dict[int, int] = {}

    def progress(done: int, most: int) -> None:
        assert most == 900
        sizes[done] = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())

    record(llama(), random_tokens(600), random_tokens(300), tmp_path / "a", layers=[0], progress=progress, **ORIGIN)
    assert list(sizes) == [256, 512, 768, 900]
    buffered = 3 * 65536
    row = (4 + 2 * 2) * 8 * 2
    for done, size in list(sizes.items())[1:]:
        assert 0 <= done * row - size <= buffered
        assert size > 0


@pytest.mark.parametrize("step", [256, 300, 305])
def test_an_interrupted_recording_leaves_nothing(step: int, tmp_path: Path) -> None:
    out = tmp_path / "a.attn.safetensors"
    model = llama()
    origin = {"layers": [0, 1], **ORIGIN}
    with pytest.raises(KeyboardInterrupt):
        record(model, random_tokens(300), Generate(10), out, progress=stop_at(step, interrupt), **origin)
    assert list(tmp_path.iterdir()) == []
    assert model.config._attn_implementation == "eager"
    record(model, random_tokens(300), Generate(10), out, **origin)
    before = out.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        record(model, random_tokens(301), Generate(10), out, progress=stop_at(step, interrupt), **origin)
    assert list(tmp_path.iterdir()) == [out]
    assert out.read_bytes() == before
    Trace(out)


def test_a_terminated_command_leaves_nothing(tmp_path: Path) -> None:
    """SIGTERM, as `kill` and batch systems send it."""
    script = f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
import raas_recorder.__main__ as command
from raas_recorder import record
from tiny_models import llama, random_tokens

def slow(options):
    return record(llama(), random_tokens(300), random_tokens(300), options.out, layers=[0], source="s",
                  source_license="l", progress=lambda done, most: (print(done, flush=True), time.sleep(20)))

command._record = slow
sys.exit(command.main(["m", "--prompt", "p", "--layers", "0", "--out", {str(tmp_path / "a")!r}]))
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    assert child.stdout.readline() == "256\n"
    assert len(list(tmp_path.iterdir())) == 1
    child.send_signal(signal.SIGTERM)
    started = time.monotonic()
    assert child.wait(timeout=15) == 128 + signal.SIGTERM
    child.stdout.close()
    assert time.monotonic() - started < 15
    assert list(tmp_path.iterdir()) == []


def refusal(tmp_path: Path, model: PreTrainedModel, **changes: object) -> str:
    """The message with which a recording is refused."""
    arguments = {
        "prompt": random_tokens(20),
        "continuation": Generate(5),
        "out": tmp_path / "a.attn.safetensors",
        "layers": [0],
        **ORIGIN,
        **changes,
    }
    with pytest.raises(RecorderError) as caught:
        record(model, **arguments)
    assert list(tmp_path.iterdir()) == []
    assert model.config._attn_implementation in ("eager", "sdpa")
    return str(caught.value)


@pytest.mark.parametrize(("make", "windowed", "open_"), [(gemma2, "0, 2", "1, 3"), (qwen2, "2, 3", "0, 1")])
def test_layers_with_different_windows(
    make: Callable[..., PreTrainedModel], windowed: str, open_: str, tmp_path: Path
) -> None:
    message = refusal(tmp_path, make(), layers=[3, 2, 1, 0])
    assert f"layers {windowed} have a window of {WINDOW} tokens" in message
    assert f"layers {open_} have no sliding window" in message
    assert "file of its own" in message


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": [0, 4]}, "layers 0, 4; allowed: different layers from 0 to 3"),
        ({"layers": [1, 1]}, "layers 1, 1; allowed"),
        ({"layers": []}, "layers (none); allowed"),
        ({"layers": [-1]}, "layers -1; allowed"),
        ({"prompt": []}, "a prompt of 0 and 5 tokens"),
        ({"continuation": []}, "a prompt of 20 and 0 tokens"),
        ({"prompt": [VOCABULARY]}, f"token {VOCABULARY}; allowed: 0 to {VOCABULARY - 1}"),
        ({"continuation": [3, -1]}, "token -1; allowed"),
        ({"continuation": Generate(1005)}, "20 + 1005 tokens; the model was made for 1024 at most"),
        ({"prompt_queries": -1}, "prompt_queries -1; allowed: 0 or more"),
        ({"dtype": "F32"}, 'dtype "F32"; allowed: F16, BF16'),
    ],
)
def test_refused_before_the_model_runs(changes: dict[str, object], message: str, tmp_path: Path) -> None:
    model = llama()
    model.forward = None  # would be called
    assert message in refusal(tmp_path, model, **changes)


def test_refused_paths(tmp_path: Path) -> None:
    out = tmp_path / "absent" / "a"
    assert f"{out}: its folder does not exist" in refusal(tmp_path, llama(), out=out)
    assert f"{tmp_path}: is a folder" in refusal(tmp_path, llama(), out=tmp_path)


def test_training_mode(tmp_path: Path) -> None:
    assert "model.eval()" in refusal(tmp_path, llama().train())


def test_values_beyond_f16(tmp_path: Path) -> None:
    model = llama()
    model.model.layers[0].self_attn.v_proj.weight.data *= 1e6
    message = refusal(tmp_path, model)
    assert "layers.0.v has a value of" in message
    assert "F16 cannot hold; try BF16" in message
    out = tmp_path / "b"
    record(model, random_tokens(5), random_tokens(5), out, layers=[0], dtype="BF16", **ORIGIN)
    assert Trace(out).tensors["layers.0.v"].abs().max() > 65504


def test_attention_that_queries_and_keys_do_not_determine(tmp_path: Path) -> None:
    """A model whose attention adds a bias that it does not announce, as ALiBi would."""
    model = llama()
    attention = model.model.layers[1].self_attn
    forward = attention.forward

    def biased(*inputs: object, attention_mask: torch.Tensor, **others: object) -> object:
        bias = torch.linspace(-3, 0, attention_mask.shape[-1])
        return forward(*inputs, attention_mask=attention_mask + bias, **others)

    attention.forward = biased
    assert "the attention of layer 1 differs by" in refusal(tmp_path, model, layers=[1])


def test_layers_that_do_not_use_the_registry(tmp_path: Path) -> None:
    model = llama()
    model.model.layers[2].self_attn.forward = lambda hidden_states, **_: (hidden_states, None)
    message = refusal(tmp_path, model, layers=[0, 2])
    assert "layers 2 do not compute attention through transformers' registry" in message


def test_learned_positions_are_no_obstacle(tmp_path: Path) -> None:
    """GPT-2: no rotary embedding, no grouped heads; its attention is softmax of scaled products all the same."""
    torch.manual_seed(4)
    model = GPT2LMHeadModel(GPT2Config(n_layer=2, n_head=2, n_embd=16, vocab_size=VOCABULARY, n_positions=64)).eval()
    record(model, random_tokens(10), Generate(5, stop_tokens=()), tmp_path / "a", layers=[0, 1], **ORIGIN)
    metadata = Trace(tmp_path / "a").metadata
    assert (metadata["queryHeads"], metadata["kvHeads"], metadata["modelType"]) == ("2", "2", "gpt2")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_new_tokens": 0}, "max_new_tokens 0"),
        ({"max_new_tokens": 1, "temperature": -0.1}, "temperature -0.1"),
        ({"max_new_tokens": 1, "temperature": float("nan")}, "temperature nan"),
        ({"max_new_tokens": 1, "top_p": 0.0}, "top_p 0.0"),
    ],
)
def test_refused_generation(options: dict[str, float], message: str) -> None:
    with pytest.raises(RecorderError, match=message):
        Generate(**options)
