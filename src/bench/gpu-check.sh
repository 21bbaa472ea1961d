#!/usr/bin/env bash
# Everything that needs a GPU, on a machine that has one: gpu-check.sh OUT. Builds the addon with the nvcc of the machine,
# checks every kernel, under compute-sanitizer too, times them beside PyTorch, and calibrates.
# Node need not be installed: NODE names a binary that was brought along. Nothing is fetched; to be brought along are dist
# (npm run build), hardware-profiles, src, and of node_modules: node-addon-api, node-api-headers, seedrandom, zod,
# cli-table3, string-width, emoji-regex, is-fullwidth-code-point, strip-ansi, ansi-regex.
set -uo pipefail
cd "$(dirname "$0")/../.."
out=${1:?usage: gpu-check.sh OUT}
node=${NODE:-node}
failed=()
mkdir -p "$out"

step() { # NAME SECONDS COMMAND...: goes on after a failure, which is said at the end
  local name=$1 seconds=$2
  shift 2
  echo "== $name"
  timeout "$seconds" "$@" >"$out/$name.txt" 2>&1 || failed+=("$name")
  tail -n 40 "$out/$name.txt"
}

step build 400 "$node" src/calibrate/native/build.mjs
step check 300 "$node" dist/bench/gpu.js check 20
if command -v compute-sanitizer >/dev/null; then
  for tool in memcheck racecheck; do
    step "$tool" 300 compute-sanitizer --tool "$tool" --error-exitcode 3 "$node" dist/bench/gpu.js check 2
  done
fi
if python3 -c 'import torch; assert torch.cuda.is_available()' 2>/dev/null; then
  echo "== torch"
  timeout 300 python3 src/bench/torch-times.py >"$out/torch.json" 2>"$out/torch.txt" || failed+=(torch)
  step targets 600 "$node" dist/bench/gpu.js targets "$out/torch.json"
else
  step targets 600 "$node" dist/bench/gpu.js targets
fi
step quick 300 "$node" dist/bin/main.js calibrate --device cuda --quick --name quick -o "$out"
# Long; stopped and run again, it goes on where it was if the samples lie in OUT.
step calibrate "${CALIBRATE_SECONDS:-600}" "$node" dist/bin/main.js calibrate --device cuda -o "$out"
gzip -kf "$out"/*.samples.jsonl
if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
echo "all passed"
