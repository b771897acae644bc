// Ranks that are threads of one process: what they send goes through memory. For tests of what is built on ranks.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "ranks/ranks.hpp"

namespace mlrun::test {

class ThreadRanks : public Ranks {
 public:
  // Calls body(ranks) on `size` threads, each as another rank. If any threw, the exception of the lowest is rethrown.
  static void run(int size, const std::function<void(Ranks&)>& body) {
    Post post;
    std::vector<std::exception_ptr> failures(static_cast<size_t>(size));
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size; ++rank) {
      threads.emplace_back([&, rank] {
        ThreadRanks ranks(rank, size, post);
        try {
          body(ranks);
        } catch (...) {
          failures[static_cast<size_t>(rank)] = std::current_exception();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const std::exception_ptr& failure : failures)
      if (failure) std::rethrow_exception(failure);
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }

 private:
  struct Post {  // letters on their way, by sender and receiver
    std::mutex mutex;
    std::condition_variable arrived;
    std::map<std::pair<int, int>, std::deque<std::vector<std::byte>>> letters;
  };
  ThreadRanks(int rank, int size, Post& post) : rank_(rank), size_(size), post_(post) {}

  void transfer(std::span<const Send> sends, std::span<const Receive> receives) override {
    std::unique_lock lock(post_.mutex);
    for (const Send& send : sends) post_.letters[{rank_, send.to}].emplace_back(send.bytes.begin(), send.bytes.end());
    post_.arrived.notify_all();
    for (const Receive& receive : receives) {
      auto& letters = post_.letters[{receive.from, rank_}];
      post_.arrived.wait(lock, [&] { return !letters.empty(); });
      if (letters.front().size() != receive.bytes.size())
        mlrun::fail(ExitCode::kInternal, "{} bytes were sent, and {} expected", letters.front().size(),
                    receive.bytes.size());
      std::copy(letters.front().begin(), letters.front().end(), receive.bytes.begin());
      letters.pop_front();
    }
  }

  int rank_, size_;
  Post& post_;
};

}  // namespace mlrun::test
