# A Debian trixie tree made by mmdebstrap from the private lists and packages of lib/apt.sh.

# Runs in a mount namespace of its own, so that nothing stays mounted whatever happens. The same
# lists and packages give the same tree.
tree_make() # DIR VARIANT ARCHITECTURES PACKAGES [MMDEBSTRAP-OPTION...]
{
	local dir=$1 variant=$2 archs=$3 packages=$4 archives=$CACHE/apt/archives line options=()

	shift 4
	while read -r line; do
		options+=("--aptopt=$line")
	done < <(apt-config dump | grep '^Acquire::http')
	unshare --mount --propagation private mmdebstrap --mode=root --format=directory \
		--variant="$variant" --architectures="$archs" --include="$packages" \
		--skip=check/empty,update,cleanup "${options[@]}" \
		--aptopt='APT::Sandbox::User "root"' --aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--setup-hook="mkdir -p '$archives/partial' \"\$1/var/cache/apt/archives\"" \
		--setup-hook="mount --bind '$archives' \"\$1/var/cache/apt/archives\"" \
		--setup-hook="cp -a '$CACHE/apt/trixie/lists/.' \"\$1/var/lib/apt/lists/\"" \
		--customize-hook='rm -rf "$1"/var/lib/apt/lists/*' \
		--customize-hook='umount "$1/var/cache/apt/archives"' \
		"$@" trixie "$dir" "$CACHE/apt/trixie/sources.list"
}
