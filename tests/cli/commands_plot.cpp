// Curves and reports, as a user asks for them.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

// A run made of a journal alone: metrics that are known, without training.
std::string written_run(const Workplace& place, const std::string& id, const std::vector<double>& nll,
                        const std::string& seed, const std::string& lr, const std::string& group = "g") {
  const std::string run = place.runs() + "/" + id;
  std::filesystem::create_directories(run + "/checkpoints");
  std::ofstream(run + "/resolved.yaml") << "name: " << id << "\nseed: " << seed
                                        << "\ndata: {kind: digits}\nmodel: {kind: made}\n"
                                        << "optim: {lr: " << lr << "}\n";
  std::ofstream journal(run + "/metrics.jsonl");
  journal << Json{{"kind", "run"},        {"id", id},          {"created", "2026-01-01T00:00:0" + seed + ".000Z"},
                  {"name", id},           {"group", group},    {"tags", Json::array()},
                  {"model", "made"},      {"fingerprint", id}, {"data_hash", "d"},
                  {"protocol", "static"}, {"nll_of", "x"},     {"train_examples", 100},
                  {"threads", 2}}
                 .dump()
          << "\n";
  for (size_t i = 0; i < nll.size(); ++i) {
    const double step = 10.0 * static_cast<double>(i + 1);
    journal << Json{{"table", "valid"},
                    {"step", static_cast<int>(step)},
                    {"epoch", step / 5},
                    {"time", 6 * step},
                    {"nll", std::isnan(nll[i]) ? Json(nullptr) : Json(nll[i])},
                    {"bpd", nll[i] / 784}}
                   .dump()
            << "\n";
  }
  journal << Json{{"kind", "status"}, {"status", "finished"}, {"at_step", 10 * nll.size()}}.dump() << "\n";
  return run;
}

std::vector<Json> answers(const ProgramResult& result) {
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  std::vector<Json> all;
  for (const std::string& line : result.lines()) all.push_back(Json::parse(line));
  return all;
}

}  // namespace

TEST_CASE("plot --json has the values of the journal, against step, epoch, time or examples") {
  const Workplace place;
  written_run(place, "a", {100, 90, NAN, 85}, "1", "0.1");
  const std::vector<Json> curve = answers(place.mlrun({"plot", "a", "--json"}));
  REQUIRE(curve.size() == 1);
  CHECK(curve[0]["step"] == Json({10, 20, 30, 40}));
  CHECK(curve[0]["value"] == Json({100, 90, nullptr, 85}));
  CHECK(answers(place.mlrun({"plot", "a", "--json", "--against", "epoch"}))[0]["epoch"] == Json({2, 4, 6, 8}));
  CHECK(answers(place.mlrun({"plot", "a", "--json", "--against", "time"}))[0]["time"] == Json({60, 120, 180, 240}));
  CHECK(answers(place.mlrun({"plot", "a", "--json", "--against", "examples"}))[0]["examples"] ==
        Json({200, 400, 600, 800}));
  const Json smooth = answers(place.mlrun({"plot", "a", "--json", "--smooth", "0.5"}))[0]["value"];
  CHECK(smooth[0] == 100);
  CHECK(smooth[1].get<double>() == Approx((0.5 * 100 + 90) / 1.5));
  CHECK(smooth[2].is_null());
  CHECK(smooth[3].get<double>() == Approx((0.25 * 100 + 0.5 * 90 + 85) / 1.75));
}

TEST_CASE("a group is one curve: mean and sample deviation over its runs, between their points where these differ") {
  const Workplace place;
  written_run(place, "a1", {100, 90}, "1", "0.1");
  written_run(place, "a2", {110, 94}, "2", "0.1");
  written_run(place, "b1", {80, 70}, "1", "0.2");
  const std::vector<Json> curves = answers(place.mlrun({"plot", "@group:g", "--group-by", "seed", "--json"}));
  REQUIRE(curves.size() == 2);
  CHECK(curves[0]["value"] == Json({105, 92}));
  CHECK(curves[0]["low"][0].get<double>() == Approx(105 - std::sqrt(50.0)));
  CHECK(curves[0]["high"][1].get<double>() == Approx(92 + std::sqrt(8.0)));
  CHECK(curves[0]["runs"].size() == 2);
  CHECK(curves[1]["value"] == Json({80, 70}));
  CHECK_FALSE(curves[1].contains("low"));
  CHECK(says(curves[0]["name"], "lr 0.1"));
  CHECK(says(curves[0]["name"], "mean and sd of 2"));
}

