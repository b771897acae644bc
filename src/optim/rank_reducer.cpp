#include "optim/rank_reducer.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/optimizer/optimizer.hpp"

namespace mlrun {
namespace {

// The numbers of the arena that a share of the pieces covers, from its first run to the end of its last.
Range numbers_of(const FoldPlan& plan, const Range& share) {
  if (share.size() == 0) return {};
  const int64_t first = plan.pieces[static_cast<size_t>(share.begin)].begin;
  const int64_t last = plan.pieces[static_cast<size_t>(share.end - 1)].end - 1;
  return {plan.runs[static_cast<size_t>(first)].begin, plan.runs[static_cast<size_t>(last)].end};
}

Range runs_of_share(const FoldPlan& plan, const Range& share) {
  if (share.size() == 0) return {};
  return {plan.pieces[static_cast<size_t>(share.begin)].begin, plan.pieces[static_cast<size_t>(share.end - 1)].end};
}

std::vector<std::byte> bytes_of_statistics(const std::vector<Statistics>& lanes) {
  std::vector<std::byte> bytes;
  for (const Statistics& lane : lanes) {
    for (const Tensor& statistic : lane) {
      const auto* begin = static_cast<const std::byte*>(statistic.raw());
      bytes.insert(bytes.end(), begin, begin + statistic.bytes());
    }
  }
  return bytes;
}

}  // namespace

RankReducer::RankReducer(Ranks& ranks, int64_t lanes) : ranks_(ranks), lanes_(lanes) {
  if (lanes < ranks.size()) {
    fail(ExitCode::kUsage,
         "{} ranks, and {} lane{} to share out: a rank would have nothing to do\n"
         "  with compute.lanes={} each has one, and that is another run (other bits, another fingerprint)",
         ranks.size(), lanes, lanes == 1 ? "" : "s", ranks.size());
  }
  for (int r = 0; r < ranks.size(); ++r) shares_.push_back(slice(lanes, ranks.size(), r));
  find_blocks({0, lanes});
}

void RankReducer::find_blocks(const Range& node) {
  for (int r = 0; r < ranks_.size(); ++r) {
    const Range& share = shares_[static_cast<size_t>(r)];
    if (node.begin >= share.begin && node.end <= share.end) {
      blocks_.push_back({node, r});
      return;
    }
  }
  const auto left = static_cast<int64_t>(left_lanes(static_cast<size_t>(node.size())));
  find_blocks({node.begin, node.begin + left});
  find_blocks({node.begin + left, node.end});
}

// numbers[r]: of rank r's share. Of the blocks of this rank, the sums are where their first lanes are.
void RankReducer::exchange_blocks(const std::vector<float*>& lanes, const std::vector<Range>& numbers) {
  const int own = ranks_.rank();
  const Range& mine = numbers[static_cast<size_t>(own)];
  const auto width = static_cast<size_t>(mine.size());
  const auto foreign = static_cast<size_t>(
      std::count_if(blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.rank != own; }));
  received_.resize(std::max<size_t>(1, foreign * width));
  block_sums_.clear();
  std::vector<Ranks::Send> sends;
  std::vector<Ranks::Receive> receives;
  float* next = received_.data();
  for (const Block& block : blocks_) {
    if (block.rank != own) {
      if (width > 0) receives.push_back({block.rank, bytes_of(next, width)});
      block_sums_.push_back(next);
      next += width;
      continue;
    }
    float* sum = lanes[static_cast<size_t>(block.lanes.begin - shares_[static_cast<size_t>(own)].begin)];
    block_sums_.push_back(sum + mine.begin);
    for (int k = 1; k < ranks_.size(); ++k) {
      const int to = (own + k) % ranks_.size();
      const Range& theirs = numbers[static_cast<size_t>(to)];
      if (theirs.size() > 0) sends.push_back({to, bytes_of(sum + theirs.begin, static_cast<size_t>(theirs.size()))});
    }
  }
  ranks_.exchange(sends, receives);
}

