#!/bin/sh
# Inside the image build: leaves in /node_modules what packages/javascript-image depends on. Node finds it from every folder.
set -eu
laid_out=packages/javascript-image/dist/node_modules

if [ ! -e "$laid_out" ]; then
  sh /tmp/install-packages.sh @runnel/javascript-image
  node packages/javascript-image/src/lay-out.ts "$laid_out"
fi
cp -R "$laid_out" /node_modules
chmod -R u=rwX,go=rX /node_modules
node -e 'require("express")'
