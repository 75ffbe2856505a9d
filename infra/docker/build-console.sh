#!/bin/sh
# Inside the image build: leaves the built page in /app/apps/console/dist.
set -eu

# The network's own certificate authorities, for this build only, as in install-packages.sh.
for certificate in /tmp/certificates/*.crt; do
  [ -e "$certificate" ] || continue
  cat "$certificate" >>/tmp/authorities.pem
  export NODE_EXTRA_CA_CERTS=/tmp/authorities.pem npm_config_cafile=/tmp/authorities.pem
done

pnpm_version=$(sed -n 's/.*"packageManager": *"\(pnpm@[0-9.]*\).*/\1/p' package.json)
command -v pnpm >/dev/null || npm install --global --no-fund --no-audit "$pnpm_version"
# With what only its build needs, but without that of its tests' packages.
CI=true pnpm install --frozen-lockfile --filter-prod '@runnel/console...'
cd apps/console
pnpm exec vite build
