# shellcheck shell=sh
# Everything a start or a test needs on a fresh machine, piece by piece. What is there already is left alone.

mkdir -p .runnel/log .runnel/toolchain
. infra/bootstrap/say.sh
. infra/bootstrap/lock.sh
. infra/bootstrap/toolchain.sh
. infra/bootstrap/packages.sh
. infra/bootstrap/engine.sh
. infra/bootstrap/images.sh
