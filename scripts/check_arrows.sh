#!/usr/bin/env bash
# Holds every #include in src/ and tests/ against the table of arrows, src/arrows.txt.
#   scripts/check_arrows.sh [ROOT]      exit 0: all allowed; 1: some are not, each named; 2: the table itself is wrong
# src/ROOM and tests/ROOM may include ROOM and what it reaches; a file directly in tests/ serves all rooms, so it may include only
# what they all may. A library that the table gives to rooms may be included there and nowhere else.
set -euo pipefail
root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd)
cd "$root"
[[ -r src/arrows.txt ]] || { echo "check_arrows.sh: $root/src/arrows.txt is missing" >&2; exit 2; }
mapfile -t files < <(find src tests -type f \( -name '*.[ch]' -o -name '*.[ch]pp' -o -name '*.inc' -o -name '*.in' \) | LC_ALL=C sort)
[[ ${#files[@]} -gt 0 ]] || { echo "check_arrows.sh: no sources under $root/src" >&2; exit 2; }

awk '
function bad_table(what) {
  print "src/arrows.txt:" FNR ": error: " what
  broken = 1
}
function allows(from, to) { return from == to || index(closure[from], " " to " ") > 0 }
function refuse(what, allowed, remedy) {
  print FILENAME ":" FNR ": error: " what
  print "  allowed: " allowed
  print "  remedy:  " remedy
  refused++
}

# --- The table. Lowest first, so that the closure of every target is known when it is used.
FILENAME == ARGV[1] {
  sub(/#.*/, "")
  if (NF == 0) next
  if ($1 == "library") {
    if (NF < 3 || $2 !~ /:$/) { bad_table("expected \"library PREFIX: rooms\""); next }
    sub(/:$/, "", $2)
    for (i = 3; i <= NF; i++) {
      if (!($i in closure)) { bad_table("library given to unknown room " $i); continue }
      owners[$2] = owners[$2] " " $i " "
    }
    next
  }
  if ($1 !~ /^[a-z]+:$/) { bad_table("expected \"room: targets\" or \"library PREFIX: rooms\""); next }
  room = substr($1, 1, length($1) - 1)
  if (room in closure) { bad_table("room " room " is listed twice"); next }
  reach = " "
  for (i = 2; i <= NF; i++) {
    if (!($i in closure)) { bad_table(room " -> " $i ": " $i " is not listed above it"); continue }
    reached = $i closure[$i]
    count = split(reached, part, " ")
    for (j = 1; j <= count; j++) if (index(reach, " " part[j] " ") == 0) reach = reach part[j] " "
  }
  closure[room] = reach
  next
}
broken { exit 2 }

# --- The sources.
FNR == 1 {
  depth = split(FILENAME, step, "/")
  shared = (depth == 2)
  here = shared ? "" : step[2]
  if (!shared && !(here in closure) && !(here in told)) {
    told[here] = 1
    # tests/scripts and the like hold no sources; a folder that does is a room.
    refuse("folder " step[1] "/" here " is not a room of src/arrows.txt", "the rooms listed there", \
           "add \"" here ": <what it may include>\" to src/arrows.txt, and say why in ARCHITECTURE.md")
  }
}
!shared && !(here in closure) { next }
/^[ \t]*#[ \t]*include[ \t]*[<"]/ {
  included = $0
  sub(/^[ \t]*#[ \t]*include[ \t]*[<"]/, "", included)
  sub(/[>"].*/, "", included)
  includes++
  if (included ~ /(^|\/)\.\.?\//) {
    refuse("relative include \"" included "\"", "paths that start at src/, as in \"base/error.hpp\"", "write the path from src/")
    next
  }
  split(included, part, "/")
  target = part[1]
  if (index(included, "/") > 0 && (target in closure)) {
    if (shared) {
      for (room in closure) if (!allows(room, target)) {
        refuse("a file of all tests may not include \"" included "\" (room " target ")", "what every room may include", \
               "move this file into tests/" target "/")
        break
      }
    } else if (!allows(here, target)) {
      refuse("room " here " may not include \"" included "\" (room " target ")", here closure[here], \
             "move the code to a room that may, or pass the thing in from above; if the architecture should change, " \
             "change src/arrows.txt first and say why in ARCHITECTURE.md")
    }
  }
  for (prefix in owners) if (index(included, prefix) == 1 && index(owners[prefix], " " here " ") == 0) {
    theirs = owners[prefix]
    gsub(/^ +| +$/, "", theirs)
    gsub(/ +/, ", ", theirs)
    refuse((shared ? "a file of all tests" : "room " here) " may not include <" included "> (library of room " theirs ")", \
           "only " theirs " includes " prefix "*", "use what room " theirs " offers, or add it there")
  }
}
END {
  if (broken) exit 2
  if (refused) { print refused " forbidden include" (refused > 1 ? "s" : ""); exit 1 }
  print "arrows: " includes + 0 " includes in " ARGC - 2 " files obey src/arrows.txt"
}
' src/arrows.txt "${files[@]}" >&2
