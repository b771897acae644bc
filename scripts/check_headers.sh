#!/usr/bin/env bash
# Finds what compiles here, and not with the next compiler or library: above all includes that are missing where another header
# happens to bring what is needed.
#   scripts/check_headers.sh [ROOT]     exit 0: nothing is missing; 1: something is, each with its file and line
# 1. Every std:: name in src/ and tests/ that scripts/standard_headers.txt knows, and every integer of a given width (int64_t), is
#    declared by a header that the file, or a header of ours that it includes, includes by name.
# 2. Every header of src/ compiles alone. A .cpp that includes its own header first proves that whenever it is built; the other
#    headers are compiled here as build/release compiles, all of them whenever one has changed since they last passed.
# 3. misc-include-cleaner of clang-tidy 17 or later (Debian 12 has 14, without it) over the .cpp files of src/ that differ from the
#    commit MLRUN_BASE (default: the one before HEAD; 30 files at most), for the std:: names that the table of 1 lacks.
# 4. No optional field begins as {{}}: g++ 12 and clang read an empty list, and g++ 14 refuses it for an explicit constructor.
# 5. Tests name no matcher of Catch2 but those of tests/catch.hpp, which both of its generations have.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "${1:-$here/..}" && pwd)
cd "$root"
failed=''

mapfile -t sources < <(find src tests -type f -name '*.[ch]pp' | LC_ALL=C sort)
[[ ${#sources[@]} -gt 0 ]] || { echo "check_headers.sh: no sources under $root" >&2; exit 1; }

awk '
function use(name) {
  if (!(name in declared_in) || (FILENAME, name) in line) return
  line[FILENAME, name] = FNR
  used[FILENAME] = used[FILENAME] "|" name
  names++
}
BEGIN { declared_in["integers of a given width"] = "cstdint cinttypes" }
# --- The table.
FILENAME == ARGV[1] {
  if ($1 !~ /^([a-z_]+|\*):$/) next
  header = substr($1, 1, length($1) - 1)
  for (i = 2; i <= NF; i++) declared_in[$i] = declared_in[$i] " " header
  next
}
# --- The sources: what each includes, and the first line of each name it uses.
FNR == 1 { file[++files] = FILENAME; is_file[FILENAME] = 1 }
/^[ \t]*#[ \t]*include[ \t]*</ {
  included = $0
  sub(/^[^<]*</, "", included)
  sub(/>.*/, "", included)
  standard[FILENAME] = standard[FILENAME] " " included
  next
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
  split($0, part, "\"")
  ours[FILENAME] = ours[FILENAME] " " part[2]
  next
}
{
  rest = $0
  gsub(/"([^"\\]|\\.)*"/, "\"\"", rest)
  sub(/\/\/.*/, "", rest)
}
rest ~ /(^|[^A-Za-z0-9_])u?int(8|16|32|64)_t/ { use("integers of a given width") }
rest ~ /std::/ {
  while (match(rest, /std::(ranges::)?[A-Za-z_][A-Za-z_0-9]*/)) {
    name = substr(rest, RSTART, RLENGTH)
    rest = substr(rest, RSTART + RLENGTH)
    sub(/^.*::/, "", name)
    use(name)
  }
}
# Marks in `reached` the standard headers of a file and of every header of ours that it includes.
function reach(path, visit,    list, count, i, target) {
  if ((visit, path) in seen) return
  seen[visit, path] = 1
  count = split(standard[path], list, " ")
  for (i = 1; i <= count; i++) reached[visit, list[i]] = 1
  count = split(ours[path], list, " ")
  for (i = 1; i <= count; i++) {
    target = "src/" list[i]
    if (!(target in is_file)) target = "tests/" list[i]
    if (!(target in is_file)) { target = path; sub(/[^\/]*$/, "", target); target = target list[i] }
    if (target in is_file) reach(target, visit)
  }
}
END {
  for (f = 1; f <= files; f++) {
    path = file[f]
    reach(path, f)
    count = split(used[path], name_of, "|")
    for (n = 2; n <= count; n++) {
      choices = split(declared_in[name_of[n]], header_of, " ")
      found = 0
      for (c = 1; c <= choices; c++) if (header_of[c] == "*" || (f, header_of[c]) in reached) found = 1
      if (found) continue
      text = "<" header_of[1] ">"
      for (c = 2; c <= choices; c++) text = text " or <" header_of[c] ">"
      name = name_of[n]
      print path ":" line[path, name] ": error: " (name ~ / / ? "" : "std::") name " without #include " text
      missing++
    }
  }
  if (missing) { print missing " missing include" (missing > 1 ? "s" : ""); exit 1 }
  print "headers: " names " uses of names of the standard library in " files " files have their #include"
}' "$here/standard_headers.txt" "${sources[@]}" >&2 || failed=1

