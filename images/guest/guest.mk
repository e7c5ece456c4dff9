# stage 1 and the agent for one architecture, made inside the tool root by images/build:
#	make -f images/guest/guest.mk ARCH=amd64|arm64 OUT=DIR
# One archive holds all that they share, so that each program links only what it needs of it.

triplet.amd64 := x86_64-linux-gnu
triplet.arm64 := aarch64-linux-gnu
TRIPLET := $(triplet.$(ARCH))
CC      := $(TRIPLET)-gcc
LIBS    := libcurl jansson libcrypto libkmod libmnl blkid
export PKG_CONFIG_LIBDIR := /usr/lib/$(TRIPLET)/pkgconfig:/usr/share/pkgconfig

CFLAGS  := -std=c11 -O2 -D_GNU_SOURCE -D_FORTIFY_SOURCE=2 -DVERSION='"image"' \
           -fPIE -fstack-protector-strong -fstack-clash-protection \
           -ffunction-sections -fdata-sections -ffile-prefix-map=$(CURDIR)=. \
           -Wall -Wextra -Wno-missing-field-initializers -Ibootserver -I. -MMD -MP
LDFLAGS := -pie -s -Wl,--gc-sections,--as-needed,-z,relro,-z,now
# The jail is the server's alone: it wants libseccomp.
SHARED  := $(filter-out bootserver/lib/jail.c,$(wildcard bootserver/lib/*.c bootserver/plan/*.c))
OWN     := $(filter-out %/main.c,$(wildcard images/stage1/*.c cloud-init/agent/*.c))
OBJ     := $(patsubst %.c,$(OUT)/obj/%.o,$(sort $(SHARED) $(OWN)))

all: $(OUT)/stage1 $(OUT)/bootserver-agent

$(OUT)/stage1: $(OUT)/obj/images/stage1/main.o $(OUT)/guest.a
$(OUT)/bootserver-agent: $(OUT)/obj/cloud-init/agent/main.o $(OUT)/guest.a
$(OUT)/stage1 $(OUT)/bootserver-agent:
	$(CC) $(LDFLAGS) -o $@ $^ $(shell pkg-config --libs $(LIBS)) -pthread

$(OUT)/guest.a: $(OBJ)
	rm -f $@
	$(TRIPLET)-gcc-ar rcsD $@ $^

$(OUT)/obj/%.o: %.c
	mkdir -p $(@D)
	$(CC) $(CFLAGS) $(shell pkg-config --cflags $(LIBS)) -c -o $@ $<

-include $(OBJ:.o=.d) $(OUT)/obj/images/stage1/main.d $(OUT)/obj/cloud-init/agent/main.d
