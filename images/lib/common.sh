# What the scripts of images/ and firmware/ share: words to the person, locks, atomic folders.
# Sourced by bash; sets CLONE (this tree) and CACHE (finished work, kept by content).
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8
umask 022

CLONE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/bootserver}
export CLONE CACHE

say() # SENTENCE: progress, on stderr
{
	echo "  $*" >&2
}

warn()
{
	echo "warning: $*" >&2
}

die()
{
	echo "error: $*" >&2
	exit 1
}

need_root() # WHAT: ends with a clear sentence unless run as root
{
	[ "$(id -u)" = 0 ] || die "$1 needs root: run it as root, or with sudo"
}

need_space() # DIR GIB
{
	local free

	mkdir -p "$1"
	free=$(df --output=avail -B1G "$1" | tail -1)
	[ "$free" -ge "$2" ] ||
		die "$1 has $free GiB free, $2 are needed: make room there, or set XDG_CACHE_HOME"
}

hash_files() # FILE...: one digest over names (relative to the clone) and contents
{
	(cd "$CLONE" && sha256sum -- "${@#"$CLONE"/}") | sha256sum | cut -c1-16
}

words() # FILE: its words, without comments
{
	sed 's/#.*//' "$1" | tr -s '[:space:]' '\n' | sed '/^$/d'
}

lock() # NAME: one at a time on this machine; held until the shell that called it ends
{
	mkdir -p "$CACHE/lock"
	exec 9>"$CACHE/lock/$1"
	flock -n 9 && return
	say "waiting: another process is making $1"
	flock 9
}

# Runs a long command quietly: its output goes to a log, which is shown if it fails.
quiet() # LOG COMMAND...
{
	local log=$1

	shift
	mkdir -p "$(dirname "$log")"
	"$@" >"$log" 2>&1 9>&- && return
	tail -n 30 "$log" >&2
	die "this failed: $1 (all of its output: $log)"
}
