#!/bin/sh
# An S3 server with one identity, read from secret files; nothing of it stands in the image or the environment.
set -eu
umask 077
cat > /tmp/s3.json <<JSON
{"identities": [{"name": "kansho",
  "credentials": [{"accessKey": "$(cat /run/secrets/s3_access_key)", "secretKey": "$(cat /run/secrets/s3_secret_key)"}],
  "actions": ["Admin", "Read", "List", "Tagging", "Write"]}]}
JSON
exec weed server -dir=/data -s3 -s3.port=8333 -s3.config=/tmp/s3.json -ip.bind=0.0.0.0
