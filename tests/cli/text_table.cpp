#include "cli/terminal/text_table.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "cli/terminal/wrapped.hpp"

using namespace mlrun;
using cli::display_width;
using cli::elided;
using cli::TextTable;
using cli::wrapped;

TEST_CASE("columns of numbers are aligned at the right, words at the left") {
  TextTable table({"run", "nll", "time"});
  table.add({"made-1", "88.95", "1:02:03"});
  table.add({"nade", "101.2", "0:56"});
  CHECK(table.plain() ==
        "run       nll     time\n"
        "made-1  88.95  1:02:03\n"
        "nade    101.2     0:56\n");
}

TEST_CASE("a table becomes Markdown with its alignment") {
  TextTable table({"run", "nll"});
  table.add({"a|b", "88.95 +- 0.30"});
  CHECK(table.markdown() ==
        "| run | nll |\n"
        "| --- | ---: |\n"
        "| a\\|b | 88.95 +- 0.30 |\n");
}

TEST_CASE("what looks like a number decides the alignment") {
  const auto right = [](const std::vector<std::string>& cells) {
    TextTable table({"x"});
    for (const std::string& cell : cells) table.add({cell});
    return table.markdown().find("---:") != std::string::npos;
  };
  CHECK(right({"12", "-3.5", "1e-3", "785 284", "41.8k", "7%", "3.1 MB", "0:56", "nan", "84.2 ± 0.3"}));
  CHECK(right({"1", "-", ""}));
  CHECK_FALSE(right({"1", "two"}));
  CHECK_FALSE(right({"-", ""}));
  CHECK_FALSE(right({}));
  CHECK_FALSE(right({"k"}));
  CHECK_FALSE(right({"3 +- x"}));
  CHECK_FALSE(right({"made-20261124"}));
}

TEST_CASE("a table that is too wide goes without the columns that count least") {
  TextTable table({"run", "status", "nll", "protocol"});
  table.add({"a-long-name", "finished", "84.2", "static (Larochelle)"});
  const auto fitted = [&](int width) {
    std::vector<std::string> left_out;
    const std::string text = table.fitted(width, {"protocol", "status"}, left_out);
    return std::pair(text, left_out);
  };
  CHECK(fitted(80) == std::pair(table.plain(), std::vector<std::string>{}));
  CHECK(fitted(48).second.empty());
  const auto narrow = fitted(47);
  CHECK(narrow.second == std::vector<std::string>{"protocol"});
  CHECK(narrow.first == "run          status     nll\na-long-name  finished  84.2\n");
  CHECK(fitted(10) == std::pair(std::string("run           nll\na-long-name  84.2\n"),
                                std::vector<std::string>{"protocol", "status"}));
}

TEST_CASE("what is too wide still is elided in its middle, and sentences are broken into lines") {
  std::vector<std::string> left_out;
  TextTable runs({"run", "nll"});
  runs.add({"made-with-a-very-long-name-20261201-134621-f953", "84.2"});
  runs.add({"short", "1.25"});
  CHECK(runs.fitted(30, {}, left_out) ==
        "run               nll\n"
        "made-w..21-f953  84.2\n"
        "short            1.25\n");
  TextTable files({"size", "path", "reason"});
  files.add({"8.2 MB", "a-run-of-a-long-name-f953/checkpoints/step-000000100.h5", "neither best nor last"});
  files.add({"0 B", "other-96b1", "left by a killed writer"});
  for (const int width : {120, 100, 80, 64, 50, 44, 30}) {
    const std::string text = files.fitted(width, {}, left_out);
    INFO(width << "\n" << text);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(display_width(line) <= std::max(width, 46));
    if (width >= 80) CHECK(text.find("100.h5") != std::string::npos);
    CHECK(text.find("0 B  other-96b1") != std::string::npos);
    CHECK(text.find("neither") != std::string::npos);
  }
  CHECK(left_out.empty());
  // Sentences are broken before a column goes.
  TextTable tensors({"tensor", "axes", "what it is"});
  tensors.add({"weight", "out,in", "one row for each unit, one column for each input of it"});
  CHECK(tensors.fitted(40, {"axes"}, left_out) ==
        "tensor  axes    what it is\n"
        "weight  out,in  one row for each unit,\n"
        "                one column for each\n"
        "                input of it\n");
  CHECK(left_out.empty());
  CHECK(tensors.fitted(34, {"axes"}, left_out).find("out,in") == std::string::npos);
  left_out.clear();
  // A column that may go is never cut short: it is there as it is, or not at all.
  TextTable table({"run", "protocol"});
  table.add({"a", "static (the draw of a program that draws digits)"});
  CHECK(table.fitted(40, {"protocol"}, left_out) == "run\na\n");
}

TEST_CASE("of a path, the longest parts are elided first, and of any text its middle") {
  CHECK(elided("short", 10) == "short");
  CHECK(elided("abcdefghijkl", 8) == "abc..jkl");
  CHECK(elided("Ångström-Ångström", 8) == "Ång..röm");
  CHECK(elided("a-run-of-a-long-name-f953/checkpoints/step-000000100.h5", 44) ==
        "a-run-..me-f953/checkpoints/step-00..0100.h5");
  CHECK(elided("/a/b/c/d/e/f/g/h/i/j/k/l/m/n", 12).size() == 12);
  for (int width = 5; width < 60; ++width)
    CHECK(display_width(elided("a-run-of-a-long-name-f953/checkpoints/step-000000100.h5", width)) <= width);
}

TEST_CASE("prose is broken at blanks, and a word longer than a line is elided") {
  CHECK(wrapped("one two three four", 9, 2, 0) == "one two\n  three\n  four");
  CHECK(wrapped("one two", 80, 2, 0) == "one two");
  CHECK(wrapped("one two", 10, 6, 6) == "one\n      two");
  CHECK(wrapped("a 0123456789012345678901234567890 b", 22, 2, 0) == "a 012345678..234567890\n  b");
  CHECK(wrapped("", 10, 2, 0).empty());
}

TEST_CASE("widths count characters, not bytes, and lines carry no trailing blanks") {
  TextTable table({"name", "note"});
  table.add({"Ångström", "x"});
  table.add({"a", ""});
  CHECK(table.plain() ==
        "name      note\n"
        "Ångström  x\n"
        "a\n");
}

TEST_CASE("a newline cannot break a row, and a row of the wrong length is refused") {
  TextTable table({"a", "b"});
  table.add({"one\ntwo", "x"});
  CHECK(table.plain() == "a        b\none two  x\n");
  CHECK_THROWS_AS(table.add({"only one"}), Error);
}
