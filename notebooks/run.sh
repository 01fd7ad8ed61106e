#!/bin/sh
# Executes the notebook on a results folder: PEERSCAPE_RESULTS, or results/quickstart.
set -eu

notebooks=$(cd "$(dirname "$0")" && pwd)
venv=${PEERSCAPE_VENV:-"$notebooks/../.venv"}
results=${PEERSCAPE_RESULTS:-"$notebooks/../results/quickstart"}
# The kernel starts elsewhere, so the folder must not be relative.
PEERSCAPE_RESULTS=$(cd "$results" && pwd)
export PEERSCAPE_RESULTS

python3 -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check -r "$notebooks/requirements.txt"
"$venv/bin/jupytext" --to ipynb --execute --set-kernel python3 \
    --output "$notebooks/quickstart.ipynb" "$notebooks/quickstart.py"
echo "wrote $notebooks/quickstart.ipynb"
