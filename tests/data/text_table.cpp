#include "catch.hpp"

#include <cstdlib>

#include "data/text_table.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

std::string printed(const std::string& text, int32_t largest = 65535) {
  const std::string name = "x.csv";
  const SymbolTable table = parse_text_table(text, name, largest);
  std::string out;
  std::vector<int32_t> row(static_cast<size_t>(table.width()));
  for (int64_t i = 0; i < table.rows(); ++i) {
    table.unpack(i, row.data());
    for (const int32_t symbol : row) out += std::to_string(symbol) + " ";
    out += "|";
  }
  return out;
}
std::string refusal(const std::string& text, int32_t largest = 65535) {
  return testing::error_of([&] { printed(text, largest); });
}

TEST_CASE("Text tables are read with every separator, line end and spelling of a whole number") {
  CHECK(printed("0 1\n1 0\n") == "0 1 |1 0 |");
  CHECK(printed("0 1\n1 0") == "0 1 |1 0 |");
  CHECK(printed("0 1 \n1 0 \n") == "0 1 |1 0 |");
  CHECK(printed(" 0   1\n  1 0\n\n \n") == "0 1 |1 0 |");
  CHECK(printed("0,1\r\n1,0\r\n") == "0 1 |1 0 |");
  CHECK(printed("0, 1\n1 ,0\n") == "0 1 |1 0 |");
  CHECK(printed("0;1\n1;0\n") == "0 1 |1 0 |");
  CHECK(printed("0\t1\n1\t0\n") == "0 1 |1 0 |");
  CHECK(printed("7\n300\n65535\n") == "7 |300 |65535 |");
  CHECK(printed("1.000000000000000000e+00 0.0 2.5e1\n") == "1 0 25 |");
  CHECK(printed("0 1\n\n0 1\n") == "0 1 |0 1 |");
  CHECK(printed("# bits\n0 1\n # more\n0 1\n") == "0 1 |0 1 |");
  CHECK(printed("\xef\xbb\xbf"
                "0,1\n1,0\n") == "0 1 |1 0 |");
  CHECK(printed("\"0\",\"1\"\n\"1\", \"0\" \n") == "0 1 |1 0 |");
  CHECK(printed("0,0;1,0\n1,00;0,0\n") == "0 1 |1 0 |");
  CHECK(printed("0,0\t1,0\n1\t0\n") == "0 1 |1 0 |");
  CHECK(printed("0,0 1,0\n1 0\n") == "0 1 |1 0 |");
}

TEST_CASE("Names above a text table are passed over") {
  CHECK(printed("age,sex\n1,0\n") == "1 0 |");
  CHECK(printed("\"age, in years\",\"the \"\"sex\"\"\"\n1,0\n") == "1 0 |");
  CHECK(printed("a;b\r\n1;0\r\n") == "1 0 |");
  CHECK(printed("a b\n1 0\n") == "1 0 |");
  CHECK(printed("# made by hand\nage\tsex\n1\t0\n") == "1 0 |");
  CHECK(printed("close\n1,0\n3,0\n") == "1 |3 |");             // decimal commas under one name
  CHECK(printed(",0,1\n0,1,0\n1,0,1\n") == "0 1 0 |1 0 1 |");  // as pandas names columns
  CHECK(
      refusal("x,1,0\n0,1,1\n") ==
      "3: x.csv:1:1: found 'x', expected a whole number 0 .. 65535\n  if it is the class of each row   data.labels=1");
  CHECK(
      refusal("0,1,x\n0,1,1\n") ==
      "3: x.csv:1:5: found 'x', expected a whole number 0 .. 65535\n  if it is the class of each row   data.labels=3");
  CHECK(refusal("a,b\nc,d\n") ==
        "3: x.csv:2:1: found 'c', expected a whole number 0 .. 65535 (column 'a')\n"
        "  if it is the class of each row   data.labels=a");
}

