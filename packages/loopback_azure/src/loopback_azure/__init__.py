"""A loopback Azure: what the real providers ask of Azure and Entra ID, answered on this machine.

It answers under Azure's own names, behind a proxy, so that ids, endpoints and states read as they
do in Azure. What it does not know it refuses with a message that names the call: an answer that
only looks like success would hide what a run is there to find.
"""
