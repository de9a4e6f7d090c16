"""Real parts that tests start, each in one place: servers on free loopback ports, and skipping.

Two parts are packages' own, and tests use them from there: certificates
(`loopback_azure.certificates`, made by trustme) and the Azurite that a rehearsal keeps its states
in, with TLS and keys of its own. The Azurite of this folder has the emulator's public key instead,
and a cable that a test can pull.
"""
