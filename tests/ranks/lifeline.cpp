// A rank that dies, falls silent or fails is noticed by the others.
#include "ranks/lifeline.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <thread>

#include "catch.hpp"

using namespace mlrun;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The words of the end that `line` hears of within so many seconds.
std::string heard(Lifeline& line, double seconds) {
  const auto start = std::chrono::steady_clock::now();
  while (seconds_since(start) < seconds) {
    try {
      line.check();
    } catch (const Error& e) {
      return fmt::format("{} {}", static_cast<int>(e.code()), e.what());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return "";
}

// A process that is this rank, does what it is told by a signal, and else sleeps.
pid_t other_process(const std::string& address, int rank = 1) {
  const pid_t child = fork();
  if (child != 0) return child;
  const std::unique_ptr<Lifeline> line = Lifeline::connect(address, rank);
  if (!line) _exit(1);
  line->start(rank);
  for (;;) pause();
}

void end(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

}  // namespace

TEST_CASE("the first rank hears at once that another was killed, with its number, its process and what to do") {
  const std::unique_ptr<Lifeline> first = Lifeline::listen(2);
  REQUIRE(first);
  const pid_t child = other_process(first->address());
  REQUIRE(first->accept_all(10));
  first->start(0);
  first->set_remedy("go on with   mlrun train --resume RUN");
  CHECK(heard(*first, 0.1).empty());
  kill(child, SIGKILL);
  const std::string words = heard(*first, 5);
  end(child);
  CHECK_THAT(words, Catch::Contains(fmt::format("76 rank 1 (pid {} on ", child)) &&
                        Catch::Contains("is gone: it was killed") &&
                        Catch::Contains("\n  go on with   mlrun train --resume RUN"));
  CHECK(first->lost());
}

TEST_CASE("a rank that says nothing for seven seconds is lost") {
  const std::unique_ptr<Lifeline> first = Lifeline::listen(2);
  REQUIRE(first);
  const pid_t child = other_process(first->address());
  REQUIRE(first->accept_all(10));
  first->start(0);
  CHECK(heard(*first, 1.5).empty());  // signs of life come every second
  kill(child, SIGSTOP);
  const auto start = std::chrono::steady_clock::now();
  const std::string words = heard(*first, 20);
  CHECK(seconds_since(start) < 10);
  end(child);
  CHECK_THAT(words, Catch::Contains("76 rank 1") && Catch::Contains("silent for 7 seconds"));
}

TEST_CASE("a rank that fails tells all, and the first says where it was") {
  const std::unique_ptr<Lifeline> first = Lifeline::listen(3);
  REQUIRE(first);
  std::unique_ptr<Lifeline> one, two;
  std::thread connecting([&] {
    one = Lifeline::connect(first->address(), 1);
    two = Lifeline::connect(first->address(), 2);
  });
  REQUIRE(first->accept_all(10));
  connecting.join();
  REQUIRE(one);
  REQUIRE(two);
  first->start(0);
  one->start(1);
  two->start(2);
  one->fail(ExitCode::kData, "train.amat: not there");
  CHECK_THAT(heard(*first, 5), Catch::Contains("3 rank 1 (pid ") && Catch::Contains("): train.amat: not there"));
  CHECK_THAT(heard(*two, 5), Catch::Contains("3 ") && Catch::Contains("train.amat: not there"));
  CHECK_FALSE(first->lost());
  CHECK_FALSE(two->lost());
}

TEST_CASE("a rank that has said farewell may go") {
  const std::unique_ptr<Lifeline> first = Lifeline::listen(2);
  REQUIRE(first);
  std::unique_ptr<Lifeline> one;
  std::thread connecting([&] { one = Lifeline::connect(first->address(), 1); });
  REQUIRE(first->accept_all(10));
  connecting.join();
  REQUIRE(one);
  first->start(0);
  one->start(1);
  one->say_farewell();
  one.reset();
  CHECK(heard(*first, 0.5).empty());
  CHECK_FALSE(first->ended());
}

TEST_CASE("who has said farewell waits for the others, however long they take, until one fails or is lost") {
  for (const std::string how : {"farewell", "failure", "death"}) {
    INFO(how);
    const std::unique_ptr<Lifeline> first = Lifeline::listen(3);
    REQUIRE(first);
    const pid_t child = how == "death" ? other_process(first->address(), 2) : -1;
    std::unique_ptr<Lifeline> one, two;
    std::thread connecting([&] {
      one = Lifeline::connect(first->address(), 1);
      if (child < 0) two = Lifeline::connect(first->address(), 2);
    });
    REQUIRE(first->accept_all(10));
    connecting.join();
    first->start(0);
    one->start(1);
    if (two) two->start(2);
    one->say_farewell();
    std::atomic<bool> may_go = false;
    std::thread waiting([&] {
      one->await_farewells();
      may_go = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(1500));  // while signs of life go both ways
    CHECK_FALSE(may_go);
    if (how == "farewell") {
      two->say_farewell();
      first->say_farewell();
    } else if (how == "failure") {
      first->fail(ExitCode::kDisk, "no room");
    } else {
      end(child);
      CHECK_THAT(heard(*first, 5), Catch::Contains("76 rank 2"));
    }
    first->await_farewells();
    waiting.join();
    CHECK(one->ended() == (how != "farewell"));
    CHECK(one->lost() == (how == "death"));
  }
}

TEST_CASE("a stranger who connects is no rank") {
  const std::unique_ptr<Lifeline> first = Lifeline::listen(2);
  REQUIRE(first);
  std::string address = first->address();  // "PORT TOKEN ..."
  address[address.find(' ') + 1] ^= 1;
  std::unique_ptr<Lifeline> stranger;
  std::thread connecting([&] { stranger = Lifeline::connect(address, 1); });
  CHECK_FALSE(first->accept_all(1));
  connecting.join();
  CHECK_FALSE(stranger);
}
