# Go programs out of pinned modules, made in the tool root. Sourced by bash after images/lib/common.sh.
# Modules and compiled packages are kept under $CACHE/go; what is downloaded is checked by go.sum.

HERE=$CLONE/images/components

inside() # COMMAND...: in the tool root
{
	"$CLONE/images/toolroot" run "$@"
}

# Where modules come from is the host's setting, as for its own Go; never a module's own source.
go_proxy()
{
	local proxy=${GOPROXY-} settings=${GOENV:-${XDG_CONFIG_HOME:-$HOME/.config}/go/env}

	[ -n "$proxy" ] || [ ! -f "$settings" ] || proxy=$(sed -n 's/^GOPROXY=//p' "$settings")
	[ -n "$proxy" ] || proxy=$(inside env GOENV=off /usr/lib/go-1.26/bin/go env GOPROXY)
	proxy=${proxy//,direct/}
	echo "${proxy//|direct/}"
}

# The host's certificates: its proxies may have one of their own.
go_certificates()
{
	local bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}

	[ -f "$bundle" ] || return 0
	mkdir -p "$CACHE/go"
	cmp -s "$bundle" "$CACHE/go/certificates.crt" || install -m 644 "$bundle" "$CACHE/go/certificates.crt"
	echo "SSL_CERT_FILE=$CACHE/go/certificates.crt"
}

go_run() # FOLDER ARCH CGO ARG...: Go in a folder of images/components
{
	local folder=$1 arch=$2 cgo=$3 cc=gcc

	shift 3
	[ "$arch" = amd64 ] || cc=aarch64-linux-gnu-gcc
	inside env -u SSL_CERT_DIR -C "$HERE/$folder" GOENV=off GOFLAGS=-mod=readonly GOTOOLCHAIN=local \
		GOPROXY="$(go_proxy)" $(go_certificates) GOMODCACHE="$CACHE/go/mod" \
		GOCACHE="$CACHE/go/build" GOOS=linux GOARCH="$arch" CGO_ENABLED="$cgo" CC="$cc" \
		nice -n "${GO_NICE:-10}" /usr/lib/go-1.26/bin/go "$@"
}

program_row() # FOLDER: its row in `programs`, without the folder
{
	awk -v name="$1" '$1 == name { $1 = ""; print substr($0, 2); found = 1 } END { exit !found }' \
		"$HERE/programs" || die "no $1 in images/components/programs"
}

program_version() # FOLDER: as its go.mod pins it
{
	local module rest

	read -r module rest < <(program_row "$1")
	awk -v module="$module" '{ sub(/^require /, "") } $1 == module && $2 ~ /^v/ { print $2; exit }' \
		"$HERE/$1/go.mod"
}

# The source of its module, in the cache; prints the folder.
module_folder() # FOLDER
{
	local module rest

	read -r module rest < <(program_row "$1")
	go_run "$1" amd64 0 mod download "$module" >&2
	echo "$CACHE/go/mod/$module@$(program_version "$1")"
}

program_flags() # FOLDER MODULE: what the linker is told
{
	local version date

	[ -e "$HERE/$1/flags" ] || return 0
	version=$(program_version "$1")
	date=$(sed -n 's/.*"Time" *: *"\([^"]*\)".*/\1/p' "$CACHE/go/mod/cache/download/$2/@v/$version.info")
	sed "s/@VERSION@/$version/; s/@DATE@/$date/; s/@MAJOR@/$(echo "${version#v}" | cut -d. -f1)/
		s/@MINOR@/$(echo "$version" | cut -d. -f2)/" "$HERE/$1/flags" | tr '\n' ' '
}

program_key() # FOLDER
{
	{
		hash_files $(find "$HERE/$1" -type f | sort) "$CLONE/images/toolroot.lock"
		program_row "$1"
		declare -f go_run program_make program_flags
	} | sha256sum | cut -c1-16
}

program_make() # FOLDER ARCH OUT
{
	local row module word cgo=0 flags tags=

	read -r -a row < <(program_row "$1")
	module=${row[0]}
	flags="-s -w"
	[ "${row[1]}" != cgo ] || cgo=1
	[ "$cgo" = 0 ] || tags=netgo,osusergo flags+=" -linkmode external -extldflags -static"
	go_run "$1" "$2" 0 mod download "$module"
	flags+=" $(program_flags "$1" "$module")"
	for word in "${row[@]:1}"; do
		[ "$word" != cgo ] || continue
		word=${word//@/$module}
		go_run "$1" "$2" "$cgo" build -trimpath -buildvcs=false -tags "$tags" \
			-ldflags "$flags" -o "$3/${word%%=*}" "${word#*=}"
	done
}

# The programs of one folder, made once; prints the folder they are in.
program() # FOLDER ARCH
{
	local dir

	dir=$CACHE/components/$1-$2-$(program_key "$1")
	echo "$dir"
	[ -e "$dir" ] && return
	say "$1 $(program_version "$1") for $2"
	rm -rf "$dir.part"
	mkdir -p "$dir.part"
	quiet "$CACHE/log/go-$1-$2.log" program_make "$1" "$2" "$dir.part"
	mv "$dir.part" "$dir"
}
