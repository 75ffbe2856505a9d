# shellcheck shell=sh
# The npm packages, exactly as the lockfile says. Nothing is done while nothing they depend on has changed.

packages_stamp=node_modules/.runnel

packages_hash() {
  cat .node-version package.json pnpm-lock.yaml pnpm-workspace.yaml apps/*/package.json packages/*/package.json | sha256
}

sha256() {
  if has sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# CI=true: never ask. An empty NODE_ENV: also what only development needs.
install_packages() {
  hash=$(packages_hash)
  rm -f "$packages_stamp"
  CI=true NODE_ENV='' pnpm install --frozen-lockfile && echo "$hash" >"$packages_stamp"
}

need_packages() {
  [ "$(cat "$packages_stamp" 2>/dev/null)" = "$(packages_hash)" ] && return
  need_disk "$PWD"
  step Packages "Cannot install the packages: read above why, mend it, then run this again." install_packages
}
