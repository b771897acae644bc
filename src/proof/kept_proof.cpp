#include "proof/kept_proof.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/json_line.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMostBytes = 1 << 20;

// A figure that is not finite is null in JSON.
double number(const Json& value) { return value.is_number() ? value.get<double>() : NAN; }

}  // namespace

std::string proof_json(const ProveOutcome& proof) {
  Json checks = Json::array();
  for (const ProofCheck& c : proof.checks) {
    checks.push_back(
        {{"name", c.name}, {"pass", c.pass}, {"figure", c.figure}, {"limit", c.limit}, {"finding", c.finding}});
  }
  return io::json_line({{"checks", checks},
                        {"pass", proof.pass()},
                        {"checkpoint", proof.checkpoint},
                        {"step", proof.step},
                        {"components", proof.components},
                        {"components_checked", proof.components_checked}});
}

void keep_proof(const ProveOutcome& proof) {
  const std::string run = run_of_checkpoint(proof.checkpoint);
  if (run.empty()) return;
  try {
    io::write_atomically(fmt::format("{}/evals/step-{:09}-proof.json", run, proof.step), proof_json(proof) + "\n");
  } catch (const Error& e) {
    log::warning("the proof is not kept in the run: {}", e.what());
  }
}

std::vector<KeptProof> kept_proofs(const std::string& run_path) {
  std::vector<KeptProof> found;
  const std::string folder = run_path + "/evals";
  if (!io::is_directory(folder)) return found;
  for (const std::string& name : io::list_directory(folder)) {
    if (!name.starts_with("step-") || !name.ends_with("-proof.json")) continue;
    try {
      const Json json = Json::parse(io::read_text_file(folder + "/" + name, kMostBytes, ExitCode::kData));
      KeptProof proof;
      proof.step = json.at("step").get<int64_t>();
      for (const Json& c : json.at("checks")) {
        proof.checks.push_back({c.at("name").get<std::string>(), c.at("pass").get<bool>(), number(c.at("figure")),
                                number(c.at("limit")), c.at("finding").get<std::string>()});
      }
      found.push_back(std::move(proof));
    } catch (const Error& e) {
      log::warning("{}", e.what());
    } catch (const Json::exception&) {
      log::warning("{}/{}: not the answer of mlrun prove; left out", folder, name);
    }
  }
  std::sort(found.begin(), found.end(), [](const KeptProof& a, const KeptProof& b) { return a.step < b.step; });
  return found;
}

}  // namespace mlrun
