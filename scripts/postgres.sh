#!/usr/bin/env bash
# A throwaway PostgreSQL in a folder: postgres.sh start FOLDER prints its address; postgres.sh stop FOLDER ends it. It
# sorts as people do (ICU, en-US), not by bytes, so that nothing may lean on an order it did not ask for.
# Listens on a Unix socket in that folder alone. PostgreSQL refuses to run as root, so root hands it to `postgres`.
set -euo pipefail
action=$1 folder=$2
programs=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
as=()
if [ "$(id -u)" = 0 ]; then
  chown postgres "$folder"
  as=(runuser -u postgres --)
fi
cd / # a place the server's user may be in
case $action in
  start)
    "${as[@]}" "$programs/initdb" -D "$folder/data" -A trust -U understory -E UTF8 --locale=C.UTF-8 --locale-provider=icu --icu-locale=en-US -k >"$folder.log" 2>&1 ||
      { cat "$folder.log" >&2; exit 1; }
    "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -w -l "$folder/log" \
      -o "-k $folder -c listen_addresses='' -c max_connections=200 -c shared_buffers=256MB" start >>"$folder.log" 2>&1 ||
      { cat "$folder.log" "$folder/log" >&2; exit 1; }
    rm -f "$folder.log"
    chmod 755 "$folder"
    echo "host=$folder user=understory dbname=postgres"
    ;;
  stop) [ -d "$folder/data" ] && "${as[@]}" "$programs/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1 || true ;;
esac
