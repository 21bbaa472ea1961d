"""The one place where the recorder meets transformers: an attention function in its registry."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from transformers import AttentionInterface, PreTrainedModel
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS, AttentionMaskInterface
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .errors import RecorderError


class AttentionCall(NamedTuple):
    """One layer's attention in one forward pass over n new tokens, L keys being present."""

    layer: int
    query: torch.Tensor  # [batch, queryHeads, n, headDim], after the rotary embedding
    key: torch.Tensor  # [batch, kvHeads, L, headDim], after the rotary embedding; the last n are new
    value: torch.Tensor  # [batch, kvHeads, L, headDim]
    output: torch.Tensor  # [batch, n, queryHeads, headDim]
    arguments: dict[str, Any]  # what else the model passed: scaling, softcap, sliding_window ...


@contextmanager
def attention_hook(model: PreTrainedModel, observe: Callable[[AttentionCall], None]) -> Iterator[str]:
    """Calls `observe` after every attention of the model; yields the name of the implementation that computes it.

    The model computes what it did before: the hook hands on to the implementation it was loaded with, and gives that
    implementation's masks to it. Raises RecorderError if the model does not take its attention from the registry.
    """
    before = model.config._attn_implementation
    name = f"raas_recorder_{id(observe):x}"

    def hooked(
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: torch.Tensor | None,
        **arguments: Any,  # noqa: ANN401
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        result = _implementation(before, module)(module, query, key, value, attention_mask, **arguments)
        observe(AttentionCall(_layer_of(module), query, key, value, result[0], arguments))
        return result

    if before not in ALL_MASK_ATTENTION_FUNCTIONS:
        raise RecorderError(f'attention implementation "{before}" has no mask function; load the model with "eager"')
    AttentionInterface.register(name, hooked)
    AttentionMaskInterface.register(name, ALL_MASK_ATTENTION_FUNCTIONS[before])
    try:
        model.set_attn_implementation(name)
        if model.config._attn_implementation != name:
            raise RecorderError(f"{type(model).__name__} does not take its attention from transformers' registry")
        yield before
    finally:
        model.set_attn_implementation(before)
        # `register` has no inverse.
        AttentionInterface._global_mapping.pop(name)
        AttentionMaskInterface._global_mapping.pop(name)


def _implementation(name: str, module: torch.nn.Module) -> Callable[..., tuple[torch.Tensor, torch.Tensor | None]]:
    """The function of that name; "eager" is none of the registry, each model's file has its own."""
    if name != "eager":
        return ALL_ATTENTION_FUNCTIONS[name]
    own = getattr(sys.modules[type(module).__module__], "eager_attention_forward", None)
    if own is None:
        raise RecorderError(f"{type(module).__module__} has no eager_attention_forward")
    return own


def _layer_of(module: torch.nn.Module) -> int:
    layer = getattr(module, "layer_idx", None)
    if not isinstance(layer, int):
        raise RecorderError(f"{type(module).__name__} does not say which layer it belongs to")
    return layer
