#include "ranks/ranks.hpp"

#include <algorithm>
#include <exception>

namespace mlrun {
namespace {

class OneRank : public Ranks {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }

 private:
  void transfer(std::span<const Send>, std::span<const Receive>) override {
    mlrun::fail(ExitCode::kInternal, "one rank has none to send to");
  }
};

std::span<std::byte> part_of(std::span<std::byte> data, const Range& part) {
  return data.subspan(static_cast<size_t>(part.begin), static_cast<size_t>(part.size()));
}

}  // namespace

Ranks& one_rank() {
  static OneRank alone;
  return alone;
}

void Ranks::exchange(std::span<const Send> sends, std::span<const Receive> receives) {
  for (const Send& send : sends) bytes_sent_ += static_cast<int64_t>(send.bytes.size());
  if (!sends.empty() || !receives.empty()) transfer(sends, receives);
}

std::vector<Range> parts_in_bytes(std::span<const Range> parts, size_t size_of_one) {
  const auto size = static_cast<int64_t>(size_of_one);
  std::vector<Range> bytes;
  for (const Range& part : parts) bytes.push_back({part.begin * size, part.end * size});
  return bytes;
}

void all_gather_bytes(Ranks& ranks, std::span<std::byte> data, std::span<const Range> parts) {
  std::vector<Ranks::Send> sends;
  std::vector<Ranks::Receive> receives;
  const std::span<std::byte> own = part_of(data, parts[static_cast<size_t>(ranks.rank())]);
  // Each begins with the rank behind it, so that not all send to the same one at first.
  for (int k = 1; k < ranks.size(); ++k) {
    const int to = (ranks.rank() + k) % ranks.size(), from = (ranks.rank() + ranks.size() - k) % ranks.size();
    const std::span<std::byte> there = part_of(data, parts[static_cast<size_t>(from)]);
    if (!own.empty()) sends.push_back({to, own});
    if (!there.empty()) receives.push_back({from, there});
  }
  ranks.exchange(sends, receives);
}

void gather_bytes(Ranks& ranks, std::span<std::byte> data, std::span<const Range> parts) {
  std::vector<Ranks::Send> sends;
  std::vector<Ranks::Receive> receives;
  const std::span<std::byte> own = part_of(data, parts[static_cast<size_t>(ranks.rank())]);
  if (!ranks.first() && !own.empty()) sends.push_back({0, own});
  for (int from = 1; ranks.first() && from < ranks.size(); ++from) {
    const std::span<std::byte> there = part_of(data, parts[static_cast<size_t>(from)]);
    if (!there.empty()) receives.push_back({from, there});
  }
  ranks.exchange(sends, receives);
}

void broadcast_bytes(Ranks& ranks, std::span<std::byte> data) {
  std::vector<Ranks::Send> sends;
  std::vector<Ranks::Receive> receives;
  if (data.empty()) return;
  // Down a binary tree: rank r gets the data from the rank whose number is r without its lowest bit that is 1.
  int lowest = 1;
  while (lowest < ranks.size() && (ranks.rank() & lowest) == 0) lowest *= 2;
  if (!ranks.first()) {
    receives.push_back({ranks.rank() - lowest, data});
    ranks.exchange({}, receives);
  }
  for (int bit = lowest / 2; bit > 0; bit /= 2) {
    if (ranks.rank() + bit < ranks.size()) sends.push_back({ranks.rank() + bit, data});
  }
  ranks.exchange(sends, {});
}

std::vector<Range> shares_of(const Ranks& ranks, int64_t items) {
  std::vector<Range> shares;
  for (int r = 0; r < ranks.size(); ++r) shares.push_back(slice(items, ranks.size(), r));
  return shares;
}

void run_share(const Ranks& ranks, LanePool& pool, int64_t items, const std::function<void(int64_t)>& body) {
  const Range own = own_share(ranks, items);
  pool.run(own.size(), [&](int64_t i) { body(own.begin + i); });
}

bool any(Ranks& ranks, bool own) {
  const std::vector<char> all = of_all<char>(ranks, own ? 1 : 0);
  return std::find(all.begin(), all.end(), 1) != all.end();
}

std::vector<std::string> texts_of_all(Ranks& ranks, const std::string& own) {
  std::vector<Range> parts;
  int64_t total = 0;
  for (const int64_t size : of_all(ranks, static_cast<int64_t>(own.size()))) {
    parts.push_back({total, total + size});
    total += size;
  }
  std::string all(static_cast<size_t>(total), '\0');
  own.copy(all.data() + parts[static_cast<size_t>(ranks.rank())].begin, own.size());
  all_gather(ranks, all.data(), all.size(), parts);
  std::vector<std::string> texts;
  for (const Range& part : parts)
    texts.push_back(all.substr(static_cast<size_t>(part.begin), static_cast<size_t>(part.size())));
  return texts;
}

std::string text_of_first(Ranks& ranks, const std::string& own) {
  auto size = static_cast<int64_t>(own.size());
  broadcast(ranks, &size, 1);
  std::string text = own;
  text.resize(static_cast<size_t>(size));
  broadcast(ranks, text.data(), text.size());
  return text;
}

void together(Ranks& ranks, const std::function<void()>& work) {
  if (!ranks.several()) return work();
  std::exception_ptr own;
  int code = 0;
  std::string message;
  try {
    work();
  } catch (const Error& e) {
    own = std::current_exception();
    code = static_cast<int>(e.code());
    message = e.what();
  }
  const std::vector<int> codes = of_all(ranks, code);
  const auto failed = std::find_if(codes.begin(), codes.end(), [](int c) { return c != 0; });
  if (failed == codes.end()) return;
  const std::vector<std::string> messages = texts_of_all(ranks, message);
  if (own) std::rethrow_exception(own);
  const auto rank = failed - codes.begin();
  throw Error(static_cast<ExitCode>(*failed), fmt::format("rank {}: {}", rank, messages[static_cast<size_t>(rank)]));
}

}  // namespace mlrun
