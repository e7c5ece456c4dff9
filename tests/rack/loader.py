"""A disk with a real boot loader of a few bytes: a boot sector for BIOS, an EFI system partition with a program for
UEFI (x86_64).  Both say one sentence on the first serial port and then do nothing more."""

import struct

SECTOR = 512
FIRST, SECTORS = 2048, 16384        # the EFI system partition
FATS, FAT_SECTORS, ROOT_ENTRIES = 2, 64, 512
SAYS = "the local disk runs"
TEXT = f"\r\n{SAYS}\r\n\0".encode()

# Waits until the port takes a byte, sends the next one of TEXT, at its end waits for interrupts for ever.
BIOS = bytes.fromhex("31c0 8ed8 fc be1e7c bafd03 ec a820 74fb ac 84c0 7406 baf803 ee ebed f4 ebfd") + TEXT
UEFI = bytes.fromhex("488d3518000000 66bafd03 ec a820 74fb ac 84c0 7407 66baf803 ee ebeb f4 ebfd") + TEXT


def efi_program(code):
    """PE32+ with one section and nothing to relocate (Microsoft PE format; UEFI 2.10, 2.1.1)."""
    section = 0x1000
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    optional = struct.pack("<HBBIIIIIQIIHHHHHHIIIIHHQQQQII", 0x20b, 0, 0, SECTOR, 0, 0, section, section, 0,
                           section, SECTOR, 0, 0, 0, 0, 0, 0, 0, 2 * section, SECTOR, 0, 10, 0,
                           0, 0, 0, 0, 0, 16) + bytes(128)
    table = struct.pack("<8sIIIIIIHHI", b".text", len(code), section, SECTOR, SECTOR, 0, 0, 0, 0, 0x60000020)
    head = dos + coff + optional + table
    return head.ljust(SECTOR, b"\0") + code.ljust(SECTOR, b"\0")


def _entry(name, attributes, cluster, size=0):
    return struct.pack("<11sB8xHHHHI", name, attributes, 0, 0, 0, cluster, size)


def _folder(own, parent, *entries):
    return b"".join([_entry(b".          ", 0x10, own), _entry(b"..         ", 0x10, parent), *entries])


def efi_partition(program):
    """FAT16, labelled ESP, with /EFI/BOOT/BOOTX64.EFI."""
    boot = struct.pack("<3s8sHBHBHHBHHHII BBBI11s8s", b"\xeb\x3c\x90", b"MKDOSFS ", SECTOR, 1, 1, FATS, ROOT_ENTRIES,
                       SECTORS, 0xf8, FAT_SECTORS, 32, 64, FIRST, 0, 0x80, 0, 0x29, 1, b"ESP        ", b"FAT16   ")
    fat = struct.pack("<6H", 0xfff8, 0xffff, 0xffff, 0xffff, 5, 0xffff).ljust(FAT_SECTORS * SECTOR, b"\0")
    root = (_entry(b"ESP        ", 0x08, 0) + _entry(b"EFI        ", 0x10, 2)).ljust(ROOT_ENTRIES * 32, b"\0")
    clusters = [_folder(2, 0, _entry(b"BOOT       ", 0x10, 3)),
                _folder(3, 2, _entry(b"BOOTX64 EFI", 0x20, 4, len(program))), program]
    return (boot.ljust(510, b"\0") + b"\x55\xaa" + fat * FATS + root +
            b"".join(part.ljust(-(-len(part) // SECTOR) * SECTOR, b"\0") for part in clusters))


def write_loader(path):
    """Makes a (blank, at least 16 MiB large) disk one that boots, by BIOS and by UEFI."""
    partition = struct.pack("<B3sB3sII", 0x80, b"\0\2\0", 0xef, b"\xff\xff\xff", FIRST, SECTORS)
    with open(path, "r+b") as disk:
        disk.write(BIOS.ljust(446, b"\0") + partition.ljust(64, b"\0") + b"\x55\xaa")
        disk.seek(FIRST * SECTOR)
        disk.write(efi_partition(efi_program(UEFI)))
