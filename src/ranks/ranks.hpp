// The processes that work on one run together, and how they pass numbers to each other.
//
// They are called ranks, as in MPI, and are counted from 0. Rank 0 is the first: it writes files and prints. All ranks
// call the same functions in the same order, each with its own part, and every function here returns when this rank's
// part of it is done. What is passed on are bytes: ranks are the same program on the same kind of machine.
//
// A failure of one ends the call of all the others with an Error (see Ranks::fail), so that none waits for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/lanes.hpp"

namespace mlrun {

class Ranks {
 public:
  virtual ~Ranks() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool first() const { return rank() == 0; }
  bool several() const { return size() > 1; }

  struct Send {
    int to;
    std::span<const std::byte> bytes;
  };
  struct Receive {
    int from;
    std::span<std::byte> bytes;
  };
  // Starts all sends and receives at once, and returns when the last of them is complete. Messages from one rank to
  // another arrive in the order in which they were sent; both sides must give the same number of bytes. A rank may not
  // send to itself.
  void exchange(std::span<const Send> sends, std::span<const Receive> receives);
  // What this rank has sent so far, without what the network adds.
  int64_t bytes_sent() const { return bytes_sent_; }

  // How many of this machine's ranks share the cores that this one may use, itself included.
  virtual int sharing_cores() const { return 1; }
  // Tells the others that this rank cannot go on: whatever they wait for ends with Error(code), which on the first rank
  // says where it happened. Does nothing where they know of a failure already.
  virtual void fail(ExitCode /*code*/, const std::string& /*message*/) {}
  // The last call, when everything is printed and on the disk: waits for the others, as long as they are alive. Does not
  // return where a rank was lost: the process ends with `code`.
  virtual void leave(ExitCode /*code*/) {}
  // What the message about a lost rank advises ("go on with   mpirun -n 4 mlrun train --resume RUN"); "" at first.
  virtual void set_remedy(const std::string& /*line*/) {}

 private:
  virtual void transfer(std::span<const Send> sends, std::span<const Receive> receives) = 0;
  int64_t bytes_sent_ = 0;
};

// One rank: this process, by itself. Without state.
Ranks& one_rank();

// Before the call rank r holds the bytes parts[r] of `data`; after it every rank holds all of them. A part may be empty.
void all_gather_bytes(Ranks& ranks, std::span<std::byte> data, std::span<const Range> parts);
// The same, but after the call only the first rank holds all of them.
void gather_bytes(Ranks& ranks, std::span<std::byte> data, std::span<const Range> parts);
// Copies the first rank's data to all other ranks.
void broadcast_bytes(Ranks& ranks, std::span<std::byte> data);

std::vector<Range> parts_in_bytes(std::span<const Range> parts, size_t size_of_one);
template <class T>
std::span<std::byte> bytes_of(T* data, size_t count) {
  return std::as_writable_bytes(std::span(data, count));
}
// The same for `count` numbers, of which rank r holds parts[r] before the call.
template <class T>
void all_gather(Ranks& ranks, T* data, size_t count, std::span<const Range> parts) {
  if (ranks.several()) all_gather_bytes(ranks, bytes_of(data, count), parts_in_bytes(parts, sizeof(T)));
}
template <class T>
void gather(Ranks& ranks, T* data, size_t count, std::span<const Range> parts) {
  if (ranks.several()) gather_bytes(ranks, bytes_of(data, count), parts_in_bytes(parts, sizeof(T)));
}
template <class T>
void broadcast(Ranks& ranks, T* data, size_t count) {
  if (ranks.several()) broadcast_bytes(ranks, bytes_of(data, count));
}
// The `own` of every rank, by rank. T is copied byte by byte.
template <class T>
std::vector<T> of_all(Ranks& ranks, const T& own) {
  std::vector<T> all(static_cast<size_t>(ranks.size()), own);
  std::vector<Range> parts;
  for (int64_t r = 0; r < ranks.size(); ++r) parts.push_back({r, r + 1});
  all_gather(ranks, all.data(), all.size(), parts);
  return all;
}
bool any(Ranks& ranks, bool own);  // whether `own` is true on some rank
std::vector<std::string> texts_of_all(Ranks& ranks, const std::string& own);
std::string text_of_first(Ranks& ranks, const std::string& own);

// Items 0 .. items - 1 of which each rank works on a contiguous share, by rank: numbers differ by at most one, and there
// are empty shares where there are fewer items than ranks.
std::vector<Range> shares_of(const Ranks& ranks, int64_t items);
inline Range own_share(const Ranks& ranks, int64_t items) { return slice(items, ranks.size(), ranks.rank()); }
// Calls body(i), once each, for the items of this rank's share, on the threads of the pool.
void run_share(const Ranks& ranks, LanePool& pool, int64_t items, const std::function<void(int64_t)>& body);
// What was found for items, figures[first_of(i)] to before figures[first_of(i + 1)] for item i: before the call each rank
// has that of its share, and after it every rank has all of it. first_of(i) is asked for 0 <= i <= items.
template <class T, class FirstOf>
void all_gather_shares(Ranks& ranks, int64_t items, T* figures, const FirstOf& first_of) {
  std::vector<Range> parts;
  for (const Range& share : shares_of(ranks, items)) parts.push_back({first_of(share.begin), first_of(share.end)});
  all_gather(ranks, figures, static_cast<size_t>(first_of(items)), parts);
}

// Runs `work` on every rank, and returns when all have run it. Where it throws an Error on some ranks, every rank throws:
// these ranks their own error, the others that of the lowest of these, whose number the message says.
void together(Ranks& ranks, const std::function<void()>& work);

}  // namespace mlrun
