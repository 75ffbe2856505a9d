# shellcheck shell=sh
# The images a start needs, each on top of the one before it:
#
#   debian:trixie-slim (pulled, or made here) ─┬─ runnel/base ─┬─ runnel/python
#   runnel/node (the Node and pnpm we run) ────┼───────────────┴─ runnel/javascript
#                                              └─ runnel/redis
#
# Each carries the label runnel.source, a hash of all that went into it. An image whose label is right is left alone.

need_images() {
  # The classic builder is enough, and the only one where buildx is not installed.
  docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0
  need_debian
  debian_id=$(docker image inspect --format '{{.Id}}' "$debian")
  base_source=$(source_of infra/images/base "$debian_id")
  node_source=$(echo "$node_version $pnpm_version $engine_cpu" | sha256)

  need_image base "$base_source" \
    build_image base "$base_source" . infra/images/base/Dockerfile "$debian"
  need_image node "$node_source" \
    import_node "$node_source"
  for language in python javascript; do
    language_source=$(source_of "infra/images packages/agent/src" "$base_source $node_source")
    need_image "$language" "$language_source" \
      build_image "$language" "$language_source" . "infra/images/$language/Dockerfile" runnel/base
  done
  redis_source=$(source_of infra/redis "$debian_id")
  need_image redis "$redis_source" \
    build_image redis "$redis_source" infra/redis infra/redis/Dockerfile "$debian"
}

need_image() { # name, its source hash, command…
  image_name=$1 image_source=$2
  shift 2
  [ "$(label_of "runnel/$image_name")" = "$image_source" ] && return
  need_room_for_images
  [ "$image_name" != node ] || need_linux_toolchain "$engine_cpu"
  step "Image runnel/$image_name" "Cannot make the image runnel/$image_name: read above why, mend it, then run this again." "$@"
  # What it replaced is of no use to anyone.
  docker image prune --force --filter label=runnel.source >/dev/null 2>&1 || true
}

label_of() { # image
  docker image inspect --format '{{with .Config.Labels}}{{index . "runnel.source"}}{{end}}' "$1" 2>/dev/null || true
}

# A hash over the names and contents of all files in some folders, and of what they stand on.
source_of() { # folders, more
  {
    echo "$2"
    find $1 -type f ! -path '*/__pycache__/*' ! -name '*.md' | LC_ALL=C sort | while read -r file; do
      echo "$file $(sha256 <"$file")"
    done
  } | sha256
}

need_room_for_images() {
  docker_root=$(docker info --format '{{.DockerRootDir}}')
  # A remote engine's folder is not here to be measured.
  [ ! -d "$docker_root" ] || need_disk "$docker_root"
}

build_image() { # name, source hash, context, Dockerfile, base image
  set -- "$1" "$2" "$3" "$4" "$5" --build-arg NODE_IMAGE=runnel/node
  for proxy in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    eval "proxy_value=\${$proxy:-}"
    [ -z "$proxy_value" ] || set -- "$@" --build-arg "$proxy=$proxy_value"
    # A proxy on this machine's loopback is only there on this machine's network.
    case $proxy_value in *://localhost[:/]* | *://127.*) set -- "$@" --network host ;; esac
  done
  built=$1 built_source=$2 context=$3 dockerfile=$4 base=$5
  shift 5
  docker build --label "runnel.source=$built_source" --build-arg "BASE_IMAGE=$base" "$@" \
    --tag "runnel/$built" --file "$dockerfile" "$context"
}

# A file system with the two programs and nothing else: other images copy them from it.
import_node() { # source hash
  node_root=.runnel/toolchain/image
  rm -rf "$node_root"
  mkdir -p "$node_root/usr/local/bin" &&
    cp "$(tool_place "$(node_package linux "$engine_cpu")" "$node_version")/bin/node" \
      "$(tool_place "@pnpm/exe.linux-$engine_cpu" "$pnpm_version")/pnpm" "$node_root/usr/local/bin" &&
    tar -C "$node_root" --numeric-owner -cf - usr |
    docker import --change "LABEL runnel.source=$1" - runnel/node &&
    rm -rf "$node_root"
}

# Sets debian: the image everything stands on.
need_debian() {
  for debian in debian:trixie-slim runnel/debian:trixie-slim; do
    if docker image inspect "$debian" >/dev/null 2>&1; then return; fi
  done
  need_room_for_images
  step "Image of Debian" \
    "Cannot get debian:trixie-slim: let Docker reach a registry, or \`docker load\` that image, then run this again." \
    bring_debian
}

bring_debian() {
  debian=debian:trixie-slim
  within 60 docker pull "$debian" && return
  is_root && is_debian || return 1
  debian=runnel/debian:trixie-slim
  { has mmdebstrap && [ -r "$debian_keys" ]; } || apt_install mmdebstrap debian-archive-keyring || return
  make_debian >.runnel/debian.tar && docker import .runnel/debian.tar "$debian"
  made=$?
  rm -f .runnel/debian.tar
  return "$made"
}

debian_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# The one this machine's apt uses for Debian; empty on Ubuntu, where mmdebstrap then takes its own.
debian_mirror() {
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1
}

# From the mirror and through the proxy that this machine's apt uses. What only explains is left out, as in slim images.
make_debian() {
  mirror=$(debian_mirror)
  proxy=
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  mmdebstrap --variant=minbase --keyring="$debian_keys" ${proxy:+"--aptopt=Acquire::http::Proxy \"$proxy\""} \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    trixie - ${mirror:+"$mirror"}
}
