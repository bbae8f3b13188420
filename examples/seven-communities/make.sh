#!/bin/sh
# Makes the example workspace from the readable files beside this script, by the commands anybody would use.
# Usage: make.sh UNDERSTORY FOLDER. Does nothing when neither the files nor the program changed since the last time.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
understory=$1 folder=$2
study="Local experiences in seven communities"
python=$(dirname "$understory")/pyxform/bin/python
stamp=$({ cd "$here" && find . -type f | LC_ALL=C sort | xargs cat && cd "$OLDPWD" && cat "$understory"; ls "$python" 2>/dev/null || true; } | sha256sum | cut -d' ' -f1)
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
# The survey and the focus groups once more, as phones would have sent them: by the two forms of forms/. Each answer finds
# itself in the study, so no figure changes. Without pyxform (scripts/pyxform.sh) the example lacks the submissions alone.
if [ -x "$python" ]; then
  sent="$making.sent"
  rm -rf "$sent"
  mkdir -p "$sent"
  "$python" "$here/forms/make_submissions.py" "$sent"
  for form in household focus-group; do
    "$python" "$here/forms/make_xlsx.py" "$here/forms/$form" "$sent/$form.xlsx"
    "$understory" form publish -w "$making" --study "$study" "$sent/$form.xlsx" >/dev/null
    "$understory" form map -w "$making" "$form" "$here/forms/$form.mapping.json" >/dev/null
    "$understory" submissions bring -w "$making" "$sent/$form"/*.xml >/dev/null
    report=$("$understory" submissions take -w "$making" --study "$study" --form "$form") || { echo "$report" >&2; exit 1; }
  done
  rm -rf "$sent"
else
  echo "Without submissions: pyxform is not here (scripts/pyxform.sh build/pyxform)"
fi
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