TEST_CASE("plot in the terminal fits its width, with a letter for each curve, and writes PNG, SVG and PDF") {
  Workplace place;
  written_run(place, "a", {100, 90, 85}, "1", "0.1");
  written_run(place, "b", {90, 80, 75}, "1", "0.2");
  for (const char* columns : {"80", "50"}) {
    for (const char* locale : {"C.UTF-8", "C"}) {
      place.set("COLUMNS", columns);
      place.set("LC_ALL", locale);
      const ProgramResult result = place.mlrun({"plot", "a", "b", "--line", "88.33=NADE"});
      INFO(result.out);
      REQUIRE(result.exit_code == 0);
      CHECK(says(result.out, "valid/nll (nats)"));
      CHECK(says(result.out, "NADE 88.33"));
      CHECK(says(result.out, "a lr 0.1"));
      CHECK(says(result.out, "b lr 0.2"));
      CHECK(says(result.out, "\xe2\xa0") == (std::string(locale) == "C.UTF-8"));
      for (const std::string& line : result.lines()) {
        const auto width = std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xc0) != 0x80; });
        CHECK(width <= std::stoi(columns));
      }
    }
  }
  const ProgramResult files =
      place.mlrun({"plot", "-o", "c.png", "-o", "c.svg", "-o", "c.pdf", "a", "--size", "300x200"});
  INFO(files.err);
  REQUIRE(files.exit_code == 0);
  CHECK(files.out.empty());
  CHECK(place.get("c.png").substr(1, 3) == "PNG");
  CHECK(says(place.get("c.svg"), "<svg"));
  CHECK(place.get("c.pdf").substr(0, 5) == "%PDF-");
}

TEST_CASE("what cannot be plotted is refused in words, and a run without the metric is left out by name") {
  const Workplace place;
  written_run(place, "a", {100, 90}, "1", "0.1");
  written_run(place, "empty", {}, "2", "0.1");
  const auto refused = [&](std::vector<std::string> words, const std::string& part) {
    words.insert(words.begin(), "plot");
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(says(result.err, part));
  };
  refused({"a", "--metric", "valid/nl"}, "did you mean 'valid/nll'?");
  refused({"a", "--metric", "valid/nll", "--metric", "valid/bpd"}, "no axis in common");
  refused({"empty"}, "no metrics yet");
  refused({"a", "--line", "NADE"}, "88.33=NADE");
  refused({"a", "--range", "5:3"}, "not below");
  refused({"a", "--range", "0:3", "--log-y"}, "above 0");
  refused({"a", "-o", "a.jpg"}, ".png, .svg or .pdf");
  refused({"a", "--size", "big"}, "640x400");
  refused({"a", "--where", "valid/nll < 3"}, "none of 1 run fits");
  refused({"@group:nosuch"}, "nosuch");
  const ProgramResult both = place.mlrun({"plot", "a", "empty"});
  CHECK(both.exit_code == 0);
  CHECK(says(both.err, "left out: empty"));
  // Half-written: a journal that ends in the middle of a line, and a directory that is no run yet.
  std::ofstream(place.runs() + "/a/metrics.jsonl", std::ios::app) << "{\"table\":\"valid\",\"st";
  std::filesystem::create_directories(place.runs() + "/begun/checkpoints");
  CHECK(place.mlrun({"plot"}).exit_code == 0);
}

