#!/bin/sh
# Makes every secret file that docker-compose.yaml names and that is not there yet; never replaces one.
# The containers run as the files' owner: whoever calls this (kept in .env), or the image's user when root does.
set -eu
umask 077
cd "$(dirname "$0")"
mkdir -p secrets
for name in jwt_secret api_secret_key database_password redis_password; do
  [ -s "secrets/$name" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "secrets/$name"
done
# The URL by which the closing counts Airflow's rows; deploy/metadata-reader.sh makes the account, which only reads.
[ -s secrets/metadata_reader ] || printf 'postgresql+psycopg2://kansho_reader:%s@postgres:5432/airflow' \
  "$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" > secrets/metadata_reader
[ -s secrets/fernet_key ] || head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' > secrets/fernet_key
if [ "$(id -u)" = 0 ]; then
  chown -R 50000 secrets
else
  grep -qs '^KANSHO_UID=' ../.env || echo "KANSHO_UID=$(id -u)" >> ../.env
fi
