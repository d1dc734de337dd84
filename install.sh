#!/bin/sh
# Builds bylaws from this folder, installs it, and sets up its hooks in a repository.
#
#   ./install.sh [REPO]      REPO: default the repository around the current folder, if that is not this one
#   ./install.sh --server PATH... [--identity SOURCE] [--host-settings FILE]
#                            on a server: in the bare repositories PATH, and in all of the folders PATH
#   PREFIX=/opt ./install.sh      the program goes to $PREFIX/bin; default $HOME/.local/bin, for root on a server
#                            /usr/local/bin, where every account may run it
#
# Safe to run again: it then updates the program and renews the hooks. `bylaws uninstall [--server PATH...]` takes the
# hooks out.
# Exit status: 0 all is set up, 1 something is missing or failed, 2 wrong use.
set -eu

oldest_rust=88 # the minor number of 1.N; `rust-version` in Cargo.toml

say() { printf '%s\n' "$*"; }
fail() {
    printf 'error: %s\n' "$1" >&2
    shift
    for help in "$@"; do printf '  = help: %s\n' "$help" >&2; done
    exit 1
}
usage() {
    say "usage: ./install.sh [REPO]"
    say "       ./install.sh --server PATH... [--identity SOURCE] [--host-settings FILE]"
    say "  builds bylaws, puts it in \${PREFIX:-\$HOME/.local}/bin, and sets up its hooks in the repository REPO"
    say "  (default: the one around the current folder), or on a server in the bare repositories at and below each PATH"
}
has() { command -v "$1" >/dev/null 2>&1; }

repository=
server=
case ${1-} in
-h | --help)
    usage
    exit 0
    ;;
--server)
    # The rest is for `bylaws install --server`, which knows what each word means; it is looked at before a long build.
    server=yes
    case ${2-} in
    '' | -*)
        usage >&2
        exit 2
        ;;
    esac
    ;;
-*)
    usage >&2
    exit 2
    ;;