TEST_CASE("the Pareto plot has every result over its core-minutes, and refuses results of different things") {
  const Workplace place;
  written_run(place, "fast", {100, 90}, "1", "0.1");
  written_run(place, "slow", {100, 95, 92, 91, 85}, "2", "0.1");
  written_run(place, "worse", {100, 99, 98}, "3", "0.1");
  const std::vector<Json> points = answers(place.mlrun({"plot", "--pareto", "--json"}));
  REQUIRE(points.size() == 3);
  CHECK(points[0]["core_minutes"].get<double>() == Approx(120.0 * 2 / 60));
  CHECK(points[0]["frontier"] == true);
  CHECK(points[1]["frontier"] == false);
  CHECK(points[2]["valid_nll"] == 85);
  CHECK(points[2]["frontier"] == true);
  CHECK(place.mlrun({"plot", "--pareto", "-o", "p.svg"}).exit_code == 0);
  place.train();
  const ProgramResult refused = place.mlrun({"plot", "--pareto"});
  CHECK(refused.exit_code == 2);
  CHECK(says(refused.err, "not comparable"));
  CHECK(place.mlrun({"plot", "--pareto", "--where", "protocol = static"}).exit_code == 0);
}

TEST_CASE("a report is one file with results, curves, samples, settings and the commands that make it again") {
  const Workplace place;
  std::vector<std::string> runs;
  for (const char* lr : {"optim.lr=1e-3", "optim.lr=1e-2"})
    for (const char* seed : {"1", "2"}) runs.push_back(place.train({lr, "--seed", seed, "--group", "lr"}));
  REQUIRE(place.mlrun({"eval", runs[0], "-q"}).exit_code == 0);
  REQUIRE(place.mlrun({"prove", runs[0], "-q"}).exit_code == 0);
  for (const std::string& run : runs)
    REQUIRE(place.mlrun({"sample", run, "--complete", "top", "-n", "2", "-o", run + "/samples/completions.png", "-q"})
                .exit_code == 0);
  const ProgramResult result = place.mlrun({"report", "@group:lr", "-o", "lr.html", "--line", "88.33=NADE", "--json"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  const Json answer = Json::parse(result.last_line());
  CHECK(answer["runs"] == 4);
  CHECK(answer["settings"] == 2);
  const std::string page = place.get("lr.html");
  for (const char* part : {"<title>lr</title>", "optim.lr", "&plusmn;", "data:image/png;base64,", "NADE 88.33",
                           "prefers-color-scheme:dark", "entropy of samples", "PASS", ": samples<", ": completions<",
                           "data-chart=", "data:text/yaml;base64,", "mlrun train ", "exact"})
    CHECK(says(page, part));
  for (const std::string& run : runs) CHECK(says(page, std::filesystem::path(run).filename().string()));
  // Nothing is fetched from anywhere.
  const std::regex outside("(src|href)=\"(https?:|//|file:)");
  CHECK_FALSE(std::regex_search(page, outside));
  place.mlrun({"report", "@group:lr", "-o", "again.html", "--line", "88.33=NADE", "-q"});
  CHECK(place.get("again.html") == page);
  // What the page gives to train is the run's spec.
  const std::string spec = place.get("runs/" + std::filesystem::path(runs[0]).filename().string() + "/resolved.yaml");
  CHECK(says(page, "batch_size: 50"));
  CHECK(says(spec, "batch_size: 50"));

  // A run that cannot be read is named in the page and on stderr; the others are there.
  const std::string broken = place.runs() + "/broken";
  std::filesystem::create_directories(broken);
  std::ofstream(broken + "/resolved.yaml") << "name: broken\nnewer: {kind: unheard_of}\n";
  const ProgramResult partly = place.mlrun({"report", "-o", "all.html"});
  CHECK(partly.exit_code == 0);
  CHECK(says(partly.err, "left out: broken"));
  CHECK(says(place.get("all.html"), "Left out"));
  CHECK(place.mlrun({"report", broken, "-o", "none.html"}).exit_code == 2);
  CHECK(place.mlrun({"report", "-o", "report.pdf"}).exit_code == 2);
}
