#!/bin/sh
# Inside the image build: leaves in /opt/runnel/typescript/node_modules the compiler for this platform, and nothing else.
set -eu
target=/opt/runnel/typescript/node_modules
name=@swc/core-linux-$(node -p process.arch)-gnu

if [ ! -e "$target/$name/package.json" ]; then
  sh /tmp/install-packages.sh @runnel/typescript
  mkdir -p "$target/@swc"
  cp -RL "packages/typescript/node_modules/$name" "$target/@swc/"
fi
find "$target" -mindepth 1 -maxdepth 2 ! -path "$target/@swc" ! -path "$target/$name" -exec rm -rf {} +
node -e 'require(process.argv[1])' "$target/$name"
