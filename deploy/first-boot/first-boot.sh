#!/bin/sh
# Makes this board the robot that its boot partition describes, once and unattended: `first-boot [FOLDER]`. The folder
# (/boot/firmware/holdfast, /boot/efi/holdfast or /boot/holdfast) holds what `deploy/first-boot/seed` shows: agent.yaml and
# trusted.jwks.json; if wanted profile.yaml, certificates (ca.crt, device.crt, device.key) and pins. @SERIAL@ in agent.yaml
# becomes the serial number of the board, so one image serves a fleet.
# Ends with 1 and a sentence, and changes nothing, when something is missing; may be repeated.
set -eu

ETC=/etc/holdfast
DATA=/var/lib/holdfast

main() {
  seed=${1:-$(find_seed)}
  [ -n "$seed" ] || fail "no folder holdfast with an agent.yaml on the boot partition; docs/flashing.md says what goes there"
  [ ! -e "$ETC/agent.yaml" ] || fail "$ETC/agent.yaml is there: this board has been made a robot; remove it to begin again"
  [ -s "$seed/agent.yaml" ] || fail "$seed/agent.yaml is missing or empty"
  [ -s "$seed/trusted.jwks.json" ] || fail "$seed/trusted.jwks.json is missing: without the platform's keys no contract can be believed"

  install -d -m 0750 -o root -g holdfast "$ETC"
  for name in trusted.jwks.json profile.yaml ca.crt device.crt; do
    if [ -e "$seed/$name" ]; then install -m 0640 -o root -g holdfast "$seed/$name" "$ETC/$name"; fi
  done
  if [ -e "$seed/device.key" ]; then install -m 0600 -o holdfast -g holdfast "$seed/device.key" "$ETC/device.key"; fi

  # The configuration comes last and at once: with it this board is a robot, and not before.
  umask 0077
  serial=
  if grep -q @SERIAL@ "$seed/agent.yaml"; then
    serial=$(board_serial)
    [ -n "$serial" ] || fail "this board tells no serial number, so @SERIAL@ in $seed/agent.yaml means nothing; write a name"
  fi
  sed "s/@SERIAL@/$serial/g" "$seed/agent.yaml" > "$ETC/agent.yaml.new"
  chown root:holdfast "$ETC/agent.yaml.new"
  chmod 0640 "$ETC/agent.yaml.new"
  set_pins
  check
  mv "$ETC/agent.yaml.new" "$ETC/agent.yaml"
  sync

  # A boot partition can be read by whoever takes the card.
  for name in device.key pin.technician pin.admin; do rm -f "$seed/$name"; done
  if grep -q 'password:' "$seed/agent.yaml"; then rm -f "$seed/agent.yaml"; fi
  echo "this board is $(sed -n 's/^deviceId: *//p' "$ETC/agent.yaml"); holdfast $(/usr/bin/holdfast --version) starts next"
}

find_seed() {
  for folder in /boot/firmware/holdfast /boot/efi/holdfast /boot/holdfast; do
    if [ -e "$folder/agent.yaml" ]; then
      echo "$folder"
      return
    fi
  done
}

# The processor's own number where the board tells one, else the start of the machine id; as a level of topics.
board_serial() {
  if [ -r /proc/device-tree/serial-number ]; then
    tr -d '\0' < /proc/device-tree/serial-number | tr -cd 'A-Za-z0-9'
  elif [ -s /etc/machine-id ]; then
    cut -c1-12 /etc/machine-id
  fi
}

set_pins() {
  for role in technician admin; do
    if [ -s "$seed/pin.$role" ]; then
      as_agent /usr/bin/holdfast console --config "$ETC/agent.yaml.new" --set-pin "$role" < "$seed/pin.$role"
    fi
  done
}

# What is wrong with the files keeps this board from being a robot; a broker that is out of reach, or a device that is not plugged in, does not.
check() {
  if found=$(as_agent /usr/bin/holdfast doctor --config "$ETC/agent.yaml.new"); then return; fi
  echo "$found"
  wrong=$(echo "$found" | grep -E '^problem +(config|keys|storage):' || true)
  if [ -n "$wrong" ]; then
    rm -f "$ETC/agent.yaml.new"
    fail "this board is no robot yet; mend this in $seed and boot again: $wrong"
  fi
}

as_agent() {
  setpriv --reuid holdfast --regid holdfast --init-groups \
    env HOME="$DATA" NODE_COMPILE_CACHE="$DATA/compile-cache" sh -c 'cd "$HOME" && exec "$@"' as-agent "$@"
}

fail() {
  echo "first-boot: $*" >&2
  exit 1
}

main "$@"