if grep -nE '\.[a-z_]+ = \{\{\}\}' "${sources[@]}" >&2; then
  echo "error: {{}} for an optional does not compile with g++ 14; write its type, such as std::vector<std::string>()" >&2
  failed=1
fi

if grep -nE 'Matchers::' "${sources[@]}" /dev/null | grep -v '^tests/catch\.hpp:'; then
  echo "error: Catch2 2 and 3 have different names there; write Catch::Contains and the like, which tests/catch.hpp knows" >&2
  failed=1
fi

alone=()
for header in "${sources[@]}"; do
  [[ $header == src/*.hpp ]] || continue
  own=${header%.hpp}.cpp
  if [[ -e $own && $(grep -m1 '^#include' "$own") == "#include \"${header#src/}\"" ]]; then continue; fi
  alone+=("$header")
done

# The compiler and the flags of the build, from any file of src/ that it compiles.
commands=build/release/compile_commands.json
stamp=build/release/headers_alone.passed
if [[ ! -e $commands ]]; then
  echo "headers: there is no build/release yet, so none was compiled alone" >&2
elif [[ -e $stamp && -z $(find src "$commands" \( -name '*.hpp' -o -name '*.json' \) -newer "$stamp" -print -quit) ]]; then
  echo "headers: none has changed since ${#alone[@]} were compiled alone" >&2
else
  # The first is taken by sed itself: a `| head` would end sed by SIGPIPE now and then, and with it this script.
  command=$(sed -n 's/.*"command": "\(.*src\/base\/[a-z_]*\.cpp\)",*$/\1/;T;p;q' "$commands")
  compile="${command%% *} $(grep -oE ' -(D|I|U|isystem |std=|W|f|pthread)[^ ]*' <<<"$command" | tr '\n' ' ')"
  # Some rooms have libraries of their own: a header may include what any of them may.
  compile+=" $(grep -ohE -- '-(I|isystem )[^ "]+' "$commands" | sort -u | tr '\n' ' ')"
  [[ $compile == *-std=* ]] || { echo "check_headers.sh: no compile command found in $commands" >&2; exit 1; }
  one() {
    local output
    # Included, since "#pragma once" in the file that is compiled is a warning.
    # shellcheck disable=SC2086 # words of a command line
    output=$(echo "#include \"${2#src/}\"" | $1 -Werror -fsyntax-only -x c++ - 2>&1) ||
      { printf '%s does not compile alone:\n%s\n' "$2" "$output"; return 1; }
  }
  export -f one
  # shellcheck disable=SC2016 # expanded by the inner shells
  if printf '%s\0' "${alone[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'one "$@"' one "$compile" >&2; then
    touch "$stamp"
    echo "headers: ${#alone[@]} without a .cpp of their own compile alone" >&2
  else
    failed=1
  fi
fi

# Names that the table lacks are all that it is asked for: it wants an include in the very file, and ours may bring others.
unknown_names() {
  awk 'FILENAME == ARGV[1] { for (i = 2; i <= NF; i++) known["std::" $i] = 1; next }
    match($0, /"std::[A-Za-z_0-9:]*"/) && !(substr($0, RSTART + 1, RLENGTH - 2) in known)' "$here/standard_headers.txt" -
}
if [[ $(clang-tidy --list-checks --checks='-*,misc-include-cleaner' 2>/dev/null) != *misc-include-cleaner* ]]; then
  echo "headers: clang-tidy $(clang-tidy --version 2>/dev/null | grep -oE 'version [0-9.]+' || echo 'is not') here," \
    "without misc-include-cleaner" >&2
elif [[ -e build/clang/compile_commands.json ]] && base=$(git rev-parse -q --verify "${MLRUN_BASE:-HEAD~1}" 2>/dev/null); then
  mapfile -t -n 30 changed < <(git diff --name-only --diff-filter=d "$base" -- 'src/*.cpp')
  found=''
  if [[ ${#changed[@]} -gt 0 ]]; then
    found=$(printf '%s\0' "${changed[@]}" | xargs -0 -n 2 -P "$(nproc)" clang-tidy -p build/clang --quiet \
      --checks='-*,misc-include-cleaner' 2>/dev/null | grep -E 'no header providing "std::' | sort -u | unknown_names || true)
  fi
  echo "headers: misc-include-cleaner has read ${#changed[@]} changed files" >&2
  if [[ -n $found ]]; then
    printf '%s\n' "$found" "remedy: include the header, and add the name to scripts/standard_headers.txt" >&2
    failed=1
  fi
fi
[[ -z $failed ]]
