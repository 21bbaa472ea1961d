"""What is in a file equals what the model did."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from reading import Trace, eager_rows
from tiny_models import WINDOW, gemma2, llama, qwen2, random_tokens
from transformers import PreTrainedModel

from raas_recorder import Generate, record

TOLERANCE = 2e-3
ORIGIN = {"source": "random tokens", "source_license": "CC0-1.0"}
CASES = [
    pytest.param(llama, [0, 3], id="llama"),
    pytest.param(qwen2, [0, 1], id="qwen2 without window"),
    pytest.param(qwen2, [2, 3], id="qwen2 with window"),
    pytest.param(gemma2, [1, 3], id="gemma2 without window"),
    pytest.param(gemma2, [0, 2], id="gemma2 with window"),
]


@pytest.mark.parametrize(("make", "layers"), CASES)
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_rows_equal_eager_attention(
    make: Callable[..., PreTrainedModel], layers: list[int], attention: str, tmp_path: Path
) -> None:
    if make is gemma2 and attention == "sdpa":
        pytest.skip("transformers' sdpa refuses soft caps")
    out = tmp_path / "a.attn.safetensors"
    prompt = random_tokens(23)
    tokens = record(make(attn_implementation=attention), prompt, Generate(25), out, layers=layers, **ORIGIN)
    trace = Trace(out)
    assert trace.tokens == tokens
    assert tokens[:23] == prompt
    assert len(tokens) == 48
    for layer in layers:
        expected = eager_rows(make(), tokens, layer)
        assert (trace.rows(layer) - expected).abs().max() < TOLERANCE
        assert expected.max(dim=-1).values[30:].mean() > 0.1  # uniform rows, at most 0.08, would hide mistakes


@pytest.mark.parametrize(
    ("make", "layers", "key", "wrong"),
    [
        pytest.param(gemma2, [0], "logitSoftcap", "1e9", id="soft cap"),
        pytest.param(gemma2, [0], "slidingWindow", str(WINDOW + 1), id="window"),
        pytest.param(gemma2, [0], "softmaxScale", str(8**-0.5), id="scale"),
    ],
)
def test_each_fact_matters(
    make: Callable[..., PreTrainedModel], layers: list[int], key: str, wrong: str, tmp_path: Path
) -> None:
    out = tmp_path / "a.attn.safetensors"
    model = make()
    tokens = record(model, random_tokens(23), random_tokens(10), out, layers=layers, **ORIGIN)
    trace = Trace(out)
    trace.metadata[key] = wrong
    assert (trace.rows(layers[0]) - eager_rows(model, tokens, layers[0])).abs().max() > 5 * TOLERANCE


def test_shapes_metadata_and_values(tmp_path: Path) -> None:
    out = tmp_path / "a.attn.safetensors"
    model = qwen2()
    seen: list[torch.Tensor] = []
    projection = model.model.layers[3].self_attn.v_proj
    handle = projection.register_forward_hook(lambda _module, _inputs, output: seen.append(output[0]))
    record(
        model, random_tokens(20), random_tokens(12, 8), out, layers=[3, 2], prompt_queries=4, model_name="m", **ORIGIN
    )
    handle.remove()
    trace = Trace(out)
    assert {name: (list(tensor.shape), tensor.dtype) for name, tensor in trace.tensors.items()} == {
        "token_ids": ([32], torch.int32),
        **{f"layers.{layer}.q": ([16, 6, 8], torch.float16) for layer in (2, 3)},
        **{f"layers.{layer}.{part}": ([32, 2, 8], torch.float16) for layer in (2, 3) for part in "kv"},
    }
    values = torch.cat(seen).view(32, 2, 8)
    assert torch.equal(trace.tensors["layers.3.v"], values.half())
    recorder = trace.metadata.pop("recorder")
    assert all(
        word in recorder for word in ("raas-recorder", "transformers", "torch", "float32", "eager", "given text")
    )
    assert trace.metadata == {
        "format": "attention-trace",
        "version": "1",
        "kind": "qkv",
        "model": "m",
        "modelType": "qwen2",
        "layersTotal": "4",
        "queryHeads": "6",
        "kvHeads": "2",
        "headDim": "8",
        "layers": "[2, 3]",
        "promptTokens": "20",
        "totalTokens": "32",
        "softmaxScale": str(8**-0.5),
        "queryStart": "16",
        "slidingWindow": str(WINDOW),
        "generation": "teacher-forced",
        "source": "random tokens",
        "sourceLicense": "CC0-1.0",
    }


def test_queries_from_the_prompt_s_end_are_those_of_a_full_recording(tmp_path: Path) -> None:
    """Across chunk borders: the prompt is longer than one forward pass."""
    prompt, rest = random_tokens(600), random_tokens(20, 8)
    for name, queries in (("all", None), ("some", 30), ("none", 0), ("more", 10_000)):
        record(llama(), prompt, rest, tmp_path / name, layers=[1], prompt_queries=queries, **ORIGIN)
    whole = Trace(tmp_path / "all").tensors
    for name, start in (("some", 570), ("none", 600), ("more", 0)):
        part = Trace(tmp_path / name)
        assert part.metadata["queryStart"] == str(start)
        assert torch.equal(part.tensors["layers.1.q"], whole["layers.1.q"][start:])
        assert torch.equal(part.tensors["layers.1.k"], whole["layers.1.k"])


@pytest.mark.parametrize("make", [llama, qwen2, gemma2])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_reading_generated_tokens_gives_the_same_file(
    make: Callable[..., PreTrainedModel], temperature: float, tmp_path: Path
) -> None:
    generate = Generate(30, temperature=temperature, top_p=0.9, seed=5)
    tokens = record(make(), random_tokens(300), generate, tmp_path / "generated", layers=[2], **ORIGIN)
    record(make(), tokens[:300], tokens[300:], tmp_path / "read", layers=[2], **ORIGIN)
    generated, read = Trace(tmp_path / "generated"), Trace(tmp_path / "read")
    assert (generated.metadata.pop("generation"), read.metadata.pop("generation")) == (
        "sampled" if temperature else "greedy",
        "teacher-forced",
    )
    assert generated.metadata.pop("recorder") != read.metadata.pop("recorder")
    assert generated.metadata == read.metadata
    assert generated.tensors.keys() == read.tensors.keys()
    for name, tensor in generated.tensors.items():
        # Passes of other lengths sum in another order: at most a neighbouring f16 value.
        assert torch.allclose(tensor.float(), read.tensors[name].float(), rtol=2**-10, atol=1e-4), name


def test_bf16(tmp_path: Path) -> None:
    model = llama()
    for dtype in ("F16", "BF16"):
        record(model, random_tokens(20), random_tokens(5), tmp_path / dtype, layers=[0], dtype=dtype, **ORIGIN)
    half, brain = Trace(tmp_path / "F16").tensors["layers.0.q"], Trace(tmp_path / "BF16").tensors["layers.0.q"]
    assert brain.dtype == torch.bfloat16
    assert torch.allclose(half.float(), brain.float(), rtol=2**-8, atol=1e-4)
