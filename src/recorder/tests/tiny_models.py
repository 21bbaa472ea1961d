"""Small randomly initialised models. Their weights are large enough that attention is peaked and soft caps bite."""

import torch
from transformers import (
    Gemma2Config,
    Gemma2ForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
)

VOCABULARY = 97
WINDOW = 12
SIZE = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 1024,
    "initializer_range": 0.25,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": None,
    "attn_implementation": "eager",
}


def llama(**changes: object) -> PreTrainedModel:
    torch.manual_seed(1)
    return LlamaForCausalLM(LlamaConfig(**{**SIZE, **changes})).eval()


def qwen2(**changes: object) -> PreTrainedModel:
    """Three query heads per KV head, biases on q, k and v, a window in its upper half."""
    torch.manual_seed(2)
    heads = {"num_attention_heads": 6, "num_key_value_heads": 2, "hidden_size": 48}
    window = {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 2}
    model = Qwen2ForCausalLM(Qwen2Config(**{**SIZE, **heads, **window, **changes}))
    for layer in model.model.layers:
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            torch.nn.init.normal_(projection.bias, std=0.5)
    return model.eval()


def gemma2(**changes: object) -> PreTrainedModel:
    """Windows on layers 0 and 2, a soft cap of 3, a softmax scale that is not that of the head dimension."""
    torch.manual_seed(3)
    own = {"head_dim": 8, "query_pre_attn_scalar": 5, "attn_logit_softcapping": 3.0, "sliding_window": WINDOW}
    return Gemma2ForCausalLM(Gemma2Config(**{**SIZE, **own, **changes})).eval()


def random_tokens(count: int, seed: int = 7) -> list[int]:
    return torch.randint(0, VOCABULARY, (count,), generator=torch.Generator().manual_seed(seed)).tolist()
