#include "experiment/origin.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "base/error.hpp"
#include "experiment/checkpoint.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/sha256.hpp"
#include "runs/find_run.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

std::string check_sha256(const std::string& text) {
  const bool hex =
      std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return text.empty() || (hex && text.size() == 64) ? "" : "64 hexadecimal digits";
}

// Both were written in one file, or both on one command line.
bool written_together(const config::Origin& a, const config::Origin& b) {
  return (a.argument > 0) == (b.argument > 0) && (a.argument > 0 || a.file == b.file);
}

std::string run_of(const std::string& checkpoint) {
  const std::filesystem::path folder = std::filesystem::path(checkpoint).parent_path();
  return folder.filename() == "checkpoints" ? folder.parent_path().filename().string() : "";
}

// The file of the same run and step below the run root, if the origin knows its run.
std::string in_run_root(const Origin& origin) {
  if (origin.run.empty()) return "";
  return std::filesystem::absolute(fmt::format("{}/{}/checkpoints/step-{:09}.h5", run_root(), origin.run, origin.step))
      .lexically_normal()
      .string();
}

}  // namespace

std::optional<Origin> read_origin(config::Reader section) {
  Origin origin;
  const std::optional<std::string> checkpoint =
      section.string_or("checkpoint", "none",
                        {.help = "whose weights are the initial ones: a run or a checkpoint; train --from sets it"});
  if (checkpoint) origin.checkpoint = *checkpoint;
  const auto wanted = [&](const char* key) { return checkpoint || section.has(key) || section.describing(); };
  if (wanted("run"))
    origin.run = section.string("run", {.help = "its run, as found", .fallback = "", .allow_empty = true});
  if (wanted("step")) origin.step = section.integer("step", {.help = "its step, as found", .min = 0, .fallback = 0});
  if (wanted("sha256")) {
    origin.sha256 = section.string("sha256", {.help = "of the weights, as found; other weights are then refused",
                                              .fallback = "",
                                              .allow_empty = true,
                                              .check = check_sha256});
  }
  if (!checkpoint) return std::nullopt;
  const config::Origin place = section.origin("checkpoint");
  if (!written_together(place, section.origin("run"))) origin.run.clear();
  if (!written_together(place, section.origin("step"))) origin.step = 0;
  if (!written_together(place, section.origin("sha256"))) origin.sha256.clear();
  return origin;
}

Origin origin_named(const std::string& name) {
  const std::string path = std::filesystem::absolute(find_checkpoint(name)).lexically_normal().string();
  const Checkpoint checkpoint(path);
  return {path, run_of(path), checkpoint.state().step, weights_sha256(checkpoint)};
}

Origin identified(Origin origin) {
  if (!origin.sha256.empty()) return origin;
  try {
    origin = origin_named(origin.checkpoint);
  } catch (const Error&) {  // whoever needs the weights opens it again, and says why not
  }
  return origin;
}

std::string weights_sha256(const Checkpoint& checkpoint) {
  const io::Hdf5Reader& file = checkpoint.file();
  io::Sha256 sha;
  const auto add = [&](const std::string& name, const std::string& path) {
    const Tensor values = file.tensor(path);
    sha.update(fmt::format("{} {}\n", name, to_string(values.shape())));
    sha.update(std::span(static_cast<const std::byte*>(values.raw()), values.bytes()));
  };
  const std::string weights = checkpoint.has_average() ? "average/" : "model/";
  for (const std::string& name : file.datasets("model")) add("model/" + name, weights + name);
  if (file.has("state")) {
    for (const std::string& name : file.datasets("state")) {
      const std::string averaged = "average_state/" + name;
      add("state/" + name, checkpoint.has_average() && file.has(averaged) ? averaged : "state/" + name);
    }
  }
  return sha.hex();
}

Checkpoint open_weights(const Origin& origin, const std::string& what, const std::string& remedies) {
  if (origin.sha256.empty()) return Checkpoint(find_checkpoint(origin.checkpoint));
  std::vector<std::string> places = {origin.checkpoint};
  if (const std::string other = in_run_root(origin); !other.empty() && other != origin.checkpoint)
    places.push_back(other);
  std::string reasons;
  for (const std::string& path : places) {
    if (!io::exists(path) || io::is_directory(path)) {
      reasons += fmt::format("\n  {} is not there", path);
      continue;
    }
    try {
      Checkpoint checkpoint(path);
      const std::string found = weights_sha256(checkpoint);
      if (found == origin.sha256) return checkpoint;
      reasons += fmt::format("\n  {} holds other weights, with sha256 {:.12}", path, found);
    } catch (const Error& e) {
      reasons += fmt::format("\n  {}", e.what());
    }
  }
  fail(ExitCode::kCheckpoint, "{} are not found: {}{}\n{}", what, in_words(origin), reasons, remedies);
}

Checkpoint open_origin(const Origin& origin) {
  return open_weights(origin, "the weights to begin from",
                      "  where they are elsewhere                origin.checkpoint=FILE\n"
                      "  from fresh weights, which is another run   origin.checkpoint=none");
}

std::string in_words(const Origin& origin) {
  const std::string where = origin.run.empty() ? origin.checkpoint : origin.run;
  if (origin.sha256.empty()) return where;
  return fmt::format("{} at step {}, weights {:.12}", where, origin.step, origin.sha256);
}

}  // namespace mlrun
