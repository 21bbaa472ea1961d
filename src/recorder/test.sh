#!/usr/bin/env bash
# The recorder's linter and tests, in a virtual environment at the repository's root (.venv, ignored by git) that the
# first run makes. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
venv=../../.venv
if [ ! -e "$venv/recorder-ready" ]; then
  python3 -m venv "$venv"
  if [ "$(uname -sm)" = "Linux x86_64" ] && command -v gcc >/dev/null && command -v readelf >/dev/null; then
    # PyPI's torch for Linux without most of its CUDA libraries: 1.6 GB instead of more than 5.3. pip will say what is missing.
    "$venv/bin/pip" install --quiet --no-deps torch
    "$venv/bin/pip" install --quiet filelock fsspec jinja2 networkx setuptools sympy typing-extensions
    "$venv/bin/pip" install --quiet "$("$venv/bin/python" tests/cuda_stubs.py runtime)"
    "$venv/bin/python" tests/cuda_stubs.py link
  else
    "$venv/bin/pip" install --quiet torch
  fi
  "$venv/bin/pip" install --quiet numpy pytest ruff safetensors transformers
  "$venv/bin/pip" install --quiet --no-deps --editable .
  "$venv/bin/python" -c "import torch; torch.ones(2, 2) @ torch.ones(2, 2)"
  touch "$venv/recorder-ready"
fi
"$venv/bin/ruff" check .
"$venv/bin/ruff" format --check .
"$venv/bin/python" -m pytest "$@"
