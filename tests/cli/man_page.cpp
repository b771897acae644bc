#include "cli/parse/man_page.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "catch.hpp"
#include "cli/commands.hpp"
#include "cli/parse/help.hpp"
#include "cli/run_program.hpp"
#include "io/file.hpp"

using namespace mlrun::cli;
using mlrun::test::Workplace;

namespace {

std::map<std::string, std::string> pages() {
  CLI::App app("Models", "mlrun");
  const Globals globals;
  app.formatter(std::make_shared<HelpFormatter>(80));
  Command root(app);
  add_commands(root, globals);
  std::map<std::string, std::string> texts;
  for (const ManPage& page : man_pages(app)) texts[page.name] = page.text;
  return texts;
}

}  // namespace

TEST_CASE("every command has a manual page with its synopsis, arguments, options and examples") {
  const auto texts = pages();
  REQUIRE(texts.count("mlrun-config-show") == 1);
  CHECK(texts.count("mlrun-__complete") == 0);
  CHECK_THAT(texts.at("mlrun"), Catch::Contains("\\fBmlrun\\-train\\fR(1)"));
  const std::string& eval = texts.at("mlrun-eval");
  CHECK_THAT(eval, Catch::StartsWith(".TH \"mlrun\\-eval\" 1 \"\" \"mlrun "));
  CHECK_THAT(eval, Catch::Contains(".SH SYNOPSIS\n\\fBmlrun eval\\fR RUN [OVERRIDE...] [OPTIONS]\n"));
  CHECK_THAT(eval, Catch::Contains(".SH ARGUMENTS\n.TP\n\\fIRUN\\fR\n"));
  CHECK_THAT(eval, Catch::Contains("\n.TP\n\\fB\\-\\-per\\-example\\fR \\fIFILE.h5\\fR\n"));
  CHECK_THAT(eval, Catch::Contains(".SH EXAMPLES\n.nf\nmlrun eval @last\n"));
}

TEST_CASE("no text of a manual page is taken for a request of roff") {
  const std::vector<std::string> requests = {".TH", ".SH", ".TP", ".nf", ".fi"};
  for (const auto& [name, text] : pages()) {
    INFO(name);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (line.empty() || (line[0] != '.' && line[0] != '\'')) continue;
      INFO(line);
      CHECK(std::find(requests.begin(), requests.end(), line.substr(0, 3)) != requests.end());
    }
  }
}

TEST_CASE("the manual's exit codes are those of README") {
  const char* sources = std::getenv("MLRUN_SOURCE_DIR");
  REQUIRE(sources != nullptr);  // set by ctest
  const std::string readme =
      mlrun::io::read_text_file(std::string(sources) + "/README.md", 1 << 20, mlrun::ExitCode::kData);
  std::istringstream lines(pages().at("mlrun"));
  int codes = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("\\fB", 0) != 0 || line.find_first_not_of("0123456789", 3) != line.size() - 3) continue;
    const std::string code = line.substr(3, line.size() - 6);
    std::getline(lines, line);
    line.erase(std::remove(line.begin(), line.end(), '\\'), line.end());
    INFO(code << ": " << line);
    const bool signal = line.rfind("SIG", 0) == 0;
    if (signal) CHECK_THAT(readme, Catch::Contains("| 130 / 143 | SIGINT / SIGTERM or SIGHUP, state saved |"));
    else CHECK_THAT(readme, Catch::Contains("| " + code + " | " + line + " |"));
    ++codes;
  }
  CHECK(codes == 13);
}

TEST_CASE("the hidden command writes the pages") {
  const Workplace place;
  CHECK(place.mlrun({"__man", "."}).exit_code == 0);
  CHECK(std::filesystem::exists(place.path("mlrun.1")));
  CHECK(std::filesystem::exists(place.path("mlrun-config-show.1")));
}
