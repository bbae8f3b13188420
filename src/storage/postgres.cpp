// PostgreSQL behind Connection: prepared once, binary answers, bulk writes pipelined.
#include <libpq-fe.h>

#include <deque>
#include <map>

#include <bit>
#include <cstring>
#include <unordered_map>

#include "foundation/text.h"
#include "storage/connection.h"
#include "storage/waiting_rows.h"

namespace understory::storage {

namespace {

// Type numbers of PostgreSQL's catalogue (pg_type.dat).
constexpr Oid kBool = 16, kBytea = 17, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25, kFloat4 = 700,
              kFloat8 = 701, kUnknown = 705, kVarchar = 1043, kVoid = 2278;
constexpr std::size_t kBatch = 512;  // statements in flight: enough to hide the round trip, few enough for any buffer
constexpr std::size_t kRowsAtOnce[] = {
    500, 50, 10, 4, 2};  // in one statement; times the widest row far below its limit of 65,535 parameters

struct ResultCloser {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultHandle = std::unique_ptr<PGresult, ResultCloser>;

template <class T>
T big_endian(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  if constexpr (sizeof(T) == 8)
    return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  else if constexpr (sizeof(T) == 4)
    return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  else
    return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
}

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* result, std::string_view query) : result_(result), query_(query) {}
  void move_to(int row) { row_ = row; }
  bool is_null(int column) const override { return PQgetisnull(result_, row_, column) != 0; }
  std::int64_t integer(int column) const override {
    if (is_null(column)) return 0;
    const char* bytes = PQgetvalue(result_, row_, column);
    switch (PQftype(result_, column)) {
      case kInt8: return big_endian<std::int64_t>(bytes);
      case kInt4: return big_endian<std::int32_t>(bytes);
      case kInt2: return big_endian<std::int16_t>(bytes);
      case kBool: return bytes[0] != 0;
      default: wrong_type(column, "a whole number");
    }
  }
  double real(int column) const override {
    if (is_null(column)) return 0;
    const char* bytes = PQgetvalue(result_, row_, column);
    switch (PQftype(result_, column)) {
      case kFloat8: return std::bit_cast<double>(big_endian<std::int64_t>(bytes));
      case kFloat4: return std::bit_cast<float>(big_endian<std::int32_t>(bytes));
      default: return static_cast<double>(integer(column));
    }
  }
  std::string_view text(int column) const override {
    switch (PQftype(result_, column)) {
      case kText:
      case kVarchar:
      case kName:
      case kUnknown: return raw(column);
      default: wrong_type(column, "text");
    }
  }
  std::string_view blob(int column) const override {
    if (PQftype(result_, column) != kBytea) wrong_type(column, "bytes");
    return raw(column);
  }

 private:
  std::string_view raw(int column) const {
    return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
  }
  [[noreturn]] void wrong_type(int column, std::string_view wanted) const {
    throw std::logic_error(std::string(query_) + ": column " + std::to_string(column) + " is not " +
                           std::string(wanted) + " (type " + std::to_string(PQftype(result_, column)) +
                           "); cast it in the query");
  }
  const PGresult* result_;
  std::string_view query_;
  int row_ = 0;
};

// A statement's parameters in libpq's form.
class Bound {
 public:
  explicit Bound(Parameters parameters) {
    numbers_.reserve(parameters.size());
    for (const Parameter& parameter : parameters) {
      switch (parameter.kind()) {
        case Parameter::Kind::kNull: add(nullptr, 0, 0); break;
        case Parameter::Kind::kInteger: add_number(std::to_string(parameter.integer())); break;
        case Parameter::Kind::kReal: add_number(fmt::format("{}", parameter.real())); break;
        case Parameter::Kind::kText:
        case Parameter::Kind::kBlob:
          add(parameter.text().data() ? parameter.text().data() : "", parameter.text().size(), 1);
          break;
      }
    }
  }
  int count() const { return static_cast<int>(values_.size()); }
  const char* const* values() const { return values_.data(); }
  const int* lengths() const { return lengths_.data(); }
  const int* formats() const { return formats_.data(); }

