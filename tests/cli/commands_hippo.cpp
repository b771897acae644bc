// The memory of a signal, as a user types it.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("hippo projects a built-in signal, and more coefficients keep more of it") {
  const Workplace place;
  double before = 10;
  for (const char* order : {"4", "16", "64"}) {
    const ProgramResult result = place.mlrun({"hippo", "noise", "--seed", "3", "--order", order, "--json"});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    const Json answer = Json::parse(result.out);
    CHECK(answer["relative"] < before);
    CHECK(answer["coefficients"].size() == static_cast<size_t>(std::stoi(order)));
    before = answer["relative"];
  }
  CHECK(before < 0.05);
  const Json five =
      Json::parse(place.mlrun({"hippo", "polynomial", "--order", "5", "--discretisation", "zoh", "--json"}).out);
  CHECK(five["relative"] < 1e-4);
  for (const char* measure : {"legs", "legt", "lagt"}) {
    for (const char* rule : {"bilinear", "zoh", "backward", "forward"}) {
      const ProgramResult result = place.mlrun({"hippo", "sine", "--measure", measure, "--discretisation", rule,
                                                "--order", "16", "--length", "4000", "--json"});
      INFO(measure << " " << rule << result.err);
      REQUIRE(result.exit_code == 0);
      CHECK(Json::parse(result.out)["relative"] < 0.2);
    }
  }
}

TEST_CASE("hippo draws signal and reconstruction, and writes a picture and a table") {
  Workplace place;
  const ProgramResult result =
      place.mlrun({"hippo", "steps", "--measure", "legt", "--window", "300", "-o", "a.png", "-o", "a.csv"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(says(result.out, "signal\n"));
  CHECK(says(result.out, "reconstruction\n"));
  CHECK(says(result.out, "over the last 300"));
  CHECK(says(result.out, "\xe2\xa0"));  // braille
  CHECK(says(result.out, "sample"));    // the axis, and numbers on both
  CHECK(says(result.out, "1000"));
  CHECK(place.get("a.png").substr(1, 3) == "PNG");
  const std::string table = place.get("a.csv");
  CHECK(table.substr(0, 31) == "i,signal,reconstruction,weight\n");
  CHECK(std::count(table.begin(), table.end(), '\n') == 1001);
  CHECK(says(table, "\n0,"));
  place.set("LC_ALL", "C");
  CHECK_FALSE(says(place.mlrun({"hippo", "steps"}).out, "\xe2"));
}

TEST_CASE("hippo reads numbers by lines, by column and from standard input") {
  const Workplace place;
  place.put("a.csv", "time,close\n0,1.5\n1,2.5\n2,-3\n");
  const auto mean = [&](const std::vector<std::string>& words) {
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return Json::parse(result.out)["coefficients"][0].get<double>();
  };
  const auto with = [](std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
  };
  const std::vector<std::string> base = {"hippo", "a.csv", "--order", "1", "--discretisation", "zoh", "--json"};
  CHECK(mean(with(base, {"--column", "close"})) == Approx(1.0 / 3));
  CHECK(mean(with(base, {"--column", "2"})) == Approx(1.0 / 3));
  CHECK(mean(base) == Approx(1));
  CHECK(mean(with(base, {"--column", "close", "--length", "2"})) == Approx(2));
  // However the table is written, the column is the same one.
  const std::vector<std::string> close = {"hippo", "b.csv",  "--order",  "1",    "--discretisation",
                                          "zoh",   "--json", "--column", "close"};
  for (const std::string text :
       {"time;close\r\n0;1,5\r\n1;2,5\r\n2;-3\r\n", "\xef\xbb\xbftime,close\n0,1.5\n1,2.5\n2,-3\n",
        "\"time\",\"close\"\n\"2024-01-01\",\"1.5\"\n\"2024-01-02\",\"2.5\"\n\"2024-01-03\",\"-3\"\n",
        "time\tclose\na\t1,5\nb\t2,5\nc\t-3\n", "# prices\ntime close\n0 1.5\n\n1 2.5\n2 -3\n"}) {
    place.put("b.csv", text);
    INFO(text);
    CHECK(mean(close) == Approx(1.0 / 3));
  }
  place.put("bom.txt",
            "\xef\xbb\xbf"
            "1.5\n2.5\n-3\n");
  CHECK(mean({"hippo", "bom.txt", "--order", "1", "--discretisation", "zoh", "--json"}) == Approx(1.0 / 3));
  CHECK(says(place.mlrun({"hippo", "a.csv", "--json"}).err, "column 1 counts the rows"));
  place.put("pairs.csv", "5,1\n7,2\n6,3\n");
  CHECK(says(place.mlrun({"hippo", "pairs.csv", "--json"}).err, "has 2 columns; the first is projected"));
  place.put("dates.csv", "day,close\n2024-01-01,1\n");
  CHECK(says(place.mlrun({"hippo", "dates.csv"}).err, "another column   --column 2"));
  const ProgramResult piped = place.shell("seq 500 | mlrun hippo - --order 2 --discretisation zoh --json");
  INFO(piped.err);
  CHECK(Json::parse(piped.out)["coefficients"][0] == Approx(250.5));
}

TEST_CASE("hippo says what is wrong with a signal, and where") {
  const Workplace place;
  place.put("bad.txt", "1\n2\nthree\n");
  place.put("empty.txt", "# nothing\n");
  const auto check = [&](const std::vector<std::string>& words, int code, const std::string& part) {
    std::vector<std::string> all = {"hippo"};
    all.insert(all.end(), words.begin(), words.end());
    const ProgramResult result = place.mlrun(all);
    INFO(result.err);
    CHECK(result.exit_code == code);
    CHECK(says(result.err, part));
  };
  check({"bad.txt"}, 3, "bad.txt:3: 'three'");
  check({"empty.txt"}, 3, "no numbers");
  check({"missing.txt"}, 3, "missing.txt");
  check({"chrip"}, 2, "did you mean 'chirp'");
  check({"bad.txt", "--column", "4"}, 2, "1 column");
  check({"sine", "--measure", "fourier"}, 2, "legs");
  check({"sine", "--window", "5"}, 2, "--measure legt");
  check({"sine", "-o", "a.jpg"}, 2, ".svg or .pdf");
  check({"sine", "--order", "0"}, 2, "--order");
  check({"white", "--measure", "legt", "--order", "256", "--window", "100", "--discretisation", "forward"}, 4,
        "unstable");
}
