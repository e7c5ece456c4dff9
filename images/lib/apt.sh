# A private apt: the suites that we read (trixie, sid; trixie-source: its source packages) from the
# mirror that this host already uses, with lists and packages under $CACHE/apt. The host's own
# /etc/apt is read, never written.
# The lists stay as they are until apt_refresh, so that what is built from them is repeatable.

APT_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

apt_mirror() # LABEL: the address of the first Debian (or Debian-Security) repository of this host
{
	apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v label="$1" '$1 == label && $2 == "main" { sub("/$", "", $3); print $3; exit }'
}

apt_sources() # SUITE: its sources.list on stdout
{
	local main security opts="signed-by=$APT_KEYRING arch=amd64"

	main=$(apt_mirror Debian)
	security=$(apt_mirror Debian-Security)
	[ -n "$main" ] || die "apt knows no Debian mirror on this host: run apt-get update first"
	case $1 in
	sid)
		echo "deb [$opts] $main sid main"
		return ;;
	*-source)
		echo "deb-src [signed-by=$APT_KEYRING] $main ${1%-source} main"
		return ;;
	esac
	opts+=,arm64
	echo "deb [$opts] $main $1 main non-free-firmware"
	echo "deb [$opts] $main $1-updates main non-free-firmware"
	[ -z "$security" ] || echo "deb [$opts] $security $1-security main non-free-firmware"
}

apt_conf() # SUITE: its apt.conf on stdout; comes after the host's own, so proxies stay
{
	local dir=$CACHE/apt/$1

	cat <<-CONF
	#clear APT::Architectures;
	#clear APT::Update;
	#clear APT::NeverAutoRemove;
	#clear DPkg::Post-Invoke;
	APT::Architecture "amd64";
	APT::Architectures { "amd64"; "arm64"; };
	APT::Install-Recommends "false";
	APT::Sandbox::User "root";
	Acquire::Languages "none";
	Acquire::Retries "3";
	Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
	Dir::Etc::SourceList "$dir/sources.list";
	Dir::Etc::SourceParts "/dev/null";
	Dir::Etc::Preferences "/dev/null";
	Dir::Etc::PreferencesParts "/dev/null";
	Dir::State "$dir/state";
	Dir::State::Lists "$dir/lists";
	Dir::State::status "$dir/status";
	Dir::Cache "$dir/cache";
	Dir::Cache::pkgcache "pkgcache.bin";
	Dir::Cache::srcpkgcache "srcpkgcache.bin";
	Dir::Cache::Archives "$CACHE/apt/archives";
	CONF
}

apt_private() # SUITE COMMAND ARG...: apt-get or apt-cache with the private configuration
{
	local suite=$1 command=$2

	shift 2
	"$command" -q -c "$CACHE/apt/$suite/apt.conf" "$@" 9>&-
}

# Makes the lists of a suite if they are not there yet or the host's mirror is another one now. To
# ask apt for the mirror takes a second: only done when its configuration has changed since.
apt_ready() # SUITE
{
	local dir=$CACHE/apt/$1 sources

	[ -f "$APT_KEYRING" ] || die "$APT_KEYRING is missing: install debian-archive-keyring"
	[ -f "$dir/ready" ] && [ -z "$(find /etc/apt "$CLONE/images/lib/apt.sh" -newer "$dir/ready" \
		-print -quit)" ] && return
	sources=$(apt_sources "$1")
	if [ -f "$dir/ready" ] && [ "$sources" = "$(cat "$dir/sources.list")" ] &&
		[ "$(apt_conf "$1")" = "$(cat "$dir/apt.conf")" ]; then
		touch "$dir/ready"
	else
		apt_refresh "$1"
	fi
}

apt_refresh() # SUITE
(
	dir=$CACHE/apt/$1
	lock "apt-$1"
	mkdir -p "$dir"/{state,lists/partial,cache} "$CACHE/apt/archives/partial"
	rm -f "$dir/ready"
	apt_sources "$1" >"$dir/sources.list"
	apt_conf "$1" >"$dir/apt.conf"
	: >"$dir/status"
	say "package lists of $1"
	quiet "$CACHE/log/apt-$1.log" apt_private "$1" apt-get update --error-on=any
	: >"$dir/ready"
)

apt_version() # SUITE PACKAGE[:ARCH]: the version that the suite has now, or nothing
{
	apt_private "$1" apt-cache policy "$2" | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

apt_has() # SUITE PACKAGE VERSION (apt-cache succeeds with a version that is not there, too)
{
	[ -n "$(apt_private "$1" apt-cache show "$2=$3" 2>/dev/null)" ]
}

# One package unpacked into a folder, signatures and digests checked by apt.
apt_unpack() # SUITE PACKAGE[:ARCH] VERSION DIR
(
	tmp=$(mktemp -d "$CACHE/apt/unpack.XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
	cd "$tmp"
	quiet "$CACHE/log/download.log" apt_private "$1" apt-get download "$2=$3"
	mkdir -p "$4"
	dpkg-deb -x ./*.deb "$4"
)

# A source package's files, signatures and digests checked by apt, into a folder.
apt_source() # SUITE PACKAGE VERSION DIR
(
	mkdir -p "$4"
	cd "$4"
	quiet "$CACHE/log/download.log" apt_private "$1" apt-get source --download-only "$2=$3"
)

# The digest of what the lists of a suite say: changes when the suite has changed.
apt_identity() # SUITE
{
	(cd "$CACHE/apt/$1/lists" && cat ./*InRelease) | sha256sum | cut -c1-16
}

apt_date() # SUITE: when its lists were made (the newest of them), seconds since 1970
{
	(cd "$CACHE/apt/$1/lists" && sed -sn 's/^Date: //p' ./*InRelease) |
		while read -r date; do date -d "$date" +%s; done | sort -n | tail -1
}
