#include "runs/history.hpp"

#include "io/sha256.hpp"

namespace mlrun {
namespace {

constexpr int64_t kMostSegments = 10000;  // that are read of a file

}  // namespace

std::string fingerprint_of_run(const History& history, const std::string& of_spec) {
  if (history.empty()) return of_spec;
  io::Sha256 sha;
  for (const Segment& s : history) sha.update(fmt::format("steps {} {} of {}\n", s.begin, s.end, s.fingerprint));
  sha.update("then " + of_spec);
  return sha.hex();
}

void write_history(io::Hdf5Writer& file, const History& history) {
  for (size_t i = 0; i < history.size(); ++i) {
    const std::string group = fmt::format("history/{}", i);
    file.group(group);
    file.attribute(group, "begin", history[i].begin);
    file.attribute(group, "end", history[i].end);
    file.attribute(group, "fingerprint", history[i].fingerprint);
    file.text(group + "/departure", history[i].departure);
    file.text(group + "/resolved_yaml", history[i].resolved_yaml);
  }
}

History read_history(const io::Hdf5Reader& file) {
  History history;
  for (int64_t i = 0; i < kMostSegments; ++i) {
    const std::string group = fmt::format("history/{}", i);
    if (!file.has(group)) break;
    Segment s;
    s.begin = file.integer_attribute(group, "begin");
    s.end = file.integer_attribute(group, "end");
    s.fingerprint = file.text_attribute(group, "fingerprint");
    s.departure = file.text(group + "/departure");
    s.resolved_yaml = file.text(group + "/resolved_yaml");
    const int64_t before = history.empty() ? 0 : history.back().end;
    if (s.begin != before || s.end <= s.begin) {
      fail(ExitCode::kCheckpoint, "{}: /{} is of steps {} to {}, after step {}", file.name(), group, s.begin, s.end,
           before);
    }
    history.push_back(std::move(s));
  }
  return history;
}

io::Record history_record(const History& history) {
  io::Record record = io::Record::array();
  for (const Segment& s : history) {
    record.push_back({{"begin", s.begin}, {"end", s.end}, {"fingerprint", s.fingerprint}, {"departure", s.departure}});
  }
  return record;
}

History history_of(const io::Record& record) {
  History history;
  for (const io::Record& s : record) {
    history.push_back({.begin = s.at("begin").get<int64_t>(),
                       .end = s.at("end").get<int64_t>(),
                       .fingerprint = s.at("fingerprint").get<std::string>(),
                       .resolved_yaml = "",
                       .departure = s.at("departure").get<std::string>()});
  }
  return history;
}

std::string in_words(const Segment& segment) {
  return fmt::format("steps {} to {} as {:.12}; then {}", segment.begin + 1, segment.end, segment.fingerprint,
                     segment.departure);
}

}  // namespace mlrun
