#include "statistics/network.h"

#include <algorithm>

namespace understory::statistics {

int maximum_flow(int nodes, const std::vector<Channel>& channels, int source, int sink) {
  if (source == sink) return 0;
  std::vector<std::vector<int>> left(nodes, std::vector<int>(nodes, 0));  // capacity not used yet, both ways
  for (const Channel& each : channels) left[each.from][each.to] += each.capacity;
  int flow = 0;
  for (;;) {
    std::vector<int> before(nodes, -1), queue{source};
    before[source] = source;
    for (std::size_t at = 0; at < queue.size() && before[sink] < 0; ++at)
      for (int next = 0; next < nodes; ++next)
        if (before[next] < 0 && left[queue[at]][next] > 0) {
          before[next] = queue[at];
          queue.push_back(next);
        }
    if (before[sink] < 0) return flow;
    int more = left[before[sink]][sink];
    for (int node = sink; node != source; node = before[node]) more = std::min(more, left[before[node]][node]);
    for (int node = sink; node != source; node = before[node]) {
      left[before[node]][node] -= more;
      left[node][before[node]] += more;
    }
    flow += more;
  }
}

}  // namespace understory::statistics
