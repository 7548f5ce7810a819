#!/bin/sh
# Publish one event with nothing but curl and openssl. The signature covers the method, the path and the sorted
# query; the query covers the body by its MD5.
set -eu
body='{"name":"headline","channels":["news"],"data":"{\"title\":\"The sun shines\"}"}'
path="/apps/$PUSHER_APP_ID/events"
md5=$(printf '%s' "$body" | openssl dgst -md5 -r | cut -d' ' -f1)
query="auth_key=$PUSHER_KEY&auth_timestamp=$(date +%s)&auth_version=1.0&body_md5=$md5"
signature=$(printf 'POST\n%s\n%s' "$path" "$query" | openssl dgst -sha256 -hmac "$PUSHER_SECRET" -r | cut -d' ' -f1)
curl -sS --fail-with-body -H 'Content-Type: application/json' --data "$body" \
  "http://127.0.0.1:8009$path?$query&auth_signature=$signature"
