#!/bin/sh
# Says what this machine lacks to build the project, and installs what apt has of it.
#   deps.sh [--swift] [PACKAGE…]
# Swift is looked at where asked for and before anything is installed: no package helps where the build cannot follow.
set -u
# As swift-tools-version in Package.swift.
least=6.2
system=$(. "${OS_RELEASE:-/etc/os-release}" 2>/dev/null && echo "${PRETTY_NAME:-}")
system=${system:-this system}

fail() { # fail PROBLEM REMEDY
  printf 'error: %s\nremedy: %s\n' "$1" "$2" >&2
  exit 1
}

check_swift() {
  remedy="install Swift 6.3 as https://www.swift.org/install/linux says, with the packages it lists (on Debian 13 take the build for Debian 12; \
Debian's own package swiftlang is too old), put its usr/bin into PATH and run make again"
  command -v swift >/dev/null 2>&1 || fail "there is no Swift: the command swift is not in PATH" "$remedy"
  answer=$(swift --version 2>&1)
  version=$(echo "$answer" | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || fail "$(command -v swift) does not work; swift --version printed: $answer" "$remedy"
  [ "$(printf '%s\n%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" ] ||
    fail "Swift $version ($(command -v swift)) is too old: the project needs $least or later and is tested with 6.3" "$remedy"
}

if [ "${1:-}" = --swift ]; then
  shift
  check_swift
fi
[ $# -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null 2>&1 || ! command -v dpkg-query >/dev/null 2>&1; then
  fail "$system has no apt, so packages cannot be installed from here" \
    "install what these packages of Debian hold, headers and pkg-config files included, and build with make compile: $*"
fi
installed=" $(dpkg-query -W -f '${Package}:${db:Status-Abbrev} ' "$@" 2>/dev/null)"
missing="" data=""
for package in "$@"; do
  case "$installed" in *" $package:ii "*) continue ;; esac
  # Data packages are no condition: ccr fetch gets the same files.
  case "$package" in dataset-*) data="$data $package" ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing$data" ] || exit 0

check_swift
echo "missing on $system:$missing$data"
root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null 2>&1 ||
    fail "only root installs packages, and there is no sudo" "as root, run: apt-get install --no-install-recommends$missing$data"
  root=sudo
fi
$root apt-get update -qq || fail "apt-get update failed, see above" "mend apt's sources or the network and run make again"
unknown=""
for package in $missing; do
  apt-cache show "$package" >/dev/null 2>&1 || unknown="$unknown $package"
done
[ -z "$unknown" ] ||
  fail "$system has no package called$unknown; the names are those of Debian 12, Debian 13 and Ubuntu 24.04" \
    "on Ubuntu enable the component universe; elsewhere install what corresponds to it and build with make compile"
for package in $data; do
  if apt-cache show "$package" >/dev/null 2>&1; then
    missing="$missing $package"
  else
    echo "$system has no package $package: after the build get the same data with .build/release/ccr fetch ${package#dataset-}"
  fi
done
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # a list of words
$root apt-get install -y --no-install-recommends $missing ||
  fail "apt-get install failed, see above" "mend what it names and run make again"
