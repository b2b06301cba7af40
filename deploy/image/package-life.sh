#!/bin/bash
# Installs, upgrades, removes and purges the Debian package in a Debian root for arm64: `package-life.sh ROOT` (base.sh makes one; it is changed).
# As root, after `npm run package:arm64`. Ends with 0 when data and the administrator's files were kept until somebody said that they may go.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "${IN_NAMESPACE:-}" = yes ] || IN_NAMESPACE=yes exec unshare --mount --propagation private deploy/image/package-life.sh "$(realpath "$1")"
ROOT=$1
old=$(echo dist/arm64/holdfast_*_arm64.deb)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  mount -t proc proc "$ROOT/proc"
  mount --bind /dev "$ROOT/dev"
  newer
  cp "$old" "$ROOT/tmp/old.deb"

  step "installs" dpkg --install /tmp/old.deb
  board holdfast --version
  board sh -c 'stat -c "%U:%G %a %n" /etc/holdfast /var/lib/holdfast && getent passwd holdfast && id -Gn holdfast && grep holdfast /etc/shells'
  board sh -c 'echo journal > /var/lib/holdfast/core.db && echo mine > /etc/holdfast/agent.yaml && echo "# mine" >> /etc/holdfast/profile.yaml'

  step "upgrades, and keeps data and what was changed below /etc" dpkg --install /tmp/new.deb
  board sh -c 'dpkg-query -W holdfast && grep -q journal /var/lib/holdfast/core.db && grep -q mine /etc/holdfast/agent.yaml && grep -q "# mine" /etc/holdfast/profile.yaml'

  step "is removed, and keeps both" dpkg --remove holdfast
  board sh -c '! test -e /usr/bin/holdfast && ! grep -q holdfast /etc/shells && test -e /var/lib/holdfast/core.db && grep -q "# mine" /etc/holdfast/profile.yaml'

  step "is purged unasked, and keeps the journal" dpkg --purge holdfast
  board sh -c 'test -e /var/lib/holdfast/core.db && test -e /etc/holdfast/agent.yaml && ! test -e /etc/holdfast/profile.yaml'

  step "is installed again" dpkg --install /tmp/old.deb
  board sh -c 'echo holdfast holdfast/purge-data boolean true | debconf-set-selections'
  step "is purged with the word that data may go" dpkg --purge holdfast
  board sh -c '! test -e /var/lib/holdfast && ! test -e /etc/holdfast && ! getent passwd holdfast'
  echo "the package keeps what it should, and goes when it is told"
}

# The same package under a higher version.
newer() {
  dpkg-deb --raw-extract "$old" "$work/new"
  sed -i 's/^Version: .*/&+next/' "$work/new/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$work/new" "$ROOT/tmp/new.deb" > /dev/null
}

step() {
  printf '\n%s\n' "$1"
  board "${@:2}"
}

board() {
  chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

main
