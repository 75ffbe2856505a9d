# shellcheck shell=sh
# Everything a start or a test needs on a fresh machine, piece by piece. What is there already is left alone.

mkdir -p .runnel/log .runnel/toolchain
. infra/bootstrap/say.sh
. infra/bootstrap/lock.sh
. infra/bootstrap/toolchain.sh
. infra/bootstrap/packages.sh
. infra/bootstrap/engine.sh
. infra/bootstrap/images.sh

# All of it, one checkout's command at a time.
prepare_all() {
  lock_preparing
  need_toolchain
  need_packages
  need_engine
  need_images
  unlock_preparing
}
