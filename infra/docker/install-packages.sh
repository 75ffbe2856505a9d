#!/bin/sh
# Inside the image build: leaves in /app one app with the packages it runs on, and nothing else.
set -eu
app=$1

# The network's own certificate authorities, for this build only.
for certificate in /tmp/certificates/*.crt; do
  [ -e "$certificate" ] || continue
  cat "$certificate" >>/tmp/authorities.pem
  export NODE_EXTRA_CA_CERTS=/tmp/authorities.pem npm_config_cafile=/tmp/authorities.pem
done

pnpm_version=$(sed -n 's/.*"packageManager": *"\(pnpm@[0-9.]*\).*/\1/p' package.json)
command -v pnpm >/dev/null || npm install --global --no-fund --no-audit "$pnpm_version"
CI=true pnpm install --frozen-lockfile --prod --filter-prod "$app..."

# What the app does not stand on goes, and so do the tests.
needed=$(pnpm --filter-prod "$app..." list --depth -1 --parseable)
for place in apps/* packages/*; do
  echo "$needed" | grep -qx "$PWD/$place" || rm -rf "$place"
done
rm -rf apps/*/test packages/*/test
