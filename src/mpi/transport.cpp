// Ranks connected by MPI: libmlrun_mpi.so, the only code of the project that knows it.
#include <mpi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/environment.hpp"
#include "ranks/transport.hpp"

namespace {

constexpr size_t kLargest = size_t{1} << 30;  // counts are of type int

std::vector<MPI_Request>& requests() {
  static std::vector<MPI_Request> pending;
  return pending;
}

const char* library_version() {
  static std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> text{};
  int length = 0;
  MPI_Get_library_version(text.data(), &length);
  // "Open MPI v4.1.4, package: ...": the name and the version
  std::replace(text.begin(), text.end(), ',', '\0');
  return text.data();
}

// Open MPI's TCP part leaves the loopback interface alone. On a machine without a network it then finds no way from a process to
// its neighbour, complains of it, and has nothing to fall back to where shared memory cannot be had. Where all processes are on
// this machine, the loopback interface is their way, unless the user has named another.
void reach_own_machine() {
  const std::string here = mlrun::environment_variable("OMPI_COMM_WORLD_LOCAL_SIZE");
  if (here.empty() || here != mlrun::environment_variable("OMPI_COMM_WORLD_SIZE")) return;
  if (mlrun::environment_variable("OMPI_MCA_btl_tcp_if_exclude").empty())
    ::setenv("OMPI_MCA_btl_tcp_if_include", "lo", 0);
}

int open_world(int* rank, int* size) {
  reach_own_machine();
  int provided = 0;
  if (MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return 1;
  // A broken connection is for the caller to hear of, who knows what to say.
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  return MPI_Comm_rank(MPI_COMM_WORLD, rank) == MPI_SUCCESS && MPI_Comm_size(MPI_COMM_WORLD, size) == MPI_SUCCESS ? 0
                                                                                                                  : 1;
}

int begin_messages(const MlrunMessage* messages, size_t count) {
  // Receives first: what arrives finds its place.
  for (const int sending : {0, 1}) {
    for (size_t i = 0; i < count; ++i) {
      const MlrunMessage& m = messages[i];
      if (m.sending != sending) continue;
      for (size_t at = 0; at < m.size; at += kLargest) {
        auto* bytes = static_cast<std::byte*>(m.bytes) + at;
        const auto size = static_cast<int>(std::min(kLargest, m.size - at));
        requests().emplace_back();
        const int code = sending ? MPI_Isend(bytes, size, MPI_BYTE, m.peer, 0, MPI_COMM_WORLD, &requests().back())
                                 : MPI_Irecv(bytes, size, MPI_BYTE, m.peer, 0, MPI_COMM_WORLD, &requests().back());
        if (code != MPI_SUCCESS) {
          requests().pop_back();
          return 1;
        }
      }
    }
  }
  return 0;
}

int messages_done() {
  int all = 0;
  if (MPI_Testall(static_cast<int>(requests().size()), requests().data(), &all, MPI_STATUSES_IGNORE) != MPI_SUCCESS)
    return -1;
  if (all) requests().clear();
  return all ? 1 : 0;
}

int close_world() {
  for (MPI_Request& request : requests()) {
    if (request != MPI_REQUEST_NULL) MPI_Request_free(&request);
  }
  requests().clear();
  return MPI_Finalize() == MPI_SUCCESS ? 0 : 1;
}

}  // namespace

extern "C" const MlrunTransport* mlrun_transport();
extern "C" const MlrunTransport* mlrun_transport() {
  static const MlrunTransport transport = {kMlrunTransport, library_version(), open_world,
                                           begin_messages,  messages_done,     close_world};
  return &transport;
}
