#!/bin/sh
# Makes our base from a plain Debian: Python with its whole standard library, the tools that scripts expect, and no
# program that runs as another user than the one who started it. On a base that is already ours it changes nothing, so
# every image may run it.
set -eu

# docs/languages.md lists what they bring, and says what is left out because it is large.
PACKAGES="python3 python3-venv
  bc bsdextrautils busybox bzip2 ca-certificates dc file jq less make ncal patch procps psmisc sqlite3 time tree unzip
  xxd xz-utils zip"

if ! dpkg-query --show $PACKAGES >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y --no-install-recommends $PACKAGES locales
  # Programs ask for this locale by name. The package that it is made from is five times as large, and takes the archive
  # of locales with it.
  localedef --no-archive -i en_US -f UTF-8 en_US.UTF-8
  apt-get purge -y locales
  # The package of the real one, binutils, takes 31 MB.
  ln -s busybox /usr/bin/strings
fi
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/*.log /var/log/apt
find / -xdev -perm /6000 -exec chmod ug-s {} +
