/* The program lease-event (lease_main.c) as the build made it, for the keeper to write. */
#include "keeper/lease_program.h"

__asm__(".section .rodata\n"
	".global lease_program, lease_program_end\n"
	"lease_program: .incbin \"build/lease-event\"\n"
	"lease_program_end:\n"
	".previous\n");
