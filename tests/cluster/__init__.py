"""Tests of the rehearsal on a cluster that need no cluster."""