esac
if [ -z "$server" ] && [ $# -gt 1 ]; then
    usage >&2
    exit 2
fi

# --- Where everything is -------------------------------------------------------------------------------------------

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
if ! grep -q '^name = "bylaws"' "$here/Cargo.toml" 2>/dev/null; then
    fail "the sources of bylaws are not in $here" "run install.sh in a checkout of bylaws: it builds what is there"
fi
if [ -n "${PREFIX-}" ]; then
    prefix=$PREFIX
elif [ -n "$server" ] && [ "$(id -u)" -eq 0 ]; then
    # Root's own folder is closed to the accounts that run the hooks.
    prefix=/usr/local
elif [ -n "${HOME-}" ]; then
    prefix=$HOME/.local
else
    fail "neither HOME nor PREFIX says where to install" "name a folder: PREFIX=/usr/local ./install.sh"
fi
case $prefix in
/*) ;;
*) prefix=$(pwd)/$prefix ;;
esac
bin=$prefix/bin

# --- What is needed ------------------------------------------------------------------------------------------------

# The command that installs a package here.
getting() {
    if has apt-get; then
        say "sudo apt-get install $1"
    elif has dnf; then
        say "sudo dnf install $1"
    elif has apk; then
        say "sudo apk add $1"
    elif has pacman; then
        say "sudo pacman -S $1"
    elif has zypper; then
        say "sudo zypper install $1"
    elif has brew; then
        say "brew install $1"
    else
        say "install the package $1"
    fi
}
missing=0
lacks() {
    missing=1
    printf 'error: %s\n  = help: %s\n' "$1" "$2" >&2
}

has git || lacks "git is missing" "$(getting git)"
compiler=${CC:-cc}
compiler=${compiler%% *}
if ! has "$compiler"; then
    if has xcode-select; then get='xcode-select --install'; else get=$(getting gcc); fi
    lacks "a C compiler is missing (no $compiler on PATH)" "$get"
fi

rustup_help="curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
cargo=$(command -v cargo || true)
if [ -z "$cargo" ] && [ -x "${HOME-}/.cargo/bin/cargo" ]; then
    cargo=$HOME/.cargo/bin/cargo
    PATH=$HOME/.cargo/bin:$PATH
fi
if [ -z "$cargo" ]; then
    lacks "cargo, Rust's build tool, is missing" "$rustup_help"
else
    # rustup looks for its toolchains in HOME; under another HOME they are beside the cargo that was found.
    owner=${cargo%/.cargo/bin/cargo}
    if [ "$owner" != "$cargo" ] && [ "$owner" != "${HOME-}" ] && [ -d "$owner/.rustup" ]; then
        RUSTUP_HOME=${RUSTUP_HOME:-$owner/.rustup}
        CARGO_HOME=${CARGO_HOME:-$owner/.cargo}
        export RUSTUP_HOME CARGO_HOME
    fi
    version=$("$cargo" --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9][0-9]*\).*/\1/p')
    if [ -z "$version" ]; then
        lacks "$cargo does not run: $("$cargo" --version 2>&1 | head -n 1)" "rustup default stable"
    elif [ "$version" -lt "$oldest_rust" ]; then
        if has rustup; then update='rustup update stable'; else update=$rustup_help; fi
        lacks "Rust 1.$version is too old: 1.$oldest_rust is needed" "$update"
    fi
fi
if [ "$missing" -ne 0 ]; then
    say "nothing was changed; get what is missing, then run this again" >&2
    exit 1
fi

# --- Which repository ----------------------------------------------------------------------------------------------

if [ -n "$server" ]; then
    [ -d "$2" ] || fail "there is no folder $2"
elif [ $# -eq 1 ]; then
    [ -d "$1" ] || fail "there is no folder $1"
    repository=$(git -C "$1" rev-parse --show-toplevel 2>/dev/null) || {
        if [ "$(git -C "$1" rev-parse --is-bare-repository 2>/dev/null)" = true ]; then
            fail "$1 is a bare repository: nobody commits in it" "name a clone of it"
        fi
        fail "$1 is not in a git repository" "make it one: git init $1" "or name another: ./install.sh REPO"
    }
else
    repository=$(git rev-parse --show-toplevel 2>/dev/null || true)
    # Who runs ./install.sh in our own checkout wants the program; hooks in there are for who names it.
    if [ -n "$repository" ] && [ "$(CDPATH='' cd -- "$repository" && pwd -P)" = "$here" ]; then
        repository=
    fi
fi

# --- Build and put in place ----------------------------------------------------------------------------------------

target=${CARGO_TARGET_DIR:-$here/target}
case $target in
/*) ;;
*) target=$(pwd)/$target ;;
esac
say "building bylaws in release mode (a few minutes the first time) ..."
# From our own folder, so that no other one's .cargo/config.toml has a say in it.
unset CARGO_BUILD_TARGET
(cd -- "$here" && "$cargo" build --release --locked --bin bylaws --target-dir "$target") ||
    fail "the build failed" "what cargo says is above; nothing was installed"

mkdir -p "$bin" 2>/dev/null || fail "cannot make the folder $bin" "choose another: PREFIX=DIR ./install.sh"
new=$bin/.bylaws-new-$$
report=$bin/.bylaws-report-$$
trap 'rm -f "$new" "$report"' EXIT
trap 'exit 1' HUP INT TERM
# Copied beside its place and renamed over it: a hook that runs right now keeps the old program.
if ! cp "$target/release/bylaws" "$new" 2>/dev/null; then
    fail "cannot write to $bin" "choose another folder: PREFIX=DIR ./install.sh"
fi
chmod 755 "$new"
mv -f "$new" "$bin/bylaws"
version=$("$bin/bylaws" --version) || fail "$bin/bylaws does not run"
say "installed $version as $bin/bylaws"

# --- On a server ---------------------------------------------------------------------------------------------------

if [ -n "$server" ]; then
    say
    status=0
    "$bin/bylaws" install "$@" || status=1
    say
    say "next:"
    say "  $bin/bylaws doctor --server PATH...      what is enforced there, what is not and why"
    say "  $bin/bylaws uninstall --server PATH...   takes the hooks out again"
    exit "$status"
fi

# --- The hooks, and a first look at the history --------------------------------------------------------------------

status=0
if [ -n "$repository" ]; then
    say
    "$bin/bylaws" -C "$repository" install || exit 1
    say
    if git -C "$repository" rev-parse --verify --quiet HEAD >/dev/null; then
        # The commit before the last ten; none if there are not so many.
        before=$(git -C "$repository" rev-list --max-count=1 --skip=10 HEAD)
        if [ -n "$before" ]; then set -- "$before..HEAD"; else set -- --all; fi
        say "the last commits of $repository:"
        checked=0
        "$bin/bylaws" -C "$repository" check "$@" >"$report" 2>&1 || checked=$?
        lines=$(wc -l <"$report")
        if [ "$lines" -le 40 ]; then
            cat "$report"
        else
            head -n 30 "$report"
            say "... and more; all of it: bylaws check $*"
            say
            tail -n 1 "$report"
        fi
        case $checked in
        0) ;;
        1) say "old commits are not refused: the hooks judge new ones only" ;;
        *)
            say "error: bylaws cannot decide here, and a hook that cannot decide refuses: see above" >&2
            status=1
            ;;
        esac
    else
        say "$repository has no commits yet"
    fi
fi

# --- What to do next -----------------------------------------------------------------------------------------------

say
say "next:"
case :${PATH-}: in
*":$bin:"*) ;;
*) say "  export PATH=\"$bin:\$PATH\"    put this in your shell's start-up file; the hooks work without" ;;
esac
if [ -n "$repository" ]; then
    say "  git commit          in $repository; a refusal says what, where, why and how to fix it"
    say "  bylaws rules        the rules in force there; bylaws init writes a policy of your own"
    say "  bylaws doctor       what is enforced there; bylaws uninstall takes the hooks out again"
else
    say "  bylaws install      in a repository: sets up its hooks (or: ./install.sh REPO)"
    say "  bylaws check --all  there: judges its whole history"
fi
exit "$status"
