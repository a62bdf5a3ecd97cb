#!/bin/sh
# Installs the pinned set into a virtual environment: install.sh VENV WHAT
# WHAT is "." or ".[extra,...]". torch is the CUDA build only where an NVIDIA driver answers.
set -eu
venv=$1
what=$2

# pip knows of local wheel folders (a mirror, an air-gapped shelf); uv has to be told.
links=$("$venv/bin/python" -m pip config get global.find-links 2>/dev/null \
    || "$venv/bin/python" -m pip config get :env:.find-links 2>/dev/null || true)
shelf_has_torch=no
for folder in $links; do
    if ls "$folder"/torch-*.whl >/dev/null 2>&1; then shelf_has_torch=yes; fi
done

if nvidia-smi >/dev/null 2>&1; then
    echo "NVIDIA driver found: installing the CUDA build of torch"
    if [ "$shelf_has_torch" = no ] && [ -n "$links" ]; then export UV_FIND_LINKS="$links"; fi
elif [ "$(uname -s)" = Linux ]; then
    echo "No NVIDIA driver: installing the CPU build of torch"
    if [ -n "$links" ]; then export UV_FIND_LINKS="$links"; fi
    # Without a shelf the CPU build comes from PyTorch's own index, which uv knows by this name.
    if [ "$shelf_has_torch" = no ]; then export UV_TORCH_BACKEND=cpu; fi
fi

VIRTUAL_ENV=$venv exec "$venv/bin/uv" pip install --quiet -c constraints.txt -e "$what"