 private:
  void add(const char* value, std::size_t length, int format) {
    values_.push_back(value);
    lengths_.push_back(static_cast<int>(length));
    formats_.push_back(format);
  }
  void add_number(std::string text) {
    numbers_.push_back(std::move(text));
    add(numbers_.back().c_str(), numbers_.back().size(), 0);
  }
  std::vector<std::string> numbers_;
  std::vector<const char*> values_;
  std::vector<int> lengths_, formats_;
};

// Beyond this machine nothing, least of all a password, is said to a server whose certificate was not checked. What the
// address leaves out comes from the environment, as libpq itself takes it.
void require_checked_server(const std::string& address) {
  using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;
  const Options given(PQconninfoParse(address.c_str(), nullptr), PQconninfoFree),
      usual(PQconndefaults(), PQconninfoFree);
  if (!given) return;  // libpq will say what is wrong with it
  bool by_service = false;
  const auto value = [&](std::string_view key) -> std::string {
    // What a service stands for is in a file that libpq reads only when it connects; it goes before the environment.
    for (const auto* options : {given.get(), by_service ? nullptr : usual.get()})
      for (const auto* option = options; option && option->keyword; ++option)
        if (key == option->keyword && option->val && *option->val) return option->val;
    return "";
  };
  for (const auto* option = given.get(); option->keyword; ++option)
    by_service = by_service || (std::string_view(option->keyword) == "service" && option->val);
  if (const std::string mode = value("sslmode"); mode == "verify-full" || mode == "verify-ca") return;
  const std::string hosts = value("hostaddr").empty() ? value("host") : value("hostaddr");
  const auto is_here = [](std::string_view host) {
    return host.empty() || host.front() == '/' || host.front() == '@' || host == "localhost" || host == "::1" ||
           (host.rfind("127.", 0) == 0 && host.find_first_not_of("0123456789.") == std::string_view::npos);
  };
  const auto names = split(hosts, ',');
  if (by_service || !std::all_of(names.begin(), names.end(), is_here))
    throw DatabaseError(DatabaseError::Kind::kUnavailable,
                        "a server on another machine must show its certificate; add sslmode=verify-full");
}

class PostgresConnection final : public Connection {
 public:
  explicit PostgresConnection(const std::string& address) {
    require_checked_server(address);
    connection_ = PQconnectdb(address.c_str());
    if (PQstatus(connection_) != CONNECTION_OK) {
      std::string reason = PQerrorMessage(connection_);
      PQfinish(connection_);
      while (!reason.empty() && (reason.back() == '\n' || reason.back() == '.')) reason.pop_back();
      throw DatabaseError(DatabaseError::Kind::kUnavailable, reason);
    }
    PQsetClientEncoding(connection_, "UTF8");
    execute("set client_min_messages = warning; set bytea_output = 'hex'; set time zone 'UTC'");
    // Sealed bytes do not compress, and LZ4 finds that out much sooner; a server built without it keeps its own way.
    const ResultHandle quicker(PQexec(connection_, "set default_toast_compression = lz4"));
  }
  ~PostgresConnection() override { PQfinish(connection_); }

  Engine engine() const override { return Engine::kPostgres; }
  bool cut_log() override { return true; }
  bool has_checksums() override {
    take_in_answer();
    settle();
    const ResultHandle result(PQexec(connection_, "show data_checksums"));
    return PQresultStatus(result.get()) == PGRES_TUPLES_OK && std::string_view(PQgetvalue(result.get(), 0, 0)) == "on";
  }

