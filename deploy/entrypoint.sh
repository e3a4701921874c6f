#!/bin/sh
# Reads secrets from files into the settings Airflow knows, then becomes the component.
set -eu

umask 007

content() { # FILE: its content, or stop
  [ -r "$1" ] && [ -s "$1" ] || { echo "no readable secret file: $1" >&2; exit 1; }
  cat "$1"
}
secret() { # NAME FILE: export NAME with the file's content
  value=$(content "$2")
  export "$1=$value"
}

secret AIRFLOW__API_AUTH__JWT_SECRET /run/secrets/jwt_secret
secret AIRFLOW__API__SECRET_KEY /run/secrets/api_secret_key
secret AIRFLOW__CORE__FERNET_KEY /run/secrets/fernet_key
database_password=$(content /run/secrets/database_password)
redis_password=$(content /run/secrets/redis_password)
content /run/secrets/metadata_reader >/dev/null  # a task reads it itself, where KANSHO_METADATA_FILE says
database="airflow:${database_password}@postgres:5432/airflow"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://${database}"
export AIRFLOW__CELERY__RESULT_BACKEND="db+postgresql://${database}"
export AIRFLOW__CELERY__BROKER_URL="redis://:${redis_password}@redis:6379/0"
exec "$@"
