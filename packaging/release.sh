#!/usr/bin/env bash
# Builds what is shipped (profile dist: whole-program optimisation, no symbols) and says how large it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cargo build --profile dist --locked -p parhelion-server --bin parhelion

program="${CARGO_TARGET_DIR:-target}/dist/parhelion"
"$program" --version
bytes=$(stat -c %s "$program")
printf '%s: %s bytes (%s MB)\n' "$program" "$bytes" "$(( (bytes + 500000) / 1000000 ))"
sha256sum "$program"