void RankReducer::fold(const std::vector<float*>& lanes, const FoldPlan& plan, std::span<double> squares,
                       LanePool& pool) {
  const int64_t first_lane = shares_[static_cast<size_t>(ranks_.rank())].begin;
  // Own blocks, each into its first lane.
  for (const Block& block : blocks_) {
    if (block.rank != ranks_.rank() || block.lanes.size() == 1) continue;
    const std::vector<float*> of_block(lanes.begin() + (block.lanes.begin - first_lane),
                                       lanes.begin() + (block.lanes.end - first_lane));
    if (std::find(of_block.begin(), of_block.end(), nullptr) != of_block.end()) continue;  // folded already
    pool.run(static_cast<int64_t>(plan.pieces.size()), [&](int64_t i) {
      const Range& piece = plan.pieces[static_cast<size_t>(i)];
      const auto begin = static_cast<size_t>(piece.begin), count = static_cast<size_t>(piece.size());
      kernels::fold_gradients(of_block, plan.runs.subspan(begin, count), squares.data() + begin);
    });
  }
  std::vector<Range> numbers, runs_by_rank;
  for (const Range& share : plan.shares) {
    numbers.push_back(numbers_of(plan, share));
    runs_by_rank.push_back(runs_of_share(plan, share));
  }
  exchange_blocks(lanes, numbers);

  const auto own = static_cast<size_t>(ranks_.rank());
  const Range& share = plan.shares[own];
  const Range& mine = numbers[own];
  pool.run(share.size(), [&](int64_t i) {
    const Range& piece = plan.pieces[static_cast<size_t>(share.begin + i)];
    std::vector<Range> runs;  // within this rank's share
    for (int64_t r = piece.begin; r < piece.end; ++r) {
      const Range& run = plan.runs[static_cast<size_t>(r)];
      runs.push_back({run.begin - mine.begin, run.end - mine.begin});
    }
    double* const of_piece = squares.data() + piece.begin;
    // The tree, from all lanes down to the blocks; a sum is where that of its left half was.
    size_t next = 0;
    const auto combine = [&](const auto& self, const Range& node) -> float* {
      if (next < blocks_.size() && blocks_[next].lanes.begin == node.begin && blocks_[next].lanes.end == node.end)
        return block_sums_[next++];
      const auto left = static_cast<int64_t>(left_lanes(static_cast<size_t>(node.size())));
      float* const lower = self(self, {node.begin, node.begin + left});
      float* const upper = self(self, {node.begin + left, node.end});
      kernels::fold_gradients({lower, upper}, runs, of_piece);
      return lower;
    };
    const float* const sum = combine(combine, {0, lanes_});
    float* const target = lanes[0] + mine.begin;
    if (sum == target) return;
    for (const Range& run : runs) std::copy(sum + run.begin, sum + run.end, target + run.begin);
  });
  all_gather(ranks_, squares.data(), squares.size(), runs_by_rank);
}

LaneSums RankReducer::sum(const std::vector<LaneSums>& lanes) {
  std::vector<LaneSums> all(static_cast<size_t>(lanes_));
  std::copy(lanes.begin(), lanes.end(), all.begin() + shares_[static_cast<size_t>(ranks_.rank())].begin);
  all_gather(ranks_, all.data(), all.size(), shares_);
  return in_process_reducer().sum(all);
}

const std::vector<Statistics>& RankReducer::gather(const std::vector<Statistics>& lanes) {
  if (lanes[0].empty()) return lanes;  // the same on every rank
  if (statistics_.empty()) {
    statistics_.resize(static_cast<size_t>(lanes_));
    for (Statistics& lane : statistics_) {
      for (const Tensor& statistic : lanes[0]) lane.push_back(Tensor::zeros(statistic.shape()));
    }
  }
  const std::vector<std::byte> own = bytes_of_statistics(lanes);
  const size_t of_lane = own.size() / lanes.size();
  std::vector<std::byte> all(of_lane * static_cast<size_t>(lanes_));
  const std::vector<Range> parts = parts_in_bytes(shares_, of_lane);
  std::copy(own.begin(), own.end(), all.begin() + parts[static_cast<size_t>(ranks_.rank())].begin);
  all_gather(ranks_, all.data(), all.size(), parts);
  const std::byte* next = all.data();
  for (Statistics& lane : statistics_) {
    for (Tensor& statistic : lane) {
      std::memcpy(statistic.raw(), next, statistic.bytes());
      next += statistic.bytes();
    }
  }
  return statistics_;
}

LocalSight RankReducer::agree(const LocalSight& own) {
  const std::vector<LocalSight> all = of_all(ranks_, own);
  LocalSight agreed = all[0];
  for (size_t r = 1; r < all.size(); ++r) {
    if (agreed.signal == 0) agreed.signal = all[r].signal;
    agreed.save_requested = agreed.save_requested || all[r].save_requested;
    agreed.broken_off = agreed.broken_off || all[r].broken_off;
    agreed.cpu_seconds += all[r].cpu_seconds;
    agreed.bytes_sent += all[r].bytes_sent;
  }
  return agreed;
}

}  // namespace mlrun
