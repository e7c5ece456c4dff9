#ifndef KEEPER_LEASE_PROGRAM_H
#define KEEPER_LEASE_PROGRAM_H

/* The bytes of the program that dnsmasq executes (lease_main.c), up to lease_program_end. */
extern const char lease_program[], lease_program_end[];

#endif