  std::int64_t run(const Query& query, Parameters parameters, const RowReader& reader) override {
    take_in_answer();
    send(waiting_.take_for(query));
    const std::string& name = prepared(query);
    const Bound bound(parameters);
    const std::vector<std::string_view> sent = std::exchange(sent_, {});  // it goes in one way with those
    if (!PQsendQueryPrepared(connection_, name.c_str(), bound.count(), bound.values(), bound.lengths(), bound.formats(),
                             1))
      raise(nullptr, query.name());
    ResultHandle failed;
    std::string_view doing = query.name();
    if (!sent.empty()) {
      if (!PQpipelineSync(connection_)) raise(nullptr, doing);
      for (std::string_view each : sent)
        while (ResultHandle result{PQgetResult(connection_)})
          if (!failed && !is_good(PQresultStatus(result.get()))) failed = std::move(result), doing = each;
    }
    // Row by row, so that a large answer never stands in memory whole.
    if (reader) PQsetSingleRowMode(connection_);
    std::int64_t rows = 0, changed = 0;
    bool is_select = false;
    std::exception_ptr thrown;
    Answer answer{{}, false, !sent.empty(), answer_};
    answer_ = &answer;
    while (ResultHandle result = next_of(answer)) {
      PGresult* next = result.get();
      const ExecStatusType status = PQresultStatus(next);
      if (status == PGRES_SINGLE_TUPLE || status == PGRES_TUPLES_OK) {
        is_select = true;
        PostgresRow row(next, query.name());
        for (int i = 0; i < PQntuples(next) && !failed && !thrown; ++i) {
          row.move_to(i);
          ++rows;
          try {
            if (reader) reader(row);
          } catch (...) {
            thrown = std::current_exception();  // the rest of the answer must be taken in first
          }
        }
      } else if (status == PGRES_COMMAND_OK) {
        changed = std::atoll(PQcmdTuples(next));
      } else if (!failed) {
        failed = std::move(result);
      }
    }
    answer_ = answer.outer;
    if (failed) raise(failed.get(), doing);
    if (thrown) std::rethrow_exception(thrown);
    return is_select ? rows : changed;
  }

  void ask(std::span<const Question> questions) override {
    take_in_answer();
    for (const Question& each : questions) send(waiting_.take_for(*each.query));
    for (const Question& each : questions) prepared(*each.query);
    for (const Question& each : questions) pipe(each.query->name(), prepared(*each.query), Bound(each.parameters));
    settle(questions);
  }

  void run_later(const Query& query, std::size_t width, Parameters parameters) override {
    if (waiting_.add(query, width, parameters)) send(waiting_.take(query));
  }

  std::int64_t run_many(const Query& query, std::size_t width, Parameters parameters) override {
    take_in_answer();
    write_before(query);
    std::int64_t changed = 0;
    std::size_t begin = 0;
    for (const std::size_t rows : kRowsAtOnce)
      for (const std::size_t step = width * rows; begin + step <= parameters.size(); begin += step) {
        const std::string& name = prepared(query, rows, width);
        if (name.empty()) break;  // a statement of another shape
        const Bound bound(parameters.subspan(begin, step));
        const ResultHandle result(PQexecPrepared(connection_, name.c_str(), bound.count(), bound.values(),
                                                 bound.lengths(), bound.formats(), 1));
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) raise(result.get(), query.name());
        changed += std::atoll(PQcmdTuples(result.get()));
      }
    const std::string& name = prepared(query);
    for (std::size_t at = begin; at < parameters.size();) {
      if (!PQenterPipelineMode(connection_)) raise(nullptr, query.name());
      std::size_t sent = 0;
      for (; sent < kBatch && at + width <= parameters.size(); ++sent, at += width) {
        const Bound bound(parameters.subspan(at, width));
        if (!PQsendQueryPrepared(connection_, name.c_str(), bound.count(), bound.values(), bound.lengths(),
                                 bound.formats(), 1))
          raise(nullptr, query.name());
      }
      PQpipelineSync(connection_);
      ResultHandle failed;
      for (bool synced = false; !synced;) {
        ResultHandle result(PQgetResult(connection_));
        if (!result) continue;  // between two statements
        switch (PQresultStatus(result.get())) {
          case PGRES_PIPELINE_SYNC: synced = true; break;
          case PGRES_COMMAND_OK: changed += std::atoll(PQcmdTuples(result.get())); break;
          case PGRES_TUPLES_OK: break;
          default:
            if (!failed && PQresultStatus(result.get()) != PGRES_PIPELINE_ABORTED) failed = std::move(result);
        }
        if (PQstatus(connection_) != CONNECTION_OK) raise(failed.get(), query.name());
      }
      PQexitPipelineMode(connection_);
      if (failed) raise(failed.get(), query.name());
      if (sent == 0) break;
    }
    return changed;
  }

