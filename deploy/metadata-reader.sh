#!/bin/sh
# Makes the account by which the closing's inventory counts Airflow's rows: it reads every table and changes none.
# PostgreSQL's image runs this once, on an empty volume; on a database that is there, run it by hand (see run-on-compose).
set -eu
url=$(cat "${1:-/run/secrets/metadata_reader}")
account=${url#*://} account=${account%%:*}
password=${url#*://*:} password=${password%%@*}
# By standard input: arguments stand in the process list.
psql -q -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-airflow}" --dbname "${POSTGRES_DB:-airflow}" <<SQL
CREATE ROLE "$account" LOGIN PASSWORD '$password';
GRANT pg_read_all_data TO "$account";
ALTER ROLE "$account" SET default_transaction_read_only = on;
SQL