TEST_CASE("Numbers of columns and rows that pandas wrote are told of, with a command that takes them away") {
  const auto warnings = [](const std::string& text, const std::string& name = "a/t.csv") {
    std::vector<std::string> all;
    parse_text_rows(text, name, {.warnings = &all});
    return all;
  };
  const auto one = [](const std::vector<std::string>& all, const std::string& part, const std::string& remedy) {
    INFO((all.empty() ? "" : all[0]));
    return all.size() == 1 && all[0].find(part) != std::string::npos && all[0].ends_with("   " + remedy);
  };
  CHECK(one(warnings("0,1,2\n0,1,1\n1,0,0\n"), "line 1 counts up from column", "sed 1d a/t.csv > a/t-rows.csv"));
  CHECK(one(warnings("# x\n5,6,7\n0,1,1\n"), "line 2 counts up from column", "sed 2d a/t.csv > a/t-rows.csv"));
  CHECK(one(warnings("0,1,1\n1,0,1\n2,1,1\n"), "column 1 counts the rows, 0 .. 2",
            "cut -d',' -f2- a/t.csv > a/t-rows.csv"));
  CHECK(one(warnings(",0,1\n0,1,1\n1,0,1\n2,1,1\n"), "column 1 counts", "cut -d',' -f2- a/t.csv > a/t-rows.csv"));
  CHECK(one(warnings("id;x\n1;1\n2;0\n3;1\n"), "column 1 ('id') counts the rows, 1 .. 3",
            "cut -d';' -f2- a/t.csv > a/t-rows.csv"));
  CHECK(one(warnings("0 1\n1 0\n2 1\n", "it's.amat.gz"), "column 1 counts",
            "zcat 'it'\\''s.amat.gz' | sed 's/^ *[^ ]* *//' > 'it'\\''s-rows.amat'"));
  CHECK(one(warnings("0\t1\n1\t0\n2\t1\n"), "column 1 counts", "cut -f2- a/t.csv > a/t-rows.csv"));
  CHECK(warnings("0,1,2\n0,5,1\n1,5,0\n2,5,0\n").size() == 1);  // the column begins 0, 0
  CHECK(warnings("0,1\n1,0\n").empty());                        // two of each say nothing
  CHECK(warnings("0\n1\n2\n3\n").empty());                      // a column alone is data
  CHECK(warnings("0,1,1\n1,0,1\n1,1,1\n").empty());
  CHECK(warnings("age,sex\n1,0\n1,0\n2,0\n").empty());
  for (const std::string text : {",0,1\n0,1,1\n1,0,1\n2,1,1\n", "0 1 2\n1 1 1\n1 0 0\n", "  0  1 1\n 1 0 1\n2 1 1\n"}) {
    testing::TemporaryDirectory folder;
    testing::write_file(folder / "it's.csv", text);
    const std::vector<std::string> all = warnings(text, folder / "it's.csv");
    REQUIRE(all.size() == 1);
    REQUIRE(std::system(all[0].substr(all[0].rfind("   ")).c_str()) == 0);
    const std::string mended = testing::read_all(folder / "it's-rows.csv");
    CHECK(warnings(mended).empty());
    CHECK(printed(mended).size() < printed(text).size());
  }
}

TEST_CASE("UTF-16 is named, with a command that makes it UTF-8") {
  const auto utf16 = [](const std::string& text, bool big, bool mark) {
    std::string out = !mark ? "" : big ? "\xfe\xff" : "\xff\xfe";
    for (const char c : text) out += big ? std::string{'\0', c} : std::string{c, '\0'};
    return out;
  };
  for (const bool big : {false, true}) {
    for (const bool mark : {false, true}) {
      testing::TemporaryDirectory folder;
      const std::string path = folder / "x.csv", file = utf16("0,1\n1,0\n", big, mark);
      testing::write_file(path, file);
      const std::string message = testing::error_of([&] { parse_text_table(file, path); });
      CHECK(message.starts_with("3: " + path + ": found UTF-16, expected UTF-8\n  write it anew   iconv -f UTF-16"));
      REQUIRE(std::system(message.substr(message.find("iconv")).c_str()) == 0);
      CHECK(printed(testing::read_all(folder / "x-rows.csv")) == "0 1 |1 0 |");
    }
  }
}

TEST_CASE("Damaged text tables are refused with line, column, what was found and what was expected") {
  CHECK(refusal("0 1\n0 7\n", 1) == "3: x.csv:2:3: found '7', expected 0 or 1");
  CHECK(refusal("0 1\n0 2\n", 1) == "3: x.csv:2:3: found '2', expected 0 or 1");
  CHECK(refusal("0 1 1\n0 1\n") == "3: x.csv:2: found 2 numbers, expected 3, as in line 1");
  CHECK(refusal("0 1\n0 1 1\n") == "3: x.csv:2: found 3 numbers, expected 2, as in line 1");
  CHECK(refusal("0,1\n0,\n") == "3: x.csv:2:3: found nothing, expected a whole number 0 .. 65535");
  CHECK(refusal("0,1\n0,") == "3: x.csv:2:3: found the end, expected a whole number 0 .. 65535");
  CHECK(refusal("0,,1\n") == "3: x.csv:1:3: found nothing, expected a whole number 0 .. 65535");
  CHECK(refusal("0,1\n0 1\n").find("x.csv:2:1: found '0 1', expected") != std::string::npos);
  CHECK(refusal("0 1\n0,1\n").find("x.csv:2:1: found '0,1'") != std::string::npos);
  CHECK(refusal("0 0.5\n").find("x.csv:1:3: found '0.5'") != std::string::npos);
  CHECK(refusal("0 -1\n").find("found '-1'") != std::string::npos);
  CHECK(refusal("0 65536\n").find("found '65536'") != std::string::npos);
  CHECK(refusal("0 1e300\n").find("found '1e300'") != std::string::npos);
  CHECK(refusal("0 nan\n").find("found 'nan'") != std::string::npos);
  CHECK(refusal("0 1_0\n").find("found '1_0'") != std::string::npos);
  CHECK(refusal("0 01\n").find("found '01'") != std::string::npos);
  CHECK(refusal("0 \x01\n").find("found '?'") != std::string::npos);
  CHECK(refusal("") == "3: x.csv: found no numbers, expected rows of 0 .. 65535");
  CHECK(refusal("\n\n") == "3: x.csv: found no numbers, expected rows of 0 .. 65535");
}

TEST_CASE("A text table cut short anywhere is read or refused, never anything else") {
  const std::string text = "0 1 7\n1, 2;3\t\r\n 1.5e1 \n\n1 \n";
  for (size_t begin = 0; begin < text.size(); ++begin) {
    for (size_t size = 0; begin + size <= text.size(); ++size) {
      const std::string piece(text, begin, size), answer = refusal(piece);
      CHECK((answer.empty() || answer.starts_with("3: x.csv:")));
    }
  }
}

}  // namespace
}  // namespace mlrun
