#!/bin/sh
# run-redis-with-users [setting…]: Redis with a user for the API and one for workers (users.acl). Their passwords are made at the
# first start, each in a folder of its own, which only that service mounts.
set -eu

password() { echo "/run/redis-users/$1/password"; }
hash() { tr -d '\n' < "$(password "$1")" | sha256sum | cut -c 1-64; }

for user in api worker; do
  file=$(password "$user")
  [ -s "$file" ] && continue
  head -c 32 /dev/urandom | sha256sum | cut -c 1-64 > "$file.new"
  mv "$file.new" "$file"
done
(umask 077 && sed "s/@API@/$(hash api)/; s/@WORKER@/$(hash worker)/" /etc/redis/users.acl > /data/users.acl)
exec sh /usr/local/bin/run-redis --aclfile /data/users.acl "$@"
