# The libFuzzer targets: tests/ROOM/fuzz/NAME.cpp becomes fuzz_NAME, linked with what the room may include.
# scripts/fuzz.sh configures (clang, -DMLRUN_FUZZ=ON, all code instrumented), builds and runs them.
add_custom_target(fuzz_targets)
foreach(room IN LISTS rooms)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${room}/fuzz/*.cpp)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} EXCLUDE_FROM_ALL ${source})
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_CURRENT_LIST_DIR} ${CMAKE_CURRENT_LIST_DIR}/${room})
    target_link_libraries(fuzz_${name} PRIVATE ${closure_${room}} mlrun_settings)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz_targets fuzz_${name})
  endforeach()
endforeach()
