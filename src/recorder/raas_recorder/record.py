"""Runs a model over a prompt and what follows, and writes the attention of some layers to a trace."""

import inspect
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import transformers
from transformers import DynamicCache, PreTrainedModel

from .errors import RecorderError
from .generate import Generate
from .hook import AttentionCall, attention_hook
from .layer_facts import LayerFacts, common_facts
from .trace_file import TraceFile
from .version import VERSION

CHUNK_TOKENS = 256  # of known text per forward pass; bounds what eager attention holds to 256 rows


@torch.inference_mode()
def record(
    model: PreTrainedModel,
    prompt: Sequence[int],
    continuation: Generate | Sequence[int],
    out: str | Path,
    *,
    layers: Sequence[int],
    source: str,
    source_license: str,
    model_name: str | None = None,
    prompt_queries: int | None = None,
    dtype: str = "F16",
    progress: Callable[[int, int], None] = lambda _done, _most: None,
) -> list[int]:
    """Records one sequence to `out` and returns its tokens, the prompt's and those that followed.

    `continuation` is what follows the prompt: generated, or given tokens (teacher-forced). Queries are kept from the
    prompt's last `prompt_queries` tokens on, of all tokens if that is None; keys and values always of all. `progress`
    is called with tokens done and the most there can be. Raises RecorderError, leaving nothing behind, for what the
    model or the format does not allow.
    """
    target = TraceFile(Path(out), dtype)
    total = _check(model, prompt, continuation, layers, prompt_queries)
    query_start = 0 if prompt_queries is None else max(0, len(prompt) - prompt_queries)
    with target:
        run = _Run(model, target, layers, query_start, lambda done: progress(done, total))
        with attention_hook(model, run.observe) as implementation:
            tokens = run.follow(prompt, continuation)
        generated = continuation if isinstance(continuation, Generate) else None
        facts = common_facts(run.facts)
        where = f"{model.device.type} {str(model.dtype).removeprefix('torch.')}, {implementation} attention"
        metadata = {
            "model": model_name or model.config._name_or_path or type(model).__name__,
            "modelType": model.config.model_type,
            "layersTotal": model.config.get_text_config().num_hidden_layers,
            "queryHeads": facts.query_heads,
            "kvHeads": facts.kv_heads,
            "headDim": facts.head_dim,
            "layers": json.dumps(sorted(layers)),
            "promptTokens": len(prompt),
            "totalTokens": len(tokens),
            "softmaxScale": facts.softmax_scale,
            "queryStart": query_start,
            "logitSoftcap": facts.logit_softcap,
            "slidingWindow": facts.sliding_window,
            "generation": "teacher-forced" if generated is None else "sampled" if generated.temperature else "greedy",
            "source": source,
            "sourceLicense": source_license,
            "recorder": f"raas-recorder {VERSION}; transformers {transformers.__version__}, "
            f"torch {torch.__version__}, {where}; {'given text' if generated is None else generated}",
        }
        target.finish(tokens, {key: str(value) for key, value in metadata.items() if value is not None})
    return tokens


