#!/bin/sh
# Makes every secret file that docker-compose.yaml names and that is not there yet; never replaces one.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
for name in jwt_secret api_secret_key database_password redis_password s3_access_key s3_secret_key; do
  [ -s "secrets/$name" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name"
done
[ -s secrets/fernet_key ] || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > secrets/fernet_key
