# shellcheck shell=sh
# How the bootstrap talks: one line a step, one sentence when it cannot go on.

fail() { # sentence
  printf 'runnel: %s\n' "$1" >&2
  exit 1
}

# Runs a command quietly. What it printed is kept in a log, and shown only when it failed.
step() { # title, what to do when it fails, command…
  step_title=$1 step_remedy=$2
  shift 2
  step_log=.runnel/log/prepare.log
  step_began=$(date +%s)
  printf '  %s …' "$step_title"
  if "$@" >"$step_log" 2>&1 </dev/null; then
    say_took "$step_began"
  else
    printf ' failed\n'
    tail -n 20 "$step_log" >&2
    fail "$step_remedy"
  fi
}

say_took() { # when it began, in seconds
  took=$(($(date +%s) - $1))
  if [ "$took" -ge 2 ]; then printf ' %s s\n' "$took"; else printf '\n'; fi
}

# Needs the toolchain. Status 124: killed, for it took longer.
within() { # seconds, command…
  node infra/bootstrap/within.ts "$@"
}

has() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" -eq 0 ]; }
is_debian() { [ -r /etc/debian_version ] && has apt-get; }

# What an installation starts must not hold our descriptors either, hence `within`.
apt_install() { # packages…
  # An unreachable third-party source fails the update but seldom the install.
  within 300 env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 update || true
  within 600 env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 \
    -o Dpkg::Options::=--force-confold install -y --no-install-recommends "$@"
}

need_disk() { # folder
  free_kib=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
  if [ "${free_kib:-9999999}" -lt 3145728 ]; then
    fail "Only $((free_kib / 1024)) MiB are free where $1 lives: free at least 3 GiB there, then run this again."
  fi
}
