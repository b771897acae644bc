#include "cli/terminal/text_table.hpp"

#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"

using namespace mlrun;
using cli::TextTable;

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
