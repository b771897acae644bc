// What the program asks of a library that connects ranks, as a table of C functions: the library is loaded only under a
// launcher (ranks/join.hpp), so that the program itself needs none. src/mpi is one such library.
#pragma once

#include <cstddef>

extern "C" {

struct MlrunMessage {
  int peer;
  int sending;  // 1: bytes go to the peer; 0: they come from it
  void* bytes;
  size_t size;
};

// All functions are called by one thread. Those that return int: 0 when it went well, else another number.
struct MlrunTransport {
  int version;          // kMlrunTransport
  const char* library;  // "Open MPI 4.1.4"
  int (*open)(int* rank, int* size);
  // Starts all messages at once; their memory stays as it is until `done` says so.
  int (*begin)(const struct MlrunMessage* messages, size_t count);
  // 1: all messages that were begun are through; 0: not yet; -1: one failed.
  int (*done)(void);
  // Waits until all ranks call it. Messages that were begun and are not through are given up.
  int (*close)(void);
};

}  // extern "C"

constexpr int kMlrunTransport = 1;
// The one symbol of the library.
constexpr const char* kMlrunTransportSymbol = "mlrun_transport";
using MlrunTransportFunction = const MlrunTransport*();
