#!/bin/sh
# Reads secrets from files into the settings Airflow knows, then becomes the component.
set -eu

secret() { # NAME FILE: export NAME with the file's content, or stop
  [ -s "$2" ] || { echo "missing secret file: $2" >&2; exit 1; }
  value=$(cat "$2")
  export "$1=$value"
}

secret AIRFLOW__API_AUTH__JWT_SECRET /run/secrets/jwt_secret
secret AIRFLOW__API__SECRET_KEY /run/secrets/api_secret_key
secret AIRFLOW__CORE__FERNET_KEY /run/secrets/fernet_key
secret database_password /run/secrets/database_password
secret redis_password /run/secrets/redis_password
database="airflow:${database_password}@postgres:5432/airflow"
export AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="postgresql+psycopg2://${database}"
export AIRFLOW__CELERY__RESULT_BACKEND="db+postgresql://${database}"
export AIRFLOW__CELERY__BROKER_URL="redis://:${redis_password}@redis:6379/0"
secret AWS_ACCESS_KEY_ID /run/secrets/s3_access_key
secret AWS_SECRET_ACCESS_KEY /run/secrets/s3_secret_key
exec "$@"
