# The layers of the container images: folders that are laid over each other. Sourced by
# images/components/build. layer_NAME ARCH DIR fills DIR; what it is made from is said by layer_from.

put() # FROM TO: a program, 0755
{
	install -D -m 755 "$1" "$2"
}

compiler() # ARCH
{
	[ "$1" = amd64 ] && echo gcc || echo aarch64-linux-gnu-gcc
}

layer_pause()
{
	inside "$(compiler "$1")" -Os -Wall -Wextra -Werror -static -s -o "$2/pause" "$HERE/pause/pause.c"
}

# One file for all programs: the images that have it share the layer.
layer_kube()
{
	local name

	put "$(program kubernetes "$1")/kube" "$2/usr/local/bin/kube"
	for name in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubeadm kubectl; do
		ln -s kube "$2/usr/local/bin/$name"
	done
}

# What writes the kernel's packet filter, with its libraries; busybox for a person who looks inside.
layer_net()
{
	local name

	unpacked "$1" "$2" nftables,iptables,busybox-static
	for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -s xtables-nft-multi "$2/usr/sbin/$name"
	done
	ln -s busybox "$2/usr/bin/sh"
	rm -rf "$2"/usr/share/{man,doc,lintian,locale,bug,menu,doc-base,initramfs-tools} "$2"/etc/* "$2"/var/*
}

layer_etcd()
{
	put "$(program etcd "$1")/etcd" "$2/usr/local/bin/etcd"
}

layer_coredns()
{
	put "$(program coredns "$1")/coredns" "$2/coredns"
}

layer_flannel()
{
	put "$(program flannel "$1")/flanneld" "$2/opt/bin/flanneld"
	put "$(program flannel "$1")/install-conf" "$2/opt/bin/install-conf"
}

layer_controller()
{
	put "$(program metallb "$1")/controller" "$2/controller"
}

layer_speaker()
{
	put "$(program metallb "$1")/speaker" "$2/speaker"
}

# Debian's Ceph as Rook wants it: daemons run as 167, and the operator as 2016. A Python module that
# cannot be loaded twice in a process (bcrypt) is loaded by the one function that uses it.
layer_ceph()
{
	quiet "$CACHE/log/layer-ceph.log" tree_make "$2.tree" essential "$1" \
		"$(words "$HERE/ceph/packages" | paste -sd,)"
	dpkg-query --admindir="$2.tree/var/lib/dpkg" -W -f '${Package}=${Version}\n' >"$2.list"
	rmdir "$2"
	mv "$2.tree" "$2"
	ceph_owner "$2"
	ceph_patch "$2"
	install -D -m 755 "$HERE/ceph/dmsetup" "$2/usr/local/sbin/dmsetup"
	(cd "$2" && rm -rf --one-file-system dev/* run/* tmp/* etc/apt usr/lib/apt var/cache/* var/lib/apt \
		var/lib/dpkg var/log/* usr/share/{doc,man,locale,info,lintian,bug} usr/lib/systemd/system)
	mkdir -p "$2/var/log/ceph" "$2/var/lib/rook"
	chown 167:167 "$2/var/log/ceph"
	# by content, not by time: all times in a layer are one
	quiet "$CACHE/log/ceph-python.log" chroot "$2" python3 -m compileall -q -f \
		--invalidation-mode unchecked-hash /usr/lib/python3 /usr/share/ceph /usr/lib/python3.13
}

ceph_owner() # DIR
{
	find "$1" -xdev \( -uid 64045 -o -gid 64045 \) -exec chown -h 167:167 {} +
	sed -i 's/^ceph:x:64045:64045:/ceph:x:167:167:/' "$1/etc/passwd"
	sed -i 's/^ceph:x:64045:/ceph:x:167:/' "$1/etc/group"
	grep -q ^ceph:x:167:167: "$1/etc/passwd" || die "Debian's ceph user is not the one we know"
	echo "rook:x:2016:2016::/var/lib/rook:/bin/sh" >>"$1/etc/passwd"
	echo "rook:x:2016:" >>"$1/etc/group"
}

ceph_patch() # DIR
{
	local file=$1/usr/share/ceph/mgr/mgr_util.py

	grep -q '^import bcrypt$' "$file" && grep -q '^def password_hash(' "$file" ||
		die "Ceph's mgr_util.py is not the one we know"
	sed -i '/^import bcrypt$/d; /^def password_hash(/,/^def /{/^    if not password/i\    import bcrypt
}' "$file"
}

# Rook's operator works with Ceph's own programs.
layer_rook()
{
	local module

	module=$(module_folder rook)
	put "$(program rook "$1")/rook" "$2/usr/local/bin/rook"
	put "$module/images/ceph/toolbox.sh" "$2/usr/local/bin/toolbox.sh"
	put "$module/images/ceph/set-ceph-debug-level" "$2/usr/local/bin/set-ceph-debug-level"
}

# Packages with all they depend on, unpacked and not installed: nothing of them is run.
unpacked() # ARCH DIR PACKAGES
{
	local dir=$2

	quiet "$CACHE/log/layer-$1.log" tree_make "$dir.tree" extract "$1" "$3"
	rm -rf --one-file-system "$dir.tree"/{dev,proc,sys,tmp,run,var/lib/apt,var/lib/dpkg,var/cache}
	rmdir "$dir"
	mv "$dir.tree" "$dir"
	merged "$dir"
}

# Links in the place of /bin, /lib and so on, as in an installed Debian.
merged() # DIR
{
	local name

	for name in bin sbin lib lib64; do
		[ ! -L "$1/$name" ] || continue
		mkdir -p "$1/usr/$name"
		[ ! -d "$1/$name" ] || { cp -a "$1/$name/." "$1/usr/$name/"; rm -r "${1:?}/$name"; }
		ln -s "usr/$name" "$1/$name"
	done
}

# What a layer is made from, besides the digest of the suite.
layer_from() # NAME ARCH
{
	case "$1" in
	pause) sha256sum <"$HERE/pause/pause.c" ;;
	kube) program_key kubernetes ;;
	controller | speaker) program_key metallb ;;
	etcd | coredns | flannel | rook) program_key "$1" ;;
	ceph) hash_files "$HERE"/ceph/* && declare -f ceph_owner ceph_patch ;;
	esac
	declare -f "layer_$1" unpacked merged
	echo "$2"
}

# A layer as folder, made once; prints it.
layer() # NAME ARCH
{
	local dir

	dir=$CACHE/components/layer-$1-$2-$({ layer_from "$1" "$2"; apt_identity trixie; } |
		sha256sum | cut -c1-16)
	echo "$dir"
	[ -e "$dir" ] && return
	say "layer $1 for $2"
	rm -rf --one-file-system "$dir.part" "$dir.part.tree"
	mkdir -p "$dir.part"
	"layer_$1" "$2" "$dir.part"
	[ ! -e "$dir.part.list" ] || mv "$dir.part.list" "$dir.list"
	mv "$dir.part" "$dir"
}
