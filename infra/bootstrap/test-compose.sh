#!/bin/sh
# npm run test:compose: docker-compose.yml with a real compose. Slow, so not a part of `npm test`.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

# Debian carries it since trixie, as one program that needs nothing else.
compose_plugin=$PWD/.runnel/compose/usr/libexec/docker/cli-plugins/docker-compose

bring_compose() {
  compose_apt=$PWD/.runnel/compose-apt
  rm -rf "$compose_apt"
  mkdir -p "$compose_apt/lists/partial" "$compose_apt/archives/partial"
  echo "deb [signed-by=$debian_keys] $(debian_mirror) trixie main" >"$compose_apt/sources.list"
  apt_trixie() {
    apt-get -o Dir::Etc::sourcelist="$compose_apt/sources.list" -o Dir::Etc::sourceparts=- \
      -o Dir::State::lists="$compose_apt/lists" -o Dir::Cache="$compose_apt" -o APT::Sandbox::User=root "$@"
  }
  apt_trixie update &&
    (cd "$compose_apt" && apt_trixie download docker-compose) &&
    dpkg -x "$compose_apt"/docker-compose_*.deb .runnel/compose &&
    rm -rf "$compose_apt"
}

lock_preparing
need_toolchain
need_packages
need_engine
need_images
if docker compose version >/dev/null 2>&1; then
  set -- docker compose
elif has docker-compose && docker-compose version 2>/dev/null | grep -q 'v\?2\.'; then
  set -- docker-compose
else
  is_debian || fail "There is no compose here: install Docker's compose plugin, then run this again."
  [ -x "$compose_plugin" ] ||
    step "Compose" "Cannot get docker-compose from Debian: install Docker's compose plugin, then run this again." bring_compose
  set -- "$compose_plugin"
fi
unlock_preparing
# From plain Debian, as on a machine where nothing is prepared.
RUNNEL_BASE_IMAGE=$debian exec node infra/bootstrap/test-compose.ts "$@"
