# slope_add_plugin(ID SOURCE [FOLDER kind] [OUTPUT_DIR dir] [DEFINITIONS …])
#
# Builds one plugin from one C file: the file is compiled twice, with real = float and real = double,
# and both halves go into ID.so, in the folder OUTPUT_DIR, or SLOPE_PLUGIN_DIR/kind, or kind below the
# current binary folder. Sets SLOPE_PLUGIN_TARGET in the caller to the name of the target.
# Installed for authors outside this tree, so it may rest on nothing else of this tree.
function(slope_add_plugin id source)
  cmake_parse_arguments(arg "" "FOLDER;OUTPUT_DIR" "DEFINITIONS" ${ARGN})
  if(arg_FOLDER)
    set(target plugin_${arg_FOLDER}_${id})
  else()
    set(target plugin_${id})
  endif()
  set(flags -ffp-contract=off -fno-math-errno -fvisibility=hidden)
  foreach(bits 32 64)
    add_library(${target}_float${bits} OBJECT ${source})
    target_compile_definitions(${target}_float${bits} PRIVATE SLOPE_REAL_BITS=${bits}
                               SLOPE_BOTH_PRECISIONS ${arg_DEFINITIONS})
    target_compile_options(${target}_float${bits} PRIVATE ${flags})
    set_target_properties(${target}_float${bits} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    if(TARGET slope::plugin)
      target_link_libraries(${target}_float${bits} PRIVATE slope::plugin)
    else()
      target_include_directories(${target}_float${bits} PRIVATE ${CMAKE_SOURCE_DIR}/plugins/include)
    endif()
  endforeach()
  add_library(${target} MODULE $<TARGET_OBJECTS:${target}_float32> $<TARGET_OBJECTS:${target}_float64>)
  target_link_libraries(${target} PRIVATE m)
  if(NOT arg_OUTPUT_DIR AND SLOPE_PLUGIN_DIR)
    set(arg_OUTPUT_DIR ${SLOPE_PLUGIN_DIR}/${arg_FOLDER})
  elseif(NOT arg_OUTPUT_DIR)
    set(arg_OUTPUT_DIR ${CMAKE_CURRENT_BINARY_DIR}/${arg_FOLDER})
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${id} LINKER_LANGUAGE C
                        LIBRARY_OUTPUT_DIRECTORY ${arg_OUTPUT_DIR})
  set(SLOPE_PLUGIN_TARGET ${target} PARENT_SCOPE)
endfunction()
