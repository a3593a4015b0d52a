#!/bin/sh
# Installs those of the named Debian packages that are missing; silent when none is.
set -eu

if ! command -v dpkg-query >/dev/null; then
    echo "deps: this is no Debian system; what is needed is in these packages there: $*" >&2
    exit 0
fi

present=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
    sed -n 's/^installed //p' | tr '\n' ' ')
missing=
for package in "$@"; do
    case " $present" in
    *" $package "*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

# Without a terminal sudo cannot ask for a password.
if [ "$(id -u)" = 0 ]; then
    as_root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    as_root=sudo
else
    echo "deps: these packages are missing, and only root can install them:$missing" >&2
    exit 1
fi

echo "deps: installing$missing (this may take a few minutes)"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >>"$log" 2>&1
}
# A mirror out of reach need not matter: the packages may be at hand.
apt update || true
# shellcheck disable=SC2086 # a list of names
if ! apt install -y --no-install-recommends $missing </dev/null; then
    cat "$log" >&2
    echo "deps: could not install:$missing" >&2
    exit 1
fi
