#!/bin/sh
# Inside the image build: Debian's packages for programs that serve. `uvicorn` is the command, the others are modules.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends python3-fastapi python3-flask python3-uvicorn python3-websockets uvicorn
rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/*.log /var/log/apt
