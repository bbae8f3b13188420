# The chosen parts (docs/architecture.md says why), each as part::<name>.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(pugixml REQUIRED)
find_package(GTest REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)

function(pkg_part name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  add_library(part::${name} ALIAS PkgConfig::${name})
endfunction()

pkg_part(sqlite sqlite3)
pkg_part(postgres libpq)
pkg_part(sodium libsodium)
pkg_part(icu icu-i18n)
pkg_part(icu_uc icu-uc)
pkg_part(zip libzip)
pkg_part(archive libarchive)
pkg_part(xlsxwriter xlsxwriter)
pkg_part(openssl openssl)
pkg_part(zlib zlib)
pkg_part(prometheus prometheus-cpp-core)
pkg_part(systemd libsystemd)
pkg_part(qrencode libqrencode)
pkg_part(curl libcurl)

add_library(part::json ALIAS Boost::json)
add_library(part::xml ALIAS pugixml::pugixml)

# Header-only parts have nothing to link: Boost (Beast, Math), Eigen, toml++, CLI11, tl::expected, mustache, rapidcheck.
