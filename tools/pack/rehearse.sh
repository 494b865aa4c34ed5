#!/usr/bin/env bash
# A release without releasing: the next version is set, everything packed and all but published. Changes nothing but dist/.
#   tools/pack/rehearse.sh [VERSION]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT

quietly() {
  "$@" >"$log" 2>&1 || {
    cat "$log"
    exit 1
  }
}

quietly npx nx release version "${1:-minor}" --dry-run
echo "version: $(grep -c '"version": .*+\|+.*"version":' "$log") manifests would change"
quietly npx nx release publish --dry-run
echo "publish: $(grep -c 'Would publish to' "$log") packages would be published"
