#!/bin/sh
# Makes the example workspace from the readable files beside this script, by the commands anybody would use.
# Usage: make.sh UNDERSTORY FOLDER. Does nothing when neither the files nor the program changed since the last time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
understory=$1 folder=$2
study="Local experiences in seven communities"
stamp=$({ cd "$here" && find . -type f | LC_ALL=C sort | xargs cat && cd "$OLDPWD" && cat "$understory"; } | sha256sum | cut -d' ' -f1)
[ -f "$folder/made-from" ] && [ "$(cat "$folder/made-from")" = "$stamp" ] && exit 0
echo "Making the example workspace in $folder"
making="$folder.making"
rm -rf "$making"
mkdir -p "$(dirname "$folder")"
"$understory" init -w "$making" >/dev/null
for community in svay-rieng battambang sindhu banke bihar khulna chiang-rai; do
  "$understory" place import -w "$making" "$here/$community/places.csv" >/dev/null
done
"$understory" study new -w "$making" "$study" --invented --language en \
  --location "Svay Rieng=200907" --location "Battambang=021504" --location "Sindhu=NP-BA-23-07" --location "Banke=NP-BH-57-03" \
  --location "Bihar=IN-BR-09-03" --location "Khulna=BD-D-41-06" --location "Chiang Rai=TH-57-08-02" \
  --organisation "River and Border Network (invented)" --organisation "Village Voices (invented)" --organisation "Hill School Trust (invented)" \
  --instruments "Interviews, focus groups, a short survey with two open questions" \
  --ethics "Invented example: nobody was interviewed. A real study would say here how consent was asked and who reviewed it." >/dev/null
for community in svay-rieng battambang sindhu banke bihar khulna chiang-rai; do
  for table in respondents sources survey codings links masks; do
    report=$("$understory" import -w "$making" --study "$study" "$here/$community/$table.csv") || { echo "$report" >&2; exit 1; }
  done
done
# One account a role, last: from then on the workspace asks who it is. Their passwords stand on the sign-in page. The
# first is the steward's, who makes the others.
while IFS=, read -r name role password place; do
  [ "$name" != name ] || continue
  [ "$role" != steward ] || steward=$password
  first=$([ "$role" = steward ] || echo steward)
  UNDERSTORY_ACCOUNT=$first UNDERSTORY_PASSWORD=$steward UNDERSTORY_NEW_PASSWORD=$password \
    "$understory" account new -w "$making" "$name" --role "$role" ${place:+--place "$place"} --password >/dev/null </dev/null
done <"$here/accounts.csv"
cp "$here/accounts.csv" "$making/example-accounts.csv"
rm -rf "$folder"
mv "$making" "$folder"
echo "$stamp" >"$folder/made-from"