  void execute(const std::string& sql) override {
    take_in_answer();
    if (sql.rfind("rollback", 0) == 0) {
      waiting_.clear();  // to a savepoint too: what was there before it was written before it
      answers_to_sent();
      if (sql == "rollback") {  // nothing is left to learn from its answer
        if (!PQsendQuery(connection_, sql.c_str())) raise(nullptr, sql);
        rolling_back_ = true;
        return;
      }
    } else {
      send(waiting_.take_all());
      if (sql == "commit" && !sent_.empty()) {
        // In one way with what it keeps: the server passes over it when one of those fails.
        execute_with_next(sql);
        return settle();
      }
      settle();
    }
    const ResultHandle result(PQexec(connection_, sql.c_str()));
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
      raise(result.get(), sql.substr(0, 60));
    // Of a transaction in which something had failed.
    if (sql == "commit" && std::string_view(PQcmdStatus(result.get())) == "ROLLBACK")
      throw DatabaseError(DatabaseError::Kind::kOther, "commit: nothing was kept");
  }

  void execute_with_next(const std::string& sql) override {
    take_in_answer();
    if (sent_.empty() && !PQenterPipelineMode(connection_)) raise(nullptr, "begin or commit");
    sent_.push_back("begin or commit");
    if (!PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1))
      raise(nullptr, sent_.back());
  }

 private:
  // Sends rows on their way; the server takes them in while more is made ready here.
  void send(const std::list<WaitingRows::Rows>& taken) {
    for (const WaitingRows::Rows& rows : taken) send(rows);
  }
  void send(const WaitingRows::Rows& rows) {
    take_in_answer();
    const Parameters parameters(rows.parameters);
    std::size_t begin = 0;
    for (const std::size_t together : {kRowsAtOnce[0], kRowsAtOnce[1], kRowsAtOnce[2], std::size_t{1}})
      for (const std::size_t step = rows.width * together; begin + step <= parameters.size(); begin += step) {
        const std::string& name = prepared(*rows.query, together, rows.width);
        if (name.empty()) break;  // a statement of another shape
        pipe(rows.query->name(), name, Bound(parameters.subspan(begin, step)));
        if (sent_.size() == kBatch) settle();
      }
  }
  void pipe(std::string_view doing, const std::string& name, const Bound& bound) {
    if (sent_.empty() && !PQenterPipelineMode(connection_)) raise(nullptr, doing);
    sent_.push_back(doing);
    if (!PQsendQueryPrepared(connection_, name.c_str(), bound.count(), bound.values(), bound.lengths(), bound.formats(),
                             1))
      raise(nullptr, doing);
  }
  void write_before(const Query& query) {
    send(waiting_.take_for(query));
    settle();
  }
  void settle(std::span<const Question> questions = {}) {
    std::exception_ptr thrown;
    const auto [failed, doing] = answers_to_sent(questions, &thrown);
    if (failed) raise(failed.get(), doing);
    if (thrown) std::rethrow_exception(thrown);
  }
  static bool is_good(ExecStatusType status) {
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_ABORTED;
  }
  // Waits for all that was sent, and hands over the answers to the questions, which were sent last. The first failure,
  // and of which query.
  std::pair<ResultHandle, std::string_view> answers_to_sent(std::span<const Question> questions = {},
                                                            std::exception_ptr* thrown = nullptr) {
    std::pair<ResultHandle, std::string_view> failed;
    if (sent_.empty()) return failed;
    const std::vector<std::string_view> sent = std::exchange(sent_, {});
    if (!PQpipelineSync(connection_)) raise(nullptr, sent.back());
    std::size_t at = 0;
    for (bool synced = false; !synced;) {
      ResultHandle result(PQgetResult(connection_));
      if (PQstatus(connection_) != CONNECTION_OK) {
        if (!failed.first) failed = {std::move(result), sent[std::min(at, sent.size() - 1)]};
        if (!failed.first) raise(nullptr, failed.second);
        break;
      }
      if (!result) {
        ++at;  // between two statements
        continue;
      }
      const ExecStatusType status = PQresultStatus(result.get());
      synced = status == PGRES_PIPELINE_SYNC;
      if (status == PGRES_TUPLES_OK && at + questions.size() >= sent.size() && at < sent.size()) {
        const Question& question = questions[at + questions.size() - sent.size()];
        if (!*thrown && question.reader) *thrown = hand_over(result.get(), question);
      } else if (!synced && !is_good(status) && !failed.first) {
        failed = {std::move(result), sent[std::min(at, sent.size() - 1)]};
      }
    }
    PQexitPipelineMode(connection_);
    return failed;
  }
  static std::exception_ptr hand_over(const PGresult* result, const Question& question) {
    PostgresRow row(result, question.query->name());
    try {
      for (int i = 0; i < PQntuples(result); ++i) {
        row.move_to(i);
        question.reader(row);
      }
    } catch (...) {
      return std::current_exception();  // the rest of the answers must be taken in first
    }
    return nullptr;
  }

  const std::string& prepared(const Query& query) { return prepared(query, 1, 0); }
  // For several rows at once; an empty name where the statement has no such form.
  const std::string& prepared(const Query& query, std::size_t rows, std::size_t width) {
    if (const auto known = statements_.find({&query, rows}); known != statements_.end()) return known->second;
    const std::string text = rows == 1 ? query.numbered() : for_rows(query.numbered(), width, rows);
    // What is in flight may fail; then nothing was prepared, and the next to ask must not believe it was.
    if (!text.empty()) settle();
    const auto found =
        statements_.try_emplace({&query, rows}, text.empty() ? "" : "q" + std::to_string(statements_.size())).first;
    if (!text.empty()) {
      const ResultHandle result(PQprepare(connection_, found->second.c_str(), text.c_str(), 0, nullptr));
      if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
        statements_.erase(found);
        raise(result.get(), query.name());
      }
    }
    return found->second;
  }

  [[noreturn]] void raise(const PGresult* result, std::string_view doing) {
    using Kind = DatabaseError::Kind;
    const char* field = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : nullptr;
    const std::string_view state = field ? field : "";
    Kind kind = Kind::kOther;
    if (PQstatus(connection_) != CONNECTION_OK) kind = Kind::kUnavailable;
    if (state == "23505")
      kind = Kind::kUniqueViolation;
    else if (state.rfind("23", 0) == 0)
      kind = Kind::kConstraint;
    else if (state == "53100")
      kind = Kind::kDiskFull;
    else if (state.rfind("40", 0) == 0 || state == "55P03" || state == "57014")
      kind = Kind::kBusy;
    else if (state.rfind("08", 0) == 0 || state.rfind("57", 0) == 0 || state == "53300")
      kind = Kind::kUnavailable;
    else if (state == "XX001" || state == "XX002")
      kind = Kind::kCorrupt;
    // The primary message names tables and columns, never a row's content; the detail line would.
    const char* message = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : nullptr;
    throw DatabaseError(kind, std::string(doing) + ": " + (message ? message : PQerrorMessage(connection_)));
  }

  // An answer that is being read. A reader that asks something itself makes the rest of it wait in memory.
  struct Answer {
    std::deque<ResultHandle> held;
    bool whole;  // nothing of it is left with the server
    bool piped;  // it went in one way with others
    Answer* outer;
  };
  ResultHandle next_of(Answer& answer) {
    if (!answer.held.empty()) {
      ResultHandle result = std::move(answer.held.front());
      answer.held.pop_front();
      return result;
    }
    return answer.whole ? nullptr : from_server(answer);
  }
  ResultHandle from_server(Answer& answer) {
    ResultHandle result(PQgetResult(connection_));
    answer.whole = !result;
    if (answer.whole && answer.piped) {
      while (PQstatus(connection_) == CONNECTION_OK)
        if (const ResultHandle last{PQgetResult(connection_)}; PQresultStatus(last.get()) == PGRES_PIPELINE_SYNC) break;
      PQexitPipelineMode(connection_);
    }
    return result;
  }
  // What is still to come from the server, before anything else is asked of it.
  void take_in_answer() {
    while (rolling_back_) rolling_back_ = ResultHandle(PQgetResult(connection_)) != nullptr;
    if (!answer_) return;
    while (!answer_->whole)
      if (ResultHandle next = from_server(*answer_)) answer_->held.push_back(std::move(next));
  }

  PGconn* connection_ = nullptr;
  Answer* answer_ = nullptr;
  bool rolling_back_ = false;  // the answer to that was not taken yet
  WaitingRows waiting_;
  std::vector<std::string_view> sent_;  // the queries of statements on their way, whose answers nobody took yet
  std::map<std::pair<const Query*, std::size_t>, std::string> statements_;  // (query, rows at once) → its name
};

}  // namespace

std::unique_ptr<Connection> open_postgres(const std::string& address) {
  return std::make_unique<PostgresConnection>(address);
}

}  // namespace understory::storage
