// How much goes through a network.
#pragma once
#include <vector>

namespace understory::statistics {

struct Channel {
  int from = 0, to = 0;
  int capacity = 0;
};
// The most that can go from `source` to `sink` when each channel carries at most its capacity; by the theorem of Ford &
// Fulkerson (1956, Can. J. Math. 8:399) also the least capacity that must be taken away to part the two. Found along
// shortest ways (Edmonds & Karp 1972). Nodes are 0 … nodes − 1; 0 where source and sink are the same.
int maximum_flow(int nodes, const std::vector<Channel>& channels, int source, int sink);

}  // namespace understory::statistics
