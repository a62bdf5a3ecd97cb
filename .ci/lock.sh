#!/bin/sh
# Resolves constraints.txt anew for Linux and macOS, all extras together: lock.sh VENV
# With all extras in one resolution, adding one later changes no pin of the others.
set -eu
venv=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
touch "$work/README.md" "$work/LICENSE"
sed '/^\[tool\.setuptools\]/,$d' pyproject.toml > "$work/pyproject.toml"
cat >> "$work/pyproject.toml" <<'TOML'
[tool.uv]
package = false
environments = [
    "sys_platform == 'linux' and python_version < '3.14'",
    "sys_platform == 'darwin' and python_version < '3.14'",
]
TOML
uv=$(cd "$(dirname "$venv/bin/uv")" && pwd)/uv
(cd "$work" && "$uv" lock --quiet && "$uv" export --quiet --all-extras --no-hashes --no-annotate --no-header) \
    > "$work/pins.txt"
{
    echo "# The versions that were tested together; set-up installs with these pins. See CONTRIBUTING.md, 'Dependencies'."
    # Markers stay where one package has several pins; elsewhere they only repeat the environments.
    grep -E '^[a-z0-9].*==' "$work/pins.txt" \
        | sed "s/ ; python_full_version < '3.14' and (sys_platform == 'darwin' or sys_platform == 'linux')$//"
} > constraints.txt