class _Run:
    """The forward passes of one recording, and what is seen of them."""

    def __init__(
        self,
        model: PreTrainedModel,
        target: TraceFile,
        layers: Sequence[int],
        query_start: int,
        progress: Callable[[int], None],
    ) -> None:
        self.facts: dict[int, LayerFacts] = {}
        self._model = model
        self._target = target
        self._query_start = query_start
        self._progress = progress
        self._rows = dict.fromkeys(layers, 0)
        self._done = 0
        self._cache = DynamicCache(config=model.config)
        # transformers 5.24 renamed the argument.
        renamed = "cache" in inspect.signature(model.forward).parameters
        self._cache_argument = "cache" if renamed else "past_key_values"

    def follow(self, prompt: Sequence[int], continuation: Generate | Sequence[int]) -> list[int]:
        """Reads the prompt and all that follows; every token, the last included, has its row."""
        if not isinstance(continuation, Generate):
            tokens = [*prompt, *continuation]
            self._read(tokens)
            return tokens
        stops = continuation.stop_tokens
        if stops is None:
            end = getattr(self._model.generation_config, "eos_token_id", None)
            stops = end if isinstance(end, list) else [end]
        tokens = [*prompt]
        random = continuation.random()
        logits = self._read(prompt)
        for _ in range(continuation.max_new_tokens):
            tokens.append(continuation.choose(logits, random))
            logits = self._read(tokens[-1:])
            if tokens[-1] in stops:
                break
        return tokens

    def observe(self, call: AttentionCall) -> None:
        """Writes the new rows of a recorded layer."""
        if call.layer not in self._rows:
            return
        facts = LayerFacts.of(call)
        if self.facts.setdefault(call.layer, facts) != facts:
            raise RecorderError(f"layer {call.layer} attends differently from one pass to the next")
        facts.check(call)
        new = call.query.shape[2]
        skipped = max(0, self._query_start - self._done)
        parts = {"q": call.query[0, :, skipped:], "k": call.key[0, :, -new:], "v": call.value[0, :, -new:]}
        for part, rows in parts.items():
            self._target.append(f"layers.{call.layer}.{part}", rows.transpose(0, 1))
        self._rows[call.layer] += new

    def _read(self, tokens: Sequence[int]) -> torch.Tensor:
        """Forward passes over the next tokens; logits [vocabulary] after the last of them."""
        for start in range(0, len(tokens), CHUNK_TOKENS):
            chunk = torch.tensor([tokens[start : start + CHUNK_TOKENS]], device=self._model.device)
            cache = {self._cache_argument: self._cache}
            logits = self._model(input_ids=chunk, use_cache=True, logits_to_keep=1, **cache).logits[0, -1]
            self._done += chunk.shape[1]
            self._check_rows()
            self._progress(self._done)
        return logits

    def _check_rows(self) -> None:
        missing = [layer for layer, rows in self._rows.items() if rows != self._done]
        if missing:
            names = ", ".join(map(str, missing))
            raise RecorderError(f"layers {names} do not compute attention through transformers' registry")
        common_facts(self.facts)


def _check(
    model: PreTrainedModel,
    prompt: Sequence[int],
    continuation: Generate | Sequence[int],
    layers: Sequence[int],
    prompt_queries: int | None,
) -> int:
    """Refuses what can be refused before the model runs; tokens there can be at most."""
    config = model.config.get_text_config()
    strange = [layer for layer in layers if not 0 <= layer < config.num_hidden_layers]
    if strange or len(set(layers)) != len(layers) or not layers:
        wrong = f"layers {', '.join(map(str, layers)) or '(none)'}"
        raise RecorderError(f"{wrong}; allowed: different layers from 0 to {config.num_hidden_layers - 1}")
    if model.training:
        raise RecorderError("the model is in training mode, where dropout changes its attention; call model.eval()")
    given = [] if isinstance(continuation, Generate) else continuation
    new = continuation.max_new_tokens if isinstance(continuation, Generate) else len(continuation)
    if len(prompt) == 0 or new == 0:
        raise RecorderError(f"a prompt of {len(prompt)} and {new} tokens after it; allowed: at least one of each")
    token = next((token for token in [*prompt, *given] if not 0 <= token < config.vocab_size), None)
    if token is not None:
        raise RecorderError(f"token {token}; allowed: 0 to {config.vocab_size - 1}")
    if prompt_queries is not None and prompt_queries < 0:
        raise RecorderError(f"prompt_queries {prompt_queries}; allowed: 0 or more")
    most = getattr(config, "max_position_embeddings", None)
    if most is not None and len(prompt) + new > most:
        raise RecorderError(f"{len(prompt)} + {new} tokens; the model was made for {most} at most")
    return len(prompt) + new
