# shellcheck shell=sh
# Two preparations of one checkout take turns. The lock is a symbolic link that points to its owner's process id:
# made and read in one step each, and nobody's once its owner is gone.

preparing=.runnel/preparing

lock_preparing() {
  until ln -s $$ "$preparing" 2>/dev/null; do
    owner=$(readlink "$preparing" || true)
    if [ -n "$owner" ] && ! is_bootstrap "$owner"; then
      rm -f "$preparing"
    else
      [ -n "${waited:-}" ] || echo "  Waiting for another run in this folder to finish preparing"
      waited=1
      sleep 1
    fi
  done
  trap unlock_preparing EXIT
  trap 'exit 130' INT TERM HUP
}

unlock_preparing() {
  rm -f "$preparing"
  trap - EXIT INT TERM HUP
}

# The number of a process that is gone may be somebody else's by now.
is_bootstrap() { # process id
  if [ -d /proc/self ]; then
    tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null
  else
    ps -o args= -p "$1"
  fi | grep -q infra/bootstrap
}
