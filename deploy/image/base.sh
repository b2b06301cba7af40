#!/bin/bash
# Makes a Debian base for arm64 on this machine, without a registry: `base.sh ROOT [SUITE] [MIRROR]` writes the file system to the folder ROOT.
# As root; needs mmdebstrap and arch-test, and on x64 qemu-user-static (apt-get install them). 160 s on an idle x64 machine with two cores, 232 MB.
set -euo pipefail
root=$1
suite=${2:-bookworm}
mirror=${3:-http://deb.debian.org/debian}

# Programs for arm64 run through the kernel's binfmt_misc; F keeps the interpreter open, so that it works in a changed root, too.
if [ "$(uname -m)" != aarch64 ]; then
  mountpoint -q /proc/sys/fs/binfmt_misc || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
  if [ ! -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ]; then
    printf '%s' ':qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:/usr/bin/qemu-aarch64-static:OCF' \
      > /proc/sys/fs/binfmt_misc/register
  fi
fi

mmdebstrap --arch=arm64 --variant=minbase --include=ca-certificates,libstdc++6,tini,udev,adduser "$suite" "$root" "$mirror"
