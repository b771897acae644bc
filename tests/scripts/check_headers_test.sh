#!/usr/bin/env bash
# Leaves includes out of a small tree and sees scripts/check_headers.sh name them and no others.
set -euo pipefail
checker=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/check_headers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

fresh_tree() {
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/src/base "$tree"/tests/base "$tree"/build/release
  printf '#pragma once\n#include <vector>\ninline std::vector<int> none() { return {}; }\n' >"$tree/src/base/list.hpp"
  printf '#pragma once\n#include "base/list.hpp"\nstd::vector<int> some();\n' >"$tree/src/base/more.hpp"
  printf '#include "base/more.hpp"\n\n#include <algorithm>\n// std::string would be too much.\nint f() { return std::max(1, 2); }\n' >"$tree/src/base/more.cpp"
  printf '#include "near.hpp"\nstd::string name() { return "std::optional"; }\n' >"$tree/tests/base/list.cpp"
  printf '#include <string>\n' >"$tree/tests/base/near.hpp"
  printf '[\n{\n  "command": "%s -I%s/src -std=c++20 -o x.o -c %s/src/base/more.cpp",\n}\n]\n' \
    "${CXX:-c++}" "$tree" "$tree" >"$tree/build/release/compile_commands.json"
}

# expect CODE TEXT NAME: runs the checker on the tree and compares exit code and message.
expect() {
  local code=0 output
  output=$("$checker" "$tree" 2>&1) || code=$?
  if [[ $code != "$1" || $output != *"$2"* ]]; then
    printf 'FAILED: %s\n  expected exit %s and "%s"\n  got exit %s and:\n%s\n' "$3" "$1" "$2" "$code" "$output"
    failures=$((failures + 1))
  fi
}

fresh_tree
expect 0 "have their #include" "includes through our own headers count, and comments and strings do not"
expect 0 "none has changed since 1 were compiled alone" "what has passed is not compiled again"

fresh_tree
echo 'void g(int* p, int* q) { std::copy_n(p, 1, q); }' >>"$tree/tests/base/list.cpp"
expect 1 "tests/base/list.cpp:3: error: std::copy_n without #include <algorithm>" "a missing include is named, with file and line"

fresh_tree
echo 'int64_t h();' >>"$tree/src/base/list.hpp"
expect 1 "src/base/list.hpp:4: error: integers of a given width without #include <cstdint>" "int64_t is a name of the library, std:: or not"

fresh_tree
echo 'double g(double x) { return std::abs(x); }' >>"$tree/tests/base/list.cpp"
expect 1 "<cmath> or <complex> or <cstdlib>" "all headers that would do are named"

fresh_tree
echo 'Shape shape_of(int);' >>"$tree/src/base/list.hpp"
expect 1 "src/base/list.hpp does not compile alone" "a header that needs another first is refused"
rm "$tree"/build/release/compile_commands.json
expect 0 "there is no build/release yet" "without a build it says that no header was compiled"

fresh_tree
echo 'const Field field = {.help = "names", .fallback = {{}}};' >>"$tree/src/base/more.cpp"
expect 1 "more.cpp:6:const Field field" "an empty list for an optional is refused, as g++ 14 does"

fresh_tree
echo 'using Catch::Matchers::Contains;' >>"$tree/tests/base/list.cpp"
expect 1 "tests/base/list.cpp:3:using Catch::Matchers::Contains;" "a matcher that Catch2 3 names otherwise is refused"

if [[ $failures -gt 0 ]]; then exit 1; fi
echo "check_headers_test.sh: passed"
