#include "catch.hpp"
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
}

TEST_CASE("Damaged text tables are refused with line, column, what was found and what was expected") {
  CHECK(refusal("0 1\n0 7\n", 1) == "3: x.csv:2:3: found '7', expected 0 or 1");
  CHECK(refusal("0 1\n0 2\n", 1) == "3: x.csv:2:3: found '2', expected 0 or 1");
  CHECK(refusal("0 1 1\n0 1\n") == "3: x.csv:2: found 2 numbers, expected 3, as in line 1");
  CHECK(refusal("0 1\n0 1 1\n") == "3: x.csv:2: found 3 numbers, expected 2, as in line 1");
  CHECK(refusal("0 1\n\n0 1\n") == "3: x.csv:2:1: found nothing, expected a whole number 0 .. 65535");
  CHECK(refusal("0,1\n0,\n") == "3: x.csv:2:3: found nothing, expected a whole number 0 .. 65535");
  CHECK(refusal("0,1\n0,") == "3: x.csv:2:3: found the end, expected a whole number 0 .. 65535");
  CHECK(refusal("0,,1\n") == "3: x.csv:1:3: found nothing, expected a whole number 0 .. 65535");
  CHECK(refusal("0,1\n0 1\n").find("x.csv:2:3: found '1', expected") != std::string::npos);
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
  CHECK(
      refusal("age,sex\n1,0\n") ==
      "3: x.csv:1:1: found 'age', expected a whole number 0 .. 65535\n  a header line is not accepted: remove it (tail "
      "-n +2)");
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
