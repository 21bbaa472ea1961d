"""What a trace says of its layers, read off the model's own attention calls and checked against their results."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch

from .errors import RecorderError
from .hook import AttentionCall

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class LayerFacts:
    """How a layer attends. A file states this once, so all of its layers have to agree."""

    query_heads: int
    kv_heads: int
    head_dim: int
    softmax_scale: float
    logit_softcap: float | None
    sliding_window: int | None  # tokens a query sees at most, itself included

    @classmethod
    def of(cls, call: AttentionCall) -> "LayerFacts":
        """Raises RecorderError for attention that queries, keys and values alone do not determine."""
        batch, query_heads, _, head_dim = call.query.shape
        kv_heads = call.key.shape[1]
        if batch != 1:
            raise RecorderError(f"a batch of {batch} sequences; a trace holds one")
        if call.key.shape[-1] != head_dim or call.value.shape[-1] != head_dim or query_heads % kv_heads != 0:
            shapes = f"{query_heads} query heads of {head_dim}, {kv_heads} KV heads of {call.key.shape[-1]}"
            raise RecorderError(f"layer {call.layer} has {shapes}, values of {call.value.shape[-1]}; not a GQA layer")
        if call.arguments.get("s_aux") is not None:
            raise RecorderError(f"layer {call.layer} has learned attention sinks, which the format has no place for")
        scale = call.arguments.get("scaling")
        return cls(
            query_heads=query_heads,
            kv_heads=kv_heads,
            head_dim=head_dim,
            softmax_scale=head_dim**-0.5 if scale is None else float(scale),
            logit_softcap=call.arguments.get("softcap"),
            sliding_window=call.arguments.get("sliding_window"),
        )

    def last_output(self, call: AttentionCall) -> torch.Tensor:
        """Attention of the call's last query as a reader of the trace will compute it: [queryHeads, headDim], f32."""
        visible = call.key.shape[2] if self.sliding_window is None else min(self.sliding_window, call.key.shape[2])
        group = self.query_heads // self.kv_heads
        keys = call.key[0, :, -visible:].float().repeat_interleave(group, dim=0)
        values = call.value[0, :, -visible:].float().repeat_interleave(group, dim=0)
        logits = torch.einsum("hd,hjd->hj", call.query[0, :, -1].float(), keys) * self.softmax_scale
        if self.logit_softcap is not None:
            logits = self.logit_softcap * torch.tanh(logits / self.logit_softcap)
        return torch.einsum("hj,hjd->hd", logits.softmax(dim=-1), values)

    def check(self, call: AttentionCall) -> None:
        """Raises RecorderError if the model's attention is not what these facts say (a bias, chunks, another mask)."""
        expected = call.output[0, -1].float()
        error = (self.last_output(call) - expected).norm() / expected.norm()
        if not error <= max(1e-3, 8 * torch.finfo(call.output.dtype).eps):
            problem = f"differs by {error:.1e} from softmax({self.softmax_scale:g} q·k)"
            raise RecorderError(f"the attention of layer {call.layer} {problem}, so a trace cannot reproduce it")


def common_facts(per_layer: Mapping[int, LayerFacts]) -> LayerFacts:
    """The facts that all layers share. Raises RecorderError that names which layers have which."""
    windows = _grouped(per_layer, lambda facts: facts.sliding_window)
    if len(windows) > 1:
        text = "; ".join(
            f"layers {_listed(layers)} have {'no sliding window' if window is None else f'a window of {window} tokens'}"
            for window, layers in windows.items()
        )
        raise RecorderError(f"{text}. A trace states one slidingWindow: record each kind of layer in a file of its own")
    kinds = _grouped(per_layer, lambda facts: facts)
    if len(kinds) > 1:
        text = "; ".join(f"layers {_listed(layers)}: {facts}" for facts, layers in kinds.items())
        raise RecorderError(f"the layers do not attend alike: {text}. Record each kind in a file of its own")
    return next(iter(kinds))


def _grouped(per_layer: Mapping[int, LayerFacts], key: Callable[[LayerFacts], Key]) -> dict[Key, list[int]]:
    groups: dict[Key, list[int]] = {}
    for layer in sorted(per_layer):
        groups.setdefault(key(per_layer[layer]), []).append(layer)
    return groups


def _listed(layers: Sequence[int]) -> str:
    return ", ".join(map(str, layers))
