# The packages of an installed tree, for another architecture, which this host cannot run: unpacked,
# then what their installation made (/etc, /var, links, compiled Python, owners) is taken over from
# the installed tree. Prints name=version of each.
tree_foreign() # INSTALLED DIR ARCH
{
	local installed=$1 dir=$2 arch=$3 name version apt names

	names=$(awk '$1 == "Package:" { print $2 }' "$installed/var/lib/dpkg/status")
	apt=(apt_private trixie apt-get -o "APT::Architecture=$arch" -y)
	"${apt[@]}" --download-only install $names >&2
	mkdir -p "$dir"
	"${apt[@]}" --simulate install $names | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\).*/\1 \2/p' |
		sort -k1,1 >"$dir.list"
	# base-files first: it brings the links /bin, /lib, /sbin
	{ grep '^base-files ' "$dir.list"; grep -v '^base-files ' "$dir.list"; } |
		while read -r name version; do
			dpkg-deb --fsys-tarfile "$CACHE/apt/archives/${name}_${version//:/%3a}"_*.deb |
				tar -x --keep-directory-symlink -C "$dir"
			echo "$name=$version"
		done
	rm "$dir.list"
	tree_made_files "$installed" | tar -C "$installed" --no-recursion -T - -c |
		tar -x --keep-directory-symlink -C "$dir"
	rm -f "$dir/etc/ld.so.cache"
	tree_owners "$installed" "$dir"
}

# What is in a tree and in no package, relative paths.
tree_made_files() # DIR
{
	comm -23 <(cd "$1" && find . -xdev ! -type s | sed 's/^\.//' | grep . | sort) \
		<(cat "$1"/var/lib/dpkg/info/*.list | sort -u) | sed 's#^/##'
}

# Owners and modes that differ from the packages', set by installation.
tree_owners() # INSTALLED DIR
{
	local mode uid gid path

	comm -23 <(cd "$1" && find . ! -type l -printf '%m %U %G %p\n' | sort) \
		<(cd "$2" && find . ! -type l -printf '%m %U %G %p\n' | sort) |
		while read -r mode uid gid path; do
			[ -e "$2/$path" ] && [ ! -L "$2/$path" ] || continue
			chown "$uid:$gid" "$2/$path"
			chmod "$mode" "$2/$path"
		done
}
