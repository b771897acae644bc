// Colours that people with any common colour vision can tell apart: Okabe and Ito (2008), "Color Universal Design",
// without yellow, which is hard to see on white; the strongest first. In the dark the lighter ones take their place.
#pragma once

#include <array>
#include <cstdint>

namespace mlrun::figure {

struct Colour {
  uint8_t red, green, blue;
};

inline constexpr std::array<Colour, 7> kPalette = {
    {{0, 114, 178}, {213, 94, 0}, {0, 158, 115}, {204, 121, 167}, {230, 159, 0}, {86, 180, 233}, {0, 0, 0}}};
inline constexpr std::array<Colour, 7> kDarkPalette = {{{86, 180, 233},
                                                        {245, 130, 49},
                                                        {60, 200, 155},
                                                        {222, 150, 190},
                                                        {240, 190, 60},
                                                        {140, 160, 255},
                                                        {230, 230, 230}}};
inline constexpr Colour kTextColour = {34, 34, 34}, kFrameColour = {110, 110, 110}, kGridColour = {222, 222, 222};

}  // namespace mlrun::figure
