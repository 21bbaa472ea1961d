"""PyTorch's times of the shapes of gpu.ts, as JSON: a copy, a matrix product, attention in the fastest backend that takes it.

python3 torch-times.py > torch.json
"""

import json
import statistics
import sys

import torch
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

L2_SETS = 3  # inputs rotated, so that the L2 cache holds none
SEQUENCES = (1, 8, 32, 128)
CONTEXT, QUERY_HEADS, KV_HEADS, HEAD_DIM = 32768, 32, 8, 128


def seconds(run, sets):
    """Median of device times of single runs, inputs in turn."""
    for i in range(5):
        run(*sets[i % len(sets)])
    times = []
    for i in range(50):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run(*sets[i % len(sets)])
        end.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(end) * 1e-3)
    return statistics.median(times)


def normal(*shape):
    return torch.randn(shape, dtype=torch.bfloat16, device="cuda")


def attention(q_len, kv_len, sequences, causal, sets):
    """The fastest backend; grouped heads where a backend has them, else keys and values repeated before the time begins."""
    best = None
    inputs = [
        (
            normal(sequences, QUERY_HEADS, q_len, HEAD_DIM),
            normal(sequences, KV_HEADS, kv_len, HEAD_DIM),
            normal(sequences, KV_HEADS, kv_len, HEAD_DIM),
        )
        for _ in range(sets)
    ]
    for backend in (SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH):
        try:
            with sdpa_kernel(backend):
                time = seconds(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True), inputs)
        except RuntimeError as error:
            print(f"{backend}: {str(error).splitlines()[0]}", file=sys.stderr)
            torch.cuda.empty_cache()
            continue
        print(f"{backend} {sequences} x {q_len} x {kv_len}: {time * 1e6:.1f} us", file=sys.stderr)
        best = time if best is None else min(best, time)
    return best


def main():
    found = {}
    copies = [(torch.empty(2**30, dtype=torch.uint8, device="cuda").random_(), torch.empty(2**30, dtype=torch.uint8, device="cuda"))]
    found["copy 1 GiB"] = seconds(lambda a, b: b.copy_(a), copies)
    products = [(normal(8192, 8192), normal(8192, 8192)) for _ in range(2)]
    found["gemm 8192"] = seconds(lambda a, b: a @ b.T, products)
    del copies, products
    for sequences in SEQUENCES:
        found[f"decode {sequences} x {CONTEXT}"] = attention(1, CONTEXT, sequences, False, L2_SETS if sequences < 32 else 1)
    found["prefill 8192"] = attention(8192, 8192, 1, True, L2_SETS)
    json.dump({name: time for name, time in found.items() if time is not None}, sys.stdout, indent=2)


main()
