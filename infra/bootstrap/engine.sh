# shellcheck shell=sh
# A Docker engine that answers: the one that is there, else one we start, else (root on Debian and Ubuntu) one we
# install. The engine outlives us: others may have come to use it, so nothing here ever stops one.

without_docker='or try Runnel without isolation: npm start -- --sandbox local'

need_engine() {
  if has docker; then
    engine_status=0
    engine_answers || engine_status=$?
    if [ "$engine_status" -eq 0 ]; then
      name_engine_cpu
      return
    fi
    [ "$engine_status" -ne 124 ] || fail "Docker does not answer within 10 seconds: restart it, $without_docker"
    if grep -qi 'permission denied' .runnel/log/docker.log; then
      fail "You may not use Docker: run \`sudo usermod -aG docker $(id -un)\` and log in again, $without_docker"
    fi
    [ -z "${DOCKER_HOST:-}" ] || fail "Docker at $DOCKER_HOST does not answer: start it or unset DOCKER_HOST, $without_docker"
  fi
  [ "$host_os" != darwin ] || fail "Docker does not answer: start Docker Desktop or Colima, $without_docker"

  PATH=$PATH:/usr/sbin:/sbin
  export PATH
  if ! { has docker && has dockerd; }; then
    { is_root && is_debian; } ||
      fail "Docker is not here: install and start it (https://docs.docker.com/engine/install), $without_docker"
    need_disk /var
    step "Docker from the distribution" \
      "Cannot install Docker: see why \`apt-get install docker.io\` fails, $without_docker" install_engine
  fi
  is_root || fail "Docker does not run: start it with \`sudo systemctl start docker\`, $without_docker"
  step "Docker engine" "Cannot start Docker: read above why (all of it in .runnel/log/dockerd.log), $without_docker" \
    start_engine
  name_engine_cpu
}

# Sets engine_arch. Status 124: it hangs.
engine_answers() {
  within 10 docker version --format '{{.Server.Arch}}' >.runnel/log/docker-arch 2>.runnel/log/docker.log || return
  engine_arch=$(cat .runnel/log/docker-arch)
}

name_engine_cpu() {
  case $engine_arch in
  amd64 | x86_64) engine_cpu=x64 ;;
  arm64 | aarch64) engine_cpu=arm64 ;;
  *) fail "The Docker engine runs on $engine_arch: Runnel needs one on amd64 or arm64, $without_docker" ;;
  esac
}

# Newer distributions carry the docker command in a package of its own.
install_engine() {
  apt_install docker.io || return
  has docker || apt_install docker-cli
}

start_engine() {
  if [ -d /run/systemd/system ]; then
    within 60 systemctl start docker || return
    dockerd_pid=
  elif is_running dockerd /var/run/docker.pid; then
    dockerd_pid=
  else
    # A killed daemon leaves these behind, and a new one believes them even when the number is now somebody else's.
    rm -f /var/run/docker.pid
    is_running containerd /var/run/docker/containerd/containerd.pid || rm -f /var/run/docker/containerd/containerd.pid
    dockerd_pid=$(node infra/bootstrap/detach.ts .runnel/log/dockerd.log dockerd) || return
  fi
  tries=0
  until engine_answers; do
    tries=$((tries + 1))
    if [ "$tries" -gt 30 ] || ! kill -0 "${dockerd_pid:-$$}" 2>/dev/null; then
      cat .runnel/log/docker.log
      tail -n 5 .runnel/log/dockerd.log
      return 1
    fi
    sleep 1
  done
}

is_running() { # program, pid file
  [ -r "$2" ] && [ "$(cat "/proc/$(cat "$2")/comm" 2>/dev/null)" = "$1" ]
}
