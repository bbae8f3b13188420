// Exists so that the precompiled header has a library to live in.
namespace understory {
extern const int kPrecompiled = 1;
}
