// Directories: making, listing, room left. Failures are Error(kDisk) naming path and reason, unless stated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun::io {

void make_directories(const std::string& path);          // with its parents; fine if it exists
bool make_directory_exclusive(const std::string& path);  // false if anything of this name exists; the parent must exist
std::vector<std::string> list_directory(const std::string& path);  // names, sorted, without . and ..
bool exists(const std::string& path);
bool is_directory(const std::string& path);
void require_writable(const std::string& directory);  // by making and removing a file in it
uint64_t free_bytes(const std::string& directory);    // for an unprivileged process
void remove_file(const std::string& path);            // fine if it does not exist

}  // namespace mlrun::io
