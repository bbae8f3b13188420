// Rows that may be written a little later (Connection::run_later), kept until there are enough of them for one
// statement, or until something is asked of their table. Knows no database.
#pragma once
#include <deque>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "storage/connection.h"

namespace understory::storage {

class WaitingRows {
 public:
  struct Rows {
    const Query* query;
    std::size_t width;
    std::vector<Parameter> parameters;
    std::deque<std::string> texts;  // what the parameters point at
    std::size_t bytes = 0;
  };

  // True: there are enough of them; take() them now.
  bool add(const Query& query, std::size_t width, Parameters parameters);
  std::list<Rows> take(const Query& query);
  // Of all tables the statement names, in the order they came.
  std::list<Rows> take_for(const Query& statement);
  std::list<Rows> take_all();
  void clear() { waiting_.clear(); }
  bool empty() const { return waiting_.empty(); }

 private:
  bool names(const Query& statement, const Query& insert);
  std::list<Rows> waiting_;  // a list: what parameters point at stays where it is
  std::map<std::pair<const Query*, const Query*>, bool> named_;
};

// "insert … values ($1, $2)" for several rows in one statement, which the server takes several times faster than as
// many statements, pipelined or not. Empty for statements of another shape.
std::string for_rows(const std::string& numbered, std::size_t width, std::size_t rows);

}  // namespace understory::storage
