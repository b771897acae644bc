#!/usr/bin/env bash
# Draws the rooms of src/ as src/arrows.txt has them: the highest first, each with what it may include and what it holds.
#   scripts/draw_rooms.sh            prints the picture
#   scripts/draw_rooms.sh --write    puts it into ARCHITECTURE.md, between the lines "<!-- rooms -->" and "<!-- /rooms -->"
#   scripts/draw_rooms.sh --check    exit 1 when the picture there is another one (a test)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
page=$root/ARCHITECTURE.md

# A room stands one level above the highest that it points to.
draw() {
  awk '
  /^[a-z]+:/ {
    holds = $0; sub(/^[^#]*# */, "", holds)
    sub(/ *#.*/, "")
    room = substr($1, 1, length($1) - 1)
    level[room] = 0; targets = ""
    for (i = 2; i <= NF; i++) {
      if (level[$i] >= level[room]) level[room] = level[$i] + 1
      targets = targets " " $i
    }
    if (level[room] > highest) highest = level[room]
    line[++rooms] = sprintf("  %-10s %-24s %s", room, targets == "" ? "" : "->" targets, holds)
    at[rooms] = level[room]
  }
  END {
    print "```"
    for (l = highest; l >= 0; l--) {
      for (r = rooms; r > 0; r--) if (at[r] == l) print line[r]
      if (l > 0) print ""
    }
    print "```"
  }' "$root/src/arrows.txt"
}
in_page() { awk '/^<!-- \/rooms -->$/ { inside = 0 } inside { print } /^<!-- rooms -->$/ { inside = 1 }' "$page"; }

case ${1:-} in
  '') draw ;;
  --check)
    if ! diff -u <(in_page) <(draw) >&2; then
      echo "draw_rooms.sh: the picture in ARCHITECTURE.md is not that of src/arrows.txt; remedy: scripts/draw_rooms.sh --write" >&2
      exit 1
    fi ;;
  --write)
    picture=$(draw) awk '/^<!-- \/rooms -->$/ { inside = 0 } !inside { print } /^<!-- rooms -->$/ { inside = 1; print ENVIRON["picture"] }' \
      "$page" >"$page.new"
    mv "$page.new" "$page" ;;
  *) sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" >&2; exit 2 ;;
esac
