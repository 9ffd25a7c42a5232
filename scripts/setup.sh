#!/usr/bin/env bash
# Installs what is missing for one purpose and says so; does nothing, quickly, when nothing is missing.
# Usage: scripts/setup.sh build|run|check|test|bench   (each includes what it needs of those before it)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

purpose=${1:?usage: scripts/setup.sh build|run|check|test|bench}
deny_version=0.20.2
nextest_version=0.9.143
garage_version=2.5.0

say() { printf 'setup: %s\n' "$*" >&2; }
missing() { ! command -v "$1" >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; return; fi
  if missing sudo; then say "this needs root: $*"; exit 1; fi
  sudo "$@"
}

install_debian() {
  [ $# -gt 0 ] || return 0
  if missing apt-get; then say "install these with your package manager: $*"; exit 1; fi
  say "installing $*"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || ! missing initdb; }

debian_packages() {
  local wanted=()
  { missing cc || [ ! -e /usr/include/stdlib.h ]; } && wanted+=(gcc libc6-dev)
  # libjpeg-turbo is built from the source that its crate brings; nasm is for its fast paths
  missing cmake && wanted+=(cmake make)
  missing nasm && wanted+=(nasm)
  # for films and sound; LibreOffice and Poppler, for slides, are left to whoever wants them
  [[ $purpose =~ ^(run|test|bench)$ ]] && missing ffmpeg && wanted+=(ffmpeg)
  if [ "$purpose" = test ] || [ "$purpose" = bench ]; then
    missing vipsthumbnail && wanted+=(libvips-tools)
    has_postgres || wanted+=(postgresql)
    missing psql && wanted+=(postgresql-client)
  fi
  if [ "$purpose" = test ]; then
    missing strace && wanted+=(strace)
    missing faketime && wanted+=(faketime)
    missing unzip && wanted+=(unzip)
    missing zip && wanted+=(zip)
    { missing convert || missing identify; } && wanted+=(imagemagick)
    missing nginx && [ ! -x /usr/sbin/nginx ] && wanted+=(nginx-light)
    missing pdftoppm && wanted+=(poppler-utils)
    missing soffice && wanted+=(libreoffice-impress-nogui)
    python3 -c 'import ensurepip, venv' 2>/dev/null || wanted+=(python3-venv)
  fi
  if [ "$purpose" = bench ]; then
    missing strace && wanted+=(strace)
    missing nginx && [ ! -x /usr/sbin/nginx ] && wanted+=(nginx-light)
    missing zip && wanted+=(zip)
    missing unzip && wanted+=(unzip)
  fi
  install_debian ${wanted[@]+"${wanted[@]}"}
}

# The release profile of these two is made for speed of the tool; ours is that it is built soon.
install_cargo_tool() {
  local name=$1 version=$2
  shift 2
  ! cargo "$name" --version >/dev/null 2>&1 || return 0
  say "building cargo-$name $version, this takes some minutes"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
    CARGO_PROFILE_RELEASE_DEBUG=false CARGO_TARGET_DIR="${TMPDIR:-/tmp}/entrepot-setup-$name" \
    cargo install --locked --quiet "cargo-$name" --version "$version" "$@"
  rm -rf "${TMPDIR:-/tmp}/entrepot-setup-$name"
}

# What small objects are compared with; without it that figure is not measured, the others are.
install_garage() {
  [ ! -x "${CARGO_HOME:-$HOME/.cargo}/bin/garage" ] || return 0
  say "building garage $garage_version, this takes many minutes, once"
  local target="${TMPDIR:-/tmp}/entrepot-setup-garage"
  CARGO_TARGET_DIR="$target" cargo install --locked --quiet garage --version "$garage_version" ||
    say "garage could not be built; 'objects of 64 KiB' will not be measured"
  rm -rf "$target"
}

python_packages() {
  local stamp=.venv/requirements.installed
  .venv/bin/python -c '' 2>/dev/null && cmp -s tests/requirements.txt "$stamp" && return 0
  say "installing Python packages into .venv"
  python3 -m venv --clear .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r tests/requirements.txt
  cp tests/requirements.txt "$stamp"
}

if missing cargo; then
  say "Rust is missing: install it with rustup (https://rustup.rs), then run this again"
  exit 1
fi

debian_packages
case $purpose in
  build | run) ;;
  bench) install_garage ;;
  check) install_cargo_tool deny "$deny_version" ;;
  test)
    install_cargo_tool deny "$deny_version"
    install_cargo_tool nextest "$nextest_version" --no-default-features --features default-no-update
    python_packages
    ;;
  *) say "unknown purpose: $purpose"; exit 2 ;;
esac
