# The map of the house's build: `make help`.

PREFIX ?= /usr/local
CACHE  ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bootserver
export CACHE
Q := $(if $(V),,@)
# all cores, unless the caller says how many
ifeq ($(filter -j% --jobserver%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

CFLAGS ?= -O2 -g
LIBS     := libmicrohttpd libsystemd libfyaml jansson sqlite3 libcurl libcrypto libssl libarchive libseccomp libcap
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wformat=2 -Wno-missing-field-initializers -Werror
BASE     := -std=c11 -D_GNU_SOURCE -Ibootserver -I. $(WARN) -MMD -MP
HARDEN   := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
VERSION  := $(shell git describe --always --dirty --tags 2>/dev/null || echo unknown)
PKGFLAGS  = $(shell pkg-config --cflags $(LIBS))
LDLIBS    = $(shell pkg-config --libs $(LIBS)) -lblkid

SRC      := $(sort $(filter-out bootserver/main.c,$(wildcard bootserver/*/*.c)))
GUEST    := $(sort $(wildcard images/stage1/*.c images/imagetool/*.c cloud-init/agent/*.c))
OBJ      := $(SRC:%.c=build/obj/%.o)
# lwIP's pieces that the probe needs, from Debian's source package (bootserver/probe/lwip).
LWIP     := $(addprefix core/,def dns inet_chksum init ip mem memp netif pbuf tcp tcp_in tcp_out timeouts udp) \
            $(addprefix core/ipv4/,etharp icmp ip4 ip4_addr ip4_frag) netif/ethernet
PROBE    := -Ibootserver/probe -isystem build/lwip/include
FLEET    := $(sort $(wildcard tests/fleet/*.c))
TESTS    := $(patsubst tests/%.c,build/tests/%,$(sort $(wildcard tests/unit/*/*_test.c tests/golden/*_test.c)))
FUZZ     := $(patsubst tests/fuzz/%.c,build/fuzz/%,$(sort $(wildcard tests/fuzz/*.c)))

.PHONY: all help setup image components update-locks demo demo-boot check test soak bench install deb clean
all: build/bootserver build/share build/man

help:
	@sed -n 's/^## //p' Makefile

## make            build/bootserver (needs `make setup` once, as root)
## make setup      installs the packages the build and the tests need; makes the tool root (in the cache)
## make image      builds the images edge, base and tiny for amd64 and arm64 into the cache
## make components builds Kubernetes and Ceph for them: about half an hour, once
## make update-locks  pins the versions that Debian has now (firmware, kernel, QEMU, lwIP)
## make demo       a virtual rack: three machines from power-on to a cluster that serves
## make demo-boot  the short one: three machines from power-on to healthy
## make check      unit, golden, fuzz corpus, budgets, layers (under 3 minutes)
## make test       everything, with real firmware, images and machines
## make soak       the long counts: writes docs/soak/
## make bench      figures and storms beside nginx, Matchbox and dnsmasq: writes docs/benchmarks/ (half an hour)
## make install    DESTDIR= PREFIX=
## make deb        a Debian package into build/deb/ (SUITE=trixie: for trixie, on Debian 12 too)
## make clean      removes build/ (caches are in $XDG_CACHE_HOME/bootserver)

build/bootserver: build/obj/bootserver/main.o $(OBJ) $(LWIP:%=build/obj/lwip/%.o)
	$(Q)echo "  LD    $@"; $(CC) $(LDFLAGS) -pie -Wl,-z,relro,-z,now -o $@ $^ $(LDLIBS)

# What dnsmasq executes at each lease: a program of its own, which the keeper carries.
LEASE    := lease_main keeper/lease_event lib/err lib/hex lib/json lib/net lib/str
build/lease-event: $(LEASE:%=build/obj/bootserver/%.o)
	$(Q)echo "  LD    $@"; $(CC) $(LDFLAGS) -pie -s -Wl,-z,relro,-z,now -o $@ $^ -ljansson
build/obj/bootserver/keeper/lease_program.o build/san/bootserver/keeper/lease_program.o: build/lease-event

build/obj/%.o: %.c | build/host-packages
	$(Q)mkdir -p $(@D); echo "  CC    $<"; \
	$(CC) $(CFLAGS) $(HARDEN) $(BASE) $(PKGFLAGS) -c -o $@ $<

# lwIP, unpacked into build/ and compiled with the options of bootserver/probe/lwipopts.h; its own
# warnings are its own business.
build/lwip: bootserver/probe/lwip bootserver/probe/lwip.lock | build/host-packages
	$(Q)bootserver/probe/lwip $@ && touch $@
# What no .d file names: -MMD takes what lwIP's headers include for the system's.
LWIP_SEEN := build/lwip bootserver/probe/lwipopts.h bootserver/probe/arch/cc.h
build/obj/lwip/%.o: $(LWIP_SEEN)
	$(Q)mkdir -p $(@D); echo "  CC    lwip/$*.c"; \
	$(CC) $(CFLAGS) $(HARDEN) -std=gnu11 -w -MMD -MP $(PROBE) -c -o $@ build/lwip/$*.c
build/san/lwip/%.o: $(LWIP_SEEN)
	$(Q)mkdir -p $(@D); echo "  CC    lwip/$*.c (san)"; \
	$(CC) -O1 -g -fsanitize=address -fno-omit-frame-pointer -std=gnu11 -w -MMD -MP $(PROBE) -c -o $@ \
		build/lwip/$*.c
build/obj/bootserver/probe/%.o build/san/bootserver/probe/%.o: BASE += $(PROBE)
$(filter build/obj/bootserver/probe/%,$(OBJ)) $(filter build/san/bootserver/probe/%,$(SRC:%.c=build/san/%.o)) \
	$(FLEET:%.c=build/obj/%.o) $(FLEET:%.c=build/san/%.o): $(LWIP_SEEN)

# Said to the one file that prints it, so that a commit changes no other object.
build/obj/bootserver/cli/cli.o: BASE += -DVERSION='"$(VERSION)"'
build/san/bootserver/cli/cli.o: BASE += -DVERSION='"test"'

# The same code under the sanitizers, as an archive: each test links what it needs of it.
SAN := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
build/san/%.o: %.c | build/host-packages
	$(Q)mkdir -p $(@D); echo "  CC    $< (san)"; \
	$(CC) $(SAN) $(BASE) $(PKGFLAGS) -c -o $@ $<
build/san/all.a: $(SRC:%.c=build/san/%.o) $(patsubst %.c,build/san/%.o,$(filter-out %/main.c,$(GUEST))) \
		$(patsubst %.c,build/san/%.o,$(filter-out %/main.c,$(FLEET))) $(LWIP:%=build/san/lwip/%.o)
	$(Q)rm -f $@; ar rcs $@ $^
build/tests/unit/probe/% build/tests/unit/fleet/% build/fuzz/probe_%: private BASE += $(PROBE)
build/tests/%: tests/%.c build/san/all.a
	$(Q)mkdir -p $(@D); echo "  TEST  $<"; \
	$(CC) $(SAN) $(BASE) $(PKGFLAGS) -Itests -o $@ $< build/san/all.a $(LDLIBS) -lkmod -lmnl -lcmocka

# Fuzz targets: linked with a main() that replays the corpus here, with libFuzzer by `make fuzz`.
build/fuzz/%: tests/fuzz/%.c tests/fuzz/replay/main.c build/san/all.a
	$(Q)mkdir -p $(@D); echo "  FUZZ  $<"; \
	$(CC) $(SAN) $(BASE) $(PKGFLAGS) -Itests -o $@ $< tests/fuzz/replay/main.c build/san/all.a $(LDLIBS)

# The herd of probes that storms are made of: tests/fleet.
build/fleet: $(FLEET:%.c=build/obj/%.o) $(OBJ) $(LWIP:%=build/obj/lwip/%.o)
	$(Q)echo "  LD    $@"; $(CC) $(LDFLAGS) -pie -o $@ $^ $(LDLIBS)
build/obj/tests/fleet/%.o build/san/tests/fleet/%.o: BASE += $(PROBE)

# What the program ships: see docs/INTERFACES.md.
build/share: build/host-packages $(wildcard ipxe-scripts/*.ipxe) firmware/ipxe.lock firmware/collect
	$(Q)firmware/collect build/share/bootserver && touch $@

# Manual pages and completion, from the same tables as --help and docs/SITE-FILE.md.
build/man: build/bootserver
	$(Q)mkdir -p $@ && echo "  MAN   $@" && build/bootserver manual command >$@/bootserver.1 && \
	build/bootserver manual site >$@/bootserver-site.5 && \
	build/bootserver manual completion >$@/bootserver.bash && touch $@

build/host-packages: $(wildcard bootserver/packages.txt tests/packages.txt images/host-packages)
	$(Q)mkdir -p build; images/host-packages bootserver/packages.txt tests/packages.txt && touch $@

setup: build/host-packages
	$(Q)images/toolroot make

image: build/host-packages
	$(Q)images/build edge && images/build base && images/build tiny

components: build/host-packages
	$(Q)for part in "kube amd64" "kube arm64" "ceph amd64"; do images/components/build $$part || exit 1; done

# Takes the versions that the suites have now; run `make test` before they are committed.
update-locks:
	$(Q)images/toolroot update-locks && firmware/collect update-lock && bootserver/probe/lwip update-lock

demo demo-boot:
	$(Q)tests/demo/host $@ .
	$(Q)$(MAKE) --no-print-directory all
	$(Q)tests/run $@

check: all
	$(Q)$(MAKE) --no-print-directory build-tests
	$(Q)tests/run check

.PHONY: build-tests
build-tests: $(TESTS) $(FUZZ) build/fleet

test: all
	$(Q)$(MAKE) --no-print-directory build-tests
	$(Q)tests/run test

soak: all build/fleet
	$(Q)tests/run soak

bench: all
	$(Q)tests/run bench

install: all
	$(Q)bootserver/install "$(DESTDIR)" "$(PREFIX)"

deb: all
	$(Q)bootserver/deb/build $(SUITE)

clean:
	rm -rf build

build/%.d: ;	# written with the object: make need not look for a way to make it
# not below build/test: a Debian tree that a test makes there has an invoke-rc.d of its own
-include $(shell [ -d build ] && find build -path build/test -prune -o -type f -name '*.d' -print)
