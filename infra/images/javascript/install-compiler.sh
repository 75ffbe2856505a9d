#!/bin/sh
# Inside the image build: leaves the compiler for this platform in /opt/runnel/typescript/swc.node.
set -eu
packages=/tmp/compiler/node_modules
name=@swc/core-linux-$(node -p process.arch)-gnu

if [ ! -e "$packages/$name/package.json" ]; then
  sh /tmp/install-packages.sh @runnel/typescript
  packages=packages/typescript/node_modules
fi

# It is compressed, and unpacks itself into this folder when it is loaded.
export SWC_NATIVE_BINDING_CACHE=/tmp/unpacked
node -e 'require(require("path").resolve(process.argv[1]))' "$packages/$name"
mkdir -p /opt/runnel/typescript
find "$SWC_NATIVE_BINDING_CACHE" -name "*.node" -exec cp {} /opt/runnel/typescript/swc.node \;
chmod 644 /opt/runnel/typescript/swc.node
SWC_NATIVE_BINDING_CACHE=/nowhere node -e 'process.dlopen({ exports: {} }, "/opt/runnel/typescript/swc.node")'
