#include "publish/qr_code.h"

#include <fmt/format.h>
#include <qrencode.h>

#include <memory>

#include "foundation/text.h"

namespace understory::publish {

namespace {

constexpr int kQuiet = 4;  // modules of light around it, as the standard asks

class Modules {
 public:
  static Result<Modules> of(std::string_view text) {
    Modules made;
    made.code_.reset(QRcode_encodeData(static_cast<int>(text.size()),
                                       reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
    if (!made.code_)
      return fail(problems::kTooLarge,
                  {{"what", "The code to scan"}, {"limit", "2,900 bytes"}, {"hint", "Use a shorter name or address."}});
    return made;
  }
  int width() const { return code_->width; }
  bool dark(int x, int y) const {
    return x >= 0 && y >= 0 && x < width() && y < width() && (code_->data[y * width() + x] & 1) != 0;
  }

 private:
  struct Free {
    void operator()(QRcode* code) const { QRcode_free(code); }
  };
  std::unique_ptr<QRcode, Free> code_;
};

}  // namespace

Result<std::string> qr_code_svg(std::string_view text, std::string_view title) {
  const Modules modules = TRY(Modules::of(text));
  const int size = modules.width() + 2 * kQuiet;
  std::string path;
  for (int y = 0; y < modules.width(); ++y)
    for (int x = 0; x < modules.width(); ++x)
      if (modules.dark(x, y)) path += fmt::format("M{} {}h1v1h-1z", x + kQuiet, y + kQuiet);
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {0}\" role=\"img\" aria-label=\"{1}\" "
      "shape-rendering=\"crispEdges\"><rect width=\"{0}\" height=\"{0}\" fill=\"#fff\"/><path d=\"{2}\" "
      "fill=\"#000\"/></svg>",
      size, escape_markup(title), path);
}

Result<std::string> qr_code_text(std::string_view text) {
  const Modules modules = TRY(Modules::of(text));
  std::string out;
  // Terminals are dark as a rule: light modules are drawn, two above one another in each character.
  for (int y = -kQuiet; y < modules.width() + kQuiet; y += 2) {
    for (int x = -kQuiet; x < modules.width() + kQuiet; ++x) {
      const bool above = !modules.dark(x, y), below = !modules.dark(x, y + 1);
      out += above && below ? "█" : above ? "▀" : below ? "▄" : " ";
    }
    out += '\n';
  }
  return out;
}

}  // namespace understory::publish
