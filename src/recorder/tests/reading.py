"""Reads traces with the safetensors library, and computes attention from them by the format's definition."""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from transformers import PreTrainedModel


class Trace:
    """A whole trace in memory."""

    def __init__(self, path: Path) -> None:
        """Reads it."""
        with safe_open(path, "pt") as file:
            self.metadata: dict[str, str] = file.metadata()
            self.tensors: dict[str, torch.Tensor] = {name: file.get_tensor(name) for name in file.keys()}
        self.layers: list[int] = json.loads(self.metadata["layers"])
        self.tokens: list[int] = self.tensors["token_ids"].tolist()

    def rows(self, layer: int) -> torch.Tensor:
        """Attention of every recorded query, [T - queryStart, queryHeads, T]; zero on keys it does not see."""
        q, k = (self.tensors[f"layers.{layer}.{part}"].double() for part in "qk")
        total, kv_heads, _ = k.shape
        query_heads = q.shape[1]
        position = int(self.metadata["queryStart"]) + torch.arange(q.shape[0])[:, None]
        key = torch.arange(total)
        seen = (key <= position) & (key > position - int(self.metadata.get("slidingWindow", total)))
        rows = []
        for head in range(query_heads):
            logits = float(self.metadata["softmaxScale"]) * (q[:, head] @ k[:, head * kv_heads // query_heads].T)
            if "logitSoftcap" in self.metadata:
                cap = float(self.metadata["logitSoftcap"])
                logits = cap * torch.tanh(logits / cap)
            rows.append(logits.masked_fill(~seen, -torch.inf).softmax(dim=-1))
        return torch.stack(rows, dim=1)


@torch.inference_mode()
def eager_rows(model: PreTrainedModel, tokens: list[int], layer: int) -> torch.Tensor:
    """The model's own attention in one pass over all tokens, without a cache: [T, queryHeads, T]."""
    result = model(input_ids=torch.tensor([tokens]), output_attentions=True, use_cache=False)
    return result.attentions[layer][0].transpose(0, 1).double()
