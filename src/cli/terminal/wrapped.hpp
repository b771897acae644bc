// Prose and names in lines that fit a terminal.
#pragma once

#include <string>

namespace mlrun::cli {

// At most `width` characters (5 at least): of a longer text the middle gives way to "..", so that its beginning and its
// end can be read; of a path, that of its longest parts first, so that the others can be read too.
std::string elided(const std::string& text, int width);

// In lines of at most `width`, broken at blanks, the further ones `indent` blanks in; the first goes on from the column
// `begins_at`. A word that is longer than a line is elided.
std::string wrapped(const std::string& text, int width, int indent, int begins_at);

// To stdout, a line of text and its end: on a terminal wrapped, further lines two blanks in; else as it is. Blanks that
// it begins with, further lines keep too.
void print_wrapped(const std::string& text);

}  // namespace mlrun::cli
