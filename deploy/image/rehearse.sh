#!/bin/bash
# Follows docs/flashing.md command by command: `rehearse.sh ROOT`, where ROOT is a fresh Debian root file system for arm64 that this machine can
# enter (as root; on x64 with qemu-user-static and binfmt_misc; deploy/image/base.sh makes one). Blocks marked `sh workstation` run in this
# checkout, those marked `sh board` inside ROOT. It ends with 0 when the first contract was kept.
#
# What is not as on a board: the kernel is this machine's; systemd is played by a stand-in that runs what the unit says, as its user; both sides
# are 127.0.0.1; and time may be stretched (SLOWNESS=5: five real seconds a simulated one) where emulation is slow.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Mounts of its own, gone when it ends.
[ "${IN_NAMESPACE:-}" = yes ] || IN_NAMESPACE=yes exec unshare --mount --propagation private deploy/image/rehearse.sh "$(realpath "$1")"
ROOT=$(realpath "$1")
PAGE=docs/flashing.md
SLOWNESS=${SLOWNESS:-1}
WORK=$(mktemp -d)
BACKGROUND=()

main() {
  trap finish EXIT
  mkdir -p "$ROOT/boot/firmware"
  mount -t proc proc "$ROOT/proc"
  mount --bind /dev "$ROOT/dev"
  install_stand_in
  blocks > "$WORK/blocks"
  local count line side command
  count=$(wc -l < "$WORK/blocks")
  for ((line = 1; line <= count; line++)); do
    side=$(sed -n "${line}p" "$WORK/blocks" | cut -f1)
    command=$(sed -n "${line}p" "$WORK/blocks" | cut -f2 | base64 -d)
    printf '\n%s$ %s\n' "$side" "$command"
    run_on "$side" "$command" < /dev/null
  done
  wait_for_end
}

# One line for each command: side, tab, command in base64 (a here-document is one command).
blocks() {
  awk '
    /^```sh / { side = $2 ($3 == "background" ? "-background" : ""); next }
    /^```/ { side = "" }
    side != "" {
      text = text (text == "" ? "" : "\n") $0
      if ($0 ~ /<<.END.$/) open = 1
      if ($0 == "END") open = 0
      if (!open) { print side "\x01" text "\x02"; text = "" }
    }' "$PAGE" |
    sed -z 's/\x02\n/\x02/g' | tr '\002' '\000' |
    while IFS= read -r -d '' entry; do
      printf '%s\t%s\n' "${entry%%$'\x01'*}" "$(printf '%s' "${entry#*$'\x01'}" | here | base64 -w0)"
    done
}

# Addresses and folders of the page, as they are in this rehearsal.
here() {
  sed -e "s#192\.168\.1\.10#127.0.0.1#g; s#0\.0\.0\.0#127.0.0.1#g; s#/media/boot#$ROOT/boot/firmware#g"
}

run_on() {
  case "$1" in
  workstation)
    if [ "$SKIP_PACKAGE" = yes ] && [[ "$2" == "npm "* ]]; then echo "(done before)"; return; fi
    if [[ "$2" == *"contract push"* ]]; then push_when_free "$2"; else bash -eo pipefail -c "$2"; fi
    if [[ "$2" == *agent.yaml* && "$SLOWNESS" != 1 ]]; then stretched >> "$ROOT/boot/firmware/holdfast/agent.yaml"; fi
    ;;
  workstation-background)
    start "$2"
    ;;
  board)
    chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
      SLOWNESS="$SLOWNESS" bash -c "$2" || tolerate "$2"
    ;;
  esac
}

# The doctor's exit code is a finding, not a failure of the page: an emulated board has no clock service, for example.
tolerate() {
  [[ "$1" == *"holdfast doctor"* ]] || fail "board$ $1"
}

# One simulated clock for all three sides.
ORIGIN_MS=$(awk '{ printf "%d", $1 * 1000 }' /proc/uptime)
stretched() { echo "clock: { factor: $(awk "BEGIN { print 1 / $SLOWNESS }"), originMs: $ORIGIN_MS }"; }

start() {
  local command=$1
  if [ "$SLOWNESS" != 1 ]; then
    case "$command" in
    *world-process*) command=${command%\'}" --factor $(awk "BEGIN { print 1 / $SLOWNESS }") --origin-ms $ORIGIN_MS'" ;;
    *cloud*)
      stretched > "$WORK/cloud.yaml"
      command="$command --config $WORK/cloud.yaml"
      ;;
    esac
  fi
  setsid bash -c "exec $command" > "$WORK/background-${#BACKGROUND[@]}.log" 2>&1 < /dev/null &
  BACKGROUND+=($!)
  sleep 5
}

# A board that was just switched on is not connected at once.
push_when_free() {
  for _ in $(seq 120); do
    if bash -c "$1"; then return; fi
    sleep 5
  done
  fail "$1"
}

wait_for_end() {
  for _ in $(seq 360); do
    if curl -s http://127.0.0.1:8080/contracts/first-drive | grep -q '"status":"completed"'; then
      printf '\nthe first contract was kept: the board says\n'
      chroot "$ROOT" holdfast console --exec status
      return
    fi
    sleep 5
  done
  fail "the contract did not end: $(curl -s http://127.0.0.1:8080/contracts/first-drive | cut -c1-400)"
}

# Runs a unit's ExecStart as its user, with its environment, in its folder: what the units of deploy/systemd ask of systemd, without its walls.
install_stand_in() {
  cat > "$ROOT/usr/bin/systemctl" <<'STAND_IN'
#!/bin/bash
set -eu
[ "$1" = start ] || exit 0
unit=/lib/systemd/system/${2%.service}.service
value() { sed -n "s/^$1=//p" "$unit"; }
while read -r pair; do export "$pair"; done < <(value Environment)
set -a; . /etc/default/holdfast; set +a
if [ "$(value Type)" = oneshot ]; then exec $(value ExecStart); fi
install -d -m 0750 -o holdfast -g holdfast /run/holdfast
cd "$(value WorkingDirectory)"
setsid setpriv --reuid "$(value User)" --regid "$(value Group)" --init-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
  $(value ExecStart) > /tmp/agent.log 2>&1 < /dev/null &
echo $! > /tmp/agent.pid
# An emulated board takes its time.
for _ in $(seq 300); do [ -S /run/holdfast/console.sock ] && exit 0; kill -0 "$(cat /tmp/agent.pid)" || break; sleep 2; done
cat /tmp/agent.log
exit 1
STAND_IN
  chmod 0755 "$ROOT/usr/bin/systemctl"
}

fail() {
  echo "rehearsal failed: $*" >&2
  tail -n 20 "$WORK"/background-*.log "$ROOT/tmp/agent.log" >&2 || true
  exit 1
}

finish() {
  local code=$?
  if [ -s "$ROOT/tmp/agent.pid" ]; then kill -TERM "$(cat "$ROOT/tmp/agent.pid")" 2> /dev/null || true; fi
  for pid in "${BACKGROUND[@]}"; do kill -TERM -- "-$pid" 2> /dev/null || true; done
  sleep 2
  rm -rf "$WORK"
  exit "$code"
}

SKIP_PACKAGE=${SKIP_PACKAGE:-no}
main
